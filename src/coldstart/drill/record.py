"""What Prometheus on 110 has scraped: it is on a disk, and outlives a restart of Prometheus and a reboot of 110."""

from collections import deque
from collections.abc import Mapping
from typing import Protocol

from coldstart.drill.inventory import HOSTS
from coldstart.drill.state import HostState

SERVER = "110"
PART = f"{SERVER}/prometheus"
INTERVAL = 5
"""Seconds between two scrapes."""
LOOKBACK = 300.0
"""Seconds for which the last sample of a series stands for it."""
BACKLOGS = ("110/clickhouse", "110/kafka")
"""Parts that say how much waits for them. Nothing ever does: the stack of a drill takes no events."""
_KEPT = 400
"""Samples of a series: half an hour, which is longer than any query asks back."""


class Stack(Protocol):
    """What is scraped: the stack, as far as it matters here."""

    now: float

    @property
    def hosts(self) -> Mapping[str, HostState]: ...
    def up(self, part: str) -> bool: ...
    def pings(self, host: str) -> bool: ...


class Record:
    """Samples by series: the load of a host a core by its name, the backlog of a part by the part's."""

    def __init__(self) -> None:
        self._samples: dict[str, deque[tuple[float, float]]] = {
            name: deque(maxlen=_KEPT) for name in (*HOSTS, *BACKLOGS)
        }

    def scrape(self, stack: Stack) -> None:
        """Take a sample of whatever can be reached, when it is due and Prometheus runs."""
        if stack.now % INTERVAL or not stack.up(PART):
            return
        for name, host in stack.hosts.items():
            if host.boot is not None and (name == SERVER or (stack.pings(name) and stack.hosts[SERVER].cable)):
                self._samples[name].append((stack.now, host.load[0] / host.spec.cores))
        for part in BACKLOGS:
            if stack.up(part):
                self._samples[part].append((stack.now, 0.0))

    def at(self, name: str, moment: float) -> tuple[float, float] | None:
        """The last sample of a series at a moment, when it was taken and its value; None: there is none lately."""
        for taken, value in reversed(self._samples[name]):
            if taken <= moment:
                return (taken, value) if moment - taken <= LOOKBACK else None
        return None
