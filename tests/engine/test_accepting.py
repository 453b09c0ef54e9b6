"""Accepted warnings: what covers what, every way to be worse, and what a run comes to (SOP 13.5.3)."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.effort import examples
from tests.support.scripted import Script, any_of, baseline, check
from tests.test_alert import Prover
from tests.test_alert import judged as alert_judged

from coldstart.baseline.accepts import NEVER_ACCEPTED, Accept, Saw, SawPart
from coldstart.clock import FixedClock
from coldstart.decisions import AcceptState
from coldstart.engine import reduce
from coldstart.engine.accepting import Accepting
from coldstart.engine.flaps import Flaps
from coldstart.engine.program import Selection, compile_program
from coldstart.engine.report import Grounds
from coldstart.engine.runner import Settings, run
from coldstart.outcome import CheckResult, Conclusion, GateResult, Outcome, Part, Result, Severity, Verdict
from coldstart.reason import Reason

P, W, B, H = Verdict.PASS, Verdict.WARN, Verdict.BLOCKED, Verdict.HELD
CAUTION, UNMET, UNOBSERVED = Conclusion.CAUTION, Conclusion.UNMET, Conclusion.UNOBSERVED
IN_USE, UNUSED, VOID = AcceptState.IN_USE, AcceptState.UNUSED, AcceptState.VOID
EXPIRED, UNKNOWN = AcceptState.EXPIRED, AcceptState.UNKNOWN
NOW = 1_780_000_000.0
LIMIT, FAILED, GONE, TIMED_OUT = Reason.OVER_LIMIT, Reason.FAILED, Reason.ABSENT, Reason.CONNECT_TIMEOUT


def part(name, reason=FAILED, conclusion=UNMET):
    return Part(name=name, conclusion=conclusion, reason=reason, observed="seen")


def bad(*parts):
    return Outcome.of_parts(parts, expected="all of them run")


def result(outcome, verdict=None, *, id_="G/c", host=None, members=(), severity=Severity.WARN):
    verdict = verdict or (reduce.check_verdict(severity, outcome) if outcome else None)
    return CheckResult(
        id=id_, host=host, probe="p", claim="c", severity=severity, verdict=verdict, outcome=outcome, source="f:1",
        members=members,
    )  # fmt: skip


def accept(saw, check="G/c", host=None, **fields):
    return Accept(check=check, host=host, reason="known", saw=saw, source="a.yml:3", **fields)


def settled(accepts, *checks, accepting=None, now=NOW):
    """The results as they are marked, and the accepts' items: one gate G, with a check c over all and d on a and b."""
    loaded = baseline({"G": ((), (check("G", "c", together=True), check("G", "d", hosts=("a", "b"))))})
    gate = GateResult(name="G", title="G", needs={}, verdict=reduce.gate_verdict(checks), checks=checks)
    (marked,), items = (accepting or Accepting(accepts)).apply((gate,), loaded.baseline, now)
    return marked.checks, items


def state(saw, now):
    (marked,), (item,) = settled([accept(saw)], now if isinstance(now, CheckResult) else result(now))
    assert (item.state is IN_USE) is (marked.accepted is not None)
    return item.state, item.says


LOAD = Outcome.unmet(LIMIT, "1.4", measure=1.4)
UNITS = bad(part("a"), part("b", GONE), part("ok", Reason.OK, Conclusion.MET))
SAW_LOAD = Saw(LIMIT, UNMET, at_most=1.4)
SAW_UNITS = Saw(FAILED, UNMET, parts=(SawPart("a", FAILED, UNMET), SawPart("b", GONE, UNMET)))
RESTARTED = Saw(Reason.RESTARTED, UNMET)

