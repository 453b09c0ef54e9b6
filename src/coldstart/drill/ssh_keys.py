"""The drill's SSH keys, and the texts by which ssh(1) and coldstart trust its hosts and nothing else."""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import asyncssh

from coldstart.drill.port import LOOPBACK

_SSH_PORT = 22
_UNWRITABLE = re.compile(r'["\\\x00-\x1f]|\$\{')
"""ssh_config(5) has no escape for these that all its readers agree on."""


@dataclass(frozen=True)
class Keys:
    """A host key for each host by name, and the operator's."""

    hosts: Mapping[str, asyncssh.SSHKey]
    user: asyncssh.SSHKey


def make_keys(hosts: Iterable[str]) -> Keys:
    """New Ed25519 keys."""

    def new(comment: str) -> asyncssh.SSHKey:
        return asyncssh.generate_private_key("ssh-ed25519", comment=comment)

    return Keys({name: new(name) for name in hosts}, new("coldstart drill"))


def write_private(path: Path, text: str) -> None:
    """Write a new file that nobody else can read at any moment (0600). Raises FileExistsError, OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def private_key(key: asyncssh.SSHKey) -> str:
    """The text of an unencrypted private key file, as ssh-keygen(1) writes it."""
    return key.export_private_key("openssh").decode()


def known_hosts_line(address: str, port: int, key: asyncssh.SSHKey) -> str:
    """A line that pins a host key (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT)."""
    kind, blob = key.export_public_key("openssh").decode().split()[:2]
    return f"{address if port == _SSH_PORT else f'[{address}]:{port}'} {kind} {blob}\n"


@dataclass(frozen=True)
class SshEntry:
    """How ssh(1) reaches one simulated host. `names`: all that it may be called."""

    names: tuple[str, ...]
    port: int
    user: str
    identity: Path
    known_hosts: Path


def ssh_config(entries: Iterable[SshEntry]) -> str:
    """The text of a file for ``ssh -F`` (ssh_config(5)). Raises ValueError for a path that cannot be written there."""
    return "\n".join(
        f"""\
Host {" ".join(entry.names)}
    HostName {LOOPBACK}
    Port {entry.port}
    User {entry.user}
    IdentityFile {_quoted(entry.identity)}
    IdentitiesOnly yes
    UserKnownHostsFile {_quoted(entry.known_hosts)}
    StrictHostKeyChecking yes
"""
        for entry in entries
    )


def _quoted(path: Path) -> str:
    text = str(path)
    if _UNWRITABLE.search(text):
        raise ValueError(f"{text!r}: ssh_config has no way to write such a path")
    return f'"{text.replace("%", "%%")}"'
