"""What is known of the one alert of a run, and the outcome that follows from it. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from coldstart.alert.webhook import RUN_LABEL
from coldstart.alert.words import hour
from coldstart.baseline.sights import LEVELS
from coldstart.outcome import Conclusion, Outcome, Part
from coldstart.reason import Reason
from coldstart.text import span

ACCEPTED = "accepted"
SENT, RECEIVED = LEVELS


class Answer(StrEnum):
    """What the operator says to the question whether Telegram showed the alert."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Told:
    """An answer, when it was given (s since the epoch), and where there is none, why."""

    answer: Answer
    at: float
    why: str = ""


@dataclass(frozen=True)
class Look:
    """What one look at a level gave. `seen` None: it could not be looked at. `at`: when, s since the epoch."""

    seen: bool | None
    said: str
    at: float
    reason: Reason = Reason.OK


@dataclass(frozen=True)
class Level:
    """A level that the baseline names a way to see, and the last look at it."""

    name: str
    asks: str
    """What is asked, in words."""
    within: float
    """How long it was to be looked for at first, s."""
    own: bool
    """Whether what is seen there can only be the alert of this run."""
    look: Look


@dataclass(frozen=True)
class _Finding:
    """What is known of one level: `known` None where it could not be looked at."""

    level: str
    known: bool | None
    said: str
    reason: Reason

    @property
    def part(self) -> Part:
        conclusion = Conclusion.MET if self.known else Conclusion.CAUTION
        return Part(name=self.level, conclusion=conclusion, reason=self.reason, observed=self.said)


