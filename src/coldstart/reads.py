"""Reads and replies: what is asked of the world, and what came back, as data (design.md section 3).

A `Read` is frozen and hashable; two reads are equal when they ask the same thing, whatever time each allows for it, so
that the engine asks once. A `Reply` is complete, or it is a `NoReply` that says why not.
"""

import base64
import binascii
import re
import shlex
from operator import attrgetter
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, TypeAdapter

from coldstart import errors
from coldstart.reason import Reason
from coldstart.text import decoded, one_line

OPERATOR = "operator"
"""The place from which a read is sent when it is not sent from a host of the baseline: this machine."""

OUTPUT_CAP = 1 << 20
"""Bytes kept of one stream or body (1 MiB); what is longer is not judged."""

_DENIED = re.compile(
    r"permission denied|operation not permitted|access denied|not permitted|must be root|"
    r"interactive authentication required",
    re.IGNORECASE,
)


def _blob_to_json(data: bytes) -> Any:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode("ascii")}


def _blob_from_json(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8")
    if isinstance(value, dict) and set(value) == {"base64"}:
        try:
            return base64.b64decode(value["base64"], validate=True)
        except (binascii.Error, TypeError) as error:
            raise ValueError(f"not base64: {error}") from error
    return value


Blob = Annotated[
    bytes, BeforeValidator(_blob_from_json), PlainSerializer(_blob_to_json, return_type=Any, when_used="json")
]
"""Bytes; in JSON the text itself where it is UTF-8, else ``{"base64": …}``, so that recordings stay readable."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


# ---------------------------------------------------------------------------------------------------------------- reads


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

    def describe(self) -> str:
        """How a person would write it down: an argv, a URL, a port."""
        raise NotImplementedError(self.kind)


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


# -------------------------------------------------------------------------------------------------------------- replies


class _Reply(_Frozen):
    kind: str
    started: float = Field(description="Wall time when it was sent, seconds since the epoch.")
    ended: float = Field(description="Wall time when the reply was complete.")
    cautions: tuple[str, ...] = Field(default=(), description="What went right only in a second way.")


class CommandReply(_Reply):
    """A command that ended by itself, with an exit status and all of its output."""

    kind: Literal["command"] = "command"
    exit_status: int
    stdout: Blob = b""
    stderr: Blob = b""

    @property
    def text(self) -> str:
        """Stdout as text, for judging. Raises `NotUtf8`: a replaced byte must never decide a verdict."""
        return utf8(self.stdout)

    @property
    def complaint(self) -> str:
        """The first line of stderr, for people."""
        return one_line(decoded(self.stderr).strip().partition("\n")[0])

    def expect_exit(self, *accepted: int) -> "CommandReply":
        """Return self when the status is one of `accepted` (0 when none is named); raise on every other.

        `NotAllowed` when stderr says that a right is missing, else `UnexpectedExit`.
        """
        if self.exit_status in (accepted or (0,)):
            return self
        if match := _DENIED.search(decoded(self.stderr)):
            raise errors.NotAllowed(self.complaint or match.group(), evidence=decoded(self.stderr))
        raise errors.UnexpectedExit(
            f"exit status {self.exit_status}" + (f": {self.complaint}" if self.complaint else ""),
            evidence=decoded(self.stderr or self.stdout),
        )


class LoginReply(_Reply):
    """An authenticated connection: who we are there, and which key the host showed (SHA256 fingerprint)."""

    kind: Literal["ssh_login"] = "ssh_login"
    user: str
    address: str
    port: int
    host_key: str
    server: str


class Tls(_Frozen):
    """The leaf certificate of a verified TLS connection; times in seconds since the epoch."""

    subject: str
    issuer: str
    not_after: float
    version: str


class HttpReply(_Reply):
    """A complete response: the last one, after the redirects that the read allowed (`redirects`: their targets)."""

    kind: Literal["http"] = "http"
    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: Blob = b""
    url: str
    redirects: tuple[str, ...] = ()
    tls: Tls | None = None

    @property
    def text(self) -> str:
        """The body as text, for judging. Raises `NotUtf8`."""
        return utf8(self.body)

    def header(self, name: str) -> str | None:
        """The first value of a header, by its case-insensitive name."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


class DialReply(_Reply):
    """A TCP connection was opened; `address` is the one that answered."""

    kind: Literal["tcp"] = "tcp"
    address: str


class PingReply(_Reply):
    """What ping(8) printed: 0 at least one answer, 1 none, 2 it could not send."""

    kind: Literal["ping"] = "ping"
    exit_status: int
    stdout: Blob = b""
    stderr: Blob = b""


class NeighbourReply(_Reply):
    """The route and the neighbour entry as ``ip -json`` prints them, and whether a packet sent there was answered."""

    kind: Literal["neighbour"] = "neighbour"
    route: Blob = b""
    entry: Blob = b""
    answered: bool = False


class NoReply(_Reply):
    """Nothing usable came back: why, what was seen of it, and partial output for people."""

    kind: Literal["none"] = "none"
    reason: Reason
    detail: str = ""
    evidence: str = ""


Reply = CommandReply | LoginReply | HttpReply | DialReply | PingReply | NeighbourReply | NoReply
REPLY: TypeAdapter[Reply] = TypeAdapter(Annotated[Reply, Field(discriminator="kind")])
"""To and from JSON, by `kind`."""


def utf8(data: bytes) -> str:
    """Decode what is going to be judged. Raises `NotUtf8` with the place of the first bad byte."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise errors.NotUtf8(f"byte {error.start} is not UTF-8", evidence=decoded(data[:2000])) from error
