"""What a report says beside verdicts: which release may go, and which warning somebody accepted. All frozen data."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from coldstart.shown import Shown


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Decision(StrEnum):
    """Of a release: may it start now?"""

    RELEASE = "RELEASE"
    HOLD = "HOLD"


class ConditionItem(_Frozen):
    """One thing that must hold before a release: a gate that must be good, or a condition of the baseline."""

    claim: Shown
    met: bool | None = Field(description="None: nothing in this run can tell.")
    why: Shown = Field(default="", description="Why it is not met, or cannot be told; where it is met, what was seen.")
    by_hand: Shown = Field(default="", description="What an operator must do or see, because no check can.")


class ReleaseItem(_Frozen):
    """Something that may start only after gates are green (SOP 5.3, 11, 12.2), decided for this run."""

    name: str
    title: Shown
    decision: Decision
    conditions: tuple[ConditionItem, ...] = Field(description="All of them must be met; gates first.")
    early: Shown = Field(default="", description="What of it runs already although it is held, if anything.")
    earlier: bool = Field(default=False, description="Held now, but an earlier run on the same boot let it go.")
    hint: Shown = ""
    sop: str = ""

    @property
    def unmet(self) -> tuple[ConditionItem, ...]:
        """What holds it."""
        return tuple(condition for condition in self.conditions if not condition.met)


class Accepted(_Frozen):
    """A warning that somebody took responsibility for (SOP 13.5.3). It is still a WARN, and still shown."""

    reason: Shown
    by: Shown = ""
    until: float | None = Field(default=None, description="When it expires, s since the epoch; None: never.")
    source: Shown = Field(default="", description="file:line of its declaration, or the option.")


class AcceptState(StrEnum):
    """What became of an accept in this run."""

    IN_USE = "in use"
    UNUSED = "unused"
    """Its check passed, was not asked, or was BLOCKED from the first, which nobody can accept."""
    VOID = "void"
    """What its check sees now is worse than what was accepted."""
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    """No check of the baseline has this name."""


class AcceptItem(_Frozen):
    """One accept of this run."""

    check: str
    state: AcceptState
    says: Shown
    accepted: Accepted
