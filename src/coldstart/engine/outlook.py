"""What waiting will do: each check that is not good yet is converging, stuck, or needs a human."""

from collections.abc import Mapping
from dataclasses import dataclass

from coldstart.attempt import Outlook
from coldstart.outcome import CheckResult, Conclusion, GateResult, Outcome, Report, Verdict
from coldstart.reason import Reason

STUCK_AFTER = 5
"""Attempts for which nothing changed, where the baseline says nothing."""

_HUMAN = frozenset(
    {
        Reason.STORAGE_CORRUPTION,
        Reason.SIGNATURE,
        Reason.READ_ONLY,
        Reason.HOST_KEY_MISMATCH,
        Reason.HOST_KEY_UNKNOWN,
        Reason.AUTHENTICATION,
        Reason.KEY_EXCHANGE,
        Reason.NOT_ALLOWED,
        Reason.ROW_SECURITY,
        Reason.TOOL_MISSING,
        Reason.FORBIDDEN,
        Reason.WRONG_HOST,
        Reason.TLS_EXPIRED,
        Reason.TLS_WRONG_NAME,
        Reason.TLS_UNKNOWN_ISSUER,
        Reason.ALERT_OUTDATED,
        Reason.ALERT_UNANSWERED,
    }
)
"""What no amount of waiting mends (SOP 4.3, 10.1; faults.md 6 to 8, 17, 42, 52)."""

_WHILE_BOOTING = frozenset({Reason.AUTHENTICATION, Reason.NOT_ALLOWED, Reason.TOOL_MISSING})
"""A host that boots refuses logins (pam_nologin(8)) and has not mounted everything: once may be chance."""

_ONLY_TIME = frozenset({Reason.TOO_EARLY, Reason.NOT_LONG_ENOUGH, Reason.RESTARTED})
"""Nothing has to change but the clock."""

_WORST_FIRST = (Outlook.NEEDS_HUMAN, Outlook.STUCK, Outlook.UNCLEAR, Outlook.CONVERGING)


@dataclass(frozen=True)
class _Seen:
    """What a check looked like, without numbers that change with every look."""

    look: tuple[object, ...]
    distance: float | None
    """How far from good: the number that it judged, else how many of its parts are bad."""
    times: int
    """For how many attempts in a row it has looked so, without coming nearer."""


class Outlooks:
    """Follows every check over the attempts of one watch."""

    def __init__(self, stuck_after: int = STUCK_AFTER) -> None:
        self._stuck_after = stuck_after
        self._seen: dict[str, _Seen] = {}
        self._hopeless = 0

    def of(self, report: Report) -> dict[str, Outlook]:
        """The outlook of every check and gate that is neither good nor held: keys of checks, names of gates."""
        found: dict[str, Outlook] = {}
        now: dict[str, _Seen] = {}
        for gate in report.gates:
            for check in gate.checks:
                if _waits(check) and check.outcome:
                    earlier = self._seen.get(check.key)
                    now[check.key] = seen = _seen(check.outcome, check.verdict, earlier)
                    found[check.key] = self._outlook(check.outcome, seen, earlier)
        self._seen = now
        found |= _of_gates(report.gates, found)
        self._hopeless = self._hopeless + 1 if _hopeless(report, found) else 0
        return found

    @property
    def hopeless(self) -> bool:
        """Whether GREEN cannot come without a human, seen in two attempts in a row."""
        return self._hopeless > 1

    def _outlook(self, outcome: Outcome, seen: _Seen, earlier: _Seen | None) -> Outlook:
        reasons = {outcome.reason, *(part.reason for part in outcome.parts if _bad(part.conclusion))}
        human = reasons & _HUMAN
        if human - _WHILE_BOOTING or (human and seen.times > 1):
            return Outlook.NEEDS_HUMAN
        if outcome.reason in _ONLY_TIME:
            return Outlook.CONVERGING
        if seen.times >= self._stuck_after:
            return Outlook.STUCK
        nearer = earlier is not None and _nearer(earlier.distance, seen.distance)
        return Outlook.CONVERGING if nearer or Reason.STARTING in reasons else Outlook.UNCLEAR


def worst(outlooks: Mapping[str, Outlook]) -> Outlook | None:
    """The one that speaks for all of them; None for none."""
    return min(outlooks.values(), key=_WORST_FIRST.index, default=None)


def _waits(check: CheckResult) -> bool:
    return check.verdict in (Verdict.BLOCKED, Verdict.WARN) and check.accepted is None


def _bad(conclusion: Conclusion) -> bool:
    return conclusion is not Conclusion.MET


def _seen(outcome: Outcome, verdict: Verdict | None, earlier: _Seen | None) -> _Seen:
    bad = [part for part in outcome.parts if _bad(part.conclusion)]
    look = (verdict, outcome.reason, *sorted((part.name, part.reason) for part in bad))
    distance = outcome.measure if outcome.measure is not None else (float(len(bad)) if bad else None)
    if earlier is None or earlier.look != look or _nearer(earlier.distance, distance):
        return _Seen(look, distance, 1)
    return _Seen(look, distance, earlier.times + 1)


def _nearer(before: float | None, now: float | None) -> bool:
    return before is not None and now is not None and now < before


def _of_gates(gates: tuple[GateResult, ...], found: Mapping[str, Outlook]) -> dict[str, Outlook]:
    by_gate: dict[str, Outlook] = {}
    for gate in gates:
        mine = {check.key: found[check.key] for check in gate.checks if check.key in found}
        blocking = {
            check.key: found[check.key]
            for check in gate.checks
            if check.key in found and check.verdict is Verdict.BLOCKED
        }
        outlook = worst(blocking or mine)
        if outlook:
            by_gate[gate.name] = outlook
    return by_gate


def _hopeless(report: Report, found: Mapping[str, Outlook]) -> bool:
    """A blocked check of its own needs a human, or nothing is blocked and every warning that is left does."""
    waiting = [check for gate in report.gates for check in gate.checks if check.key in found]
    blocked = [check for check in waiting if check.verdict is Verdict.BLOCKED and not check.downstream_of]
    if blocked:
        return any(found[check.key] is Outlook.NEEDS_HUMAN for check in blocked)
    return bool(waiting) and all(found[check.key] is Outlook.NEEDS_HUMAN for check in waiting)
