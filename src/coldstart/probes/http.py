"""Does an HTTP endpoint answer as it should?"""

import re
from typing import Annotated, Any, ClassVar, Literal, Self
from urllib.parse import parse_qsl, urljoin, urlsplit

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from coldstart import errors, shapes
from coldstart.outcome import Outcome
from coldstart.probes import strict_json
from coldstart.probes.base import Probe, Replies, Target
from coldstart.probes.json_value import JsonValue
from coldstart.probes.params import Duration, LocalFile
from coldstart.probes.pattern import Pattern, found_in
from coldstart.reads import HttpGet, Read
from coldstart.reason import Reason
from coldstart.replies import HttpReply
from coldstart.text import decoded, one_line

ADDRESS = "{address}"
"""Stands in a URL for the address of the host that is checked."""

_SECRET = re.compile(r"auth|cookie|token|api[-_]?key|secret|passw|credential|session|signature", re.IGNORECASE)
_CHANGES_THE_REQUEST = re.compile(
    r"(?:x-)?(?:http-)?method(?:-override)?|content-.*|transfer-encoding|connection|upgrade"
)
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
_HEADER_VALUE = re.compile(r"[ -~]{0,500}")
_DAY = 86400


def _url(value: str) -> str:
    """A right URL, as it is. The errors never repeat it: what is wrong with it may be a password."""
    if not re.fullmatch(r"https?://[!-~]{1,2000}", value) or re.search(
        r"[\\#]|\{(?!address\})|(?<!\{address)\}", value
    ):
        raise ValueError(f"a url is written like https://{ADDRESS}:8443/health: http or https, no spaces, no fragment")
    try:
        parts = urlsplit(value.replace(ADDRESS, "address"))
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise ValueError("the host or the port of the url is not valid") from error
    if ADDRESS in value and (value.count(ADDRESS) > 1 or host != "address"):
        raise ValueError(f"{ADDRESS} stands for the whole host of a url, once")
    if "@" in parts.netloc:
        raise ValueError("a url has no user and password in it: a baseline holds no secrets")
    if not re.fullmatch(shapes.HOSTNAME, host) or parts.netloc.endswith(":"):
        raise ValueError("the host of the url is not a host name or address")
    if any(_SECRET.search(name) for name, _ in parse_qsl(parts.query, keep_blank_values=True)):
        raise ValueError("a baseline holds no secrets: leave them out of the query of the url")
    return value


def _headers(value: dict[str, str]) -> dict[str, str]:
    for name, content in value.items():
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(content):
            raise ValueError("a header has a name of letters, digits and dashes, and a value of printable ASCII")
        if _SECRET.search(name):
            raise ValueError(f"{name}: a baseline holds no secrets")
        if _CHANGES_THE_REQUEST.fullmatch(name.lower()):
            raise ValueError(f"{name}: it could make something else than a read of the request")
    return value


def _status(value: str) -> str:
    if not re.fullmatch(r"[2-5](?:\d\d|xx)", value):
        raise ValueError(f"{value!r} is neither a status like 200 nor a class like 2xx")
    return value


Url = Annotated[str, AfterValidator(_url)]
Headers = Annotated[dict[str, str], Field(max_length=16), AfterValidator(_headers)]
Status = Annotated[
    str, AfterValidator(_status), WithJsonSchema({"type": ["string", "integer"], "examples": [200, "2xx"]})
]


