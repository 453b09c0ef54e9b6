"""Releases: RELEASE is what was asked, seen and good, all of it; whatever else is the case, HOLD says why (SOP 5.3)."""

import asyncio
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.effort import examples
from tests.support.scripted import BOOT, OTHER_BOOT, Script, any_of, baseline, check

from coldstart.baseline.accepts import Accept
from coldstart.baseline.runbook import Condition, Release
from coldstart.baseline.sustain import Sustain, Trend, Way
from coldstart.clock import FixedClock
from coldstart.decisions import Accepted, Decision
from coldstart.engine import reduce, releasing
from coldstart.engine.accepting import Accepting
from coldstart.engine.program import Selection, compile_program
from coldstart.engine.report import Grounds
from coldstart.engine.runner import Settings, run
from coldstart.outcome import CheckResult, GateResult, HostFacts, Outcome, Point, Result, Severity, Verdict
from coldstart.reason import Reason
from coldstart.samples import Sample

P, W, B, H = Verdict.PASS, Verdict.WARN, Verdict.BLOCKED, Verdict.HELD
HELD_ONLY, GO = Decision.HOLD, Decision.RELEASE
AT = 100_000.0
LEFT_OUT = "left out by --only G"
ACCEPTED = Accepted(reason="known")
OUTCOMES = {
    P: Outcome.met("fine"),
    W: Outcome.caution(Reason.RESTARTED, "restarted"),
    B: Outcome.unmet(Reason.FAILED, "failed"),
}
UNSEEN = Outcome.unobserved(Reason.DEADLINE, "no answer")
HOSTS = tuple(HostFacts(name=name, address="127.0.0.1", boot_id=BOOT) for name in "ab")
NOTHING: dict[str, Any] = {}


def result(verdict, id_="G/c", host="a", **fields):
    fields.setdefault("outcome", OUTCOMES.get(verdict))
    if verdict is H:
        fields["held_by"] = "P0"
    return CheckResult(
        id=id_, host=host, probe="p", claim="c", severity=Severity.WARN, verdict=verdict, source="f:1", **fields
    )


def gate(*checks, name="G", **fields):
    return GateResult(name=name, title=name, needs={}, verdict=reduce.gate_verdict(checks), checks=checks, **fields)


def declared(*conditions, needs=("G",), **fields):
    fields = {"title": "Runners", "hosts": (), "sop": "5.3", **fields}
    return Release(name="runners", needs=needs, conditions=conditions, **fields)


LOADED = baseline({"G": ((), (check("G", "c"), check("G", "d"))), "L": ((), (check("L", "c"),))})


def decided(gates, release, *, past=NOTHING, hosts=HOSTS, **fields):
    loaded = baseline(
        {name: ((), one.checks) for name, one in LOADED.baseline.gates.items()}, releases={"runners": release}
    )
    (item,) = releasing.decide(loaded.baseline, gates, past, at=AT, hosts=hosts, **fields)
    return item


def why(item):
    return [(one.claim, one.met, one.why) for one in item.unmet]


# ------------------------------------------------------------------------------------------------------------- gates

GATES = {
    "passed": (gate(result(P)), True, "passed"),
    "a warning": (gate(result(P), result(W, "G/d")), False, "WARN: d@a: restarted"),
    "an accepted warning": (gate(result(P), result(W, "G/d", accepted=ACCEPTED)), True, "accepted: G/d@a"),
    "one of two warnings accepted": (
        gate(result(W, accepted=ACCEPTED), result(W, "G/d")),
        False,
        "WARN: d@a: restarted",
    ),
    "blocked, and warnings": (
        gate(result(W), result(B, "G/d"), result(W, host="b")),
        False,
        "BLOCKED: d@a: failed (+2 more)",
    ),
    "held": (gate(result(H), held_by="P0"), None, "held by P0"),
    "left out": (gate(result(None, not_applicable=LEFT_OUT)), None, f"c@a: {LEFT_OUT}"),
    "one check of it left out": (
        gate(result(P), result(None, "G/d", not_applicable="left out by --monitor-read-only")),
        None,
        "d@a: left out by --monitor-read-only",
    ),
    "a host that it does not apply to": (gate(result(P), result(None, host="b", not_applicable="no")), True, "passed"),
    "nothing of it applies": (gate(result(None, not_applicable="no")), None, "nothing in it was asked"),
    "not observed": (
        gate(result(B, outcome=Outcome.unobserved(Reason.DEADLINE, "no answer"))),
        False,
        "BLOCKED: c@a: not observed: no answer",
    ),
    "no checks at all": (gate(), None, "nothing in it was asked"),
    "not there": (gate(name="X"), None, "it has no result"),
}


