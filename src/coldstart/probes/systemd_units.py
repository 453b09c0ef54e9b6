"""Are these units up? One `systemctl show`, each unit judged on its own."""

import re
from typing import Annotated, ClassVar, TypeAlias

from pydantic import AfterValidator, Field

from coldstart.errors import ReadError
from coldstart.outcome import Conclusion, Outcome, Part
from coldstart.probes.base import Probe, Replies, Target
from coldstart.probes.params import PlainUnit
from coldstart.probes.systemd_show import Unit, full_name, restarts_before, show, shown
from coldstart.reads import Command
from coldstart.reason import Reason
from coldstart.text import plural

Finding: TypeAlias = tuple[Conclusion, Reason, str]

_UP = frozenset({"active", "reloading", "refreshing"})
_GOOD_SUB_STATES = {
    "service": {"running"},
    "socket": {"listening", "running"},
    "timer": {"waiting", "running"},
    "path": {"waiting", "running"},
    "mount": {"mounted"},
    "automount": {"waiting", "running"},
    "scope": {"running", "abandoned"},
    "device": {"plugged"},
}
"""Of an active unit, by type; for other types `active`. From the state tables in systemd's source (unit-def.c)."""


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    full = [full_name(name) for name in names]
    if twice := sorted({name for name in full if full.count(name) > 1}):
        raise ValueError(f"named twice: {', '.join(twice)}")
    return names


class SystemdUnitsProbe(Probe):
    """Each of these systemd units is up.

    ``systemctl is-active a b`` exits 0 when only one of the two is active, and a crash loop looks active whenever one
    looks at the right moment. Here one ``systemctl show`` asks for all units, and every unit is judged alone.

    Asks ``systemctl show --no-pager --property=… UNIT…`` (systemd 235 or newer; no rights needed), and
    ``cat /proc/uptime``, which gives "still starting since …" its length by the host's own monotonic clock.

    | state | is |
    |---|---|
    | active, and a service has a running process | as required |
    | the same, but `NRestarts` is over `allowed_restarts` | a caution: systemd restarted it by itself |
    | reloading; or running, but its file is gone or masked | a caution |
    | `NRestarts` rose since the attempt before, or it waits for its next automatic restart | bad: restart loop |
    | activating | bad: still starting, since when |
    | inactive, deactivating, failed (with result and exit status) | bad |
    | not existing, masked, not loadable | bad |
    | `active (exited)` | bad, unless `exited_is_active` |

    Debian's umbrella ``postgresql.service`` is ``active (exited)`` whether or not any cluster runs: name the instance,
    ``postgresql@14-main``.

    Not observed: no systemd answers, or it answers for other units than were asked for. Whether a running service does
    its work is not asked here.

    Example:
    ```yaml
    probe: systemd_units
    with:
      units: [containerd, docker, postgresql@14-main, redis-server, ollama, nginx]
    ```

    SOP sections 4.2, 5.3, 6.2 and 9; systemctl(1).

    """

    kind: ClassVar[str] = "systemd_units"
    measured: ClassVar[str | None] = "restarts"

    units: Annotated[tuple[PlainUnit, ...], AfterValidator(_distinct)] = Field(
        min_length=1,
        max_length=32,
        description="Units, each by its whole name; no patterns. Without a suffix a name means a service.",
    )
    exited_is_active: bool = Field(
        default=False,
        description="Accept `active (exited)`: right for one-time jobs (Type=oneshot), wrong for what must run on.",
    )
    allowed_restarts: int = Field(
        default=0,
        ge=0,
        description="How many restarts by systemd itself are normal here, like those of k3s without its database.",
    )

    def reads(self, target: Target) -> tuple[Command, ...]:
        uptime = target.command("cat", "/proc/uptime").model_copy(update={"sudo": False})
        return (show(target, self.units), uptime)

    def judge(self, replies: Replies) -> Outcome:
        asked, uptime = self.reads(replies.target)
        units = shown(replies.command(asked), self.units)
        before = restarts_before(replies.earlier(asked), self.units)
        now = _uptime(replies, uptime)
        parts: list[Part] = []
        for unit in units:
            conclusion, reason, observed = self._find(unit, before.get(unit.name, unit.restarts), now)
            parts.append(Part(name=unit.name, conclusion=conclusion, reason=reason, observed=observed))
        up = sum(part.conclusion in (Conclusion.MET, Conclusion.CAUTION) for part in parts)
        return Outcome.of_parts(
            parts,
            expected=f"{', '.join(self.units)}: {'active' if self.exited_is_active else 'active and running'}",
            evidence=tuple(unit.evidence for unit in units),
            facts={
                "units": len(units),
                "units_up": up,
                "restarts": sum(unit.restarts for unit in units if unit["NRestarts"]),
                **{f"{unit.name}.restarts": unit.restarts for unit in units if unit["NRestarts"]},
            },
        )

    def _find(self, unit: Unit, before: int, now: float | None) -> Finding:
        if unit.restarts > before:
            counts = f"NRestarts {before} in the attempt before, {unit.restarts} now"
            return Conclusion.UNMET, Reason.RESTART_LOOP, f"{unit.state}, restarted again: {counts}"
        if unit["ActiveState"] not in _UP:
            return (Conclusion.UNMET, *_why_not_up(unit, now))
        if unit["ActiveState"] == "active" and not self._works(unit):
            return (Conclusion.UNMET, *_why_not_working(unit, now))
        return self._how_well(unit, now)

    def _works(self, unit: Unit) -> bool:
        if unit["SubState"] == "exited":
            return self.exited_is_active
        return unit["SubState"] in _GOOD_SUB_STATES.get(unit.suffix, {"active"})

    def _how_well(self, unit: Unit, now: float | None) -> Finding:
        state = unit.state + unit.since("ActiveEnterTimestamp", now)
        if unit["LoadState"] != "loaded":
            gone = "masked" if unit["LoadState"] == "masked" else f"gone (LoadState={unit['LoadState']})"
            said = f"{state}, but its unit file is {gone}: it would not start again"
            return Conclusion.CAUTION, Reason.WRONG_VALUE, said
        if unit["ActiveState"] != "active":
            return Conclusion.CAUTION, Reason.STARTING, f"{state}, taking in a new configuration"
        if unit.restarts > self.allowed_restarts:
            times = plural(unit.restarts, "time")
            said = f"{state}, restarted by systemd {times} since it was last started by hand or at boot"
            return Conclusion.CAUTION, Reason.RESTARTED, said
        return Conclusion.MET, Reason.OK, state


