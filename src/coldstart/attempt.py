"""One attempt of a watch, and what changed since the one before: data, and the pure comparison."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from coldstart.outcome import CheckResult, Report


class Outlook(StrEnum):
    """Of a check, a gate or a run that is not good yet: what waiting will do for it."""

    CONVERGING = "converging"
    """It is starting, or the number that it judges moves the right way."""
    UNCLEAR = "too early to tell"
    STUCK = "stuck"
    """Nothing about it changed for several attempts."""
    NEEDS_HUMAN = "needs a human"
    """Damage, a host key, a missing right: it will not heal by itself."""


class Ending(StrEnum):
    """Why a watch ended."""

    GREEN = "GREEN, and held for as many attempts as it must"
    USED_UP = "the attempts are used up"
    HOPELESS = "what is left needs a human"
    INTERRUPTED = "interrupted"
    CLOCK = "this machine's clock jumped in too many attempts"


@dataclass(frozen=True)
class Change:
    """A check whose verdict or reason is another one now, or a host that rebooted (`check` is then ``host NAME``)."""

    check: str
    before: str
    after: str
    observed: str = ""


@dataclass(frozen=True)
class LastError:
    """What a gate that is not good at the end said last; it may be held by now and not have been asked any more."""

    gate: str
    check: str
    said: str
    attempt: int


@dataclass(frozen=True)
class Attempt:
    """`next_in` is None on the last one; times in seconds."""

    number: int
    of: int
    report: Report
    changes: tuple[Change, ...]
    next_in: float | None
    outlooks: Mapping[str, Outlook] = field(default_factory=dict)
    """By gate and by key of a check; only of what is neither good nor held."""
    since: Mapping[str, float] = field(default_factory=dict)
    """Since when (s since the epoch) each gate has the verdict that it has now."""
    streak: int = 0
    """How many attempts in a row were GREEN, this one included."""
    stable: int = 1
    """How many must be."""
    discarded: str = ""
    """Why this attempt counts for nothing; empty for one that was judged."""
    gap: float = 0.0
    """Seconds for which this machine was not running before this attempt began."""
    ending: Ending | None = None
    last_errors: tuple[LastError, ...] = ()
    """On the last attempt: of each gate that is not good."""


def changes(before: Report | None, after: Report) -> tuple[Change, ...]:
    """What is different, hosts first, then checks in the order of the baseline. Nothing to compare with: nothing."""
    if before is None:
        return ()
    return (*_reboots(before, after), *_verdicts(before, after))


def _reboots(before: Report, after: Report) -> Iterator[Change]:
    boots = {host.name: host.boot_id for host in before.hosts if host.boot_id}
    for host in after.hosts:
        old = boots.get(host.name)
        if old and host.boot_id and host.boot_id != old:
            yield Change(f"host {host.name}", f"boot {old[:8]}", f"boot {host.boot_id[:8]}", "it rebooted in between")


def _verdicts(before: Report, after: Report) -> Iterator[Change]:
    old = {check.key: check for check in _checks(before)}
    for check in _checks(after):
        was = old.get(check.key)
        if was and _state(was) != _state(check):
            observed = check.outcome.observed if check.outcome else ""
            same = was.verdict is check.verdict  # then it is the reason that changed
            yield Change(check.key, _said(was, reason=same), _said(check, reason=same), observed)


def _checks(report: Report) -> Iterator[CheckResult]:
    for gate in report.gates:
        yield from gate.checks


def _state(check: CheckResult) -> tuple[object, object]:
    return check.verdict, check.outcome.reason if check.outcome else None


def _said(check: CheckResult, *, reason: bool) -> str:
    said = check.verdict.value if check.verdict else "not asked"
    return f"{said} ({check.outcome.reason})" if reason and check.outcome else said
