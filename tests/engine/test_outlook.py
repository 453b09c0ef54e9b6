"""Converging, stuck, or in need of a human: what waiting will do for a check that is not good yet."""

import pytest

from coldstart.attempt import Outlook
from coldstart.engine.outlook import Outlooks
from coldstart.outcome import CheckResult, Conclusion, GateResult, Outcome, Part, Severity, Verdict
from coldstart.reason import Reason


def gate(*checks: CheckResult, name="G") -> GateResult:
    worst = Verdict.BLOCKED if any(one.verdict is Verdict.BLOCKED for one in checks) else Verdict.WARN
    return GateResult(name=name, title=name, needs={}, verdict=worst, checks=checks)


def check(outcome: Outcome, verdict=Verdict.BLOCKED, name="c", **fields) -> CheckResult:
    return CheckResult(
        id=f"G/{name}",
        host="a",
        probe="says",
        claim="it is good",
        severity=Severity.BLOCKED,
        verdict=verdict,
        outcome=outcome,
        source="test.yml:1",
        **fields,
    )


def bad(reason=Reason.NOT_RUNNING, **fields) -> Outcome:
    return Outcome.unmet(reason, "it is not", **fields)


class Seen:
    """As much of a report as is looked at."""

    def __init__(self, *gates):
        self.gates = gates


def outlooks(*outcomes, stuck_after=3, verdict=Verdict.BLOCKED):
    """What one check was said to be, attempt by attempt."""
    follow = Outlooks(stuck_after)
    return [follow.of(Seen(gate(check(outcome, verdict))))["G/c@a"] for outcome in outcomes]


CONVERGING, UNCLEAR, STUCK, HUMAN = Outlook.CONVERGING, Outlook.UNCLEAR, Outlook.STUCK, Outlook.NEEDS_HUMAN


@pytest.mark.parametrize(
    "reason",
    [Reason.STORAGE_CORRUPTION, Reason.SIGNATURE, Reason.HOST_KEY_MISMATCH, Reason.HOST_KEY_UNKNOWN, Reason.READ_ONLY],
)
def test_damage_and_host_keys_need_a_human_at_once(reason):
    assert [HUMAN] == outlooks(bad(reason))


@pytest.mark.parametrize("reason", [Reason.AUTHENTICATION, Reason.NOT_ALLOWED])
def test_what_a_booting_host_refuses_needs_a_human_when_it_is_refused_again(reason):
    assert [UNCLEAR, HUMAN] == outlooks(bad(reason), bad(reason))


def test_a_damaged_part_among_others_needs_a_human():
    parts = (
        Part(name="nginx", conclusion=Conclusion.UNMET, reason=Reason.NOT_RUNNING, observed="dead"),
        Part(name="wal", conclusion=Conclusion.UNMET, reason=Reason.STORAGE_CORRUPTION, observed="PANIC"),
    )
    assert [HUMAN] == outlooks(Outcome.of_parts(parts, expected="all is well"))


def test_what_is_starting_converges_until_it_has_been_starting_for_too_long():
    assert [CONVERGING, CONVERGING, STUCK] == outlooks(*[bad(Reason.STARTING)] * 3)


def test_what_does_not_change_is_stuck():
    assert [UNCLEAR, UNCLEAR, STUCK, STUCK] == outlooks(*[bad()] * 4)


def test_another_reason_begins_the_count_anew():
    assert [UNCLEAR, UNCLEAR, UNCLEAR, UNCLEAR] == outlooks(bad(), bad(), bad(Reason.FAILED), bad(Reason.FAILED))


def test_a_number_that_falls_converges_and_one_that_rises_does_not():
    falling = [bad(Reason.OVER_LIMIT, measure=value) for value in (9.0, 5.0, 3.0, 2.0)]
    assert [UNCLEAR, CONVERGING, CONVERGING, CONVERGING] == outlooks(*falling)
    rising = [bad(Reason.OVER_LIMIT, measure=value) for value in (2.0, 3.0, 5.0)]
    assert [UNCLEAR, UNCLEAR, STUCK] == outlooks(*rising)


def test_fewer_bad_parts_converge():
    def parts(*names):
        made = tuple(
            Part(name=name, conclusion=Conclusion.UNMET, reason=Reason.NOT_RUNNING, observed="dead") for name in names
        )
        return Outcome.of_parts(made, expected="all run")

    assert [UNCLEAR, CONVERGING, CONVERGING] == outlooks(parts("a", "b", "c"), parts("a", "b"), parts("a"))


@pytest.mark.parametrize("reason", [Reason.TOO_EARLY, Reason.RESTARTED])
def test_what_only_needs_time_is_never_stuck(reason):
    assert [CONVERGING] * 5 == outlooks(*[Outcome.caution(reason, "4 min of 15")] * 5, verdict=Verdict.WARN)


def test_what_was_good_in_between_begins_anew():
    follow = Outlooks(2)
    assert UNCLEAR is follow.of(Seen(gate(check(bad()))))["G/c@a"]
    assert {} == follow.of(Seen(gate(check(Outcome.met("fine"), Verdict.PASS))))
    assert UNCLEAR is follow.of(Seen(gate(check(bad()))))["G/c@a"]


def test_a_gate_is_as_its_worst_blocked_check():
    follow = Outlooks(3)
    found = follow.of(
        Seen(
            gate(
                check(bad(Reason.STARTING), name="starting"),
                check(bad(Reason.SIGNATURE), Verdict.WARN, name="noise"),
            )
        )
    )
    assert CONVERGING is found["G"]


@pytest.mark.parametrize(
    ("checks", "hopeless"),
    [
        ([check(bad(Reason.HOST_KEY_MISMATCH)), check(bad(Reason.STARTING), name="d")], True),
        ([check(bad(Reason.STARTING)), check(bad(Reason.SIGNATURE), Verdict.WARN, name="d")], False),
        ([check(bad(Reason.SIGNATURE), Verdict.WARN)], True),
        ([check(bad(Reason.SIGNATURE), Verdict.WARN), check(bad(Reason.OVER_LIMIT), Verdict.WARN, name="d")], False),
        ([check(bad(Reason.HOST_KEY_MISMATCH), downstream_of="G0"), check(bad(), name="d")], False),
        ([check(Outcome.met("fine"), Verdict.PASS)], False),
    ],
)
def test_waiting_is_hopeless_when_what_is_left_needs_a_human_twice_in_a_row(checks, hopeless):
    follow = Outlooks(9)
    follow.of(Seen(gate(*checks)))
    assert not follow.hopeless
    follow.of(Seen(gate(*checks)))
    assert hopeless is follow.hopeless