TABLE = {
    "the same": (SAW_LOAD, LOAD, IN_USE),
    "less of it": (SAW_LOAD, LOAD.model_copy(update={"measure": 0.2}), IN_USE),
    "more of it": (SAW_LOAD, LOAD.model_copy(update={"measure": 1.4000001}), VOID),
    "not a number": (SAW_LOAD, LOAD.model_copy(update={"measure": float("nan")}), VOID),
    "without end": (SAW_LOAD, LOAD.model_copy(update={"measure": float("inf")}), VOID),
    "no longer measured": (SAW_LOAD, LOAD.model_copy(update={"measure": None}), VOID),
    "measured, and the accept names no limit": (Saw(LIMIT, UNMET), LOAD, VOID),
    "another reason": (SAW_LOAD, Outcome.unmet(FAILED, "x", measure=1.0), VOID),
    "seen, now not": (SAW_LOAD, Outcome.unobserved(TIMED_OUT), VOID),
    "not seen, now seen": (Saw(TIMED_OUT, UNOBSERVED), LOAD, VOID),
    "not seen, and not now either": (Saw(TIMED_OUT, UNOBSERVED), Outcome.unobserved(TIMED_OUT), IN_USE),
    "not seen, for another reason": (Saw(TIMED_OUT, UNOBSERVED), Outcome.unobserved(Reason.NOT_ALLOWED), VOID),
    "a failure, now a caution": (RESTARTED, Outcome.caution(Reason.RESTARTED, "x"), IN_USE),
    "a caution, now a failure": (replace(RESTARTED, conclusion=CAUTION), Outcome.unmet(Reason.RESTARTED, "x"), VOID),
    "a caution as before": (replace(RESTARTED, conclusion=CAUTION), Outcome.caution(Reason.RESTARTED, "x"), IN_USE),
    "the same parts": (SAW_UNITS, UNITS, IN_USE),
    "one part fewer": (SAW_UNITS, bad(part("a")), IN_USE),
    "one part more": (SAW_UNITS, bad(part("a"), part("b", GONE), part("c")), VOID),
    "another part": (SAW_UNITS, bad(part("c")), VOID),
    "a part for another reason": (SAW_UNITS, bad(part("a"), part("b", FAILED)), VOID),
    "a part that cannot be seen now": (SAW_UNITS, bad(part("a"), part("b", TIMED_OUT, UNOBSERVED)), VOID),
    "a part with a caution only": (SAW_UNITS, bad(part("a"), part("b", GONE, CAUTION)), IN_USE),
    "a caution of a part, now a failure": (
        Saw(FAILED, UNMET, parts=(SawPart("a", FAILED, UNMET), SawPart("b", GONE, CAUTION))), UNITS, VOID,
    ),
    "a second part of the same name": (Saw(FAILED, UNMET, parts=(SawPart("a", FAILED, UNMET),)),
                                       bad(part("a"), part("a")), VOID),
    "two parts of the same name": (Saw(FAILED, UNMET, parts=(SawPart("a", FAILED, UNMET),) * 2),
                                   bad(part("a"), part("a")), IN_USE),
    "two of a name, accepted in the other order": (
        Saw(FAILED, UNMET, parts=(SawPart("a", FAILED, UNMET), SawPart("a", FAILED, CAUTION))),
        bad(part("a", FAILED, CAUTION), part("a")), IN_USE,
    ),
    "parts, and the accept names none": (Saw(FAILED, UNMET), bad(part("a")), VOID),
    "flapping, and not accepted as such": (SAW_LOAD, Outcome.caution(Reason.FLAPPING, "x"), VOID),
    "flapping, accepted as such": (Saw(Reason.FLAPPING, UNMET), Outcome.caution(Reason.FLAPPING, "x"), IN_USE),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_what_was_accepted_and_what_is_seen_now(name):
    saw, now, expected = TABLE[name]
    found, says = state(saw, now)
    assert expected is found, says
    assert says


def test_what_is_blocked_is_never_accepted_whatever_was():
    assert VOID is state(SAW_LOAD, result(LOAD, B, severity=Severity.BLOCKED))[0]
    assert UNUSED is state(None, result(LOAD, B, severity=Severity.BLOCKED))[0]


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (result(Outcome.met("fine")), "passes"),
        (result(None, H), "held by"),
        (result(None).model_copy(update={"not_applicable": "left out by --only H"}), "left out by --only H"),
    ],
)
def test_an_accept_without_a_warning_is_unused_and_says_why(now, words):
    found, says = state(SAW_LOAD, now)
    assert UNUSED is found
    assert words in says


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ("more of it", "it is 1.4000001 now, and at most 1.4 was accepted"),
        ("measured, and the accept names no limit", "write at_most: 1.4"),
        ("another reason", "it is failed now, and over-limit was accepted"),
        ("seen, now not", "it could not be observed now: it is connect-timeout now"),
        ("one part more", "c is bad now (failed), and was not when this was accepted"),
        ("a part for another reason", "b is failed now (unmet), and absent was accepted"),
    ],
)
def test_a_void_accept_says_what_is_worse(now, words):
    saw, outcome, _ = TABLE[now]
    assert words in state(saw, outcome)[1]


def member(name, outcome, host="a"):
    return result(outcome, id_=f"G/c.{name}", host=host)


def group(*members):
    verdict, outcome = reduce.any_of(Severity.WARN, members)
    return result(outcome, verdict, members=members)


