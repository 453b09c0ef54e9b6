"""HTTP through a host: the same promises over a byte stream that somebody else opened."""

import asyncio

import pytest
from tests.support import certs
from tests.support.servers import always, answer, serve

from coldstart import errors
from coldstart.clock import SystemClock
from coldstart.reads import HttpGet
from coldstart.reason import Reason
from coldstart.transport.dial import dial
from coldstart.transport.http import Http
from coldstart.transport.tcp import SocketStream


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return certs.make(tmp_path_factory.mktemp("ca"))


class Relay:
    """Opens real loopback connections on behalf of a host, and remembers what it was asked for."""

    def __init__(self, port=None):
        self.port = port
        self.asked = []
        self.open = 0

    async def __call__(self, host, destination, port):
        self.asked.append((host, destination, port))
        dialled = await dial("127.0.0.1", self.port or port, 2)
        self.open += 1
        return Counted(self, SocketStream(dialled.sock))


class Counted:
    def __init__(self, relay, stream):
        self.relay, self.stream = relay, stream

    async def read(self, max_bytes):
        return await self.stream.read(max_bytes)

    async def write(self, data):
        await self.stream.write(data)

    async def close(self):
        self.relay.open -= 1
        await self.stream.close()


async def test_a_read_via_a_host_goes_through_its_tunnel_and_closes_it():
    async with serve(always(answer(b"Prometheus is Ready."))) as server:
        relay = Relay(server.port)
        http = Http(SystemClock(), relay)
        reply = await http.perform(HttpGet(url="http://127.0.0.1:9090/-/ready", via="110", timeout=2))
        await http.close()
    assert relay.asked == [("110", "127.0.0.1", 9090)]
    assert (reply.status, reply.body, relay.open) == (200, b"Prometheus is Ready.", 0)
    assert b"\r\nHost: 127.0.0.1:9090\r\n" in server.heads[0]


@pytest.mark.parametrize(("url", "port"), [("http://grafana.example/", 80), ("https://grafana.example/", 443)])
async def test_the_usual_port_is_asked_for_and_names_are_left_to_the_host(url, port):
    asked = []

    async def refuse(host, destination, port):
        asked.append((host, destination, port))
        raise errors.ConnectRefused(f"{destination}:{port}: connection refused (seen by {host})")

    http = Http(SystemClock(), refuse)
    with pytest.raises(errors.ConnectRefused, match="seen by 110"):
        await http.perform(HttpGet(url=url, via="110", timeout=2))
    await http.close()
    assert asked == [("110", "grafana.example", port)]


async def test_tls_through_a_tunnel_verifies_the_name_of_the_url(made):
    async with serve(always(answer(b"ok")), tls=made.server("registry.example")) as server:
        http = Http(SystemClock(), Relay(server.port))
        good = HttpGet(url="https://registry.example/v2/", via="110", ca=made.ca_file, timeout=2)
        reply = await http.perform(good)
        with pytest.raises(errors.TlsRejected) as caught:
            await http.perform(good.model_copy(update={"url": "https://harbor.example/v2/"}))
        await http.close()
    assert (reply.body, reply.tls is not None) == (b"ok", True)
    assert caught.value.reason is Reason.TLS_WRONG_NAME


async def test_a_failed_handshake_closes_the_tunnel(made):
    async with serve(always(answer()), tls=made.server("other.example")) as server:
        relay = Relay(server.port)
        http = Http(SystemClock(), relay)
        with pytest.raises(errors.TlsRejected):
            await http.perform(HttpGet(url="https://registry.example/", via="110", ca=made.ca_file, timeout=2))
        await http.close()
    assert relay.open == 0


async def test_a_tunnel_that_never_opens_is_a_deadline():
    async def never(*_):
        await asyncio.Event().wait()

    http = Http(SystemClock(), never)
    with pytest.raises(errors.DeadlinePassed, match=r"opening a connection through 110 when the 0\.1 s were over"):
        await http.perform(HttpGet(url="http://127.0.0.1:9090/", via="110", timeout=0.1))
    await http.close()


@pytest.mark.slow
async def test_a_tunnel_that_does_not_close_is_left_behind_within_a_second():
    class Stuck(Counted):
        async def close(self):
            await self.stream.close()
            await asyncio.Event().wait()

    async def tunnel(host, destination, port):
        return Stuck(None, SocketStream((await dial("127.0.0.1", port, 2)).sock))

    async with serve(always(answer(b"ok"))) as server:
        http = Http(SystemClock(), tunnel)
        async with asyncio.timeout(3):
            reply = await http.perform(HttpGet(url=f"http://127.0.0.1:{server.port}/", via="110", timeout=1.5))
        await http.close()
    assert reply.body == b"ok"


async def test_without_a_way_to_open_tunnels_a_read_via_a_host_is_refused():
    http = Http(SystemClock())
    with pytest.raises(errors.ForbiddenCommand, match="through 110"):
        await http.perform(HttpGet(url="http://127.0.0.1:9090/", via="110", timeout=1))
    await http.close()
