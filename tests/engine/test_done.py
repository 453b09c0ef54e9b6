"""The criteria of a finished recovery: done is what was asked and passed everywhere, and nothing else (SOP 14)."""

from itertools import product

import pytest
from tests.support.scripted import Script, any_of, baseline, check

from coldstart.baseline.model import Done
from coldstart.clock import FixedClock
from coldstart.engine import done as criteria
from coldstart.engine.program import Selection, compile_program
from coldstart.engine.runner import run
from coldstart.outcome import CheckResult, GateResult, Outcome, Severity, Verdict
from coldstart.reason import Reason

OUTCOMES = {
    Verdict.PASS: Outcome.met("good"),
    Verdict.WARN: Outcome.caution(Reason.RESTARTED, "restarted"),
    Verdict.BLOCKED: Outcome.unmet(Reason.FAILED, "failed"),
}
LEFT_OUT = "left out by --only G"


def result(verdict, id_="G/c", host="a", **fields):
    fields.setdefault("outcome", OUTCOMES.get(verdict))
    if verdict is Verdict.HELD:
        fields["held_by"] = "P0"
    return CheckResult(
        id=id_, host=host, probe="p", claim="c", severity=Severity.BLOCKED, verdict=verdict, source="f:1", **fields
    )


def done(*results, checks=("G/c",), by_hand=""):
    gate = GateResult(name="G", title="g", needs={}, verdict=None, checks=results)
    (item,) = criteria.done([Done(id="it", claim="It is.", checks=checks, by_hand=by_hand, sop="14")], [gate])
    return item


@pytest.mark.parametrize("pair", list(product(Verdict, Verdict)))
def test_only_a_pass_on_every_host_is_done(pair):
    item = done(result(pair[0]), result(pair[1], host="b"))
    failed = {Verdict.WARN, Verdict.BLOCKED} & set(pair)
    assert (False if failed else None if Verdict.HELD in pair else True) is item.done
    assert (f"G/c@a: {pair[0]}", f"G/c@b: {pair[1]}") == item.by


@pytest.mark.parametrize(
    ("results", "why"),
    [
        ([], "G/c: asked nowhere"),
        ([result(None, not_applicable=LEFT_OUT)], f"G/c: asked nowhere; {LEFT_OUT}"),
        ([result(None, not_applicable="has none")], "G/c: asked nowhere"),
        ([result(Verdict.HELD)], "held by P0"),
        ([result(Verdict.PASS), result(None, host="b", not_applicable=LEFT_OUT)], LEFT_OUT),
    ],
)
def test_what_was_not_asked_is_neither_done_nor_undone_and_says_why(results, why):
    item = done(*results)
    assert (None, why) == (item.done, item.why)


def test_a_host_that_it_does_not_apply_to_is_no_reason_against_it():
    item = done(result(Verdict.PASS), result(None, host="b", not_applicable="121 is an agent"))
    assert item.done is True
    assert ("G/c@a: PASS", "G/c@b: not applicable") == item.by


def test_a_failure_says_what_was_seen_and_what_could_not_be():
    lost = Outcome.unobserved(Reason.CONNECT_TIMEOUT, "no answer in 5 s")
    item = done(result(Verdict.BLOCKED), result(Verdict.BLOCKED, host="b", outcome=lost))
    assert "G/c@a: failed; G/c@b: not observed: no answer in 5 s" == item.why


def test_what_must_be_seen_by_hand_is_never_done_by_itself():
    assert (None, "by hand: ask") == (done(checks=(), by_hand="ask").done, done(checks=(), by_hand="ask").why)
    assert done(result(Verdict.PASS), by_hand="ask").done is None
    assert done(result(Verdict.BLOCKED), by_hand="ask").done is False


def test_a_criterion_without_anything_is_not_done():
    assert done(checks=()).done is None


def test_an_alternative_is_judged_by_itself_not_by_its_group():
    members = (result(Verdict.PASS, "G/any.one"), result(Verdict.BLOCKED, "G/any.two"))
    group = result(Verdict.PASS, "G/any", members=members)
    assert done(group, checks=("G/any.one",)).done is True
    assert done(group, checks=("G/any.two",)).done is False
    assert done(group, checks=("G/any",)).done is True


def test_an_alternative_that_is_not_in_a_good_group_is_not_done():
    assert done(result(Verdict.PASS, "G/any"), checks=("G/any.gone",)).done is None


def test_an_alternative_of_a_held_group_is_held():
    item = done(result(Verdict.HELD, "G/any"), checks=("G/any.one",))
    assert (None, "held by P0") == (item.done, item.why)


async def test_a_run_reports_its_criteria():
    criteria = (
        Done(id="login", claim="Both answer.", checks=("P0/login",)),
        Done(id="either", claim="One of them is up.", checks=("P0/either.left",)),
        Done(id="later", claim="The rest is good.", checks=("P1/rest",)),
    )
    gates = {
        "P0": (
            (),
            (
                check("P0", "login", hosts=("a", "b")),
                any_of("P0", "either", check("P0", "left"), check("P0", "right"), hosts=("a",)),
            ),
        ),
        "P1": (("P0",), (check("P1", "rest"),)),
    }
    program = compile_program(baseline(gates, done=criteria), Selection())
    finished = await run(program, Script({"login@b": "no"}), FixedClock(5000.0))
    found = {item.id: (item.done, item.why) for item in finished.report.done}
    assert {
        "login": (False, "P0/login@b: no"),
        "either": (True, ""),
        "later": (None, "held by P0"),
    } == found
