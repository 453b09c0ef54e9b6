"""`coldstart watch` (SOP 13.2): the same check again and again, each from nothing, until GREEN or the last attempt."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from coldstart.attempt import Attempt, Change, Ending, Outlook, changes
from coldstart.clock import Clock
from coldstart.engine import reduce
from coldstart.engine.flaps import Flaps
from coldstart.engine.outlook import STUCK_AFTER, Outlooks
from coldstart.engine.remembered import Remembered
from coldstart.engine.runner import Finished
from coldstart.outcome import GateResult, Report, Result
from coldstart.reads import Read
from coldstart.replies import Reply
from coldstart.text import span

Run = Callable[[Mapping[Read, Reply]], Awaitable[Finished]]
"""One whole check; it is given the replies of the attempt before, for counters that must not rise."""

GAP = 5.0
"""Seconds by which the wall clock may run ahead of, or behind, the monotonic one in an attempt: more, and this machine
slept or was set (faults.md 48). Ages, restart counters and time-outs of such an attempt mean nothing."""
DISCARDS = 10
"""Attempts that may be discarded in one watch; after that the clock of this machine is not fit to judge by."""


@dataclass(frozen=True)
class Schedule:
    """An attempt every `interval` seconds, counted from the first one's start, `attempts` of them at most."""

    interval: float
    attempts: int
    stable: int = 1
    """Attempts in a row that must be GREEN."""
    stuck_after: int = STUCK_AFTER
    """Attempts without any change after which a check counts as stuck."""
    stop_when_hopeless: bool = False
    """End as soon as what is left needs a human."""


@dataclass(frozen=True, repr=False)
class Ended:
    """How a watch ended: the report of the last attempt that was judged, and why there is no other after it."""

    report: Report
    ending: Ending
    settle: Callable[[Sequence[GateResult]], Report]
    """The report of changed gates of that attempt: what was said afterwards counts, and GREEN must still have held."""

    @property
    def interrupted(self) -> bool:
        return self.ending is Ending.INTERRUPTED


@dataclass(frozen=True)
class _Moment:
    """Both clocks at once: only together do they tell whether this machine ran all the time."""

    wall: float
    monotonic: float

    @classmethod
    def of(cls, clock: Clock) -> "_Moment":
        return cls(clock.wall(), clock.monotonic())

    def gap(self, later: "_Moment") -> float:
        """Seconds that passed on the wall and not in this machine; 0 where it is within what clocks differ by."""
        gap = (later.wall - self.wall) - (later.monotonic - self.monotonic)
        return gap if abs(gap) > GAP else 0.0


async def watch(
    run: Run, clock: Clock, schedule: Schedule, *, stop: asyncio.Event, tell: Callable[[Attempt], None]
) -> Ended:
    """Attempt until GREEN has held, until the attempts are used up, or until `stop` is set; `tell` hears of each.

    An attempt that takes longer than the interval is not overlapped: the next one begins at the next moment of the
    schedule that is still to come. Nothing is carried over but restart counters, which checks flapped, and how many
    attempts in a row were GREEN; a host that reboots voids the last two.
    """
    return await _Watch(run, clock, schedule, stop, tell).attempts()


