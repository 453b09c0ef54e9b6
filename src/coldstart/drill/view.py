"""What one host sees of the stack, and what one of its commands says."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from coldstart.drill.stack import Stack
from coldstart.drill.state import Boot, HostState, PartState


@dataclass(frozen=True)
class Said:
    """What a command printed, and its exit status."""

    stdout: str = ""
    stderr: str = ""
    status: int = 0


@dataclass(frozen=True)
class View:
    """The stack as `host` sees it now. `epoch`: when the scenario began, s since 1970, by every host's clock."""

    stack: Stack
    host: str
    epoch: float

    @property
    def now(self) -> float:
        """Seconds since the start of the scenario."""
        return self.stack.now

    @property
    def state(self) -> HostState:
        return self.stack.hosts[self.host]

    @property
    def boot(self) -> Boot:
        """Its boot. Raises ValueError for a host without power: nobody can ask it."""
        boot = self.state.boot
        if boot is None:
            raise ValueError(f"{self.host} has no power")
        return boot

    def part(self, name: str) -> PartState:
        """A part of this host (``redis``), or with a slash any part (``k8s/webhook``)."""
        return self.stack.parts[name if "/" in name else f"{self.host}/{name}"]

    def wall(self, at: float | None = None) -> float:
        """A moment of the scenario, else now, in s since 1970."""
        return self.epoch + (self.now if at is None else at)

    def time(self, at: float | None = None) -> datetime:
        """The same as a time in UTC, which is the zone of all hosts."""
        return datetime.fromtimestamp(self.wall(at), tz=UTC)


Answer = Callable[[View, Sequence[str]], Said]
"""A tool: of its argv, without the wrapping of env(1), sudo(8) and timeout(1), what it says."""
