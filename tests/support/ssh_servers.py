"""Small loopback servers that do on demand what a healthy sshd will not: stay silent, refuse, hang up, go away."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import asyncssh

from coldstart.transport.base import Endpoint
from coldstart.transport.ssh import SshOptions

USER = "ops"


class Lab:
    """An asyncssh server with one host key and one user key, and what a client needs to trust it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.host_key: Any = asyncssh.generate_private_key("ssh-ed25519")
        self.user_key = asyncssh.generate_private_key("ssh-ed25519")
        self.user_key.write_private_key(directory / "user_key")
        self.port = 0
        self.attempts = 0
        self.connections: list[asyncssh.SSHServerConnection] = []

    @contextlib.asynccontextmanager
    async def serving(
        self,
        process: Callable[..., Any] | None = None,
        *,
        accept: bool = True,
        session: Any = True,
        tunnel: Any = False,
        pin: bool = True,
        **options,
    ) -> AsyncIterator["Lab"]:
        """Serve. `process` answers commands; `session` and `tunnel` False: refused; `accept` False: no key is good."""
        lab = self

        class Server(asyncssh.SSHServer):
            def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
                lab.connections.append(conn)

            def begin_auth(self, username: str) -> bool:
                lab.attempts += 1
                return True

            def public_key_auth_supported(self) -> bool:
                return True

            def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
                return accept and key == lab.user_key.convert_to_public()

            def session_requested(self):
                return session() if callable(session) else session

            def connection_requested(self, *_):
                return tunnel

        if process is not None:
            options["process_factory"] = process
        server = await asyncssh.listen(
            "127.0.0.1",
            0,
            server_factory=Server,
            server_host_keys=[self.host_key],
            encoding=None,
            agent_forwarding=False,
            **options,
        )
        self.port = server.get_port()
        if pin:
            self.pin()
        try:
            yield self
        finally:
            server.close()
            self.hang_up()

    def hang_up(self) -> None:
        for connection in self.connections:
            connection.abort()

    def pin(self, port: int | None = None, key: asyncssh.SSHKey | None = None) -> None:
        public = (key or self.host_key).export_public_key().decode().strip()
        (self.directory / "known_hosts").write_text(f"[127.0.0.1]:{port or self.port} {public}\n")

    def endpoint(self, port: int | None = None) -> Endpoint:
        return Endpoint(name="h", address="127.0.0.1", user=USER, port=port or self.port)

    def options(self, **changes) -> SshOptions:
        given = {
            "config_path": None,
            "known_hosts": self.directory / "known_hosts",
            "identity_files": (self.directory / "user_key",),
        }
        return SshOptions(**{**given, **changes})


@contextlib.asynccontextmanager
async def saying(words: bytes, *, then_close: bool = False) -> AsyncIterator[int]:
    """A TCP server that accepts, says `words`, and is silent from then on or hangs up. Yields its port."""

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(words)
        if not then_close:
            with contextlib.suppress(ConnectionError):
                await reader.read()
        writer.close()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


class Proxy:
    """A TCP proxy that can go silent in both directions (a power cut: no FIN, no RST) or hang up."""

    def __init__(self, target: int = 0) -> None:
        self.target = target
        self.port = 0
        self.silent = False
        self.returned = 0
        """Bytes that went back to the client."""
        self._more = asyncio.Event()
        self._writers: list[asyncio.StreamWriter] = []

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator["Proxy"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.hang_up()

    def hang_up(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def more_than(self, count: int) -> None:
        """Wait until more than `count` bytes went back to the client."""
        while self.returned <= count:
            self._more.clear()
            await self._more.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.target)
        self._writers += [writer, there_writer]
        with contextlib.suppress(ConnectionError):
            await asyncio.gather(self._pump(reader, there_writer), self._pump(there_reader, writer, back=True))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, back: bool = False) -> None:
        while data := await reader.read(1 << 16):
            if not self.silent:
                writer.write(data)
                await writer.drain()
                if back:
                    self.returned += len(data)
                    self._more.set()