@pytest.mark.parametrize("case", GATES)
def test_a_gate_is_green_only_where_all_of_it_was_asked_and_each_warning_accepted(case):
    found, met, words = GATES[case]
    item = decided([found], declared())
    assert [("G is green", met, words)] == [(one.claim, one.met, one.why) for one in item.conditions]
    assert (GO if met else HELD_ONLY) is item.decision


# ------------------------------------------------------------------------------------------------------- conditions


def seen(*checks, condition=None, others=(), **fields):
    """What a condition on L/c comes to."""
    condition = condition or Condition("it is good", checks=("L/c",))
    item = decided([gate(result(P)), gate(*checks, name="L"), *others], declared(condition), **fields)
    assert (GO if item.conditions[1].met else HELD_ONLY) is item.decision
    return item.conditions[1].met, item.conditions[1].why


def on(verdict, host="a", **fields):
    return result(verdict, "L/c", host, **fields)


@pytest.mark.parametrize("pair", list(product(Verdict, Verdict)))
def test_a_condition_needs_a_pass_on_every_host(pair):
    bad = {W, B} & set(pair)
    met, _ = seen(on(pair[0]), on(pair[1], "b"))
    assert (False if bad else None if H in pair else True) is met


@pytest.mark.parametrize(
    ("checks", "met", "words"),
    [
        ((on(P),), True, "fine"),
        ((on(W),), False, "restarted"),
        ((on(W, accepted=ACCEPTED),), True, "restarted"),
        ((on(P), on(B, "b")), False, "c@b: failed"),
        ((on(B, outcome=UNSEEN),), None, "not observed: no answer"),
        ((on(B, outcome=UNSEEN), on(B, "b")), False, "c@b: failed"),
        ((on(P), on(None, "b", not_applicable="it has none")), True, "fine"),
        ((on(P), on(None, "b", not_applicable=LEFT_OUT)), None, LEFT_OUT),
        ((on(H),), None, "held by P0"),
        ((on(H), on(H, "b")), None, "held by P0"),
        ((on(None, not_applicable="it has none"),), None, "L/c: asked nowhere"),
        ((), None, "L/c: asked nowhere"),
    ],
)
def test_what_is_not_met_says_what_was_seen_and_what_was_not_asked_says_why(checks, met, words):
    assert (met, words) == seen(*checks)


def test_an_alternative_must_be_good_itself_not_only_its_group():
    members = (on(B, outcome=OUTCOMES[B]), result(P, "L/any.two"))
    group = result(P, "L/any", members=(members[0].model_copy(update={"id": "L/any.one"}), members[1]))
    for name, met in (("L/any", True), ("L/any.two", True), ("L/any.one", False), ("L/any.three", None)):
        assert met is seen(group, condition=Condition("it is good", checks=(name,)))[0]


def test_what_only_a_person_can_see_holds_until_it_is_confirmed_word_by_word():
    by_hand = Condition("the route works", by_hand="send one request")
    assert (None, "nobody has confirmed it") == seen(condition=by_hand)
    assert (None, "nobody has confirmed it") == seen(condition=by_hand, confirmed={"the route"})
    assert (True, "confirmed by the operator") == seen(condition=by_hand, confirmed={"the route works"})


def test_a_confirmation_does_not_stand_for_a_check():
    both = Condition("it is good", checks=("L/c",), by_hand="look")
    assert (False, "failed") == seen(on(B), condition=both, confirmed={"it is good"})
    assert (None, "nobody has confirmed it") == seen(on(P), condition=both)
    assert True is seen(on(P), condition=both, confirmed={"it is good"})[0]
    plain = Condition("it is good", checks=("L/c",))
    assert (False, "failed") == seen(on(B), condition=plain, confirmed={"it is good"})