def test_a_group_is_no_worse_while_each_of_its_alternatives_is_no_worse():
    accepted = group(member("one", LOAD), member("two", UNITS))
    saw = Saw.of(accepted, accepted.outcome)
    assert IN_USE is state(saw, accepted)[0]
    heavier = LOAD.model_copy(update={"measure": 2.0})
    assert "c.one@a is 2 now" in state(saw, group(member("one", heavier), member("two", UNITS)))[1]
    assert VOID is state(saw, group(member("one", LOAD), member("two", bad(part("a"), part("z")))))[0]
    assert VOID is state(saw, group(member("one", Outcome.unmet(GONE, "x")), member("two", UNITS)))[0]


def test_a_group_that_is_good_with_a_caution_is_not_bound_to_the_alternatives_that_are_not_needed():
    caution = Outcome.caution(Reason.RESTARTED, "x")
    accepted = group(member("one", caution), member("two", UNITS))
    saw = Saw.of(accepted, accepted.outcome)
    assert IN_USE is state(saw, group(member("one", caution), member("two", Outcome.unmet(GONE, "x"))))[0]
    assert VOID is state(saw, group(member("one", UNITS), member("two", caution)))[0]


def test_an_accept_of_a_check_is_of_all_its_hosts_and_void_for_the_one_that_is_worse():
    on_a, on_b = (result(LOAD, id_="G/d", host=host) for host in "ab")
    checks, (item,) = settled([accept(SAW_LOAD, "G/d")], on_a, on_b)
    assert (IN_USE, [True, True]) == (item.state, [one.accepted is not None for one in checks])
    worse = on_b.model_copy(update={"outcome": LOAD.model_copy(update={"measure": 9.0})})
    checks, (item,) = settled([accept(SAW_LOAD, "G/d")], on_a, worse)
    assert (VOID, [True, False]) == (item.state, [one.accepted is not None for one in checks])
    assert "b: it is 9 now" in item.says


def test_an_accept_on_one_host_is_of_that_host_alone():
    checks, _ = settled([accept(SAW_LOAD, "G/d", "b")], *(result(LOAD, id_="G/d", host=host) for host in "ab"))
    assert [False, True] == [one.accepted is not None for one in checks]


def test_of_several_accepts_of_a_check_one_that_covers_it_is_enough():
    flapping = accept(Saw(Reason.FLAPPING, UNMET))
    (marked,), items = settled([flapping, accept(SAW_LOAD, by="ogt")], result(LOAD))
    assert "ogt" == marked.accepted.by
    assert [UNUSED, IN_USE] == [item.state for item in items]


@pytest.mark.parametrize(("until", "expected"), [(None, IN_USE), (NOW + 1, IN_USE), (NOW, EXPIRED), (NOW - 9, EXPIRED)])
def test_an_accept_ends_when_it_says(until, expected):
    (marked,), (item,) = settled([accept(SAW_LOAD, until=until)], result(LOAD))
    assert expected is item.state
    assert (expected is IN_USE) is (marked.accepted is not None)


@pytest.mark.parametrize("name", ["G/x", "X/c", "G/d@z", "G/c@a"])
def test_an_accept_of_what_the_baseline_does_not_have_is_unknown(name):
    id_, _, host = name.partition("@")
    _, (item,) = settled([accept(SAW_LOAD, id_, host or None)], result(LOAD))
    assert (UNKNOWN, name) == (item.state, item.check)


def test_what_goes_wrong_with_the_run_itself_cannot_be_accepted():
    for reason in NEVER_ACCEPTED:
        assert VOID is state(None, Outcome.unobserved(reason))[0], reason


# ------------------------------------------------------------------------------------- bound to the first value


def attempts(*outcomes, severities=()):
    """The states of an accept without a `saw:` over the attempts of a watch."""
    accepting = Accepting([accept(None)])
    for at, outcome in enumerate(outcomes):
        accepting.begin()
        severity = severities[at] if severities else Severity.WARN
        (marked,), (item,) = settled((), result(outcome, severity=severity), accepting=accepting)
        assert (item.state is IN_USE) is (marked.accepted is not None)
        yield item.state


HEAVIER = LOAD.model_copy(update={"measure": 2.0})
LIGHTER = LOAD.model_copy(update={"measure": 1.0})


def test_an_option_is_bound_to_the_first_warning_and_covers_what_is_no_worse():
    assert [UNUSED, IN_USE, IN_USE, UNUSED, IN_USE] == list(
        attempts(Outcome.met("x"), LOAD, LIGHTER, Outcome.met("x"), LOAD)
    )


def test_once_worse_it_stays_void_however_good_it_gets():
    assert [IN_USE, VOID, VOID, VOID] == list(attempts(LOAD, HEAVIER, LIGHTER, Outcome.met("x")))


