"""The reducer: tables over every pair of verdicts, and the rules of GREEN."""

from itertools import product

import pytest

from coldstart.engine import reduce
from coldstart.outcome import CheckResult, Conclusion, GateResult, Outcome, Result, Severity, Verdict
from coldstart.reason import Reason

P, W, B, H = Verdict.PASS, Verdict.WARN, Verdict.BLOCKED, Verdict.HELD

WORST = {
    (P, P): P, (P, W): W, (P, B): B, (P, H): H,
    (W, P): W, (W, W): W, (W, B): B, (W, H): H,
    (B, P): B, (B, W): B, (B, B): B, (B, H): B,
    (H, P): H, (H, W): H, (H, B): B, (H, H): H,
}  # fmt: skip

OUTCOMES = {
    Conclusion.MET: Outcome.met("good"),
    Conclusion.CAUTION: Outcome.caution(Reason.RESTARTED, "restarted"),
    Conclusion.UNOBSERVED: Outcome.unobserved(Reason.CONNECT_TIMEOUT, "timed out"),
    Conclusion.UNMET: Outcome.unmet(Reason.FAILED, "failed"),
}

COST = {
    (Conclusion.MET, Severity.BLOCKED): P, (Conclusion.MET, Severity.WARN): P,
    (Conclusion.CAUTION, Severity.BLOCKED): W, (Conclusion.CAUTION, Severity.WARN): W,
    (Conclusion.UNOBSERVED, Severity.BLOCKED): B, (Conclusion.UNOBSERVED, Severity.WARN): W,
    (Conclusion.UNMET, Severity.BLOCKED): B, (Conclusion.UNMET, Severity.WARN): W,
}  # fmt: skip

ALTERNATIVES = {
    (Conclusion.MET, Conclusion.MET): (P, Reason.OK),
    (Conclusion.MET, Conclusion.CAUTION): (P, Reason.OK),
    (Conclusion.MET, Conclusion.UNOBSERVED): (P, Reason.OK),
    (Conclusion.MET, Conclusion.UNMET): (P, Reason.OK),
    (Conclusion.CAUTION, Conclusion.CAUTION): (W, Reason.RESTARTED),
    (Conclusion.CAUTION, Conclusion.UNOBSERVED): (W, Reason.RESTARTED),
    (Conclusion.CAUTION, Conclusion.UNMET): (W, Reason.RESTARTED),
    (Conclusion.UNOBSERVED, Conclusion.UNOBSERVED): (B, Reason.CONNECT_TIMEOUT),
    (Conclusion.UNOBSERVED, Conclusion.UNMET): (B, Reason.CONNECT_TIMEOUT),
    (Conclusion.UNMET, Conclusion.UNMET): (B, Reason.ALL_ALTERNATIVES_FAILED),
}


def result(verdict, id_="G/c", host=None, outcome=None, **fields):
    given = {Verdict.PASS: Conclusion.MET, Verdict.WARN: Conclusion.CAUTION, Verdict.BLOCKED: Conclusion.UNMET}
    if outcome is None and verdict in given:
        outcome = OUTCOMES[given[verdict]]
    return CheckResult(
        id=id_, host=host, probe="p", claim="c", severity=Severity.BLOCKED, verdict=verdict, outcome=outcome,
        source="f:1", **fields,
    )  # fmt: skip


def gate(name, *checks, verdict=..., holds=()):
    made = reduce.gate_verdict(checks) if verdict is ... else verdict
    return GateResult(name=name, title=name, needs={}, verdict=made, holds=holds, checks=checks)


def judged(*gates, narrowed=(), missing=(), interrupted=False):
    return reduce.result(gates, narrowed=narrowed, missing=missing, interrupted=interrupted)


@pytest.mark.parametrize("pair", list(product(Verdict, Verdict)))
def test_the_worst_of_two_verdicts(pair):
    assert WORST[pair] is reduce.worst(pair)


def test_nothing_is_not_a_pass():
    assert reduce.worst([]) is None
    assert reduce.worst([None, None]) is None
    assert P is reduce.worst([None, P])


@pytest.mark.parametrize(("conclusion", "severity"), list(product(Conclusion, Severity)))
def test_what_an_outcome_costs(conclusion, severity):
    assert COST[conclusion, severity] is reduce.check_verdict(severity, OUTCOMES[conclusion])


