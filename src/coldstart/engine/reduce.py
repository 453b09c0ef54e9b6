"""Verdicts, the root, the result and the exit code: decided here and nowhere else (design.md section 2, SOP 1.2)."""

from collections import Counter
from collections.abc import Iterable, Sequence

from coldstart.decisions import AcceptItem, AcceptState, ConditionItem, Decision, ReleaseItem
from coldstart.engine.results import unanswered
from coldstart.outcome import (
    CheckResult,
    Conclusion,
    GateResult,
    Outcome,
    Report,
    Result,
    Root,
    Severity,
    Verdict,
)
from coldstart.reason import Reason
from coldstart.text import plural

EXIT_CODES = {Result.GREEN: 0, Result.DEGRADED: 1, Result.BLOCKED: 2, Result.CHECK_FAILED: 3}
"""The numbers of the monitoring plugins (OK, WARNING, CRITICAL, UNKNOWN)."""

NOT_APPLICABLE = "NOT_APPLICABLE"

_WORST_FIRST = (Verdict.BLOCKED, Verdict.HELD, Verdict.WARN, Verdict.PASS)
_COST = {Severity.BLOCKED: Verdict.BLOCKED, Severity.WARN: Verdict.WARN}


def worst(verdicts: Iterable[Verdict | None]) -> Verdict | None:
    """The worst verdict; None (not applicable) counts for nothing, and nothing at all gives None, never PASS."""
    return min((verdict for verdict in verdicts if verdict), key=_WORST_FIRST.index, default=None)


def suffices(verdict: Verdict | None, needed: Verdict) -> bool:
    """Whether a parent's verdict is good enough. A gate left out of the run (None) holds nothing back in it."""
    return verdict is None or _WORST_FIRST.index(verdict) >= _WORST_FIRST.index(needed)


def check_verdict(severity: Severity, outcome: Outcome) -> Verdict:
    """What an outcome costs: a caution always a WARN; unmet and unobserved what the baseline declared."""
    match outcome.conclusion:
        case Conclusion.MET:
            return Verdict.PASS
        case Conclusion.CAUTION:
            return Verdict.WARN
        case _:
            return _COST[severity]


def any_of(severity: Severity, members: Sequence[CheckResult]) -> tuple[Verdict, Outcome]:
    """The verdict of alternatives, one of which must be good; one that is asked on several hosts needs them all.

    A full success of one alternative is a PASS whatever the others are, a success with a caution a WARN.
    """
    alternatives: dict[str, list[CheckResult]] = {}
    for member in members:
        alternatives.setdefault(member.id, []).append(member)
    best = min((max(parts, key=_badness) for parts in alternatives.values()), key=_badness)
    outcome = best.outcome or Outcome.unobserved(Reason.NO_EVIDENCE)
    said = "; ".join(f"{part.claim}: {part.outcome.observed if part.outcome else 'not asked'}" for part in members)
    match outcome.conclusion:
        case Conclusion.MET:
            merged = Outcome.met(f"{best.claim}: {outcome.observed}")
        case Conclusion.CAUTION:
            merged = Outcome.caution(outcome.reason, f"{best.claim}: {outcome.observed}")
        case Conclusion.UNOBSERVED:  # the one that could not be looked at may be the good one: nothing is claimed
            merged = Outcome.unobserved(outcome.reason, said, expected=_ONE_OF)
        case Conclusion.UNMET:
            merged = Outcome.unmet(Reason.ALL_ALTERNATIVES_FAILED, said, expected=_ONE_OF)
    return check_verdict(severity, merged), merged


_ONE_OF = "one of the alternatives is good"
_BEST_FIRST = (Conclusion.MET, Conclusion.CAUTION, Conclusion.UNOBSERVED, Conclusion.UNMET)


def _badness(check: CheckResult) -> int:
    return _BEST_FIRST.index(check.outcome.conclusion if check.outcome else Conclusion.UNOBSERVED)


def alert_not_sent(why: str, *, when: str = "") -> Outcome:
    """Without a real alert the chain is not proven: a warning, so that nobody marks alerting as done (SOP 13.2).

    `when`: of what it was not sent in, where it may have been sent before.
    """
    said = f"not sent {when}".rstrip()
    return Outcome.caution(Reason.ALERT_NOT_SENT, f"{said}: {why}", expected="the webhook accepts a real alert")


