"""What a probe is: parameters, reads, judge. No I/O, no clock, no severity (design.md section 3)."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict

from coldstart import errors
from coldstart.outcome import Outcome
from coldstart.reads import Command, HttpGet, Neighbour, Ping, Read, SshLogin, TcpDial
from coldstart.replies import CommandReply, DialReply, HttpReply, LoginReply, NeighbourReply, NoReply, PingReply, Reply

R = TypeVar("R", bound=BaseModel)


@dataclass(frozen=True)
class Place:
    """A host as a probe sees it."""

    name: str
    address: str
    port: int = 22


@dataclass(frozen=True)
class Target:
    """What one run of a check is aimed at: one host, or (for a probe with `spans_hosts`) all of the check's hosts."""

    hosts: tuple[Place, ...]
    timeout: float = 10.0
    sudo: bool = False

    @property
    def host(self) -> Place:
        """The one host. A probe that does not span hosts always has exactly one."""
        (only,) = self.hosts
        return only

    def command(self, *argv: str) -> Command:
        """Return a command on the one host, with the check's time limit and privilege."""
        return Command(host=self.host.name, argv=argv, sudo=self.sudo, timeout=self.timeout)


@dataclass(frozen=True)
class Replies:
    """The replies to what `reads(target)` asked, and the moment at which they are judged (`now`, s since the epoch).

    The typed accessors raise the read's own `ReadError` when nothing usable came back, so that a probe that only looks
    at good replies cannot turn a missing one into a verdict; the runner makes "could not observe" out of it.
    """

    target: Target
    now: float
    by_read: Mapping[Read, Reply]
    before: Mapping[Read, Reply] = field(default_factory=dict)
    """The replies of the attempt before this one, on the same boot; empty on a first attempt."""

    def raw(self, read: Read) -> Reply:
        """The reply whatever it is, for a probe to which a missing one means something."""
        try:
            return self.by_read[read]
        except KeyError:
            raise errors.NotRecorded(f"no reply to {read.describe()}") from None

    def _usable(self, read: Read) -> Reply:
        reply = self.raw(read)
        if isinstance(reply, NoReply):
            raise errors.ReadError(reply.detail, evidence=reply.evidence, reason=reply.reason)
        return reply

    def _typed(self, read: Read, kind: type[R]) -> R:
        reply = self._usable(read)
        if not isinstance(reply, kind):
            raise errors.NotRecorded(f"the reply to {read.describe()} is a {reply.kind} reply")
        return reply

    def command(self, read: Command) -> CommandReply:
        return self._typed(read, CommandReply)

    def login(self, read: SshLogin) -> LoginReply:
        return self._typed(read, LoginReply)

    def http(self, read: HttpGet) -> HttpReply:
        return self._typed(read, HttpReply)

    def tcp(self, read: TcpDial) -> DialReply:
        return self._typed(read, DialReply)

    def ping(self, read: Ping) -> PingReply:
        return self._typed(read, PingReply)

    def neighbour(self, read: Neighbour) -> NeighbourReply:
        return self._typed(read, NeighbourReply)

    def earlier(self, read: Command) -> CommandReply | None:
        """The reply to the same command in the attempt before this one, or None: for counters that must not rise."""
        reply = self.before.get(read)
        return reply if isinstance(reply, CommandReply) else None


class Probe(BaseModel):
    """A kind of check. Its fields are its YAML parameters (`with:`), its docstring is its documentation page.

    The docstring has a first line (the positive claim), then why it matters, then an example.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    kind: ClassVar[str]
    """Its name in a baseline (`probe:`)."""
    spans_hosts: ClassVar[bool] = False
    """True: judged once over all hosts of the check together, not once a host."""
    measured: ClassVar[str | None] = None
    """The fact of its outcomes that is the one number that it judges, the less the better; None: it has none."""

    @property
    def measure(self) -> str | None:
        """The fact that is the number of a check with these parameters, or None: it takes part in trends."""
        return self.measured

    @abstractmethod
    def reads(self, target: Target) -> tuple[Read, ...]:
        """What must be asked, in an order that does not depend on anything but the parameters and the target."""

    @abstractmethod
    def judge(self, replies: Replies) -> Outcome:
        """What the answers mean. Raises only `ReadError`s, for what could not be observed."""
