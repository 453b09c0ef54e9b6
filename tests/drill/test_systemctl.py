"""systemctl of the drill: as the lab recorded it, and judged as the lab's faults were judged."""

import re
from datetime import UTC, datetime

import pytest
from tests.drill.recorded import EPOCH, Recorded, cold, json_shape, keys, recorded, settled, shape, view
from tests.drill.shipped_probe import answers, expected, judged, verdict
from tests.probes.test_corpus import CORPUS

from coldstart.drill.replies.systemctl import systemctl
from coldstart.drill.replies.units import UNITS
from coldstart.drill.scenario import Event
from coldstart.drill.stack import Stack
from coldstart.drill.state import Phase
from coldstart.engine.judging import conclude
from coldstart.probes.base import Place, Replies, Target
from coldstart.probes.systemd_show import PROPERTIES
from coldstart.probes.systemd_units import SystemdUnitsProbe

ON = {"110": "on", "120": "on", "121": "on", "188": "on"}
OFF = dict.fromkeys(ON, "off")
KINDS = ("systemd_units", "systemd_failed", "systemd_properties", "systemd_disabled")
NOWHERE = {"parts": {"120/keepalived": "stopped", "121/keepalived": "stopped"}}
FAILED = ["systemctl", "list-units", "--all", "--no-pager", "--output=json", "--failed"]
WELL = settled()
"""Only looked at."""
HEALTHY = [path for kind in KINDS for path in sorted((CORPUS / kind).glob("lab-healthy-*.yml"))]


def happened(*events: Event, until: float = 300.0) -> Stack:
    stack = settled(*events)
    stack.advance(until)
    return stack


def event(at: float = 10.0, **what) -> Event:
    return Event(at=at, say="it happens", **what)


def shown(stack: Stack, host: str, unit: str) -> dict[str, str]:
    said = systemctl(view(stack, host), ["systemctl", "show", "--no-pager", f"--property={','.join(PROPERTIES)}", unit])
    assert (0, "") == (said.status, said.stderr)
    return dict(line.split("=", 1) for line in said.stdout.splitlines())


def state(stack: Stack, host: str, unit: str) -> str:
    found = shown(stack, host, unit)
    return f"{found['ActiveState']} ({found['SubState']})"


@pytest.mark.parametrize(
    "row", list(recorded("systemctl")), ids=lambda row: f"{row.host} {' '.join(row.argv[-2:])[-40:]}"
)
def test_a_settled_host_answers_in_the_recorded_form(row: Recorded):
    said = systemctl(view(WELL, row.host), row.argv)
    assert (row.reply.exit_status, row.reply.stderr.decode()) == (said.status, said.stderr)
    assert keys(row.stdout) == keys(said.stdout) or row.stdout.startswith("[")
    if row.argv[-1] == "ollama":  # the lab has no Ollama, 188 has
        assert "LoadState=loaded" in said.stdout
    else:
        assert shape(row.stdout) == shape(said.stdout)
    if row.stdout.startswith("["):
        assert json_shape(row.stdout) == json_shape(said.stdout)


@pytest.mark.parametrize("path", HEALTHY, ids=lambda path: path.stem)
def test_a_settled_stack_is_judged_as_the_healthy_lab(path):
    wanted = ("met", "ok") if path.stem.endswith("ollama-188") else expected(path)
    assert wanted == verdict(judged(path, WELL))


