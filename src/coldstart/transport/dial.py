"""Opening a TCP connection: one place for names, addresses and time, so that every transport fails in the same words.

Facts from connect(2), getaddrinfo(3), ip(7); RFC 6724 and RFC 8305 for why more than one address is tried.
"""

import asyncio
import errno
import os
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from coldstart import errors
from coldstart.text import one_line
from coldstart.transport.base import shown
from coldstart.transport.detour import Taken

_FAMILIES = {socket.AF_INET6: "IPv6", socket.AF_INET: "IPv4"}
_NO_ROUTE_HERE = {errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
"""What connect(2) says at once when this machine has no address or no route of that family."""


@dataclass(frozen=True)
class Dialled:
    """An open connection; whoever asked for it closes it."""

    sock: socket.socket
    """Non-blocking and connected."""
    address: str
    """The numeric one that answered; on a detour the host that is meant, as it was asked for."""
    cautions: tuple[str, ...] = ()
    """Preferred addresses that failed before this one answered (faults.md 2)."""


@dataclass(frozen=True)
class _Address:
    family: int
    sockaddr: Any

    @property
    def text(self) -> str:
        return str(self.sockaddr[0])

    @property
    def label(self) -> str:
        return f"{_FAMILIES[socket.AddressFamily(self.family)]} address {self.text}"


@dataclass(frozen=True)
class _Failure:
    address: _Address
    error: errors.ReadError
    short: str
    local: bool = False
    """True: this machine has no route of the address's family, so that nothing was asked of the address."""


async def dial(
    host: str,
    port: int,
    timeout: float,  # noqa: ASYNC109 - bounds several steps, each named
    taken: Taken | None = None,
) -> Dialled:
    """Connect to a name or address within `timeout` seconds, IPv6 addresses first, then IPv4.

    Where `taken` has a detour for this host and port, the connection is opened at its other end, and `taken` hears of
    it; errors and cautions then name both places.

    Each address gets an equal share of the time that is left, so that a dead one leaves time for the next. A dead
    address before the one that answered is a caution. An IPv6 address is not called dead, and is no caution, when this
    machine has no IPv6 route and the name has IPv4 addresses too: nothing was sent, and nothing is wrong over there.

    Raises `NameNotResolved`, `ConnectRefused`, `ConnectTimedOut`, `Unreachable`, `ConnectionLost` (reset at once),
    `NotAllowed` (a local packet filter).
    Where several addresses failed in different ways, one that could not be observed counts before a refusal: a port is
    called closed only when every address that could be asked said so.
    """
    detour = taken.take(host, port) if taken else None
    if taken is None or detour is None:
        return await _dial(host, port, timeout)
    try:
        dialled = await _dial(detour.at.host, detour.at.port, timeout)
    except errors.ReadError as error:
        detail = f"{detour}: {error.detail.removeprefix(f'{detour.at}: ')}"
        raise type(error)(detail, evidence=error.evidence, reason=error.reason) from None
    taken.led.add(detour)
    return Dialled(dialled.sock, host, tuple(f"{detour}: {caution}" for caution in dialled.cautions))


async def _dial(host: str, port: int, timeout: float) -> Dialled:  # noqa: ASYNC109 - as `dial`
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout
    addresses = await _resolve(host, port, timeout)
    failures: list[_Failure] = []
    for position, address in enumerate(addresses):
        share = max(deadline - loop.time(), 0.0) / (len(addresses) - position)
        opened = await _connect(address, share)
        if isinstance(opened, socket.socket):
            family = _FAMILIES[socket.AddressFamily(address.family)]
            dead = [failure for failure in failures if not failure.local]
            cautions = tuple(
                f"{failure.address.label} failed ({failure.short}), used {family} {address.text}" for failure in dead
            )
            return Dialled(opened, address.text, cautions)
        failures.append(opened)
    raise _worst(host, failures)


def _worst(host: str, failures: Sequence[_Failure]) -> errors.ReadError:
    asked = [failure for failure in failures if not failure.local] or list(failures)
    chosen = next((failure for failure in asked if not failure.error.reason.observed), asked[0]).error
    if len(failures) == 1:
        return chosen
    each = "; ".join(f"{failure.address.label}: {failure.short}" for failure in failures)
    return type(chosen)(f"{chosen.detail} ({host}: {each})", reason=chosen.reason)


# ------------------------------------------------------------------------------------------------------------ the name


async def _resolve(host: str, port: int, seconds: float) -> tuple[_Address, ...]:
    try:
        async with asyncio.timeout(seconds):
            found = await _getaddrinfo(host, port)
    except TimeoutError:
        raise errors.NameNotResolved(
            f"{one_line(host)}: the resolver did not answer within {_seconds(seconds)}"
        ) from None
    except socket.gaierror as error:
        raise errors.NameNotResolved(f"{one_line(host)}: {error.strerror or error}") from None
    except ValueError as error:  # UnicodeError among them: the name cannot be a DNS name
        raise errors.NameNotResolved(f"{one_line(host)}: {error}") from None
    addresses = dict.fromkeys(_Address(family, sockaddr) for family, _, _, _, sockaddr in found if family in _FAMILIES)
    if not addresses:
        raise errors.NameNotResolved(f"{one_line(host)}: the resolver returned no address")
    preference = list(_FAMILIES)
    return tuple(sorted(addresses, key=lambda address: preference.index(socket.AddressFamily(address.family))))


async def _getaddrinfo(host: str, port: int) -> list[Any]:
    """Resolve in a thread of its own: the loop's executor is joined at exit, however long a resolver takes."""
    try:  # a numeric address needs no thread
        flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
        return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags))
    except socket.gaierror:
        pass
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[Any]] = loop.create_future()

    def settle(found: list[Any] | None, error: Exception | None) -> None:
        if answer.done():
            return
        if error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(found or [])

    def look_up() -> None:
        found, problem = None, None
        try:
            found = list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except Exception as error:  # noqa: BLE001 - handed to the waiting coroutine, whatever it is
            problem = error
        try:
            loop.call_soon_threadsafe(settle, found, problem)
        except RuntimeError:  # the loop is closed: nobody waits any more
            return

    threading.Thread(target=look_up, name=f"resolve {host}", daemon=True).start()
    return await answer


