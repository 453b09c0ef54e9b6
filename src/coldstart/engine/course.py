"""What is asked about the past of a check, beside what its probe asks: when its host booted, and Prometheus' record."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from coldstart.baseline.model import Baseline, Check
from coldstart.baseline.runbook import Condition
from coldstart.baseline.sustain import Sustain
from coldstart.engine.sustained import default_gap
from coldstart.errors import NoEvidence, Unparsable
from coldstart.outcome import Point
from coldstart.probes.base import Replies, Target
from coldstart.probes.prometheus_range import SHORTEST
from coldstart.reads import OPERATOR, Command, HttpGet, Read

_UPTIME = re.compile(r"(\d+\.\d\d) \d+\.\d\d\n")
_STEP, _TREND_STEP = 30.0, 300.0
_SLACK = 60.0
"""Seconds: between the moment that is asked for and the sample before it lies one scrape."""


@dataclass(frozen=True)
class Extra:
    """The reads about the past of one check. `record` None: nobody has it on record, or may be asked for it."""

    sustain: Sustain
    uptime: Command
    record: HttpGet | None
    step: float
    """Seconds between two points of the record."""
    left_out: str = ""
    """Why the record is not asked for although the baseline names one."""

    @property
    def reads(self) -> tuple[Read, ...]:
        return (self.uptime, self.record) if self.record else (self.uptime,)

    def points(self, replies: Replies) -> tuple[Point, ...]:
        """Return what is on record since the host booted, oldest first. Raises a `ReadError` where there is nothing."""
        if self.sustain.range is None or self.record is None:
            raise NoEvidence(self.left_out)
        answer = replies.http(self.record)
        reply = replies.command(self.uptime)
        match = _UPTIME.fullmatch(reply.expect_exit().text)
        if not match:
            raise Unparsable("/proc/uptime is not in the kernel's format, so nobody knows when the host booted")
        return self.sustain.range.points(answer, booted=reply.ended - float(match[1]), step=self.step)


def conditions_by_check(baseline: Baseline) -> Mapping[str, tuple[Condition, ...]]:
    """By the reference of a check: the conditions of releases that need to know of its past."""
    found: dict[str, tuple[Condition, ...]] = {}
    for release in baseline.releases.values():
        for condition in release.conditions:
            if condition.hold_for or condition.trend:
                for reference in condition.checks:
                    found[reference] = (*found.get(reference, ()), condition)
    return found


def extra(check: Check, target: Target, conditions: Iterable[Condition], hosts: Iterable[str] = ()) -> Extra | None:
    """Return what is to be asked about the past of a check on its one host; None: it is judged by what is seen now.

    The window is long enough for the check's own demands, and for those of the `conditions` that refer to it. `hosts`:
    those that the operator narrowed the run to, empty for all: no other host is asked for the record.
    """
    sustain = check.sustain
    if sustain is None:
        return None
    uptime = Command(host=target.host.name, argv=("cat", "/proc/uptime"), timeout=target.timeout)
    if sustain.range is None:
        return Extra(sustain, uptime, None, _STEP)
    conditions = tuple(conditions)
    holds = [hold for hold in (sustain.hold_for, *(condition.hold_for for condition in conditions)) if hold]
    spans = [hold + (sustain.gap or default_gap(hold)) for hold in holds]
    trends = [trend for trend in (sustain.trend, *(condition.trend for condition in conditions)) if trend]
    step = sustain.range.step or (_TREND_STEP if trends and not spans else _STEP)
    windows = [span + 2 * step for span in spans]
    windows += [trend.checks * (step + _SLACK) + step for trend in trends]
    record = sustain.range.read(target.host, max(SHORTEST, *windows, 0.0), step, timeout=target.timeout)
    narrowed = tuple(hosts)
    if narrowed and record.place not in (OPERATOR, *narrowed):
        return Extra(sustain, uptime, None, step, left_out=f"left out by --host {' --host '.join(narrowed)}")
    return Extra(sustain, uptime, record, step)
