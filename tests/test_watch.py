"""The release command: attempts on a schedule, each from nothing, until GREEN or the last one."""

import asyncio

import pytest
from tests.support.scripted import BOOT, OTHER_BOOT, Script, baseline, check

from coldstart import errors
from coldstart.attempt import Attempt, Ending, Outlook
from coldstart.clock import FixedClock
from coldstart.engine.program import compile_program
from coldstart.engine.runner import Settings, run
from coldstart.outcome import Result
from coldstart.reason import Reason
from coldstart.render import attempts
from coldstart.watch import DISCARDS, Schedule, watch

GATES = {
    "NET": ((), (check("NET", "net"),)),
    "DATA": (("NET",), (check("DATA", "db"),)),
}


class TestClock(FixedClock):
    """A clock that moves only when somebody waits on it, and by as much as an attempt is said to take."""

    __test__ = False

    def __init__(self, takes=0.0):
        super().__init__(1000.0)
        self.now, self.takes, self.slept = 0.0, takes, []
        self.jumped = 0.0  # by how much the wall clock is ahead of what this machine has lived through

    def wall(self):
        return 1000.0 + self.now + self.jumped

    def monotonic(self):
        return self.now

    async def sleep(self, seconds):
        if seconds > 100:  # the deadline of the run, which does not fall here
            await asyncio.Event().wait()
        self.slept.append(seconds)
        self.now += seconds


async def watched(scripts, attempts_=10, *, interval=60.0, takes=0.0, stop_after=None, jumps=None, waits=None, **rules):
    """A watch in which attempt N meets `scripts[N]` (the last one again and again); what it told, and how it ended.

    `jumps[N]`: seconds by which the wall clock jumps in the middle of attempt N, `waits[N]`: after it.
    """
    program, clock, told = compile_program(baseline(GATES)), TestClock(takes), []
    stop = asyncio.Event()

    async def attempt(before):
        script = scripts[min(len(told), len(scripts) - 1)]
        clock.now += clock.takes
        clock.jumped += (jumps or {}).get(len(told), 0.0)
        return await run(program, script, clock, settings=Settings(before=before, run_deadline=1e9))

    def tell(one: Attempt):
        told.append(one)
        clock.jumped += (waits or {}).get(len(told) - 1, 0.0)
        if stop_after == len(told):
            stop.set()

    ended = await watch(attempt, clock, Schedule(interval, attempts_, **rules), stop=stop, tell=tell)
    return told, ended, clock


def results(told):
    return [one.report.result.value for one in told]


async def test_it_ends_with_the_first_green_attempt():
    told, ended, _ = await watched([Script({"net": "no"}), Script({"db": "no"}), Script()])
    assert ["BLOCKED", "BLOCKED", "GREEN"] == results(told)
    assert (Result.GREEN, False) == (ended.report.result, ended.interrupted)
    assert [60.0, 60.0, None] == [one.next_in for one in told]


async def test_it_ends_with_the_last_attempt_when_nothing_gets_better():
    told, ended, _ = await watched([Script({"db": "no"})], attempts_=3)
    assert ["BLOCKED"] * 3 == results(told)
    assert 2 == ended.report.exit_code


async def test_it_says_what_changed_since_the_attempt_before():
    told, _, _ = await watched([Script({"net": "no"}), Script({"db": "no"}), Script()])
    assert () == told[0].changes
    assert [("NET/net@a", "BLOCKED", "PASS"), ("DATA/db@a", "HELD", "BLOCKED")] == [
        (one.check, one.before, one.after) for one in told[1].changes
    ]
    assert [("DATA/db@a", "BLOCKED", "PASS")] == [(one.check, one.before, one.after) for one in told[2].changes]


async def test_a_host_that_rebooted_between_two_attempts_is_said_so():
    told, _, _ = await watched([Script({"db": "no"}), Script({"db": "no"}, boots={"a": (OTHER_BOOT, OTHER_BOOT)})], 2)
    assert [("host a", f"boot {BOOT[:8]}", f"boot {OTHER_BOOT[:8]}")] == [
        (one.check, one.before, one.after) for one in told[1].changes
    ]


@pytest.mark.parametrize(("takes", "waits"), [(0.0, [60.0, 60.0]), (10.0, [50.0, 50.0]), (70.0, [50.0, 50.0])])
async def test_attempts_begin_on_the_schedule_however_long_they_take(takes, waits):
    _, _, clock = await watched([Script({"db": "no"})], attempts_=3, takes=takes)
    assert waits == clock.slept


