"""Detours: opened elsewhere, and everything else as it was meant; real servers on both sides."""

import asyncio
import socket

import pytest
from tests.support import certs
from tests.support.servers import always, answer, closed_port, name_addresses, serve, swallowing_port
from tests.support.ssh_servers import USER, Lab

from coldstart import errors
from coldstart.clock import SystemClock
from coldstart.reads import HttpGet, Ping, SshLogin, TcpDial
from coldstart.reason import Reason
from coldstart.replies import LoginReply
from coldstart.transport.base import Endpoint
from coldstart.transport.detour import Detours, Place
from coldstart.transport.world import World

HOW = "it is written HOST:PORT=HOST:PORT, an IPv6 address in brackets"
MEANT = "127.9.9.9"
"""An address of this machine where nothing listens: a detour that is not taken is refused there."""


@pytest.fixture
def listener():
    """A port that the kernel opens connections to, and nobody reads from."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return certs.make(tmp_path_factory.mktemp("ca"))


@pytest.fixture
async def world():
    """Makes worlds with detours and closes them."""
    doors = []

    def make(*given, hosts=(), options=None):
        endpoints = {host.name: host for host in hosts}
        doors.append(World(endpoints, SystemClock(), options, Detours.parse(given)))
        return doors[-1]

    yield make
    for door in doors:
        await door.close()


# ---------------------------------------------------------------------------------------------------- how it is written


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("", "--connect-to '': it is empty"),
        ("a:1", "--connect-to a:1: it has 1 side, not two"),
        ("a:1=b:2=c:3", "--connect-to a:1=b:2=c:3: it has 3 sides, not two"),
        ("a:1=", "--connect-to a:1=: '' is not HOST:PORT"),
        ("=b:2", "--connect-to =b:2: '' is not HOST:PORT"),
        ("a=b:2", "--connect-to a=b:2: 'a' is not HOST:PORT"),
        (":1=b:2", "--connect-to :1=b:2: ':1' is not HOST:PORT"),
        ("a:=b:2", "--connect-to a:=b:2: 'a:' is not HOST:PORT"),
        ("a:http=b:2", "--connect-to a:http=b:2: 'a:http' is not HOST:PORT"),
        ("a:-1=b:2", "--connect-to a:-1=b:2: 'a:-1' is not HOST:PORT"),
        ("a:1 =b:2", "--connect-to a:1 =b:2: 'a:1 ' is not HOST:PORT"),
        ("*:1=b:2", "--connect-to *:1=b:2: '*:1' is not HOST:PORT"),
        ("ops@a:1=b:2", "--connect-to ops@a:1=b:2: 'ops@a:1' is not HOST:PORT"),
        ("https://a:1=b:2", "--connect-to https://a:1=b:2: 'https://a:1' is not HOST:PORT"),
        ("a:1=b:\x1b2", r"--connect-to a:1=b:\x1b2: 'b:\x1b2' is not HOST:PORT"),
        ("::1:22=b:2", "--connect-to ::1:22=b:2: '::1:22' is not HOST:PORT"),
        ("[::1]=b:2", "--connect-to [::1]=b:2: '[::1]' is not HOST:PORT"),
        ("[1:2]:22=b:2", "--connect-to [1:2]:22=b:2: '1:2' is not an IPv6 address"),
        ("a:1=[127.0.0.1]:2", "--connect-to a:1=[127.0.0.1]:2: '127.0.0.1' is not an IPv6 address"),
        ("a:0=b:2", "--connect-to a:0=b:2: 0 is not a port (1 to 65535)"),
        ("a:1=b:65536", "--connect-to a:1=b:65536: 65536 is not a port (1 to 65535)"),
        ("a:1=A:1", "--connect-to a:1=A:1: both sides are the same place, so it changes nothing"),
        ("[::1]:1=[0::1]:1", "--connect-to [::1]:1=[0::1]:1: both sides are the same place, so it changes nothing"),
    ],
)
def test_what_is_not_a_detour_is_shown_with_how_one_is_written(given, problem):
    with pytest.raises(errors.UsageError) as caught:
        Detours.parse([given])
    assert (f"{problem}; {HOW}",) == caught.value.problems


@pytest.mark.parametrize("again", ["a:1=b:2", "A:1=c:3"])
def test_a_left_side_is_given_once(again):
    with pytest.raises(errors.UsageError) as caught:
        Detours.parse(["a:1=b:2", again])
    assert (f"--connect-to {again}: a:1 is led to b:2 already; a left side is given once; {HOW}",) == (
        caught.value.problems
    )


def test_every_problem_is_named_at_once():
    with pytest.raises(errors.UsageError) as caught:
        Detours.parse(["a:0=b:2", "a:1=b:2", "x"])
    assert ["a:0=b:2", "x"] == [problem.split()[1].rstrip(":") for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("given", "host", "port"),
    [
        ("Db.Example:5432=b:1", "dB.eXample", 5432),
        ("[FD00:0:0::10]:22=b:1", "fd00::10", 22),
        ("[fe80::1%eth0]:22=b:1", "FE80:0::1%eth0", 22),
        ("192.168.0.110:22=b:1", "192.168.0.110", 22),
        ("Bücher.example:443=b:1", "xn--bcher-kva.example", 443),
    ],
)
def test_names_are_compared_in_any_case_and_addresses_in_any_spelling(given, host, port):
    detours = Detours.parse([given])
    (only,) = detours.all
    assert (only, Place("b", 1)) == (detours.of(host, port), only.at)


@pytest.mark.parametrize(
    ("host", "port"), [("a.example", 23), ("a.example.", 22), ("b.a.example", 22), ("b", 1), ("::1", 22)]
)
def test_any_other_place_has_no_detour(host, port):
    assert Detours.parse(["a.example:22=b:1"]).of(host, port) is None


# ---------------------------------------------------------------------------------------------------------- a TCP dial


@pytest.mark.parametrize("meant", [MEANT, "fd00::9", "db.example"])
async def test_a_dial_is_opened_at_the_right_side_and_replied_as_the_left(world, listener, meant):
    left = str(Place(meant, 5432))
    door = world(f"{left}=127.0.0.1:{listener}")
    reply = await door.perform(TcpDial(address=meant, port=5432, timeout=2))
    assert (meant, ()) == (reply.address, reply.cautions)
    assert (f"connect-to: {left} was reached at 127.0.0.1:{listener}",) == door.notes


async def test_a_dial_can_be_led_to_an_ipv6_address(world):
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        port = server.getsockname()[1]
        door = world(f"{MEANT}:22=[::1]:{port}")
        await door.perform(TcpDial(address=MEANT, port=22, timeout=2))
    assert (f"connect-to: {MEANT}:22 was reached at [::1]:{port}",) == door.notes


async def test_the_left_side_is_not_touched_even_where_it_would_answer(world):
    async with serve(always(answer(b"left"))) as left, serve(always(answer(b"right"))) as right:
        door = world(f"127.0.0.1:{left.port}=127.0.0.1:{right.port}")
        reply = await door.perform(HttpGet(url=f"http://127.0.0.1:{left.port}/", timeout=2))
    assert (b"right", 0) == (reply.body, left.connections)


async def test_a_detour_does_not_lead_into_another_one(world, listener):
    with closed_port() as port:
        first, second = f"{MEANT}:22=127.0.0.1:{port}", f"127.0.0.1:{port}=127.0.0.1:{listener}"
        door = world(first, second)
        with pytest.raises(errors.ConnectRefused):
            await door.perform(TcpDial(address=MEANT, port=22, timeout=2))
    assert {
        f"connect-to: {MEANT}:22 was not reached at 127.0.0.1:{port}",
        f"connect-to: 127.0.0.1:{port} was not asked for",
    } == set(door.notes)


async def test_what_has_no_detour_goes_where_it_is_meant(world, listener):
    door = world(f"{MEANT}:22=127.0.0.1:1")
    reply = await door.perform(TcpDial(address="127.0.0.1", port=listener, timeout=2))
    assert ("127.0.0.1", (f"connect-to: {MEANT}:22 was not asked for",)) == (reply.address, door.notes)


async def test_notes_are_sorted_and_there_are_none_without_detours(world, listener):
    door = world(*(f"127.9.9.{host}:22=127.0.0.1:{listener}" for host in (3, 1, 2)))
    assert [f"connect-to: 127.9.9.{host}:22 was not asked for" for host in (1, 2, 3)] == list(door.notes)
    assert () == world().notes


async def test_ping_is_not_tcp_and_takes_no_detour(world):
    door = world("127.0.0.1:22=127.0.0.1:1")
    assert 0 == (await door.perform(Ping(address="127.0.0.1", count=1, timeout=5))).exit_status
    assert ("connect-to: 127.0.0.1:22 was not asked for",) == door.notes


# ------------------------------------------------------------------------------------------------ what goes wrong there


async def test_a_refusal_names_what_was_meant_and_what_was_dialled(world):
    with closed_port() as port:
        door = world(f"{MEANT}:22=127.0.0.1:{port}")
        with pytest.raises(errors.ConnectRefused) as caught:
            await door.perform(TcpDial(address=MEANT, port=22, timeout=2))
    assert f"{MEANT}:22 (by --connect-to at 127.0.0.1:{port}): connection refused" == caught.value.detail
    assert Reason.PORT_CLOSED is caught.value.reason


async def test_no_answer_there_is_a_time_out_that_names_both(world):
    with swallowing_port() as port:
        door = world(f"{MEANT}:22=127.0.0.1:{port}")
        with pytest.raises(errors.ConnectTimedOut) as caught:
            await door.perform(TcpDial(address=MEANT, port=22, timeout=0.2))
    assert f"{MEANT}:22 (by --connect-to at 127.0.0.1:{port}): no answer within 0.2 s" == caught.value.detail


async def test_a_name_on_the_right_that_is_not_resolved_names_both(world, monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    door = world(f"{MEANT}:22=forward.example:40022")
    with pytest.raises(errors.NameNotResolved) as caught:
        await door.perform(TcpDial(address=MEANT, port=22, timeout=2))
    said = "forward.example: Name or service not known"
    assert f"{MEANT}:22 (by --connect-to at forward.example:40022): {said}" == caught.value.detail


async def test_a_caution_on_the_way_says_that_it_is_of_the_detour(world, listener, monkeypatch):
    name_addresses(monkeypatch)("forward.example", "127.0.0.1", "::1")
    door = world(f"{MEANT}:22=forward.example:{listener}")
    reply = await door.perform(TcpDial(address=MEANT, port=22, timeout=2))
    way = f"{MEANT}:22 (by --connect-to at forward.example:{listener})"
    assert (f"{way}: IPv6 address ::1 failed (refused), used IPv4 127.0.0.1",) == reply.cautions


# ---------------------------------------------------------------------------------------------------------------- HTTP


async def test_a_request_keeps_its_host_header_and_its_url(world):
    async with serve(always(answer(b"ok"))) as server:
        door = world(f"grist.example:80=127.0.0.1:{server.port}")
        reply = await door.perform(HttpGet(url="http://Grist.example/api?q=1", timeout=2))
    assert ("http://grist.example/api?q=1", b"ok") == (reply.url, reply.body)
    assert server.heads[0].startswith(b"GET /api?q=1 HTTP/1.1\r\n")
    assert b"\r\nHost: grist.example\r\n" in server.heads[0].replace(b"host:", b"Host:")


async def test_tls_asks_for_the_left_name_and_verifies_it(world, made):
    asked = []
    context = made.server("grist.example")
    context.sni_callback = lambda _session, name, _context: asked.append(name)
    async with serve(always(answer(b"ok")), tls=context) as server:
        door = world(f"grist.example:443=127.0.0.1:{server.port}")
        reply = await door.perform(HttpGet(url="https://grist.example/", ca=made.ca_file, timeout=2))
    assert (["grist.example"], b"ok") == (asked, reply.body)
    assert (f"connect-to: grist.example:443 was reached at 127.0.0.1:{server.port}",) == door.notes


async def test_a_certificate_for_the_right_side_alone_is_for_the_wrong_name(world, made):
    async with serve(always(answer()), tls=made.server("127.0.0.1", "localhost")) as server:
        door = world(f"grist.example:443=127.0.0.1:{server.port}")
        with pytest.raises(errors.TlsRejected) as caught:
            await door.perform(HttpGet(url="https://grist.example/", ca=made.ca_file, timeout=2))
    assert Reason.TLS_WRONG_NAME is caught.value.reason


async def test_a_redirect_to_another_port_of_the_host_takes_that_ports_detour(world, made):
    async with serve(always(answer(b"ok")), tls=made.server("grist.example")) as secure:
        moved = always(answer(b"", "301 Moved", ("Location: https://grist.example/",)))
        async with serve(moved) as plain:
            ways = {80: plain.port, 443: secure.port}
            door = world(*(f"grist.example:{port}=127.0.0.1:{at}" for port, at in ways.items()))
            read = HttpGet(url="http://grist.example/", ca=made.ca_file, follow_redirects=1, timeout=2)
            reply = await door.perform(read)
    assert ("https://grist.example/", b"ok", 2) == (reply.url, reply.body, len(door.notes))
    assert all(" was reached at " in note for note in door.notes)


# ----------------------------------------------------------------------------------------------------------------- SSH


def pinned(directory, **keys):
    """A known_hosts file: each name with the key of one server."""
    lines = (f"{name} {lab.host_key.export_public_key().decode().strip()}\n" for name, lab in keys.items())
    (directory / "known_hosts").write_text("".join(lines))


def host(address, port=22):
    return Endpoint(name="h", address=address, user=USER, port=port)


async def test_an_ssh_login_is_made_elsewhere_with_the_host_key_of_the_left(world, tmp_path):
    async with Lab(tmp_path).serving() as lab:
        pinned(tmp_path, **{MEANT: lab})
        door = world(f"{MEANT}:22=127.0.0.1:{lab.port}", hosts=[host(MEANT)], options=lab.options())
        login = await door.perform(SshLogin(host="h"))
    assert isinstance(login, LoginReply)
    assert (MEANT, 22) == (login.address, login.port)
    assert (f"connect-to: {MEANT}:22 was reached at 127.0.0.1:{lab.port}",) == door.notes


async def test_a_host_key_that_is_pinned_for_the_right_side_is_not_the_lefts(world, tmp_path):
    async with Lab(tmp_path).serving() as lab:  # it pins 127.0.0.1
        door = world(f"{MEANT}:22=127.0.0.1:{lab.port}", hosts=[host(MEANT)], options=lab.options())
        with pytest.raises(errors.HostKeyUnknown, match=rf"^{USER}@{MEANT}:22: presented "):
            await door.perform(SshLogin(host="h"))
        assert 0 == lab.attempts


async def test_a_refused_ssh_connection_names_both_places(world, tmp_path):
    with closed_port() as port:
        door = world(f"{MEANT}:22=127.0.0.1:{port}", hosts=[host(MEANT)], options=Lab(tmp_path).options())
        with pytest.raises(errors.ConnectRefused, match=rf"^{MEANT}:22 \(by --connect-to at 127.0.0.1:{port}\): "):
            await door.perform(SshLogin(host="h"))


async def test_the_place_that_the_ssh_config_names_is_the_one_that_has_the_detour(world, tmp_path):
    (tmp_path / "config").write_text(f"Host db\n HostName {MEANT}\n")
    async with Lab(tmp_path).serving() as lab:
        pinned(tmp_path, **{MEANT: lab})
        options = lab.options(config_path=tmp_path / "config")
        door = world(f"{MEANT}:22=127.0.0.1:{lab.port}", "db:22=127.0.0.1:1", hosts=[host("db")], options=options)
        assert MEANT == (await door.perform(SshLogin(host="h"))).address
    assert "connect-to: db:22 was not asked for" in door.notes


async def test_only_the_first_hop_of_a_jump_takes_a_detour(world, tmp_path):
    jump, behind = Lab(tmp_path), Lab(tmp_path)  # one directory, one user key: the last one made
    jump.user_key = behind.user_key
    (tmp_path / "config").write_text(f"Host 127.0.0.1\n ProxyJump {USER}@jump.example\n")
    async with jump.serving(tunnel=True, pin=False), behind.serving(pin=False):
        pinned(tmp_path, **{"jump.example": jump, "127.0.0.1": behind})
        door = world(
            f"jump.example:22=127.0.0.1:{jump.port}",
            f"127.0.0.1:{behind.port}=127.0.0.1:1",
            hosts=[host("127.0.0.1", behind.port)],
            options=jump.options(config_path=tmp_path / "config"),
        )
        await door.perform(SshLogin(host="h"))
    assert {
        f"connect-to: jump.example:22 was reached at 127.0.0.1:{jump.port}",
        f"connect-to: 127.0.0.1:{behind.port} was not asked for",
    } == set(door.notes)


async def test_what_goes_through_a_host_is_opened_there_as_it_is_meant(world, tmp_path):
    async with Lab(tmp_path).serving(tunnel=True) as lab, serve(always(answer(b"ready"))) as server:
        pinned(tmp_path, **{MEANT: lab})
        door = world(
            f"{MEANT}:22=127.0.0.1:{lab.port}",
            f"127.0.0.1:{server.port}=127.0.0.1:1",
            hosts=[host(MEANT)],
            options=lab.options(),
        )
        read = HttpGet(url=f"http://127.0.0.1:{server.port}/-/ready", via="h", timeout=5)
        assert b"ready" == (await door.perform(read)).body
    assert f"connect-to: 127.0.0.1:{server.port} was not asked for" in door.notes


async def test_what_goes_through_this_machine_is_opened_by_coldstart_and_takes_its_detour(world):
    here = Endpoint(name="here", address="127.0.0.1", local=True)
    async with serve(always(answer(b"ready"))) as server:
        door = world(f"{MEANT}:9090=127.0.0.1:{server.port}", hosts=[here])
        read = HttpGet(url=f"http://{MEANT}:9090/-/ready", via="here", timeout=2)
        assert b"ready" == (await door.perform(read)).body


async def test_one_detour_serves_many_connections_and_is_one_note(world, listener):
    door = world(f"{MEANT}:22=127.0.0.1:{listener}")
    read = TcpDial(address=MEANT, port=22, timeout=2)
    await asyncio.gather(*(door.perform(read) for _ in range(5)))
    assert (f"connect-to: {MEANT}:22 was reached at 127.0.0.1:{listener}",) == door.notes
