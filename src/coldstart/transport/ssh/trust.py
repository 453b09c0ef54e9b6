"""What the operator's files say of a host: the keys that it may show, and those that we may offer. Read once a run."""

import os
from pathlib import Path

from coldstart.transport.knownhosts import KnownHosts, Pins
from coldstart.transport.ssh.keys import Credentials, PrivateKey, read_identity, read_key
from coldstart.transport.sshroute import Route, SshOptions

_DEFAULT_KEYS = tuple(Path("~/.ssh", name) for name in ("id_ed25519", "id_ecdsa", "id_rsa"))
_USER_KNOWN_HOSTS = (Path("~/.ssh/known_hosts"), Path("~/.ssh/known_hosts2"))
_SYSTEM_KNOWN_HOSTS = (Path("/etc/ssh/ssh_known_hosts"), Path("/etc/ssh/ssh_known_hosts2"))


class Trust:
    """Pins and credentials of each route, from the files that its settings and the options name."""

    def __init__(self, options: SshOptions) -> None:
        self._options = options
        self._known: dict[tuple[Path, ...], KnownHosts] = {}
        self._keys: dict[Path, PrivateKey | str] = {}

    @property
    def notes(self) -> tuple[str, ...]:
        """Which of the files could not be used, and why."""
        files = [problem for known in self._known.values() for problem in known.problems]
        keys = [f"key not used: {found}" for found in self._keys.values() if isinstance(found, str)]
        return (*files, *keys)

    def pins(self, route: Route) -> Pins:
        """What is pinned for the host at the end of a route."""
        files: tuple[Path, ...]
        if self._options.known_hosts:
            files = (self._options.known_hosts.expanduser(),)
        else:
            users = route.settings.user_known_hosts or tuple(path.expanduser() for path in _USER_KNOWN_HOSTS)
            files = (*users, *_SYSTEM_KNOWN_HOSTS)
        if files not in self._known:
            self._known[files] = KnownHosts(files)
        return self._known[files].pins(route.pin_name, route.port)

    def credentials(self, route: Route) -> Credentials:
        """What may be offered to the host at the end of a route."""
        settings, agent = route.settings, os.environ.get("SSH_AUTH_SOCK", "")
        named = settings.identity_files
        if settings.identity_agent is not None:
            agent = settings.identity_agent
        if self._options.identity_files is not None:
            named, agent = self._options.identity_files, ""
        paths = [path.expanduser() for path in named or _DEFAULT_KEYS]
        found = [self._key(path) for path in paths if named or path.exists()]
        return Credentials(
            keys=tuple(key for key in found if not isinstance(key, str)),
            identities=frozenset(blob for path in paths if (blob := read_identity(path))) if agent else frozenset(),
            agent=agent,
            skipped=tuple(key for key in found if isinstance(key, str)),
        )

    def _key(self, path: Path) -> PrivateKey | str:
        """The key of a file, or why it cannot be used."""
        if path not in self._keys:
            try:
                self._keys[path] = read_key(path)
            except ValueError as error:
                self._keys[path] = str(error)
        return self._keys[path]
