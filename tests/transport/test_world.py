"""Each read goes to the transport of its kind and of its host; what a run does not need is not imported."""

import asyncio
import subprocess
import sys
import time

import pytest
from tests.support import certs
from tests.support.servers import always, answer, closed_port, serve
from tests.support.ssh_servers import Lab

from coldstart import errors
from coldstart.clock import SystemClock
from coldstart.reads import Command, HttpGet, Neighbour, Ping, SshLogin, TcpDial
from coldstart.reason import Reason
from coldstart.replies import LoginReply
from coldstart.transport import world
from coldstart.transport.base import Endpoint
from coldstart.transport.world import World

HERE = Endpoint(name="here", address="192.0.2.7", local=True)


@pytest.fixture
async def local():
    door = World({"here": HERE}, SystemClock())
    yield door
    await door.close()


@pytest.fixture
async def tunnelled(tmp_path):
    """A world with one host, `h`: a real asyncssh server that forwards (direct-tcpip)."""
    async with Lab(tmp_path).serving(tunnel=True) as lab:
        door = World({"h": lab.endpoint(), "here": HERE}, SystemClock(), lab.options())
        yield door
        await door.close()


async def test_reads_of_a_local_host_stay_on_this_machine(local):
    login = await local.perform(SshLogin(host="here", timeout=2))
    assert isinstance(login, LoginReply)
    assert (login.server, login.address) == ("local", "192.0.2.7")


async def test_a_command_on_a_local_host_is_held_to_the_allowed_shapes(local):
    with pytest.raises(errors.ForbiddenCommand):
        await local.perform(Command(host="here", argv=("rm", "-rf", "/var/lib/x"), timeout=2))


async def test_network_reads_are_sent_from_here(local):
    async with serve(always(answer())) as server:
        assert (await local.perform(TcpDial(address="127.0.0.1", port=server.port, timeout=2))).kind == "tcp"
    assert (await local.perform(Ping(address="127.0.0.1", count=1, timeout=5))).exit_status == 0
    assert (await local.perform(Neighbour(address="127.0.0.1", timeout=3))).answered is False


async def test_a_tunnel_through_a_local_host_is_a_connection_of_our_own(local):
    """The alert test of a baseline whose host is this machine (``via: here``)."""
    async with serve(always(answer(b"ready"))) as server:
        stream = await local.open_tunnel("here", "127.0.0.1", server.port)
        await stream.write(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        assert (await stream.read(4096)).startswith(b"HTTP/1.1 200")
        await stream.close()


async def test_http_via_a_local_host_is_direct(local):
    async with serve(always(answer(b"ready"))) as server:
        read = HttpGet(url=f"http://127.0.0.1:{server.port}/-/ready", via="here", timeout=2)
        assert (await local.perform(read)).body == b"ready"


async def test_a_host_that_refuses_is_a_closed_port():
    with closed_port() as port:
        endpoint = Endpoint(name="h", address="127.0.0.1", user="ops", port=port)
        door = World({"h": endpoint}, SystemClock())
        with pytest.raises(errors.ConnectRefused):
            await door.perform(SshLogin(host="h", timeout=2))
        await door.close()


async def test_http_via_a_host_goes_through_its_ssh_connection(tunnelled):
    async with serve(always(answer(b"Prometheus is Ready."))) as server:
        read = HttpGet(url=f"http://127.0.0.1:{server.port}/-/ready", via="h", timeout=5)
        one, two = await asyncio.gather(
            tunnelled.perform(read), tunnelled.perform(read.model_copy(update={"url": f"{read.url}?again"}))
        )
    assert (one.body, two.body) == (b"Prometheus is Ready.", b"Prometheus is Ready.")


async def test_tls_via_a_host_is_verified_end_to_end(tunnelled, tmp_path):
    made = certs.make(tmp_path)
    async with serve(always(answer(b"ok")), tls=made.server("localhost")) as server:
        good = HttpGet(url=f"https://localhost:{server.port}/", via="h", ca=made.ca_file, timeout=5)
        reply = await tunnelled.perform(good)
        with pytest.raises(errors.TlsRejected) as caught:
            await tunnelled.perform(good.model_copy(update={"url": f"https://127.0.0.1:{server.port}/"}))
    assert (reply.body, reply.tls.version) == (b"ok", "TLSv1.3")
    assert caught.value.reason is Reason.TLS_WRONG_NAME


async def test_a_closed_port_on_the_other_side_of_a_host_is_no_reply(tunnelled):
    # OpenSSH says "Connection refused", asyncssh's server says it in words of its own.
    with closed_port() as port, pytest.raises((errors.ConnectRefused, errors.ChannelRefused), match=str(port)):
        await tunnelled.perform(HttpGet(url=f"http://127.0.0.1:{port}/", via="h", timeout=5))


@pytest.mark.slow
async def test_a_drip_through_a_host_is_ended_by_the_total_deadline(tunnelled):
    async def drip(talk):
        await talk.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            await talk.send(b"x")
            await asyncio.sleep(0.02)

    async with serve(drip) as server:
        with pytest.raises(errors.DeadlinePassed):
            await tunnelled.perform(HttpGet(url=f"http://127.0.0.1:{server.port}/", via="h", timeout=1))


async def test_notes_are_those_of_the_ssh_configuration(tmp_path):
    (tmp_path / "config").write_text("Host *\n  StrictHostKeyChecking no\n", "utf-8")
    lab = Lab(tmp_path)
    door = World({"h": lab.endpoint(1)}, SystemClock(), lab.options(config_path=tmp_path / "config"))
    assert door.notes == ()
    with pytest.raises(errors.ReadError):
        await door.perform(SshLogin(host="h", timeout=2))
    assert "StrictHostKeyChecking" in " ".join(door.notes)
    await door.close()


async def test_closing_is_bounded_when_a_part_does_not_close(local, monkeypatch):
    monkeypatch.setattr(world, "CLOSE_WITHIN", 0.1)
    await local.perform(SshLogin(host="here", timeout=2))

    async def never():
        await asyncio.Event().wait()

    monkeypatch.setattr(local._local, "close", never)
    before = time.monotonic()
    await local.close()
    assert time.monotonic() - before < 1


@pytest.mark.parametrize(
    ("read", "spared"),
    [
        ("TcpDial(address='127.0.0.1', port=1, timeout=1)", ("asyncssh", "httpx")),
        ("HttpGet(url='http://127.0.0.1:1/', timeout=1)", ("asyncssh",)),
        ("SshLogin(host='here', timeout=1)", ("asyncssh", "httpx")),
    ],
)
def test_a_run_does_not_import_what_it_does_not_need(read, spared):
    script = f"""
import asyncio, sys
from coldstart import errors
from coldstart.clock import SystemClock
from coldstart.reads import *
from coldstart.transport.base import Endpoint
from coldstart.transport.world import World

async def main():
    door = World({{"here": Endpoint("here", "127.0.0.1", local=True)}}, SystemClock())
    try:
        await door.perform({read})
    except errors.ConnectRefused:
        pass
    await door.close()

asyncio.run(main())
print([name for name in {spared!r} if name in sys.modules])
"""
    done = subprocess.run((sys.executable, "-c", script), capture_output=True, text=True, check=True, timeout=20)
    assert done.stdout == "[]\n"
