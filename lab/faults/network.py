"""Faults of cables, firewalls and the VIP."""

from collections.abc import Iterator
from contextlib import contextmanager

from lab import lan
from lab.faults.host import stopped
from lab.fleet import Fleet
from lab.machine import Machine
from lab.process import wait_until


@contextmanager
def cable_cut(fleet: Fleet, host: str) -> Iterator[None]:
    """The cable of a host is out."""
    lan.cut(fleet.lab, host)
    lan.forget_neighbours(fleet.lab)
    try:
        yield
    finally:
        lan.mend(fleet.lab, host)
        lan.forget_neighbours(fleet.lab)


@contextmanager
def port_dropped(machine: Machine, port: int) -> Iterator[None]:
    """A firewall drops what comes for a port."""
    rule = ("INPUT", "-p", "tcp", "--dport", str(port), "-j", "DROP")
    machine.firewall("-A", *rule)
    try:
        yield
    finally:
        machine.firewall("-D", *rule)


@contextmanager
def vip_nowhere(fleet: Fleet) -> Iterator[None]:
    """Nobody holds the VIP: keepalived is stopped on both."""
    with stopped(fleet["120"], "keepalived"), stopped(fleet["121"], "keepalived"):
        yield


@contextmanager
def vip_twice(fleet: Fleet) -> Iterator[None]:
    """120 and 121 do not hear each other's VRRP: both hold the VIP."""
    rule = ("INPUT", "-p", "vrrp", "-j", "DROP")
    pair = (fleet["120"], fleet["121"])
    for machine in pair:
        machine.firewall("-A", *rule)
    wait_until(lambda: all(holds_vip(machine) for machine in pair), 30, "the VIP is not on both")
    try:
        yield
    finally:
        for machine in pair:
            machine.firewall("-D", *rule)
        wait_until(lambda: sum(holds_vip(machine) for machine in pair) == 1, 30, "the VIP is still on both")


def holds_vip(machine: Machine) -> bool:
    """Return whether the VIP is on this host."""
    return "192.168.0.125/" in machine.run("ip", "-4", "address", "show", "host0")
