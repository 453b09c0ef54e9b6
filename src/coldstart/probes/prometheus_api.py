"""What Prometheus's HTTP API answers, as data, for the probes of rules and queries. Raises only `ReadError`s."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Annotated, Any, TypeVar
from urllib.parse import quote

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from coldstart.errors import ReadError, ServiceRefuses, Unparsable
from coldstart.probes import strict_json
from coldstart.probes.base import Probe, Target
from coldstart.probes.http import ADDRESS, Url
from coldstart.probes.params import Duration, LocalFile
from coldstart.reads import HttpGet
from coldstart.reason import Reason
from coldstart.replies import HttpReply
from coldstart.text import decoded, one_line

_OK, _UNAVAILABLE = 200, 503
_NOT_READY = re.compile(r"\s*Service Unavailable\s*")
_SHOWN = 5


def _base(value: str) -> str:
    if "?" in value:
        raise ValueError("the url is that of Prometheus itself, like http://127.0.0.1:9090, without a query")
    return value.rstrip("/")


BaseUrl = Annotated[Url, AfterValidator(_base)]


class ServerProbe(Probe):
    """What probes of one Prometheus server have in common."""

    url: BaseUrl = Field(description="Of Prometheus, without /api/v1; {address} in it stands for the host's address.")
    via: bool = Field(default=False, description="Ask through the host's SSH connection, for its 127.0.0.1.")
    ca: LocalFile | None = Field(default=None, description="PEM file of issuers to trust instead of the system's.")
    max_clock_offset: Duration = Field(
        default=5.0, description="How far the server's clock may be from ours for an age to be judged by it."
    )

    def ask(self, target: Target, path: str, **parameters: str) -> HttpGet:
        """Return a GET below /api/v1, its parameters percent-encoded."""
        via = target.host.name if self.via else None
        base = self.url.replace(ADDRESS, written(target.host.address))
        return HttpGet(url=below(base, path, parameters), via=via, ca=self.ca, timeout=target.timeout)


def written(address: str) -> str:
    """Return an address as it stands in a URL (RFC 3986, 3.2.2)."""
    return f"[{address}]" if ":" in address else address


def below(base: str, path: str, parameters: Mapping[str, str]) -> str:
    """Return the URL of something below /api/v1, its parameters percent-encoded."""
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters.items())
    return f"{base}/api/v1/{path}?{query}"


class _Data(BaseModel):
    """A part of an answer: fields that are not named here are newer than this, and left alone."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class Rule(_Data):
    """A loaded rule; `last_evaluation` is RFC 3339, in the year 1 for one that never was."""

    name: str = Field(min_length=1)
    health: str
    last_error: str = Field(default="", alias="lastError")
    last_evaluation: str = Field(alias="lastEvaluation")


class Group(_Data):
    """A group of rules."""

    name: str
    rules: tuple[Rule, ...] = Field(strict=False)


class Groups(_Data):
    """The data of /api/v1/rules."""

    groups: tuple[Group, ...] = Field(strict=False)


class Result(_Data):
    """The data of /api/v1/query."""

    kind: str = Field(alias="resultType")
    result: list[Any]


D = TypeVar("D", bound=_Data)


@dataclass(frozen=True)
class Answer:
    """`data` of a success, and what the server warned of beside it."""

    data: Any
    warnings: tuple[str, ...]

    def as_a(self, kind: type[D]) -> D:
        """The data in its form. Raises `Unparsable` where it has another."""
        return shaped(self.data, kind)


def shaped(data: Any, kind: type[D]) -> D:
    """The data in its form. Raises `Unparsable` where it has another."""
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"]) or "data"
        raise Unparsable(f"not what Prometheus answers: {where}: {first['msg']}") from error


def answer(reply: HttpReply) -> Answer:
    """Return what the API says.

    Raises an observed reason where it is not Prometheus, or one that is still starting; `ServiceRefuses` with the
    server's own words where it answers with an error; `Unparsable`.
    """
    excerpt = one_line(decoded(reply.body[:1000]), 200)
    if reply.status == _UNAVAILABLE and _NOT_READY.fullmatch(decoded(reply.body)):
        raise ReadError("Prometheus answers 503 Service Unavailable: it is still starting", reason=Reason.STARTING)
    if reply.redirects or reply.status // 100 == 3:  # noqa: PLR2004 - the class of redirects
        to = one_line(reply.header("location") or reply.url)
        raise ReadError(f"HTTP {reply.status}, redirected to {to}", reason=Reason.UNEXPECTED_REDIRECT)
    if not reply.text.lstrip().startswith("{"):
        reason = Reason.BODY_MISMATCH if reply.status == _OK else Reason.UNEXPECTED_STATUS
        raise ReadError(f"HTTP {reply.status}, and no JSON: {excerpt or 'an empty body'}", reason=reason)
    document = strict_json.parse(reply.text, "the answer")
    status = document.get("status")
    if status == "error":
        said = f"{document.get('errorType')}: {document.get('error')}"
        raise ServiceRefuses(f"Prometheus answers {reply.status}, {one_line(said)}", evidence=excerpt)
    if reply.status != _OK:
        raise ReadError(f"HTTP {reply.status}: {excerpt}", reason=Reason.UNEXPECTED_STATUS)
    if status != "success" or "data" not in document:
        raise ReadError(f"not an answer of Prometheus: {excerpt}", reason=Reason.BODY_MISMATCH)
    return Answer(document["data"], _warnings(document))


def _warnings(document: dict[str, Any]) -> tuple[str, ...]:
    found: list[str] = []
    for name in ("warnings", "infos"):
        given = document.get(name) or []
        found += [one_line(str(text), 200) for text in (given if isinstance(given, list) else [given])]
    return tuple(found[:_SHOWN])


def server_clock(reply: HttpReply) -> float | None:
    """The server's clock as its Date header says it, to the second (RFC 9110, 6.6.1); None without one."""
    header = reply.header("date")
    if header is None:
        return None
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def clock_trouble(server: float, reply: HttpReply, limit: float, *, precision: float = 0.0) -> str:
    """Why no age can be judged by the server's clock, in words; nothing where it agrees with ours.

    `precision`: how far below the truth `server` may be for being written in whole seconds.
    """
    spent = abs(reply.ended - reply.started) / 2
    offset = server - (reply.started + reply.ended) / 2
    if -(limit + spent + precision) <= offset <= limit + spent:
        return ""
    way = "ahead of" if offset > 0 else "behind"
    return f"the server's clock is {abs(offset):.1f} s {way} this machine's, more than {limit:g} s"