async def test_an_interrupted_watch_ends_with_what_it_has():
    told, ended, _ = await watched([Script({"db": "no"})], stop_after=2)
    assert (2, True) == (len(told), ended.interrupted)


BAD: dict[str, str] = {"db": "no"}
GOOD: dict[str, str] = {}


@pytest.mark.parametrize(
    ("course", "expected"),
    [
        ([BAD, GOOD], ["BLOCKED", "GREEN"]),
        ([BAD, BAD, BAD, GOOD], ["BLOCKED", "BLOCKED", "BLOCKED", "GREEN"]),
    ],
)
async def test_coming_up_once_is_not_flapping(course, expected):
    told, _, _ = await watched([Script(answers) for answers in course])
    assert expected == results(told)


@pytest.mark.fault(49)
async def test_a_check_that_flapped_must_be_good_three_times_in_a_row():
    """Bad, good (in a gate that is still degraded), bad, good: the last good attempt is not GREEN yet."""
    gates = [{"net": "maybe", **BAD}, {"net": "maybe"}, {"net": "maybe", **BAD}, GOOD, GOOD, GOOD]
    told, ended, _ = await watched([Script(answers) for answers in gates])
    assert ["BLOCKED", "DEGRADED", "BLOCKED", "DEGRADED", "DEGRADED", "GREEN"] == results(told)
    flapped = told[3].report.gates[1].checks[0]
    assert (Reason.FLAPPING, "DATA") == (flapped.outcome.reason, told[3].report.root.gate)
    assert "3 changes in 4 attempts; good 1 of 3 times in a row" in flapped.outcome.observed
    assert Result.GREEN is ended.report.result


@pytest.mark.fault(49)
async def test_a_flap_at_the_last_attempt_is_not_green():
    gates = [{"net": "maybe", **BAD}, {"net": "maybe"}, {"net": "maybe", **BAD}, GOOD]
    _, ended, _ = await watched([Script(answers) for answers in gates], attempts_=4)
    assert (Result.DEGRADED, 1) == (ended.report.result, ended.report.exit_code)


async def test_green_must_hold_for_as_many_attempts_as_asked():
    told, ended, _ = await watched([Script({"db": "no"}), Script()], stable=3)
    assert ["BLOCKED", "DEGRADED", "DEGRADED", "GREEN"] == results(told)
    assert [0, 1, 2, 3] == [one.streak for one in told]
    assert (Result.GREEN, Ending.GREEN) == (ended.report.result, ended.ending)


async def test_green_that_did_not_hold_for_long_enough_is_not_green():
    told, ended, _ = await watched([Script({"db": "no"}), Script()], 2, stable=2)
    assert (Result.DEGRADED, 1, Ending.USED_UP) == (ended.report.result, ended.report.exit_code, ended.ending)
    assert "all is good in 1 of 2 attempts in a row" in ended.report.headline
    assert ended.report == told[-1].report


async def test_what_is_said_afterwards_does_not_make_a_green_that_did_not_hold():
    """The operator's answer about the alert settles the last attempt anew, by the same rule."""
    _, ended, _ = await watched([Script({"db": "no"}), Script()], 2, stable=2)
    assert Result.DEGRADED is ended.settle(ended.report.gates).result
    _, ended, _ = await watched([Script(), Script()], 2, stable=2)
    assert Result.GREEN is ended.settle(ended.report.gates).result


async def test_a_reboot_between_two_green_attempts_begins_the_count_anew():
    rebooted = Script(boots={"a": (OTHER_BOOT, OTHER_BOOT)})
    told, _, _ = await watched([Script(), rebooted, rebooted], stable=2)
    assert [1, 1, 2] == [one.streak for one in told]


async def test_coming_back_from_a_reboot_is_not_flapping():
    """Good, gone while it reboots, good: two changes, but its first pass was on another boot."""
    back = {"boots": {"a": (OTHER_BOOT, OTHER_BOOT)}}
    told, _, _ = await watched([Script({"net": "maybe"}), Script({"net": "maybe", **BAD}), Script(**back)])
    assert ["DEGRADED", "BLOCKED", "GREEN"] == results(told)


@pytest.mark.fault(48)
@pytest.mark.parametrize("jump", [3600.0, -3600.0])
async def test_an_attempt_in_which_this_machine_slept_counts_for_nothing_and_is_made_again(jump):
    told, ended, clock = await watched([Script(BAD), Script(), Script()], jumps={1: jump})
    assert ["", True, ""] == [one.discarded and True for one in told]
    assert [1, 2, 2] == [one.number for one in told]
    assert "1 h" in told[1].discarded
    assert (Ending.GREEN, [60.0, 0.0]) == (ended.ending, clock.slept)


