"""The sites of the stack as real servers on loopback, one port each for as long as they are served.

What a port does is what the kernel does for a real service, not an imitation of it: closed is a socket that is bound
and does not listen, so that connect(2) is refused and nobody else gets the port; frozen is one that listens, and whose
connections nobody accepts, as with a stopped process; only what is served has a server.

An address that no host has cannot be had on loopback: there a connection is refused at once. Of the answers that
loopback can give without anybody waiting for it, it is the only one in which nothing accepts.
"""

import asyncio
import ssl
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from aiohttp import web

from coldstart.drill.port import bound
from coldstart.drill.sites import Answer, Refused, Silent, Site, Unreachable, answer, reach
from coldstart.drill.stack import Stack

_BACKLOG = 128
_CLOSE_WITHIN = 0.1
"""Seconds for a request that is being answered when everything is stopped; none of them waits for anything."""

_Moment = Callable[[], Stack]


class Web:
    """Serves sites. `alerts`: the bodies of what the webhook accepted, in order.

    `waiting`: how many requests have arrived that something frozen leaves without an answer.
    """

    def __init__(self) -> None:
        self.alerts: list[Mapping[str, Any]] = []
        self.waiting = 0
        self._doors: dict[Site, _Door] = {}
        self._by_port: dict[int, Site] = {}
        self._moved = asyncio.Event()
        self._changing = asyncio.Lock()
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._answer)
        application.on_response_prepare.append(_without_a_name)
        self._runner = web.AppRunner(
            application, access_log=None, handler_cancellation=True, shutdown_timeout=_CLOSE_WITHIN
        )

    async def start(
        self, sites: Iterable[Site], tls: Mapping[str, ssl.SSLContext], stack: _Moment, epoch: float
    ) -> None:
        """Reserve a port for each site, and serve what is up.

        `tls`: the server's side for each name that is asked by HTTPS; KeyError where one is missing. `stack`: gives the
        stack as it is now. `epoch`: when the scenario began, s since 1970.
        """
        self._stack, self._epoch = stack, epoch
        await self._runner.setup()
        try:
            for site in sites:
                door = _Door(self._runner, tls[site.address] if site.tls else None)
                self._doors[site] = door
                self._by_port[door.port] = site
            await self.refresh()
        except BaseException:
            await self.stop()
            raise

    async def refresh(self) -> None:
        """Open and close what the stack has opened and closed; to be called whenever it has moved."""
        async with self._changing:
            stack = self._stack()
            for site, door in self._doors.items():
                match reach(stack, site):
                    case Refused() | Unreachable():
                        if await door.close():
                            self._cut(door.port)
                    case Silent():
                        await door.freeze()
                    case None:
                        await door.open()
            moved, self._moved = self._moved, asyncio.Event()
            moved.set()

    def port_of(self, site: Site) -> int:
        """The port on 127.0.0.1 where the site is, up or not."""
        return self._doors[site].port

    async def stop(self) -> None:
        """Close every socket, and cancel what waits for an answer. A second call does nothing."""
        async with self._changing:
            self._cut()
            await self._runner.cleanup()
            for door in self._doors.values():
                door.leave()
            self._doors.clear()

    def _cut(self, port: int | None = None) -> None:
        """Break the connections to one port, or all: their process has gone."""
        for connection in self._runner.server.connections if self._runner.server else ():
            transport = connection.transport
            if transport is not None and port in {None, transport.get_extra_info("sockname")[1]}:
                transport.abort()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.transport is None:
            return web.Response(status=503)  # whoever asked has gone already
        site = self._by_port[request.transport.get_extra_info("sockname")[1]]
        body = await request.read()
        while True:
            moved = self._moved
            said = answer(self._stack(), self._epoch, site, request.method, request.raw_path, body=body)
            if not isinstance(said, Silent):
                break
            self.waiting += 1
            try:
                await moved.wait()
            finally:
                self.waiting -= 1
        if isinstance(said, Answer):
            if said.taken is not None:
                self.alerts.append(said.taken)
            return _response(said)
        if request.transport is not None:
            request.transport.abort()  # its process went while this was on its way
        return web.Response(status=503)


class _Door:
    """A port on loopback, kept from construction until `leave`."""

    def __init__(self, runner: web.AppRunner, tls: ssl.SSLContext | None) -> None:
        self._runner = runner
        self._tls = tls
        self._sock = bound(0)
        self.port: int = self._sock.getsockname()[1]
        self._listens = False
        self._site: web.SockSite | None = None

    async def open(self) -> None:
        """Accept, also whoever has been waiting since it was frozen."""
        self._listen()
        if self._site is None:
            # A server closes the socket that it was given; on a second descriptor that ends its accepting, and the
            # port goes on listening.
            site = web.SockSite(self._runner, self._sock.dup(), ssl_context=self._tls, backlog=_BACKLOG)
            await site.start()
            self._site = site

    async def freeze(self) -> None:
        """Let the kernel take connections, and nobody accept them."""
        self._listen()
        await self._stop_accepting()

    async def close(self) -> bool:
        """Refuse. Says whether it did not before."""
        if not self._listens:
            return False
        await self._stop_accepting()
        self._sock.close()
        self._listens = False
        self._sock = bound(self.port)
        return True

    def leave(self) -> None:
        self._sock.close()

    def _listen(self) -> None:
        if not self._listens:
            self._sock.listen(_BACKLOG)
            self._listens = True

    async def _stop_accepting(self) -> None:
        if self._site is not None:
            site, self._site = self._site, None
            await site.stop()


def _response(said: Answer) -> web.Response:
    chunked = ("Transfer-Encoding", "chunked") in said.headers
    headers = [pair for pair in said.headers if pair[0] != "Transfer-Encoding"]
    response = web.Response(status=said.status, headers=headers, body=said.body)
    response.force_close()
    if chunked:
        response.enable_chunked_encoding()
    return response


async def _without_a_name(request: web.Request, response: web.StreamResponse) -> None:
    """Leave no Server header that nobody asked for: Prometheus has none."""
    del request
    if response.headers.get("Server", "").startswith("Python/"):
        del response.headers["Server"]
