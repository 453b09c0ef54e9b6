"""~/.ssh/config, as far as it says where and as whom a host is reached (ssh_config(5)).

Honoured: HostName, Port, User, IdentityFile, IdentitiesOnly, IdentityAgent, ProxyJump, UserKnownHostsFile,
HostKeyAlias, with Include, Host and Match. `Match exec` and `ProxyCommand` run programs of the file's choosing: they
are obeyed only when the file is trusted. Whatever else applies to one of our hosts is named in `notes`, never dropped
silently; an ssh(1) that obeys it may reach another place than we do.
"""

import getpass
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from coldstart import errors
from coldstart.transport.knownhosts import any_pattern

_DEPTH = 16
"""Levels of Include, as in ssh(1)."""
_EXEC_LIMIT = 5.0
"""Seconds for one `Match exec` of a trusted file."""

_SINGLE = {"hostname", "port", "user", "identitiesonly", "identityagent", "proxyjump", "proxycommand", "hostkeyalias"}
_WORD = re.compile(r'"([^"]*)"|(\S+)')
_CRITERIA = {"all", "host", "originalhost", "user", "localuser", "exec"}
_NO_FILE = {"none", "/dev/null"}


@dataclass(frozen=True)
class HostSettings:
    """What the file says of one host; None and empty: nothing. Paths are expanded; `port` is 1 to 65535."""

    hostname: str
    port: int | None = None
    user: str | None = None
    identity_files: tuple[Path, ...] = ()
    identities_only: bool = False
    identity_agent: str | None = None
    proxy_jump: str | None = None
    proxy_command: str | None = None
    user_known_hosts: tuple[Path, ...] | None = None
    host_key_alias: str | None = None


@dataclass
class _Search:
    """One walk through the file for one host: first value wins, except for IdentityFile, which adds up."""

    original: str
    user: str | None
    values: dict[str, str] = field(default_factory=dict)
    identity_files: list[str] = field(default_factory=list)
    known_hosts: tuple[tuple[str, ...], str] | None = None


class SshConfig:
    """One configuration file. `trust`: obey `Match exec` and `ProxyCommand` too."""

    def __init__(self, path: Path | None, *, trust: bool = False) -> None:
        self._path = path
        self._trust = trust
        self._ignored: dict[str, str] = {}
        self._lines: dict[Path, tuple[str, ...]] = {}

    @property
    def notes(self) -> tuple[str, ...]:
        """What applied to one of the hosts looked up so far and was not honoured, each keyword once."""
        return tuple(f"ssh_config: {name} is not honoured ({where})" for name, where in sorted(self._ignored.items()))

    def lookup(self, host: str, user: str | None = None, port: int | None = None) -> HostSettings:
        """Return what `ssh [-l user] [-p port] host` would use. Raises `HostKeyUnknown` where keys go unchecked."""
        search = _Search(host.lower(), user)
        if self._path:
            self._read(self._path, search, active=True, depth=0)
        values = search.values
        settings = {
            "n": host,
            "h": values.get("hostname", host),
            "p": str(port or values.get("port", 22)),
            "r": user or values.get("user") or local_user(),
        }
        settings["h"] = _expand(settings["h"], {"h": host, "n": host})
        return HostSettings(
            hostname=settings["h"],
            port=port or (_port(values["port"]) if "port" in values else None),
            user=user or values.get("user"),
            identity_files=tuple(_path(name, settings) for name in search.identity_files if name.lower() != "none"),
            identities_only=values.get("identitiesonly", "no").lower() in ("yes", "true"),
            identity_agent=_agent(values.get("identityagent"), settings),
            proxy_jump=_unless_none(values.get("proxyjump"), settings),
            proxy_command=_unless_none(values.get("proxycommand"), settings),
            user_known_hosts=_checked(search.known_hosts, settings),
            host_key_alias=values.get("hostkeyalias"),
        )

    def _read(self, path: Path, search: _Search, *, active: bool, depth: int) -> None:
        allowed = active
        for number, line in enumerate(self._text(path), 1):
            keyword, words = _split(line)
            where = f"{path}:{number}"
            if not keyword:
                continue
            if keyword.lower() == "host":
                active = allowed and any_pattern([word.lower() for word in words], search.original)
            elif keyword.lower() == "match":
                active = allowed and self._matches(words, search, where)
            elif active and keyword.lower() == "include":
                self._include(words, search, depth, where)
            elif active:
                self._take(keyword, words, search, where)

    def _include(self, words: list[str], search: _Search, depth: int, where: str) -> None:
        if depth >= _DEPTH:
            self._ignored.setdefault("Include (too deep)", where)
            return
        for word in words:
            pattern = Path(os.path.expanduser(word))  # noqa: PTH111 - ~user too, and no error where there is none
            if not pattern.is_absolute():
                pattern = Path.home() / ".ssh" / pattern
            for found in sorted(Path("/").glob(str(pattern)[1:])):
                self._read(found, search, active=True, depth=depth + 1)

    def _take(self, keyword: str, words: list[str], search: _Search, where: str) -> None:
        name = keyword.lower()
        if not words:
            return
        if name == "proxycommand":
            if not self._trust and words[0].lower() != "none":
                self._ignored.setdefault("ProxyCommand (it runs a program; --trust-ssh-config allows it)", where)
                return
            search.values.setdefault(name, " ".join(words))
        elif name in _SINGLE:
            # ProxyJump and ProxyCommand exclude each other: the first of the two wins.
            if name != "proxyjump" or "proxycommand" not in search.values:
                search.values.setdefault(name, words[0])
        elif name == "identityfile":
            search.identity_files.append(words[0])
        elif name == "userknownhostsfile":
            search.known_hosts = search.known_hosts or (tuple(words), where)
        elif name == "stricthostkeychecking" and words[0].lower() == "yes":
            return  # it is never done otherwise
        else:
            self._ignored.setdefault(keyword, where)

    def _matches(self, words: list[str], search: _Search, where: str) -> bool:
        """Say whether all criteria of a Match line hold. One that we do not know never holds, and is named."""
        words = list(words)
        result = True
        while words and result:
            criterion = words.pop(0)
            name, _, value = criterion.removeprefix("!").partition("=")
            if name.lower() not in _CRITERIA:
                self._ignored.setdefault(f"Match {name}", where)
                return False
            if name.lower() == "all":
                continue
            if not value:
                value = words.pop(0) if words else ""
            if name.lower() == "exec" and not self._trust:
                self._ignored.setdefault("Match exec (it runs a program; --trust-ssh-config allows it)", where)
                return False
            result = self._criterion(name.lower(), value, search) is not criterion.startswith("!")
        return result

    def _criterion(self, name: str, value: str, search: _Search) -> bool:
        current = search.values.get("hostname", search.original)
        remote = search.user or search.values.get("user") or local_user()
        if name == "exec":
            return _exec(_expand(value, {"h": current, "n": search.original, "r": remote, "p": "22"}))
        subject = {"host": current, "originalhost": search.original, "user": remote, "localuser": local_user()}[name]
        return any_pattern(value.split(","), subject)

    def _text(self, path: Path) -> tuple[str, ...]:
        if path not in self._lines:
            try:
                self._lines[path] = tuple(path.read_text("utf-8", errors="surrogateescape").splitlines())
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                self._lines[path] = ()
            except OSError as error:
                self._ignored.setdefault(f"the file, not readable: {error.strerror}", str(path))
                self._lines[path] = ()
        return self._lines[path]


