"""One authenticated connection: commands and tunnels through it.

Facts of asyncssh 2.24 that this rests on: `run()` returns normally without an exit status when the connection dies, and
buffers without a bound. So sessions are created with a `Capture` of ours, and what is complete is decided there.
"""

import asyncio
import contextlib
import shlex
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import asyncssh

from coldstart import errors
from coldstart.text import one_line
from coldstart.transport.base import shown
from coldstart.transport.capture import Capture
from coldstart.transport.knownhosts import Pins
from coldstart.transport.sshroute import Route
from coldstart.transport.sshshare import Slots
from coldstart.transport.tunnel import Tunnel

_OPEN_FAILURES = (
    ("refused", errors.ConnectRefused),
    ("timed out", errors.ConnectTimedOut),
    ("no route", errors.Unreachable),
    ("unreachable", errors.Unreachable),
    ("name or service", errors.NameNotResolved),
    ("name resolution", errors.NameNotResolved),
    ("unknown host", errors.NameNotResolved),
)
"""How sshd says that it could not connect to a destination: strerror(3), gai_strerror(3)."""
_CLOSE_WAIT = 0.5
"""Seconds for the other side to close a channel that is complete, so that its slot is free for the next."""


class Owner(Protocol):
    """Who judged the host key, and learns first that the connection is gone, and why."""

    lost: str

    def still_trusts(self, pins: Pins) -> bool: ...


def said(error: Exception | None) -> str:
    """What asyncssh says happened to a connection, on one line."""
    return one_line(str(error) or type(error).__name__, 600) if error else ""


class _Session(asyncssh.SSHClientSession[bytes]):
    """One command: nothing on stdin, output into a `Capture`, cut off at the cap."""

    def __init__(self, capture: Capture) -> None:
        self._capture = capture
        self.chan: asyncssh.SSHClientChannel[bytes] | None = None

    def connection_made(self, chan: "asyncssh.SSHClientChannel[bytes]") -> None:
        self.chan = chan

    def session_started(self) -> None:
        if self.chan:
            self.chan.write_eof()

    def data_received(self, data: bytes, datatype: int | None) -> None:
        more = self._capture.feed("stdout" if datatype is None else "stderr", data)
        if not more and self.chan:
            self.chan.abort()

    def eof_received(self) -> bool:
        self._capture.eof()
        return False

    def exit_status_received(self, status: int) -> None:
        self._capture.exited(status)

    def exit_signal_received(self, signal: str, core_dumped: bool, msg: str, lang: str) -> None:
        del core_dumped, msg, lang
        self._capture.signalled(signal)

    def connection_lost(self, exc: Exception | None) -> None:
        self._capture.close(lost=said(exc))


class _TunnelSession(asyncssh.SSHTCPSession[bytes]):
    """Feeds a `Tunnel`."""

    def __init__(self, tunnel: Tunnel) -> None:
        self._tunnel = tunnel

    def connection_made(self, chan: "asyncssh.SSHTCPChannel[bytes]") -> None:
        self._tunnel.carried_by(chan)

    def data_received(self, data: bytes, datatype: int | None) -> None:
        del datatype
        self._tunnel.feed(data)

    def eof_received(self) -> bool:
        self._tunnel.end()
        return True  # half closed: what we still have to say may be sent

    def pause_writing(self) -> None:
        self._tunnel.writable(yes=False)

    def resume_writing(self) -> None:
        self._tunnel.writable(yes=True)

    def connection_lost(self, exc: Exception | None) -> None:
        self._tunnel.lose(said(exc) or "closed by the peer")


