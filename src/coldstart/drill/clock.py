"""Time in a drill: a minute between two attempts takes a second, while what is asked takes the time that it takes."""

from coldstart.clock import Clock, SystemClock

FIRST = 5.0
"""Seconds into a scenario when its first attempt begins. What takes whole minutes, as most limits do, is then over, or
not yet, at every attempt for certain."""
MOST = 5.0
"""Seconds of a scenario that one attempt may take at most: what happens later in it belongs to the next attempt, on
however slow a machine the drill is held."""


class ScenarioTime:
    """Seconds since the start of a scenario. They pass as on every clock, and jump where nothing happens.

    It stands at `at` until `start`. `began`: the wall time of the scenario's start, s since 1970. `real`: the machine's
    clock.
    """

    def __init__(self, began: float, real: Clock | None = None, *, at: float = FIRST) -> None:
        self.began = began
        self._real = real or SystemClock()
        self._base, self._mark = at, self._real.monotonic()
        self._most: float | None = 0.0

    def start(self, *, most: float | None = MOST) -> None:
        """Let the time pass from now on; no more than `most` s of it until the next jump."""
        self._mark, self._most = self._real.monotonic(), most

    def now(self) -> float:
        passed = self._real.monotonic() - self._mark
        return self._base + (passed if self._most is None else min(passed, self._most))

    def jump(self, to: float) -> None:
        """Be at `to`; the time never goes back."""
        self._base, self._mark = max(to, self.now()), self._real.monotonic()

    @property
    def spent(self) -> float:
        """Seconds of real time since the last jump."""
        return self._real.monotonic() - self._mark


class Flowing:
    """The `Clock` of what is asked and answered: real seconds, on the scenario's dial."""

    def __init__(self, time: ScenarioTime) -> None:
        self._time = time
        self._real = SystemClock()

    def wall(self) -> float:
        return self._time.began + self._time.now()

    def monotonic(self) -> float:
        return self._time.now()

    async def sleep(self, seconds: float) -> None:
        await self._real.sleep(seconds)


class Hurrying(Flowing):
    """The `Clock` of the watch: what it waits for passes `speed` times as fast, the attempt before it included."""

    def __init__(self, time: ScenarioTime, speed: float) -> None:
        super().__init__(time)
        self._speed = speed

    async def sleep(self, seconds: float) -> None:
        started, spent = self._time.now(), self._time.spent
        attempt = min(spent, MOST)
        await self._real.sleep(max(0.0, (attempt + seconds) / self._speed - spent))
        self._time.jump(started + seconds)
