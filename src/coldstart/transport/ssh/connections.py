"""The connections of a run: one a route, made once, or taken over from an earlier run where it is still good."""

import asyncio
from collections.abc import Collection, Iterator
from dataclasses import replace

from coldstart import errors
from coldstart.clock import Clock
from coldstart.reads import BootId, Command
from coldstart.transport.argv import wrap
from coldstart.transport.capture import Capture
from coldstart.transport.detour import Taken
from coldstart.transport.ssh.login import log_in
from coldstart.transport.ssh.trust import Trust
from coldstart.transport.ssh.wire import Wire
from coldstart.transport.sshkeep import Kept, drop
from coldstart.transport.sshroute import Route, SshOptions
from coldstart.transport.sshshare import Once

_CLOSE_WAIT = 1.0
"""Seconds for logins that are under way to stop at the end."""
_AGAIN = 2.0
"""Seconds at most for each of connect and login when a host that fell silent is connected to once more."""


class Connections:
    """Logs in by each route when it is first needed, once; a failure is the answer to everybody in this run.

    With `kept`, a connection of an earlier run is used where it is still the right one: the same route, a host key that
    known_hosts still has, and a command that it carries now, before anything else is asked. If it does not, the host is
    logged in to as if nothing had been kept.
    """

    def __init__(
        self,
        routes: Collection[Route],
        clock: Clock,
        options: SshOptions,
        taken: Taken | None = None,
        kept: Kept | None = None,
    ) -> None:
        self._clock, self._options, self._taken, self._kept = clock, options, taken, kept
        self._wires: Once[Route, Wire] = Once()
        self._last: Once[Route, Wire] = Once()
        """Connections made at the end of the run, to hosts whose first one was lost."""
        self._logins = asyncio.Semaphore(options.logins)
        self._trust = Trust(options)
        if kept is not None:
            kept.only({hop for route in routes for hop in _hops(route)})

    @property
    def notes(self) -> tuple[str, ...]:
        """Which of the operator's files could not be used, and why."""
        return self._trust.notes

    def made(self) -> tuple[Wire, ...]:
        """Every connection of this run, also what was lost since."""
        return (*self._wires.done(), *self._last.done())

    async def get(self, route: Route) -> Wire:
        """The connection by this route. Raises what `log_in` raises, `ConnectionLost`."""
        return await self._wires.get(route, lambda: self._log_in(route))

    async def carrier(self, route: Route) -> Wire:
        """A connection to ask something else through: that sshd is not there says nothing about the other thing."""
        try:
            return await self.get(route)
        except errors.ConnectRefused as error:
            raise errors.SshClosed(error.detail, evidence=error.evidence) from error

    async def again(self, route: Route) -> Wire:
        """One more connection, made anew all the way, and in less time: the run is over but for this."""
        return await self._last.get(route, lambda: self._log_in_again(route))

    async def close(self) -> None:
        """Drop every connection that is not kept, in two steps of at most a second each."""
        await asyncio.gather(self._wires.cancel(_CLOSE_WAIT), self._last.cancel(_CLOSE_WAIT))
        await drop(self._kept.keep(self.made()) if self._kept is not None else self.made())

    async def _log_in(self, route: Route) -> Wire:
        # The host in between first: it needs a turn of its own, which the hosts behind it must not be holding.
        via = await self.carrier(route.via) if route.via else None
        old = self._passed_on(route)
        if old is None:
            return await self._log_in_via(route, via, self._options)
        if await self._carries(old):
            if self._taken and not via:
                self._taken.rests_on(route.host, route.port)
            return old
        if "keepalive" not in old.lost:
            return await self._log_in_via(route, via, self._options)
        try:  # silence has cost its time already, and is most likely what a new connection meets as well
            return await self._log_in_via(route, via, self._in_less_time)
        except (errors.ConnectTimedOut, errors.LoginTimedOut) as error:
            raise errors.ConnectionLost(f"{route.shown}: {old.lost}; connected again: {error.detail}") from error

    def _passed_on(self, route: Route) -> Wire | None:
        """The connection of an earlier run, if there is one that may be used now."""
        wire = self._kept.take(route) if self._kept is not None else None
        if wire is None:
            return None
        if not wire.trusted_by(self._trust.pins(route)):
            wire.abort()
            return None
        wire.pass_on(self._options.channels)
        return wire

    async def _carries(self, wire: Wire) -> bool:
        """Whether a kept connection still carries a command; its peer may be gone without a word, or out of channels.

        Asked is the boot id, which is asked of every host anyway. A connection that does not carry it is dropped.
        """
        options = self._options
        argv = wrap(Command(host=wire.route.host, argv=("cat", BootId.PATH)))
        silence = options.keepalive_interval * (options.keepalive_count_max + 1)
        carries = False
        try:
            await wire.run(argv, Capture(), limit=silence + 1, grace=options.output_grace)
            carries = wire.whole
        except errors.ReadError:
            pass
        finally:
            if not carries:
                wire.abort()
        return carries

    async def _log_in_again(self, route: Route) -> Wire:
        via = await self.again(route.via) if route.via else None
        return await self._log_in_via(route, via, self._in_less_time)

    @property
    def _in_less_time(self) -> SshOptions:
        now = self._options
        connect, login = min(now.connect_timeout, _AGAIN), min(now.login_timeout, _AGAIN)
        return replace(now, connect_timeout=connect, login_timeout=login)

    async def _log_in_via(self, route: Route, via: Wire | None, options: SshOptions) -> Wire:
        async with self._logins:
            return await log_in(
                route,
                pins=self._trust.pins(route),
                credentials=self._trust.credentials(route),
                options=options,
                clock=self._clock,
                via=via,
                taken=self._taken,
            )


def _hops(route: Route) -> Iterator[Route]:
    """A route, and those that it leads through."""
    hop: Route | None = route
    while hop:
        yield hop
        hop = hop.via
