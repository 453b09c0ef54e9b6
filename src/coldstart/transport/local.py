"""Commands on this machine: the same wrapping, the same interpretation and the same caps as over SSH."""

import asyncio
import contextlib
import getpass
import os
import signal
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast, overload

from coldstart import errors, shapes
from coldstart.clock import Clock
from coldstart.reads import BootId, Command, Read, SshLogin
from coldstart.replies import CommandReply, LoginReply, Reply
from coldstart.transport.argv import ENVIRONMENT, KILL_AFTER, interpret, raise_for_end, wrap
from coldstart.transport.base import Endpoint
from coldstart.transport.capture import Capture

GRACE = 1.0
"""Seconds that output may stay open, without a new byte, after the process has ended."""
MARGIN = 1.0
"""Seconds beyond the limit of timeout(1) after which we end the process group ourselves."""
_REAP = 1.0


@dataclass(frozen=True)
class Finished:
    """A tool of this machine that ended by itself. Times in seconds since the epoch."""

    exit_status: int
    stdout: bytes
    stderr: bytes
    started: float
    ended: float


class _Pipes(asyncio.SubprocessProtocol):
    """Feeds a `Capture` from a child's two pipes, and stops the child when the cap is reached."""

    def __init__(self, capture: Capture) -> None:
        self.capture = capture
        self.exit = asyncio.Event()
        self._open = {1, 2}
        self.transport: asyncio.SubprocessTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.SubprocessTransport", transport)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if not self.capture.feed("stdout" if fd == 1 else "stderr", data):
            self.end_group()

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        del exc
        self._open.discard(fd)
        if not self._open:
            self.capture.eof()

    def process_exited(self) -> None:
        status = self.transport.get_returncode() if self.transport else None
        if status is not None and status < 0:
            self.capture.signalled(_signal_name(-status))
        elif status is not None:
            self.capture.exited(status)
        self.exit.set()

    def end_group(self) -> None:
        """Kill the child's whole process group. One that belongs to root is ended by its own timeout(1) instead."""
        # Once all is over the number may be another group's: then there is nothing of ours left to kill.
        if self.transport and not (self.exit.is_set() and not self._open):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.transport.get_pid(), signal.SIGKILL)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name.removeprefix("SIG")
    except ValueError:
        return str(number)


async def _execute(argv: Sequence[str], limit: float) -> Capture:
    """Run `argv` in a session of its own until it is complete, at most `limit` s. Nothing of it outlives this call."""
    capture = Capture()
    starting = asyncio.ensure_future(_start(argv, capture))
    try:
        # asyncio's own clean-up of a start that is cancelled half-way kills one process of the group, and may then
        # wait for ever for pipes that it has not connected yet (CPython 3.11): a start that has begun is finished.
        await asyncio.shield(starting)
        await capture.complete(limit, GRACE)
    finally:
        await _stop(starting)
    return capture


async def _start(argv: Sequence[str], capture: Capture) -> _Pipes:
    try:
        _, pipes = await asyncio.get_running_loop().subprocess_exec(
            lambda: _Pipes(capture),
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            env={**os.environ, **ENVIRONMENT},
        )
    except FileNotFoundError:
        raise errors.ToolMissing(f"{argv[0]} is not installed on this machine") from None
    except PermissionError as error:
        raise errors.NotAllowed(f"{argv[0]} may not be executed: {error.strerror}") from None
    return pipes


async def _stop(starting: asyncio.Task[_Pipes]) -> None:
    """End what was started, however far it got, within `_REAP` s each for its start and its end."""
    await asyncio.wait([starting], timeout=_REAP)
    if not starting.done() or starting.cancelled() or starting.exception():
        return
    pipes = starting.result()
    pipes.end_group()
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_REAP):
                await pipes.exit.wait()
    finally:
        with contextlib.suppress(PermissionError):  # it kills what still runs; what is root's ends by its timeout(1)
            if pipes.transport:
                pipes.transport.close()


async def run_tool(argv: Sequence[str], timeout: float, clock: Clock) -> Finished:  # noqa: ASYNC109 - s for the tool
    """Run one of this machine's own tools (ping, ip), within `timeout` s, without a shell.

    The argv must match an allowed shape, like every other. Raises `ForbiddenCommand`, `ToolMissing`, `NotAllowed`,
    `RemoteTimeout`, `OverCap`, `OutputNotClosed`, `KilledBySignal`. Any exit status is returned: what it means is the
    caller's to say.
    """
    shapes.require(argv)
    started = clock.wall()
    capture = await _execute(argv, timeout)
    status = raise_for_end(argv[0], capture.exit_status, capture.signal, evidence=capture.evidence)
    return Finished(status, capture.stdout, capture.stderr, started, clock.wall())


class Local:
    """Performs the reads of hosts that are this machine (``local: true`` in a baseline)."""

    def __init__(self, endpoints: Mapping[str, Endpoint], clock: Clock) -> None:
        self._endpoints = endpoints
        self._clock = clock

    @overload
    async def perform(self, read: SshLogin) -> LoginReply: ...
    @overload
    async def perform(self, read: Command | BootId) -> CommandReply: ...
    @overload
    async def perform(self, read: Read) -> Reply: ...

    async def perform(self, read: Read) -> Reply:
        """Answer a `Command`, `BootId` or `SshLogin`. Raises `ReadError` leaves as the SSH transport does."""
        if isinstance(read, SshLogin):
            now = self._clock.wall()
            return LoginReply(
                started=now,
                ended=now,
                user=_user(),
                address=self._endpoints[read.host].address,
                port=self._endpoints[read.host].port or 22,
                host_key="",
                server="local",
            )
        if isinstance(read, BootId):
            return await self._command(read.command)
        if isinstance(read, Command):
            return await self._command(read)
        raise TypeError(f"not a read of a host: {read.describe()}")

    async def close(self) -> None:
        """Nothing is held between reads."""

    async def _command(self, command: Command) -> CommandReply:
        argv = wrap(command)
        started, since = self._clock.wall(), self._clock.monotonic()
        capture = await _execute(argv, command.timeout + KILL_AFTER + MARGIN)
        return interpret(
            command,
            status=capture.exit_status,
            signal=capture.signal,
            stdout=capture.stdout,
            stderr=capture.stderr,
            started=started,
            ended=self._clock.wall(),
            duration=self._clock.monotonic() - since,
        )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return socket.gethostname() and str(os.getuid())
