"""A simulated host as an SSH server on loopback: one user, one key, one command a session, no shell behind it.

asyncssh's own server does all of the protocol; here is what sshd(8) and timeout(1) would do with a command, and how a
host goes away and comes back.
"""

import asyncio
import contextlib
import os
import shlex
import socket
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import asyncssh

from coldstart.drill.port import LOOPBACK, bound
from coldstart.drill.view import Said
from coldstart.drill.wrapping import limit_of

SERVER = "OpenSSH_9.2p1 Debian-2+deb12u10"
"""What the hosts of the lab said that they are."""

_HERE = {LOOPBACK, "localhost"}
_TIMED_OUT = 124
_SYNTAX = 2
_GONE = 1.0
"""Seconds at most until an aborted connection has let go of everything."""

Say = Callable[[str, Sequence[str]], Said]
"""``(host, argv)``: what the host says to it, now."""


class SshHost:
    """One host. Commands are answered by `say`; tunnels go to the real port that `port_of` has for a port of the host.

    `slow`: seconds that any command takes there; `speed`: how many of the drill's seconds pass in one of ours. Nothing
    is ever executed. What `say` raises goes to the loop's exception handler, and the command ends without an answer.
    """

    def __init__(
        self,
        name: str,
        user: str,
        host_key: asyncssh.SSHKey,
        authorized_key: asyncssh.SSHKey,
        say: Say,
        *,
        port_of: Callable[[int], int | None],
        slow: Callable[[], float],
        speed: float,
    ) -> None:
        self.name, self.user = name, user
        self.port = 0
        """On 127.0.0.1; the same from `start` to `stop`, also while nothing listens there."""
        self.authorized = authorized_key.convert_to_public()
        self.port_of = port_of
        self._say, self._slow, self._speed = say, slow, speed
        self._reserved: socket.socket | None = None
        self._there = False
        self._acceptor: asyncssh.SSHAcceptor | None = None
        self._connections: set[asyncssh.SSHServerConnection] = set()
        self._running: set[asyncio.Task[None]] = set()
        self._options = asyncssh.SSHServerConnectionOptions(
            config=None,
            server_factory=lambda: _Login(self),
            server_host_keys=[host_key],
            server_version=SERVER,
            x509_trusted_certs=None,
            gss_host=None,  # else this machine's own name is looked up
            public_key_auth=True,
            host_based_auth=False,
            kbdint_auth=False,
            password_auth=False,
            allow_pty=False,
            line_editor=False,
            x11_forwarding=False,
            agent_forwarding=False,
            allow_scp=False,
            compression_algs=["none"],
            encoding=None,
            keepalive_interval=0,
        )

    async def start(self, *, listening: bool = True) -> None:
        """Take a port, and listen there unless the host is not up yet."""
        self._reserved = bound(0)
        self.port = self._reserved.getsockname()[1]
        await self.follow(listening)

    async def stop(self) -> None:
        """Let go of everything; a second call does nothing."""
        running = tuple(self._running)
        await self.follow(listening=False)
        connections = tuple(self._connections)
        gone = [asyncio.ensure_future(connection.wait_closed()) for connection in connections]
        if left := [*gone, *running]:
            await asyncio.wait(left, timeout=_GONE)
        for task in gone:
            task.cancel()
        if self._reserved:
            self._reserved.close()
            self._reserved = None

    async def follow(self, listening: bool) -> None:
        """Be there, or not: without power, without network, or before its sshd is up.

        Not there: connecting is refused, and who was connected is cut off without a word, its commands with it.
        """
        changed, self._there = listening != self._there, listening
        if changed and listening:
            await self._listen()
        elif changed:
            await self._close()

    async def _listen(self) -> None:
        sock = bound(self.port)
        try:
            self._acceptor = await asyncssh.listen(sock=sock, options=self._options, config=None)
        except BaseException:
            self._there = False
            sock.close()
            raise

    async def _close(self) -> None:
        acceptor, self._acceptor = self._acceptor, None
        self._cut_off()
        if acceptor:
            # From accept(2) to `joined` asyncio takes two more turns of its loop, and fails when the server is closed
            # in between: nothing is accepted from here on, and what was accepted before gets these two turns.
            for sock in acceptor.sockets:
                asyncio.get_running_loop().remove_reader(sock.fileno())
            try:
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            finally:
                acceptor.close()

    def _cut_off(self) -> None:
        for task in self._running:
            task.cancel()
        for connection in self._connections:
            connection.abort()

    # ------------------------------------------------------------------------------------------------ for its sessions

    def joined(self, connection: asyncssh.SSHServerConnection) -> None:
        """A connection was accepted, perhaps in the very moment in which the host went away."""
        self._connections.add(connection)
        if not self._there:
            connection.abort()

    def left(self, connection: asyncssh.SSHServerConnection) -> None:
        self._connections.discard(connection)

    def run(self, line: str, chan: "asyncssh.SSHServerChannel[bytes]") -> "asyncio.Task[None]":
        """Answer a command line on `chan`; cancel the task to end the command."""

        def over(task: "asyncio.Task[None]") -> None:
            self._running.discard(task)
            if not task.cancelled() and (error := task.exception()):
                chan.abort()
                task.get_loop().call_exception_handler({"message": f"{self.name}: {line}", "exception": error})

        task = asyncio.get_running_loop().create_task(self._run(line, chan))
        self._running.add(task)
        task.add_done_callback(over)
        if not self._there:
            task.cancel()
        return task

    async def _run(self, line: str, chan: "asyncssh.SSHServerChannel[bytes]") -> None:
        try:
            argv = _words(line)
        except ValueError:
            said = Said(stderr="bash: -c: line 1: unexpected EOF while looking for matching quote\n", status=_SYNTAX)
        else:
            said = await self._said(argv)
        with contextlib.suppress(OSError):  # who asked has hung up
            chan.write(said.stdout.encode())
            chan.write_stderr(said.stderr.encode())
            chan.write_eof()
            chan.exit(said.status)

    async def _said(self, argv: Sequence[str]) -> Said:
        limit, slow = limit_of(argv), self._slow()
        if limit is not None and slow >= limit:
            await self._pass(limit)
            return Said(status=_TIMED_OUT)
        await self._pass(slow)
        said = self._say(self.name, argv)
        if said.status == _TIMED_OUT:
            # Something does not answer: without a timeout(1) it is waited for until whoever asked hangs up.
            await (self._pass(limit - slow) if limit is not None else asyncio.Event().wait())
        return said

    async def _pass(self, seconds: float) -> None:
        if seconds > 0:
            await asyncio.sleep(seconds / self._speed)


