"""What of a report becomes rows: pure, so that it is the same for every run that is added."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from coldstart.outcome import CheckResult, Report, Result
from coldstart.reason import Reason
from coldstart.text import visible


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One check of one run; `host` is that whose boot it was judged on, None where it has no one proven boot."""

    key: str
    gate: str
    verdict: str | None
    reason: str
    measure: float | None
    host: str | None


def counts(report: Report) -> bool:
    """Whether a run may speak for the stack: a narrowed one cannot, and one without a verdict has nothing to say."""
    return not report.narrowed and report.result is not Result.CHECK_FAILED


def boots(report: Report) -> dict[str, str]:
    """The boot id of each host of which one boot is proven for the whole run."""
    return {
        visible(host.name): visible(host.boot_id)
        for host in report.hosts
        if host.boot_id is not None and not host.problem
    }


def boot_moments(report: Report) -> dict[str, float]:
    """When each host booted, s since the epoch, as far as a check of the kind `reboot_evidence` found out."""
    moments = {}
    for _, check in _checks(report):
        moment = check.outcome.facts.get("boot_time") if check.outcome and check.probe == "reboot_evidence" else None
        if check.host and isinstance(moment, int | float) and not isinstance(moment, bool) and math.isfinite(moment):
            moments[visible(check.host)] = float(moment)
    return moments


def check_rows(report: Report) -> Iterator[CheckRow]:
    """A row for each check and each alternative of an any-of group."""
    proven = boots(report)
    for gate, check in _checks(report):
        outcome = check.outcome
        yield CheckRow(
            key=visible(check.key),
            gate=visible(gate),
            verdict=check.verdict.value if check.verdict else None,
            reason=(outcome.reason if outcome else Reason.OK).value,
            measure=outcome.measure if outcome else None,
            host=visible(check.host) if check.host and visible(check.host) in proven else None,
        )


def _checks(report: Report) -> Iterator[tuple[str, CheckResult]]:
    for gate in report.gates:
        for check in gate.checks:
            yield gate.name, check
            for member in check.members:
                yield gate.name, member
