"""Detours: a TCP connection that is meant for one place is opened to another one, and the report says so.

What curl(1) does with ``--connect-to``: the place of the connection changes, and nothing else. The name that TLS asks
for and verifies, the Host header, the SSH host key that is expected, and every text stay those of the place that is
meant. Other than there, both sides are always whole, and a detour that changes nothing is a mistake. A detour is looked
up once: the right side of one is never the left side of another.

A forwarder that accepts a connection before it has opened its own (``ssh -L`` does) makes every port look open: through
it a TCP dial proves the forwarder, and only an answer of the service proves the service.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address

from coldstart.errors import UsageError
from coldstart.text import one_line, plural
from coldstart.transport.base import shown

NOTE = "connect-to: "
"""How each note of a detour begins."""

_OPTION = "--connect-to"
_HOW = "it is written HOST:PORT=HOST:PORT, an IPv6 address in brackets"
_SIDE = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+(?:%[\w.-]+)?)\]|(?P<name>[\w.-]+)):(?P<port>[0-9]{1,9})")
_SIDES = 2
_LAST_PORT = 65535

_Key = tuple[str, int]


@dataclass(frozen=True)
class Place:
    """A host (a name, or an address without brackets) and a TCP port."""

    host: str
    port: int

    def __str__(self) -> str:
        return shown(self.host, self.port)


@dataclass(frozen=True)
class Detour:
    """What is meant for one place is opened at another."""

    meant: Place
    at: Place

    def __str__(self) -> str:
        """For the text of what went wrong on the way: both places."""
        return f"{self.meant} (by {_OPTION} at {self.at})"


@dataclass(frozen=True)
class Detours:
    """The detours of a run, as given."""

    by_key: Mapping[_Key, Detour] = field(default_factory=dict)

    @classmethod
    def parse(cls, given: Sequence[str]) -> "Detours":
        """From ``HOST:PORT=HOST:PORT``, each left side once. Raises `UsageError`, a line for each one that is wrong."""
        found: dict[_Key, Detour] = {}
        problems: list[str] = []
        for text in given:
            try:
                detour = _detour(text)
                first = found.setdefault(_key(detour.meant), detour)
                _require(first is detour, f"{first.meant} is led to {first.at} already; a left side is given once")
            except ValueError as error:
                problems.append(f"{_OPTION} {one_line(text) or repr(text)}: {error}; {_HOW}")
        if problems:
            raise UsageError(*problems)
        return cls(found)

    def of(self, host: str, port: int) -> Detour | None:
        """The detour of what is meant for `host`, by name in any case or by address in any spelling, and `port`."""
        return self.by_key.get(_key(Place(host, port)))

    @property
    def all(self) -> tuple[Detour, ...]:
        """Every detour, in the order in which they were given."""
        return tuple(self.by_key.values())


class Taken:
    """Which detours one run took, and whether they led anywhere; it hears of them from `dial`."""

    def __init__(self, detours: Detours | None = None) -> None:
        self.detours = detours or Detours()
        self.asked: set[Detour] = set()
        """Those that a connection was tried on."""
        self.led: set[Detour] = set()
        """Those at whose other end one was opened."""

    def take(self, host: str, port: int) -> Detour | None:
        """The detour of a connection that is about to be opened; None: there is none, it goes where it is meant."""
        detour = self.detours.of(host, port)
        if detour:
            self.asked.add(detour)
        return detour

    def rests_on(self, host: str, port: int) -> None:
        """Count the detour of a connection that was opened earlier, and on which what is asked now still rests."""
        if detour := self.take(host, port):
            self.led.add(detour)

    def add(self, other: "Taken") -> None:
        """Count what `other` took as taken here too."""
        self.asked |= other.asked
        self.led |= other.led

    @property
    def notes(self) -> tuple[str, ...]:
        """One line for each detour that was given, sorted: where it led, or that nothing asked for it."""
        return tuple(sorted(f"{NOTE}{detour.meant} {self._fate(detour)}" for detour in self.detours.all))

    def _fate(self, detour: Detour) -> str:
        if detour in self.led:
            return f"was reached at {detour.at}"
        return f"was not reached at {detour.at}" if detour in self.asked else "was not asked for"


def _detour(text: str) -> Detour:
    """Raises ValueError with what is wrong with it."""
    sides = text.split("=")
    _require(len(sides) == _SIDES, f"it has {plural(len(sides), 'side')}, not two" if text else "it is empty")
    detour = Detour(*(_place(side) for side in sides))
    _require(_key(detour.meant) != _key(detour.at), "both sides are the same place, so it changes nothing")
    return detour


def _place(side: str) -> Place:
    match = _SIDE.fullmatch(side)
    if not match:
        raise ValueError(f"{side[:80]!r} is not HOST:PORT")
    six, port = match["six"], int(match["port"])
    _require(six is None or _is_six(six), f"{six!r} is not an IPv6 address")
    _require(1 <= port <= _LAST_PORT, f"{match['port']} is not a port (1 to {_LAST_PORT})")
    return Place(six or match["name"], port)


def _is_six(text: str) -> bool:
    try:
        return isinstance(ip_address(text), IPv6Address)
    except ValueError:
        return False


def _key(place: Place) -> _Key:
    """What makes two ways of writing a place the same one; a name is never looked up for it."""
    try:
        return str(ip_address(place.host)), place.port
    except ValueError:
        return _ascii(place.host.lower()), place.port


def _ascii(name: str) -> str:
    """As a name of a URL is dialled (RFC 5890, A-labels)."""
    try:
        return name if name.isascii() else name.encode("idna").decode("ascii")
    except UnicodeError:
        return name


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ValueError(otherwise)