def _why_not_up(unit: Unit, now: float | None) -> tuple[Reason, str]:
    active, load = unit["ActiveState"], unit["LoadState"]
    since = unit.since("StateChangeTimestamp", now)
    if load != "loaded":
        why = unit["LoadError"].partition(" ")[2].strip('"')
        said = {
            "not-found": "does not exist: no unit file of that name",
            "masked": "masked: switched off on purpose, it cannot start",
        }.get(load, f"its unit file cannot be used: {why or load}")
        reason = Reason.ABSENT if load in ("not-found", "masked") else Reason.FAILED
    elif unit["SubState"].startswith("auto-restart"):
        tries = f"{plural(unit.restarts, 'restart')} so far"
        reason, said = Reason.RESTART_LOOP, f"ended, waits for its next automatic restart ({tries}); {unit.end}"
    elif active == "activating":
        said = f"{unit.state}: still starting{unit.since('InactiveExitTimestamp', now)}"
        reason = Reason.STARTING
    elif active == "failed":
        tries = f" after {plural(unit.restarts, 'automatic restart')}" if unit.restarts else ""
        reason, said = Reason.FAILED, f"failed{since}{tries}: {unit.end}"
    elif active in ("inactive", "deactivating", "maintenance"):
        word = {"inactive": "not running", "deactivating": "stopping"}.get(active, "being cleaned up")
        reason, said = Reason.NOT_RUNNING, f"{unit.state}: {word}{since}"
    else:
        reason, said = Reason.WRONG_VALUE, f"{unit.state}: not a state in which a unit is known to be up"
    return reason, said


def _why_not_working(unit: Unit, now: float | None) -> tuple[Reason, str]:
    sub = unit["SubState"]
    if sub == "exited":
        since = unit.since("ActiveEnterTimestamp", now)
        return Reason.NOT_RUNNING, (
            f"{unit.state}{since}: no process of it runs. For a one-time job declare `exited_is_active`; of an umbrella"
            " like postgresql.service name the instance"
        )
    if sub.startswith(("start", "condition", "mounting")):
        return Reason.STARTING, f"{unit.state}: still starting{unit.since('InactiveExitTimestamp', now)}"
    if sub == "elapsed":
        return Reason.NOT_RUNNING, f"{unit.state}: this timer will not fire again"
    return Reason.WRONG_VALUE, f"{unit.state}: not a state in which a unit is known to be up"


def _uptime(replies: Replies, read: Command) -> float | None:
    """Seconds since boot; None when it could not be read: it lends its length to "since", no verdict rests on it."""
    try:
        text = replies.command(read).expect_exit().text
    except ReadError:
        return None
    match = re.fullmatch(r"([0-9]{1,10}\.[0-9]{2}) [0-9.]+\n", text)
    return float(match[1]) if match else None
