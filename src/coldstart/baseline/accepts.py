"""Warnings that somebody took responsibility for (SOP 13.5.3): what was accepted, and of which checks. Pure data."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from coldstart.outcome import CheckResult, Conclusion, Outcome
from coldstart.reason import Reason

NEVER_ACCEPTED = frozenset(
    {
        Reason.BOOT_CHANGED,
        Reason.BOOT_UNKNOWN,
        Reason.NOT_RECORDED,
        Reason.FORBIDDEN,
        Reason.INTERRUPTED,
        Reason.INTERNAL,
        Reason.ACTIVE_TOO_EARLY,
    }
)
"""Reasons that nobody can accept: the run itself went wrong, or what waits for its release runs already (SOP 5.3)."""


@dataclass(frozen=True, slots=True)
class SawPart:
    """One bad part of what a check judged (a unit, a file system, an alternative of a group)."""

    name: str
    reason: Reason
    conclusion: Conclusion
    at_most: float | None = None
    """The most that the measure of an alternative may be, in its own unit; None: it measured nothing."""


@dataclass(frozen=True, slots=True)
class Saw:
    """What was seen when a warning was accepted. Whatever is worse than this is not accepted."""

    reason: Reason
    conclusion: Conclusion
    at_most: float | None = None
    """The most that its measure may be, in the measure's own unit; None: it measured nothing."""
    parts: tuple[SawPart, ...] = ()
    """Every part that was bad."""

    @classmethod
    def of(cls, check: CheckResult, outcome: Outcome) -> "Saw":
        """What a check sees now, `outcome` being its own; nothing that is bad in it is left out."""
        parts = [
            SawPart(part.name, part.reason, part.conclusion)
            for part in outcome.parts
            if part.conclusion is not Conclusion.MET
        ]
        for member in check.members:
            parts += _alternative(member, outcome.conclusion)
        return cls(outcome.reason, outcome.conclusion, outcome.measure, tuple(parts))


def usual(reason: Reason) -> Conclusion:
    """What a check concludes for a reason, unless it is a caution."""
    return Conclusion.UNMET if reason.observed else Conclusion.UNOBSERVED


def _alternative(member: CheckResult, whole: Conclusion) -> list[SawPart]:
    """What is bad in an alternative. Beside one that is good with a caution, an alternative may be as bad as it is."""
    outcome = member.outcome
    if outcome is None or outcome.conclusion is Conclusion.MET:
        return []
    if whole is Conclusion.CAUTION and outcome.conclusion is not Conclusion.CAUTION:
        return []
    name = member.key.partition("/")[2]
    found = [SawPart(name, outcome.reason, outcome.conclusion, outcome.measure)]
    bad = (part for part in outcome.parts if part.conclusion is not Conclusion.MET)
    return found + [SawPart(f"{name}: {part.name}", part.reason, part.conclusion) for part in bad]


@dataclass(frozen=True, slots=True)
class Accept:
    """One accepted warning: of a check on one host, or (`host` None) wherever it is asked."""

    check: str
    """``GATE/check``."""
    host: str | None
    reason: str
    saw: Saw | None
    """None: bound to the first warning of it that the run sees (``--accept``)."""
    by: str = ""
    until: float | None = None
    """When it expires, s since the epoch; None: never."""
    source: str = ""
    """file:line of its declaration, or the option."""
    line: int = 0

    @property
    def key(self) -> str:
        """``GATE/check`` or ``GATE/check@host``."""
        return f"{self.check}@{self.host}" if self.host else self.check

    def expired(self, now: float) -> bool:
        """Whether it has ended by `now`, s since the epoch."""
        return self.until is not None and now >= self.until


Checks = Mapping[str, Sequence[str]]
"""Every check of a baseline, ``GATE/check``, with the hosts that it has a result on; none: one over all together."""

_MOST_NAMES = 20


def unknown(accept: Accept, checks: Checks) -> str:
    """Why an accept names no check of the baseline, with what may be meant; empty when it names one."""
    hosts = checks.get(accept.check)
    if hosts is None:
        group = accept.check.rpartition(".")[0]
        if group in checks:
            return f"{accept.check} is one alternative of a group: accept the group, {group}"
        return f"the baseline has no check {accept.check} ({_meant(accept.check, checks)})"
    if accept.host is None or accept.host in hosts:
        return ""
    if not hosts:
        return f"{accept.check} is asked over its hosts together: leave @{accept.host} out"
    return f"{accept.check} is not asked on {accept.host} ({_meant(accept.host, hosts)})"


def _meant(name: str, known: Iterable[str]) -> str:
    names = list(known)
    if near := difflib.get_close_matches(name, names, n=1):
        return f"did you mean {near[0]}?"
    more = f", … ({len(names)} in all)" if len(names) > _MOST_NAMES else ""
    return f"known: {', '.join(names[:_MOST_NAMES])}{more}"
