"""journalctl and PostgreSQL's log of the drill: as the lab recorded them, and judged as its faults were."""

import re
from datetime import UTC, datetime

import pytest
from tests.drill.recorded import Recorded, cold, recorded, settled, shape, view
from tests.drill.shipped_probe import answers, expected, judged, verdict
from tests.probes.test_corpus import CORPUS

from coldstart.drill.replies.journal import journalctl, postgresql_log
from coldstart.drill.scenario import Event
from coldstart.drill.stack import Stack
from coldstart.engine.judging import conclude
from coldstart.probes.base import Place, Replies, Target
from coldstart.probes.log_signatures import LogSignaturesProbe

ON = {"110": "on", "120": "on", "121": "on", "188": "on"}
START = ["journalctl", "--no-pager", "--boot", "--all", "--reverse", "--output=short-iso", "--lines=5000"]
UNIT = [*START, "--unit=postgresql@14-main"]
KERNEL = [*START, "--dmesg"]
LOGS = CORPUS / "log_signatures"
JOURNAL, FILE = (LOGS / f"lab-healthy-p0-188-data-postgresql-{log}-188.yml" for log in ("wal", "log"))
WELL = settled()
"""Only looked at."""


def event(at: float, **what) -> Event:
    return Event(at=at, say="it happens", **what)


def happened(*events: Event, until: float = 100.0) -> Stack:
    stack = settled(*events)
    stack.advance(until)
    return stack


def texts(stack: Stack) -> list[str]:
    """What the journal says of PostgreSQL, oldest first, without time and place."""
    return [line.split(" ", 2)[2] for line in reversed(journalctl(view(stack, "188"), UNIT).stdout.splitlines())]


def from_start(text: str) -> list[str]:
    """A log from the last start on, without the line that has the version, numbers as 0."""
    lines = text.splitlines()
    first = max(index for index, line in enumerate(lines) if "LOG:  starting PostgreSQL" in line)
    return [shape(line) for line in lines[first + 1 :]]


@pytest.mark.parametrize("row", list(recorded("journalctl")), ids=lambda row: f"{row.host} {row.argv[-1]}")
def test_a_settled_host_answers_in_the_recorded_form(row: Recorded):
    said = journalctl(view(WELL, row.host), row.argv)
    assert (row.reply.exit_status, row.reply.stderr.decode()) == (said.status, said.stderr)
    assert shape(row.stdout) == shape(said.stdout)


@pytest.mark.parametrize("path", sorted(LOGS.glob("lab-healthy-*.yml")), ids=lambda path: path.stem)
def test_a_settled_stack_is_judged_as_the_healthy_lab(path):
    assert ("met", "ok") == expected(path) == verdict(judged(path, WELL))


@pytest.mark.parametrize("path", sorted(LOGS.glob("lab-wal-zeroed-*.yml")), ids=lambda path: path.stem)
@pytest.mark.parametrize(
    "stack",
    [happened(event(10, parts={"188/postgresql": "damaged"})), cold(120, **{"188/postgresql": "damaged"})],
    ids=["while it ran", "by the power cut"],
)
def test_a_destroyed_wal_is_judged_as_the_lab_recorded_it(path, stack):
    assert ("unmet", "signature") == expected(path) == verdict(judged(path, stack))


def test_a_destroyed_wal_is_written_of_as_the_lab_recorded_it():
    stack = happened(event(10, parts={"188/postgresql": "damaged"}))
    (unit,) = (row for row in recorded("journalctl", case="wal-zeroed"))
    said = journalctl(view(stack, "188"), UNIT).stdout
    versions = re.compile(r"starting PostgreSQL .*")
    assert shape(versions.sub("", unit.stdout)) == shape(versions.sub("", said))
    (file,) = (row for row in recorded("tail", case="wal-zeroed") if row.host == "188" and "postgresql" in row.argv[-1])
    assert from_start(file.stdout) == from_start(postgresql_log(view(stack, "188")))


def test_the_loss_of_power_is_recovered_from_and_that_is_no_damage():
    stack = cold(120)
    log = postgresql_log(view(stack, "188"))
    assert "was interrupted; last known up at" in log
    assert "was not properly shut down; automatic recovery in progress" in log
    assert log.endswith("LOG:  database system is ready to accept connections\n")
    assert ("met", "ok") == verdict(judged(FILE, stack))
    assert ("met", "ok") == verdict(judged(JOURNAL, stack))


def test_while_it_recovers_it_is_not_ready():
    stack = cold(80)
    assert "LOG:  redo starts at" in postgresql_log(view(stack, "188")).splitlines()[-1]
    assert ["systemd[1]: Starting postgresql@14-main.service - PostgreSQL Cluster 14-main..."] == texts(stack)