def test_a_blocked_check_binds_nothing_and_voids_what_was_bound():
    severities = [Severity.BLOCKED, Severity.WARN, Severity.BLOCKED, Severity.WARN]
    assert [UNUSED, IN_USE, VOID, VOID] == list(attempts(LOAD, LOAD, LOAD, LOAD, severities=severities))


def test_a_check_that_flaps_binds_nothing():
    assert [VOID, IN_USE] == list(attempts(Outcome.caution(Reason.FLAPPING, "x"), LOAD))


def test_an_attempt_that_was_discarded_binds_and_voids_nothing():
    accepting = Accepting([accept(None)])
    for outcome, discarded in ((HEAVIER, True), (LOAD, False), (HEAVIER, True), (LOAD, False)):
        accepting.begin()
        _, (item,) = settled((), result(outcome), accepting=accepting)
        if discarded:
            accepting.rewind()
    assert IN_USE is item.state


def test_to_ask_whether_it_would_be_accepted_binds_nothing():
    accepting, loaded = Accepting([accept(None)]), baseline({"G": ((), (check("G", "c", together=True),))})
    assert accepting.accepts(loaded.baseline, result(LOAD), NOW)
    _, (item,) = settled((), result(HEAVIER), accepting=accepting)
    assert IN_USE is item.state
    assert not accepting.accepts(loaded.baseline, result(Outcome.met("x")), NOW)


# --------------------------------------------------------------------------------------------- whole runs

MAYBE = Saw(Reason.RESTARTED, UNMET)
GATES = {"NET": ((), (check("NET", "net"),)), "DATA": (("NET",), (check("DATA", "db", hosts=("a", "b")),))}


async def judged(script, *accepts, gates=GATES, selection=None, own=()):
    program = compile_program(baseline(gates, accepts=own), selection or Selection())
    settings = Settings(grounds=Grounds(accepting=Accepting(accepts)))
    return await run(program, script, FixedClock(NOW), settings=settings)


async def test_every_warning_accepted_is_green_and_says_so():
    report = (await judged(Script({"db@b": "maybe"}), accept(MAYBE, "DATA/db"))).report
    assert (Result.GREEN, 0, None) == (report.result, report.exit_code, report.root)
    assert "GREEN (1 accepted): 2 checks of 2 gates passed, 1 warning accepted, each on one boot of its host" == (
        report.headline
    )
    assert (W, 1) == (report.gates[1].verdict, report.counts["WARN"])
    assert [IN_USE] == [item.state for item in report.accepts]


async def test_the_accepts_of_the_baseline_need_no_option():
    report = (await judged(Script({"db": "maybe"}), own=(accept(MAYBE, "DATA/db"),))).report
    assert (Result.GREEN, 2) == (report.result, reduce.accepted(report.gates))


async def test_one_warning_that_nobody_accepted_is_the_root():
    report = (await judged(Script({"net": "maybe", "db@b": "maybe"}), accept(MAYBE, "NET/net"))).report
    assert (Result.DEGRADED, "DATA/db", "b") == (report.result, report.root.check, report.root.host)


@pytest.mark.parametrize("kept", [{"until": NOW - 1}, {"check": "NET/nett"}])
async def test_an_accept_that_ended_or_is_unknown_costs_the_green_though_all_is_well(kept):
    report = (await judged(Script(), accept(MAYBE, **{"check": "NET/net", **kept}))).report
    assert (Result.DEGRADED, None) == (report.result, report.root)
    assert report.headline.startswith(f"DEGRADED: the accept of {kept.get('check', 'NET/net')} is ")


async def test_an_accept_that_covers_nothing_costs_nothing():
    report = (await judged(Script(), accept(MAYBE, "NET/net"))).report
    assert (Result.GREEN, [UNUSED]) == (report.result, [item.state for item in report.accepts])


async def test_what_needs_a_pass_is_held_by_an_accepted_warning_which_is_then_the_root():
    gates = {**GATES, "DATA": ({"NET": P}, (check("DATA", "db"),))}
    report = (await judged(Script({"net": "maybe"}), accept(MAYBE, "NET/net"), gates=gates)).report
    assert (Result.DEGRADED, "NET/net") == (report.result, report.root.check)


async def test_a_narrowed_run_is_not_green_for_an_accept():
    accepts = accept(MAYBE, "NET/net")
    report = (await judged(Script({"net": "maybe"}), accepts, selection=Selection(only=("NET",)))).report
    assert Result.DEGRADED is report.result


async def test_warnings_alone_are_not_green_though_all_are_accepted():
    report = (await judged(Script({"net": "maybe"}), accept(MAYBE, "NET/net"), gates={"NET": GATES["NET"]})).report
    assert Result.DEGRADED is report.result


