"""The whole world behind one door: each read goes to the transport of its kind, and of its host."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from coldstart.clock import Clock
from coldstart.reads import BootId, Command, HttpGet, Neighbour, Ping, Read, SshLogin, TcpDial
from coldstart.replies import Reply
from coldstart.transport.base import ByteStream, Endpoint, Transport
from coldstart.transport.detour import Detours, Taken

if TYPE_CHECKING:
    from coldstart.transport.http import Http
    from coldstart.transport.local import Local
    from coldstart.transport.net import Net
    from coldstart.transport.ssh import Ssh
    from coldstart.transport.sshkeep import Kept
    from coldstart.transport.sshroute import SshOptions

LOCAL_WITHIN = 5.0
"""Seconds for a connection to a service of this machine."""
CLOSE_WITHIN = 5.0
"""Seconds for letting go of everything; what has not closed by then is left to the end of the process."""


class World:
    """A `Transport` over SSH, this machine, HTTP and the network. Each is imported and made when it is first needed.

    With `kept`, SSH connections that are healthy when it is closed stay there for the next `World`, and those that are
    there are used. All else is made anew: connections of HTTP, what the operator's files say, failed logins, notes.
    """

    def __init__(
        self,
        endpoints: Mapping[str, Endpoint],
        clock: Clock,
        ssh_options: "SshOptions | None" = None,
        detours: Detours | None = None,
        kept: "Kept | None" = None,
    ) -> None:
        self._endpoints = endpoints
        self._clock = clock
        self._ssh_options = ssh_options
        self._kept = kept
        self.taken = Taken(detours)
        """Every connection that is opened from this machine goes by these, also one that is not a read."""
        self._ssh: Ssh | None = None
        self._local: Local | None = None
        self._http: Http | None = None
        self._net: Net | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What the operator should know about how hosts are reached.

        Parts of ~/.ssh/config that are not honoured, and every detour, taken or not.
        """
        return (*(self._ssh.notes if self._ssh is not None else ()), *self.taken.notes)

    async def perform(self, read: Read) -> Reply:
        """Ask. Raises `ReadError` leaves, KeyError for a host that is not among the endpoints."""
        if isinstance(read, HttpGet):
            return await self._open_http().perform(self._direct_where_local(read))
        if isinstance(read, TcpDial | Ping | Neighbour):
            return await self._open_net().perform(read)
        return await self._of_host(read).perform(read)

    async def close(self) -> None:
        """Let go of every connection that is not kept, within `CLOSE_WITHIN` s; HTTP first, it may run over SSH."""
        try:
            async with asyncio.timeout(CLOSE_WITHIN):
                for part in (self._http, self._local, self._ssh):
                    if part is not None:
                        await part.close()
        except TimeoutError:
            return

    def _direct_where_local(self, read: HttpGet) -> HttpGet:
        if read.via is not None and self._endpoints[read.via].local:
            return read.model_copy(update={"via": None})
        return read

    def _of_host(self, read: Command | BootId | SshLogin) -> Transport:
        if not self._endpoints[read.host].local:
            return self._open_ssh()
        if self._local is None:
            from coldstart.transport.local import Local  # noqa: PLC0415 - see the class

            self._local = Local(self._endpoints, self._clock)
        return self._local

    def _open_ssh(self) -> "Ssh":
        if self._ssh is None:
            from coldstart.transport.ssh import Ssh  # noqa: PLC0415 - asyncssh costs 180 ms

            self._ssh = Ssh(self._endpoints, self._clock, self._ssh_options, self.taken, self._kept)
        return self._ssh

    def _open_http(self) -> "Http":
        if self._http is None:
            from coldstart.transport.http import Http  # noqa: PLC0415 - httpx costs 80 ms

            self._http = Http(self._clock, self.open_tunnel, self.taken)
        return self._http

    def _open_net(self) -> "Net":
        if self._net is None:
            from coldstart.transport.net import Net  # noqa: PLC0415 - see the class

            self._net = Net(self._clock, self.taken)
        return self._net

    async def open_tunnel(self, host: str, destination: str, port: int) -> ByteStream:
        """A connection that `host` opens for us over its SSH connection, or that we open ourselves where we are it."""
        if not self._endpoints[host].local:
            return await self._open_ssh().open_tunnel(host, destination, port)
        from coldstart.transport.dial import dial  # noqa: PLC0415 - see the class
        from coldstart.transport.tcp import SocketStream  # noqa: PLC0415 - see the class

        return SocketStream((await dial(destination, port, LOCAL_WITHIN)).sock)