class _Watch:
    def __init__(
        self, run: Run, clock: Clock, schedule: Schedule, stop: asyncio.Event, tell: Callable[[Attempt], None]
    ) -> None:
        self._run, self._clock, self._schedule, self._stop, self._tell = run, clock, schedule, stop, tell
        self._flaps = Flaps(schedule.stable)
        self._outlooks = Outlooks(schedule.stuck_after)
        self._remembered = Remembered()
        self._before: Report | None = None
        self._settle: Callable[[Sequence[GateResult]], Report] | None = None
        self._replies: Mapping[Read, Reply] = {}
        self._streak = 0
        self._number = 0
        self._discards = 0

    async def attempts(self) -> Ended:
        began = self._clock.monotonic()
        last = _Moment.of(self._clock)
        while True:
            started = _Moment.of(self._clock)
            finished = await self._run(self._replies)
            ended = _Moment.of(self._clock)
            if (jump := started.gap(ended)) and not self._stop.is_set():
                attempt = self._discarded(finished.report, jump)
            else:
                attempt = self._judged(finished, gap=last.gap(started))
            wait = 0.0 if attempt.discarded else self._until_next(began)
            self._tell(attempt if attempt.ending else _with_wait(attempt, wait))
            if attempt.ending:
                return Ended(attempt.report, attempt.ending, self._settle or finished.with_gates)
            last = ended
            if await self._stopped_within(wait):
                last_judged = attempt.report if self._before is None else self._before
                return Ended(last_judged, Ending.INTERRUPTED, self._settle or finished.with_gates)

    def _discarded(self, report: Report, jump: float) -> Attempt:
        """An attempt in which this machine slept: it counts for nothing, and is made again at once."""
        self._discards += 1
        self._streak = 0
        way = "slept, or its clock was set forward," if jump > 0 else "had its clock set back"
        why = f"discarded: this machine {way} by {span(abs(jump))} in the middle of it"
        if self._discards < DISCARDS:
            return self._told(report, changed=(), discarded=why)
        return self._told(reduce.unjudged(self._before or report, why), changed=(), discarded=why, ending=Ending.CLOCK)

    def _judged(self, finished: Finished, *, gap: float) -> Attempt:
        self._number += 1
        self._replies = finished.replies
        changed = changes(self._before, finished.report)
        rebooted = [change.check.removeprefix("host ") for change in changed if change.check.startswith("host ")]
        self._flaps.forget(rebooted)
        report = self._flaps.mark(finished)
        if report is not finished.report:
            changed = changes(self._before, report)
        if gap or rebooted or report.result is not Result.GREEN:
            self._streak = 0
        self._streak += report.result is Result.GREEN
        report = self._held(report)
        self._settle = lambda gates: self._held(finished.with_gates(gates))
        self._before = report
        self._remembered.add(self._number, report)
        outlooks = self._outlooks.of(report)
        ending = self._ending(report)
        return self._told(report, changed=changed, outlooks=outlooks, gap=gap, ending=ending)

    def _held(self, report: Report) -> Report:
        """GREEN is none, and releases nothing, before it has held for as many attempts as it must."""
        if report.result is Result.GREEN and self._streak < self._schedule.stable:
            return reduce.not_held(report, self._streak, self._schedule.stable)
        return report

    def _ending(self, report: Report) -> Ending | None:
        schedule = self._schedule
        if self._stop.is_set():
            return Ending.INTERRUPTED
        if report.result is Result.GREEN:
            return Ending.GREEN
        if schedule.stop_when_hopeless and self._outlooks.hopeless:
            return Ending.HOPELESS
        return Ending.USED_UP if self._number >= schedule.attempts else None

    def _told(
        self,
        report: Report,
        *,
        changed: tuple[Change, ...],
        outlooks: Mapping[str, Outlook] | None = None,
        discarded: str = "",
        gap: float = 0.0,
        ending: Ending | None = None,
    ) -> Attempt:
        return Attempt(
            number=self._number + bool(discarded),
            of=self._schedule.attempts,
            report=report,
            changes=changed,
            next_in=None,
            outlooks=outlooks or {},
            since=self._remembered.since,
            streak=self._streak,
            stable=self._schedule.stable,
            discarded=discarded,
            gap=gap,
            ending=ending,
            last_errors=self._remembered.last_errors(report) if ending else (),
        )

    def _until_next(self, began: float) -> float:
        """Seconds until the next moment of the schedule: no drift, however long an attempt took."""
        interval = self._schedule.interval
        return interval - (self._clock.monotonic() - began) % interval

    async def _stopped_within(self, seconds: float) -> bool:
        """Wait, at most so long, for somebody to stop the watch."""
        waiting = {asyncio.create_task(self._clock.sleep(seconds)), asyncio.create_task(self._stop.wait())}
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
        return self._stop.is_set()


def _with_wait(attempt: Attempt, seconds: float) -> Attempt:
    return replace(attempt, next_in=seconds)
