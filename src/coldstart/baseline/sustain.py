"""What a check must be over time, not only now: held for so long, not rising, falling (SOP 5.3, 11, 12.1, 12.2).

Pure data, all frozen. Its YAML is in `sustain_forms`; the engine judges it (engine/sustained.py, engine/trends.py).
"""

from dataclasses import dataclass, field
from enum import StrEnum

from coldstart.probes.prometheus_range import PrometheusRange


class Way(StrEnum):
    """Where the number of a check may go from check to check; the less of it, the better."""

    NOT_RISING = "not rising"
    FALLING = "falling"


@dataclass(frozen=True, slots=True)
class Trend:
    """``not rising for 2 checks`` or ``falling over 2 checks``."""

    way: Way
    checks: int
    """Over how many steps from one check to the next; one more sample than that is needed."""

    def __str__(self) -> str:
        """Return it as it is written in a baseline."""
        between = "for" if self.way is Way.NOT_RISING else "over"
        return f"{self.way} {between} {self.checks} {'check' if self.checks == 1 else 'checks'}"


@dataclass(frozen=True, slots=True)
class Sustain:
    """What a check says of its past. At least one of the three is there."""

    hold_for: float | None = None
    """Seconds for which it must have been good without a break."""
    gap: float | None = None
    """Longest time between two samples that still counts as seen, s; None: `default_gap` of the time to be held."""
    trend: Trend | None = None
    range: PrometheusRange | None = field(default=None, hash=False)
    """Who has its past on record; None: only the earlier runs of this program."""
