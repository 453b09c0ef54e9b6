"""What a watch remembers of gates from attempt to attempt: since when each is as it is, and what it said last."""

from coldstart.attempt import LastError
from coldstart.engine.results import seen
from coldstart.outcome import CheckResult, Conclusion, GateResult, Report, Verdict

_BAD = (Verdict.BLOCKED, Verdict.WARN)


class Remembered:
    """Follows the gates over the attempts of one watch; an attempt that was discarded is not shown to it."""

    def __init__(self) -> None:
        self._since: dict[str, tuple[Verdict | None, float]] = {}
        self._said: dict[str, LastError] = {}

    def add(self, number: int, report: Report) -> None:
        """Take note of one attempt."""
        for gate in report.gates:
            known = self._since.get(gate.name)
            if known is None or known[0] is not gate.verdict:
                self._since[gate.name] = (gate.verdict, report.started)
            if check := _worst(gate):
                self._said[gate.name] = LastError(gate.name, check.key, seen(check), number)

    @property
    def since(self) -> dict[str, float]:
        """Since when (s since the epoch) each gate has its verdict."""
        return {gate: since for gate, (_, since) in self._since.items()}

    def last_errors(self, report: Report) -> tuple[LastError, ...]:
        """Of each gate that is not good now, in DAG order: what it said last, when it was asked for the last time.

        A gate that was never asked has said nothing.
        """
        waiting = [gate.name for gate in report.gates if gate.verdict not in (Verdict.PASS, None)]
        return tuple(self._said[name] for name in waiting if name in self._said)


def _worst(gate: GateResult) -> CheckResult | None:
    """The first check that is as bad as the gate; what was seen to be bad before what could not be seen."""
    for verdict in _BAD:
        bad = [check for check in gate.checks if check.verdict is verdict and check.outcome and not check.accepted]
        if bad:
            return min(bad, key=_unobserved)
    return None


def _unobserved(check: CheckResult) -> bool:
    return check.outcome is None or check.outcome.conclusion is Conclusion.UNOBSERVED
