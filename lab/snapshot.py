"""What there is on the hosts at one moment, and what differs between two: the proof that a check changes nothing.

`lab.inventory` has the scripts that look, on the hosts themselves, and the list of what is left out, with reasons.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.fleet import Fleet
from lab.inventory import excluded
from lab.machine import Machine

SCRIPTS = ("host.py", "data.py")
LISTS = ("FILES", "TIMES", "LOGS", "UNITS", "PROCESSES", "TITLES", "MOUNTS", "KUBERNETES")

Item = Mapping[str, Any]
Inventory = Mapping[str, Mapping[str, Item]]
"""Of one host: by kind (``unit``, ``file``, ``table`` …), then by name, what must stay as it is."""


@dataclass(frozen=True)
class Snapshot:
    """The inventory of each host."""

    hosts: Mapping[str, Inventory]

    def sizes(self) -> dict[str, int]:
        """Return how many items of each kind were looked at, over all hosts."""
        counted: dict[str, int] = {}
        for inventory in self.hosts.values():
            for kind, items in inventory.items():
                counted[kind] = counted.get(kind, 0) + len(items)
        return counted


@dataclass(frozen=True)
class Change:
    """One item that is not what it was."""

    host: str
    kind: str
    name: str
    says: str

    @property
    def what(self) -> tuple[str, str, str]:
        """What changed, whatever it changed to."""
        return self.host, self.kind, self.name

    def __str__(self) -> str:
        return f"{self.host}: {self.kind} {self.name}: {self.says}"


def snapshot(fleet: Fleet) -> Snapshot:
    """Look at every host that has power, all at once."""
    machines = [machine for machine in fleet if machine.init]
    jobs = [(machine, script) for machine in machines for script in SCRIPTS]
    with ThreadPoolExecutor(len(jobs)) as pool:
        parts = list(pool.map(lambda job: _look(*job), jobs))
    hosts: dict[str, dict[str, Mapping[str, Item]]] = {machine.name: {} for machine in machines}
    for (machine, _), part in zip(jobs, parts, strict=True):
        hosts[machine.name] |= part
    return Snapshot(hosts)


def _look(machine: Machine, script: str) -> dict[str, Mapping[str, Item]]:
    source = Path(__file__).with_name("inventory").joinpath(script).read_text("utf-8")
    lists = json.dumps({name: getattr(excluded, name) for name in LISTS})
    found: dict[str, Mapping[str, Item]] = json.loads(machine.run("python3", "-", lists, stdin=source, timeout=60))
    return found


def differences(before: Snapshot, after: Snapshot) -> list[str]:
    """Say in words what differs."""
    return [str(change) for change in changes(before, after)]


def changes(before: Snapshot, after: Snapshot) -> list[Change]:
    """Return what differs, sorted by host, kind and name."""
    return sorted(_changes(before, after), key=lambda change: change.what)


def _changes(before: Snapshot, after: Snapshot) -> Iterator[Change]:
    for host in {*before.hosts, *after.hosts}:
        old, new = before.hosts.get(host), after.hosts.get(host)
        if old is None or new is None:
            yield Change(host, "host", host, "has no power any more" if new is None else "has power now")
            continue
        for kind in {*old, *new}:
            differ = _DIFFER.get(kind, _differ)
            mine, theirs = old.get(kind, {}), new.get(kind, {})
            for name in {*mine, *theirs}:
                if says := differ(mine.get(name), theirs.get(name), old, new):
                    yield Change(host, kind, name, says)


def _differ(old: Item | None, new: Item | None, *_: Inventory) -> str:
    """Say how the two differ; an empty string when they do not."""
    if old is None or new is None:
        return "is gone" if new is None else "is new"
    fields = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return ", ".join(f"{name} {_short(old.get(name))} → {_short(new.get(name))}" for name in fields)


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"  # noqa: PLR2004 - a line of a report


def _differ_unit(old: Item | None, new: Item | None, before: Inventory, after: Inventory) -> str:
    if new is None and old and old["ActiveState"] == "inactive":
        return ""  # systemd forgets a unit that does not run and that no other unit names
    triggers = str((new or old or {}).get("TriggeredBy", "")).split()
    if any(_elapsed(timer, before) != _elapsed(timer, after) for timer in triggers):
        return ""  # its timer started it: nobody else can move a timer's own book of when it elapsed
    return _differ(old, new)


def _differ_process(old: Item | None, new: Item | None, before: Inventory, after: Inventory) -> str:
    unit = str((new or old or {})["cgroup"]).rpartition("/")[2]
    either = {**before.get("unit", {}), **after.get("unit", {})}
    if unit in either and not _differ_unit(either[unit], {}, before, after):
        return ""  # of a unit that a timer started
    return _differ(old, new)


def _elapsed(timer: str, inventory: Inventory) -> object:
    return inventory.get("unit", {}).get(timer, {}).get("LastTriggerUSec")


def _differ_alert(old: Item | None, new: Item | None, *_: Inventory) -> str:
    """The API may record another alert of Prometheus' own rules, the watchdog's among them. Nobody else's."""
    if old is None and new and new["value"].startswith("of a rule: "):
        return ""
    return _differ(old, new)


def _differ_log(old: Item | None, new: Item | None, *_: Inventory) -> str:
    """A log may begin, and grow. It may not go, shrink, or change hands."""
    if old is None:
        return ""
    if new is not None and new["size"] > old["size"]:
        new = {**new, "size": old["size"]}
    return _differ(old, new)


_DIFFER: Mapping[str, Callable[[Item | None, Item | None, Inventory, Inventory], str]] = {
    "unit": _differ_unit,
    "process": _differ_process,
    "alert": _differ_alert,
    "log": _differ_log,
}