def test_damage_that_was_repaired_is_a_caution():
    stack = happened(
        event(10, parts={"188/postgresql": "damaged"}), event(60, parts={"188/postgresql": "well"}), until=200
    )
    assert "systemd[1]: Started postgresql@14-main.service - PostgreSQL Cluster 14-main." == texts(stack)[-1]
    assert ("caution", "signature") == verdict(judged(JOURNAL, stack))
    assert ("caution", "signature") == verdict(judged(FILE, stack))


def test_what_was_stopped_was_shut_down_and_starts_without_recovery():
    stack = happened(event(10, parts={"188/postgresql": "stopped"}), event(60, parts={"188/postgresql": "well"}))
    assert "Stopped postgresql@14-main.service" in texts(stack)[-3]
    assert texts(stack)[-1].startswith("systemd[1]: Starting ")
    last = from_start(postgresql_log(view(stack, "188")))[-1]
    assert "LOG:  database system was shut down at 0-0-0 0:0:0 UTC" in last


def test_a_host_that_just_booted_has_only_entries_since_its_boot():
    stack = happened(event(10, power=dict.fromkeys(ON, "off")), event(60, power=ON), until=110)
    here = view(stack, "188")
    lines = (journalctl(here, UNIT).stdout + journalctl(here, KERNEL).stdout).splitlines()
    assert 3 == len(lines)
    for line in lines:
        assert here.wall(60) <= datetime.fromisoformat(line.partition(" ")[0]).timestamp() <= here.wall()
    assert 3 == postgresql_log(here).count("LOG:  starting PostgreSQL")  # the file remembers


def test_a_log_that_nothing_was_written_to_since_the_boot_proves_nothing():
    stack = cold(120, **{"188/postgresql": "stopped"})
    assert ("unobserved", "no-evidence") == verdict(judged(FILE, stack))
    assert "-- No entries --\n" == journalctl(view(stack, "188"), UNIT).stdout
    assert ("unobserved", "no-evidence") == verdict(judged(JOURNAL, stack))


def test_the_log_is_in_order_and_never_from_the_future():
    stack = cold(0)
    for second in range(50, 400, 25):
        stack.advance(second)
        if second == 150:
            stack.apply(event(second, parts={"188/postgresql": "stopped"}))
        elif second == 200:
            stack.apply(event(second, parts={"188/postgresql": "well"}))
        elif second == 325:
            stack.apply(event(second, parts={"188/postgresql": "damaged"}))
        here = view(stack, "188")
        stamps = re.findall(r"^(\S+ \S+) UTC \[", postgresql_log(here), re.MULTILINE)
        moments = [datetime.fromisoformat(stamp).replace(tzinfo=UTC).timestamp() for stamp in stamps]
        assert sorted(moments) == moments
        assert moments[-1] <= here.wall()
        entries = [line[:24] for line in journalctl(here, UNIT).stdout.splitlines()]
        assert sorted(entries, reverse=True) == entries


def test_nothing_that_another_host_or_unit_has_is_in_it():
    assert "" == postgresql_log(view(WELL, "110"))
    for host, unit in (("110", "postgresql@14-main"), ("188", "gone")):
        said = journalctl(view(WELL, host), [*START, f"--unit={unit}"])
        assert (0, "-- No entries --\n") == (said.status, said.stdout)
    probe = LogSignaturesProbe(journal={"units": ["gone"]}, signatures=("wal-damage",))
    target = Target(hosts=(Place("188", "192.168.0.188"),))
    found = conclude(probe, Replies(target=target, now=0.0, by_read=answers(probe, target, WELL)))
    assert ("unobserved", "no-evidence") == verdict(found)


def test_entries_are_printed_in_the_order_and_number_asked():
    here = view(WELL, "188")
    newest_first = journalctl(here, UNIT).stdout.splitlines()
    plain = [word for word in UNIT if word not in {"--reverse", "--lines=5000"}]
    assert newest_first == journalctl(here, plain).stdout.splitlines()[::-1]
    assert newest_first[:1] == journalctl(here, [*plain, "--reverse", "--lines=1"]).stdout.splitlines()


@pytest.mark.parametrize(
    "argv",
    [
        ["journalctl"],
        START,
        [*UNIT, "--vacuum-time=1s"],
        [word for word in UNIT if word != "--boot"],
        [word for word in KERNEL if word != "--output=short-iso"],
    ],
    ids=["nothing", "everything", "an option", "all boots", "another form"],
)
def test_what_it_is_not_asked_never_succeeds(argv):
    said = journalctl(view(WELL, "188"), argv)
    assert (1, "") == (said.status, said.stdout)
    assert said.stderr.endswith("\n")
