"""What is kept has bounds, and what is over them goes, oldest first."""

import pytest
from tests.history.reports import BOOT_A, BOOT_B, NAME, NOW, run
from tests.render.reports import SCENARIOS

from coldstart.clock import FixedClock
from coldstart.errors import UsageError
from coldstart.history import History, Limits, keep
from coldstart.outcome import Verdict

DAY = 86400.0
BLOCKED = Verdict.BLOCKED


def opened(path, limits, now=NOW):
    return History.open(path, FixedClock(now), limits=limits)


def test_of_older_runs_only_the_verdicts_are_kept(tmp_path):
    with opened(tmp_path, Limits(reports=2)) as history:
        for _ in range(4):
            history.add(run(), command="check")
        assert [True, True, False, False] == [one.whole for one in history.runs()]
        assert 4 == len(history.past(NAME, 0)["P0/load@a"])
        with pytest.raises(UsageError, match=r"run 2: only its verdicts are kept; .* of the newest 2 runs"):
            history.report("2")


def test_a_monitor_pushes_out_no_other_command_s_reports(tmp_path):
    with opened(tmp_path, Limits(reports=2)) as history:
        history.add(run(), command="watch")
        for _ in range(4):
            history.add(run(), command="monitor")
        assert [True, True, False, False, True] == [one.whole for one in history.runs()]


def test_whole_reports_have_a_bound_in_bytes(tmp_path):
    report = SCENARIOS["all_green"]()
    with opened(tmp_path, Limits(report_bytes=5000)) as history:
        for _ in range(6):
            history.add(report, command="check")
        whole = [one.whole for one in history.runs()]
    assert whole[0]
    assert not whole[-1]


def test_runs_have_a_bound(tmp_path):
    with opened(tmp_path, Limits(runs=3)) as history:
        for _ in range(5):
            history.add(run(p1=BLOCKED), command="check")
        assert [5, 4, 3] == [one.id for one in history.runs()]
        assert 3 == len(history.past(NAME, 0)["P0/load@a"])


def test_the_last_green_is_not_forgotten(tmp_path):
    with opened(tmp_path, Limits(runs=2)) as history:
        history.add(run(NOW - 60), command="check")
        for _ in range(5):
            history.add(run(p1=BLOCKED), command="check")
        assert NOW - 60 == history.last_green(NAME)


def test_old_runs_go(tmp_path, monkeypatch):
    monkeypatch.setattr(keep, "_CLOCK_RUNS", 2)
    with opened(tmp_path, Limits(age=10 * DAY)) as history:
        for at in (NOW - 30 * DAY, NOW - 5 * DAY, NOW, NOW, NOW):
            history.add(run(at), command="check")
        assert [5, 4, 3, 2] == [one.id for one in history.runs()]


def test_a_clock_that_is_years_ahead_throws_nothing_away(tmp_path, monkeypatch):
    monkeypatch.setattr(keep, "_CLOCK_RUNS", 2)
    with opened(tmp_path, Limits(), now=NOW + 4000 * DAY) as history:
        for at in (NOW, NOW + 60, NOW + 4000 * DAY, NOW + 4000 * DAY + 60):
            history.add(run(at), command="watch")
        assert 4 == len(history.runs())


def test_recoveries_have_a_bound(tmp_path):
    with opened(tmp_path, Limits(recoveries=3)) as history:
        for at in range(6):
            moment = NOW + at * DAY
            history.add(run(moment, boots={"a": f"{BOOT_A}{at}"}, moments={"a": moment - 60}), command="check")
        assert [NOW + at * DAY - 60 for at in (5, 4, 3)] == [one.booted for one in history.recoveries(NAME)]


def test_a_boot_that_is_still_seen_does_not_become_new_when_its_recovery_is_gone(tmp_path):
    with opened(tmp_path, Limits(recoveries=1)) as history:
        history.add(run(NOW, boots={"a": BOOT_A}), command="check")
        history.add(run(NOW + DAY, boots={"a": BOOT_A, "b": BOOT_B}), command="check")
        history.add(run(NOW + 2 * DAY, boots={"a": BOOT_A, "b": BOOT_B}), command="check")
        assert [("b",)] == [one.hosts for one in history.recoveries(NAME)]


@pytest.mark.slow
def test_thousands_of_runs_leave_a_file_of_bounded_size(tmp_path):
    limits = Limits(reports=20, runs=100)
    with opened(tmp_path, limits) as history:
        for at in range(400):
            history.add(run(NOW + at), command="check")
        after_some = size(tmp_path)
        for at in range(400, 3000):
            history.add(run(NOW + at), command="check")
        assert 100 == len(history.runs(10_000))
        assert size(tmp_path) <= after_some * 1.2


def size(directory):
    return sum(path.stat().st_size for path in directory.iterdir())
