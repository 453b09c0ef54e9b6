"""P0-188-DATA on a real host: PostgreSQL, Redis and Docker broken for real."""

from lab.faults import containers, data, host
from lab.fleet import Fleet
from lab.process import wait_until
from tests.lab.support import HELD_BY_DATA, NOT_PROVEN, NOT_SENT, Checked, Seen, check, gate, watching

WAL = "P0-188-DATA/postgresql-wal@188"


def test_damaged_wal_is_named_and_holds_k3s(fleet: Fleet) -> None:
    with data.wal_zeroed(fleet["188"]):
        found = check(fleet)
        fleet["120"].run("systemctl", "restart", "--no-block", "k3s")
        wait_until(lambda: fleet["120"].attempt("systemctl", "is-active", "k3s").stdout == "activating\n", 30, "k3s")
        further = check(fleet, "--keep-going")
    expected = {
        WAL: "BLOCKED signature",
        "P0-188-DATA/postgresql-log@188": "WARN signature",
        "P0-188-DATA/units@188": "BLOCKED failed",
        "P0-188-DATA/postgresql@188": "BLOCKED port-closed",
        "P0-188-DATA/kine@188": "WARN port-closed",
    }
    assert found.seen == Seen(2, "BLOCKED", WAL, HELD_BY_DATA, expected)
    assert found.text.startswith("BLOCKED at P0-188-DATA on 188: PostgreSQL came up without WAL damage")
    evidence = "\n".join(found.check("P0-188-DATA/postgresql-wal")["outcome"]["evidence"])
    assert "could not locate a valid checkpoint record" in evidence
    assert "SOP         4.3" in found.text
    assert_k3s_is_downstream(further)


def test_a_watch_over_damaged_wal_ends_early_and_asks_for_a_human(fleet: Fleet) -> None:
    most = 30
    with data.wal_zeroed(fleet["188"]):
        options = ("--interval", "2", "--max-attempts", f"{most}", "--stop-when-hopeless")
        with watching(fleet, *options) as watch:
            ended = watch.end(120)
            attempts = watch.attempts()
    assert (ended.exit_code, ended.seen.root, ended.seen.gates) == (2, WAL, HELD_BY_DATA)
    assert len(attempts) < most / 2
    assert {attempt.root for attempt in attempts} == {"P0-188-DATA"}
    said = " ".join(attempts[-1].text.split())
    assert "P0-188-DATA: BLOCKED" in said
    assert "needs a human" in said


def assert_k3s_is_downstream(found: Checked) -> None:
    """Asked to keep going, it says of K3s that it waits, and of which gate that is the consequence."""
    assert (found.exit_code, found.seen.root) == (2, WAL)
    k3s = found.check("P1-K3S/k3s", "120")
    assert (k3s["verdict"], k3s["downstream_of"]) == ("BLOCKED", "P0-188-DATA")
    server = next(member for member in k3s["members"] if member["id"].endswith("server"))
    assert server["outcome"]["reason"] == "starting"
    blocked = {one["id"] for one in gate(found, "P1-K3S")["checks"] if one["verdict"] == "BLOCKED"}
    assert {"P1-K3S/datastore", "P1-K3S/k3s", "P1-K3S/nodes"} <= blocked
    for name in ("P1-K3S", "P2-WORKLOAD-ALERTCHAIN", "P2-PUBLIC-ROUTES", "P2-SCHEDULES"):
        assert all(one["downstream_of"] == "P0-188-DATA" for one in gate(found, name)["checks"])


def test_redis_stopped(fleet: Fleet) -> None:
    with host.stopped(fleet["188"], "redis-server"):
        found = check(fleet)
    expected = {"P0-188-DATA/units@188": "BLOCKED not-running", "P0-188-DATA/redis@188": "BLOCKED port-closed"}
    assert found.seen == Seen(2, "BLOCKED", "P0-188-DATA/units@188", HELD_BY_DATA, expected)


def test_docker_stopped(fleet: Fleet) -> None:
    with containers.docker_stopped(fleet["188"]):
        found = check(fleet)
    expected = {
        "P0-188-DATA/units@188": "BLOCKED not-running",
        "P0-188-DATA/containers@188": "WARN not-running",
        "P0-188-DATA/ai-proxy@188": "WARN no-alternative-left",
        "P0-188-DATA/momo@188": "WARN port-closed",
        "P0-188-DATA/signoz@188": "WARN port-closed",
        "P0-188-DATA/signoz-clickhouse@188": "WARN not-running",
    }
    assert found.seen == Seen(2, "BLOCKED", "P0-188-DATA/units@188", HELD_BY_DATA, expected)


def test_docker_frozen_says_nothing_about_containers(fleet: Fleet) -> None:
    with containers.docker_frozen(fleet["188"]):
        found = check(fleet)
    frozen = "WARN daemon-silent (not observed)"
    expected = {
        "P0-188-DATA/containers@188": frozen,
        "P0-188-DATA/signoz-clickhouse@188": frozen,
        **NOT_SENT,
        "P2-SCHEDULES/momo-scheduler@188": "BLOCKED daemon-silent (not observed)",
        "P2-SCHEDULES/momo-registered@188": "BLOCKED daemon-silent (not observed)",
        # psql in a container: it may be Docker, or PostgreSQL behind it.
        "P2-SCHEDULES/momo-in-step@188": "BLOCKED remote-timeout (not observed)",
    }
    gates = ("PASS", "WARN", "PASS", "PASS", "WARN", "PASS", "BLOCKED")
    assert found.seen == Seen(2, "BLOCKED", "P2-SCHEDULES/momo-scheduler@188", gates, expected)


def test_a_journal_that_may_not_be_read_is_no_clean_journal(fleet: Fleet) -> None:
    with host.journal_unreadable(fleet["188"]):
        found = check(fleet)
    expected = {
        "P0-188-DATA/storage-corruption@188": "BLOCKED not-allowed (not observed)",
        WAL: "BLOCKED not-allowed (not observed)",
        "P0-188-DATA/postgresql-log@188": "WARN not-allowed (not observed)",
    }
    assert found.seen == Seen(2, "BLOCKED", "P0-188-DATA/storage-corruption@188", HELD_BY_DATA, expected)
    assert "systemd-journal" in found.text


def test_what_the_kernel_says_about_the_disk_comes_first(fleet: Fleet) -> None:
    machine = fleet["188"]
    machine.kernel_says("EXT4-fs error (device vda1): ext4_find_entry:1463: inode #131: Structure needs cleaning", 3)
    try:
        found = check(fleet)
    finally:
        machine.reboot()
        machine.wait()
    corrupt = "P0-188-DATA/storage-corruption@188"
    assert found.seen == Seen(2, "BLOCKED", corrupt, HELD_BY_DATA, {corrupt: "BLOCKED storage-corruption"})


def test_what_only_warns_holds_no_gate(fleet: Fleet) -> None:
    with containers.paused(fleet["188"], "signoz"):
        warned = check(fleet)
    gates = ("PASS", "WARN", *NOT_PROVEN[2:])
    expected = {"P0-188-DATA/signoz@188": "WARN deadline (not observed)", **NOT_SENT}
    assert warned.seen == Seen(1, "DEGRADED", "P0-188-DATA/signoz@188", gates, expected)
