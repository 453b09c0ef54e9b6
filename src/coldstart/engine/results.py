"""Results of checks, as those who conclude something from them refer to them: releases and done criteria."""

from collections.abc import Sequence

from coldstart.outcome import CheckResult, Conclusion, Verdict

_LEFT_OUT = "left out by "
"""How the reason of a check begins that the operator left out of the run (program.py)."""


def referred_to(reference: str, results: Sequence[CheckResult]) -> tuple[CheckResult, ...]:
    """The results of ``GATE/check`` on every host. A group that was not asked has no members: it stands for them."""
    found = tuple(result for result in results if result.id == reference)
    group = reference.rpartition(".")[0]
    return found or tuple(result for result in results if result.id == group and unanswered(result))


def unanswered(result: CheckResult) -> bool:
    """Whether it applies here, and was not asked."""
    return result.verdict is Verdict.HELD or (result.verdict is None and result.not_applicable.startswith(_LEFT_OUT))


def not_asked(result: CheckResult) -> str:
    """Why it was not asked."""
    return f"held by {result.held_by}" if result.verdict is Verdict.HELD else result.not_applicable


def seen(result: CheckResult) -> str:
    """What it saw, in words that never claim what could not be observed."""
    if result.outcome is None:
        return str(result.verdict)
    unseen = result.outcome.conclusion is Conclusion.UNOBSERVED
    told = result.outcome.observed or result.outcome.reason.says
    return f"not observed: {told}" if unseen and not told.startswith("could not") else told
