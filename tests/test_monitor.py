"""One pass of the monitor: what it writes for each way that a run can end, and what it keeps of the pass before."""

import os
import resource
import signal
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from tests.render.reports import AT, SCENARIOS

from coldstart.cli.memory import Memory
from coldstart.clock import FixedClock
from coldstart.errors import LockHeld, OutputError, UsageError
from coldstart.history import History
from coldstart.lock import held
from coldstart.monitor import Monitor, Place, last_green_in
from coldstart.outcome import Result
from coldstart.probes.exposition import parse

ENDED = AT + 4.2
CLOCK = FixedClock(ENDED)
ROOT = Path(__file__).parents[1]


def remembered(directory):
    """The history in a directory, as the command uses it."""
    return closing(Memory(directory, CLOCK, "full-stack-cold-start", command="monitor"))


class Passes:
    """A monitor with a directory of its own, the history and the lock in it."""

    def __init__(self, directory, memory):
        self.directory, self.memory, self.told = directory, memory, []
        self.textfile, self.log = directory / "out" / "cold.prom", directory / "out" / "last.log"
        self.lock = directory / "state" / "monitor.lock"

    def monitor(self, **fields):
        given = {
            "place": Place(self.textfile, self.log, "p"),
            "lock": self.lock,
            "clock": CLOCK,
            "memory": self.memory,
            "warn": self.told.append,
            **fields,
        }
        return Monitor(**given)

    def once(self, scenario="all_green", at=0.0, **fields):
        """A pass that ends as the scenario does, `at` seconds later."""
        report = SCENARIOS[scenario]()
        moved = {"started": report.started + at, "ended": report.ended + at}
        return self.monitor(**fields).once(lambda: report.model_copy(update=moved))

    def fails(self, error, **fields):
        """A pass whose run raises this."""

        def run():
            raise error

        with pytest.raises(type(error)):
            self.monitor(**fields).once(run)

    @property
    def metrics(self):
        return {one.series.removeprefix("p_"): one.value for one in parse(self.textfile.read_text("utf-8"))}

    @property
    def result(self):
        (one,) = [name for name, value in self.metrics.items() if name.startswith("last_result") and value]
        return one.split('"')[1]

    @property
    def kept(self):
        """The commands of the runs in the history."""
        with History.open(self.directory / "state", CLOCK) as history:
            return [run.command for run in history.runs()]

    @property
    def left(self):
        return sorted(path.name for path in (self.directory / "out").iterdir())


@pytest.fixture
def passes(tmp_path):
    (tmp_path / "out").mkdir()
    with remembered(tmp_path / "state") as memory:
        yield Passes(tmp_path, memory)


@pytest.mark.parametrize(
    ("scenario", "result", "code"),
    [("all_green", "green", 0), ("warnings_only", "degraded", 1), ("blocked_at_data", "blocked", 2)],
)
def test_a_pass_tells_its_result_and_returns_the_report(passes, scenario, result, code):
    report = passes.once(scenario)
    assert (code, result, 1) == (report.exit_code, passes.result, passes.metrics["monitor_up"])
    assert [] == passes.told


def test_the_textfile_is_for_all_to_read_and_the_log_for_its_owner(passes):
    passes.once()
    assert (0o644, 0o600) == tuple(stat.S_IMODE(path.stat().st_mode) for path in (passes.textfile, passes.log))
    assert ["cold.prom", "last.log"] == passes.left


def test_the_log_is_the_report_of_the_last_run(passes):
    passes.once("blocked_at_data")
    assert passes.log.read_text("utf-8").startswith("BLOCKED at P0-188-DATA on 188: PostgreSQL accepts connections")
    passes.once("all_green")
    assert "GREEN" in passes.log.read_text("utf-8").splitlines()[0]


def test_it_can_do_without_a_log(passes):
    passes.once(place=Place(passes.textfile, None, "p"))
    assert ["cold.prom"] == passes.left


def test_a_run_is_kept_in_the_history_as_the_monitor_s(passes):
    passes.once("blocked_at_data")
    assert ["monitor"] == passes.kept


# ------------------------------------------------------------------------------------------------------- last green


def test_a_green_pass_is_the_last_green_and_stays_it(passes):
    passes.once("all_green")
    assert ENDED == passes.metrics["last_green_timestamp"]
    passes.once("blocked_at_data", at=600)
    assert (ENDED, ENDED + 600) == (passes.metrics["last_green_timestamp"], passes.metrics["last_run_timestamp"])


