"""What this machine sees of the network by itself: real ping(8) and ip(8), on loopback and in namespaces of our own."""

import json
import os
import subprocess
import sys
import uuid

import pytest
from tests.support.servers import always, closed_port, name_addresses, serve

from coldstart import errors, shapes
from coldstart.clock import SystemClock
from coldstart.reads import READ, Neighbour, Ping, TcpDial
from coldstart.replies import REPLY, NeighbourReply, PingReply
from coldstart.transport import net
from coldstart.transport.local import Finished
from coldstart.transport.net import Net


@pytest.fixture
def here():
    return Net(SystemClock())


async def test_an_open_port_is_a_reply_with_the_address_that_answered(here):
    async with serve(always(b"")) as server:
        reply = await here.perform(TcpDial(address="127.0.0.1", port=server.port, timeout=2))
    assert reply.address == "127.0.0.1"
    assert reply.started <= reply.ended


async def test_a_closed_port_is_a_refusal(here):
    with closed_port() as port, pytest.raises(errors.ConnectRefused):
        await here.perform(TcpDial(address="127.0.0.1", port=port, timeout=2))


async def test_a_fallback_address_is_a_caution_of_the_reply(here, monkeypatch):
    name_addresses(monkeypatch)("both.example", "127.0.0.1", "::1")
    async with serve(always(b"")) as server:
        reply = await here.perform(TcpDial(address="both.example", port=server.port, timeout=2))
    assert reply.cautions == ("IPv6 address ::1 failed (refused), used IPv4 127.0.0.1",)


@pytest.mark.parametrize("read", [Ping(address="192.0.2.1"), Ping(address="db.example", count=10, wait=30)])
def test_what_ping_is_called_with_is_an_allowed_shape(read):
    assert shapes.allowed(read.argv)


def test_what_ip_is_called_with_is_an_allowed_shape():
    read = Neighbour(address="fe80::1")
    assert shapes.allowed(read.route_argv)
    assert shapes.allowed(read.entry_argv)


@pytest.mark.parametrize(
    "argv",
    [
        ("ping", "-f", "192.0.2.1"),
        ("ping", "-n", "-c", "1000", "192.0.2.1"),
        ("ip", "-json", "route", "add", "192.0.2.1"),
        ("ip", "-json", "neighbour", "flush", "to", "192.0.2.1"),
        ("ip", "-json", "route", "get", "-batch"),
    ],
)
def test_other_ways_to_call_them_are_not_allowed(argv):
    assert not shapes.allowed(argv)


# What ping of iputils 20221126 and BusyBox 1.35 print, with the exit status, and what may be made of it.
STATISTICS = b"2 packets transmitted, 0 received, 100% packet loss, time 1001ms\n"
PRINTED = [
    (2, b"", b"ping: nas: Name or service not known\n", errors.NameNotResolved),
    (2, b"", b"ping: nas: Temporary failure in name resolution\n", errors.NameNotResolved),
    (1, b"", b"ping: bad address 'nas'\n", errors.NameNotResolved),
    (2, b"", b"ping: connect: Network is unreachable\n", errors.Unreachable),
    (1, STATISTICS, b"ping: sendmsg: Network is unreachable\n", errors.Unreachable),
    (1, b"PING nas\n", b"ping: sendto: Network unreachable\n", errors.Unreachable),
    (2, b"", b"ping: socktype: SOCK_RAW\nping: socket: Operation not permitted\n", errors.NotAllowed),
    (1, b"", b"ping: permission denied (are you root?)\n", errors.NotAllowed),
    (1, STATISTICS, b"ping: sendmsg: Operation not permitted\n", errors.NotAllowed),
    (1, b"", b"", errors.UnexpectedExit),
    (0, b"", b"", errors.UnexpectedExit),
]


@pytest.fixture
def printed(monkeypatch):
    def say(status, stdout, stderr):
        async def run_tool(*_):
            return Finished(status, stdout, stderr, 1.0, 2.0)

        monkeypatch.setattr(net, "run_tool", run_tool)

    return say


@pytest.mark.parametrize("case", PRINTED)
async def test_a_ping_that_could_not_send_is_no_answer_about_the_address(here, printed, case):
    *said, leaf = case
    printed(*said)
    with pytest.raises(errors.ReadError) as caught:
        await here.perform(Ping(address="nas"))
    assert leaf is type(caught.value)
    assert caught.value.detail.startswith("ping: ")


@pytest.mark.parametrize(
    ("status", "stdout", "stderr"), [(1, STATISTICS, b""), (2, b"", b"ping: Do you want to ping broadcast?\n")]
)
async def test_a_ping_that_says_something_else_is_a_reply(here, printed, status, stdout, stderr):
    printed(status, stdout, stderr)
    reply = await here.perform(Ping(address="nas"))
    assert reply == PingReply(started=1.0, ended=2.0, exit_status=status, stdout=stdout, stderr=stderr)


@pytest.mark.parametrize("route", [b"", b"[]", b"{}", b"not json", b'[{"dst":', b"[1]", b"[" * 100_000])
async def test_a_route_that_cannot_be_parsed_is_no_evidence(here, printed, route):
    printed(0, route, b"")
    with pytest.raises(errors.Unparsable):
        await here.perform(Neighbour(address="192.0.2.1"))


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        ({"dst": "192.0.2.9", "dev": "eth0"}, True),
        ({"dst": "192.0.2.9", "gateway": "192.0.2.1", "dev": "eth0"}, False),
        ({"dst": "192.0.2.9", "via": {"family": "inet6", "host": "fe80::1"}, "dev": "eth0"}, False),
        ({"type": "local", "dst": "192.0.2.9", "dev": "lo"}, False),
        ({"type": "broadcast", "dst": "192.0.2.255", "dev": "eth0"}, False),
    ],
)
def test_only_a_route_without_a_gateway_leads_to_a_neighbour(route, expected):
    assert expected == net.on_link(route)


