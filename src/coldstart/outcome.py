"""What is concluded: outcomes of probes, and the results of checks, gates and runs made from them. All frozen.

Probes make an `Outcome`. Only `engine/reduce.py` makes verdicts, the root and the exit code out of outcomes.
Every string in here was made visible when it came in (text.py), so renderers escape for their own sink only.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from coldstart.decisions import Accepted, AcceptItem, ReleaseItem
from coldstart.reads import Read
from coldstart.reason import Reason
from coldstart.replies import Reply
from coldstart.shown import Shown


class Verdict(StrEnum):
    """Of a check or a gate. HELD: not asked, because a gate that it needs is not good enough."""

    PASS = "PASS"  # noqa: S105 - a verdict
    WARN = "WARN"
    BLOCKED = "BLOCKED"
    HELD = "HELD"


class Result(StrEnum):
    """Of a run."""

    GREEN = "GREEN"
    DEGRADED = "DEGRADED"
    BLOCKED = "BLOCKED"
    CHECK_FAILED = "CHECK_FAILED"


class Severity(StrEnum):
    """What a failure of a check costs; declared in the baseline, never decided by code."""

    BLOCKED = "blocked"
    WARN = "warn"


class Conclusion(StrEnum):
    """What a probe makes of its replies."""

    MET = "met"
    CAUTION = "caution"
    """As required, but with something that an operator must know: costs a WARN, whatever the severity."""
    UNOBSERVED = "unobserved"
    """Could not look: costs the check's severity, and says nothing about the service."""
    UNMET = "unmet"
    """Looked, and it is not as required: costs the check's severity."""


_WORST_FIRST = (Conclusion.UNMET, Conclusion.UNOBSERVED, Conclusion.CAUTION, Conclusion.MET)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Part(_Frozen):
    """One of several things that a check judged, each alone: a unit, a container, a file system."""

    name: Shown
    conclusion: Conclusion
    reason: Reason
    observed: Shown


class Point(_Frozen):
    """One moment of a check's past, as somebody else has it on record (Prometheus)."""

    at: float = Field(description="Seconds since the epoch.")
    measure: float
    good: bool


class Outcome(_Frozen):
    """What a probe concludes: expected and observed in words, evidence for people, facts (numbers) for machines."""

    conclusion: Conclusion
    reason: Reason = Reason.OK
    expected: Shown = ""
    observed: Shown = ""
    evidence: tuple[Shown, ...] = ()
    facts: dict[str, float | int | str | bool | None] = Field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    measure: float | None = Field(
        default=None, description="The one number that it judged, where it has one; the less the better."
    )
    course: tuple[Point, ...] = Field(
        default=(), description="Its past on this boot, oldest first, where the baseline names who has it on record."
    )

    @classmethod
    def met(cls, observed: str, **fields: Any) -> "Outcome":
        return cls(conclusion=Conclusion.MET, observed=observed, **fields)

    @classmethod
    def caution(cls, reason: Reason, observed: str, **fields: Any) -> "Outcome":
        return cls(conclusion=Conclusion.CAUTION, reason=reason, observed=observed, **fields)

    @classmethod
    def unmet(cls, reason: Reason, observed: str, **fields: Any) -> "Outcome":
        return cls(conclusion=Conclusion.UNMET, reason=reason, observed=observed, **fields)

    @classmethod
    def unobserved(cls, reason: Reason, detail: str = "", **fields: Any) -> "Outcome":
        return cls(conclusion=Conclusion.UNOBSERVED, reason=reason, observed=detail or reason.says, **fields)

    @classmethod
    def of_parts(cls, parts: Sequence[Part], *, expected: str, **fields: Any) -> "Outcome":
        """The outcome of several things judged alone: the worst of them, naming all that are that bad.

        No parts at all is a mistake of the caller, not a success: raises ValueError.
        """
        if not parts:
            raise ValueError("an outcome needs at least one part")
        worst = min((part.conclusion for part in parts), key=_WORST_FIRST.index)
        named = [part for part in parts if part.conclusion is worst]
        reason = next((part.reason for part in named if part.reason is not Reason.OK), named[0].reason)
        return cls(
            conclusion=worst,
            reason=reason,
            expected=expected,
            observed="; ".join(f"{part.name}: {part.observed}" for part in named),
            parts=tuple(parts),
            **fields,
        )


