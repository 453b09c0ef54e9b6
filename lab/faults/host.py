"""Faults of one host: its sshd, its units, its rights, its files."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from lab.fleet import Fleet
from lab.machine import Machine


@contextmanager
def frozen(machine: Machine, unit: str) -> Iterator[None]:
    """Every process of a unit is stopped in the middle of what it does: it is there, listens, and says nothing."""
    machine.run("systemctl", "kill", "--kill-whom=all", "--signal=SIGSTOP", unit)
    try:
        yield
    finally:
        machine.run("systemctl", "kill", "--kill-whom=all", "--signal=SIGCONT", unit)


def sshd_frozen(fleet: Fleet, host: str) -> AbstractContextManager[None]:
    """The host takes connections (its kernel does), and its sshd never speaks."""
    return frozen(fleet[host], "ssh.service")


@contextmanager
def host_key_changed(machine: Machine) -> Iterator[None]:
    """The host has another key than before: reinstalled, or not the host that it says it is."""
    key = "/etc/ssh/ssh_host_ed25519_key"
    machine.sh(f"""
        mkdir -m 700 /root/keys && mv {key} {key}.pub /root/keys/
        ssh-keygen -q -t ed25519 -N '' -f {key}
        systemctl restart ssh
    """)
    try:
        yield
    finally:
        machine.sh(f"mv /root/keys/* /etc/ssh/ && rmdir /root/keys && chmod 600 {key} && systemctl restart ssh")


@contextmanager
def stopped(machine: Machine, *units: str) -> Iterator[None]:
    """Units are stopped in order."""
    machine.run("systemctl", "stop", *units, timeout=60)
    try:
        yield
    finally:
        machine.run("systemctl", "start", *reversed(units), timeout=60)


@contextmanager
def failed_unit(machine: Machine) -> Iterator[None]:
    """A unit has failed."""
    machine.attempt("systemd-run", "--quiet", "--unit=nightly-report", "--wait", "false")
    try:
        yield
    finally:
        machine.run("systemctl", "reset-failed", "nightly-report.service")


@contextmanager
def dropped_in(machine: Machine, unit: str, setting: str) -> Iterator[None]:
    """A unit runs with another setting than it should have; one that was stopped is stopped again afterwards."""
    folder = f"/etc/systemd/system/{unit}.d"
    was = machine.attempt("systemctl", "is-active", unit).stdout.strip()
    machine.sh(f"""
        mkdir -p {folder}
        printf '[Service]\\n{setting}\\n' > {folder}/lab-fault.conf
        systemctl daemon-reload
        systemctl restart {unit}
    """)
    try:
        yield
    finally:
        machine.sh(f"""
            rm {folder}/lab-fault.conf
            rmdir --ignore-fail-on-non-empty {folder}
            systemctl daemon-reload
            # systemd keeps the watchdog of a service's last run until it is started again.
            systemctl restart {unit}
            {"" if was == "active" else f"systemctl stop {unit}"}
        """)


@contextmanager
def changed(machine: Machine, file: str, script: str) -> Iterator[None]:
    """A file is changed by a sed(1) script, and put back byte for byte, with its times."""
    machine.run("cp", "-a", file, "/root/changed-file")
    machine.run("sed", "-i", script, file)
    try:
        yield
    finally:
        machine.sh(f"cat /root/changed-file > {file} && touch -r /root/changed-file {file} && rm /root/changed-file")


@contextmanager
def without_groups(machine: Machine, *groups: str) -> Iterator[None]:
    """The user who logs in is in fewer groups."""
    for group in groups:
        machine.run("gpasswd", "--delete", machine.user, group)
    try:
        yield
    finally:
        for group in groups:
            machine.run("gpasswd", "--add", machine.user, group)


def journal_unreadable(machine: Machine) -> AbstractContextManager[None]:
    """The user may not read the system's journal: journalctl then prints a hint, nothing else, and exits 0."""
    return without_groups(machine, "systemd-journal", "adm")
