"""Reads: what is asked of the world, as data (design.md section 3). What came back is in `replies`.

A `Read` is frozen and hashable; two reads are equal when they ask the same thing, whatever time each allows for it, so
that the engine asks once.
"""

import shlex
from abc import abstractmethod
from operator import attrgetter
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

OPERATOR = "operator"
"""The place from which a read is sent when it is not sent from a host of the baseline: this machine."""

OUTPUT_CAP = 1 << 20
"""Bytes kept of one stream or body (1 MiB); what is longer is not judged."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Read(_Frozen):
    kind: str
    timeout: float = Field(default=10.0, gt=0, description="Seconds for this read, counted from when it is sent.")

    _question: ClassVar["attrgetter[Any]"]

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        cls._question = attrgetter(*(name for name in cls.model_fields if name != "timeout"))

    @property
    def key(self) -> Any:
        """What makes two reads the same question: every field but the time allowed, its kind among them."""
        return self._question(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Read) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    @property
    def place(self) -> str:
        """The host whose limits this read counts against, or `OPERATOR`."""
        return OPERATOR

    @abstractmethod
    def describe(self) -> str:
        """How a person would write it down: an argv, a URL, a port."""


class Command(_Read):
    """An argv run on a host of the baseline: never a shell line, stdin from nothing, `LC_ALL=C`, no pager."""

    kind: Literal["command"] = "command"
    host: str
    argv: tuple[str, ...] = Field(min_length=1)
    sudo: bool = False

    @property
    def place(self) -> str:
        return self.host

    def describe(self) -> str:
        return shlex.join(("sudo", "-n", *self.argv) if self.sudo else self.argv)


class BootId(_Read):
    """The kernel's boot id of a host (proc(5), ``/proc/sys/kernel/random/boot_id``), first and last of a run.

    The engine sends it, no probe does: a host whose id changed in between voids its passes (faults.md 39).
    """

    kind: Literal["boot_id"] = "boot_id"
    host: str
    moment: Literal["start", "end"]

    PATH: ClassVar[str] = "/proc/sys/kernel/random/boot_id"

    @property
    def place(self) -> str:
        return self.host

    @property
    def command(self) -> Command:
        return Command(host=self.host, argv=("cat", self.PATH), timeout=self.timeout)

    def describe(self) -> str:
        return f"{self.command.describe()} (at the {self.moment} of the run)"


class SshLogin(_Read):
    """Log in to a host by SSH (or confirm that it is this machine, for a `local` host)."""

    kind: Literal["ssh_login"] = "ssh_login"
    host: str

    @property
    def place(self) -> str:
        return self.host

    def describe(self) -> str:
        return f"ssh login to {self.host}"


class HttpGet(_Read):
    """One GET or HEAD. `via` names the host through whose SSH connection it goes (direct-tcpip), else it is direct."""

    kind: Literal["http"] = "http"
    url: str
    method: Literal["GET", "HEAD"] = "GET"
    via: str | None = None
    ca: str | None = Field(default=None, description="File of PEM certificates to trust instead of the system's.")
    headers: tuple[tuple[str, str], ...] = ()
    follow_redirects: int = Field(default=0, ge=0, le=10, description="How many redirects are followed.")

    @property
    def place(self) -> str:
        return self.via or OPERATOR

    def describe(self) -> str:
        extra = (f" (via {self.via})" if self.via else "") + (f" (ca {self.ca})" if self.ca else "")
        return f"{self.method} {self.url}{extra}"


class TcpDial(_Read):
    """Open a TCP connection from this machine and close it."""

    kind: Literal["tcp"] = "tcp"
    address: str
    port: int = Field(ge=1, le=65535)

    def describe(self) -> str:
        return f"tcp {self.address}:{self.port}"


class Ping(_Read):
    """ICMP echo by the system's ping(8); `wait` is its -W, in whole seconds an answer."""

    kind: Literal["ping"] = "ping"
    address: str
    count: int = Field(default=2, ge=1, le=10)
    wait: int = Field(default=2, ge=1, le=30)

    @property
    def argv(self) -> tuple[str, ...]:
        return ("ping", "-n", "-c", str(self.count), "-W", str(self.wait), self.address)

    def describe(self) -> str:
        return " ".join(self.argv)


class Neighbour(_Read):
    """This machine's route to an address and its neighbour (ARP, NDP) entry, after one packet was sent there."""

    kind: Literal["neighbour"] = "neighbour"
    address: str

    @property
    def route_argv(self) -> tuple[str, ...]:
        return ("ip", "-json", "route", "get", self.address)

    @property
    def entry_argv(self) -> tuple[str, ...]:
        return ("ip", "-json", "neighbour", "show", "to", self.address)

    @property
    def nudge(self) -> "Ping":
        """The packet that makes the kernel look for the address; sent only where the route leads straight to it."""
        return Ping(address=self.address, count=1, wait=1)

    def describe(self) -> str:
        return "; ".join((" ".join(self.route_argv), self.nudge.describe(), " ".join(self.entry_argv)))


Read = Command | BootId | SshLogin | HttpGet | TcpDial | Ping | Neighbour
READ: TypeAdapter[Read] = TypeAdapter(Annotated[Read, Field(discriminator="kind")])
"""To and from JSON, by `kind`."""
