"""Checks that change their mind from attempt to attempt: one good attempt at the end proves nothing (faults.md 49)."""

from collections.abc import Collection
from itertools import pairwise

from coldstart.engine import reduce
from coldstart.engine.runner import Finished
from coldstart.outcome import CheckResult, Conclusion, GateResult, Report, Result, Verdict
from coldstart.reason import Reason

STABLE = 3
"""Good attempts in a row after which a check that flapped is trusted again."""

_CALM = 2
"""Changes from which on it is flapping: bad to good, once, is how a stack comes up."""


class Flaps:
    """The verdicts of every check over the attempts of one watch."""

    def __init__(self, stable: int = STABLE) -> None:
        self._stable = max(stable, STABLE)
        self._good: dict[str, list[bool]] = {}
        self._attempts = 0

    def forget(self, hosts: Collection[str]) -> None:
        """Drop what checks on these hosts were: a reboot voids passes, and coming back from one is no flapping."""
        if hosts:
            self._good = {key: seen for key, seen in self._good.items() if key.partition("@")[2] not in hosts}

    def mark(self, finished: Finished) -> Report:
        """The report with every check that passes now, but flapped, as a warning; what was not asked does not count."""
        self._attempts += 1
        report = finished.report
        if report.result is Result.CHECK_FAILED:
            return report
        gates = tuple(self._marked(gate) for gate in report.gates)
        return report if gates == report.gates else finished.with_gates(gates)

    def _marked(self, gate: GateResult) -> GateResult:
        checks = tuple(self._checked(check) for check in gate.checks)
        if checks == gate.checks:
            return gate
        return gate.model_copy(update={"checks": checks, "verdict": reduce.gate_verdict(checks)})

    def _checked(self, check: CheckResult) -> CheckResult:
        if check.outcome is None or check.verdict is None:
            return check
        seen = self._good.setdefault(check.key, [])
        seen.append(check.verdict is Verdict.PASS)
        changes = sum(one is not other for one, other in pairwise(seen))
        streak = next((index for index, good in enumerate(reversed(seen)) if not good), len(seen))
        if check.verdict is not Verdict.PASS or changes < _CALM or streak >= self._stable:
            return check
        said = (
            f"good now, but {changes} changes in {self._attempts} attempts; "
            f"good {streak} of {self._stable} times in a row ({check.outcome.observed})"
        )
        changed = {"conclusion": Conclusion.CAUTION, "reason": Reason.FLAPPING, "observed": said}
        outcome = check.outcome.model_copy(update=changed)
        return check.model_copy(update={"outcome": outcome, "verdict": reduce.check_verdict(check.severity, outcome)})
