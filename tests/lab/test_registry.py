"""P0-110-REGISTRY-OBSERVABILITY on a real host."""

from lab.faults import containers, host
from lab.fleet import Fleet
from tests.lab.support import HELD_BY_REGISTRY, NOT_SENT, Seen, check

CONTAINERS = "P0-110-REGISTRY-OBSERVABILITY/containers@110"
HARBOR = "P0-110-REGISTRY-OBSERVABILITY/harbor@110"
DRIFT = "P0-110-REGISTRY-OBSERVABILITY/rules-canonical@110"
GUARDRAILS = "P0-110-REGISTRY-OBSERVABILITY/runner-guardrails@110"


def test_a_container_in_a_restart_loop(fleet: Fleet) -> None:
    with containers.restart_loop(fleet["110"]):
        found = check(fleet)
    assert found.seen == Seen(2, "BLOCKED", CONTAINERS, HELD_BY_REGISTRY, {CONTAINERS: "BLOCKED restart-loop"})
    assert "looper" in found.text


def test_an_orphan_of_a_crash(steady: Fleet) -> None:
    with containers.orphan(steady["110"]):
        found = check(steady)
    assert found.seen == Seen(2, "BLOCKED", CONTAINERS, HELD_BY_REGISTRY, {CONTAINERS: "BLOCKED orphan"})
    assert "137" in found.text


def test_harbor_s_401_is_good_and_its_500_is_not(steady: Fleet) -> None:
    good = check(steady, "--until", "P0-110-REGISTRY-OBSERVABILITY").check("P0-110-REGISTRY-OBSERVABILITY/harbor")
    assert (good["verdict"], good["outcome"]["facts"]["status"]) == ("PASS", 401)
    with containers.harbor_failing(steady["110"]):
        found = check(steady)
    assert found.seen == Seen(2, "BLOCKED", HARBOR, HELD_BY_REGISTRY, {HARBOR: "BLOCKED unexpected-status"})
    assert found.check("P0-110-REGISTRY-OBSERVABILITY/harbor")["outcome"]["facts"]["status"] == 500


def test_rules_that_drifted_from_their_canonical_copy(steady: Fleet) -> None:
    with host.changed(steady["110"], "/home/wooo/monitoring/alerts.yml", "$ s/$/ # edited by hand/"):
        found = check(steady)
    assert found.seen == Seen(2, "BLOCKED", DRIFT, HELD_BY_REGISTRY, {DRIFT: "BLOCKED wrong-value"})


def test_a_runner_with_a_watchdog_is_a_warning(fleet: Fleet) -> None:
    with host.dropped_in(fleet["110"], "actions.runner.awoooi.110-1.service", "WatchdogSec=60"):
        found = check(fleet)
    gates = ("PASS", "PASS", "WARN", "PASS", "WARN", "PASS", "PASS", "WARN")  # the last one: it runs, and is held
    expected = {GUARDRAILS: "WARN wrong-value", **NOT_SENT, "RELEASES/runners": "WARN active-too-early"}
    assert found.seen == Seen(1, "DEGRADED", GUARDRAILS, gates, expected)
    assert "WatchdogUSec" in found.text
    assert "1 unit active already on 110: actions.runner.awoooi.110-1.service" in " ".join(found.text.split())