class _Login(asyncssh.SSHServer):
    """One connection: who may log in, and what may be opened then."""

    def __init__(self, host: SshHost) -> None:
        self._host = host

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._conn = conn
        self._host.joined(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._host.left(self._conn)

    def begin_auth(self, username: str) -> bool:
        del username
        return True  # nobody gets in without a key

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == self._host.user and key == self._host.authorized

    def session_requested(self) -> "_Session":
        return _Session(self._host)

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> Any:
        del orig_host, orig_port
        if dest_host not in _HERE:
            raise asyncssh.ChannelOpenError(asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED, "open failed")
        port = self._host.port_of(dest_port)
        return self._forward(port) if port else False  # False: OPEN_CONNECT_FAILED, "Connection refused"

    async def _forward(self, port: int) -> Any:
        """Raises, where the real port is closed, what sshd would say: strerror(3), and no word of the real port."""
        try:
            return await self._conn.forward_connection(LOOPBACK, port)
        except asyncssh.ChannelOpenError as error:
            cause = error.__context__
            number = cause.errno if isinstance(cause, OSError) else None
            raise asyncssh.ChannelOpenError(error.code, os.strerror(number) if number else error.reason) from None


class _Session(asyncssh.SSHServerSession[bytes]):
    """One command; a terminal, a shell and a subsystem are refused: asyncssh's answer where nothing else is said."""

    def __init__(self, host: SshHost) -> None:
        self._host = host
        self._line = ""
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, chan: "asyncssh.SSHServerChannel[bytes]") -> None:
        self._chan = chan

    def exec_requested(self, command: str) -> bool:
        self._line = command
        return True

    def session_started(self) -> None:
        self._task = self._host.run(self._line, self._chan)

    def eof_received(self) -> bool:
        return True  # nothing more on stdin, and the answer is still to come

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if self._task:
            self._task.cancel()


@lru_cache(maxsize=1024)
def _words(line: str) -> tuple[str, ...]:
    """The words of a command line. The same ones come at every attempt, and some are long. Raises ValueError."""
    return tuple(shlex.split(line))
