"""What the reads of a run share: one login a route, and the channels of one connection."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from coldstart import errors

K = TypeVar("K", bound=Hashable)
C = TypeVar("C")


class Once(Generic[K, C]):
    """Does each thing once, for whoever needs it first; the others wait for the same, and a failure is remembered.

    A waiter that is cancelled does not take the work from the others. An authentication is therefore tried once a run,
    however many reads need it (sshd penalises the source otherwise).
    """

    def __init__(self) -> None:
        self._tasks: dict[K, asyncio.Task[C]] = {}

    async def get(self, key: K, make: Callable[[], Awaitable[C]]) -> C:
        """Return what `make` returned for `key`, or raise what it raised, without another attempt."""
        task = self._tasks.get(key)
        if task is None:
            task = asyncio.ensure_future(_awaited(make))
            task.add_done_callback(_seen)
            self._tasks[key] = task
        try:
            return await asyncio.shield(task)
        except errors.ReadError as error:
            # A copy for each reader: one exception object raised many times would grow a common traceback.
            raise type(error)(error.detail, evidence=error.evidence, reason=error.reason) from error
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if task.cancelled() and not (current and current.cancelling()):
                raise errors.Interrupted("the run was ended while the connection was being made") from None
            raise

    def done(self) -> tuple[C, ...]:
        """Everything that was made."""
        return tuple(
            task.result()
            for task in self._tasks.values()
            if task.done() and not task.cancelled() and task.exception() is None
        )

    async def cancel(self, wait: float) -> None:
        """Stop what is being made, waiting at most `wait` s for it to stop."""
        pending = [task for task in self._tasks.values() if not task.done()]
        for task in pending:
            task.cancel()
        if pending:
            await asyncio.wait(pending, timeout=wait)


async def _awaited(make: Callable[[], Awaitable[C]]) -> C:
    return await make()


def _seen(task: asyncio.Task[C]) -> None:
    """Take note of a failure that nobody waits for any more, so that asyncio does not call it lost."""
    if not task.cancelled():
        task.exception()


class Slots:
    """At most `limit` at once; learns a lower limit from a server that refuses."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._active = 0
        self._freed = asyncio.Event()

    @contextlib.asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Hold one slot."""
        while self._active >= self._limit:
            self._freed.clear()
            await self._freed.wait()
        self._active += 1
        try:
            yield
        finally:
            self._active -= 1
            self._freed.set()

    def refused(self) -> bool:
        """The holder of a slot was refused by the server. Say whether that was because of the others.

        Then the limit becomes what the server did allow, and the next try waits until one of them is done.
        """
        others = self._active - 1
        if others:
            self._limit = min(self._limit, others)
        return bool(others)