def gate_verdict(checks: Iterable[CheckResult]) -> Verdict | None:
    """The worst check's."""
    return worst(check.verdict for check in checks)


def clear(check: CheckResult) -> bool:
    """Whether a check holds no release back: it passed, does not apply here, or is a WARN that was accepted.

    "Clear or explicitly accept each warning" (SOP 13.5.3). What the operator left out of the run is not clear.
    """
    if check.verdict is None:
        return not unanswered(check)
    return check.verdict is Verdict.PASS or (check.verdict is Verdict.WARN and check.accepted is not None)


def gate_clear(gate: GateResult) -> bool:
    """Whether a gate holds no release back: something in it was asked, and every check of it is clear."""
    return gate.verdict in (Verdict.PASS, Verdict.WARN) and all(clear(check) for check in gate.checks)


def count(gates: Iterable[GateResult]) -> dict[str, int]:
    """Check results by verdict, every verdict named."""
    counts = dict.fromkeys([*(verdict.value for verdict in Verdict), NOT_APPLICABLE], 0)
    for gate in gates:
        for check in gate.checks:
            counts[check.verdict.value if check.verdict else NOT_APPLICABLE] += 1
    return counts


def unaccounted(declared: Sequence[str], gates: Iterable[GateResult]) -> tuple[str, ...]:
    """Keys of declared checks without exactly one result, and of results that nobody declared."""
    seen = Counter(check.key for gate in gates for check in gate.checks)
    wanted = Counter(declared)
    return tuple(sorted(key for key in wanted | seen if not wanted[key] == seen[key] == 1))


def accepted(gates: Iterable[GateResult]) -> int:
    """How many warnings somebody took responsibility for (SOP 13.5.3)."""
    return sum(check.verdict is Verdict.WARN and check.accepted is not None for gate in gates for check in gate.checks)


def stale(accepts: Iterable[AcceptItem]) -> tuple[AcceptItem, ...]:
    """The accepts that somebody must mend before a run is GREEN again: they speak of no check, or no longer hold."""
    return tuple(item for item in accepts if item.state in (AcceptState.EXPIRED, AcceptState.UNKNOWN))


def result(
    gates: Sequence[GateResult],
    *,
    narrowed: Sequence[str],
    missing: Sequence[str],
    interrupted: bool,
    accepts: Sequence[AcceptItem] = (),
) -> Result:
    """GREEN only for a whole run in which every declared check was accounted for, one passed, and no gate did worse.

    A gate does no worse with a WARN that was accepted; an accept that is expired or unknown costs the GREEN itself.
    """
    counts = count(gates)
    verdicts = [gate.verdict for gate in gates]
    if interrupted or missing:
        return Result.CHECK_FAILED
    if Verdict.BLOCKED in verdicts:
        return Result.BLOCKED
    if not counts[Verdict.PASS] and not counts[Verdict.WARN]:
        return Result.CHECK_FAILED
    whole = not narrowed and verdicts and all(_good(gate) for gate in gates)
    clean = counts[Verdict.WARN] == accepted(gates) and not counts[Verdict.BLOCKED] and not counts[Verdict.HELD]
    return Result.GREEN if whole and clean and counts[Verdict.PASS] and not stale(accepts) else Result.DEGRADED


def _good(gate: GateResult) -> bool:
    """Whether a gate passed, or is a WARN for the sake of accepted checks alone."""
    warned = [check for check in gate.checks if check.verdict is Verdict.WARN]
    by_accepted = bool(warned) and all(check.accepted for check in warned)
    return gate.verdict is Verdict.PASS or (gate.verdict is Verdict.WARN and by_accepted)


