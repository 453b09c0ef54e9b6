"""Does a TCP port accept connections?"""

from typing import ClassVar

from pydantic import Field

from coldstart.outcome import Outcome
from coldstart.probes.base import Probe, Replies, Target
from coldstart.probes.params import HostAddress, Port
from coldstart.reads import Read, TcpDial


class TcpProbe(Probe):
    """The host accepts TCP connections on the port.

    Opens a connection from this machine and closes it again; nothing is sent. It is what ``nc -z HOST PORT`` does.

    Bad: the host refuses the connection, so it is up and nothing listens there.

    Not observed: no answer to the connect (a firewall that drops, or a host that is off), no route, no such name. An
    open port proves that something listens, not that the service works: ask the service itself as well.

    Example:
        probe: tcp
        with:
          port: 22

    SOP: 3.

    """

    kind: ClassVar[str] = "tcp"

    port: Port | None = Field(default=None, description="Port to open; default: the host's SSH port.")
    address: HostAddress | None = Field(default=None, description="Address to dial, if not the host's own.")

    def _read(self, target: Target) -> TcpDial:
        host = target.host
        return TcpDial(address=self.address or host.address, port=self.port or host.port, timeout=target.timeout)

    def reads(self, target: Target) -> tuple[Read, ...]:
        return (self._read(target),)

    def judge(self, replies: Replies) -> Outcome:
        read = self._read(replies.target)
        reply = replies.tcp(read)
        seconds = round(max(reply.ended - reply.started, 0.0), 6)
        return Outcome.met(
            f"port {read.port} on {reply.address} accepts connections",
            expected=f"port {read.port} on {read.address} accepts connections",
            facts={"port": read.port, "connect_seconds": seconds},
        )