def _split(line: str) -> tuple[str, list[str]]:
    """``Keyword a "b c"``, ``Keyword=a``; empty for a comment."""
    match = re.match(r"\s*([A-Za-z0-9]+)(?:\s*=\s*|\s+|$)(.*)", line)
    if not match:
        return "", []
    words: list[str] = []
    for quoted, plain in _WORD.findall(match[2]):
        if plain.startswith("#"):
            break
        words.append(quoted or plain)
    return match[1], words


def _expand(text: str, tokens: Mapping[str, str]) -> str:
    """Replace ``%h`` and its like (ssh_config(5), TOKENS); one that we do not know stays as it is."""
    return re.sub(r"%(.)", lambda match: "%" if match[1] == "%" else tokens.get(match[1], match[0]), text)


def _path(name: str, settings: Mapping[str, str]) -> Path:
    tokens = {**settings, "d": str(Path.home()), "u": local_user(), "i": str(os.getuid())}
    name = re.sub(r"\$\{(\w+)\}", lambda match: os.environ.get(match[1], match[0]), _expand(name, tokens))
    return Path(os.path.expanduser(name))  # noqa: PTH111 - ~user too, and no error where there is none


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:  # noqa: PLR2004 - TCP
        raise errors.ReadError(f"ssh_config: Port {text!r} is not a port")
    return int(text)


def _unless_none(value: str | None, tokens: Mapping[str, str]) -> str | None:
    return None if value is None or value.lower() == "none" else _expand(value, tokens)


def _agent(value: str | None, settings: Mapping[str, str]) -> str | None:
    """The agent's socket; empty: no agent; None: SSH_AUTH_SOCK."""
    if value is None or value == "SSH_AUTH_SOCK":
        return None
    return "" if value.lower() == "none" else str(_path(value.replace("$SSH_AUTH_SOCK", "${SSH_AUTH_SOCK}"), settings))


def _checked(known_hosts: tuple[tuple[str, ...], str] | None, settings: Mapping[str, str]) -> tuple[Path, ...] | None:
    if known_hosts is None:
        return None
    names, where = known_hosts
    paths = tuple(_path(name, settings) for name in names if name.lower() not in _NO_FILE)
    if not paths:
        raise errors.HostKeyUnknown(
            f"{where}: UserKnownHostsFile {' '.join(names)} would leave the host's key unchecked; not connected. "
            "Name a real file there, or pass one with --known-hosts"
        )
    return paths


def _exec(command: str) -> bool:
    """Run a `Match exec` of a trusted file, as ssh(1) does: by the shell, its exit status decides."""
    try:
        shell = os.environ.get("SHELL", "/bin/sh")
        done = subprocess.run(  # noqa: S603 - the operator said that the file is trusted
            [shell, "-c", command],
            check=False,
            timeout=_EXEC_LIMIT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def local_user() -> str:
    """Whom this machine takes us for: the name that ssh(1) logs in with unless told otherwise."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
