"""What a baseline says to the people and programs that act on a verdict; nothing in it is asked of a host.

Pure data, all frozen. A reference to a check is ``GATE/check``, to one alternative of a group ``GATE/group.member``;
every one of them leads to a check of the same baseline.
"""

from dataclasses import dataclass

from coldstart.baseline.sustain import Trend

TIERS = ("BLOCK", "CRITICAL_HITL", "STANDARD_HITL", "AUTO")
"""The protection tiers of SOP 10, strictest first. HITL: human in the loop."""
EARLY = "RELEASES"
"""The gate that a report adds for what runs before its release (SOP 5.3); no gate of a baseline may have this name."""


@dataclass(frozen=True, slots=True)
class Freeze:
    """Automation that stays held or limited while the stack recovers (SOP 2)."""

    item: str
    policy: str
    reason: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Tier:
    """What automation may do to services of this tier (SOP 10)."""

    name: str
    """One of `TIERS`."""
    automation: str
    examples: tuple[str, ...]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that must hold before a release; it has checks, words for what must be seen by hand, or both."""

    claim: str
    checks: tuple[str, ...] = ()
    """References: all of them must pass."""
    by_hand: str = ""
    """What an operator must do or see, because no check can. Not empty: coldstart alone cannot say that it holds."""
    hold_for: float | None = None
    """Seconds for which the checks must have passed without a break; None: one pass is enough. Only with `checks`."""
    trend: Trend | None = None
    """Where the numbers of the checks must go from check to check. Only with `checks`."""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Release:
    """Something that may start only after gates are green (SOP 5.3, 11, 12.2)."""

    name: str
    title: str
    hosts: tuple[str, ...]
    """Where it runs; may be empty."""
    needs: tuple[str, ...]
    """Gates that must be PASS: a WARN holds it. Never empty; ``all`` is resolved to every gate."""
    conditions: tuple[Condition, ...] = ()
    active: str = ""
    """Reference to a check that counts how much of it runs already; empty: nothing can tell."""
    hint: str = ""
    sop: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Monitor:
    """The persistent read-only monitor (SOP 13.3)."""

    host: str
    """Where it runs."""
    textfile: str
    """Path of the file that node_exporter's textfile collector reads; it ends with ``.prom``."""
    log: str
    """Path of the last run's output."""
    metric_prefix: str
    every: float
    """Seconds between runs."""
    sop: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Watching:
    """How a watch ends (SOP 13.2)."""

    stable_for: int = 1
    """Attempts in a row that must be GREEN."""
    stuck_after: int = 5
    """Attempts without any change after which a check counts as stuck."""


@dataclass(frozen=True, slots=True)
class Done:
    """One criterion of a finished recovery (SOP 14); it has checks, words for what must be seen by hand, or both."""

    id: str
    claim: str
    checks: tuple[str, ...] = ()
    """References: all of them must pass."""
    by_hand: str = ""
    sop: str = ""
    line: int = 0
