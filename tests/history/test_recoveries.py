"""Time to green: from the last boot to the end of the first run in which a gate was good."""

import pytest
from tests.history.reports import BOOT_A, BOOT_B, CLOCK, NAME, NOW, run

from coldstart.history import History
from coldstart.outcome import Verdict

PASS, WARN, BLOCKED, HELD = Verdict
DAY = 86400.0
MINUTE = 60.0


@pytest.fixture
def kept(tmp_path):
    with History.open(tmp_path, CLOCK) as history:
        yield history
        assert () == history.problems


def add(history, at, **fields):
    history.add(run(at, **fields), command="watch")


def boots(number, **others):
    return {"a": f"{BOOT_A}-{number}", "b": f"{BOOT_B}-{number}", **others}


def recover(history, number, after, minutes, *, booted=None):
    """Both hosts boot at `after`; P0 is good after one minute, P1 after `minutes`."""
    moments = {"a": after, "b": after}
    add(history, after + MINUTE, p1=BLOCKED, boots=boots(number), moments=moments)
    add(history, after + minutes * MINUTE, boots=boots(number), moments=moments)


def seconds(history):
    return {one.gate: one.seconds for one in history.times_to_green(NAME)}


def test_it_counts_from_the_boot_to_the_end_of_the_first_run_that_was_good(kept):
    recover(kept, 1, NOW, 9)
    add(kept, NOW + 20 * MINUTE, boots=boots(1), moments={"a": NOW, "b": NOW})
    assert {"P0": MINUTE, "P1": 9 * MINUTE} == seconds(kept)


def test_it_counts_from_the_last_of_the_boots(kept):
    moments = {"a": NOW, "b": NOW + 5 * MINUTE}
    add(kept, NOW + 6 * MINUTE, p1=BLOCKED, boots=boots(1), moments=moments)
    add(kept, NOW + 9 * MINUTE, boots=boots(1), moments=moments)
    assert 4 * MINUTE == seconds(kept)["P1"]
    assert ("a", "b") == kept.recoveries(NAME)[0].hosts


def test_without_evidence_of_the_boot_it_counts_from_the_first_run_that_saw_it(kept):
    add(kept, NOW, p1=BLOCKED, boots=boots(1), lasted=4)
    add(kept, NOW + 3 * MINUTE, boots=boots(1))
    assert 3 * MINUTE + 4 == seconds(kept)["P1"]


def test_evidence_that_comes_later_counts_from_then_on(kept):
    add(kept, NOW, p1=BLOCKED, boots=boots(1))
    add(kept, NOW + MINUTE, boots=boots(1), moments={"a": NOW - MINUTE, "b": NOW - MINUTE})
    assert 2 * MINUTE == seconds(kept)["P1"]


def test_the_earlier_ones_stand_beside_it(kept):
    for number, minutes in enumerate((3, 4, 20, 9), start=1):
        recover(kept, number, NOW + number * DAY, minutes)
    p0, p1 = kept.times_to_green(NAME)
    assert ("P0", "P1") == (p0.gate, p1.gate)
    assert (9 * MINUTE, (20 * MINUTE, 4 * MINUTE, 3 * MINUTE), 4 * MINUTE) == (p1.seconds, p1.earlier, p1.usual)


def test_what_is_not_green_yet_says_how_long_it_took_so_far(kept):
    add(kept, NOW + 12 * MINUTE, p1=WARN, boots=boots(1), moments={"a": NOW, "b": NOW})
    p0, p1 = kept.times_to_green(NAME)
    assert (True, 12 * MINUTE) == (p0.green, p0.seconds)
    assert (False, None, 12 * MINUTE, None) == (p1.green, p1.seconds, p1.so_far, p1.usual)


def test_the_first_good_run_counts_whatever_came_after(kept):
    recover(kept, 1, NOW, 5)
    add(kept, NOW + 6 * MINUTE, p1=BLOCKED, boots=boots(1))
    add(kept, NOW + 7 * MINUTE, boots=boots(1))
    assert 5 * MINUTE == seconds(kept)["P1"]


def test_runs_that_are_stored_in_another_order_give_the_same(kept):
    add(kept, NOW + MINUTE, p1=BLOCKED, boots=boots(1), moments={"a": NOW, "b": NOW})
    add(kept, NOW + 5 * MINUTE, boots=boots(1))
    add(kept, NOW + 3 * MINUTE, boots=boots(1))
    assert 3 * MINUTE == seconds(kept)["P1"]