@pytest.mark.parametrize(
    ("case", "what"),
    [
        ("systemd_units/lab-redis-stopped-p0-188-data-units-188", {"parts": {"188/redis": "stopped"}}),
        ("systemd_units/lab-docker-stopped-p0-188-data-units-188", {"parts": {"188/docker": "stopped"}}),
        ("systemd_units/lab-cron-stopped-p2-schedules-cron-188", {"parts": {"188/cron": "stopped"}}),
        ("systemd_units/lab-vip-nowhere-p1-k3s-keepalived-120", NOWHERE),
        ("systemd_units/lab-vip-nowhere-p1-k3s-keepalived-121", NOWHERE),
        ("systemd_units/lab-wal-zeroed-p0-188-data-units-188", {"parts": {"188/postgresql": "damaged"}}),
        (
            "systemd_properties/lab-runner-watchdog-p0-110-registry-observability-runner-guardrails-110",
            {"facts": {"runner_watchdog": "true"}},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_fault_is_judged_and_shown_as_the_lab_recorded_it(case, what):
    path = CORPUS / f"{case}.yml"
    stack = happened(event(**what))
    assert expected(path) == verdict(judged(path, stack))
    for row in recorded("systemctl", case=path.stem.removeprefix("lab-").split("-p")[0]):
        assert shape(row.stdout) == shape(systemctl(view(stack, row.host), row.argv).stdout)


def test_a_damaged_unit_of_110_is_in_the_list_of_failed_units():
    stack = happened(event(parts={"110/docker": "damaged"}))
    said = systemctl(view(stack, "110"), FAILED)
    row = '{"unit":"docker.service","load":"loaded","active":"failed","sub":"failed"'
    assert f'[{row},"description":"Docker Application Container Engine"}}]\n' == said.stdout
    manager = systemctl(view(stack, "110"), ["systemctl", "show", "--property=NFailedUnits,SystemState"])
    assert "NFailedUnits=1\nSystemState=degraded\n" == manager.stdout
    path = CORPUS / "systemd_failed/lab-failed-unit-p2-schedules-failed-units-110.yml"
    assert expected(path) == verdict(judged(path, stack))


@pytest.mark.parametrize("fault", ["failing", "frozen"])
@pytest.mark.parametrize(("host", "part", "unit"), [("188", "188/redis", "redis"), ("120", "120/k3s", "k3s")])
def test_systemd_does_not_notice_what_a_running_service_does(fault, host, part, unit):
    assert "active (running)" == state(happened(event(parts={part: fault})), host, unit)


def test_k3s_without_its_datastore_is_activating_and_restarts():
    stack = cold(90)
    assert Phase.WAITING is stack.parts["120/k3s"].phase
    found = shown(stack, "120", "k3s")
    assert ("activating", "start", "notify") == (found["ActiveState"], found["SubState"], found["Type"])
    assert str(stack.parts["120/k3s"].restarts) == found["NRestarts"]
    assert "0" == found["ActiveEnterTimestampMonotonic"]


def test_k3s_is_seen_in_the_pause_before_its_next_start():
    stack = happened(event(parts={"188/postgresql": "stopped"}), until=60)
    seen = set()
    for second in range(60, 60 + 28):
        stack.advance(second)
        found = shown(stack, "120", "k3s")
        seen.add((found["SubState"], found["Result"], found["ExecMainCode"], found["ExecMainStatus"]))
    assert {("start", "success", "0", "0"), ("auto-restart", "exit-code", "1", "1")} == seen


def test_k3s_that_restarts_between_two_attempts_is_a_restart_loop():
    probe = SystemdUnitsProbe(units=("k3s",), allowed_restarts=20)
    target = Target(hosts=(Place("120", "192.168.0.120"),))
    stack = happened(event(parts={"188/postgresql": "stopped"}), until=40)
    before = answers(probe, target, stack)
    first = conclude(probe, Replies(target=target, now=EPOCH + 40, by_read=before))
    stack.advance(100)
    now = answers(probe, target, stack)
    second = conclude(probe, Replies(target=target, now=EPOCH + 100, by_read=now, before=before))
    assert [("unmet", "starting"), ("unmet", "restart-loop")] == [verdict(first), verdict(second)]


def test_k3s_is_well_again_once_its_datastore_is():
    stack = happened(
        event(parts={"188/postgresql": "stopped"}), event(130, parts={"188/postgresql": "well"}), until=400
    )
    found = shown(stack, "120", "k3s")
    assert ("active", "running") == (found["ActiveState"], found["SubState"])
    assert 5 <= int(found["NRestarts"]) == stack.parts["120/k3s"].restarts
    assert int(found["InactiveExitTimestampMonotonic"]) < int(found["ActiveEnterTimestampMonotonic"])


def test_postgresql_that_recovers_is_activating_since_the_boot_started_services():
    stack = cold(60)
    found = shown(stack, "188", "postgresql@14-main")
    assert ("activating", "start", "forking") == (found["ActiveState"], found["SubState"], found["Type"])
    assert 10e6 < int(found["InactiveExitTimestampMonotonic"]) < 20e6
    stack.advance(120)
    assert "active (running)" == state(stack, "188", "postgresql@14-main")
    assert found["InactiveExitTimestamp"] == shown(stack, "188", "postgresql@14-main")["InactiveExitTimestamp"]


def test_a_simple_unit_is_inactive_until_its_turn_comes():
    stack = cold(50)
    assert "inactive (dead)" == state(stack, "188", "ollama")
    assert "" == shown(stack, "188", "ollama")["StateChangeTimestamp"]
    stack.advance(80)
    assert "active (running)" == state(stack, "188", "ollama")


def test_what_was_never_started_in_this_boot_has_no_moments():
    found = shown(cold(120, **{"188/redis": "stopped"}), "188", "redis-server")
    assert ("inactive", "dead", "0") == (found["ActiveState"], found["SubState"], found["ExecMainCode"])
    assert {"", "0"} == {value for key, value in found.items() if "Timestamp" in key}


def test_what_cannot_start_has_failed_since_this_boot_and_was_never_active():
    found = shown(cold(120, **{"188/postgresql": "damaged"}), "188", "postgresql@14-main")
    assert ("failed", "protocol", "0") == (
        found["ActiveState"],
        found["Result"],
        found["ActiveEnterTimestampMonotonic"],
    )
    assert 10e6 < int(found["StateChangeTimestampMonotonic"]) < 20e6


def test_a_unit_without_a_limit_of_starts_is_started_again_for_ever():
    stack = happened(event(parts={"188/ollama": "damaged"}), until=60)
    found = shown(stack, "188", "ollama")
    assert ("activating", "auto-restart") == (found["ActiveState"], found["SubState"])
    stack.advance(90)
    assert int(found["NRestarts"]) + 10 == int(shown(stack, "188", "ollama")["NRestarts"])


def test_a_host_that_still_starts_its_units_says_so():
    manager = ["systemctl", "show", "--no-pager", "--property=Version,NNames,NFailedUnits,SystemState"]
    stack = cold(52)
    assert "SystemState=starting\n" in systemctl(view(stack, "110"), manager).stdout
    stack.advance(200)
    assert "SystemState=running\n" in systemctl(view(stack, "110"), manager).stdout
    path = CORPUS / "systemd_failed/lab-healthy-p2-schedules-failed-units-110.yml"
    assert ("caution", "starting") == verdict(judged(path, cold(52)))


def test_every_moment_is_between_the_boot_and_now_by_both_clocks():
    stack = cold(0)
    seen = 0
    for second in range(52, 460, 17):
        stack.advance(second)
        if second == 52 + 17 * 10:
            stack.apply(event(second, parts={"188/postgresql": "damaged", "110/docker": "stopped"}))
        for host, units in UNITS.items():
            here = view(stack, host)
            for unit in units:
                found = shown(stack, host, unit.name)
                for key in [key for key in found if key.endswith("TimestampMonotonic") and found[key] != "0"]:
                    after = int(found[key]) / 1e6
                    words = found[key.removesuffix("Monotonic")]
                    printed = datetime.strptime(words, "%a %Y-%m-%d %H:%M:%S UTC").replace(tzinfo=UTC)
                    assert 0 < after <= stack.uptime(host)
                    assert 0 <= here.wall(here.boot.at + after) - printed.timestamp() < 1
                    seen += 1
    assert seen > 500


def test_moments_of_an_earlier_boot_are_forgotten():
    stack = happened(event(power=OFF), event(40, power=ON), until=100)
    found = shown(stack, "188", "nginx")
    assert "active" == found["ActiveState"]
    assert int(found["InactiveExitTimestampMonotonic"]) < int(found["ActiveEnterTimestampMonotonic"]) < 60e6


def test_units_are_shown_in_the_order_asked_and_by_their_alias():
    said = systemctl(view(WELL, "188"), ["systemctl", "show", "--property=Id,Names", "redis", "cron", "gone.timer"])
    blocks = [
        "Id=redis-server.service\nNames=redis-server.service redis.service\n",
        "Id=cron.service\nNames=cron.service\n",
        "Id=gone.timer\nNames=gone.timer\n",
    ]
    assert "\n".join(blocks) == said.stdout


def test_a_pattern_matches_what_is_loaded_and_without_all_only_what_is_not_inactive():
    here = view(settled(event(0, facts={"runner_watchdog": "true"})), "110")
    listing = ["systemctl", "list-units", "--no-pager", "--output=json", "actions.runner.*"]
    assert ["actions.runner.awoooi.110-1.service"] == re.findall(r'"unit":"([^"]+)"', systemctl(here, listing).stdout)
    assert 2 == len(re.findall(r'"unit"', systemctl(here, [*listing, "--all"]).stdout))
    showing = ["systemctl", "show", "--property=Id", "actions.runner.*"]
    assert "Id=actions.runner.awoooi.110-1.service\n" == systemctl(here, showing).stdout
    assert "" == systemctl(view(WELL, "188"), [*showing, "--all"]).stdout
    assert "[]\n" == systemctl(view(WELL, "188"), [*listing, "--all"]).stdout


@pytest.mark.parametrize(
    "line",
    [
        "systemctl",
        "systemctl restart docker",
        "systemctl show --frobnicate docker",
        "systemctl show docker",
        "systemctl list-units --all",
        "systemctl list-units --all --output=json",
    ],
)
def test_what_it_is_not_asked_never_succeeds(line):
    said = systemctl(view(WELL, "110"), line.split())
    assert (1, "") == (said.status, said.stdout)
    assert said.stderr.endswith("\n")