# -------------------------------------------------------------------------------------------------- held, and trends

LOAD = Condition("load is low", checks=("L/c",), hold_for=900.0)


def samples(*ages, good=True, boot=BOOT):
    return [Sample(at=AT - age, good=good, boot=boot) for age in ages]


EVERY_MINUTE = range(900, 0, -60)


@pytest.mark.parametrize(
    ("earlier", "met", "words"),
    [
        (samples(*EVERY_MINUTE), True, "15m of 15m"),
        (samples(*range(840, 0, -60)), False, "14m of 15m"),
        (samples(899, *range(840, 0, -60)), False, "14m of 15m"),
        ([], False, "0s of 15m"),
        (samples(900, 600, 300), False, "0s of 15m"),  # five minutes between two looks: nobody knows
        (samples(900, 720, 540, 360, 180), True, "15m of 15m"),  # a fifth of it is still seen
        ([*samples(900, 840), *samples(780, good=False), *samples(*range(720, 0, -60))], False, "12m of 15m"),
        (samples(*EVERY_MINUTE, boot=OTHER_BOOT), False, "0s of 15m"),
    ],
)
def test_a_sustained_condition_counts_only_what_was_seen_to_be_good_on_this_boot(earlier, met, words):
    assert (met, words) == seen(on(P), condition=LOAD, past={"L/c@a": earlier})


def test_a_sustained_condition_must_hold_on_every_host():
    past = {"L/c@a": samples(*EVERY_MINUTE), "L/c@b": samples(*range(660, 0, -60))}
    assert (False, "c@b: 11m of 15m") == seen(on(P), on(P, "b"), condition=LOAD, past=past)


def test_the_past_of_another_boot_does_not_count_even_where_this_boot_is_not_known():
    unknown = (HostFacts(name="a", address="127.0.0.1"),)
    assert False is seen(on(P), condition=LOAD, past={"L/c@a": samples(*EVERY_MINUTE)}, hosts=unknown)[0]


def test_an_accepted_warning_was_not_good_for_15_minutes():
    past = {"L/c@a": samples(*EVERY_MINUTE)}
    assert (False, "0s of 15m") == seen(on(W, accepted=ACCEPTED), condition=LOAD, past=past)


def test_what_prometheus_has_on_record_goes_before_what_earlier_runs_saw():
    course = tuple(Point(at=AT - age, measure=0.5, good=True) for age in EVERY_MINUTE)
    outcome = Outcome.met("0.5", course=course)
    past = {"L/c@a": samples(60, good=False)}
    assert (True, "15m of 15m") == seen(on(P, outcome=outcome), condition=LOAD, past=past)


@pytest.mark.parametrize(
    ("earlier", "now", "met", "words"),
    [
        ((120.0, 90.0), 60.0, True, "120 → 90 → 60"),
        ((60.0, 90.0), 120.0, False, "60 → 90 → 120"),
        ((), 0.0, True, "0"),
        ((90.0,), 60.0, None, "seen 2 of 3 times: 90 → 60"),
    ],
)
def test_a_backlog_must_have_been_seen_to_fall(earlier, now, met, words):
    falling = Condition("it falls", checks=("L/c",), trend=Trend(Way.FALLING, 2))
    ages = range(60 * len(earlier), 0, -60)
    past = {
        "L/c@a": [
            Sample(at=AT - age, good=True, boot=BOOT, measure=measure)
            for age, measure in zip(ages, earlier, strict=True)
        ]
    }
    outcome = Outcome.met(f"{now}", measure=now)
    assert (met, words) == seen(on(P, outcome=outcome), condition=falling, past=past)


# ------------------------------------------------------------------------------------------------- never by mistake

VERDICTS = st.sampled_from([*Verdict, None])


