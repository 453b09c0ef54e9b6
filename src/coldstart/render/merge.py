"""Equal results side by side become one row; one unreachable host becomes one row instead of forty."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from coldstart.outcome import CheckResult, Verdict
from coldstart.reason import Reason
from coldstart.render.words import name_of, seen, unseen

OF_THE_WAY = frozenset(
    {
        Reason.NAME_NOT_RESOLVED,
        Reason.UNREACHABLE,
        Reason.CONNECT_TIMEOUT,
        Reason.LOGIN_TIMEOUT,
        Reason.HOST_KEY_MISMATCH,
        Reason.HOST_KEY_UNKNOWN,
        Reason.AUTHENTICATION,
        Reason.KEY_EXCHANGE,
        Reason.CONNECTION_LOST,
        Reason.CHANNEL_REFUSED,
        Reason.BOOT_CHANGED,
        Reason.BOOT_UNKNOWN,
        Reason.INTERRUPTED,
    }
)
"""Reasons that say something about the way to a host, not about what was asked for."""


@dataclass(frozen=True)
class Lost:
    """What one trouble on the way cost: two or more checks of each of these hosts, in their order."""

    hosts: tuple[str, ...]
    reason: Reason
    checks: tuple[CheckResult, ...]

    @property
    def verdict(self) -> Verdict:
        """The heaviest mark among them, for the glyph of the row."""
        return next((Verdict.BLOCKED for check in self.checks if check.verdict is Verdict.BLOCKED), Verdict.WARN)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name_of(check) for check in self.checks))

    @property
    def label(self) -> str:
        return f"{'host' if len(self.hosts) == 1 else 'hosts'} {' '.join(self.hosts)}"


@dataclass(frozen=True)
class Alike:
    """Results of one check that say the same on several hosts, each perhaps in words of its own (`found`)."""

    first: CheckResult
    results: tuple[CheckResult, ...]

    @property
    def hosts(self) -> tuple[str, ...]:
        return tuple(result.host for result in self.results if result.host)

    @property
    def found(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """What was seen, in each of its wordings, with the hosts that it was seen on; in order of first appearance."""
        said: dict[str, list[str]] = {}
        for result in self.results:
            text = (seen(result.outcome) or result.outcome.reason.says) if result.outcome else ""
            said.setdefault(text, []).append(result.host or "")
        return tuple((text, tuple(hosts)) for text, hosts in said.items())

    @property
    def expected(self) -> str:
        """What all of them expected, where it is the same for all."""
        texts = {result.outcome.expected for result in self.results if result.outcome}
        return texts.pop() if len(texts) == 1 else ""


def lost_hosts(results: Iterable[CheckResult]) -> tuple[Lost, ...]:
    """Group what could not be observed because of the way to a host; a single check is not a group.

    Hosts that lost the same checks for the same reason are one group.
    """
    found: dict[tuple[str, Reason], list[CheckResult]] = {}
    for result in results:
        outcome = result.outcome
        if result.accepted:  # it is shown by itself, with who accepted it
            continue
        if result.host and outcome and unseen(outcome) and outcome.reason in OF_THE_WAY:
            found.setdefault((result.host, outcome.reason), []).append(result)
    alike_lost: dict[Hashable, list[CheckResult]] = {}
    for (_, reason), checks in found.items():
        if len(checks) > 1:
            alike_lost.setdefault((reason, tuple(name_of(check) for check in checks)), []).extend(checks)
    return tuple(
        Lost(tuple(dict.fromkeys(check.host or "" for check in checks)), checks[0].outcome.reason, tuple(checks))
        for checks in alike_lost.values()
        if checks[0].outcome
    )


def alike(results: Sequence[CheckResult]) -> tuple[tuple[Alike, ...], ...]:
    """Group results by check, and within a check those that read the same; both in order of first appearance."""
    by_check: dict[str, dict[Hashable, list[CheckResult]]] = {}
    for result in results:
        by_check.setdefault(result.id, {}).setdefault(_reads_as(result), []).append(result)
    return tuple(tuple(Alike(same[0], tuple(same)) for same in looks.values()) for looks in by_check.values())


def _reads_as(result: CheckResult) -> Hashable:
    """What makes a row of its own: of a pass only the claim, of anything else how it ended and why, and its parts."""
    shown = (
        result.claim,
        result.verdict,
        result.accepted,
        result.held_by,
        result.downstream_of,
        result.not_applicable,
    )
    outcome = result.outcome
    if result.verdict is Verdict.PASS or outcome is None:
        return (*shown, tuple((member.id, member.verdict) for member in result.members))
    in_detail = (outcome.expected, outcome.observed, outcome.parts) if outcome.parts or result.members else ()
    members = tuple(_reads_as(member) for member in result.members)
    return (*shown, outcome.conclusion, outcome.reason, *in_detail, result.hint, result.sop, members)
