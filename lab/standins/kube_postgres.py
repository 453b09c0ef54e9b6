"""PostgreSQL that answers in time or not at all: a server that is frozen or unplugged must not freeze its clients."""

import queue
import select
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg2  # type: ignore[import-untyped]  # Debian's, on the hosts only
from psycopg2 import extensions


class Away(Exception):
    """The database does not answer, or not as it should."""


class Database:
    """A few connections to one database, made when they are needed. Usable from any thread."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._idle: queue.LifoQueue[Any] = queue.LifoQueue()

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        """Give a cursor; what was done is committed at the end of the block. Raises `Away`."""
        try:
            connection = self._connection()
            try:
                with connection.cursor() as cursor:
                    yield cursor
                connection.commit()
            except BaseException:
                self._drop(connection)
                raise
        except (psycopg2.Error, OSError) as error:
            raise Away(" ".join(str(error).split()) or type(error).__name__) from error
        self._idle.put(connection)

    def ping(self) -> None:
        """Raise `Away` unless it answers."""
        with self.transaction() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchall()

    def _connection(self) -> Any:
        with suppress(queue.Empty):
            return self._idle.get_nowait()
        return psycopg2.connect(self._dsn)

    def _drop(self, connection: Any) -> None:
        """Forget it, and the idle ones: what broke this one broke them, too."""
        stale = [connection]
        with suppress(queue.Empty):
            while True:
                stale.append(self._idle.get_nowait())
        for one in stale:
            with suppress(psycopg2.Error):
                one.close()


LIMIT = 2.0
"""Seconds that one answer of any server may take. libpq itself would wait for ever for one that is frozen."""


def _wait(connection: Any) -> None:
    """Wait for the answer to what was just sent, but not longer than `LIMIT`."""
    end = time.monotonic() + LIMIT
    while (state := connection.poll()) != extensions.POLL_OK:
        descriptor = [connection.fileno()]
        readable = descriptor if state == extensions.POLL_READ else []
        writable = descriptor if state == extensions.POLL_WRITE else []
        if not any(select.select(readable, writable, [], max(0.0, end - time.monotonic()))):
            raise psycopg2.OperationalError(f"no answer within {LIMIT:g} s")


extensions.set_wait_callback(_wait)