def test_a_stack_that_was_never_green_says_0(passes):
    passes.once("warnings_only")
    assert 0 == passes.metrics["last_green_timestamp"]


@pytest.mark.parametrize(
    "damage", [b"", b"p_last_green_timestamp 1", b"\xff\xfe", b"p_last_green_timestamp NaN\n", None]
)
def test_of_a_textfile_that_is_lost_or_damaged_the_history_knows_the_last_green(passes, damage):
    passes.once("all_green")
    if damage is None:
        passes.textfile.unlink()
    else:
        passes.textfile.write_bytes(damage)
    passes.once("blocked_at_data", at=600)
    assert ENDED == passes.metrics["last_green_timestamp"]


def test_of_a_history_that_is_lost_the_textfile_knows_the_last_green(passes, tmp_path):
    passes.once("all_green")
    with remembered(tmp_path / "another") as memory:
        passes.once("blocked_at_data", at=600, memory=memory)
    assert ENDED == passes.metrics["last_green_timestamp"]


def test_the_later_of_both_counts(passes):
    passes.once("all_green", at=1200)
    passes.textfile.write_text(f"p_last_green_timestamp {ENDED:.1f}\n")
    passes.once("blocked_at_data", at=1800)
    assert ENDED + 1200 == passes.metrics["last_green_timestamp"]


@pytest.mark.parametrize(("ahead", "kept"), [(60.0, ENDED), (1e6, 0.0), (float("inf"), 0.0)])
def test_a_last_green_of_the_future_is_not_believed(passes, ahead, kept):
    """A clock that was set back by a minute is one thing, a number that somebody made up another."""
    passes.textfile.write_text(f"p_last_green_timestamp {ENDED + ahead}\n")
    passes.once("blocked_at_data")
    assert kept == passes.metrics["last_green_timestamp"]


def test_a_textfile_that_is_a_pipe_is_not_read(passes):
    os.mkfifo(passes.textfile)
    assert last_green_in(Place(passes.textfile, None, "p")) is None


def test_another_prefix_s_last_green_is_not_this_one_s(passes):
    passes.textfile.write_text("q_last_green_timestamp 1780000000\n")
    assert last_green_in(Place(passes.textfile, None, "p")) is None


# --------------------------------------------------------------------------------------------------- its own failure


@pytest.mark.parametrize("error", [UsageError("b.yml:3:1: no"), ZeroDivisionError("a defect"), KeyboardInterrupt()])
def test_a_run_that_fails_is_told_as_check_failed_and_raised(passes, error):
    passes.once("all_green")
    passes.fails(error)
    assert ("check_failed", 0, ENDED) == (
        passes.result,
        passes.metrics["monitor_up"],
        passes.metrics["last_green_timestamp"],
    )
    assert "blocked_gates" not in passes.metrics


def test_the_log_says_why_there_is_no_verdict(passes):
    passes.fails(UsageError("b.yml:3:1: unknown key 'clam'"))
    assert [
        "CHECK_FAILED: the monitor came to no verdict (2026-05-28 20:26:44Z)",
        "b.yml:3:1: unknown key 'clam'",
    ] == passes.log.read_text().splitlines()
    passes.fails(ZeroDivisionError("a defect"))
    assert "ZeroDivisionError: a defect" in passes.log.read_text()
    passes.fails(ZeroDivisionError("\x1b[2J"))
    assert r"ZeroDivisionError: \x1b[2J" in passes.log.read_text()


def test_an_interrupted_run_is_no_verdict_and_its_report_is_the_log(passes):
    report = SCENARIOS["blocked_at_data"]().model_copy(update={"result": Result.CHECK_FAILED, "exit_code": 3})
    assert 3 == passes.monitor().once(lambda: report).exit_code
    assert ("check_failed", 0) == (passes.result, passes.metrics["monitor_up"])
    assert "blocked_gates" not in passes.metrics
    assert "CHECK_FAILED" in passes.log.read_text("utf-8")


def test_where_the_lock_cannot_be_made_that_is_told_too(passes, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="no lock can be made"):
        passes.once(lock=tmp_path / "file" / "x.lock")
    assert "check_failed" == passes.result


def test_a_history_that_cannot_be_used_costs_no_verdict(passes, tmp_path, capfd):
    (tmp_path / "bad").write_text("")
    with remembered(tmp_path / "bad") as memory:
        assert 0 == passes.once("all_green", memory=memory).exit_code
    assert "green" == passes.result
    assert "warning: history: " in capfd.readouterr().err


