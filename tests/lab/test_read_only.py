"""Proof of read-only: what there is on the four hosts before and after a full check."""

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from lab.fleet import Fleet
from lab.machine import Machine
from lab.snapshot import Change, changes, differences, snapshot
from tests.lab.support import check, checks

IDLE = 12.0
"""Seconds in which nobody does anything: longer than a full check takes. What differs then differs by itself."""

LOOKED_AT = {
    "unit": 100, "container": 3, "image": 1, "file": 4000, "log": 20, "process": 40, "mount": 40, "socket": 20,
    "address": 8, "route": 8, "table": 30, "written": 2, "relation": 50, "sequence": 1, "cluster": 400,
    "redis setting": 100, "kubernetes": 10, "alert": 1, "rule": 5, "configuration": 2,
}  # fmt: skip
"""Kinds of things, and how many there must be at least: a proof over nothing proves nothing."""


def test_a_full_check_changes_nothing_but_logs_and_session_records(fleet: Fleet) -> None:
    first = snapshot(fleet)
    time.sleep(IDLE)
    before = snapshot(fleet)
    logins = {machine.name: logged_in(machine) for machine in fleet}
    started = time.monotonic()
    checked = check(fleet, "--keep-going")
    took = time.monotonic() - started
    after = snapshot(fleet)

    by_itself = changes(first, before)
    heading = f"the check took {took:.1f} s; looked at {before.sizes()}; in {IDLE:g} s before it, by itself:"
    sys.stdout.write("\n".join([heading, *map(str, by_itself)]) + "\n")
    assert {kind: n for kind, n in LOOKED_AT.items() if before.sizes().get(kind, 0) < n} == {}
    assert [name for name in before.hosts["188"]["cluster"] if name.endswith("server")] == [], "not looked into"
    assert [one["id"] for one in checks(checked.report) if one["verdict"] == "HELD"] == []
    assert left_over(by_itself, changes(before, after)) == []
    assert all(logged_in(machine) > logins[machine.name] for machine in fleet), "no login: was each host asked?"


def left_over(by_itself: list[Change], changed: list[Change]) -> list[str]:
    """What changed and did not already change, the very same thing, while nobody did anything."""
    known = {change.what for change in by_itself}
    return [str(change) for change in changed if change.what not in known]


def logged_in(machine: Machine) -> int:
    """How often somebody logged in since the host booted, says its journal."""
    return machine.run("journalctl", "-b", "-u", "ssh", "-o", "cat").count("Accepted publickey")


def test_a_snapshot_notices_what_a_check_must_not_do(fleet: Fleet) -> None:
    with ExitStack() as undone:
        before = snapshot(fleet)
        expected = {words: undone.enter_context(hold(fleet)) for words, hold in MUTATIONS.items()}
        after = snapshot(fleet)
    said = differences(before, after)
    missed = [f"{what}: {words}" for what, words in expected.items() if not any(words in line for line in said)]
    assert missed == [], "\n".join(said)
    assert differences(after, after) == []


@contextmanager
def touched(fleet: Fleet) -> Iterator[str]:
    fleet["110"].run("touch", "/etc/hostname")
    yield "110: file /etc/hostname: "


@contextmanager
def rights_changed_and_back(fleet: Fleet) -> Iterator[str]:
    fleet["188"].run("chmod", "600", "/etc/hosts")
    fleet["188"].run("chmod", "644", "/etc/hosts")
    yield "188: file /etc/hosts: ctime"


@contextmanager
def crontab_edited(fleet: Fleet) -> Iterator[str]:
    file = "/var/spool/cron/crontabs/ollama"
    fleet["188"].run("cp", "--preserve=all", file, "/root/crontab")
    fleet["188"].sh("(crontab -l -u ollama; echo '# noted') | crontab -u ollama -")
    yield f"188: file {file}: "
    fleet["188"].run("mv", "/root/crontab", file)


@contextmanager
def log_emptied(fleet: Fleet) -> Iterator[str]:
    fleet["121"].run("cp", "--preserve=all", "/var/log/dpkg.log", "/root/dpkg.log")
    fleet["121"].run("truncate", "--size=0", "/var/log/dpkg.log")
    yield "121: log /var/log/dpkg.log: size"
    fleet["121"].run("mv", "/root/dpkg.log", "/var/log/dpkg.log")


@contextmanager
def unit_restarted(fleet: Fleet) -> Iterator[str]:
    fleet["120"].run("systemctl", "restart", "cron")
    yield "120: unit cron.service: "


@contextmanager
def daemon_left_behind(fleet: Fleet) -> Iterator[str]:
    fleet["121"].run("systemd-run", "--quiet", "--unit=left-behind", "sleep", "999")
    yield "121: process "
    fleet["121"].run("systemctl", "stop", "left-behind")


@contextmanager
def row_inserted(fleet: Fleet) -> Iterator[str]:
    psql(fleet, "awoooi", "INSERT INTO public.alerts (node, body) VALUES ('nobody', '{\"noticed\": true}')")
    yield "188: alert awoooi "
    psql(fleet, "awoooi", "DELETE FROM public.alerts WHERE node = 'nobody'")


@contextmanager
def rows_deleted_and_taken_back(fleet: Fleet) -> Iterator[str]:
    deleted = "BEGIN; DELETE FROM public.daily_sales_snapshot; ROLLBACK"
    fleet["188"].run("docker", "exec", "momo-db", "psql", "-q", "-U", "momo", "-d", "momo", "-c", deleted)
    yield "188: written momo-db momo public.daily_sales_snapshot: "


@contextmanager
def object_written(fleet: Fleet) -> Iterator[str]:
    name = "/registry/configmaps/default/noticed"
    columns = "name, created, deleted, create_revision, prev_revision, lease, value"
    psql(fleet, "k3s_datastore", f"INSERT INTO public.kine ({columns}) VALUES ('{name}', 1, 0, 0, 0, 0, '{{}}')")  # noqa: S608 - ours
    yield f"188: kubernetes k3s_datastore {name}: is new"
    psql(fleet, "k3s_datastore", f"DELETE FROM public.kine WHERE name = '{name}'")  # noqa: S608 - a name of ours


@contextmanager
def key_set(fleet: Fleet) -> Iterator[str]:
    fleet["188"].run("redis-cli", "-p", "6380", "SET", "noticed", "1")
    yield "188: redis key 6380 0 noticed: is new"
    fleet["188"].run("redis-cli", "-p", "6380", "DEL", "noticed")


@contextmanager
def container_stopped(fleet: Fleet) -> Iterator[str]:
    name = fleet["110"].run("docker", "ps", "--format", "{{.Names}}").split()[0]
    fleet["110"].run("docker", "stop", "--time=1", name)
    yield f"110: container {name}: Status running → exited"
    fleet["110"].run("docker", "start", name)


@contextmanager
def packets_refused(fleet: Fleet) -> Iterator[str]:
    rule = ("INPUT", "-p", "tcp", "--dport", "9", "-j", "DROP")
    fleet["120"].firewall("-A", *rule)
    yield "120: packet filter v4 -A INPUT -p tcp -m tcp --dport 9 -j DROP: is new"
    fleet["120"].firewall("-D", *rule)


MUTATIONS = {
    hold.__name__: hold
    for hold in (
        touched, rights_changed_and_back, crontab_edited, log_emptied, unit_restarted, daemon_left_behind, row_inserted,
        rows_deleted_and_taken_back, object_written, key_set, container_stopped, packets_refused,
    )
}  # fmt: skip


def psql(fleet: Fleet, database: str, sql: str) -> None:
    fleet["188"].run("psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql, user="postgres")
