"""The criteria of the end of a recovery (SOP 14): which of them hold, as far as this run can tell."""

from collections.abc import Iterable, Sequence

from coldstart.baseline.runbook import Done
from coldstart.engine.results import not_asked, referred_to, seen, unanswered
from coldstart.outcome import CheckResult, DoneItem, GateResult, Verdict

_FAILED = (Verdict.BLOCKED, Verdict.WARN)


def done(declared: Iterable[Done], gates: Sequence[GateResult]) -> tuple[DoneItem, ...]:
    """Which criteria of the end of the recovery hold (SOP 14): all that is named was asked, and all of it is PASS."""
    results = [result for gate in gates for check in gate.checks for result in (check, *check.members)]
    return tuple(_done(criterion, results) for criterion in declared)


def _done(criterion: Done, results: Sequence[CheckResult]) -> DoneItem:
    by: list[str] = []
    failed: list[str] = []
    unknown = [f"by hand: {criterion.by_hand}"] if criterion.by_hand else []
    waiting: list[CheckResult] = []
    for reference in criterion.checks:
        found = referred_to(reference, results)
        by += [f"{result.key}: {_verdict(result)}" for result in found] or [f"{reference}: not asked"]
        failed += [f"{result.key}: {seen(result)}" for result in found if result.verdict in _FAILED]
        waiting += [result for result in found if unanswered(result)]
        if not any(result.verdict for result in found):
            unknown.append(f"{reference}: asked nowhere")
    unknown += _waiting(waiting)
    if not criterion.checks and not unknown:
        unknown = ["it names no check"]
    return DoneItem(
        id=criterion.id,
        claim=criterion.claim,
        done=False if failed else None if unknown else True,
        by=tuple(by),
        why="; ".join(dict.fromkeys(failed or unknown)),
        sop=criterion.sop,
    )


def _waiting(results: Sequence[CheckResult]) -> list[str]:
    """Why checks were not asked: once where it is the same for all of them, else check by check."""
    reasons = dict.fromkeys(not_asked(result) for result in results)
    return list(reasons) if len(reasons) == 1 else [f"{result.key}: {not_asked(result)}" for result in results]


def _verdict(result: CheckResult) -> str:
    return result.verdict or ("not asked" if unanswered(result) else "not applicable")
