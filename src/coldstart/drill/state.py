"""What is known of a host and of a part at a moment: data, which the stack moves and everybody else reads.

Moments are in seconds since the start of the scenario.
"""

from dataclasses import dataclass, field
from enum import Enum

from coldstart.drill.inventory import HostSpec, PartSpec


class Phase(Enum):
    OFF = "off"
    WAITING = "waiting"
    """For something that it needs; `lacks` names it."""
    STARTING = "starting"
    UP = "up"
    BROKEN = "broken"
    """By its fault."""


@dataclass
class Boot:
    """`ended`: when it lost its power, None while it runs."""

    id: str
    at: float
    ended: float | None = None


@dataclass
class HostState:
    spec: HostSpec
    boots: list[Boot]
    cable: bool = True
    slow: float = 0.0
    extra: float = 0.0
    """Load that a scenario puts on it, a core."""
    load: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    """Averages over 1, 5 and 15 minutes, of the whole host."""

    @property
    def boot(self) -> Boot | None:
        """The boot that it is in; None while it has no power."""
        return self.boots[-1] if self.boots and self.boots[-1].ended is None else None


@dataclass(frozen=True)
class Change:
    """A part came into `phase` at `at`; `lacks`: what it waits for then; `fault`: what was wrong with it then."""

    at: float
    part: str
    phase: Phase
    lacks: tuple[str, ...] = ()
    fault: str | None = None


@dataclass
class PartState:
    spec: PartSpec
    takes: float
    fault: str | None = None
    phase: Phase = Phase.OFF
    since: float = 0.0
    """Of the phase."""
    restarts: int = 0
    """In this boot of its host."""
    lacks: tuple[str, ...] = ()
    lacked: list[tuple[float, tuple[str, ...]]] = field(default_factory=list)
    """Since when it has lacked what, each time that this became something else; nothing while it is off or broken."""
    ended: list[float] = field(default_factory=list)
    """When each of `restarts` was counted."""
    faulted: list[tuple[float, str | None]] = field(default_factory=list)
    """When it was given which fault, or none any more."""
