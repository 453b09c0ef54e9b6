"""The result of a check before anything was asked: what the baseline declares of it, and why it may stay at that."""

from coldstart.engine.program import Item, Task
from coldstart.engine.tiers import spoken
from coldstart.outcome import CheckResult, Verdict


def declared(item: Item) -> CheckResult:
    """What the baseline says of it; neither verdict nor outcome."""
    check = item.check
    return CheckResult(
        id=item.id,
        host=item.host,
        probe=item.check.probe_kind if isinstance(item, Task) else None,
        claim=check.claim,
        severity=check.severity,
        verdict=None,
        outcome=None,
        hint=spoken(check.hint, check.tier),
        sop=check.sop,
        tier=check.tier,
        source=item.source,
    )


def not_asked(item: Item) -> CheckResult:
    """The result of a check that does not apply, or was left out by the selection."""
    return declared(item).model_copy(update={"not_applicable": item.left_out})


def held(item: Item, holder: str) -> CheckResult:
    """The result of a check of a held gate: none of its reads was sent."""
    if item.left_out:
        return not_asked(item)
    return declared(item).model_copy(update={"verdict": Verdict.HELD, "held_by": holder})