@dataclass(frozen=True)
class Proof:
    """What became of the POST, the last look at each level that is named, and what happened since."""

    run: str
    sent_at: float
    """When the POST was sent, s since the epoch."""
    posted: Outcome
    levels: tuple[Level, ...] = ()
    """In the order in which an alert reaches them."""
    outdated: str = ""
    """The host that rebooted since, in words: what was proven no longer counts."""
    told: Told | None = None
    """What the operator said, if anything: yes or no."""

    @property
    def refused(self) -> bool:
        """Whether the webhook answered, and did not take the alert: nothing behind it can have it."""
        return self.posted.conclusion is Conclusion.UNMET

    @property
    def missing(self) -> tuple[str, ...]:
        """The named levels that nothing has shown yet. One that is known proves those before it."""
        return tuple(one.level for one in self._findings() if not one.known and one.level in self._by_name)

    def answered(self, told: Told) -> "Proof":
        """The proof with what the operator says; not knowing changes nothing."""
        return self if told.answer is Answer.UNKNOWN else replace(self, told=told)

    def outcome(self) -> Outcome:
        """What all of it proves.

        Met: accepted, and every named level seen. Caution: accepted, and a named level was not seen, or the operator
        did not find it, or a host of the chain rebooted since; or it was seen although the webhook gave no answer. Else
        what the POST itself proves: a time-out never becomes a pass (faults.md 44).
        """
        if self.refused:
            return self.posted
        if self.posted.conclusion is Conclusion.UNOBSERVED:
            return self._told_in_full(self._unanswered())
        if self.outdated:
            said = f"proven before {self.outdated}: {self.posted.observed}; watch again for a new proof"
            return self._told_in_full(Outcome.caution(Reason.ALERT_OUTDATED, said))
        findings = tuple(self._findings())
        lacking = [one for one in findings if not one.known]
        if not lacking:
            return self._told_in_full(Outcome.met("; ".join((self.posted.observed, *(one.said for one in findings)))))
        seen = (one.said for one in findings if one.known)
        said = "; ".join((*(one.said for one in lacking), *seen, self.posted.observed))
        return self._told_in_full(Outcome.caution(lacking[0].reason, f"accepted, but {said}"))

    def _unanswered(self) -> Outcome:
        """The webhook gave no answer: still a warning where the alert of this run, and no other, was seen."""
        findings = tuple(self._findings())
        arrived = self._said_yes or any(level.look.seen and level.own for level in self.levels)
        if not arrived:
            said = "; ".join((self.posted.observed, *_said(findings)))
            return self.posted.model_copy(update={"observed": said})
        said = "; ".join(("the webhook gave no answer, but the alert got through", *_said(findings)))
        return Outcome.caution(Reason.ALERT_UNANSWERED, f"{said}; Alertmanager would send such an alert again")

    # -------------------------------------------------------------------------------------------------------- findings

    @property
    def _by_name(self) -> dict[str, Level]:
        return {level.name: level for level in self.levels}

    @property
    def _said_yes(self) -> bool:
        return self.told is not None and self.told.answer is Answer.YES

    def _findings(self) -> Iterator[_Finding]:
        """Each level that is named or that the operator speaks of; whoever looks into Telegram knows better."""
        named = self._by_name
        received = self._received(named.get(RECEIVED))
        if sent := named.get(SENT):
            yield self._sent(sent, received)
        if received:
            yield received

    def _received(self, level: Level | None) -> _Finding | None:
        if self.told and self._said_yes:
            said = f"seen as received by the operator at {hour(self.told.at)}"
            return _Finding(RECEIVED, known=True, said=said, reason=Reason.OK)
        if self.told:
            said = f"the operator did not see it in Telegram at {hour(self.told.at)}"
            return _Finding(RECEIVED, known=False, said=said, reason=Reason.ALERT_NOT_SEEN)
        return self._looked(level) if level else None

    def _sent(self, level: Level, received: _Finding | None) -> _Finding:
        found = self._looked(level)
        if found.known or not (received and received.known):
            return found
        return _Finding(SENT, known=True, said="sent, since it was received", reason=Reason.OK)

    def _looked(self, level: Level) -> _Finding:
        look = level.look
        if look.seen:
            said = f"seen as {level.name} at {hour(look.at)}: {look.said}"
            return _Finding(level.name, known=True, said=said, reason=Reason.OK)
        if look.seen is None:
            said = f"whether it was {level.name} could not be observed: {look.said}"
            return _Finding(level.name, known=None, said=said, reason=look.reason)
        elapsed = span(max(look.at - self.sent_at, 0.0))
        said = f"not seen as {level.name} within {elapsed}: {look.said}"
        return _Finding(level.name, known=False, said=said, reason=Reason.ALERT_NOT_SEEN)

    # ---------------------------------------------------------------------------------------------------------- fields

    def _told_in_full(self, outcome: Outcome) -> Outcome:
        """The outcome with what it rests on: the level that was reached, and every look."""
        findings = tuple(self._findings())
        further = (f"it is seen as {level.name} within {span(level.within)}" for level in self.levels)
        update: dict[str, object] = {
            "expected": "; ".join((self.posted.expected, *further)),
            "facts": {**self.posted.facts, "level": self._reached(findings), **self._looks()},
        }
        if findings:
            posted = self.posted
            first = Part(name=ACCEPTED, conclusion=posted.conclusion, reason=posted.reason, observed=posted.observed)
            looks = (f"{level.name}: {level.asks}: {level.look.said}" for level in self.levels)
            update["parts"] = (first, *(one.part for one in findings))
            update["evidence"] = (*posted.evidence, f"{RUN_LABEL}={self.run}", *looks)
        return outcome.model_copy(update=update)

    def _reached(self, findings: tuple[_Finding, ...]) -> str | None:
        """The last level that it is known to have reached; None: not even "accepted" is."""
        known = [one.level for one in findings if one.known]
        if known:
            return known[-1]
        return ACCEPTED if self.posted.conclusion is Conclusion.MET else None

    def _looks(self) -> dict[str, float | int | str | bool | None]:
        facts: dict[str, float | int | str | bool | None] = {}
        for level in self.levels:
            facts[f"{level.name}_seen"] = level.look.seen
            facts[f"{level.name}_looked_at"] = level.look.at
        if self.told:
            facts["operator_saw_it"] = self._said_yes
            facts["operator_answered_at"] = self.told.at
        return facts


def _said(findings: tuple[_Finding, ...]) -> list[str]:
    return [one.said if one.known else f"but {one.said}" for one in findings]