def test_without_a_history_the_textfile_alone_is_asked(passes):
    passes.once("all_green")
    passes.fails(UsageError("x"), memory=None)
    assert ENDED == passes.metrics["last_green_timestamp"]


# ---------------------------------------------------------------------------------------------------- 46: one at a time


@pytest.mark.fault(46)
def test_46_a_second_pass_writes_nothing_and_asks_nothing(passes):
    passes.once("all_green")
    before = passes.textfile.stat(), passes.log.stat()
    asked = []
    with held(passes.lock, CLOCK), pytest.raises(LockHeld, match=f"lock held by pid {os.getpid()} since"):
        passes.monitor().once(lambda: asked.append(1))
    assert ([], before) == (asked, (passes.textfile.stat(), passes.log.stat()))


def test_the_lock_is_held_while_it_runs_and_free_after_a_failure(passes):
    def run():
        with pytest.raises(LockHeld):
            held(passes.lock, CLOCK).__enter__()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        passes.monitor().once(run)
    passes.once("all_green")
    assert "green" == passes.result


# ----------------------------------------------------------------------------------------------------- 45: a full disk


@pytest.mark.fault(45)
def test_45_a_textfile_that_cannot_be_written_leaves_the_old_one_whole(passes):
    """RLIMIT_FSIZE stands in for a full disk: the first bytes are written, and then no more."""
    passes.once("all_green")
    before = passes.textfile.read_bytes()
    limits, ignored = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (512, limits[1]))
    try:
        with pytest.raises(OutputError, match=r"cold\.prom: not written: File too large"):
            passes.once("blocked_at_data", at=600)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert (before, ["cold.prom", "last.log"]) == (passes.textfile.read_bytes(), passes.left)


def test_a_log_that_cannot_be_written_costs_the_exit_code_and_not_the_metrics(passes):
    with pytest.raises(OutputError, match=r"no/last\.log: not written"):
        passes.once("all_green", place=Place(passes.textfile, passes.directory / "no" / "last.log", "p"))
    assert "green" == passes.result
    assert ["monitor"] == passes.kept


def test_what_cannot_be_told_of_a_failure_is_said_beside_it(passes):
    passes.fails(UsageError("x"), place=Place(passes.directory / "no" / "x.prom", passes.log, "p"))
    assert ["no/x.prom: not written: No such file or directory"] == [
        line.removeprefix(f"{passes.directory}/") for line in passes.told
    ]


def test_what_a_killed_pass_left_half_written_is_removed_and_nothing_else(passes):
    mine = [".cold.prom.abcd_123.tmp", ".last.log.01234567.tmp"]
    others = [".cold.prom.tmp", ".other.prom.abcd_123.tmp", "cold.prom.abcd_123.tmp", ".cold.prom.abcd_123.tmp.prom"]
    for name in (*mine, *others):
        (passes.directory / "out" / name).write_text("half")
    passes.once()
    assert sorted((*others, "cold.prom", "last.log")) == passes.left


CUT = """
import resource, signal, sys
from pathlib import Path
from tests.render.reports import SCENARIOS
from coldstart.clock import FixedClock
from coldstart.history import History
from coldstart.monitor import Monitor, Place
directory, clock = Path(sys.argv[1]), FixedClock(1780000000)
textfile, log = directory / "out" / "cold.prom", directory / "out" / "last.log"
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512))
one = Monitor(Place(textfile, log, "p"), directory / "state" / "monitor.lock", clock, None, print)
one.once(SCENARIOS["blocked_at_data"])
"""


def test_a_pass_that_is_killed_half_way_through_a_file_leaves_the_old_one_and_the_next_pass_cleans_up(passes):
    """Whoever writes more than RLIMIT_FSIZE allows is killed by the kernel at that byte (setrlimit(2), SIGXFSZ)."""
    passes.once("all_green")
    before = passes.textfile.read_bytes()
    done = subprocess.run(
        [sys.executable, "-c", CUT, passes.directory], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert (-signal.SIGXFSZ, "", "") == (done.returncode, done.stdout, done.stderr)
    assert before == passes.textfile.read_bytes()
    (half,) = set(passes.left) - {"cold.prom", "last.log"}
    assert 512 == (passes.directory / "out" / half).stat().st_size
    assert not half.endswith(".prom"), "the collector would read it"
    passes.once("blocked_at_data")
    assert ["cold.prom", "last.log"] == passes.left
    assert "blocked" == passes.result
