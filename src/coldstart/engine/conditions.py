"""Whether what must hold before a release does hold: a gate that is green, checks that passed, for so long (SOP 5.3).

Pure. Of each condition there are three answers: it is met; it is not, and what was seen instead; nothing in this run
can tell, because it was not asked, or because only a person can see it. The last two hold a release alike.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from coldstart.baseline.model import Baseline, Check
from coldstart.baseline.runbook import Condition
from coldstart.decisions import ConditionItem
from coldstart.engine import reduce, sustained, trends
from coldstart.engine.results import not_asked, referred_to, seen, unanswered
from coldstart.outcome import CheckResult, Conclusion, GateResult, HostFacts, Verdict
from coldstart.samples import Past

_Seen = tuple[bool | None, str]
"""Whether it holds (None: nothing can tell), and what was seen, or why not."""


@dataclass(frozen=True)
class Evidence:
    """All that a condition may rest on. `at`: when this run judged, s since the epoch."""

    baseline: Baseline
    gates: Sequence[GateResult]
    past: Past
    at: float
    hosts: Sequence[HostFacts]
    confirmed: Collection[str] = frozenset()
    """Claims of conditions that the operator has seen to hold."""
    results: Sequence[CheckResult] = field(init=False)
    """Every result, those of alternatives behind that of their group."""

    def __post_init__(self) -> None:
        found = [result for gate in self.gates for check in gate.checks for result in (check, *check.members)]
        object.__setattr__(self, "results", found)

    @property
    def boots(self) -> Mapping[str | None, str | None]:
        """The boot id of each host, where it could be read."""
        return {host.name: host.boot_id for host in self.hosts}


def gate(name: str, evidence: Evidence) -> ConditionItem:
    """Judge a gate that a release needs: every check of it passed, or is a warning that somebody accepted (SOP 1.2)."""
    found = next((gate for gate in evidence.gates if gate.name == name), None)
    met, why = _gate(found) if found else (None, "it has no result")
    return ConditionItem(claim=f"{name} is green", met=met, why=why)


def _gate(found: GateResult) -> _Seen:
    bad = [check for check in found.checks if check.verdict in (Verdict.BLOCKED, Verdict.WARN)]
    accepted = [check for check in bad if reduce.clear(check)]
    if reduce.gate_clear(found):
        return True, f"accepted: {', '.join(check.key for check in accepted)}" if accepted else "passed"
    if worst := sorted((check for check in bad if check not in accepted), key=_blocked_first):
        more = f" (+{len(worst) - 1} more)" if len(worst) > 1 else ""
        return False, f"{worst[0].verdict}: {_short(worst[0])}: {seen(worst[0])}{more}"
    if found.verdict is Verdict.HELD:
        return None, f"held by {found.held_by}"
    left_out = next((check for check in found.checks if check.verdict is None and not reduce.clear(check)), None)
    if left_out:
        return None, f"{_short(left_out)}: {left_out.not_applicable}"
    return None, "nothing in it was asked"


def _blocked_first(check: CheckResult) -> bool:
    return check.verdict is not Verdict.BLOCKED


def condition(declared: Condition, evidence: Evidence) -> ConditionItem:
    """Judge a condition of the baseline: all that its checks saw, and what the operator has said."""
    seen = list(_by_checks(declared, evidence))
    if declared.by_hand:
        told = declared.claim in evidence.confirmed
        seen.append((True, "confirmed by the operator") if told else (None, "nobody has confirmed it"))
    answers = [met for met, _ in seen]
    met = False if False in answers else None if None in answers or not answers else True
    why = dict.fromkeys(words for answer, words in seen if answer is met)
    return ConditionItem(claim=declared.claim, met=met, why="; ".join(why), by_hand=declared.by_hand)


def _by_checks(declared: Condition, evidence: Evidence) -> Iterator[_Seen]:
    """What each result of each check says; where they are several, each with its name."""
    found = {reference: referred_to(reference, evidence.results) for reference in declared.checks}
    applicable = [result for results in found.values() for result in results if _applies(result)]
    for reference, results in found.items():
        mine = [result for result in results if _applies(result)]
        if not mine:
            yield None, f"{reference}: asked nowhere"
        for result in mine:
            met, why = _result(result, reference, declared, evidence)
            alone = len(applicable) == 1 or unanswered(result)
            yield met, why if alone else f"{_short(result)}: {why}"


def _applies(result: CheckResult) -> bool:
    return result.verdict is not None or unanswered(result)


def _result(result: CheckResult, reference: str, declared: Condition, evidence: Evidence) -> _Seen:
    if unanswered(result):
        return None, not_asked(result)
    if not reduce.clear(result):
        return (None if _unobserved(result) else False), seen(result)
    answers: list[_Seen] = [(True, seen(result))]
    samples = sustained.series(result, evidence.past, at=evidence.at, boot=evidence.boots.get(result.host))
    if declared.hold_for:
        gap = _gap(reference, declared.hold_for, evidence.baseline)
        held = sustained.held(samples, gap=gap)  # what is accepted was not good: it counts as 0 there
        answers.append((held >= declared.hold_for, _of(held, declared.hold_for)))
    if declared.trend:
        answers.append(trends.judged(samples, declared.trend))
    met = min((answer for answer, _ in answers), key=(False, None, True).index)
    return met, ", ".join(words for answer, words in answers[1:] or answers if answer is met or met)


def _unobserved(result: CheckResult) -> bool:
    return result.outcome is None or result.outcome.conclusion is Conclusion.UNOBSERVED


def _gap(reference: str, hold_for: float, baseline: Baseline) -> float:
    """Longest time between two samples that still counts as seen, s: what the check itself says, else the default."""
    where, _, name = reference.partition("/")
    check = next((check for check in baseline.gates[where].checks if check.id == name), None)
    own = check.sustain.gap if isinstance(check, Check) and check.sustain else None
    return own or sustained.default_gap(hold_for)


def _of(held: float, wanted: float) -> str:
    """``11m of 15m``."""
    return f"{sustained.brief(min(held, wanted))} of {sustained.brief(wanted)}"


def _short(result: CheckResult) -> str:
    """``postgresql@188``: the check without its gate."""
    return result.key.partition("/")[2] or result.key
