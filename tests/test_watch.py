"""The release command: attempts on a schedule, each from nothing, until GREEN or the last one."""

import asyncio

import pytest
from tests.support.scripted import BOOT, OTHER_BOOT, Script, baseline, check

from coldstart.attempt import Attempt
from coldstart.clock import FixedClock
from coldstart.engine.program import compile_program
from coldstart.engine.runner import Settings, run
from coldstart.outcome import Result
from coldstart.reason import Reason
from coldstart.render import attempts
from coldstart.watch import Schedule, watch

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

    def monotonic(self):
        return self.now

    async def sleep(self, seconds):
        if seconds > 100:  # the deadline of the run, which does not fall here
            await asyncio.Event().wait()
        self.slept.append(seconds)
        self.now += seconds


async def watched(scripts, attempts_=10, *, interval=60.0, takes=0.0, stop_after=None):
    """A watch in which attempt N meets `scripts[N]` (the last one again and again); what it told, and how it ended."""
    program, clock, told = compile_program(baseline(GATES)), TestClock(takes), []
    stop = asyncio.Event()

    async def attempt(before):
        script = scripts[min(len(told), len(scripts) - 1)]
        clock.now += clock.takes
        return await run(program, script, clock, settings=Settings(before=before, run_deadline=1e9))

    def tell(one: Attempt):
        told.append(one)
        if stop_after == len(told):
            stop.set()

    ended = await watch(attempt, clock, Schedule(interval, attempts_), stop=stop, tell=tell)
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