async def test_a_pass_that_flaps_is_covered_only_by_an_accept_of_flapping():
    for saw, expected in ((MAYBE, Result.DEGRADED), (Saw(Reason.FLAPPING, UNMET), Result.GREEN)):
        flaps, accepting = Flaps(), Accepting([accept(saw, "NET/net")])
        for word in ("yes", "maybe", "yes"):
            program = compile_program(baseline(GATES))
            settings = Settings(grounds=Grounds(accepting=accepting))
            finished = await run(program, Script({"net": word}), FixedClock(NOW), settings=settings)
            report = flaps.mark(finished)
        assert expected is report.result


async def test_an_any_of_group_can_be_accepted():
    gates = {**GATES, "G": ((), (any_of("G", "g", check("G", "one"), check("G", "two"), severity=Severity.WARN),))}
    script = Script({"one": "no", "two": "no"})
    report = (await judged(script, accept(None, "G/g"), gates=gates)).report
    assert Result.GREEN is report.result


@settings(max_examples=examples(300), deadline=None)
@given(data=st.data())
def test_never_green_with_anything_bad_that_nobody_accepted(data):
    """Random results and random accepts of them: GREEN is PASS, or WARN no worse than a valid accept; nothing else."""
    outcomes = [Outcome.met("x"), LOAD, HEAVIER, UNITS, Outcome.unobserved(TIMED_OUT), Outcome.caution(FAILED, "x")]
    loaded = baseline({"G": ((), tuple(check("G", f"c{at}") for at in range(3)))})
    checks = [
        result(
            data.draw(st.sampled_from(outcomes)),
            id_=f"G/c{at}",
            host="a",
            severity=data.draw(st.sampled_from(Severity)),
        )
        for at in range(3)
    ]
    held = data.draw(st.sampled_from([False, False, True]))
    checks += [result(None, H, id_="G/c3", host="a")] if held else []
    saws = [None, SAW_LOAD, SAW_UNITS, Saw(TIMED_OUT, UNOBSERVED), Saw(FAILED, CAUTION)]
    made = st.builds(
        accept,
        st.sampled_from(saws),
        st.sampled_from(["G/c0", "G/c1", "G/c2", "G/nope"]),
        st.sampled_from([None, "a", "z"]),
        until=st.sampled_from([None, NOW - 1, NOW + 1]),
    )
    accepts = data.draw(st.lists(made, max_size=6))
    gate = GateResult(name="G", title="G", needs={}, verdict=reduce.gate_verdict(checks), checks=tuple(checks))
    gates, items = Accepting(accepts).apply((gate,), loaded.baseline, NOW)
    found = reduce.result(gates, narrowed=(), missing=(), interrupted=False, accepts=items)
    if found is Result.GREEN:
        assert not {B, H} & {one.verdict for one in checks}
        for one in checks:
            mine = [a for a in accepts if a.check == one.id and a.host in (None, "a") and not a.expired(NOW)]
            assert one.verdict is P or any(a.saw is None or a.saw.reason is one.outcome.reason for a in mine)
        assert all(a.check != "G/nope" and a.host != "z" and not a.expired(NOW) for a in accepts)
    assert [one.verdict for one in checks] == [one.verdict for one in gates[0].checks]


# ------------------------------------------------------------------------------------------------ the alert test


@pytest.mark.parametrize(("accepts", "sent"), [((), 0), ((accept(MAYBE, "ALERT/web"),), 1)])
async def test_an_accepted_warning_beside_the_alert_test_does_not_keep_it_from_being_sent(accepts, sent):
    prove = Prover()
    report, found = await alert_judged(prove, {"web": "maybe"}, grounds=Grounds(accepting=Accepting(accepts)))
    assert (sent, P if sent else W) == (prove.sent, found.verdict)
    assert (Result.GREEN if sent else Result.DEGRADED) is report.result


async def test_a_warning_that_is_worse_than_what_was_accepted_does():
    prove = Prover()
    grounds = Grounds(accepting=Accepting([accept(SAW_LOAD, "ALERT/web")]))
    await alert_judged(prove, {"web": "maybe"}, grounds=grounds)
    assert 0 == prove.sent


async def test_that_the_alert_was_not_sent_can_be_accepted():
    grounds = Grounds(accepting=Accepting([accept(Saw(Reason.ALERT_NOT_SENT, UNOBSERVED), "ALERT/alert-test")]))
    report, found = await alert_judged(None, grounds=grounds)
    assert (Result.GREEN, W) == (report.result, found.verdict)