def root(gates: Sequence[GateResult]) -> Root | None:
    """The first gate in DAG order that is BLOCKED (else WARN), and the first check in it that is that bad.

    What was seen to be bad goes before what could not be seen: PostgreSQL that does not run explains why its log of
    this boot is empty, and not the other way round. An accepted warning is no root, unless it holds other gates.
    """
    holding = {gate.held_by for gate in gates if gate.verdict is Verdict.HELD}
    for verdict, only_accepted in ((Verdict.BLOCKED, False), (Verdict.WARN, False), (Verdict.WARN, True)):
        for gate in gates:
            bad = sorted((check for check in gate.checks if check.verdict is verdict), key=_is_unobserved)
            if only_accepted:
                bad = bad if gate.name in holding else []
            else:
                bad = [check for check in bad if check.accepted is None]
            if gate.verdict is verdict and bad and (outcome := bad[0].outcome):
                check = bad[0]
                return Root(
                    gate=gate.name,
                    check=check.id,
                    host=check.host,
                    verdict=verdict,
                    observed_bad=outcome.conclusion is not Conclusion.UNOBSERVED,
                    reason=outcome.reason,
                    claim=check.claim,
                    observed=outcome.observed,
                    also=len(bad) - 1,
                    holds=gate.holds,
                    hint=check.hint,
                    sop=check.sop,
                    tier=check.tier,
                )
    return None


def _is_unobserved(check: CheckResult) -> bool:
    return check.outcome is None or check.outcome.conclusion is Conclusion.UNOBSERVED


def headline(
    outcome: Result,
    first: Root | None,
    gates: Sequence[GateResult],
    *,
    narrowed: Sequence[str],
    missing: Sequence[str],
    accepts: Sequence[AcceptItem] = (),
) -> str:
    """One line that says the result and why."""
    counts = count(gates)
    if outcome is Result.GREEN:
        warned = accepted(gates)
        word, also = (f" ({warned} accepted)", f", {plural(warned, 'warning')} accepted") if warned else ("", "")
        return (
            f"GREEN{word}: {plural(counts[Verdict.PASS], 'check')} of {plural(len(gates), 'gate')} passed{also}, "
            "each on one boot of its host"
        )
    if outcome is Result.CHECK_FAILED and missing:
        return f"CHECK_FAILED: no result for {', '.join(missing)}; this is a defect of coldstart"
    if first is None:
        if outcome is Result.DEGRADED and (bad := stale(accepts)):
            more = f" (+{len(bad) - 1} more)" if len(bad) > 1 else ""
            return f"DEGRADED: the accept of {bad[0].check} is {bad[0].state}: {bad[0].says}{more}"
        if outcome is Result.DEGRADED and narrowed:
            return f"DEGRADED: what was asked passed, but this run cannot speak for the stack: {'; '.join(narrowed)}"
        return f"{outcome}: no check gave a verdict"
    where = f"{first.check}" + (f" on {first.host}" if first.host else "")
    seen = (
        first.observed
        if first.observed_bad or first.observed.startswith("could not")
        else f"not observed: {first.observed}"
    )
    more = f" (+{first.also} more in this gate)" if first.also else ""
    word = f"{outcome} at {first.gate}" if outcome is not Result.CHECK_FAILED else f"{outcome}: interrupted; first seen"
    return f"{word}: {where}: {seen}{more}"


def not_held(report: Report, streak: int, stable: int) -> Report:
    """An attempt of a watch in which all is good, but not yet for as many attempts in a row as it must be."""
    why = f"all is good in {streak} of {stable} attempts in a row"
    return _overruled(report, Result.DEGRADED, f"{Result.DEGRADED}: {why}: it must hold before it counts", why)


def unjudged(report: Report, why: str) -> Report:
    """What an attempt said that cannot be judged: no verdict."""
    return _overruled(report, Result.CHECK_FAILED, f"{Result.CHECK_FAILED}: {why}", why)


def _overruled(report: Report, result: Result, headline: str, why: str) -> Report:
    unmet = ConditionItem(claim="the run says that the stack is GREEN", met=False, why=why)
    releases = tuple(
        item.model_copy(update={"decision": Decision.HOLD, "conditions": (unmet, *item.conditions)})
        for item in report.releases
    )
    changed = {"result": result, "exit_code": EXIT_CODES[result], "headline": headline, "releases": releases}
    return report.model_copy(update=changed)


def release_exit_code(result: Result, items: Sequence[ReleaseItem]) -> int:
    """0: all of them may be released; 2: one is held; 3: the run gave no verdict."""
    if result is Result.CHECK_FAILED or not items:
        return EXIT_CODES[Result.CHECK_FAILED]
    may_go = all(item.decision is Decision.RELEASE for item in items)
    return EXIT_CODES[Result.GREEN if may_go else Result.BLOCKED]
