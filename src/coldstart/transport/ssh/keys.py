"""The operator's keys, as far as they can be used without asking anybody."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

import asyncssh

from coldstart.text import one_line

PrivateKey = asyncssh.SSHKey


@dataclass(frozen=True)
class Credentials:
    """What may be offered to one host: keys of files, and the agent (its socket; empty: none)."""

    keys: tuple[PrivateKey, ...] = ()
    identities: frozenset[bytes] = frozenset()
    """Public keys of the named files, in their wire form: with IdentitiesOnly the agent may use only these."""
    agent: str = ""
    skipped: tuple[str, ...] = ()
    """Key files that cannot be used without asking a person, and why."""


def read_key(path: Path) -> PrivateKey:
    """Read a private key. Raises ValueError with the reason where it cannot be used without asking somebody."""
    try:
        return asyncssh.read_private_key(path)
    except (asyncssh.KeyEncryptionError, asyncssh.KeyImportError) as error:
        raise ValueError(f"{path}: {one_line(str(error))} (ssh-agent can hold it)") from None
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None


def read_identity(path: Path) -> bytes | None:
    """Read the public half of a key file, from beside it or from itself; None where there is none."""
    for place in (path.with_name(f"{path.name}.pub"), path):
        with contextlib.suppress(OSError, asyncssh.KeyImportError):
            return asyncssh.read_public_key(place).public_data
    return None
