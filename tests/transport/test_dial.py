"""Names, addresses and time before the first byte (faults.md 1 to 4)."""

import asyncio
import socket
import threading
import time
from pathlib import Path

import pytest
from tests.support.servers import address_rows, closed_port, name_addresses, swallowing_port

from coldstart import errors
from coldstart.reason import Reason
from coldstart.transport.dial import dial

NO_ROUTE = "ff05::1"
"""Linux answers a TCP connect to a multicast address as it does without an IPv6 route: ENETUNREACH, nothing sent."""


@pytest.fixture
def resolve(monkeypatch):
    return name_addresses(monkeypatch)


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def open_descriptors():
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def test_an_open_port_gives_a_connected_non_blocking_socket(listener):
    dialled = await dial("127.0.0.1", listener, 2)
    with dialled.sock as sock:
        assert sock.getpeername() == ("127.0.0.1", listener)
        assert sock.getblocking() is False
    assert (dialled.address, dialled.cautions) == ("127.0.0.1", ())


async def test_a_refusal_names_address_and_port():
    with (
        closed_port() as port,
        pytest.raises(errors.ConnectRefused, match=rf"^127\.0\.0\.1:{port}: connection refused"),
    ):
        await dial("127.0.0.1", port, 2)


async def test_a_swallowed_syn_is_a_timeout_with_its_seconds():
    with swallowing_port() as port:
        before = time.monotonic()
        with pytest.raises(errors.ConnectTimedOut, match=rf"^127\.0\.0\.1:{port}: no answer within 0\.3 s"):
            await dial("127.0.0.1", port, 0.3)
        assert time.monotonic() - before < 1


async def test_a_name_that_does_not_exist_is_named_with_the_resolvers_words():
    with pytest.raises(errors.NameNotResolved, match=r"^no-such-host\.invalid: .*(not known|resolution)"):
        await dial("no-such-host.invalid", 80, 5)


async def test_a_name_that_can_be_no_name_is_not_resolved():
    with pytest.raises(errors.NameNotResolved, match="label"):
        await dial("x" * 70 + ".example", 80, 2)


async def test_a_resolver_that_hangs_is_bounded(monkeypatch):
    real, release = socket.getaddrinfo, threading.Event()

    def getaddrinfo(host, port, *args, **kwargs):
        if kwargs.get("flags", 0) & socket.AI_NUMERICHOST:
            return real(host, port, *args, **kwargs)
        release.wait(10)
        return address_rows(port, "127.0.0.1")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    before = time.monotonic()
    with pytest.raises(errors.NameNotResolved, match=r"slow\.example: the resolver did not answer within 0\.2 s"):
        await dial("slow.example", 80, 0.2)
    assert time.monotonic() - before < 1
    release.set()


async def test_a_dead_ipv6_address_is_a_caution_when_ipv4_answers(resolve, listener):
    resolve("both.example", "127.0.0.1", "::1")
    dialled = await dial("both.example", listener, 2)
    dialled.sock.close()
    assert dialled.address == "127.0.0.1"
    assert dialled.cautions == ("IPv6 address ::1 failed (refused), used IPv4 127.0.0.1",)


async def test_an_address_that_swallows_leaves_time_for_the_next(resolve, listener):
    with swallowing_port("127.0.0.2", listener):
        resolve("two.example", "127.0.0.2", "127.0.0.1")
        dialled = await dial("two.example", listener, 0.6)
        dialled.sock.close()
    assert dialled.cautions == ("IPv4 address 127.0.0.2 failed (no answer within 0.3 s), used IPv4 127.0.0.1",)


async def test_ipv6_is_tried_first_and_its_success_is_no_caution(resolve):
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        resolve("both.example", "127.0.0.1", "::1")
        dialled = await dial("both.example", server.getsockname()[1], 2)
        dialled.sock.close()
    assert (dialled.address, dialled.cautions) == ("::1", ())


async def test_a_name_whose_every_address_refuses_is_a_closed_port_that_lists_them(resolve):
    with closed_port() as port:
        resolve("both.example", "127.0.0.1", "::1")
        with pytest.raises(errors.ConnectRefused) as caught:
            await dial("both.example", port, 2)
    assert "IPv6 address ::1: refused; IPv4 address 127.0.0.1: refused" in caught.value.detail


async def test_a_port_is_not_called_closed_while_one_address_was_not_observed(resolve):
    with swallowing_port() as port:
        resolve("both.example", "127.0.0.1", "::1")
        with pytest.raises(errors.ConnectTimedOut) as caught:
            await dial("both.example", port, 0.4)
    assert Reason.CONNECT_TIMEOUT is caught.value.reason


async def test_no_ipv6_route_on_this_machine_is_no_caution(resolve, listener):
    resolve("both.example", "127.0.0.1", NO_ROUTE)
    dialled = await dial("both.example", listener, 2)
    dialled.sock.close()
    assert dialled.cautions == ()


async def test_no_ipv6_route_on_this_machine_does_not_hide_a_refusal(resolve):
    with closed_port() as port:
        resolve("both.example", "127.0.0.1", NO_ROUTE)
        with pytest.raises(errors.ConnectRefused):
            await dial("both.example", port, 2)


async def test_an_ipv6_only_name_without_a_route_is_unreachable(resolve):
    resolve("six.example", NO_ROUTE)
    with pytest.raises(errors.Unreachable, match=r"unreachable"):
        await dial("six.example", 80, 2)


async def test_cancelling_leaves_no_socket_open():
    with swallowing_port() as port:
        before = open_descriptors()
        task = asyncio.create_task(dial("127.0.0.1", port, 10))
        await asyncio.wait({task}, timeout=0.05)
        assert open_descriptors() == before + 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert before == open_descriptors()


async def test_failures_leave_no_socket_open(resolve):
    with closed_port() as port:
        resolve("both.example", "127.0.0.1", "::1")
        before = open_descriptors()
        with pytest.raises(errors.ConnectRefused):
            await dial("both.example", port, 1)
        assert before == open_descriptors()


async def test_a_connection_to_itself_is_a_closed_port(monkeypatch):
    """TCP's simultaneous open: with the port as its own source, a socket on a closed port connects to itself."""
    with closed_port() as port:
        pass

    class Bound(socket.socket):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            if kwargs.get("fileno") is None and self.type & socket.SOCK_STREAM:
                self.bind(("127.0.0.1", port))

    monkeypatch.setattr("coldstart.transport.dial.socket.socket", Bound)
    with pytest.raises(errors.ConnectRefused):
        await dial("127.0.0.1", port, 1)