# ------------------------------------------------------------------------------------------------- the real tools, real


async def test_loopback_answers_a_real_ping(here):
    reply = await here.perform(Ping(address="127.0.0.1", count=1, timeout=5))
    assert reply.exit_status == 0
    assert b"1 packets transmitted, 1 received" in reply.stdout


async def test_a_real_ping_to_a_name_that_does_not_exist_is_not_resolved(here):
    with pytest.raises(errors.NameNotResolved, match=r"no-such-host\.invalid"):
        await here.perform(Ping(address="no-such-host.invalid", count=1, timeout=8))


async def test_an_address_of_this_machine_has_a_local_route_and_no_entry(here):
    reply = await here.perform(Neighbour(address="127.0.0.1", timeout=3))
    assert (json.loads(reply.route)[0]["type"], json.loads(reply.entry or b"[]"), reply.answered) == (
        "local",
        [],
        False,
    )


async def test_a_name_in_the_place_of_an_address_is_refused_by_ip_itself(here):
    with pytest.raises(errors.UnexpectedExit, match=r"ip route: .*valid"):
        await here.perform(Neighbour(address="nas.example", timeout=3))


ASK = """
import asyncio, sys
from coldstart import errors
from coldstart.clock import SystemClock
from coldstart.reads import READ
from coldstart.replies import REPLY
from coldstart.transport.net import Net

async def ask(line):
    try:
        reply = await Net(SystemClock()).perform(READ.validate_json(line))
    except errors.ReadError as error:
        return f"{type(error).__name__} {error.detail}"
    return REPLY.dump_json(reply).decode()

async def main():
    for answer in await asyncio.gather(*map(ask, sys.stdin.read().splitlines())):
        print(answer)

asyncio.run(main())
"""


def ip(*words):
    subprocess.run(("ip", *words), check=True, capture_output=True, timeout=10)


@pytest.fixture(scope="module")
def segment():
    """Two namespaces on one Ethernet segment: we are 192.168.0.2 (and a gateway is set), 192.168.0.110 is there."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    tag = uuid.uuid4().hex[:6]
    ours, theirs = f"cs-{tag}-a", f"cs-{tag}-b"
    try:
        ip("netns", "add", ours)
        ip("netns", "add", theirs)
        ip("-n", ours, "link", "add", "lan", "type", "veth", "peer", "name", "lan", "netns", theirs)
        for name, address in ((ours, "192.168.0.2/24"), (theirs, "192.168.0.110/24")):
            ip("-n", name, "address", "add", address, "dev", "lan")
            ip("-n", name, "link", "set", "lan", "up")
            ip("-n", name, "link", "set", "lo", "up")  # by which the kernel tells itself that ARP failed
        ip("-n", ours, "route", "add", "default", "via", "192.168.0.110")
        yield ours, theirs
    finally:
        for name in (ours, theirs):
            subprocess.run(("ip", "netns", "delete", name), check=False, capture_output=True, timeout=10)


def ask_in(namespace, *reads):
    done = subprocess.run(
        ("ip", "netns", "exec", namespace, sys.executable, "-c", ASK),
        input="\n".join(READ.dump_json(read).decode() for read in reads),
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return [REPLY.validate_json(line) if line.startswith("{") else line for line in done.stdout.splitlines()]


def states(reply):
    assert isinstance(reply, NeighbourReply), reply
    return [state for entry in json.loads(reply.entry or b"[]") for state in entry["state"]]


@pytest.mark.slow
@pytest.mark.netns
def test_neighbours_on_a_real_segment(segment):
    """One that answers, one that is dead, one behind a gateway, asked side by side."""
    alive, dead, far, unreached = ask_in(
        segment[0],
        Neighbour(address="192.168.0.110", timeout=5),
        Neighbour(address="192.168.0.188", timeout=5),
        Neighbour(address="198.51.100.7", timeout=5),
        TcpDial(address="192.168.0.121", port=22, timeout=8),
    )
    assert (alive.answered, set(states(alive)) <= {"REACHABLE", "DELAY", "PROBE", "STALE"}) == (True, True)
    assert "lladdr" in json.loads(alive.entry)[0]
    assert dead.answered is False
    assert set(states(dead)) <= {"INCOMPLETE", "FAILED"}
    assert states(dead)
    assert (json.loads(far.route)[0]["gateway"], states(far), far.answered) == ("192.168.0.110", [], False)
    assert unreached == "Unreachable 192.168.0.121:22: No route to host"


@pytest.mark.slow
@pytest.mark.netns
def test_a_neighbour_that_drops_echo_requests_is_still_seen_by_its_entry(segment):
    ours, theirs = segment
    setting = "/proc/sys/net/ipv4/icmp_echo_ignore_all"
    write = ("ip", "netns", "exec", theirs, "sh", "-c", f"echo 1 > {setting}")
    subprocess.run(write, check=True, timeout=10)
    ip("-n", ours, "neighbour", "flush", "dev", "lan")
    (silent,) = ask_in(ours, Neighbour(address="192.168.0.110", timeout=5))
    assert (silent.answered, states(silent)) == (False, ["REACHABLE"])


@pytest.mark.netns
def test_without_any_route_nothing_is_said_about_the_address(segment):
    _, theirs = segment
    answers = ask_in(theirs, Neighbour(address="198.51.100.7", timeout=5), Ping(address="198.51.100.7", timeout=5))
    assert [answer.split(" ", 1)[0] for answer in answers] == ["Unreachable", "Unreachable"]
