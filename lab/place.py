"""Where a lab keeps what it makes, and what its parts are called."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPO = HERE.parent

USERS = {"110": "wooo", "120": "wooo", "121": "wooo", "188": "ollama"}
"""Hosts, and who logs in there (SOP 3): the last part of the address is the host's name."""

OPERATOR = "192.168.0.10"
"""The operator's own machine, on the same LAN."""

PUBLIC_NAMES = ("awoooi.wooo.work", "mo.wooo.work", "aiops.wooo.work")
"""Names that lead to 188 (SOP 12.1, 13.6)."""


class LabError(Exception):
    """The lab could not do what it was asked to do: what, where, and what to do about it."""


class Unavailable(LabError):
    """This machine cannot run the lab at all."""


def address(host: str) -> str:
    """Return the address of `host`."""
    return f"192.168.0.{host}"


@dataclass(frozen=True)
class Lab:
    """One lab. Several can stand side by side: addresses are the same, namespaces, cgroups and folders are not."""

    name: str
    state: Path
    cache: Path

    @classmethod
    def here(cls) -> "Lab":
        """Return the lab that the environment names: COLDSTART_LAB, COLDSTART_LAB_STATE, COLDSTART_LAB_CACHE."""
        name = os.environ.get("COLDSTART_LAB", "coldstart")
        if not re.fullmatch(r"[A-Za-z0-9-]{1,40}", name):
            raise LabError(f"COLDSTART_LAB={name!r}: letters, digits and hyphens only, at most 40")
        # Not /tmp or /run: overlayfs wants a real disk below it.
        state = Path(os.environ.get("COLDSTART_LAB_STATE", "/var/lib/coldstart-lab")) / name
        return cls(name, state, Path(os.environ.get("COLDSTART_LAB_CACHE", "/var/cache/coldstart-lab")))

    @property
    def environment(self) -> dict[str, str]:
        """What makes `here` return this lab, in another process."""
        return {
            "COLDSTART_LAB": self.name,
            "COLDSTART_LAB_STATE": str(self.state.parent),
            "COLDSTART_LAB_CACHE": str(self.cache),
        }

    def namespace(self, part: str) -> str:
        """Return the name of a network namespace: ``lan``, ``ops``, or that of a host."""
        return f"{self.name}-{part}"

    @property
    def secrets(self) -> Path:
        """The operator's key, the test CA, and known_hosts of this lab."""
        return self.state / "secrets"

    @contextmanager
    def making(self) -> Iterator[None]:
        """Hold the cache, which other labs share: what two of them need is made once, and the second waits for it."""
        self.cache.mkdir(mode=0o755, parents=True, exist_ok=True)
        with (self.cache / "lock").open("w") as lock:
            flock(lock, LOCK_EX)
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the lab against a second `up`, `down` or `build` of the same lab at the same time."""
        self.state.mkdir(mode=0o755, parents=True, exist_ok=True)
        with (self.state.parent / f"{self.name}.lock").open("w") as lock:
            try:
                flock(lock, LOCK_EX | LOCK_NB)
            except BlockingIOError:
                raise LabError(f"the lab {self.name!r} is being started or stopped by somebody else") from None
            yield