class Exchange(_Frozen):
    """One read and what came back for it: the proof of an outcome."""

    read: Read = Field(discriminator="kind")
    reply: Reply = Field(discriminator="kind")


class CheckResult(_Frozen):
    """One declared check on one host (`host` None: over several together). Each has one, whatever befell."""

    id: str = Field(description="GATE/check, stable: the same in output, JSON, metrics and accepts.")
    host: str | None
    probe: str | None = Field(description="The kind of probe; None for an any-of group.")
    claim: Shown = Field(description="What holds when it passes, as a positive sentence.")
    severity: Severity
    verdict: Verdict | None = Field(description="None: declared not to apply here (see `not_applicable`).")
    outcome: Outcome | None = Field(description="None when nothing was asked: held, skipped or not applicable.")
    hint: Shown = ""
    sop: str = Field(default="", description="Section of the SOP that the check comes from.")
    source: str = Field(description="file:line of its declaration.")
    tier: str = Field(default="", description="Protection tier of what it checks (SOP 10); empty: none is declared.")
    accepted: Accepted | None = Field(default=None, description="Who took responsibility for this WARN, and why.")
    not_applicable: Shown = ""
    held_by: str | None = Field(default=None, description="The gate for whose sake it was not asked.")
    downstream_of: str | None = Field(default=None, description="With --keep-going: the first blocked gate above it.")
    exchanges: tuple[Exchange, ...] = ()
    members: tuple["CheckResult", ...] = Field(default=(), description="Of an any-of group: its alternatives.")

    @property
    def key(self) -> str:
        """``GATE/check`` or ``GATE/check@host``."""
        return f"{self.id}@{self.host}" if self.host else self.id


class GateResult(_Frozen):
    """A gate: its worst check, or HELD."""

    name: str
    title: Shown
    needs: dict[str, Verdict] = Field(description="Gates it stands on, and the worst verdict of each that suffices.")
    verdict: Verdict | None = Field(description="None: nothing in it was selected for this run.")
    held_by: str | None = None
    holds: tuple[str, ...] = Field(default=(), description="Every gate that cannot go on while this one is blocked.")
    checks: tuple[CheckResult, ...]


class Root(_Frozen):
    """The first line of a report: what to do now."""

    gate: str
    check: str
    host: str | None
    verdict: Verdict
    observed_bad: bool = Field(description="False: it could not be observed, so nothing is claimed about the service.")
    reason: Reason
    claim: Shown
    observed: Shown
    also: int = Field(default=0, description="How many more checks of that gate are as bad.")
    holds: tuple[str, ...]
    hint: Shown
    sop: str
    tier: str = ""


class HostFacts(_Frozen):
    """What the run knows of a host: the boot that it was judged on, or why not. Empty when nothing was asked of it."""

    name: str
    address: str
    boot_id: str | None = None
    problem: Shown = ""


class DoneItem(_Frozen):
    """One of the criteria that must all be true before a recovery counts as finished (SOP 14)."""

    id: str
    claim: Shown
    done: bool | None = Field(
        description="True: each check that it names passed on every host. None: nothing in this run can tell."
    )
    by: tuple[Shown, ...] = Field(default=(), description="The checks that it names, each with its verdict.")
    why: Shown = Field(default="", description="Why it is not done, or why nothing can tell.")
    sop: str = ""


class Report(_Frozen):
    """A run, complete: enough for every renderer, and for being judged again."""

    schema_version: int = 1
    version: str = Field(description="Of coldstart.")
    baseline: Shown
    baseline_name: Shown
    baseline_sha256: str
    started: float
    ended: float
    result: Result
    exit_code: int
    headline: Shown
    root: Root | None
    narrowed: tuple[Shown, ...] = Field(description="Why this run cannot speak for the whole stack; empty when it can.")
    counts: dict[str, int] = Field(description="Check results by verdict: PASS, WARN, BLOCKED, HELD, NOT_APPLICABLE.")
    gates: tuple[GateResult, ...]
    hosts: tuple[HostFacts, ...]
    done: tuple[DoneItem, ...] = Field(default=(), description="The criteria of the end of the recovery (SOP 14).")
    releases: tuple[ReleaseItem, ...] = Field(default=(), description="What may start now (SOP 5.3, 11, 12.2).")
    accepts: tuple[AcceptItem, ...] = Field(default=(), description="Every accept of this run, and what became of it.")
    notes: tuple[Shown, ...] = Field(default=(), description="What the operator should know about the run itself.")