@pytest.mark.parametrize(("needed", "parent"), list(product([P, W], [None, *Verdict])))
def test_which_parent_verdicts_suffice(needed, parent):
    good = {P: {None, P}, W: {None, P, W}}[needed]
    assert (parent in good) is reduce.suffices(parent, needed)


@pytest.mark.parametrize("pair", list(product(Conclusion, Conclusion)))
def test_alternatives_are_as_good_as_the_best_of_them(pair):
    members = [result(None, id_=f"G/c.{index}", outcome=OUTCOMES[conclusion]) for index, conclusion in enumerate(pair)]
    expected = ALTERNATIVES.get(pair) or ALTERNATIVES[pair[::-1]]
    verdict, outcome = reduce.any_of(Severity.BLOCKED, members)
    assert expected == (verdict, outcome.reason)


def test_an_alternative_on_several_hosts_needs_them_all():
    members = [
        result(P, id_="G/c.one", host="a"),
        result(B, id_="G/c.one", host="b"),
        result(B, id_="G/c.two", host="a"),
    ]
    assert B is reduce.any_of(Severity.BLOCKED, members)[0]


@pytest.mark.parametrize("pair", list(product([None, *Verdict], [None, *Verdict])))
def test_green_needs_every_gate_to_pass(pair):
    gates = [gate(f"G{i}", result(verdict, id_=f"G{i}/c"), verdict=verdict) for i, verdict in enumerate(pair)]
    assert (Result.GREEN is judged(*gates)) is (pair == (P, P))
    assert (Result.BLOCKED is judged(*gates)) is (B in pair)


def test_a_narrowed_run_is_never_green():
    assert Result.DEGRADED is judged(gate("G", result(P)), narrowed=("--only G",))


def test_an_unaccounted_check_is_no_verdict():
    assert ("G/b", "G/c") == reduce.unaccounted(["G/a", "G/b"], [gate("G", result(P, id_="G/a"), result(P, id_="G/c"))])
    assert ("G/a",) == reduce.unaccounted(["G/a"], [gate("G", result(P, id_="G/a"), result(P, id_="G/a"))])
    assert Result.CHECK_FAILED is judged(gate("G", result(P)), missing=("G/b",))


def test_an_interrupted_run_is_no_verdict_even_when_all_passed():
    assert Result.CHECK_FAILED is judged(gate("G", result(P)), interrupted=True)


def test_a_run_without_gates_is_no_verdict():
    assert Result.CHECK_FAILED is judged()


def test_exit_codes_are_those_of_the_monitoring_plugins():
    assert {"GREEN": 0, "DEGRADED": 1, "BLOCKED": 2, "CHECK_FAILED": 3} == reduce.EXIT_CODES


def test_the_root_is_the_first_blocked_gate_not_the_first_warning():
    gates = [
        gate("A", result(W, id_="A/w")),
        gate("B", result(P, id_="B/p"), result(B, id_="B/b", host="h"), result(B, id_="B/b2"), holds=("C",)),
        gate("C", result(H, id_="C/c")),
    ]
    root = reduce.root(gates)
    assert ("B", "B/b", "h", ("C",), 1) == (root.gate, root.check, root.host, root.holds, root.also)


def test_what_was_seen_to_be_bad_is_the_root_before_what_could_not_be_seen():
    unseen = result(B, id_="A/log", outcome=OUTCOMES[Conclusion.UNOBSERVED])
    root = reduce.root([gate("A", unseen, result(B, id_="A/unit", outcome=OUTCOMES[Conclusion.UNMET]))])
    assert ("A/unit", True, 1) == (root.check, root.observed_bad, root.also)


def test_the_root_of_a_degraded_run_is_its_first_warning():
    assert "A/w" == reduce.root([gate("A", result(P, id_="A/p"), result(W, id_="A/w"))]).check


def test_the_headline_never_claims_what_was_not_observed():
    unseen = gate("A", result(B, id_="A/x", host="188", outcome=OUTCOMES[Conclusion.UNOBSERVED]))
    line = reduce.headline(Result.BLOCKED, reduce.root([unseen]), [unseen], narrowed=(), missing=())
    assert "BLOCKED at A: A/x on 188: not observed: timed out" == line


def test_the_headline_of_a_narrowed_run_says_that_it_was():
    gates = [gate("A", result(P))]
    line = reduce.headline(Result.DEGRADED, None, gates, narrowed=("--only A",), missing=())
    assert "DEGRADED: what was asked passed, but this run cannot speak for the stack: --only A" == line
