"""Checks that change their mind from attempt to attempt: one good attempt at the end proves nothing (faults.md 49)."""

from itertools import pairwise

from coldstart.engine import reduce
from coldstart.outcome import CheckResult, GateResult, Outcome, Report, Result, Verdict
from coldstart.reason import Reason

STABLE = 3
"""Good attempts in a row after which a check that flapped is trusted again."""

_CALM = 2
"""Changes from which on it is flapping: bad to good, once, is how a stack comes up."""


class Flaps:
    """The verdicts of every check over the attempts of one watch."""

    def __init__(self, stable: int = STABLE) -> None:
        self._stable = stable
        self._good: dict[str, list[bool]] = {}
        self._attempts = 0

    def mark(self, report: Report) -> Report:
        """The report with every check that passes now, but flapped, as a warning; what was not asked does not count."""
        self._attempts += 1
        if report.result is Result.CHECK_FAILED:
            return report
        gates = tuple(self._marked(gate) for gate in report.gates)
        if gates == report.gates:
            return report
        result = reduce.result(gates, narrowed=report.narrowed, missing=(), interrupted=False)
        root = reduce.root(gates)
        return report.model_copy(
            update={
                "gates": gates,
                "result": result,
                "exit_code": reduce.EXIT_CODES[result],
                "root": root,
                "headline": reduce.headline(result, root, gates, narrowed=report.narrowed, missing=()),
                "counts": reduce.count(gates),
            }
        )

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
        outcome = Outcome.caution(
            Reason.FLAPPING,
            said,
            expected=check.outcome.expected,
            evidence=check.outcome.evidence,
            facts=check.outcome.facts,
            parts=check.outcome.parts,
        )
        return check.model_copy(update={"outcome": outcome, "verdict": reduce.check_verdict(check.severity, outcome)})
