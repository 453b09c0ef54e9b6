"""Reads of hosts, over SSH: one connection a host a run, shared by whoever asks (design.md section 5).

asyncssh is imported in this package and nowhere else (`keys`, `login`, `wire`).
"""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import overload

from coldstart import errors
from coldstart.clock import Clock
from coldstart.reads import BootId, Command, Read, SshLogin
from coldstart.replies import CommandReply, LoginReply, Reply
from coldstart.transport.argv import KILL_AFTER, interpret, wrap
from coldstart.transport.base import ByteStream, Endpoint
from coldstart.transport.capture import Capture
from coldstart.transport.detour import Taken
from coldstart.transport.knownhosts import KnownHosts, Pins
from coldstart.transport.ssh.keys import Credentials, PrivateKey, read_identity, read_key
from coldstart.transport.ssh.login import log_in
from coldstart.transport.ssh.wire import Wire
from coldstart.transport.sshconfig import SshConfig
from coldstart.transport.sshroute import Route, SshOptions, resolve
from coldstart.transport.sshshare import Once

__all__ = ["Ssh", "SshOptions"]

_DEFAULT_KEYS = tuple(Path("~/.ssh", name) for name in ("id_ed25519", "id_ecdsa", "id_rsa"))
_USER_KNOWN_HOSTS = (Path("~/.ssh/known_hosts"), Path("~/.ssh/known_hosts2"))
_SYSTEM_KNOWN_HOSTS = (Path("/etc/ssh/ssh_known_hosts"), Path("/etc/ssh/ssh_known_hosts2"))
_SLOT_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds before a refused command is asked again while nothing else is in flight: a slot of sshd frees late."""
_CLOSE_WAIT = 1.0
"""Seconds for all connections to go away at the end."""
_AGAIN = 2.0
"""Seconds at most for each of connect and login when a lost host is asked once more which boot it is on."""


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
    ) -> None:
        self._options = options = options or SshOptions()
        self._clock = clock
        self._taken = taken
        path = options.config_path.expanduser() if options.config_path else None
        self._config = SshConfig(path, trust=options.trust_ssh_config)
        self._routes: dict[str, Route | errors.ReadError] = {
            name: self._resolve(endpoint) for name, endpoint in endpoints.items() if not endpoint.local
        }
        self._wires: Once[Route, Wire] = Once()
        self._last: Once[Route, Wire] = Once()
        """Connections made at the end of the run, to hosts whose first one was lost."""
        self._logins = asyncio.Semaphore(options.logins)
        self._known: dict[tuple[Path, ...], KnownHosts] = {}
        self._keys: dict[Path, PrivateKey | str] = {}

    @property
    def notes(self) -> tuple[str, ...]:
        """What of the operator's SSH configuration was not honoured, and why."""
        files = [problem for known in self._known.values() for problem in known.problems]
        keys = [f"key not used: {found}" for found in self._keys.values() if isinstance(found, str)]
        return (*self._config.notes, *files, *keys)

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
        wire = await self._carrier(self._route(host))
        return await wire.tunnel(dest_host, dest_port, self._options.connect_timeout)

    async def close(self) -> None:
        """Drop every connection, within `_CLOSE_WAIT` s for each of two steps."""
        await asyncio.gather(self._wires.cancel(_CLOSE_WAIT), self._last.cancel(_CLOSE_WAIT))
        wires = (*self._wires.done(), *self._last.done())
        for wire in reversed(wires):
            wire.abort()
        if wires:
            going = [asyncio.ensure_future(wire.gone()) for wire in wires]
            _, left = await asyncio.wait(going, timeout=_CLOSE_WAIT)
            for task in left:
                task.cancel()

    # ---------------------------------------------------------------------------------------------------------- replies

    async def _login_reply(self, read: SshLogin) -> LoginReply:
        started = self._clock.wall()
        wire = await self._wire(self._route(read.host))
        wire.require_alive()
        return LoginReply(
            started=started,
            ended=self._clock.wall(),
            cautions=wire.cautions,
            user=wire.route.user,
            address=wire.address,
            port=wire.route.port,
            host_key=wire.host_key,
            server=wire.server,
        )

    async def _boot_id(self, read: BootId) -> CommandReply:
        try:
            return await self._command(read.command)
        except errors.ConnectionLost:
            if read.moment != "end":
                raise
            wire = await self._wire_again(self._route(read.host))
            return await self._command(read.command, wire)

    async def _command(self, command: Command, wire: Wire | None = None) -> CommandReply:
        argv = wrap(command)  # first of all: what is forbidden does not even connect
        wire = wire or await self._carrier(self._route(command.host))
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

    # ------------------------------------------------------------------------------------------------------ connections

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

    async def _wire(self, route: Route) -> Wire:
        return await self._wires.get(route, lambda: self._log_in(route))

    async def _carrier(self, route: Route) -> Wire:
        """A connection to ask something else through: that sshd is not there says nothing about the other thing."""
        try:
            return await self._wire(route)
        except errors.ConnectRefused as error:
            raise errors.SshClosed(error.detail, evidence=error.evidence) from error

    async def _wire_again(self, route: Route) -> Wire:
        """One more connection, made anew all the way, and in less time: the run is over but for this."""
        return await self._last.get(route, lambda: self._log_in_again(route))

    async def _log_in(self, route: Route) -> Wire:
        # The host in between first: it needs a turn of its own, which the hosts behind it must not be holding.
        return await self._log_in_via(route, await self._carrier(route.via) if route.via else None, self._options)

    async def _log_in_again(self, route: Route) -> Wire:
        via = await self._wire_again(route.via) if route.via else None
        now = self._options
        connect, login = min(now.connect_timeout, _AGAIN), min(now.login_timeout, _AGAIN)
        return await self._log_in_via(route, via, replace(now, connect_timeout=connect, login_timeout=login))

    async def _log_in_via(self, route: Route, via: Wire | None, options: SshOptions) -> Wire:
        async with self._logins:
            return await log_in(
                route,
                pins=self._pins(route),
                credentials=self._credentials(route),
                options=options,
                via=via,
                taken=self._taken,
            )

    def _pins(self, route: Route) -> Pins:
        files: tuple[Path, ...]
        if self._options.known_hosts:
            files = (self._options.known_hosts.expanduser(),)
        else:
            users = route.settings.user_known_hosts or tuple(path.expanduser() for path in _USER_KNOWN_HOSTS)
            files = (*users, *_SYSTEM_KNOWN_HOSTS)
        if files not in self._known:
            self._known[files] = KnownHosts(files)
        return self._known[files].pins(route.pin_name, route.port)

    def _credentials(self, route: Route) -> Credentials:
        settings, agent = route.settings, os.environ.get("SSH_AUTH_SOCK", "")
        named = settings.identity_files
        if settings.identity_agent is not None:
            agent = settings.identity_agent
        if self._options.identity_files is not None:
            named, agent = self._options.identity_files, ""
        paths = [path.expanduser() for path in named or _DEFAULT_KEYS]
        found = [self._key(path) for path in paths if named or path.exists()]
        return Credentials(
            keys=tuple(key for key in found if not isinstance(key, str)),
            identities=frozenset(blob for path in paths if (blob := read_identity(path))) if agent else frozenset(),
            agent=agent,
            skipped=tuple(key for key in found if isinstance(key, str)),
        )

    def _key(self, path: Path) -> PrivateKey | str:
        """The key of a file, read once a run, or why it cannot be used."""
        if path not in self._keys:
            try:
                self._keys[path] = read_key(path)
            except ValueError as error:
                self._keys[path] = str(error)
        return self._keys[path]