# ----------------------------------------------------------------------------------------------------------- the socket


async def _connect(address: _Address, seconds: float) -> socket.socket | _Failure:
    try:
        sock = socket.socket(address.family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    except OSError as error:
        return _failure(address, error)
    try:
        async with asyncio.timeout(seconds):
            await asyncio.get_running_loop().sock_connect(sock, address.sockaddr)
        if sock.getsockname() == sock.getpeername():
            # RFC 9293 section 3.5, simultaneous open: a dial to a closed local port can meet itself.
            raise ConnectionRefusedError(errno.ECONNREFUSED, "connected to itself")  # noqa: TRY301 - as connect(2) would
    except TimeoutError as error:
        sock.close()
        if error.errno is None:
            return _timed_out(address, f"no answer within {_seconds(seconds)}")
        return _failure(address, error)
    except OSError as error:
        sock.close()
        return _failure(address, error)
    except BaseException:
        sock.close()
        raise
    return sock


def _timed_out(address: _Address, short: str) -> _Failure:
    return _Failure(address, errors.ConnectTimedOut(f"{shown(address.text, address.sockaddr[1])}: {short}"), short)


def _failure(address: _Address, error: OSError) -> _Failure:
    where = shown(address.text, address.sockaddr[1])
    words = os.strerror(error.errno) if error.errno else str(error)  # asyncio puts words of its own in strerror
    if error.errno == errno.ECONNREFUSED:
        return _Failure(address, errors.ConnectRefused(f"{where}: connection refused"), "refused")
    if error.errno in {errno.ENOTCONN, errno.ECONNRESET}:
        return _Failure(address, errors.ConnectionLost(f"{where}: closed as soon as it was open"), "reset")
    if error.errno == errno.ETIMEDOUT:
        return _timed_out(address, "the kernel gave up waiting")
    if error.errno in {errno.EACCES, errno.EPERM}:
        return _Failure(address, errors.NotAllowed(f"{where}: this machine forbids it: {words}"), words)
    if error.errno in {*_NO_ROUTE_HERE, errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.ENETDOWN}:
        local = address.family == socket.AF_INET6 and error.errno in _NO_ROUTE_HERE
        return _Failure(address, errors.Unreachable(f"{where}: {words}"), words.lower(), local)
    # Out of descriptors, for one: our own trouble, which says nothing about the address.
    return _Failure(address, errors.ReadError(f"{where}: {words}"), words.lower())


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s"
