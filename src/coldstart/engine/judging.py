"""The one place where exceptions become reasons: around a read, and around a judgement (examples.md, rule 7)."""

import math
import traceback

from coldstart.clock import Clock
from coldstart.engine.course import Extra
from coldstart.engine.over_time import Moment, judge
from coldstart.errors import ReadError
from coldstart.outcome import Conclusion, Outcome
from coldstart.probes.base import Probe, Replies
from coldstart.reads import Read
from coldstart.reason import Reason
from coldstart.replies import NoReply, Reply
from coldstart.text import visible
from coldstart.transport.base import Transport


async def ask(transport: Transport, read: Read, clock: Clock) -> Reply:
    """Perform a read; whatever goes wrong is a `NoReply` that says so. Only cancellation propagates."""
    started = clock.wall()
    try:
        return await transport.perform(read)
    except ReadError as error:
        reason, detail, evidence = error.reason, error.detail, error.evidence
    except Exception as error:  # noqa: BLE001 - a bug in a transport must not take the other checks with it
        reason, detail, evidence = Reason.INTERNAL, f"{type(error).__name__}: {error}", traceback.format_exc()
    return NoReply(
        started=started, ended=clock.wall(), reason=reason, detail=visible(detail), evidence=visible(evidence)
    )


def conclude(probe: Probe, replies: Replies) -> Outcome:
    """Judge; what a probe could not observe, and a bug in a probe, become outcomes of their own (faults.md 50)."""
    outcome = _judged(probe, replies)
    number = outcome.facts.get(probe.measure) if probe.measure else None
    if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
        return outcome
    return outcome.model_copy(update={"measure": float(number)})


def over_time(outcome: Outcome, extra: Extra, replies: Replies, moment: Moment) -> Outcome:
    """Judge what the check must have been before; a bug in that is no pass either."""
    try:
        return judge(outcome, extra, replies, moment)
    except Exception as error:  # noqa: BLE001 - as below
        said = f"{type(error).__name__}: {error}"
        return Outcome.unobserved(Reason.INTERNAL, said, evidence=(traceback.format_exc(),))


def _judged(probe: Probe, replies: Replies) -> Outcome:
    try:
        outcome = probe.judge(replies)
    except ReadError as error:
        evidence = (error.evidence,) if error.evidence else ()
        if error.reason.observed:
            return Outcome.unmet(error.reason, error.detail or error.reason.says, evidence=evidence)
        return Outcome.unobserved(error.reason, error.detail, evidence=evidence)
    except Exception as error:  # noqa: BLE001 - as above
        return Outcome.unobserved(
            Reason.INTERNAL, f"{type(error).__name__}: {error}", evidence=(traceback.format_exc(),)
        )
    cautions = tuple(text for reply in replies.by_read.values() for text in reply.cautions)
    if cautions and outcome.conclusion is Conclusion.MET:
        return outcome.model_copy(
            update={
                "conclusion": Conclusion.CAUTION,
                "reason": Reason.FALLBACK_ADDRESS,
                "observed": f"{outcome.observed}; {'; '.join(sorted(set(cautions)))}",
            }
        )
    return outcome
