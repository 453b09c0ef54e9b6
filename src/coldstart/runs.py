"""Earlier runs and recoveries as they are told: what the history hands to whoever shows or compares it. All frozen."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from coldstart.outcome import Result, Verdict


@dataclass(frozen=True, slots=True)
class Run:
    """One stored run; times in seconds since the epoch."""

    id: int
    command: str
    series: str
    """The same for all attempts of one watch; empty for a run that stands alone."""
    attempt: int | None
    baseline: str
    sha256: str
    version: str
    started: float
    ended: float
    result: Result
    headline: str
    narrowed: tuple[str, ...]
    whole: bool
    """Its whole report is still kept, not only its verdicts."""
    verdict: Verdict | None = None
    """Of the gate that was asked for, if one was."""


@dataclass(frozen=True, slots=True)
class GateTime:
    """How long after the boot a gate became green."""

    gate: str
    green: bool
    """It was a PASS in some run of this recovery."""
    seconds: float | None
    """From the boot to the end of the first run in which it was; None: not yet, or nobody looked in time."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """The runs of one baseline from a boot on, until hosts of it boot again."""

    baseline: str
    booted: float
    """The last of its hosts' boots, s since the epoch."""
    hosts: tuple[str, ...]
    """Those that booted."""
    seen: float
    """The end of its last run so far, s since the epoch."""
    gates: tuple[GateTime, ...]


@dataclass(frozen=True, slots=True)
class TimeToGreen:
    """A gate in the newest recovery, against the earlier ones."""

    gate: str
    green: bool
    seconds: float | None
    """As in `GateTime`."""
    so_far: float
    """Seconds from the boot to the end of the last run."""
    booted: float
    hosts: tuple[str, ...]
    earlier: tuple[float, ...] = field(default=())
    """Of earlier recoveries in which it is known, newest first, in seconds."""

    @property
    def usual(self) -> float | None:
        """The median of the earlier ones, in seconds."""
        return median(self.earlier) if self.earlier else None


def against_earlier(recoveries: Sequence[Recovery]) -> tuple[TimeToGreen, ...]:
    """Each gate of the first of `recoveries`, which are of one baseline and newest first, against the others."""
    if not recoveries:
        return ()
    newest, *others = recoveries
    return tuple(
        TimeToGreen(
            gate=now.gate,
            green=now.green,
            seconds=now.seconds,
            so_far=max(newest.seen - newest.booted, 0.0),
            booted=newest.booted,
            hosts=newest.hosts,
            earlier=tuple(
                then.seconds
                for other in others
                for then in other.gates
                if then.gate == now.gate and then.seconds is not None
            ),
        )
        for now in newest.gates
    )
