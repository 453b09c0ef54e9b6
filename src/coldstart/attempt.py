"""One attempt of a watch, and what changed since the one before: data, and the pure comparison."""

from collections.abc import Iterator
from dataclasses import dataclass

from coldstart.outcome import CheckResult, Report


@dataclass(frozen=True)
class Change:
    """A check whose verdict or reason is another one now, or a host that rebooted (`check` is then ``host NAME``)."""

    check: str
    before: str
    after: str
    observed: str = ""


@dataclass(frozen=True)
class Attempt:
    """`next_in` is None on the last one; times in seconds."""

    number: int
    of: int
    report: Report
    changes: tuple[Change, ...]
    next_in: float | None


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
