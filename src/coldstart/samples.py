"""What a check was at earlier moments: the past that sustained conditions, trends and classes of not-yet rest on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from coldstart.outcome import CheckResult, Conclusion, Outcome, Report, Result, Verdict
from coldstart.reason import Reason


@dataclass(frozen=True, slots=True)
class Sample:
    """One check in one earlier run."""

    at: float
    """When it was judged, s since the epoch."""
    good: bool
    """It was as required, or as required but not for long enough yet."""
    boot: str | None
    """Boot id of its host then; None: it has no one host, or the boot could not be read."""
    measure: float | None = None
    """The number that it judged, where it has one; the less the better."""


Past = Mapping[str, Sequence[Sample]]
"""By the key of a check (``GATE/check@host``), oldest first."""


def of_report(report: Report) -> dict[str, Sample]:
    """The sample of every check that was asked in a run, by its key; none of a run that cannot speak for the stack."""
    if report.narrowed or report.result is Result.CHECK_FAILED:
        return {}
    boots = {host.name: host.boot_id for host in report.hosts if not host.problem}
    found: dict[str, Sample] = {}
    for gate in report.gates:
        for check in gate.checks:
            for one in (check, *check.members):
                if one.outcome and one.verdict not in (None, Verdict.HELD):
                    boot = boots.get(one.host) if one.host else None
                    found[one.key] = Sample(report.ended, is_good(one), boot, one.outcome.measure)
    return found


def is_good(check: CheckResult) -> bool:
    """Whether what a check saw counts as held."""
    return _held(check.outcome) if check.outcome else False


def _held(outcome: Outcome) -> bool:
    return outcome.conclusion is Conclusion.MET or outcome.reason is Reason.NOT_LONG_ENOUGH
