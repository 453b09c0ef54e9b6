"""`coldstart watch` (SOP 13.2): the same check again and again, each from nothing, until GREEN or the last attempt."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from coldstart.attempt import Attempt, changes
from coldstart.clock import Clock
from coldstart.engine.flaps import Flaps
from coldstart.engine.runner import Finished
from coldstart.outcome import Report, Result
from coldstart.reads import Read
from coldstart.replies import Reply

Run = Callable[[Mapping[Read, Reply]], Awaitable[Finished]]
"""One whole check; it is given the replies of the attempt before, for counters that must not rise."""


@dataclass(frozen=True)
class Schedule:
    """An attempt every `interval` seconds, counted from the first one's start, `attempts` of them at most."""

    interval: float
    attempts: int


@dataclass(frozen=True, repr=False)
class Ended:
    """How a watch ended: the last attempt's report, and whether somebody interrupted it."""

    report: Report
    interrupted: bool


async def watch(
    run: Run, clock: Clock, schedule: Schedule, *, stop: asyncio.Event, tell: Callable[[Attempt], None]
) -> Ended:
    """Attempt until GREEN, until the attempts are used up, or until `stop` is set; `tell` hears of each.

    An attempt that takes longer than the interval is not overlapped: the next one begins at the next moment of the
    schedule that is still to come. Nothing is carried over but restart counters and which checks flapped.
    """
    flaps = Flaps()
    began = clock.monotonic()
    before: Report | None = None
    replies: Mapping[Read, Reply] = {}
    number = 0
    while True:
        number += 1
        finished = await run(replies)
        report, replies = flaps.mark(finished.report), finished.replies
        last = report.result is Result.GREEN or number >= schedule.attempts or stop.is_set()
        wait = None if last else _until_next(began, clock.monotonic(), schedule.interval)
        tell(Attempt(number, schedule.attempts, report, changes(before, report), wait))
        before = report
        if wait is None or await _stopped_within(wait, clock, stop):
            return Ended(report, interrupted=stop.is_set())


def _until_next(began: float, now: float, interval: float) -> float:
    """Seconds until the next moment of the schedule: no drift, however long an attempt took."""
    return interval - (now - began) % interval


async def _stopped_within(seconds: float, clock: Clock, stop: asyncio.Event) -> bool:
    """Wait, at most so long, for somebody to stop the watch."""
    waiting = {asyncio.create_task(clock.sleep(seconds)), asyncio.create_task(stop.wait())}
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    return stop.is_set()
