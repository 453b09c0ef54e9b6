"""The stand-ins for ping(8) and ip(8), run as production runs them."""

import json
import os
import shutil
import stat
import subprocess

import pytest
from tests.probes.test_corpus import CORPUS, load

from coldstart import errors
from coldstart.clock import SystemClock
from coldstart.drill.tools import publish, write_tools
from coldstart.drill.view import Said
from coldstart.engine.judging import conclude
from coldstart.probes.base import Replies
from coldstart.reads import Neighbour, Ping
from coldstart.replies import NeighbourReply, PingReply
from coldstart.transport.net import Net

LOST = """\
PING 192.168.0.120 (192.168.0.120) 56(84) bytes of data.

--- 192.168.0.120 ping statistics ---
{0} packets transmitted, 0 received, 100% packet loss, time {1}ms

"""
ONE = """\
PING 192.168.0.120 (192.168.0.120) 56(84) bytes of data.
64 bytes from 192.168.0.120: icmp_seq=1 ttl=64 time=0.024 ms

--- 192.168.0.120 ping statistics ---
1 packets transmitted, 1 received, 0% packet loss, time 0ms
rtt min/avg/max/mdev = 0.024/0.024/0.024/0.000 ms
"""
SILENT = {1: Said(LOST.format(1, 0), status=1), 2: Said(LOST.format(2, 1002), status=1)}


@pytest.fixture
def directory(tmp_path, monkeypatch):
    """The tools, first on PATH, in a place with a blank, a quote and a dollar sign in its name."""
    made = tmp_path / "of the operator's $HOME"
    write_tools(made)
    monkeypatch.setenv("PATH", f"{made}{os.pathsep}/usr/bin{os.pathsep}/bin")
    return made


@pytest.fixture
def net():
    return Net(SystemClock())


def corpus(probe, case):
    """A case of the corpus, and the reply of its one read."""
    loaded = load(CORPUS / probe / f"{case}.yml")
    ((read, reply),) = loaded[3].by_read.items()
    return loaded, read, reply


def judged(loaded, read, reply):
    replies = Replies(target=loaded[3].target, now=loaded[3].now, by_read={read: reply})
    return conclude(loaded[1], replies)


def run(directory, *argv, **changes):
    env = {"PATH": f"{directory}:/usr/bin:/bin"}
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=10, env=env, **changes)


def publish_recorded(directory, case):
    """What the lab recorded of 120, at an address."""
    *_, ping = corpus("ping", f"lab-{case}-p0-network-ping-120")
    *_, entry = corpus("neighbour", f"lab-{case}-p0-network-arp-120")
    once = Said(ONE) if entry.answered else SILENT[1]
    publish(
        directory,
        "192.168.0.120",
        ping={1: once, 2: Said(ping.stdout.decode(), ping.stderr.decode(), ping.exit_status)},
        route=Said(entry.route.decode()),
        neighbour=Said(entry.entry.decode()),
    )


# ------------------------------------------------------------------------------------------ as production asks them


@pytest.mark.parametrize("case", ["healthy", "cable-of-120-cut"])
@pytest.mark.parametrize("probe", ["ping", "neighbour"])
async def test_production_reads_and_judges_what_is_published_as_what_was_recorded(directory, net, probe, case):
    publish_recorded(directory, case)
    name = {"ping": "ping", "neighbour": "arp"}[probe]
    loaded, read, recorded = corpus(probe, f"lab-{case}-p0-network-{name}-120")
    reply = await net.perform(read)
    times = {"started": 0.0, "ended": 0.0}
    assert recorded.model_copy(update=times) == reply.model_copy(update=times)
    assert judged(loaded, read, recorded) == judged(loaded, read, reply)


async def test_an_address_that_is_not_published_is_not_observed(directory, net):
    for read in (Ping(address="192.168.0.110"), Neighbour(address="192.168.0.110")):
        with pytest.raises(errors.Unreachable):
            await net.perform(read)


async def test_what_is_published_again_is_said_from_then_on(directory, net):
    publish_recorded(directory, "healthy")
    assert 0 == (await net.perform(Ping(address="192.168.0.120"))).exit_status
    publish_recorded(directory, "cable-of-120-cut")
    reply = await net.perform(Ping(address="192.168.0.120"))
    assert isinstance(reply, PingReply)
    assert (1, SILENT[2].stdout.encode()) == (reply.exit_status, reply.stdout)