class HttpProbe(Probe):
    """The HTTP endpoint answers as expected.

    Sends one GET or HEAD, directly or (`via`) through the host's own SSH connection, which is how ``127.0.0.1:9090`` of
    a host is asked. It is what the SOP does with curl, and stricter: TLS is verified, no redirect is followed unless
    `follow_redirects` says so, no proxy of the environment is used, and the whole answer must come in time.

    Bad: nothing listens; a status that is not in `status`; a redirect, be it to a login page or to another host; a
    body in which `body_matches` is not found or a value of `json` is not as expected; a certificate that is expired,
    for another name, or of an unknown issuer. A captive portal answers 200 to everything: only `body_matches` or
    `json` can tell it from the service. A 3xx in `status` accepts a redirect to anywhere; it is not followed for that.

    Caution: the certificate expires within `tls_expires_in`.

    Not observed: no connection, no complete answer in time, an answer over the size cap, a body that is to be judged
    and is not UTF-8 or not whole JSON, a certificate that was not seen.

    Example:
        probe: http
        with:
          url: http://127.0.0.1:5000/v2/
          via: true
          status: [200, 401]

    SOP: 5.2, 7, 12.1.

    """

    kind: ClassVar[str] = "http"

    url: Url = Field(description="http or https URL; {address} in it stands for the host's address.")
    via: bool = Field(default=False, description="Send it through the host's SSH connection, for its 127.0.0.1.")
    method: Literal["GET", "HEAD"] = Field(default="GET", description="HEAD has no body to judge.")
    status: tuple[Status, ...] = Field(
        default=("2xx",), min_length=1, description="Good statuses: codes or classes, [200, 401] or [2xx, 3xx]."
    )
    follow_redirects: int = Field(default=0, ge=0, le=10, description="Redirects to follow, on the same host only.")
    ca: LocalFile | None = Field(default=None, description="PEM file of issuers to trust instead of the system's.")
    headers: Headers = Field(default_factory=dict, description="Headers to send; never a secret.")
    body_matches: Pattern | None = Field(default=None, description="Python re pattern that is found in the body.")
    values: tuple[JsonValue, ...] = Field(default=(), alias="json", description="What holds of values in a JSON body.")
    tls_expires_in: Duration = Field(default=14 * _DAY, description="WARN when the certificate expires this soon.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.method == "HEAD" and (self.body_matches or self.values):
            raise ValueError("HEAD has no body: use GET with body_matches and json")
        if self.ca and not self.url.startswith("https:"):
            raise ValueError("ca is for an https url")
        return self

    def _read(self, target: Target) -> HttpGet:
        address = target.host.address
        return HttpGet(
            url=self.url.replace(ADDRESS, f"[{address}]" if ":" in address else address),
            method=self.method,
            via=target.host.name if self.via else None,
            ca=self.ca,
            headers=tuple(sorted(self.headers.items())),
            follow_redirects=self.follow_redirects,
            timeout=target.timeout,
        )

    def reads(self, target: Target) -> tuple[Read, ...]:
        return (self._read(target),)

    def judge(self, replies: Replies) -> Outcome:
        read = self._read(replies.target)
        reply = replies.http(read)
        fields: dict[str, Any] = {
            "expected": self._expected(),
            "facts": {
                "status": reply.status,
                "seconds": round(max(reply.ended - reply.started, 0.0), 6),
                "body_bytes": len(reply.body),
            },
        }
        if trouble := self._trouble(read, reply):
            reason, seen = trouble
            excerpt = one_line(decoded(reply.body[:1000]))
            return Outcome.unmet(reason, seen, evidence=(f"body: {excerpt}",) if excerpt else (), **fields)
        seen = f"HTTP {reply.status} from {reply.url}"
        if not reply.url.startswith("https:"):
            return Outcome.met(seen, **fields)
        if reply.tls is None:
            raise errors.NoEvidence("the TLS certificate was not seen")
        left = reply.tls.not_after - replies.now
        fields["facts"]["tls_days_left"] = round(left / _DAY, 2)
        certificate = f"the certificate of {reply.tls.subject}"
        if left <= 0:
            return Outcome.unmet(Reason.TLS_EXPIRED, f"{certificate} expired {-left / _DAY:.1f} days ago", **fields)
        seen = f"{seen}; {certificate} expires in {left / _DAY:.1f} days"
        if left < self.tls_expires_in:
            return Outcome.caution(Reason.EXPIRING, seen, **fields)
        return Outcome.met(seen, **fields)

    def _trouble(self, read: HttpGet, reply: HttpReply) -> tuple[Reason, str] | None:
        """What is wrong with a complete answer: where it comes from, its status, its body, in this order."""
        if astray := _astray(read.url, reply):
            return Reason.UNEXPECTED_REDIRECT, f"redirected to {one_line(astray)}"
        if not {str(reply.status), f"{reply.status // 100}xx"} & set(self.status):
            location = reply.header("location")
            if reply.status // 100 == 3 and location is not None:  # noqa: PLR2004 - the class of redirects
                return Reason.UNEXPECTED_REDIRECT, f"HTTP {reply.status}, redirected to {one_line(location)}"
            return Reason.UNEXPECTED_STATUS, f"HTTP {reply.status} from {reply.url}"
        return self._body_trouble(reply)

    def _body_trouble(self, reply: HttpReply) -> tuple[Reason, str] | None:
        if self.body_matches and not found_in(self.body_matches, reply.text):
            return Reason.BODY_MISMATCH, f"the body does not match: {_excerpt(reply)}"
        if not self.values:
            return None
        if reply.text.lstrip("\ufeff \t\r\n").startswith("<"):
            return Reason.BODY_MISMATCH, f"a page where JSON was expected: {_excerpt(reply)}"
        document = strict_json.parse(reply.text, "the body")
        problems = [problem for value in self.values if (problem := value.problem(document))]
        return (Reason.BODY_MISMATCH, "; ".join(problems)) if problems else None

    def _expected(self) -> str:
        return "; ".join(
            (
                f"HTTP {' or '.join(self.status)}",
                *([f"body matching /{self.body_matches}/"] if self.body_matches else []),
                *(f"{value.path} {value.words}" for value in self.values),
            )
        )


def _excerpt(reply: HttpReply) -> str:
    return one_line(decoded(reply.body[:1000]), 120) or "it is empty"


def _astray(asked: str, reply: HttpReply) -> str:
    """Where redirects led away from the host that was asked, or from https to http; empty when they did not."""
    here = asked
    for hop in (*reply.redirects, reply.url) if reply.redirects else ():
        there = urljoin(here, hop)
        before, after = urlsplit(here), urlsplit(there)
        if before.hostname != after.hostname or (before.scheme, after.scheme) == ("https", "http"):
            return there
        here = there
    return ""
