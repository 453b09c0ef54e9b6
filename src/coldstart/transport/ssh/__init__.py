"""Reads of hosts, over SSH: one connection a host a run, shared by whoever asks (design.md section 5).

asyncssh is imported in this package and nowhere else (`keys`, `login`, `wire`).
"""

from collections.abc import Mapping
from typing import overload

from coldstart import errors
from coldstart.clock import Clock
from coldstart.reads import BootId, Command, Read, SshLogin
from coldstart.replies import CommandReply, LoginReply, Reply
from coldstart.transport.argv import KILL_AFTER, interpret, wrap
from coldstart.transport.base import ByteStream, Endpoint
from coldstart.transport.capture import Capture
from coldstart.transport.detour import Taken
from coldstart.transport.ssh.connections import Connections
from coldstart.transport.ssh.greeting import greeted
from coldstart.transport.ssh.wire import Wire
from coldstart.transport.sshconfig import SshConfig
from coldstart.transport.sshkeep import Kept
from coldstart.transport.sshroute import Route, SshOptions, resolve

__all__ = ["Ssh", "SshOptions"]

_SLOT_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds before a refused command is asked again while nothing else is in flight: a slot of sshd frees late."""


class Ssh:
    """Performs `Command`, `BootId` and `SshLogin` on hosts that are not this machine, and opens tunnels through them.

    A connection is made when a host is first asked, once; what went wrong then is the answer to every later read of
    that host. A connection that was lost stays lost for the run; only the boot id at its end is asked for on one more,
    so that a host that rebooted is told from a broken line (faults.md 39). Nothing here ever asks a person.
    """

    def __init__(
        self,
        endpoints: Mapping[str, Endpoint],
        clock: Clock,
        options: SshOptions | None = None,
        taken: Taken | None = None,
        kept: Kept | None = None,
    ) -> None:
        self._options = options = options or SshOptions()
        self._clock = clock
        self._taken = taken
        path = options.config_path.expanduser() if options.config_path else None
        self._config = SshConfig(path, trust=options.trust_ssh_config)
        self._routes: dict[str, Route | errors.ReadError] = {
            name: self._resolve(endpoint) for name, endpoint in endpoints.items() if not endpoint.local
        }
        routes = [route for route in self._routes.values() if isinstance(route, Route)]
        self._connections = Connections(routes, clock, options, taken, kept)

    @property
    def notes(self) -> tuple[str, ...]:
        """What of the operator's SSH configuration was not honoured, and why."""
        return (*self._config.notes, *self._connections.notes)

    @overload
    async def perform(self, read: SshLogin) -> LoginReply: ...
    @overload
    async def perform(self, read: Command | BootId) -> CommandReply: ...
    @overload
    async def perform(self, read: Read) -> Reply: ...

    async def perform(self, read: Read) -> Reply:
        """Ask. Raises `ReadError` leaves, KeyError for a host that is not among the endpoints."""
        if isinstance(read, SshLogin):
            return await self._login_reply(read)
        if isinstance(read, BootId):
            return await self._boot_id(read)
        if isinstance(read, Command):
            return await self._command(read)
        raise TypeError(f"not a read of a host: {read.describe()}")

    async def open_tunnel(self, host: str, dest_host: str, dest_port: int) -> ByteStream:
        """Have `host` open a TCP connection for us (direct-tcpip). Tunnels do not count as commands of its limit.

        Raises, as seen from there, `ConnectRefused`, `ConnectTimedOut`, `Unreachable`, `NameNotResolved`, `NotAllowed`
        (forwarding is forbidden), and whatever the login raised.
        """
        wire = await self._connections.carrier(self._route(host))
        return await wire.tunnel(dest_host, dest_port, self._options.connect_timeout)

    async def close(self) -> None:
        """Drop every connection that is not kept, in two steps of at most a second each."""
        await self._connections.close()

    # ---------------------------------------------------------------------------------------------------------- replies

    async def _login_reply(self, read: SshLogin) -> LoginReply:
        started = self._clock.wall()
        wire = await self._connections.get(self._route(read.host))
        cautions = wire.cautions
        if wire.kept:
            cautions = await greeted(wire.route, wire.via, self._options.connect_timeout, self._taken)
        wire.require_alive()
        return LoginReply(
            started=started,
            ended=self._clock.wall(),
            cautions=cautions,
            user=wire.route.user,
            address=wire.address,
            port=wire.route.port,
            host_key=wire.host_key,
            server=wire.server,
            kept_since=wire.since if wire.kept else None,
        )

    async def _boot_id(self, read: BootId) -> CommandReply:
        try:
            return await self._command(read.command)
        except errors.ConnectionLost:
            if read.moment != "end":
                raise
            wire = await self._connections.again(self._route(read.host))
            return await self._command(read.command, wire)

    async def _command(self, command: Command, wire: Wire | None = None) -> CommandReply:
        argv = wrap(command)  # first of all: what is forbidden does not even connect
        wire = wire or await self._connections.carrier(self._route(command.host))
        pauses = iter(_SLOT_PAUSES)
        while True:
            async with wire.slots.one():
                try:
                    return await self._run(wire, command, argv)
                except errors.ChannelRefused:
                    # With others in flight the connection's limit has been lowered now: the next turn waits for them.
                    pause = 0.0 if wire.slots.refused() else next(pauses, None)
                    if pause is None:
                        raise
            await self._clock.sleep(pause)

    async def _run(self, wire: Wire, command: Command, argv: tuple[str, ...]) -> CommandReply:
        options, capture = self._options, Capture()
        started, since = self._clock.wall(), self._clock.monotonic()
        await wire.run(argv, capture, limit=command.timeout + KILL_AFTER + options.margin, grace=options.output_grace)
        return interpret(
            command,
            status=capture.exit_status,
            signal=capture.signal,
            stdout=capture.stdout,
            stderr=capture.stderr,
            started=started,
            ended=self._clock.wall(),
            duration=self._clock.monotonic() - since,
            cautions=wire.cautions,
        )

    # ----------------------------------------------------------------------------------------------------------- routes

    def _resolve(self, endpoint: Endpoint) -> Route | errors.ReadError:
        try:
            return resolve(self._config, endpoint.address, endpoint.user, endpoint.port)
        except errors.ReadError as error:
            return error

    def _route(self, host: str) -> Route:
        route = self._routes[host]
        if isinstance(route, errors.ReadError):
            raise type(route)(route.detail, evidence=route.evidence, reason=route.reason)
        return route
