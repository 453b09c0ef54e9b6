"""The reads of a run: each asked once, under limits per place, cut off together when the run must end."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from coldstart.clock import Clock
from coldstart.engine.judging import ask
from coldstart.observer import Observer
from coldstart.reads import OPERATOR, Read
from coldstart.reason import Reason
from coldstart.replies import NoReply, Reply
from coldstart.transport.base import Transport


@dataclass(frozen=True)
class Limits:
    """How much may be asked at once. Time allowed for a read starts only when it has its turn (performance.md)."""

    channels: int = 4
    """Reads in flight on one host: sshd's MaxSessions is 10, refusals begin above 5."""
    hosts: int = 48
    """Hosts with reads in flight: more, and logins starve each other into false time-outs."""
    operator: int = 32
    """Reads in flight from this machine itself."""
    grace: float = 20.0
    """Seconds past a read's own limit (for connect and login, each bounded by the transport) before it is given up."""


class ReadPool:
    """Performs each distinct read at most once a run. Not thread-safe; lives in one event loop."""

    def __init__(self, transport: Transport, clock: Clock, observer: Observer, limits: Limits) -> None:
        self._transport, self._clock, self._observer, self._limits = transport, clock, observer, limits
        self._asked: dict[Read, _Asked] = {}
        self._turns: dict[str, asyncio.Semaphore] = {}
        self._busy: Counter[str] = Counter()
        self._host_slots = asyncio.Semaphore(limits.hosts)
        self._slot_of: dict[str, asyncio.Task[bool]] = {}
        self._cut: NoReply | None = None
        self.ended = asyncio.Event()
        """Set when the run is being ended: for what waits without asking anything here."""

    def ask(self, read: Read) -> "_Asked":
        """Have `read` asked, once; the same read gives the same object again."""
        if read not in self._asked:
            asked = self._asked[read] = _Asked()
            asked.task = asyncio.create_task(self._perform(read, asked.begun))
        return self._asked[read]

    @property
    def replies(self) -> dict[Read, Reply]:
        """Every reply that has come so far."""
        return {
            read: asked.task.result()
            for read, asked in self._asked.items()
            if asked.task.done() and not asked.task.cancelled()
        }

    @property
    def places(self) -> tuple[str, ...]:
        """Every host of which something was asked."""
        return tuple(dict.fromkeys(read.place for read in self._asked if read.place != OPERATOR))

    @property
    def is_cut(self) -> bool:
        """Whether the run is being ended."""
        return self._cut is not None

    @property
    def interrupted(self) -> bool:
        """Whether the operator ended the run, now; what a replay says of another run does not count."""
        return self._cut is not None and self._cut.reason is Reason.INTERRUPTED

    def cut(self, reason: Reason, detail: str) -> None:
        """End the run: whatever is unfinished, and whatever is asked from now on, is not observed for this reason."""
        now = self._clock.wall()
        self._cut = self._cut or NoReply(started=now, ended=now, reason=reason, detail=detail)
        self.ended.set()
        for asked in self._asked.values():
            asked.task.cancel()

    async def drain(self) -> None:
        """End what no check waits for any more."""
        tasks = [asked.task for asked in self._asked.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _perform(self, read: Read, begun: asyncio.Event) -> Reply:
        try:
            if self._cut:
                return self._cut
            async with self._turn(read.place):
                begun.set()
                self._observer.read_started(read)
                reply = await self._bounded(read)
        except asyncio.CancelledError:
            if self._cut is None:
                raise
            reply = self._cut
        finally:
            begun.set()
        self._observer.read_done(read, reply)
        return reply

    async def _bounded(self, read: Read) -> Reply:
        started = self._clock.wall()
        limit = read.timeout + self._limits.grace
        try:
            async with asyncio.timeout(limit):
                return await ask(self._transport, read, self._clock)
        except TimeoutError:
            return NoReply(
                started=started,
                ended=self._clock.wall(),
                reason=Reason.DEADLINE,
                detail=f"no end after {limit:.0f} s, past every limit of the transport",
            )

    @asynccontextmanager
    async def _turn(self, place: str) -> AsyncIterator[None]:
        """Wait for a turn at a place: one of its channels, and for a host one of the slots over all hosts."""
        size = self._limits.operator if place == OPERATOR else self._limits.channels
        async with self._turns.setdefault(place, asyncio.Semaphore(size)):
            if place == OPERATOR:
                yield
                return
            self._busy[place] += 1
            if place not in self._slot_of:
                self._slot_of[place] = asyncio.create_task(self._host_slots.acquire())
            try:
                await asyncio.shield(self._slot_of[place])
                yield
            finally:
                self._busy[place] -= 1
                if not self._busy[place]:
                    slot = self._slot_of.pop(place)
                    if slot.done() or not slot.cancel():
                        self._host_slots.release()


class _Asked:
    """A read under way: `begun` when it has its turn, `task` for its reply."""

    task: "asyncio.Task[Reply]"

    def __init__(self) -> None:
        self.begun = asyncio.Event()


async def first_begun(asked: Iterable[_Asked]) -> None:
    """Return when any of them has its turn."""
    waiters = [asyncio.create_task(one.begun.wait()) for one in asked]
    try:
        await asyncio.wait(waiters, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for waiter in waiters:
            waiter.cancel()
