"""What PostgreSQL on 188 wrote to its log, and systemd to the journal about it: each start, stop and loss of power."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from coldstart.drill.replies.unit_states import EARLY, exact
from coldstart.drill.state import Boot, Change, Phase
from coldstart.drill.view import View

PART = "188/postgresql"
UNIT = "postgresql@14-main.service"
LOG = "/var/log/postgresql/postgresql-14-main.log"
_CLUSTER = f"{UNIT} - PostgreSQL Cluster 14-main"
_VERSION = (
    "PostgreSQL 14.18 (Debian 14.18-1.pgdg120+1) on x86_64-pc-linux-gnu,"
    " compiled by gcc (Debian 12.2.0-14+deb12u1) 12.2.0, 64-bit"
)
_LISTENS_ON = (
    'IPv4 address "0.0.0.0", port 5432',
    'IPv6 address "::", port 5432',
    'Unix socket "/var/run/postgresql/.s.PGSQL.5432"',
)
_CLIENTS = (("k3s@k3s_datastore", 41), ("k3s@k3s_datastore", 43), ("awoooi@awoooi", 52))
_PG_CTL = (
    "Error: /usr/lib/postgresql/14/bin/pg_ctl /usr/lib/postgresql/14/bin/pg_ctl start -D /var/lib/postgresql/14/main"
    f' -l {LOG} -s -o  -c config_file="/etc/postgresql/14/main/postgresql.conf"  exited with status 1:'
)
_GAVE_UP = ("pg_ctl: could not start server", "Examine the log output.")
_NO_PID_FILE = "Can't open PID file /run/postgresql/14-main.pid (yet?) after start: No such file or directory"
_KNOWN_UP = 137.0
"""How long before a loss of power its control file was last written, s: at most five minutes."""


@dataclass(frozen=True)
class Entry:
    """An entry of the journal; `who`: as it names itself, with its process."""

    at: float
    who: str
    text: str


@dataclass
class Story:
    """`log`: the lines of the file; `journal`: the entries of all boots; both with their moments, oldest first."""

    view: View
    log: list[tuple[float, str]] = field(default_factory=list)
    journal: list[Entry] = field(default_factory=list)
    master: int = 0
    """Process id of the server; its children have the next ones."""
    runs: bool = False
    recovers: bool = False
    begun: float = 0.0
    cleanly: bool = True
    ended: float = 0.0
    """When it was last shut down, or last known to be up."""

    def start(self, at: float, boot: Boot) -> list[str]:
        """It is started, and finds out how it ended. Returns the lines that it wrote."""
        self._systemd(at, f"Starting {_CLUSTER}...")
        self.master, self.begun, self.runs = 108 + int(at - boot.at) * 3 % 30_000, at, True
        self.recovers = not self.cleanly
        end = "shut down at" if self.cleanly else "interrupted; last known up at"
        return [
            self._says(at + 0.010, self.master, f"LOG:  starting {_VERSION}"),
            *(self._says(at + 0.011, self.master, f"LOG:  listening on {where}") for where in _LISTENS_ON),
            self._says(at + 0.018, self.master + 3, f"LOG:  database system was {end} {self._utc(self.ended)}"),
        ]

    def replay(self) -> None:
        """It begins to replay its WAL, where it was not shut down."""
        if self.recovers:
            words = "database system was not properly shut down; automatic recovery in progress"
            self._says(self.begun + 0.040, self.master + 3, f"LOG:  {words}")
            self._says(self.begun + 0.042, self.master + 3, "LOG:  redo starts at 0/4A2FDE90")

    def ready(self, at: float) -> None:
        """It accepts connections; the script that started it sees so a moment later."""
        if self.recovers:
            took = f"CPU: user: 9.12 s, system: 3.40 s, elapsed: {at - self.begun - 0.25:.2f} s"
            self._says(at - 0.210, self.master + 3, "LOG:  invalid record length at 0/5F2FDF68: wanted 24, got 0")
            self._says(at - 0.208, self.master + 3, f"LOG:  redo done at 0/5F2FDF40 system usage: {took}")
        self._says(at - 0.090, self.master, "LOG:  database system is ready to accept connections")
        self._systemd(at, f"Started {_CLUSTER}.")

    def stop(self, at: float) -> None:
        """It is shut down, as `systemctl stop` does it."""
        self._systemd(at - 0.040, f"Stopping {_CLUSTER}...")
        self._says(at - 0.038, self.master, "LOG:  received fast shutdown request")
        self._says(at - 0.038, self.master, "LOG:  aborting any active transactions")
        for client, child in _CLIENTS:
            words = "terminating connection due to administrator command"
            self._says(at - 0.037, self.master + child, f"{client} FATAL:  {words}")
        launcher = f'background worker "logical replication launcher" (PID {self.master + 7})'
        self._says(at - 0.023, self.master, f"LOG:  {launcher} exited with exit code 1")
        self._says(at - 0.022, self.master + 4, "LOG:  shutting down")
        self._says(at - 0.007, self.master, "LOG:  database system is shut down")
        self._systemd(at, f"{UNIT}: Deactivated successfully.")
        self._systemd(at, f"Stopped {_CLUSTER}.")
        self._systemd(at, f"{UNIT}: Consumed 3.186s CPU time.")
        self.runs, self.cleanly, self.ended = False, True, at - 0.007

    def fail(self, at: float, boot: Boot) -> None:
        """It is started, and its WAL has no checkpoint to start from; the script copies what the log says of it."""
        said = self.start(at, boot)
        for child, text in (
            (3, "LOG:  invalid magic number 0000 in log segment 000000010000000000000001, offset 0"),
            (3, "LOG:  invalid primary checkpoint record"),
            (3, "PANIC:  could not locate a valid checkpoint record"),
            (0, f"LOG:  startup process (PID {self.master + 3}) was terminated by signal 6: Aborted"),
            (0, "LOG:  terminating any other active server processes"),
            (0, "LOG:  shutting down due to startup process failure"),
            (0, "LOG:  database system is shut down"),
        ):
            said.append(self._says(at + 0.019, self.master + child, text))
        self.log += [(at + 0.020, line) for line in _GAVE_UP]
        script = f"postgresql@14-main[{self.master - 8}]"
        self.journal += [Entry(at + 0.022, script, line) for line in (_PG_CTL, *said, *_GAVE_UP)]
        for text in (f"{UNIT}: {_NO_PID_FILE}", f"{UNIT}: Failed with result 'protocol'."):
            self._systemd(at + 0.024, text)
        self._systemd(at + 0.024, f"Failed to start {_CLUSTER}.")
        self.runs = False

    def lose_power(self, at: float) -> None:
        if self.runs:
            self.runs, self.cleanly, self.ended = False, False, max(at - _KNOWN_UP, self.begun)

    def _systemd(self, at: float, text: str) -> None:
        self.journal.append(Entry(at, "systemd[1]", text))

    def _says(self, at: float, pid: int, text: str) -> str:
        when = self.view.time(at)
        line = f"{when:%Y-%m-%d %H:%M:%S}.{when.microsecond // 1000:03d} UTC [{pid}] {text}"
        self.log.append((at, line))
        return line

    def _utc(self, at: float) -> str:
        return f"{self.view.time(at):%Y-%m-%d %H:%M:%S} UTC"


def told(view: View) -> Story:
    """All of it until now; it begins with the boot before the scenario."""
    story = Story(view)
    state = view.stack.hosts["188"]
    for boot in state.boots:
        first = boot.at + state.spec.network * EARLY
        happened = tuple(_during(view, boot))
        if not happened and boot.ended is not None and boot is state.boots[0]:
            story.ended = boot.at - 45
            story.start(exact(UNIT, first), boot)
            story.ready(exact(UNIT, boot.at + view.stack.parts[PART].takes))
        for change in happened:
            _tell(story, change, exact(UNIT, max(change.at, first)), boot)
        if boot.ended is not None:
            story.lose_power(boot.ended)
    return story


def _tell(story: Story, change: Change, at: float, boot: Boot) -> None:
    if change.phase is Phase.STARTING:
        story.start(at, boot)
        story.replay()
    elif change.phase is Phase.UP:
        story.ready(at)
    elif change.phase is Phase.BROKEN:
        if story.runs:
            story.stop(at)
        if change.fault == "damaged":
            story.fail(at, boot)


def _during(view: View, boot: Boot) -> Iterator[Change]:
    """What happened to it in a boot."""
    for change in view.stack.history:
        inside = boot.at <= change.at and (boot.ended is None or change.at <= boot.ended)
        if change.part == PART and change.phase is not Phase.OFF and inside:
            yield change
