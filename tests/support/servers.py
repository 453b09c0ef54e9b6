"""Real TCP and HTTP servers on loopback, port 0: what they send is what the test says, to the byte."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

Handler = Callable[["Talk"], Awaitable[None]]


@dataclass
class Talk:
    """One accepted connection: the request head, as it came, and the way to answer."""

    head: bytes
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @property
    def path(self) -> str:
        return self.head.split(b" ", 2)[1].decode()

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        """Close with RST instead of FIN (socket(7), SO_LINGER of zero)."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.writer.transport.abort()

    async def gone(self) -> None:
        """Wait until the client has closed."""
        with contextlib.suppress(OSError):
            while await self.reader.read(65536):
                pass


@dataclass
class Served:
    port: int
    heads: list[bytes] = field(default_factory=list)

    @property
    def connections(self) -> int:
        return len(self.heads)


def answer(
    body: bytes = b"ok", status: str = "200 OK", headers: tuple[str, ...] = (), *, length: int | None = None
) -> bytes:
    """A whole HTTP/1.1 response."""
    size = len(body) if length is None else length
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {size}", *headers)
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def always(data: bytes) -> Handler:
    async def handle(talk: Talk) -> None:
        await talk.send(data)

    return handle


def routes(by_path: dict[str, bytes]) -> Handler:
    async def handle(talk: Talk) -> None:
        await talk.send(by_path[talk.path])

    return handle


@contextlib.asynccontextmanager
async def serve(
    handler: Handler, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[Served]:
    """Read one request head from each connection, and let `handler` answer; the connection is closed after it."""
    served = Served(0)
    busy: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        busy.add(task)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            served.heads.append(head)
            await handler(Talk(head, reader, writer))
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client has gone: what it made of it is what the test asserts
        finally:
            busy.discard(task)
            writer.close()

    server = await asyncio.start_server(accept, host, 0, ssl=tls)
    served.port = server.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        server.close()
        for task in tuple(busy):
            task.cancel()
        await asyncio.gather(*busy, return_exceptions=True)
        await server.wait_closed()


@contextlib.asynccontextmanager
async def serve_bytes(data: bytes) -> AsyncIterator[int]:
    """A port that takes whatever comes first, answers with `data`, and closes."""

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            await reader.read(65536)
            writer.write(data)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


@contextlib.contextmanager
def closed_port(host: str = "127.0.0.1") -> Iterator[int]:
    """A port that refuses: bound, so that nobody else takes it, but not listening."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as sock:
        sock.bind((host, 0))
        yield sock.getsockname()[1]


@contextlib.contextmanager
def swallowing_port(host: str = "127.0.0.1", port: int = 0) -> Iterator[int]:
    """A port that swallows each SYN: its accept queue is full (listen(2)), and nobody accepts."""
    with socket.socket() as sock, contextlib.ExitStack() as stack:
        sock.bind((host, port))
        sock.listen(0)
        for _ in range(2):
            filler = stack.enter_context(socket.socket())
            filler.settimeout(0)
            filler.connect_ex(sock.getsockname())
        yield sock.getsockname()[1]


def name_addresses(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let made-up names have the addresses that a test gives them; every other lookup stays the system's."""
    real = socket.getaddrinfo
    names: dict[str, tuple[str, ...]] = {}

    def getaddrinfo(host: str, port: int, *args: Any, **kwargs: Any) -> list[Any]:
        if host not in names or kwargs.get("flags", 0) & socket.AI_NUMERICHOST:
            return real(host, port, *args, **kwargs)
        return address_rows(port, *names[host])

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    def give(name: str, *addresses: str) -> None:
        names[name] = addresses

    return give


def address_rows(port: int, *addresses: str) -> list[Any]:
    """What getaddrinfo(3) returns for these addresses, in this order."""
    return [
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0))
        if ":" in address
        else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
        for address in addresses
    ]
