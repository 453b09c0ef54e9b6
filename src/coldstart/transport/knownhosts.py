"""Which host keys are pinned for a host: known_hosts files, read once a run (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT).

Lines are only split when they are read; keys are decoded when a host asks for them, so that thousands of lines cost
nothing, and a broken line for another host harms nobody.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_MARKERS = {"@cert-authority", "@revoked"}


@dataclass(frozen=True)
class Pin:
    """One public key of a known_hosts file: its type, its wire form (RFC 4253, section 6.6), and ``file:line``."""

    kind: str
    blob: bytes
    source: str = field(compare=False)

    @property
    def shown(self) -> str:
        return f"{self.kind} {fingerprint(self.blob)} ({self.source})"


@dataclass(frozen=True)
class Pins:
    """What is known of one host: keys, certificate authorities that may vouch for it, and keys that were revoked."""

    keys: tuple[Pin, ...] = ()
    authorities: tuple[Pin, ...] = ()
    revoked: tuple[Pin, ...] = ()

    def trusts(self, blob: bytes) -> bool:
        """Say whether a host may show this key."""
        return self._holds(self.keys, blob) and not self._holds(self.revoked, blob)

    def trusts_authority(self, blob: bytes) -> bool:
        """Say whether this key may sign host certificates."""
        return self._holds(self.authorities, blob) and not self._holds(self.revoked, blob)

    @staticmethod
    def _holds(pins: Iterable[Pin], blob: bytes) -> bool:
        return any(hmac.compare_digest(pin.blob, blob) for pin in pins)


@dataclass(frozen=True)
class _Line:
    marker: str
    hosts: str
    kind: str
    key: str
    source: str

    @property
    def pin(self) -> Pin | None:
        try:
            return Pin(self.kind, base64.b64decode(self.key, validate=True), self.source)
        except binascii.Error:
            return None


def fingerprint(blob: bytes) -> str:
    """Return ``SHA256:…`` as ssh-keygen -l prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode("ascii").rstrip("=")


def wildcard(pattern: str, value: str) -> bool:
    """Say whether `value` matches an ssh pattern: ``*`` and ``?`` are the only wildcards (ssh_config(5), PATTERNS)."""
    expression = "".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in pattern)
    return re.fullmatch(expression, value, re.DOTALL) is not None


def any_pattern(patterns: Sequence[str], value: str) -> bool:
    """Say whether a pattern list matches: at least one does, and none with a leading ``!`` does."""
    hits = [pattern for pattern in patterns if wildcard(pattern.removeprefix("!"), value)]
    return bool(hits) and not any(hit.startswith("!") for hit in hits)


class KnownHosts:
    """The lines of some known_hosts files. One that does not exist is empty; `problems` names the unreadable."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._exact: dict[str, list[_Line]] = {}
        self._others: list[_Line] = []
        self.problems: tuple[str, ...] = ()
        for path in files:
            try:
                text = path.read_text("utf-8", errors="surrogateescape")
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                self.problems += (f"{path}: not read: {error.strerror}",)
                continue
            for number, line in enumerate(text.splitlines(), 1):
                self._add(line.split(), f"{path}:{number}")

    def _add(self, words: list[str], source: str) -> None:
        if not words or words[0].startswith("#"):
            return
        marker = words.pop(0) if words[0].startswith("@") else ""
        if len(words) < 3 or (marker and marker not in _MARKERS):  # noqa: PLR2004 - hosts, type, key
            return
        line = _Line(marker, words[0], words[1], words[2], source)
        if any(char in line.hosts for char in "*?|!"):
            self._others.append(line)
        else:
            for host in line.hosts.lower().split(","):
                self._exact.setdefault(host, []).append(line)

    def pins(self, host: str, port: int) -> Pins:
        """What is pinned for a host: under ``[host]:port`` for a port other than 22, failing that under ``host``."""
        host = host.lower()
        if port != 22:  # noqa: PLR2004 - ssh
            found = self._pins(f"[{host}]:{port}")
            if found.keys or found.authorities:
                return found
        return self._pins(host)

    def _pins(self, name: str) -> Pins:
        lines = [*self._exact.get(name, ()), *(line for line in self._others if _covers(line.hosts, name))]
        return Pins(
            keys=tuple(line.pin for line in lines if not line.marker and line.pin),
            authorities=tuple(line.pin for line in lines if line.marker == "@cert-authority" and line.pin),
            revoked=tuple(line.pin for line in lines if line.marker == "@revoked" and line.pin),
        )


def _covers(hosts: str, name: str) -> bool:
    if not hosts.startswith("|"):
        return any_pattern(hosts.lower().split(","), name)
    try:
        _, magic, salt, digest = hosts.split("|")
        expected = hmac.new(base64.b64decode(salt), name.encode(), hashlib.sha1).digest()
        return magic == "1" and hmac.compare_digest(expected, base64.b64decode(digest))
    except (ValueError, binascii.Error):
        return False
