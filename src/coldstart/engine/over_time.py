"""Judges what a check must have been before, once its probe has said what it is now (SOP 5.3, 11, 12.1)."""

from dataclasses import dataclass

from coldstart.baseline.sustain import Trend, Way
from coldstart.engine import trends
from coldstart.engine.course import Extra
from coldstart.engine.sustained import brief, default_gap, held, samples_of
from coldstart.errors import ReadError
from coldstart.outcome import Conclusion, Outcome
from coldstart.probes.base import Replies
from coldstart.reason import Reason
from coldstart.samples import Past, Sample
from coldstart.text import one_line

_LONGEST = 160


@dataclass(frozen=True)
class Moment:
    """When and on which boot a check is judged, and what is known of it from before."""

    key: str
    """Of the check: ``GATE/check@host``."""
    at: float
    """s since the epoch, when the run began."""
    boot: str | None
    """Boot id of its host now; None: it could not be read, and nothing before this run counts."""
    past: Past


def judge(outcome: Outcome, extra: Extra, replies: Replies, moment: Moment) -> Outcome:
    """Return what `outcome` is once the past counts: the course is added, and a good one may not be good enough.

    What is not met, and what is a caution, stays what it is. Where the record cannot be had, the samples of earlier
    runs on the same boot take its place, and the outcome says so.
    """
    sustain = extra.sustain
    told = ""
    if sustain.range is not None:
        try:
            outcome = outcome.model_copy(update={"course": extra.points(replies)})
        except ReadError as error:
            told = one_line(f"Prometheus: {error.detail or error.reason.says}", _LONGEST)
            more = (told, error.evidence) if error.evidence else (told,)
            outcome = outcome.model_copy(update={"evidence": (*outcome.evidence, *more)})
    demands = [f"for {brief(sustain.hold_for)} without a break"] if sustain.hold_for else []
    demands += [str(sustain.trend)] if sustain.trend else []
    outcome = outcome.model_copy(update={"expected": ", ".join(filter(None, (outcome.expected, *demands)))})
    if outcome.conclusion is not Conclusion.MET or not demands:
        return outcome
    samples = samples_of(moment.key, outcome, moment.past, at=moment.at, boot=moment.boot, good=True)
    source = "from Prometheus" if outcome.course else f"from the runs on this boot{'; ' if told else ''}{told}"
    steps = [_trend(samples, sustain.trend)] if sustain.trend else []
    steps += [_hold(samples, sustain.hold_for, sustain.gap)] if sustain.hold_for else []
    return _joined(outcome, steps, source)


def _hold(samples: tuple[Sample, ...], hold_for: float, gap: float | None) -> Outcome:
    time = held(samples, gap=gap or default_gap(hold_for))
    facts = {"held_seconds": round(time, 3), "held_of": hold_for}
    if time < hold_for:
        said = f"good for {brief(time)} of {brief(hold_for)}"
        return Outcome.unmet(Reason.NOT_LONG_ENOUGH, said, facts=facts)
    return Outcome.met(f"good for {brief(time)}, {brief(hold_for)} is enough", facts=facts)


def _trend(samples: tuple[Sample, ...], trend: Trend) -> Outcome:
    good, course = trends.judged(samples, trend)
    if good:
        return Outcome.met(course)
    if good is None:
        return Outcome.unobserved(Reason.TOO_EARLY, course)
    return Outcome.unmet(Reason.RISING if trend.way is Way.NOT_RISING else Reason.NOT_FALLING, course)


def _joined(outcome: Outcome, steps: list[Outcome], source: str) -> Outcome:
    """The worst of the steps, with the words of all of them."""
    order = (Conclusion.UNMET, Conclusion.UNOBSERVED, Conclusion.MET)
    worst = min(steps, key=lambda step: order.index(step.conclusion))
    said = "; ".join((outcome.observed, *(step.observed for step in steps)))
    facts = {name: fact for step in steps for name, fact in step.facts.items()}
    return outcome.model_copy(
        update={
            "conclusion": worst.conclusion,
            "reason": worst.reason,
            "observed": f"{said} ({source})",
            "facts": {**outcome.facts, **facts, "past_from": "prometheus" if outcome.course else "runs"},
        }
    )
