"""Replies: what came back for a read, as data (design.md section 3): complete, or a `NoReply` that says why not."""

import base64
import binascii
import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, TypeAdapter

from coldstart import errors
from coldstart.reason import Reason
from coldstart.text import decoded, one_line

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
    """An authenticated connection: who we are there, and which key the host showed (SHA256 fingerprint).

    With `kept_since` the login itself is that old; the connection carried a command just now, and sshd greets.
    """

    kind: Literal["ssh_login"] = "ssh_login"
    user: str
    address: str
    port: int
    host_key: str
    server: str
    kept_since: float | None = Field(
        default=None, description="Wall time of the login of a connection kept from an earlier attempt; None: just now."
    )


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
