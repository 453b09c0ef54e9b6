"""Where a number goes from check to check: backlogs must not rise, or must fall (SOP 11, 12.1)."""

from collections.abc import Sequence
from itertools import pairwise

from coldstart.baseline.sustain import Trend, Way
from coldstart.samples import Sample
from coldstart.text import plural

APART = 30.0
"""Seconds between two samples that count as two checks: what is closer together shows noise, not a course."""


def judged(samples: Sequence[Sample], trend: Trend) -> tuple[bool | None, str]:
    """Say whether the measures of `samples` (oldest first) go the way that `trend` demands, and their course in words.

    A trend over N checks looks at the newest sample and at the N before it, at least `APART` seconds from one to the
    next, all on one boot. A sample without a measure says nothing. The less a measure the better, and 0 is the best
    that there is: a backlog that is empty has nothing to fall from.

    | way | True | False | None: too early |
    |---|---|---|---|
    | not rising | one of the last N steps did not rise, or the newest is 0 | all of the last N steps rose | else |
    | falling | the newest is below the one N steps before, or 0 | it is not | fewer than N + 1 samples |

    """
    course = _course(samples, trend.checks + 1)
    if not course:
        return None, f"seen 0 of {trend.checks + 1} times"
    told = " → ".join(_told(value) for value in course)
    whole = len(course) > trend.checks
    if course[-1] <= 0:
        return True, told
    if trend.way is Way.NOT_RISING:
        rises = [new > old for old, new in pairwise(course)]
        verdict = True if not all(rises) else False if whole else None
    else:
        verdict = course[-1] < course[0] if whole else None
    if verdict is None:
        return None, f"seen {len(course)} of {plural(trend.checks + 1, 'time')}: {told}"
    return verdict, told


def _course(samples: Sequence[Sample], most: int) -> list[float]:
    """The last measures that count, oldest first."""
    newest: Sample | None = None
    last: Sample | None = None
    found: list[float] = []
    for sample in reversed(samples):
        if newest is not None and last is not None:
            if sample.boot != newest.boot or sample.at > last.at:
                break  # of another boot, or of a clock that was set since: not of this course
            if last.at - sample.at < APART:
                continue
        if sample.measure is not None:
            newest, last = newest or sample, sample
            found.append(sample.measure)
        if len(found) == most:
            break
    return found[::-1]


def _told(value: float) -> str:
    return f"{value:.6g}"
