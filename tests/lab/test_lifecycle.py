"""The lab itself: it starts clean after it was killed half-way, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab.fleet import Fleet
from lab.place import REPO, Lab
from lab.process import wait_until

from lab import cgroups, lan

NAME = "coldstart-lifecycle"


@pytest.fixture
def other(built: Fleet) -> Iterator[Fleet]:
    """A second lab beside the one of the other tests, on the same layers."""
    lab = Lab(NAME, built.lab.state.parent / NAME, built.lab.cache)
    fleet = Fleet(lab)
    yield fleet
    fleet.down()


def command(*arguments: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, **Lab.here().environment, "COLDSTART_LAB": NAME}
    argv = [sys.executable, "-m", "lab", *arguments]
    return subprocess.Popen(argv, env=environment, cwd=REPO, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def left_behind(fleet: Fleet) -> list[str]:
    """Whatever there is on this machine that belongs to the lab."""
    lab = fleet.lab
    found = [f"namespace {name}" for name in lan.standing(lab)]
    found += [f"process {pid}" for pid in cgroups.members(lab)]
    found += [f"cgroup {path}" for path in [cgroups.folder(lab)] if path.exists()]
    found += [f"mount {line}" for line in Path("/proc/self/mountinfo").read_text().splitlines() if NAME in line]
    found += [f"folder {path}" for path in (lab.state, Path("/etc/netns", lab.namespace("ops"))) if path.exists()]
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = process.read_bytes()
        except OSError:
            continue
        if NAME.encode() in words:
            found.append(f"process {process.parent.name}: {words[:200]!r}")
    return found


def test_up_twice_is_up_once_and_down_leaves_nothing(other: Fleet) -> None:
    network = own_network()
    assert command("up").wait(120) == 0
    assert own_network() == network
    before = {machine.name: machine.init for machine in other}
    assert None not in before.values()
    assert command("up").wait(120) == 0
    assert {machine.name: machine.init for machine in other} == before
    assert command("down").wait(60) == 0
    assert left_behind(other) == []
    assert own_network() == network
    assert command("down").wait(60) == 0


@pytest.mark.parametrize("stage", ["first namespace", "first host has power", "every host has power"])
def test_killed_half_way_it_starts_clean_and_leaves_nothing(other: Fleet, stage: str) -> None:
    reached = {
        "first namespace": lambda: lan.standing(other.lab),
        "first host has power": lambda: any(machine.init for machine in other),
        "every host has power": lambda: all(machine.init for machine in other),
    }[stage]
    starting = command("up")
    wait_until(reached, 60, stage, every=0.005)
    os.kill(starting.pid, signal.SIGKILL)
    starting.wait(10)
    assert command("up").wait(120) == 0
    assert all(machine.answers() for machine in other)
    os.kill(next(machine.starter.pid for machine in other if machine.starter.pid), signal.SIGKILL)
    assert command("down").wait(60) == 0
    assert left_behind(other) == []


def own_network() -> list[str]:
    """Links, addresses, routes and forwarding of this machine, without the life times that count down."""
    shown = (
        ("ip", "address"),
        ("ip", "route", "show", "table", "all"),
        ("ip", "rule"),
        ("sysctl", "net.ipv4.ip_forward"),
    )
    printed = [subprocess.run(argv, capture_output=True, text=True, check=True).stdout for argv in shown]
    return [line for line in "".join(printed).splitlines() if "valid_lft" not in line]


def test_two_at_once_are_told_apart(other: Fleet) -> None:
    starting = command("up")
    wait_until(lambda: lan.standing(other.lab), 60, "the first namespace", every=0.005)
    second = command("up")
    assert (second.wait(60), starting.wait(120)) == (1, 0)
