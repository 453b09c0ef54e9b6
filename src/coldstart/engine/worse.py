"""Whether what a check sees now is worse than what was seen when its warning was accepted (SOP 13.5.3)."""

from collections.abc import Sequence

from coldstart.baseline.accepts import Saw, SawPart
from coldstart.outcome import CheckResult, Conclusion, Outcome, Verdict


def worse(saw: Saw, check: CheckResult, outcome: Outcome) -> str:
    """In which way a check is worse than what was accepted; empty when it is not. What cannot be compared is worse."""
    if check.verdict is not Verdict.WARN:
        return f"it is {check.verdict} now, and only a WARN can be accepted"
    now = Saw.of(check, outcome)
    if now.reason is not saw.reason:
        unseen = outcome.conclusion is Conclusion.UNOBSERVED and saw.conclusion is not Conclusion.UNOBSERVED
        blind = "it could not be observed now: " if unseen else ""
        return f"{blind}it is {now.reason} now, and {saw.reason} was accepted"
    if not _no_worse(now.conclusion, saw.conclusion):
        return f"it is {now.conclusion} now, and {saw.conclusion} was accepted ({now.reason})"
    return _more("it", now.at_most, saw.at_most) or _new_part(now.parts, saw.parts)


def _no_worse(now: Conclusion, accepted: Conclusion) -> bool:
    """A caution is milder than any failure for the same reason; unseen and unmet cannot be compared."""
    return now in (accepted, Conclusion.CAUTION)


def _more(what: str, now: float | None, most: float | None) -> str:
    """Why a measure is worse than the accepted one; empty when it is not."""
    if now is None:
        return "" if most is None else f"{what} measured nothing now, and at most {_number(most)} was accepted"
    if most is None:
        return f"{what} measures {_number(now)}, and the accept does not say how much: write at_most: {_number(now)}"
    return "" if now <= most else f"{what} is {_number(now)} now, and at most {_number(most)} was accepted"


def _number(value: float) -> str:
    return f"{value:.12g}"


def _new_part(now: Sequence[SawPart], accepted: Sequence[SawPart]) -> str:
    """Why a bad part is not covered; empty when each one is, one accepted part covering one."""
    left = list(accepted)
    for part in sorted(now, key=lambda part: part.conclusion is Conclusion.CAUTION):  # the mildest can take any place
        same = [one for one in left if one.name == part.name]
        fitting = [one for one in same if one.reason is part.reason and _no_worse(part.conclusion, one.conclusion)]
        enough = [one for one in fitting if not _more("", part.at_most, one.at_most)]
        if enough:
            left.remove(min(enough, key=lambda one: one.conclusion is not part.conclusion))
        elif fitting:
            return _more(part.name, part.at_most, fitting[0].at_most)
        elif same:
            return f"{part.name} is {part.reason} now ({part.conclusion}), and {same[0].reason} was accepted"
        else:
            return f"{part.name} is bad now ({part.reason}), and was not when this was accepted"
    return ""