@settings(max_examples=examples(200))
@given(
    gates=st.lists(st.lists(VERDICTS, max_size=3), min_size=1, max_size=3),
    conditions=st.lists(VERDICTS, max_size=3),
    held=st.floats(0, 2000),
    accepts=st.booleans(),
    doubted=st.booleans(),
    confirmed=st.booleans(),
)
def test_nothing_is_released_while_a_gate_is_not_clear_or_a_condition_not_met(
    *, gates, conditions, held, accepts, doubted, confirmed
):
    accepted = ACCEPTED if accepts else None

    def made(verdict, id_):
        extra = {"accepted": accepted} if verdict is W else {"not_applicable": LEFT_OUT} if verdict is None else {}
        return result(verdict, id_, **extra)

    found = [
        gate(*(made(one, f"N{at}/c{i}") for i, one in enumerate(each)), name=f"N{at}") for at, each in enumerate(gates)
    ]
    found.append(gate(*(made(one, f"L/c{at}") for at, one in enumerate(conditions)), on(P), name="L"))
    needs = tuple(f"N{at}" for at in range(len(gates)))
    items = [Condition(f"c{at}", checks=(f"L/c{at}",)) for at in range(len(conditions))]
    items += [LOAD, Condition("by hand", by_hand="look")]
    past = {"L/c@a": samples(*range(int(held), 0, -60))}
    item = decided(
        found,
        declared(*items, needs=needs),
        past=past,
        confirmed={"by hand"} if confirmed else set(),
        doubts=["narrowed"] if doubted else [],
    )
    good = {P, W} if accepts else {P}
    may_go = (
        all(each and set(each) <= good for each in gates)
        and set(conditions) <= good
        and int(held) >= 900
        and confirmed
        and not doubted
    )
    assert may_go is (item.decision is GO)
    assert may_go is (not item.unmet)


# ------------------------------------------------------------------------------------------------------------ early


def running(verdict=P, count=2, **fields):
    facts = {"active_units": count, "active_names": "r1.service, r2.service" if count else ""}
    outcome = OUTCOMES[verdict].model_copy(update={"facts": facts})
    return result(verdict, "L/c", outcome=outcome, **fields)


RUNNERS = declared(active="L/c")
BAD = gate(result(B))
SAID = "2 units active already on a: r1.service, r2.service"


def test_what_runs_before_its_release_is_said():
    item = decided([BAD, gate(running(), name="L")], RUNNERS)
    assert (HELD_ONLY, SAID, False) == (item.decision, item.early, item.earlier)


@pytest.mark.parametrize(
    "gates",
    [
        [gate(result(P)), gate(running(), name="L")],  # it is released
        [BAD, gate(running(count=0), name="L")],  # nothing of it runs
        [BAD, gate(on(H), name="L")],  # nobody looked
        [BAD, gate(on(B, outcome=Outcome.unobserved(Reason.DEADLINE)), name="L")],
        [gate(result(P), result(None, "G/d", not_applicable=LEFT_OUT)), gate(running(), name="L")],  # nobody knows
        [gate(result(H), held_by="L"), gate(running(), name="L")],
    ],
)
def test_nothing_is_too_early_that_may_run_or_that_nobody_has_seen_to_be_early(gates):
    assert "" == decided(gates, RUNNERS).early


def test_what_an_earlier_run_on_this_boot_let_go_is_not_too_early_but_would_be_held_now():
    boots = {"a": BOOT, "b": BOOT, "away": BOOT}
    item = decided([BAD, gate(running(), name="L")], RUNNERS, released={"runners": boots})
    assert (HELD_ONLY, "", True) == (item.decision, item.early, item.earlier)
    assert (GO, False) == (
        (good := decided([gate(result(P))], RUNNERS, released={"runners": boots})).decision,
        good.earlier,
    )


def test_what_is_too_early_is_a_warning_of_its_own():
    item = decided([BAD, gate(running(), name="L")], RUNNERS)
    loaded = baseline({}, releases={"runners": RUNNERS})
    early = releasing.early([item], loaded)
    (warning,) = early.checks
    assert ("RELEASES", W, "RELEASES/runners", W) == (early.name, early.verdict, warning.key, warning.verdict)
    assert (Reason.ACTIVE_TOO_EARLY, "5.3") == (warning.outcome.reason, warning.sop)
    assert f"{SAID}; not met: G is green (BLOCKED: c@a: failed)" == warning.outcome.observed
    assert "coldstart release runners" in warning.hint
    assert () == releasing.without_early([early])
    assert releasing.early([decided([gate(result(P))], RUNNERS)], loaded) is None


# ------------------------------------------------------------------------------------------------------ whole runs

