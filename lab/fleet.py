"""The four hosts together: up, down, from the factory again."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which

from lab import cgroups, lan, layers, monitor, operator, root, sudoers
from lab.machine import Machine
from lab.place import USERS, Lab, Unavailable
from lab.process import attempt, wait_until

TOOLS = {
    "debootstrap": "debootstrap",
    "systemd-nspawn": "systemd-container",
    "ip": "iproute2",
    "ping": "iputils-ping",
    "ssh-keygen": "openssh-client",
    "unshare": "util-linux",
}
"""Programs that the lab needs on this machine, and Debian's packages that have them."""


def require(lab: Lab) -> None:
    """Raise `Unavailable`, with what is missing and what to do, where the lab cannot run."""
    if os.geteuid():
        raise Unavailable("the lab needs root: it makes network namespaces and boots containers")
    if missing := sorted({package for tool, package in TOOLS.items() if which(tool) is None}):
        raise Unavailable(f"the lab needs more packages: apt-get install {' '.join(missing)}")
    if not Path("/etc/apt").is_dir():
        raise Unavailable("the lab takes its packages from Debian's mirror of this machine, and there is no /etc/apt")
    trial = lab.namespace("trial")
    if (made := attempt("ip", "netns", "add", trial)).returncode:
        raise Unavailable(f"no network namespaces here: {made.stderr.strip()}")
    attempt("ip", "netns", "del", trial)
    cgroups.folder(lab)
    if not Path("/proc/self/ns/time").exists():
        raise Unavailable("no time namespaces here (Linux 5.6): the hosts would not know when they booted")


class Fleet:
    """The hosts of a lab."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.machines = {host: Machine(lab, host) for host in USERS}

    def __getitem__(self, host: str) -> Machine:
        return self.machines[host]

    def __iter__(self) -> Iterator[Machine]:
        return iter(self.machines.values())

    @property
    def is_up(self) -> bool:
        """Return whether every host has power, and the LAN is whole."""
        return len(lan.standing(self.lab)) == len(USERS) + 2 and all(machine.init for machine in self)

    def build(self) -> None:
        """Make whatever the hosts are made from, if it is not there yet. Raises `Unavailable`."""
        with self._alone():
            self._built()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        require(self.lab)
        with self.lab.alone():
            yield

    def _built(self) -> Path:
        """Return the folder of the layers."""
        with self.lab.making():
            root.tree(self.lab)
            made = layers.folder(self.lab)
            if not made.is_dir():
                self._clear()
                layers.make(self.lab, made)
            return made

    def up(self) -> None:
        """Bring the lab up from the factory. One that is up already, on the same layers, is left alone."""
        with self._alone():
            made = self._built()
            if not self.is_up or self._made_of() != made:
                self._fresh(made)

    def reset(self) -> None:
        """Bring the lab up from the factory, whatever state it is in."""
        with self._alone():
            self._fresh(self._built())

    def _fresh(self, made: Path) -> None:
        self._clear()
        lan.raise_(self.lab)
        operator.furnish(self.lab, made / "secrets")
        for machine in self:
            machine.make([made / machine.name, root.tree(self.lab)])
            sudoers.grant(machine)
        monitor.furnish(self[monitor.HOST])
        self.start()

    def start(self) -> None:
        """Give power to every host, and wait until all let us in and their textfiles and records are of today."""
        for machine in self:
            machine.power_on()
        for machine in self:
            machine.wait(90)
        for machine in self:
            self.freshen(machine)
        monitor.install(self[monitor.HOST])

    def freshen(self, machine: Machine) -> None:
        """Do what the host would have done by itself yesterday (a backup): its disk is as old as its layer."""
        machine.sh("if test -x /usr/local/lib/lab/freshen; then exec /usr/local/lib/lab/freshen; fi", timeout=60)

    def down(self) -> None:
        """End everything that the lab started, and throw the hosts' disks away."""
        with self._alone():
            self._clear()
        shutil.rmtree(self.lab.state, ignore_errors=True)

    def _made_of(self) -> Path:
        return Path(self["188"].folder.joinpath("layers").read_text().split(":")[0]).parent

    def _clear(self) -> None:
        cgroups.clear(self.lab)
        for machine in self:
            if machine.folder.exists():
                machine.starter.kill()
        wait_until(lambda: not any(machine.starter.pid for machine in self), 10, "a starter did not end")
        lan.tear_down(self.lab)
        shutil.rmtree(self.lab.state / "hosts", ignore_errors=True)

    def powered_off(self, *hosts: str) -> None:
        """Pull the plugs of `hosts`, or of all: within milliseconds of each other."""
        for host in hosts or USERS:
            self[host].power_off()

    @contextmanager
    def standing(self) -> Iterator["Fleet"]:
        """The lab, up, for as long as the block runs; taken down again unless it was up before."""
        was = self.is_up
        self.up()
        try:
            yield self
        finally:
            if not was:
                self.down()
