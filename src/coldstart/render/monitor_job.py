"""The monitor as something that runs regularly: what cron and systemd have to know of it."""

from dataclasses import dataclass
from pathlib import Path

GRACE = 60
"""Seconds beyond the run's deadline after which a pass that has not ended never will."""


@dataclass(frozen=True)
class Job:
    """One pass of the monitor, to be started again and again. Every path is absolute."""

    command: tuple[str, ...]
    """The monitor itself, as an argument list."""
    host: str
    user: str
    every: float
    """Seconds from the start of one pass to the next."""
    run_deadline: float
    """Seconds after which a run ends itself."""
    writes: tuple[Path, ...]
    """The directories that it writes into."""
    local: tuple[str, ...] = ()
    """Hosts of the baseline that are this machine itself: what is observed there must not be a sandbox."""

    @property
    def limit(self) -> int:
        """Seconds after which a pass is ended from outside; SIGTERM makes it say that it was interrupted."""
        return round(self.run_deadline) + GRACE

    @property
    def bounded(self) -> tuple[str, ...]:
        """The command, ended when it hangs (timeout(1))."""
        return "/usr/bin/timeout", "--kill-after=30s", f"{self.limit}s", *self.command

    @property
    def environment(self) -> tuple[str, ...]:
        """What a command that is started by neither shell nor login must be given: NAME=VALUE each."""
        return "LC_ALL=C.UTF-8", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