TWO = {"P0": ((), (check("P0", "net"),)), "P1": (("P0",), (check("P1", "load", severity=Severity.WARN),))}
FIRST = Release(name="first", title="First", hosts=(), needs=("P0",))
ALL = Release(name="all", title="All", hosts=(), needs=("P0", "P1"))


async def report_of(answers=NOTHING, *, selection=Selection(), grounds=Grounds(), gates=TWO, **fields):  # noqa: B008 - frozen
    fields = {"releases": {"first": FIRST, "all": ALL}, **fields}
    program = compile_program(baseline(gates, **fields), selection)
    finished = await run(program, Script(answers), FixedClock(5000.0), settings=Settings(grounds=grounds))
    return finished.report, finished


def decisions(report):
    return {item.name: str(item.decision) for item in report.releases}


@pytest.mark.parametrize(
    ("answers", "first", "everything"),
    [
        ({}, "RELEASE", "RELEASE"),
        ({"load": "no"}, "RELEASE", "HOLD"),
        ({"net": "maybe"}, "HOLD", "HOLD"),
        ({"net": "no"}, "HOLD", "HOLD"),
    ],
)
async def test_a_run_decides_each_release_by_its_own_gates(answers, first, everything):
    report, _ = await report_of(answers)
    assert {"first": first, "all": everything} == decisions(report)


async def test_a_narrowed_run_and_a_partial_baseline_release_nothing():
    for report, _ in (await report_of(selection=Selection(only=("P0",))), await report_of(partial="a part")):
        assert {"first": "HOLD", "all": "HOLD"} == decisions(report)
        assert (releasing.WHOLE, None) == (report.releases[0].unmet[0].claim, report.releases[0].unmet[0].met)


async def test_a_host_that_rebooted_in_the_run_releases_nothing():
    program = compile_program(baseline(TWO, releases={"first": FIRST}))
    finished = await run(program, Script(boots={"a": (BOOT, OTHER_BOOT)}), FixedClock(5000.0))
    assert {"first": "HOLD"} == decisions(finished.report)


def active_check():
    return check("P0", "runner")


async def test_what_runs_too_early_costs_the_green_once_however_often_the_report_is_made():
    runners = declared(Condition("by hand", checks=("P1/load",)), needs=("P0",), active="P0/runner")
    gates = {
        "P0": ((), (check("P0", "net"), active_check())),
        "P1": ((), (check("P1", "load", severity=Severity.WARN),)),
    }
    _, finished = await report_of({"load": "no"}, gates=gates, releases={"runners": runners})
    changed = [
        one.model_copy(update={"checks": tuple(_running(check) for check in one.checks)})
        for one in finished.report.gates
    ]
    once = finished.with_gates(changed)
    twice = finished.with_gates(once.gates)
    assert once == twice
    assert ["P0", "P1", "RELEASES"] == [one.name for one in once.gates]
    assert (Result.DEGRADED, 2, "P1/load") == (once.result, once.counts["WARN"], once.root.check)


def _running(found):
    if found.id != "P0/runner":
        return found
    return found.model_copy(update={"outcome": found.outcome.model_copy(update={"facts": {"active_units": 1}})})


async def test_only_a_runner_that_is_too_early_between_a_run_and_green():
    """All gates pass; the load has not been low for long enough, and a runner is there already."""
    held = Condition("load is low", checks=("P0/net",), hold_for=900.0)
    runners = declared(held, needs=("P0",), active="P0/runner")
    gates = {"P0": ((), (check("P0", "net"), active_check()))}
    report, finished = await report_of(gates=gates, releases={"runners": runners})
    assert Result.GREEN is report.result
    changed = [
        one.model_copy(update={"checks": tuple(_running(check) for check in one.checks)}) for one in report.gates
    ]
    report = finished.with_gates(changed)
    assert (Result.DEGRADED, "RELEASES/runners") == (report.result, report.root.check)
    assert "DEGRADED at RELEASES: RELEASES/runners: 1 unit active already on a; not met: load is low (0s of 15m)" == (
        report.headline
    )