async def test_each_address_has_its_own_answers(directory, net):
    publish_recorded(directory, "healthy")
    there = [{"dst": "fe80::1", "dev": "host0", "state": ["INCOMPLETE"]}]
    publish(
        directory,
        "fe80::1",
        ping=SILENT,
        route=Said('[{"dst":"fe80::1","dev":"host0"}]\n'),
        neighbour=Said(json.dumps(there)),
    )
    reply = await net.perform(Neighbour(address="fe80::1"))
    assert isinstance(reply, NeighbourReply)
    assert (False, there) == (reply.answered, json.loads(reply.entry))
    assert 0 == (await net.perform(Ping(address="192.168.0.120"))).exit_status


# ------------------------------------------------------------------------------------------------ as anybody asks them


def test_both_are_programs_that_anybody_may_execute(directory):
    assert {"ping": 0o755, "ip": 0o755} == {
        path.name: stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir() if path.is_file()
    }


def test_both_streams_the_status_and_every_byte_go_back(directory):
    said = Said("  a\\n %s 'b' $HOME\n\nend", "-n one\\\n\ttwo  \n\n", 3)
    publish(directory, "10.0.0.1", ping={2: said}, route=Said(), neighbour=Said(stderr="no end of line"))
    done = run(directory, "ping", "-n", "-c", "2", "-W", "2", "10.0.0.1")
    assert (said.stdout, said.stderr, said.status) == (done.stdout, done.stderr, done.returncode)
    assert (0, "", "") == outcome(run(directory, "ip", "-json", "route", "get", "10.0.0.1"))
    assert (0, "", "no end of line\n") == outcome(run(directory, "ip", "-json", "neighbour", "show", "to", "10.0.0.1"))


def outcome(done):
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("expected", "argv"),
    [
        ((2, "", "ping: connect: Network is unreachable\n"), "ping -n -c 2 -W 2 10.0.0.9"),
        ((2, "", "ping: connect: Network is unreachable\n"), "ping -n -c 9 -W 2 192.168.0.120"),
        ((2, "", "ping: connect: Network is unreachable\n"), "ping -n -c 2 -W 2 ../answers/192.168.0.120"),
        ((1, "", "ping: invalid argument: 'x'\n"), "ping -n -c x -W 2 192.168.0.120"),
        ((2, "", "RTNETLINK answers: Network is unreachable\n"), "ip -json route get 10.0.0.9"),
        ((0, "[ ]\n", ""), "ip -json neighbour show to 10.0.0.9"),
    ],
)
def test_what_is_not_published_is_not_there(directory, expected, argv):
    publish_recorded(directory, "healthy")
    assert expected == outcome(run(directory, *argv.split()))


@pytest.mark.parametrize(
    "argv",
    [
        "ping 192.168.0.120",
        "ping -c 2 192.168.0.120",
        "ping -n -f 2 -W 2 192.168.0.120",
        "ping -n -c 2 -W 2 192.168.0.120 x",
        "ping",
        "ip",
        "ip -json route get",
        "ip -json route add 192.168.0.120",
        "ip -json neighbour show to 192.168.0.120 x",
        "ip address",
    ],
)
def test_what_production_does_not_ask_never_succeeds(directory, argv):
    publish_recorded(directory, "healthy")
    done = run(directory, *argv.split())
    assert done.returncode != 0
    assert ("", True) == (done.stdout, "of a drill" in done.stderr)


def test_nothing_but_cat_is_started(directory, tmp_path):
    """With a PATH of cat alone, whichever shell of this machine it is."""
    publish_recorded(directory, "healthy")
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "cat").symlink_to(shutil.which("cat"))
    for shell in filter(None, map(shutil.which, ("sh", "dash", "bash", "busybox"))):
        begin = [shell, "sh"] if shell.endswith("busybox") else [shell]
        done = subprocess.run(
            [*begin, str(directory / "ip"), "-json", "neighbour", "show", "to", "192.168.0.120"],
            capture_output=True,
            text=True,
            check=False,
            timeout=10,
            env={"PATH": str(bare)},
        )
        assert (0, "") == (done.returncode, done.stderr), shell
        assert "REACHABLE" in done.stdout


def test_an_answer_is_replaced_as_a_whole(directory):
    """Who has begun to read the old one reads it to its end, and no other file is left."""
    publish_recorded(directory, "healthy")
    before = sorted(path.name for path in (directory / "answers").iterdir())
    with (directory / "answers" / "192.168.0.120.ping-2").open() as old:
        publish_recorded(directory, "cable-of-120-cut")
        assert "2 received" in old.read()
    assert before == sorted(path.name for path in (directory / "answers").iterdir())


def test_written_again_the_tools_still_know_their_answers(directory):
    publish_recorded(directory, "healthy")
    write_tools(directory)
    assert 0 == run(directory, "ping", "-n", "-c", "2", "-W", "2", "192.168.0.120").returncode
