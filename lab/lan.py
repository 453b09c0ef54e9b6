"""The LAN: a namespace with a bridge, and one namespace for each machine on it. Nothing leads out of it."""

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from lab.place import OPERATOR, PUBLIC_NAMES, USERS, Lab, address
from lab.process import attempt, call, wait_until


def _names(lab: Lab) -> list[str]:
    return [lab.namespace(part) for part in ("lan", "ops", *USERS)]


def standing(lab: Lab) -> list[str]:
    """Return the namespaces of the lab that exist."""
    return [name for name in _names(lab) if Path("/run/netns", name).exists()]


def raise_(lab: Lab) -> None:
    """Make the namespaces, the bridge and the cables. Nothing of it may exist."""
    lan = lab.namespace("lan")
    for name in _names(lab):
        call("ip", "netns", "add", name)
        call("ip", "-n", name, "link", "set", "lo", "up")
    call("ip", "-n", lan, "link", "add", "br0", "type", "bridge")
    call("ip", "-n", lan, "link", "set", "br0", "up")
    _plug(lab, "ops", OPERATOR)
    for host in USERS:
        _plug(lab, host, address(host))
    # ip-netns(8) lays what it finds here over /etc of whatever it runs in the namespace.
    etc = _etc(lab)
    etc.mkdir(parents=True, exist_ok=True)
    named = "".join(f"{address(host)} host{host}\n" for host in USERS)
    etc.joinpath("hosts").write_text(f"127.0.0.1 localhost\n{named}{address('188')} {' '.join(PUBLIC_NAMES)}\n")
    etc.joinpath("resolv.conf").write_text("# the lab has no name server\n")


def _plug(lab: Lab, part: str, at: str) -> None:
    lan, machine = lab.namespace("lan"), lab.namespace(part)
    call("ip", "-n", lan, "link", "add", f"p{part}", "type", "veth", "peer", "name", "host0", "netns", machine)
    call("ip", "-n", lan, "link", "set", f"p{part}", "master", "br0", "up")
    call("ip", "-n", machine, "addr", "add", f"{at}/24", "dev", "host0")
    call("ip", "-n", machine, "link", "set", "host0", "up")


def power(lab: Lab, host: str, *, on: bool) -> None:
    """Do to the network of `host` what its power does: off, it answers nothing; on, it has its own address alone."""
    machine = lab.namespace(host)
    if on:
        call("ip", "-n", machine, "addr", "flush", "dev", "host0")
        call("ip", "-n", machine, "addr", "add", f"{address(host)}/24", "dev", "host0")
    call("ip", "-n", machine, "link", "set", "host0", "up" if on else "down")


def _inside(namespace: str) -> list[int]:
    return [int(pid) for pid in call("ip", "netns", "pids", namespace).split() if int(pid) != os.getpid()]


def _is_empty(namespace: str) -> bool:
    return not _inside(namespace)


def _etc(lab: Lab) -> Path:
    return Path("/etc/netns", lab.namespace("ops"))


def tear_down(lab: Lab) -> None:
    """End whatever still runs in the namespaces, and remove them."""
    for name in standing(lab):
        for pid in _inside(name):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_until(partial(_is_empty, name), 10, f"the namespace {name} is in use")
        call("ip", "netns", "del", name)
    with suppress(FileNotFoundError):
        for file in _etc(lab).iterdir():
            file.unlink()
        _etc(lab).rmdir()


def cut(lab: Lab, host: str) -> None:
    """Pull the cable of `host` out of the switch."""
    call("ip", "-n", lab.namespace("lan"), "link", "set", f"p{host}", "down")


def mend(lab: Lab, host: str) -> None:
    """Put it back."""
    call("ip", "-n", lab.namespace("lan"), "link", "set", f"p{host}", "up")


def forget_neighbours(lab: Lab) -> None:
    """Empty the operator's ARP table, so that the next answer is a fresh one."""
    call("ip", "-n", lab.namespace("ops"), "neigh", "flush", "all")


def at_the_operator(lab: Lab, *argv: str) -> Sequence[str]:
    """Return `argv` as it is run on the operator's machine."""
    return ("ip", "netns", "exec", lab.namespace("ops"), *argv)


def ops(lab: Lab, *argv: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """Run `argv` on the operator's machine."""
    return attempt(*at_the_operator(lab, *argv), timeout=timeout)
