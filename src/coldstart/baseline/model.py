"""A baseline as the engine sees it: names resolved, defaults applied, probes built. Pure data, all frozen.

Only `load` makes these, so whoever holds a `Baseline` holds a valid one: every name in it exists, its needs form a DAG,
every probe asks for nothing but allowed reads. What people do with a verdict is in `runbook`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from coldstart.baseline.accepts import Accept
from coldstart.baseline.runbook import Condition, Done, Freeze, Monitor, Release, Tier, Watching
from coldstart.baseline.sights import Sight, named
from coldstart.baseline.sustain import Sustain
from coldstart.outcome import Severity, Verdict
from coldstart.probes.base import Probe

__all__ = [
    "AlertTest",
    "AnyOf",
    "Baseline",
    "Check",
    "Condition",
    "Defaults",
    "Done",
    "Freeze",
    "Gate",
    "Host",
    "Monitor",
    "Release",
    "Tier",
    "Watching",
]


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds where a check or a host says nothing. Times in seconds."""

    timeout: float = 10.0
    """Of one read, counted from when it is sent."""
    check_deadline: float = 60.0
    run_deadline: float = 300.0
    connect_timeout: float = 5.0
    login_timeout: float = 10.0
    channels: int = 4
    """Commands at once on one SSH connection (sshd's MaxSessions is 10)."""
    hosts_at_once: int = 48
    severity: Severity = Severity.BLOCKED


@dataclass(frozen=True, slots=True)
class Host:
    """A machine. `user` and `port` None: as the operator's ssh has them."""

    name: str
    address: str
    user: str | None = None
    port: int | None = None
    role: str = ""
    optional: bool = False
    """True: it may be absent; `hosts: all` leaves it out, and what names it can only cost a WARN."""
    local: bool = False
    """True: it is this machine, commands are executed here and not by SSH."""
    about: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Check:
    """One probe on one or more hosts. `timeout` of a read and `deadline` of the whole check in seconds."""

    gate: str
    id: str
    claim: str
    probe_kind: str
    probe: Probe = field(hash=False)
    hosts: tuple[str, ...]
    """Every host that it is declared for, those in `not_on` included."""
    not_on: dict[str, str] = field(hash=False)
    """Hosts to which it does not apply, with the reason."""
    severity: Severity
    timeout: float
    deadline: float
    sudo: bool = False
    hint: str = ""
    tier: str = ""
    """Protection tier of what it checks, one of `runbook.TIERS`; empty: none is declared."""
    sop: str = ""
    covers: tuple[str, ...] = ()
    """Rows of the SOP that it covers, beside `sop`, like ``9/188 cron``."""
    sustain: Sustain | None = None
    """What it must have been before; None: it is judged by what is seen now alone."""
    line: int = 0


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Alternatives, one of which must be good.

    With `hosts`, once for each of them, and every alternative is asked there. Without, once, and each alternative has
    hosts of its own.
    """

    gate: str
    id: str
    claim: str
    any_of: tuple[Check, ...]
    hosts: tuple[str, ...]
    not_on: dict[str, str] = field(hash=False)
    severity: Severity
    deadline: float
    hint: str = ""
    tier: str = ""
    sop: str = ""
    covers: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class AlertTest:
    """One real alert, sent only when the operator asks for it; a baseline has at most one (SOP 8). Times in seconds.

    It is no probe: it changes something (a message reaches people), so the read-only machinery cannot perform it.
    """

    gate: str
    id: str
    claim: str
    url: str
    """http or https, without user and password: where Alertmanager would send it."""
    via: str | None
    """Name of the host through whose SSH connection it is sent; None: directly."""
    receiver: str
    alertname: str
    labels: dict[str, str] = field(hash=False)
    """Beside ``alertname``."""
    summary: str
    resolves_after: float
    """The alert ends so long after it began."""
    status: tuple[str, ...]
    """HTTP statuses that count as accepted: codes or classes (``2xx``)."""
    ca: str | None
    """PEM file of issuers to trust instead of the system's."""
    timeout: float
    severity: Severity
    hint: str = ""
    tier: str = ""
    sop: str = ""
    covers: tuple[str, ...] = ()
    line: int = 0
    sent: Sight | None = None
    """How it is seen that the webhook handed it on; None: nothing shows it, and "accepted" is all that is proven."""
    received: Sight | None = None
    """How it is seen that it arrived."""

    @property
    def sights(self) -> dict[str, Sight]:
        """The levels beyond "accepted" that have a way to be seen, by name."""
        return dict(named(self.sent, self.received))


@dataclass(frozen=True, slots=True)
class Gate:
    """A node of the phase DAG. `needs`: gates that it stands on, and the worst verdict of each that suffices."""

    name: str
    title: str
    needs: dict[str, Verdict] = field(hash=False)
    checks: tuple[Check | AnyOf | AlertTest, ...]
    sop: str = ""
    blocks: tuple[str, ...] = ()
    """What it holds back, in words (SOP 13.4)."""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Baseline:
    """The whole file: hosts and gates by name, in the file's order."""

    name: str
    defaults: Defaults
    hosts: dict[str, Host] = field(hash=False)
    gates: dict[str, Gate] = field(hash=False)
    about: str = ""
    partial: str = ""
    """Why it does not cover the stack: a run of it can never be GREEN. Empty when it does."""
    freeze: tuple[Freeze, ...] = ()
    protection: dict[str, Tier] = field(default_factory=dict, hash=False)
    """The tiers by name, in the file's order."""
    releases: dict[str, Release] = field(default_factory=dict, hash=False)
    monitor: Monitor | None = None
    watch: Watching = field(default_factory=Watching)
    done: tuple[Done, ...] = ()
    accepts: tuple[Accept, ...] = ()
    """Warnings that somebody took responsibility for; whether their checks exist is judged where they are used."""
    drift: tuple[str, ...] = ()
    """What is known to be out of step, to be mended after the recovery (SOP 15)."""

    def checks(self) -> Iterator[Check | AnyOf | AlertTest]:
        """Every item of every gate's `checks:`, in the file's order."""
        for gate in self.gates.values():
            yield from gate.checks

    @property
    def alert_test(self) -> AlertTest | None:
        """The alert test, where there is one."""
        return next((check for check in self.checks() if isinstance(check, AlertTest)), None)

    def targets(self, check: Check | AnyOf) -> tuple[Host, ...]:
        """The hosts that `check` is asked on, in the order in which it names them."""
        return tuple(self.hosts[name] for name in check.hosts if name not in check.not_on)

    def not_applicable(self, check: Check | AnyOf) -> tuple[tuple[Host, str], ...]:
        """The hosts to which `check` is declared not to apply, each with the reason."""
        return tuple((self.hosts[name], check.not_on[name]) for name in check.hosts if name in check.not_on)
