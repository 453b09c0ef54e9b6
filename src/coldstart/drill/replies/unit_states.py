"""In which state systemd sees a unit of the drill, and since when: from what its part went through in this boot."""

from dataclasses import dataclass
from zlib import crc32

from coldstart.drill.replies.units import WATCHED, UnitSpec
from coldstart.drill.state import Change, PartState, Phase
from coldstart.drill.view import View

EARLY = 0.5
"""Services are started when so much of the time is over until the host answers ping."""


@dataclass
class Status:
    """What changes of a unit. Moments are seconds of the scenario; None: it did not come to that in this boot.

    `begun`: it last ceased to be inactive (InactiveExitTimestamp); `entered`: it last became active (ActiveEnter…);
    `changed`: its last change of state. `ended`: ExecMainCode and ExecMainStatus. `retries`: NRestarts.
    """

    active: str = "inactive"
    sub: str = "dead"
    result: str = "success"
    retries: int = 0
    ended: tuple[int, int] = (0, 0)
    begun: float | None = None
    entered: float | None = None
    changed: float | None = None

    def be(self, active: str, sub: str) -> None:
        self.active, self.sub = active, sub


def exact(name: str, at: float) -> float:
    """The moment within the second before `at` at which it really was: the stack moves by seconds, systemd does not."""
    return at - 0.05 - crc32(f"{name} {at:.0f}".encode()) % 850_000 / 1e6


def earliest(view: View) -> float:
    """When this boot came to starting services."""
    return view.boot.at + view.state.spec.network * EARLY


def changes(view: View, part: PartState) -> tuple[Change, ...]:
    """What the part went through in this boot of the host."""
    return tuple(
        change
        for change in view.stack.history
        if change.part == part.spec.name and change.at >= view.boot.at and change.phase is not Phase.OFF
    )


def status(view: View, unit: UnitSpec) -> Status:
    """How `systemctl show` finds it now."""
    if unit.part is None:
        return _held(view, unit)
    part = view.part(unit.part)
    found = Status(retries=part.restarts)
    waits_since: float | None = None
    for change in changes(view, part):
        at = max(change.at, earliest(view))
        if change.phase is Phase.WAITING:
            waits_since = change.at
            _try(found, unit, at, at)
        elif change.phase is Phase.STARTING:
            _try(found, unit, at, max(_start_of_try(part, unit, waits_since, change.at), earliest(view)))
            waits_since = None
        elif change.phase is Phase.UP:
            found.begun = change.at if unit.forks_at_once else found.begun
            found.entered = found.changed = change.at
        elif change.fault == "damaged":
            _try(found, unit, at, at)
        elif found.begun is not None:
            found.changed = change.at
    _now(view, part, unit, found, waits_since)
    return found


def _try(found: Status, unit: UnitSpec, at: float, begun: float) -> None:
    """A start was tried from `begun` on. A simple unit waits for its turn without a trace."""
    if not unit.forks_at_once:
        found.begun = found.changed = min(begun, at)


def _start_of_try(part: PartState, unit: UnitSpec, waits: float | None, at: float) -> float:
    """When the try began that `at` belongs to, of a unit that waits since `waits`, in one long try or in many."""
    if waits is None:
        return at
    if part.spec.retry is None:
        return waits
    into = (at - waits) % part.spec.retry
    return at if into >= part.spec.retry - unit.pause else at - into


def _now(view: View, part: PartState, unit: UnitSpec, found: Status, waits: float | None) -> None:
    """Its state, from the phase that it is in."""
    if part.phase is Phase.UP:
        found.be("active", "running")
    elif part.phase is Phase.BROKEN and part.fault != "damaged":
        found.ended = unit.stopped if found.begun is not None else (0, 0)
    elif part.phase is Phase.BROKEN:
        _failing(view, part, unit, found)
    elif not unit.forks_at_once:
        found.be("activating", "start")
        if waits is not None and part.spec.retry is not None:
            _waiting(view, part.spec.retry, unit, found, waits)


def _waiting(view: View, retry: float, unit: UnitSpec, found: Status, waits: float) -> None:
    """It ends by itself after a while without what it needs, and systemd starts it again `pause` s later."""
    into = (view.now - waits) % retry
    begun = max(view.now - into, earliest(view))
    if into >= retry - unit.pause:
        found.be("activating", "auto-restart")
        found.result, found.ended = "exit-code", (1, 1)
        begun = view.now - into + retry - unit.pause
    found.begun = found.changed = begun


def _failing(view: View, part: PartState, unit: UnitSpec, found: Status) -> None:
    """Each start of it fails at once."""
    first = max(part.since, earliest(view))
    tries = int((view.now - first) // unit.pause)
    gave_up = unit.tries is not None and tries >= unit.tries
    done = tries if unit.tries is None else min(tries, unit.tries)
    found.be(*(("failed", "failed") if gave_up else ("activating", "auto-restart")))
    found.result, found.retries = unit.result, part.restarts + done
    found.ended = (0, 0) if unit.type == "forking" else (1, 1)  # what failed was the start command, not a main process
    found.begun = found.changed = first + done * unit.pause
    if unit.forks_at_once:
        found.entered = found.begun


def _held(view: View, unit: UnitSpec) -> Status:
    """Runners wait for their release, old units are switched off; the one with a watchdog was started all the same."""
    if unit.name != WATCHED or not view.stack.facts.runner_watchdog:
        return Status()
    at = min(view.boot.at + view.state.spec.ssh, view.now)
    return Status("active", "running", begun=at, entered=at, changed=at)
