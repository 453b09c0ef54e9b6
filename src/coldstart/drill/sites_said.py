"""What can come back from a site of the stack, and the forms that its servers put their answers in. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from typing import Any

from coldstart.drill.stack import Stack
from coldstart.drill.state import PartState

TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"
JSON = "application/json; charset=utf-8"
PLAIN_JSON = "application/json"
NGINX = "nginx/1.22.1"

_OWN = "drill"
"""The name by which the stack's own programs give themselves away in their Server header."""
_HOP = {"server", "date", "connection", "content-type", "content-length", "transfer-encoding"}
"""Headers that nginx writes by itself, whatever the server behind it said."""


@dataclass(frozen=True)
class Answer:
    """A whole response. `headers` are all that are sent, in their order; `taken`: the alerts that it accepts."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    taken: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Refused:
    """The port is closed: nothing listens there now."""


@dataclass(frozen=True)
class Silent:
    """Something accepts the connection, and never answers."""


@dataclass(frozen=True)
class Unreachable:
    """No host has the address now, or the one that has it is not on the network."""


Reply = Answer | Refused | Silent | Unreachable


@dataclass(frozen=True)
class Asked:
    """One request: `path` with its query, as it was sent. `epoch`: when the scenario began, s since 1970."""

    stack: Stack
    epoch: float
    method: str
    path: str
    body: bytes = b""

    @property
    def route(self) -> str:
        """The path without its query."""
        return self.path.partition("?")[0]

    def part(self, name: str) -> PartState:
        return self.stack.parts[name]

    def wall(self, at: float | None = None) -> float:
        """A moment of the scenario, else now, in s since 1970."""
        return self.epoch + (self.stack.now if at is None else at)

    @property
    def date(self) -> tuple[str, str]:
        """The Date header (RFC 9110, 6.6.1), by the clock of the hosts."""
        return "Date", formatdate(self.wall(), usegmt=True)


def own(asked: Asked, status: int, text: str, kind: str = TEXT, *more: tuple[str, str], **fields: Any) -> Answer:
    """As the stack's own programs answer; `more` headers stand before the length."""
    body = text.encode()
    headers = (("Server", _OWN), asked.date, ("Content-Type", kind), *more, ("Content-Length", str(len(body))))
    return Answer(status, headers, body, **fields)


def go(asked: Asked, status: int, text: str) -> Answer:
    """As a page of Prometheus and Alertmanager: text, and no name of the server."""
    body = text.encode()
    headers = (asked.date, ("Content-Length", str(len(body))), ("Content-Type", TEXT), ("Connection", "close"))
    return Answer(status, headers, body)


def not_found(asked: Asked) -> Answer:
    return own(asked, HTTPStatus.NOT_FOUND, "not found\n")


def wrong_method(asked: Asked) -> Answer:
    return own(asked, HTTPStatus.METHOD_NOT_ALLOWED, "method not allowed\n", TEXT, ("Allow", "GET, HEAD"))


def by_nginx(asked: Asked, answer: Answer) -> Answer:
    """What nginx hands on of the answer of the server behind it."""
    kind = next((value for name, value in answer.headers if name == "Content-Type"), TEXT)
    rest = tuple((name, value) for name, value in answer.headers if name.lower() not in _HOP)
    return Answer(
        answer.status,
        (*_nginx(asked, kind, answer.body), *rest),
        answer.body,
        taken=answer.taken,
    )


def nginx_page(asked: Asked, status: HTTPStatus) -> Answer:
    """The page that nginx has for an error of its own; it says no more than the status."""
    words = f"{status.value} {status.phrase}"
    lines = (
        "<html>",
        f"<head><title>{words}</title></head>",
        "<body>",
        f"<center><h1>{words}</h1></center>",
        f"<hr><center>{NGINX}</center>",
        "</body>",
        "</html>",
        "",
    )
    body = "\r\n".join(lines).encode()
    return Answer(status, _nginx(asked, "text/html", body), body)


def _nginx(asked: Asked, kind: str, body: bytes) -> tuple[tuple[str, str], ...]:
    length = ("Content-Length", str(len(body)))
    return ("Server", NGINX), asked.date, ("Content-Type", kind), length, ("Connection", "close")
