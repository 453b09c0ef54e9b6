"""By which way a host is reached: address, user, keys, pins, and the hosts in between."""

import re
from dataclasses import dataclass
from pathlib import Path

from coldstart import errors
from coldstart.transport.sshconfig import HostSettings, SshConfig, local_user

SSH_PORT = 22
_HOPS = 8
"""Jump hosts in a row; more is taken for a loop."""


@dataclass(frozen=True)
class SshOptions:
    """Limits and files of a run. Times in seconds."""

    connect_timeout: float = 5.0
    """For the name, and for TCP to each of its addresses together."""
    login_timeout: float = 10.0
    """From the open TCP connection to the end of authentication."""
    keepalive_interval: float = 1.0
    keepalive_count_max: int = 3
    """A peer that is silent for ``interval * (count + 1)`` is lost."""
    channels: int = 4
    """Commands at once on one connection (sshd's MaxSessions is 10, but a slot frees late)."""
    logins: int = 48
    """Hosts that are logged in to at the same time; the time limits of the others have not begun yet."""
    output_grace: float = 1.0
    """How long output may stay open, without a new byte, after the exit status."""
    margin: float = 3.0
    """Beyond the limit of the remote timeout(1), until we stop waiting for it."""
    config_path: Path | None = Path("~/.ssh/config")
    trust_ssh_config: bool = False
    known_hosts: Path | None = None
    """Instead of the user's and the system's known_hosts files."""
    identity_files: tuple[Path, ...] | None = None
    """Instead of the configured or usual keys and of the agent; None: as ssh(1) has them."""


@dataclass(frozen=True)
class Route:
    """Where one SSH connection goes. Hosts of the baseline that share a route share the connection."""

    host: str
    port: int
    user: str
    pin_name: str
    settings: HostSettings
    via: "Route | None" = None

    @property
    def shown(self) -> str:
        return f"{self.user}@{self.host}:{self.port}" + (f" via {self.via.shown}" if self.via else "")


def resolve(config: SshConfig, address: str, user: str | None, port: int | None, *, depth: int = 0) -> Route:
    """Return the route to `address`; `user` and `port`, where given, win over the file.

    Raises `ReadError` (a chain of jump hosts that does not end, a port that is none) and `HostKeyUnknown`.
    """
    if depth > _HOPS:
        raise errors.ReadError(f"ssh_config: the chain of ProxyJump to {address} does not end")
    settings = config.lookup(address, user, port)
    hops = tuple(_hop(text) for text in (settings.proxy_jump or "").split(",") if text.strip())
    via: Route | None = None
    # "Host *" with a ProxyJump covers the jump host as well; ssh(1) does not jump to where it already is.
    if all(hop[1] != address for hop in hops):
        for hop_user, hop_host, hop_port in hops:
            if via is None:
                via = resolve(config, hop_host, hop_user, hop_port, depth=depth + 1)
            else:
                via = _route(config.lookup(hop_host, hop_user, hop_port), via)
    return _route(settings, via)


def _route(settings: HostSettings, via: Route | None) -> Route:
    return Route(
        host=settings.hostname,
        port=settings.port or SSH_PORT,
        user=settings.user or local_user(),
        pin_name=settings.host_key_alias or settings.hostname,
        settings=settings,
        via=via,
    )


def _hop(text: str) -> tuple[str | None, str, int | None]:
    """``[user@]host[:port]``, ``ssh://…``, and ``[address]:port`` for IPv6."""
    user, _, place = text.strip().removeprefix("ssh://").rpartition("@")
    match = re.fullmatch(r"(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?|([0-9a-fA-F:]+)", place)
    if not match:
        raise errors.ReadError(f"ssh_config: ProxyJump {text!r} is not [user@]host[:port]")
    return user or None, match[1] or match[2] or match[4], int(match[3]) if match[3] else None
