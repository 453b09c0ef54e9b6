"""A TCP connection that a host opens for us (RFC 4254, section 7.2), as plain bytes."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from coldstart import errors

_HIGH_WATER = 1 << 18
"""Bytes that may wait here for their reader before the peer is told to pause."""


class Carrier(Protocol):
    """The SSH channel under a tunnel."""

    def write(self, data: bytes) -> None: ...
    def write_eof(self) -> None: ...
    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...
    def abort(self) -> None: ...


class Tunnel:
    """The bytes of one tunnelled connection, both ways, with back pressure both ways. A `ByteStream`."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._buffer = bytearray()
        self._readable = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._carrier: Carrier | None = None
        self._paused = False
        self._eof = False
        self._lost: str | None = None

    async def read(self, max_bytes: int) -> bytes:
        """Wait for at least one byte; ``b""`` once the peer has sent its last. Raises `ConnectionLost`."""
        while not self._buffer and not self._eof and self._lost is None:
            self._readable.clear()
            await self._readable.wait()
        data = bytes(self._buffer[:max_bytes])
        del self._buffer[:max_bytes]
        if self._paused and self._carrier and len(self._buffer) <= _HIGH_WATER // 2:
            self._paused = False
            self._carrier.resume_reading()
        if not data and not self._eof:
            raise errors.ConnectionLost(f"{self._what}: {self._lost}")
        return data

    async def write(self, data: bytes) -> None:
        """Send all of `data`. Raises `ConnectionLost`."""
        await self._writable.wait()
        if self._lost is not None or self._carrier is None:
            raise errors.ConnectionLost(f"{self._what}: {self._lost}")
        self._carrier.write(data)
        await self._writable.wait()

    def write_eof(self) -> None:
        """Say that nothing more will be sent."""
        if self._carrier and self._lost is None:
            self._carrier.write_eof()

    async def close(self) -> None:
        """Let go of the connection at once; a second call does nothing."""
        carrier, self._carrier = self._carrier, None
        self.lose("closed here")
        if carrier:
            carrier.abort()

    # ----------------------------------------------------------------------------------------- what the channel reports

    def carried_by(self, carrier: Carrier) -> None:
        self._carrier = carrier

    def feed(self, data: bytes) -> None:
        self._buffer += data
        self._readable.set()
        if len(self._buffer) > _HIGH_WATER and self._carrier and not self._paused:
            self._paused = True
            self._carrier.pause_reading()

    def end(self) -> None:
        self._eof = True
        self._readable.set()

    def lose(self, why: str) -> None:
        self._lost = self._lost or why
        self._readable.set()
        self._writable.set()

    def writable(self, yes: bool) -> None:
        change: Callable[[], None] = self._writable.set if yes or self._lost is not None else self._writable.clear
        change()
