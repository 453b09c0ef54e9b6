"""Time as a dependency: what the program knows of it comes through here, so that tests and replays own it."""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Wall time (s since the epoch), monotonic time (s), and waiting."""

    def wall(self) -> float: ...
    def monotonic(self) -> float: ...
    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's own clocks."""

    def wall(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class FixedClock:
    """A clock that stands still: a replay is judged at the moment of its recording, and gives the same bytes twice."""

    def __init__(self, wall: float) -> None:
        self._wall = wall

    def wall(self) -> float:
        return self._wall

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        """Wait for time that does not pass: until cancelled, so that no deadline falls in a replay."""
        del seconds
        await asyncio.Event().wait()
