"""Accepts applied to a run: which warnings are covered, and which accepts are void, expired or unknown (SOP 13.5.3).

An accept changes no verdict: its check is asked, is a WARN, and is shown. It is void as soon as the check sees anything
worse than what was accepted. What follows for the result is decided in `reduce`.
"""

from collections.abc import Iterator, Sequence

from coldstart.baseline.accept_load import checks_of
from coldstart.baseline.accepts import NEVER_ACCEPTED, Accept, Saw, unknown
from coldstart.baseline.model import Baseline
from coldstart.decisions import Accepted, AcceptItem, AcceptState
from coldstart.engine.worse import worse
from coldstart.outcome import CheckResult, GateResult, Outcome, Verdict
from coldstart.reason import Reason
from coldstart.text import plural, span

_Bound = tuple[Accept, str]
"""An accept, and the key of the check that it is bound to."""
_State = tuple[AcceptState, str]


class Accepting:
    """The accepts of one command, beside those of its baseline, and what the ones without a `saw:` were bound to.

    One object serves every attempt of a watch: an accept that is bound to a first value stays so, and stays void.
    """

    def __init__(self, accepts: Sequence[Accept] = ()) -> None:
        self._accepts = tuple(accepts)
        self._bound: dict[_Bound, Saw] = {}
        self._void: dict[_Bound, str] = {}
        self._before = (dict(self._bound), dict(self._void))

    def begin(self) -> None:
        """Mark where an attempt begins."""
        self._before = (dict(self._bound), dict(self._void))

    def rewind(self) -> None:
        """Forget the attempt that began last: it was discarded, and binds and voids nothing."""
        self._bound, self._void = dict(self._before[0]), dict(self._before[1])

    def accepts(self, baseline: Baseline, check: CheckResult, now: float) -> bool:
        """Whether a check would be accepted as it is; nothing is bound by asking."""
        valid = (accept for accept in self._all(baseline) if not accept.expired(now))
        return check.verdict is Verdict.WARN and any(
            self._state(accept, check)[0] is AcceptState.IN_USE for accept in valid if _names(accept, check)
        )

    def apply(
        self, gates: Sequence[GateResult], baseline: Baseline, now: float
    ) -> tuple[tuple[GateResult, ...], tuple[AcceptItem, ...]]:
        """Return the gates with every accepted check marked, and what became of each accept at `now` (epoch, s).

        Marks of an earlier call are gone: these gates may be changed ones of the same attempt.
        """
        accepts = self._all(baseline)
        known = checks_of(baseline)
        found: dict[int, AcceptItem] = {}
        valid: dict[int, Accept] = {}
        for at, accept in enumerate(accepts):
            if why := unknown(accept, known):
                found[at] = _item(accept, AcceptState.UNKNOWN, f"{why}; mend or remove it")
            elif accept.expired(now):
                found[at] = _item(accept, AcceptState.EXPIRED, _ended(accept, now))
            else:
                valid[at] = accept
        states: dict[int, list[tuple[CheckResult, AcceptState, str]]] = {at: [] for at in valid}
        marked = tuple(self._gate(gate, valid, states) for gate in gates)
        for at, accept in valid.items():
            found[at] = _summed(accept, states[at])
        return marked, tuple(found[at] for at in range(len(accepts)))

    def _all(self, baseline: Baseline) -> tuple[Accept, ...]:
        return (*baseline.accepts, *self._accepts)

    def _gate(
        self,
        gate: GateResult,
        valid: dict[int, Accept],
        states: dict[int, list[tuple[CheckResult, AcceptState, str]]],
    ) -> GateResult:
        checks = []
        for check in gate.checks:
            mine = {at: self._settled(accept, check) for at, accept in valid.items() if _names(accept, check)}
            by = next((valid[at] for at, (state, _) in mine.items() if state is AcceptState.IN_USE), None)
            for at, (state, why) in mine.items():
                if by and state is AcceptState.VOID:  # one for another reason, say: this one is not needed
                    states[at].append((check, AcceptState.UNUSED, f"accepted by another accept ({by.source})"))
                else:
                    states[at].append((check, state, why))
            accepted = _accepted(by) if by else None
            checks.append(check if check.accepted == accepted else check.model_copy(update={"accepted": accepted}))
        return gate.model_copy(update={"checks": tuple(checks)})

    def _settled(self, accept: Accept, check: CheckResult) -> _State:
        """As `_state`, which an accept without a `saw:` is bound by from now on."""
        state, why = self._state(accept, check)
        if accept.saw is None and check.outcome:
            bound = (accept, check.key)
            if state is AcceptState.IN_USE:
                self._bound.setdefault(bound, Saw.of(check, check.outcome))
            elif state is AcceptState.VOID and bound in self._bound:
                self._void.setdefault(bound, why)
        return state, why

    def _state(self, accept: Accept, check: CheckResult) -> _State:
        bound = (accept, check.key)
        state, why = _judged(accept.saw or self._bound.get(bound), check)
        if state is not AcceptState.VOID and bound in self._void:
            return AcceptState.VOID, f"it was worse earlier in this watch: {self._void[bound]}"
        return state, why


