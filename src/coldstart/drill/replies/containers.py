"""The containers of 188 and 110, and what the daemon knows of each: derived from the part that it stands for.

After a power loss the daemon finds every container dead, notes that (FinishedAt), and starts those with a restart
policy before it takes its first client: that is why all of them are about as old as the daemon's own start.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from typing import Literal

from coldstart.drill.state import Change, PartState, Phase
from coldstart.drill.view import View

_PATIENCE = 180.0
"""Seconds from its start for which a container that does not work yet is `starting`; afterwards it is `unhealthy`."""
_FIRST_CHECK = 15.0
"""Seconds from its start until the health check of a container without a part of its own says something."""
_RUN = 0.08
"""Seconds that a damaged one runs, each time."""
_HOUR, _DAY = 3600.0, 86400.0
_FIRST_WAIT, _LONGEST_WAIT = 0.1, 60.0
"""Seconds between two starts of a container that ends at once: twice as long each time (moby/moby, restartmanager)."""


@dataclass(frozen=True)
class Container:
    """`part`: what it stands for, without its host; None: it only needs the daemon.

    `check`: `none` is declared; `alive`: it sees whether the service answers at all; `works`: also how.
    """

    name: str
    part: str | None
    check: Literal["none", "alive", "works"] = "works"


@dataclass(frozen=True)
class Life:
    """Its state as the daemon has it. `started` and `finished` are moments of the scenario, s."""

    state: Literal["running", "restarting", "exited"]
    started: float
    finished: float
    exit_code: int = 0
    restarts: int = 0
    health: str | None = None


CONTAINERS: Mapping[str, tuple[Container, ...]] = {
    "188": (
        Container("litellm", "litellm"),
        Container("signoz", "signoz"),
        Container("signoz-clickhouse", None),
        Container("momo-pro-system", "momo"),
        Container("momo-scheduler", "momo-scheduler", check="alive"),
        Container("momo-db", "momo-db", check="alive"),
    ),
    "110": (
        Container("sentry-web", "sentry"),
        Container("sentry-kafka", "kafka"),
        Container("sentry-clickhouse", "clickhouse"),
        Container("sentry-postgres", "sentry-postgres", check="alive"),
        Container("gitea", "gitea", check="none"),
        Container("harbor", "harbor", check="alive"),
        Container("harbor-log", None),
    ),
}
"""In the order of ``docker ps``: the newest first."""

ORPHAN = Container("orphan", None, check="none")


def present(view: View) -> tuple[Container, ...]:
    """All containers of the host, in the order of ``docker ps``."""
    orphans = (ORPHAN,) if view.host == "110" and view.stack.facts.orphan else ()
    return orphans + CONTAINERS.get(view.host, ())


def identity(container: Container) -> str:
    """Its id: 64 hexadecimal digits, always the same."""
    return sha256(container.name.encode()).hexdigest()


def fraction(name: str, at: float) -> float:
    """A part of a second that is always the same for this, as a clock that nobody looked at would have it."""
    return int(sha256(f"{name} {at}".encode()).hexdigest()[:8], 16) / 2**32


def life(view: View, container: Container) -> Life:
    """What the daemon, which is up, knows of it."""
    if container is ORPHAN:
        died = _lost_power(view)
        return Life("exited", died - _DAY, died, exit_code=137)
    part = None if container.part is None else view.part(container.part)
    if part is not None and part.phase is Phase.BROKEN:
        return _looping(view, container, part) if part.fault == "damaged" else _stopped(view, container, part)
    started, finished = _run(view, container)
    return Life("running", started, finished, health=_health(container, part, view.now - started))


def daemon_up(view: View) -> float:
    """When the daemon, which is up, came up."""
    return view.part("docker").since


def loop(elapsed: float) -> tuple[int, float]:
    """How often a container that ends at once has ended in `elapsed` s of that, and how long ago it did last."""
    ends, last, wait = 1, 0.0, _FIRST_WAIT
    while last + wait <= elapsed:
        ends, last, wait = ends + 1, last + wait, min(2 * wait, _LONGEST_WAIT)
    return ends, elapsed - last


def changes(view: View, part: str) -> list[Change]:
    """What happened to a part of this host since its boot, oldest first."""
    name = f"{view.host}/{part}"
    return [change for change in view.stack.history if change.part == name and change.at >= view.boot.at]


def phase_at(view: View, part: str, at: float) -> Phase:
    """The phase of a part of this host at a moment since its boot."""
    before = [change.phase for change in changes(view, part) if change.at <= at]
    return before[-1] if before else Phase.OFF


def _run(view: View, container: Container) -> tuple[float, float]:
    """When a container that runs was started, and when it ended before that."""
    up = daemon_up(view)
    seen = [] if container.part is None else changes(view, container.part)
    for before, after in reversed(list(pairwise(seen))):
        if before.phase is Phase.BROKEN and after.at > up:
            return after.at - fraction(container.name, after.at) / 2, _stopped_at(view, before.at)
    started = up - 0.1 - fraction(container.name, up) / 2
    for before, after in reversed(list(pairwise(changes(view, "docker")))):
        if before.phase is Phase.UP:
            return started, after.at
    return started, started - 0.3


def _stopped(view: View, container: Container, part: PartState) -> Life:
    """By somebody, now or before the power was lost; it ended as one that is asked to."""
    ended = _stopped_at(view, part.since)
    ups = [change.at for change in changes(view, "docker") if change.phase is Phase.UP and change.at < ended]
    started = ups[-1] - 0.1 if ups else ended - _DAY
    return Life("exited", started, ended, health=None if container.check == "none" else "unhealthy")


def _stopped_at(view: View, broken: float) -> float:
    """When a container ended whose part is broken since `broken`: long ago, where the daemon did not run then."""
    return broken if phase_at(view, "docker", broken) is Phase.UP else _lost_power(view) - _HOUR


def _looping(view: View, container: Container, part: PartState) -> Life:
    ends, ago = loop(view.now - max(part.since, daemon_up(view)))
    health = None if container.check == "none" else "unhealthy"
    ended = view.now - ago
    return Life("restarting", ended - _RUN, ended, exit_code=1, restarts=ends, health=health)


def _health(container: Container, part: PartState | None, age: float) -> str | None:
    if container.check == "none":
        return None
    if part is None:
        return "healthy" if age >= _FIRST_CHECK else "starting"
    if part.phase is Phase.UP:
        bad = part.fault == "frozen" or (part.fault == "failing" and container.check == "works")
        return "unhealthy" if bad else "healthy"
    return "starting" if age < _PATIENCE else "unhealthy"


def _lost_power(view: View) -> float:
    """When the host last lost its power."""
    before = [boot.ended for boot in view.state.boots if boot.ended is not None]
    return before[-1] if before else view.boot.at
