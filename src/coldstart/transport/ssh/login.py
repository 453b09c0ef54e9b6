"""From a route to an authenticated connection, and what each way of failing is called.

Facts of asyncssh 2.24 that this rests on: its known_hosts reader gives up at one bad line, and it offers only the
pinned key types, so that a changed type would look like a failed key exchange: host keys are judged in
`validate_host_public_key` instead. What is not given is read from ~/.ssh/config and the environment: all is given.
"""

import asyncio
import contextlib
from typing import Any

import asyncssh

from coldstart import errors
from coldstart.clock import Clock
from coldstart.text import one_line
from coldstart.transport.base import shown
from coldstart.transport.detour import Taken
from coldstart.transport.dial import dial
from coldstart.transport.knownhosts import Pins, fingerprint
from coldstart.transport.ssh.hostkey import algorithms, host_key_error
from coldstart.transport.ssh.keys import Credentials
from coldstart.transport.ssh.wire import Wire, said
from coldstart.transport.sshroute import Route, SshOptions

ENCRYPTION = (
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "chacha20-poly1305@openssh.com",
    "aes128-ctr",
    "aes192-ctr",
    "aes256-ctr",
)
"""The fastest first; no CBC, no RC4."""
KEY_EXCHANGE = (
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group14-sha256",
    "diffie-hellman-group16-sha512",
)
"""Without group-exchange, which costs half a second of our time a host."""


class _Login(asyncssh.SSHClient):
    """Judges the host key, offers the keys once, and remembers how far the login got."""

    def __init__(self, route: Route, pins: Pins, credentials: Credentials) -> None:
        self._route, self._pins, self.credentials = route, pins, credentials
        self._agent: asyncssh.SSHAgentClient | None = None
        self._conn: asyncssh.SSHClientConnection | None = None
        self._asked = False
        self._accepted: tuple[bytes, bool] | None = None
        self.offered: tuple[str, ...] = ()
        self.refusal: errors.ReadError | None = None
        self.lost = ""

    @property
    def progress(self) -> str:
        """How far it got, for the operator."""
        server = self._conn.get_extra_info("server_version") if self._conn else None
        return f"it sent the banner {one_line(str(server), 80)!r}" if server else "it sent no SSH banner"

    @property
    def started(self) -> bool:
        """The socket is asyncssh's."""
        return self._conn is not None

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        self._conn = conn

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = said(exc) or "closed here"
        self._close_agent()

    def auth_completed(self) -> None:
        self._close_agent()

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        del host, addr, port
        self._accepted = (key.public_data, False)
        return self._judged(key, trusted=self._pins.trusts(key.public_data))

    def validate_host_ca_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        del host, addr, port
        self._accepted = (key.public_data, True)
        return self._judged(key, trusted=self._pins.trusts_authority(key.public_data))

    def still_trusts(self, pins: Pins) -> bool:
        """Say whether `pins` would let this host in again; they may have been changed since."""
        if self._accepted is None:
            return False
        key, authority = self._accepted
        return pins.trusts_authority(key) if authority else pins.trusts(key)

    def _judged(self, key: asyncssh.SSHKey, *, trusted: bool) -> bool:
        if not trusted:
            self.refusal = host_key_error(self._route, self._pins, key.get_algorithm(), key.public_data)
        return trusted

    async def public_key_auth_requested(self) -> Any:
        """Every key the first time, nothing after that: one attempt, and never a question to a person."""
        if self._asked:
            return None
        self._asked = True
        ours, files = self.credentials.identities, self.credentials.keys
        only = self._route.settings.identities_only
        pairs = [pair for pair in await self._agent_keys() if pair.public_data in ours or not only]
        pairs.sort(key=lambda pair: pair.public_data not in ours)
        held = {pair.public_data for pair in pairs}
        offer = [*pairs, *(key for key in files if key.public_data not in held)]
        self.offered = tuple(fingerprint(key.public_data) for key in offer)
        return offer or None

    async def _agent_keys(self) -> list[Any]:
        if self.credentials.agent:
            with contextlib.suppress(OSError, asyncssh.Error, ValueError):
                self._agent = await asyncssh.connect_agent(self.credentials.agent)
                return list(await self._agent.get_keys())
        return []

    def _close_agent(self) -> None:
        if self._agent:
            self._agent.close()
            self._agent = None


class _Via:
    """The way through another host, failing in the words of `dial`: refused, timed out, unreachable stay apart."""

    def __init__(self, wire: Wire, limit: float) -> None:
        self._wire, self._limit = wire, limit

    async def create_connection(self, session_factory: Any, remote_host: str, remote_port: int) -> Any:
        return await self._wire.open_channel(session_factory, remote_host, remote_port, self._limit)

    def close(self) -> None:
        """The connection belongs to whoever made it, not to this use of it."""

    async def wait_closed(self) -> None:
        """As `close`."""