def _judged(saw: Saw | None, check: CheckResult) -> _State:
    """What an accept that is bound to `saw`, or (None) not bound to anything yet, is to a check as it is now."""
    if check.verdict not in (Verdict.WARN, Verdict.BLOCKED) or check.outcome is None:
        return AcceptState.UNUSED, _why_unused(check)
    if saw is None:
        return _first(check, check.outcome)
    why = worse(saw, check, check.outcome)
    return (AcceptState.VOID, why) if why else (AcceptState.IN_USE, _limits(saw))


def _first(check: CheckResult, outcome: Outcome) -> _State:
    """Whether an accept without a `saw:` can be bound to what its check sees now, for the first time."""
    if check.verdict is Verdict.BLOCKED:
        return AcceptState.UNUSED, "it is BLOCKED, and only a WARN can be accepted"
    if outcome.reason is Reason.FLAPPING:
        return AcceptState.VOID, "it flaps: only an accept with saw: {reason: flapping} covers that"
    if outcome.reason in NEVER_ACCEPTED:
        return AcceptState.VOID, f"{outcome.reason.says}: nobody can accept that"
    return AcceptState.IN_USE, _limits(Saw.of(check, outcome))


def _limits(saw: Saw) -> str:
    most = "" if saw.at_most is None else f", at most {saw.at_most:.12g}"
    parts = f" in {plural(len(saw.parts), 'part')}" if saw.parts else ""
    return f"covers it while it is no worse than {saw.reason}{parts}{most}"


def _names(accept: Accept, check: CheckResult) -> bool:
    return accept.check == check.id and accept.host in (None, check.host)


def _why_unused(check: CheckResult) -> str:
    if check.verdict is Verdict.PASS:
        return "it passes: nothing is to be accepted"
    if check.verdict is Verdict.HELD:
        return f"it was not asked: held by {check.held_by}"
    return check.not_applicable or "it was not asked"


def _ended(accept: Accept, now: float) -> str:
    return f"it ended {span(now - (accept.until or now))} ago: look again and renew it, or remove it"


def _accepted(accept: Accept) -> Accepted:
    return Accepted(reason=accept.reason, by=accept.by, until=accept.until, source=accept.source)


def _item(accept: Accept, state: AcceptState, says: str) -> AcceptItem:
    return AcceptItem(check=accept.key, state=state, says=says, accepted=_accepted(accept))


def _summed(accept: Accept, found: Sequence[tuple[CheckResult, AcceptState, str]]) -> AcceptItem:
    """One state for all results of an accept: void for one of them is what an operator must know first."""
    for state in (AcceptState.VOID, AcceptState.IN_USE, AcceptState.UNUSED):
        said = [(check, why) for check, one, why in found if one is state]
        if said:
            return _item(accept, state, "; ".join(_said(said, several=len(found) > 1)))
    return _item(accept, AcceptState.UNUSED, "it was not asked")


def _said(found: Sequence[tuple[CheckResult, str]], *, several: bool) -> Iterator[str]:
    by_words: dict[str, list[str]] = {}
    for check, why in found:
        by_words.setdefault(why, []).append(check.host or "")
    for why, hosts in by_words.items():
        yield f"{', '.join(hosts)}: {why}" if several and any(hosts) else why
