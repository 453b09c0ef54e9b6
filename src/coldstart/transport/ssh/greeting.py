"""Whether sshd greets who connects now: what a connection that was kept cannot say (RFC 4253, section 4.2)."""

import asyncio

from coldstart import errors
from coldstart.text import decoded, one_line
from coldstart.transport.base import ByteStream
from coldstart.transport.detour import Taken
from coldstart.transport.dial import dial
from coldstart.transport.ssh.wire import Wire
from coldstart.transport.sshroute import Route
from coldstart.transport.tcp import SocketStream

_MOST = 1 << 14
"""Bytes that may come before the identification string: a server may send other lines first."""


async def greeted(route: Route, via: Wire | None, limit: float, taken: Taken | None) -> tuple[str, ...]:
    """Connect to where the route leads, wait for an identification string, hang up. Each step within `limit` s.

    Nothing is sent, and nothing in the string is judged. Returns the cautions of the connection. Raises what `dial` and
    `Wire.tunnel` raise, `LoginTimedOut` (no string), `ConnectionLost` (closed before it), `ProtocolBroken`.
    """
    stream: ByteStream
    cautions: tuple[str, ...] = ()
    if via:
        stream = await via.tunnel(route.host, route.port, limit)
    else:
        dialled = await dial(route.host, route.port, limit, taken)
        stream, cautions = SocketStream(dialled.sock), dialled.cautions
    heard = bytearray()
    try:
        async with asyncio.timeout(limit):
            await _until_identified(stream, heard)
    except TimeoutError:
        raise errors.LoginTimedOut(
            f"{route.shown}: a new connection was not greeted within {limit:g} s; {_said(heard)}"
        ) from None
    except errors.ConnectionLost as error:
        raise errors.ConnectionLost(
            f"{route.shown}: a new connection was not greeted: {error.detail}; {_said(heard)}"
        ) from None
    finally:
        await stream.close()
    return cautions


async def _until_identified(stream: ByteStream, heard: bytearray) -> None:
    """Read until a whole line begins with ``SSH-``."""
    while not any(line.startswith(b"SSH-") for line in heard.split(b"\n")[:-1]):
        if len(heard) > _MOST:
            raise errors.ProtocolBroken(f"a new connection was greeted with something else than SSH; {_said(heard)}")
        data = await stream.read(_MOST)
        if not data:
            raise errors.ConnectionLost("closed by the server")
        heard += data


def _said(heard: bytearray) -> str:
    return f"it sent {one_line(decoded(bytes(heard[:80])), 80)!r}" if heard else "it sent no SSH banner"
