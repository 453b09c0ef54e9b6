"""The one door to the world."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from coldstart.reads import Read
from coldstart.replies import Reply


@dataclass(frozen=True)
class Endpoint:
    """Where and as whom a host is reached; `user` and `port` None: as ~/.ssh/config says, else our own name and 22."""

    name: str
    address: str
    user: str | None = None
    port: int | None = None
    local: bool = False
    """True: the host is this machine, commands are executed here and not by SSH."""


def shown(address: str, port: int) -> str:
    """``192.0.2.1:22``, ``[2001:db8::1]:22`` (RFC 3986, section 3.2.2)."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


class Transport(Protocol):
    """Performs reads. Every failure is a `ReadError` leaf; a reply that is returned is complete."""

    async def perform(self, read: Read) -> Reply:
        """Ask, and return the complete reply. Raises `ReadError`; cancellation propagates."""
        ...

    async def close(self) -> None:
        """Let go of every connection, bounded in time."""
        ...


class ByteStream(Protocol):
    """A connection as bytes: what a tunnel through a host gives, and what HTTP and TLS run over.

    Its errors are `ReadError` leaves (`ConnectionLost` when the peer or the carrier is gone); cancellation propagates.
    """

    async def read(self, max_bytes: int) -> bytes:
        """Wait for at least one byte, and return at most `max_bytes`; ``b""`` when the peer sends no more."""
        ...

    async def write(self, data: bytes) -> None:
        """Send all of `data`, waiting while the peer does not take it."""
        ...

    async def close(self) -> None:
        """Let go of the connection, bounded in time; a second call does nothing."""
        ...


OpenTunnel = Callable[[str, str, int], Awaitable[ByteStream]]
"""``(host, destination host, destination port)``: a connection that `host` opens for us (RFC 4254, direct-tcpip)."""