async def log_in(
    route: Route,
    *,
    pins: Pins,
    credentials: Credentials,
    options: SshOptions,
    clock: Clock,
    via: Wire | None,
    taken: Taken | None = None,
) -> Wire:
    """Connect, check the host key, authenticate once. A connection that starts here goes by the detours of `taken`.

    Raises what `dial` raises, `LoginTimedOut`, `HostKeyMismatch`, `HostKeyUnknown`, `AuthenticationRejected`,
    `KeyExchangeFailed`, `ConnectionLost`, `ProtocolBroken`.
    """
    owner = _Login(route, pins, credentials)
    limit = options.login_timeout
    way: dict[str, Any] = {}
    address, cautions, sock = route.host, via.cautions if via else (), None
    if via:
        way["tunnel"] = _Via(via, options.connect_timeout)
        limit += options.connect_timeout
    elif route.settings.proxy_command:
        way["proxy_command"] = route.settings.proxy_command
    else:
        dialled = await dial(route.host, route.port, options.connect_timeout, taken)
        address, cautions, sock = dialled.address, dialled.cautions, dialled.sock
        way["sock"] = sock
    where = f"{route.user}@{shown(address, route.port)}"
    try:
        async with asyncio.timeout(limit):
            conn = await _connect(route, pins, owner, options, way)
    except TimeoutError:
        raise errors.LoginTimedOut(f"{where}: no login within {limit:g} s; {owner.progress}") from None
    except (asyncssh.Error, OSError) as error:
        raise _named(error, owner, where) from None
    finally:
        if sock and not owner.started:  # else asyncssh has taken it over, and closes it
            sock.close()
    key = conn.get_server_host_key()
    return Wire(
        conn,
        owner,
        route,
        address=address,
        host_key=fingerprint(key.public_data) if key else "",
        channels=options.channels,
        since=clock.wall(),
        via=via,
        cautions=cautions,
    )


async def _connect(
    route: Route, pins: Pins, owner: _Login, options: SshOptions, way: dict[str, Any]
) -> asyncssh.SSHClientConnection:
    return await asyncssh.connect(
        route.host,
        route.port,
        **way,
        config=None,
        client_factory=lambda: owner,
        username=route.user,
        known_hosts=([], [], []),  # nothing by itself: `owner` judges
        host_key_alias=route.pin_name,
        server_host_key_algs=list(algorithms(pins)),
        kex_algs=list(KEY_EXCHANGE),
        encryption_algs=list(ENCRYPTION),
        compression_algs=["none"],
        x509_trusted_certs=None,
        x509_trusted_cert_paths=[],
        preferred_auth=("publickey",),
        public_key_auth=True,
        host_based_auth=False,
        kbdint_auth=False,
        password_auth=False,
        gss_host=None,
        gss_kex=False,
        gss_auth=False,
        client_keys=None,  # `owner` offers them
        agent_path=None,
        agent_forwarding=False,
        pkcs11_provider=None,
        connect_timeout=None,
        login_timeout=0,  # both are bounded by the caller, who knows which of them it was
        keepalive_interval=options.keepalive_interval,
        keepalive_count_max=options.keepalive_count_max,
        utf8_decode_errors="backslashreplace",  # a banner in Latin-1 is no reason to fail
        command=None,
        env=None,
        send_env=None,
        request_pty=False,
        x11_forwarding=False,
    )


def _named(error: Exception, owner: _Login, where: str) -> errors.ReadError:
    """The leaf for what asyncssh raised while it connected."""
    if owner.refusal:
        return owner.refusal
    text = f"{where}: {said(error)}"
    if isinstance(error, asyncssh.HostKeyNotVerifiable):
        return errors.HostKeyMismatch(f"{text}; no authentication was attempted")
    # sshd's "Too many authentication failures" comes as a protocol error.
    if isinstance(error, asyncssh.PermissionDenied) or "authentication failures" in str(error):
        offered = f"offered {', '.join(owner.offered)}" if owner.offered else "there was no key to offer"
        skipped = "".join(f"; not used: {problem}" for problem in owner.credentials.skipped)
        return errors.AuthenticationRejected(f"{where}: {offered}{skipped}; not tried again in this run")
    if isinstance(error, asyncssh.KeyExchangeFailed):
        return errors.KeyExchangeFailed(text)
    if isinstance(error, asyncssh.ConnectionLost | OSError):
        return errors.ConnectionLost(f"{text} during the login; {owner.progress}")
    return errors.ProtocolBroken(text)
