"""How long something has been good without a break: from Prometheus' record, else from the samples of earlier runs.

A single good look proves little after a cold start: the SOP wants the load below its limit for 15 minutes before it
releases crawlers and runners (5.3, 11, 12.2). Nothing but samples counts as seen: the time between two of them that
are further apart than the gap counts for nothing, and neither does anything from before the host's boot.
"""

from collections.abc import Sequence
from itertools import pairwise

from coldstart.outcome import CheckResult, Outcome
from coldstart.samples import Past, Sample, is_good

_SMALLEST_GAP = 90.0
_GAP_SHARE = 5


def default_gap(hold_for: float) -> float:
    """Longest time in s between two samples that still counts as seen: a fifth of `hold_for` (s), at least 90 s.

    A watch that looks every minute may so miss one look, and a monitor that looks every ten minutes cannot say that
    anything held for fifteen.
    """
    return max(hold_for / _GAP_SHARE, _SMALLEST_GAP)


def held(samples: Sequence[Sample], *, gap: float) -> float:
    """Return for how many s the newest of `samples` (oldest first) has been good without a break; 0 when it is not.

    A bad sample, two samples more than `gap` s apart, another boot, and a clock that went back each break it.
    """
    if not samples or not samples[-1].good:
        return 0.0
    since = samples[-1].at
    for earlier, later in pairwise(reversed(samples)):
        later, earlier = earlier, later  # noqa: PLW2901 - pairwise walks back in time here
        if not earlier.good or earlier.boot != later.boot or not 0 <= later.at - earlier.at <= gap:
            break
        since = earlier.at
    return samples[-1].at - since


def series(result: CheckResult, past: Past, *, at: float, boot: str | None) -> tuple[Sample, ...]:
    """Return the samples of a check on its host's boot `boot`, oldest first, and as the last this run (`at`, wall s).

    A check that was not asked has none. They are Prometheus' where the outcome has a course, else those of earlier
    runs in `past` that saw the same boot; where the boot is not known (None), nothing before this run counts. The last
    sample of a course has no measure: the number that the probe saw need not be the one that is on record.
    """
    if result.outcome is None:
        return ()
    return samples_of(result.key, result.outcome, past, at=at, boot=boot, good=is_good(result))


def samples_of(
    key: str, outcome: Outcome, past: Past, *, at: float, boot: str | None, good: bool
) -> tuple[Sample, ...]:
    """As `series`, for an outcome that has no result yet; `key`: of its check, `good`: whether it counts as held.

    A sample from after `at` was taken by a clock that was set back since; nobody can tell what came before it.
    """
    if outcome.course:
        seen = tuple(Sample(at=one.at, good=one.good, boot=boot, measure=one.measure) for one in outcome.course)
        return (*seen, Sample(at=max(at, seen[-1].at), good=good, boot=boot))
    mine = past.get(key, ()) if boot is not None else ()
    earlier = tuple(one for one in mine if one.boot == boot and one.at <= at)
    return (*earlier, Sample(at=at, good=good, boot=boot, measure=outcome.measure))


def brief(seconds: float) -> str:
    """Return a held time as it stands in ``11m of 15m``: whole units that have passed, never rounded up."""
    whole = max(0, int(seconds))
    minutes = whole // 60
    if (minutes < 2 and whole % 60) or not minutes:  # noqa: PLR2004 - below two minutes, seconds matter
        return f"{whole}s"
    hours, minutes = minutes // 60, minutes % 60
    return (f"{hours}h" if hours else "") + (f"{minutes}m" if minutes or not hours else "")
