"""What was expected, said also where it could not be observed."""

from collections.abc import Callable

from coldstart.errors import ReadError
from coldstart.outcome import Outcome


def stating(expected: str, judge: Callable[[], Outcome]) -> Outcome:
    """What `judge` concludes; a `ReadError` of it becomes the outcome that the engine would make, with `expected`."""
    try:
        return judge()
    except ReadError as error:
        evidence = (error.evidence,) if error.evidence else ()
        said = error.detail or error.reason.says
        conclude = Outcome.unmet if error.reason.observed else Outcome.unobserved
        return conclude(error.reason, said, expected=expected, evidence=evidence)