async def test_a_group_is_referred_to_by_its_alternative():
    either = any_of("P0", "either", check("P0", "left"), check("P0", "right"), hosts=("a",))
    release = declared(Condition("left", checks=("P0/either.left",)), needs=("P0",))
    gates = {"P0": ((), (either,))}
    assert {"runners": "RELEASE"} == decisions((await report_of(gates=gates, releases={"runners": release}))[0])
    report, _ = await report_of({"left": "no"}, gates=gates, releases={"runners": release})
    assert (Result.GREEN, {"runners": "HOLD"}) == (report.result, decisions(report))


@pytest.mark.parametrize(
    ("result_", "decision", "code"),
    [
        (Result.GREEN, GO, 0),
        (Result.DEGRADED, GO, 0),
        (Result.GREEN, HELD_ONLY, 2),
        (Result.BLOCKED, HELD_ONLY, 2),
        (Result.CHECK_FAILED, HELD_ONLY, 3),
        (Result.CHECK_FAILED, GO, 3),
    ],
)
def test_the_exit_code_of_a_release(result_, decision, code):
    item = decided([gate(result(P))], declared()).model_copy(update={"decision": decision})
    assert code == reduce.release_exit_code(result_, [item])


def test_one_that_is_held_among_several_is_2_and_none_at_all_no_verdict():
    both = [decided([one], declared()) for one in (gate(result(P)), BAD)]
    assert [GO, HELD_ONLY] == [item.decision for item in both]
    assert 2 == reduce.release_exit_code(Result.DEGRADED, both)
    assert 3 == reduce.release_exit_code(Result.GREEN, [])


def test_what_was_released_before_a_host_rebooted_is_too_early_again():
    item = decided([BAD, gate(running(), name="L")], RUNNERS, released={"runners": {"a": BOOT, "b": OTHER_BOOT}})
    assert (SAID, False) == (item.early, item.earlier)
    item = decided([BAD, gate(running(), name="L")], RUNNERS, released={"others": {"a": BOOT}})
    assert (SAID, False) == (item.early, item.earlier)


async def test_an_interrupted_run_releases_nothing_whatever_it_saw():
    """It was stopped when all that the release needs had passed already."""
    stop = asyncio.Event()
    never = asyncio.get_running_loop().create_future()

    def stuck(_read):
        stop.set()
        return never

    program = compile_program(baseline(TWO, releases={"first": FIRST}))
    settings = Settings(stop=stop)
    report = (await run(program, Script({"load": stuck}), FixedClock(5000.0), settings=settings)).report
    assert (Result.CHECK_FAILED, "PASS") == (report.result, report.gates[0].verdict)
    assert [(releasing.WHOLE, None, "it was interrupted")] == why(report.releases[0])


async def test_an_accept_that_holds_no_longer_releases_nothing():
    gone = Accept(check="P0/net", host=None, reason="known", saw=None, until=1.0)
    report, _ = await report_of(grounds=Grounds(accepting=Accepting((gone,))))
    assert {"first": "HOLD", "all": "HOLD"} == decisions(report)
    assert "the accept of P0/net is expired" == report.releases[0].unmet[0].why


async def test_a_warning_that_was_accepted_holds_nothing():
    accepted = Accept(check="P0/net", host=None, reason="known", saw=None)
    report, _ = await report_of({"net": "maybe"}, grounds=Grounds(accepting=Accepting((accepted,))))
    assert {"first": "RELEASE", "all": "RELEASE"} == decisions(report)


async def test_a_run_knows_what_an_earlier_one_let_go():
    report, _ = await report_of({"net": "maybe"}, grounds=Grounds(released={"first": {"a": BOOT}}))
    assert [("first", True), ("all", False)] == [(item.name, item.earlier) for item in report.releases]


def test_how_far_apart_two_looks_may_be_is_said_by_the_check_itself():
    """Every five minutes is enough for a check that says so, and not for one that does not."""
    release, past = declared(LOAD), {"L/c@a": samples(900, 600, 300)}
    for sustain, decision in ((None, HELD_ONLY), (Sustain(hold_for=900.0, gap=300.0), GO)):
        gates = {"G": ((), (check("G", "c"),)), "L": ((), (check("L", "c", sustain=sustain),))}
        loaded = baseline(gates, releases={"runners": release})
        found = [gate(result(P)), gate(on(P), name="L")]
        (item,) = releasing.decide(loaded.baseline, found, past, at=AT, hosts=HOSTS)
        assert decision is item.decision