def test_hosts_that_come_back_one_by_one_are_one_recovery(kept):
    add(kept, NOW + MINUTE, p0=PASS, p1=BLOCKED, boots={"a": "a-1", "b": None}, moments={"a": NOW})
    add(kept, NOW + 9 * MINUTE, boots={"a": "a-1", "b": "b-1"}, moments={"a": NOW, "b": NOW + 5 * MINUTE})
    (recovery,) = kept.recoveries(NAME)
    assert (("a", "b"), NOW + 5 * MINUTE) == (recovery.hosts, recovery.booted)
    assert {"P0": 4 * MINUTE, "P1": 4 * MINUTE} == seconds(kept)  # P0 was good before the last host was back


def test_a_boot_after_it_was_green_is_another_recovery(kept):
    recover(kept, 1, NOW, 5)
    recover(kept, 2, NOW + 10 * MINUTE, 3)
    assert [3 * MINUTE, 5 * MINUTE] == [one.gates[1].seconds for one in kept.recoveries(NAME)]


def test_a_boot_long_after_is_another_recovery_although_it_was_never_green(kept):
    add(kept, NOW + MINUTE, p1=BLOCKED, boots=boots(1), moments={"a": NOW, "b": NOW})
    recover(kept, 2, NOW + DAY, 3)
    assert [3 * MINUTE, None] == [one.gates[1].seconds for one in kept.recoveries(NAME)]
    assert () == kept.times_to_green(NAME)[1].earlier


def test_a_host_that_reboots_alone_is_a_recovery_of_its_own(kept):
    recover(kept, 1, NOW, 5)
    add(kept, NOW + DAY + 2 * MINUTE, boots=boots(1, b="b-2"), moments={"b": NOW + DAY})
    newest = kept.recoveries(NAME)[0]
    assert (("b",), 2 * MINUTE) == (newest.hosts, newest.gates[1].seconds)


def test_a_run_on_an_older_boot_that_is_stored_late_is_not_taken_for_this_one(kept):
    recover(kept, 1, NOW, 5)
    add(kept, NOW + DAY + MINUTE, p1=BLOCKED, boots=boots(2), moments={"a": NOW + DAY, "b": NOW + DAY})
    add(kept, NOW + DAY + 2 * MINUTE, boots=boots(1))
    assert None is seconds(kept)["P1"]


def test_a_negative_time_is_not_known(kept):
    add(kept, NOW, boots=boots(1), moments={"a": NOW + DAY, "b": NOW})
    time = kept.times_to_green(NAME)[1]
    assert (True, None, 0.0) == (time.green, time.seconds, time.so_far)


def test_what_was_green_before_anybody_looked_is_not_known(kept):
    moments = {"a": NOW - 45 * MINUTE, "b": NOW - 45 * MINUTE}
    add(kept, NOW, p1=BLOCKED, boots=boots(1), moments=moments)
    add(kept, NOW + MINUTE, boots=boots(1), moments=moments)
    p0, p1 = kept.times_to_green(NAME)
    assert (True, None) == (p0.green, p0.seconds)
    assert 46 * MINUTE == p1.seconds  # of this one somebody saw how it became green


def test_a_boot_that_nobody_looked_at_for_days_gives_no_times(kept):
    moments = {"a": NOW - 2 * DAY, "b": NOW - 2 * DAY}
    add(kept, NOW, p1=BLOCKED, boots=boots(1), moments=moments)
    add(kept, NOW + MINUTE, boots=boots(1), moments=moments)
    assert {"P0": None, "P1": None} == seconds(kept)


def test_two_baselines_have_recoveries_of_their_own(kept):
    recover(kept, 1, NOW, 5)
    add(kept, NOW + 6 * MINUTE, boots=boots(1), moments={"a": NOW, "b": NOW}, baseline_name="other")
    assert [5 * MINUTE] == [one.gates[1].seconds for one in kept.recoveries(NAME)]
    assert [6 * MINUTE] == [one.gates[1].seconds for one in kept.recoveries("other")]


@pytest.mark.parametrize("moment", [float("nan"), float("inf"), True])
def test_a_moment_that_is_none_is_not_taken(kept, moment):
    add(kept, NOW, boots=boots(1), moments={"a": moment}, lasted=4)
    assert NOW - 4 == kept.recoveries(NAME)[0].booted