@pytest.mark.fault(48)
async def test_a_machine_that_sleeps_in_every_attempt_gets_no_verdict():
    told, ended, _ = await watched([Script()], jumps=dict.fromkeys(range(99), 3600.0))
    assert (Result.CHECK_FAILED, 3, Ending.CLOCK) == (ended.report.result, ended.report.exit_code, ended.ending)
    assert DISCARDS == len(told)


@pytest.mark.fault(48)
async def test_green_does_not_hold_over_a_night_in_which_nobody_looked():
    told, _, _ = await watched([Script(), Script(), Script()], waits={0: 3600.0}, stable=2)
    assert [1, 1, 2] == [one.streak for one in told]
    assert [0.0, 3600.0, 0.0] == [one.gap for one in told]


async def test_slow_attempts_are_no_gap():
    told, _, _ = await watched([Script(BAD)], 3, takes=300.0)
    assert ["", "", ""] == [one.discarded for one in told]


async def test_it_remembers_since_when_a_gate_is_as_it_is():
    told, _, _ = await watched([Script({"net": "no"}), Script(BAD), Script(BAD)], 3)
    assert [{"NET": 1000.0, "DATA": 1000.0}, {"NET": 1060.0, "DATA": 1060.0}, {"NET": 1060.0, "DATA": 1060.0}] == [
        dict(one.since) for one in told
    ]


async def test_the_last_attempt_names_the_last_error_of_each_gate_that_is_not_good():
    """DATA was asked in the first attempt alone; it is held now, and what it said then is the best that is known."""
    told, _, _ = await watched([Script(BAD), Script({"net": "broken"})], 2)
    assert () == told[0].last_errors
    assert [("NET", "NET/net@a", "broken", 2), ("DATA", "DATA/db@a", "no", 1)] == [
        (one.gate, one.check, one.said, one.attempt) for one in told[1].last_errors
    ]


def damaged(_read):
    raise errors.AuthenticationRejected("publickey refused")


async def test_it_goes_on_when_a_human_is_needed():
    told, ended, _ = await watched([Script({"db": damaged})], 4)
    assert (4, Ending.USED_UP) == (len(told), ended.ending)
    assert Outlook.NEEDS_HUMAN is told[-1].outlooks["DATA"]


async def test_it_ends_early_when_a_human_is_needed_if_asked_to():
    told, ended, _ = await watched([Script({"db": damaged})], 10, stop_when_hopeless=True)
    assert Ending.HOPELESS is ended.ending
    assert 3 == len(told)  # an authentication that fails once may be a host that boots; then two attempts in a row
    assert 2 == ended.report.exit_code


async def test_restart_counters_are_compared_with_the_attempt_before():
    told, _, _ = await watched(
        [Script({"net": "no", "db": "yes"}), Script({"db": "rises"}), Script({"db": "rises"})], 3
    )
    assert "GREEN" == results(told)[-1]
    program, clock = compile_program(baseline(GATES)), TestClock()
    first = await run(program, Script({"db": "rises"}), clock, settings=Settings(run_deadline=1e9))
    second = await run(
        program, Script({"db": "rises"}), clock, settings=Settings(before=first.replies, run_deadline=1e9)
    )
    assert Result.BLOCKED is second.report.result


async def test_an_attempt_is_a_block_of_plain_lines():
    told, _, _ = await watched([Script({"net": "no"}), Script({"db": "no"})], 2)
    text = attempts.render(told[1], width=100, color=False, ascii=True)
    assert "attempt 2 of 2" in text
    assert "BLOCKED at DATA on a" in text
    assert "changed   DATA/db@a  HELD -> BLOCKED  no" in text
    assert "now good  NET: net (a)" in text
    assert all(len(line) <= 100 for line in text.splitlines())


async def test_where_the_terminal_is_narrow_what_was_seen_goes_below_its_check():
    told, _, _ = await watched([Script({"net": "no"}), Script({"db": "no"})], 2)
    lines = attempts.render(told[1], width=60, color=False, ascii=True).splitlines()
    at = lines.index("  changed   DATA/db@a")
    assert "              HELD -> BLOCKED  no" == lines[at + 1]
    assert all(len(line) <= 60 for line in lines)