class Wire:
    """Who we are on a host, and what can be asked through the connection. Made by `login.log_in`."""

    def __init__(
        self,
        conn: asyncssh.SSHClientConnection,
        owner: Owner,
        route: Route,
        *,
        address: str,
        host_key: str,
        channels: int,
        since: float,
        via: "Wire | None" = None,
        cautions: tuple[str, ...] = (),
    ) -> None:
        self._conn, self._owner = conn, owner
        self.route, self.address, self.host_key, self.cautions = route, address, host_key, cautions
        self.since, self.via = since, via
        """Wall time of the login, and the connection under this one."""
        self.server = one_line(str(conn.get_extra_info("server_version", "")))
        self.slots = Slots(channels)
        self.kept = False
        """Whether it is older than the run that uses it now."""
        self._given_up = False

    @property
    def lost(self) -> str:
        """Why the connection is gone; empty while it is there."""
        return self._owner.lost or ("closed" if self._conn.is_closed() else "")

    @property
    def whole(self) -> bool:
        """It is there, and everything that was asked through it has ended: no channel is left over, here or there."""
        return not self.lost and not self._given_up

    def trusted_by(self, pins: Pins) -> bool:
        """Say whether the host key that was shown at the login would be accepted now."""
        return self._owner.still_trusts(pins)

    def pass_on(self, channels: int) -> None:
        """Another run uses it from now on: with that many channels, whatever an earlier one was refused."""
        self.kept, self.slots = True, Slots(channels)

    def require_alive(self) -> None:
        if self.lost:
            raise errors.ConnectionLost(f"{self.route.shown}: {self.lost}")

    async def run(self, argv: Sequence[str], capture: Capture, *, limit: float, grace: float) -> None:
        """Run one command into `capture`, within `limit` s; without a terminal, an agent or an environment of ours.

        Raises `ChannelRefused`, and what `Capture.complete` raises.
        """
        self.require_alive()
        refused = False
        session = _Session(capture)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + limit
        try:
            try:
                async with asyncio.timeout_at(deadline):
                    # The one place that asks a server to execute anything.
                    await self._conn.create_session(
                        lambda: session,
                        shlex.join(argv),
                        encoding=None,
                        env=None,
                        send_env=None,
                        request_pty=False,
                        x11_forwarding=False,
                    )
            except TimeoutError:
                raise errors.ConnectionLost(f"{self.route.shown}: no channel was opened within {limit:.1f} s") from None
            except (asyncssh.Error, OSError) as error:
                refused = True
                self._raise_refused(error)
            await capture.complete(deadline - loop.time(), grace)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE_WAIT):
                    await capture.closed.wait()
        finally:
            self._given_up |= not (refused or capture.closed.is_set())
            if session.chan and not capture.closed.is_set():
                with contextlib.suppress(OSError):  # already closed from here
                    session.chan.terminate()  # a root login refuses it: there, timeout(1) is what ends the command
                session.chan.abort()

    def _raise_refused(self, error: Exception) -> None:
        refused = isinstance(error, asyncssh.ChannelOpenError) and "connection closed" not in error.reason.lower()
        if self.lost or not refused:
            raise errors.ConnectionLost(f"{self.route.shown}: {self.lost or said(error)}") from None
        raise errors.ChannelRefused(f"{self.route.shown} refused to run another command: {said(error)}") from None

    async def tunnel(self, host: str, port: int, limit: float) -> Tunnel:
        """Have this host open a TCP connection. Raises as `open_channel`."""
        tunnel = Tunnel(f"{shown(host, port)} through {self.route.host}")
        await self.open_channel(lambda: _TunnelSession(tunnel), host, port, limit)
        return tunnel

    async def open_channel(self, factory: Callable[[], Any], host: str, port: int, limit: float) -> Any:
        """Open a direct-tcpip channel within `limit` s; return the channel and its session.

        Raises, seen from that host: `ConnectRefused`, `ConnectTimedOut`, `Unreachable`, `NameNotResolved`; `NotAllowed`
        where its sshd forbids forwarding; `ConnectionLost`, `ChannelRefused`.
        """
        self.require_alive()
        what = f"{shown(host, port)} from {self.route.host}"
        try:
            async with asyncio.timeout(limit):
                return await self._conn.create_connection(factory, host, port)
        except asyncio.CancelledError:
            self._given_up = True  # it may still be opened over there, and nobody would close it
            raise
        except TimeoutError:
            self._given_up = True
            raise errors.ConnectTimedOut(f"{what}: no answer within {limit:g} s") from None
        except asyncssh.ChannelOpenError as error:
            reason = error.reason.lower()
            if self.lost or "connection closed" in reason:
                raise errors.ConnectionLost(f"{self.route.shown}: {self.lost or said(error)}") from None
            if error.code == asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED:
                raise errors.NotAllowed(f"{what}: its sshd forbids forwarding (AllowTcpForwarding)") from None
            kind = next((kind for words, kind in _OPEN_FAILURES if words in reason), errors.ChannelRefused)
            raise kind(f"{what}: {said(error)}") from None
        except (asyncssh.Error, OSError) as error:
            raise errors.ConnectionLost(f"{self.route.shown}: {self.lost or said(error)}") from None

    def abort(self) -> None:
        """Drop the connection now."""
        self._conn.abort()

    async def gone(self) -> None:
        """Wait until it is; bound this."""
        await self._conn.wait_closed()
