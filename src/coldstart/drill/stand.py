"""The embedded stack as a whole: hosts, services, the operator's tools and trust, on loopback and in one directory."""

import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import trustme

from coldstart.clock import SystemClock
from coldstart.drill import sites, ssh_keys, tools
from coldstart.drill.clock import ScenarioTime
from coldstart.drill.environment import on_path
from coldstart.drill.inventory import HOSTS, VIP, HostSpec
from coldstart.drill.port import LOOPBACK
from coldstart.drill.replies import net, say
from coldstart.drill.scenario import Event, Scenario
from coldstart.drill.ssh_host import SshHost
from coldstart.drill.stack import Stack
from coldstart.drill.view import Said, View
from coldstart.drill.web import Web

SSH_PORT = 22
_OUTAGE = 600.0
"""Seconds without power before a cold start."""
_SETTLED = 7200.0
"""Seconds since the power came back, where a scenario begins with the stack up."""


class Stand:
    """A scenario's stack. `begin` and `end` it; `follow` after the time has moved.

    `directory` is empty and private; all that is made is made in it. `tell` hears of each event as it happens.
    """

    def __init__(
        self,
        scenario: Scenario,
        directory: Path,
        time: ScenarioTime,
        *,
        seed: int = 0,
        speed: float = 1.0,
        tell: Callable[[Event], None] = lambda _: None,
    ) -> None:
        self.scenario, self.directory, self.time = scenario, directory, time
        self.stack = Stack(seed=seed)
        self._ahead = list(scenario.timeline)
        self._tell = tell
        self._keys = ssh_keys.make_keys(HOSTS)
        self.web = Web()
        self.hosts = {name: self._host(name, spec, speed) for name, spec in HOSTS.items()}

    def _host(self, name: str, spec: HostSpec, speed: float) -> SshHost:
        return SshHost(
            name,
            spec.user,
            self._keys.hosts[name],
            self._keys.user,
            self.say,
            port_of=lambda port: self._port_behind(name, port),
            slow=lambda: self.stack.hosts[name].slow,
            speed=speed,
        )

    def _port_behind(self, host: str, port: int) -> int | None:
        """The real port of what listens on a host's own 127.0.0.1; None: nothing ever does."""
        site = sites.behind(host, port)
        return self.web.port_of(site) if site else None

    # ---------------------------------------------------------------------------------------------- for whoever asks

    @property
    def ssh_config(self) -> Path:
        return self.directory / "ssh_config"

    @property
    def ca_file(self) -> Path:
        return self.directory / "ca.pem"

    @property
    def bin(self) -> Path:
        """The directory of the operator's ping and ip."""
        return self.directory / "bin"

    @property
    def connect_to(self) -> tuple[str, ...]:
        """Where the addresses of the baseline are reached, as ``--connect-to`` takes it."""
        hosts = (f"{HOSTS[name].address}:{SSH_PORT}={LOOPBACK}:{host.port}" for name, host in self.hosts.items())
        public = (
            f"{site.address}:{site.port}={LOOPBACK}:{self.web.port_of(site)}" for site in sites.SITES if not site.host
        )
        return (*hosts, *public)

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables of the baseline that are set, as ``--set`` takes them: trust, and nothing else."""
        return (f"ca_file={self.ca_file}",)

    @contextmanager
    def operators_tools(self) -> Iterator[None]:
        """Have this program find the stack's ping and ip, since loopback cannot lose a host."""
        with on_path(self.bin):
            yield

    # ------------------------------------------------------------------------------------------------------ its life

    async def begin(self) -> None:
        """Make keys and certificates, and be there at the time of the scenario. Call `end` whatever happens."""
        tls = self._trust()
        if self.scenario.begins == "settled":
            self.stack.begin_settled(_SETTLED)
        else:
            self.stack.begin_cold(_OUTAGE)
        self._move()
        await self.web.start(sites.SITES, tls, lambda: self.stack, self.time.began)
        for name, host in self.hosts.items():
            await host.start(listening=self.stack.listens(name))
        self._write_access()
        await self.follow()

    async def follow(self) -> None:
        """Open and close what the stack opens and closes by now."""
        self._move()
        await self.web.refresh()
        for name, host in self.hosts.items():
            await host.follow(self.stack.listens(name))
        for name in (*HOSTS, "vip"):
            self._publish(VIP if name == "vip" else HOSTS[name].address)

    async def end(self) -> None:
        """Let go of every connection and port; the directory is its owner's to remove."""
        for host in self.hosts.values():
            await host.stop()
        await self.web.stop()

    def say(self, host: str, argv: Sequence[str]) -> Said:
        """What a command says on a host, now."""
        self._move()
        return say(View(self.stack, host, self.time.began), argv)

    def _move(self) -> None:
        now = self.time.now()
        while self._ahead and self._ahead[0].at <= now:
            event = self._ahead.pop(0)
            self.stack.advance(event.at)
            self.stack.apply(event)
            self._tell(event)
        self.stack.advance(now)

    def _publish(self, address: str) -> None:
        tools.publish(
            self.bin,
            address,
            ping={count: net.ping(self.stack, address, count) for count in (1, 2)},
            route=net.route(address),
            neighbour=net.neighbour(self.stack, address),
        )

    def _trust(self) -> dict[str, ssl.SSLContext]:
        """Write a new authority's certificate; the server's side of TLS for each name that has it."""
        authority = trustme.CA(organization_name="coldstart drill")
        authority.cert_pem.write_to_path(str(self.ca_file))
        contexts: dict[str, ssl.SSLContext] = {}
        for name in (site.address for site in sites.SITES if site.tls):
            contexts[name] = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            authority.issue_cert(name).configure_cert(contexts[name])
        return contexts

    def _write_access(self) -> None:
        """What an operator has: a key, the hosts' keys, an ssh_config, and tools to look at the network with."""
        key, known = self.directory / "id_ed25519", self.directory / "known_hosts"
        ssh_keys.write_private(key, ssh_keys.private_key(self._keys.user))
        pins = (
            ssh_keys.known_hosts_line(LOOPBACK, host.port, self._keys.hosts[name]) for name, host in self.hosts.items()
        )
        known.write_text("".join(pins), "utf-8")
        entries = (
            ssh_keys.SshEntry((HOSTS[name].address, name), host.port, host.user, key, known)
            for name, host in self.hosts.items()
        )
        self.ssh_config.write_text(ssh_keys.ssh_config(entries), "utf-8")
        tools.write_tools(self.bin)


def real_time(at: float) -> ScenarioTime:
    """The time of a stack that others ask: the machine's own, with `at` s of the scenario gone by now."""
    time = ScenarioTime(SystemClock().wall() - at, at=at)
    time.start(most=None)
    return time
