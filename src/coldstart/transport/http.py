"""HTTP: one GET or HEAD on a connection of its own, direct or through a host, whole or not at all.

The only import of httpx and httpcore. A read does not reuse the connection of another one: that it can be reached now
is part of what is asked, and an idle connection that the server has just closed would be a failure of our own making.
What costs time, the client and the TLS contexts, is made once a run. HTTP/1.1 as in RFC 9110 and RFC 9112.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import ClassVar

import httpcore
import httpx

from coldstart import __version__, errors
from coldstart.clock import Clock
from coldstart.reads import HttpGet
from coldstart.replies import HttpReply, Tls
from coldstart.text import one_line
from coldstart.transport.base import ByteStream, OpenTunnel
from coldstart.transport.body import Body
from coldstart.transport.detour import Taken
from coldstart.transport.dial import dial
from coldstart.transport.tcp import SocketStream
from coldstart.transport.tls import Contexts, start_tls

Request = httpx.Request

USER_AGENT = f"coldstart/{__version__}"

_STREAM = "coldstart.stream"
_PORTS = {"http": 80, "https": 443}
_CLOSE_WITHIN = 1.0


@dataclass
class _Exchange:
    """What is known of a read while it is performed, for the words of its failure."""

    deadline: float
    doing: str = "connecting"
    cautions: list[str] = field(default_factory=list)
    tls: Tls | None = None


class Http:
    """Performs `HttpGet`. `open_tunnel` is how a read with `via` gets its connection, `taken` where others are led."""

    METHODS: ClassVar[frozenset[str]] = frozenset({"GET", "HEAD"})
    """What may be sent at all, whatever the request that was made says."""

    def __init__(self, clock: Clock, open_tunnel: OpenTunnel | None = None, taken: Taken | None = None) -> None:
        self._clock = clock
        self._open_tunnel = open_tunnel
        self._taken = taken
        self._contexts = Contexts()
        self._client = httpx.AsyncClient(
            transport=_OnStream(),
            trust_env=False,
            follow_redirects=False,
            timeout=None,  # noqa: S113 - every step is bounded by the read's own deadline
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # no answer may depend on an earlier one
            # Packed bodies are not asked for: what the server has to say is small, and a cut or a bomb stays plain.
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity", "Connection": "close"},
        )

    async def perform(self, read: HttpGet) -> HttpReply:
        """Ask, within `read.timeout` seconds in all.

        A redirect is followed only when the read allows it, to the same host, and never from https to http; one that is
        not followed is itself the reply, with its 3xx status. Raises `ForbiddenCommand` for a URL that is not asked,
        `TlsRejected`, `ProtocolBroken`, `ConnectionLost`, `OverCap`, `Unparsable`, `DeadlinePassed`, and what `dial`
        and the tunnel raise.
        """
        started = self._clock.wall()
        exchange = _Exchange(asyncio.get_running_loop().time() + read.timeout)
        request = self._request(read)
        redirects: list[str] = []
        while True:
            reply, onward = await self._one(read, request, exchange)
            if onward is None or len(redirects) >= read.follow_redirects or not _may_follow(request.url, onward.url):
                break
            redirects.append(str(onward.url))
            request = onward
        return reply.model_copy(
            update={
                "started": started,
                "ended": self._clock.wall(),
                "redirects": tuple(redirects),
                "cautions": tuple(dict.fromkeys(exchange.cautions)),
            }
        )

    def _request(self, read: HttpGet) -> httpx.Request:
        return self._built(read.method, read, None)

    def _built(self, method: str, read: HttpGet, content: bytes | None) -> httpx.Request:
        try:
            request = self._client.build_request(method, read.url, headers=list(read.headers), content=content)
        except (httpx.InvalidURL, ValueError, TypeError) as error:
            raise errors.ForbiddenCommand(f"not a URL that can be asked: {one_line(str(error))}") from None
        if request.url.scheme not in _PORTS or not request.url.host:
            raise errors.ForbiddenCommand("not a URL that can be asked: it needs http:// or https:// and a host")
        if request.url.userinfo:
            raise errors.ForbiddenCommand("not a URL that can be asked: it holds a user name or a password")
        return request

    async def close(self) -> None:
        await self._client.aclose()
        await self._contexts.close()

    async def _one(
        self, read: HttpGet, request: httpx.Request, exchange: _Exchange
    ) -> tuple[HttpReply, httpx.Request | None]:
        """One request on one new connection: the reply, and the request that a redirect asks for."""
        if request.method not in self.METHODS:
            raise errors.ForbiddenCommand(f"{request.method} {request.url} is not a request that is ever sent here")
        host = request.url.raw_host.decode("ascii")
        exchange.doing = "connecting"
        stream: ByteStream | None = None
        try:
            stream = await self._connect(read, request.url, exchange)
            async with asyncio.timeout_at(exchange.deadline):
                if request.url.scheme == "https":
                    exchange.doing = "in the TLS handshake"
                    secured = await start_tls(stream, await self._contexts.get(read.ca), host)
                    stream, exchange.tls = secured, secured.peer
                else:
                    exchange.tls = None
                exchange.doing = "waiting for the answer"
                request.extensions[_STREAM] = stream
                return await self._ask(request, exchange)
        except TimeoutError:
            raise errors.DeadlinePassed(f"{host}: {exchange.doing} when the {read.timeout:g} s were over") from None
        except errors.ConnectionLost as error:
            raise errors.ConnectionLost(f"{host}: {error.detail}, {exchange.doing}", evidence=error.evidence) from None
        finally:
            if stream is not None:
                await _closed(stream)

    async def _connect(self, read: HttpGet, url: httpx.URL, exchange: _Exchange) -> ByteStream:
        host, port = url.raw_host.decode("ascii"), url.port or _PORTS[url.scheme]
        if read.via is None:
            left = exchange.deadline - asyncio.get_running_loop().time()
            dialled = await dial(host, port, max(left, 0.0), self._taken)
            exchange.cautions.extend(dialled.cautions)
            return SocketStream(dialled.sock)
        if self._open_tunnel is None:
            raise errors.ForbiddenCommand(f"{read.describe()}: nothing here can open a connection through {read.via}")
        exchange.doing = f"opening a connection through {read.via}"
        async with asyncio.timeout_at(exchange.deadline):
            return await self._open_tunnel(read.via, host, port)

    async def _ask(self, request: httpx.Request, exchange: _Exchange) -> tuple[HttpReply, httpx.Request | None]:
        with _told_apart():
            response = await self._client.send(request, stream=True)
            headers = tuple((key.decode("latin-1"), value.decode("latin-1")) for key, value in response.headers.raw)
            body = Body(response.headers.get("content-encoding", ""))
            size = 0
            exchange.doing = "reading the body"
            async for chunk in response.aiter_raw():
                size += len(chunk)
                exchange.doing = f"reading the body ({size} bytes so far)"
                body.feed(chunk)
        reply = HttpReply(
            started=0.0,
            ended=0.0,
            status=response.status_code,
            headers=headers,
            body=body.complete(),
            url=str(request.url),
            tls=exchange.tls,
        )
        return reply, response.next_request


def _may_follow(origin: httpx.URL, target: httpx.URL) -> bool:
    """Same host, and never to less protection: another host's 200 must not pass for this one's (faults.md 41)."""
    downgraded = origin.scheme == "https" and target.scheme != "https"
    return target.scheme in _PORTS and target.host == origin.host and not downgraded and not target.userinfo


async def _closed(stream: ByteStream) -> None:
    with contextlib.suppress(TimeoutError, errors.ReadError):
        async with asyncio.timeout(_CLOSE_WITHIN):
            await stream.close()


@contextlib.contextmanager
def _told_apart() -> Iterator[None]:
    """No exception of httpx or httpcore gets out of here."""
    try:
        yield
    except (httpcore.RemoteProtocolError, httpx.RemoteProtocolError) as error:
        raise errors.ProtocolBroken(one_line(str(error))) from None
    except (httpcore.LocalProtocolError, httpx.LocalProtocolError, httpx.InvalidURL) as error:
        raise errors.ForbiddenCommand(f"not a request that can be sent: {one_line(str(error))}") from None
    except (httpcore.NetworkError, httpx.NetworkError) as error:
        raise errors.ConnectionLost(one_line(str(error))) from None
    except (httpcore.ProtocolError, httpx.HTTPError, httpx.StreamError) as error:
        raise errors.ProtocolBroken(f"{type(error).__name__}: {one_line(str(error))}") from None


class _OnStream(httpx.AsyncBaseTransport):
    """Speaks HTTP/1.1 on the connection that the request brings along, and opens none."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        connection = httpcore.AsyncHTTP11Connection(url.origin, _Wire(request.extensions[_STREAM]))
        response = await connection.handle_async_request(
            httpcore.Request(request.method, url, headers=request.headers.raw, content=request.stream)
        )
        return httpx.Response(response.status, headers=response.headers, stream=_Chunks(response))


class _Chunks(httpx.AsyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._response.aiter_stream():
            yield chunk

    async def aclose(self) -> None:
        await self._response.aclose()


class _Wire(httpcore.AsyncNetworkStream):
    """A `ByteStream` as httpcore wants it. Its time limits are not needed: a deadline is around the whole."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - httpcore's signature
        del timeout
        return await self._stream.read(max_bytes)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - httpcore's signature
        del timeout
        try:
            await self._stream.write(buffer)
        except errors.ConnectionLost as error:
            # httpcore then looks for an answer that was sent before the server closed.
            raise httpcore.WriteError(error.detail) from None

    async def aclose(self) -> None:
        """Leave it open: whoever opened the stream closes it, once and bounded in time."""
