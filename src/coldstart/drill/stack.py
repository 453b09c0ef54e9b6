"""The stack at a moment: what the events of a scenario lead to. Causes are modelled once, effects follow.

Time is in seconds since the start of the scenario; what was before it is negative. The model moves in steps of one
second.
"""

import random
import uuid
from collections.abc import Mapping
from math import exp

from coldstart.drill.inventory import HOSTS, PARTS
from coldstart.drill.record import Record
from coldstart.drill.scenario import Event, Facts
from coldstart.drill.state import Boot, Change, HostState, PartState, Phase

STEP = 1.0
_QUIET, _BUSY = 0.22, 1.35
"""Running tasks a core: at rest, and while everything starts."""
_KEEP = tuple(exp(-STEP / (60 * minutes)) for minutes in (1, 5, 15))
"""How much of an average is left after a step: the kernel's formula."""
_STILL = {Phase.UP, Phase.BROKEN, Phase.OFF}
"""Phases that nothing but an event ends."""
_SPREAD = 0.15
"""With a seed, what takes a minute takes up to so much more or less of it."""


class Stack:
    """The whole stack; `advance` moves it on, `apply` does to it what an event says. Everything else only looks."""

    def __init__(self, *, seed: int = 0) -> None:
        self.now = 0.0
        self.facts = Facts()
        self.history: list[Change] = []
        self.record = Record()
        self._seed = seed
        self._calm = False
        """Nothing moves before something happens."""
        spread = random.Random(seed)  # noqa: S311 - a drill that can be repeated, not a secret
        self.hosts: Mapping[str, HostState] = {name: HostState(spec, []) for name, spec in HOSTS.items()}
        self.parts: Mapping[str, PartState] = {
            name: PartState(spec, spec.takes * (1 + (spread.uniform(-_SPREAD, _SPREAD) if seed else 0)))
            for name, spec in PARTS.items()
        }

    # ------------------------------------------------------------------------------------------------------ looking

    def up(self, part: str) -> bool:
        """Say whether a part serves those who are on its own host."""
        state = self.parts[part]
        return state.phase is Phase.UP and state.fault is None

    def serves(self, part: str, to: str | None) -> bool:
        """Say whether a part serves somebody on host `to` (None: in the cluster, or outside of all hosts)."""
        place = PARTS[part].host
        if place is None or place == to:
            return self.up(part)
        return self.up(part) and self.hosts[place].cable and (to is None or self.hosts[to].cable)

    def pings(self, host: str) -> bool:
        """Say whether the host answers on the network."""
        return self._past(host, HOSTS[host].network) and self.hosts[host].cable

    def listens(self, host: str) -> bool:
        """Say whether its sshd accepts."""
        return self._past(host, HOSTS[host].ssh) and self.hosts[host].cable

    def vip_holders(self) -> tuple[str, ...]:
        """Who has the VIP on an interface: 120 before 121, both when they do not hear each other (SOP 6.1)."""
        ready = tuple(host for host in ("120", "121") if self.up(f"{host}/keepalived"))
        apart = not self.facts.vrrp_heard or not all(self.hosts[host].cable for host in ready)
        return ready if apart else ready[:1]

    def vip_leads_to(self) -> str | None:
        """Which host answers at the VIP: the one that can be reached."""
        return next((host for host in self.vip_holders() if self.pings(host)), None)

    def uptime(self, host: str) -> float:
        """Seconds since its boot. Raises ValueError for a host without power."""
        boot = self.hosts[host].boot
        if boot is None:
            raise ValueError(f"{host} has no power")
        return self.now - boot.at

    def _past(self, host: str, seconds: float) -> bool:
        return self.hosts[host].boot is not None and self.uptime(host) >= seconds

    # ------------------------------------------------------------------------------------------------------- moving

    def begin_settled(self, ago: float) -> None:
        """Have everything been up since `ago` s before the start."""
        self.now = -ago
        self._power_on_all(-ago)
        self.advance(0.0)

    def begin_cold(self, ago: float) -> None:
        """Have the power been lost `ago` s before the start, after ten days."""
        for host in HOSTS:
            self.hosts[host].boots.append(Boot(self._boot_id(host), -ago - 10 * 86400, ended=-ago))

    def apply(self, event: Event) -> None:
        """Let it happen now."""
        self._calm = False
        for host, power in event.power.items():
            self._power(host, on=power == "on")
        for host, cable in event.cable.items():
            self.hosts[host].cable = cable == "in"
        for host, seconds in event.slow.items():
            self.hosts[host].slow = seconds
        for host, load in event.load.items():
            self.hosts[host].extra = load
        for part, fault in event.parts.items():
            state = self.parts[part]
            state.fault = None if fault == "well" else fault
            state.faulted.append((self.now, state.fault))
            if fault == "well" and state.phase is Phase.BROKEN:
                self._to(state, Phase.WAITING)
        if event.facts:
            self.facts = Facts.model_validate({**self.facts.model_dump(), **event.facts})

    def advance(self, to: float) -> None:
        """Let the time pass until `to`."""
        while self.now + STEP <= to:
            self.now += STEP
            self._step()

    def _power_on_all(self, at: float) -> None:
        for host in HOSTS:
            self.hosts[host].boots.append(Boot(self._boot_id(host), at - 10 * 86400, ended=at - 600))
            self._power(host, on=True)

    def _power(self, host: str, *, on: bool) -> None:
        state = self.hosts[host]
        if on and state.boot is None:
            state.boots.append(Boot(self._boot_id(host), self.now))
            state.load = [0.0, 0.0, 0.0]
        elif not on and state.boot is not None:
            state.boot.ended = self.now

    def _boot_id(self, host: str) -> str:
        name = f"{host} {len(self.hosts[host].boots)} {self._seed}"
        return str(uuid.uuid5(uuid.NAMESPACE_OID, name))

    def _step(self) -> None:
        for host in self.hosts.values():
            self._load(host)
        self.record.scrape(self)
        if self._calm:
            return
        changes = len(self.history)
        for part in self.parts.values():
            self._move(part)
        self._calm = len(self.history) == changes and all(part.phase in _STILL for part in self.parts.values())

    def _load(self, host: HostState) -> None:
        if host.boot is None:
            return
        busy = _BUSY if self.now - host.boot.at < host.spec.busy else _QUIET
        running = (busy + host.extra) * host.spec.cores
        for index, keep in enumerate(_KEEP):
            host.load[index] = host.load[index] * keep + running * (1 - keep)

    def _move(self, part: PartState) -> None:
        host = part.spec.host
        if host is not None and self.hosts[host].boot is None:
            part.restarts, part.lacks = 0, ()
            part.ended.clear()
            self._note(part, ())
            self._to(part, Phase.OFF)
        elif part.fault in {"stopped", "damaged"}:
            self._note(part, ())
            self._to(part, Phase.BROKEN)
        else:
            wanted = part.spec.needs if part.phase is Phase.UP else (*part.spec.needs, *part.spec.to_start)
            self._wait_or_run(part, tuple(name for name in wanted if not self.serves(name, host)))

    def _note(self, part: PartState, lacks: tuple[str, ...]) -> None:
        if lacks != (part.lacked[-1][1] if part.lacked else ()):
            part.lacked.append((self.now, lacks))

    def _ends(self, part: PartState, lacks: tuple[str, ...]) -> bool:
        """Say whether it ends now, and is started again: a container does only where it runs at all."""
        if part.spec.retry is None:
            return False
        inside = part.spec.host is None
        if part.phase is Phase.UP:
            return not inside or any(not name.startswith("k8s/") for name in lacks)
        if part.phase is not Phase.WAITING or self.now <= part.since:
            return False
        begins = not inside or not any(name.startswith("k8s/") or name in part.spec.to_start for name in lacks)
        return begins and (self.now - part.since) % part.spec.retry < STEP

    def _wait_or_run(self, part: PartState, lacks: tuple[str, ...]) -> None:
        self._note(part, lacks)
        if lacks:
            part.lacks = lacks
            if self._ends(part, lacks):
                part.restarts += 1
                part.ended.append(self.now)
            self._to(part, Phase.WAITING)
        elif part.phase not in {Phase.STARTING, Phase.UP}:
            self._to(part, Phase.STARTING)
        elif part.phase is Phase.STARTING and self.now - part.since >= part.takes:
            part.lacks = ()
            self._to(part, Phase.UP)

    def _to(self, part: PartState, phase: Phase) -> None:
        if part.phase is not phase:
            part.phase, part.since = phase, self.now
            self.history.append(Change(self.now, part.spec.name, phase, part.lacks, part.fault))
