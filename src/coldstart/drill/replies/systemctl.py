"""systemctl(1) as the drill's hosts have it: `show` and `list-units --output=json`, for the units that there are."""

import json
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from coldstart.drill.replies.unit_states import Status, changes, exact, status
from coldstart.drill.replies.units import UNITS, WATCHED, UnitSpec, unit_of
from coldstart.drill.state import Phase
from coldstart.drill.view import Said, View
from coldstart.probes.systemd_show import full_name

_VERSION = "252.39-1~deb12u2"
_NAMES = 179
"""How many unit names the manager of a host has in memory, as recorded on 110."""
_NO_UNIT = UnitSpec("", "", type="", file_state="")
_OF_SERVICES = (
    *("Type", "WatchdogUSec", "Result", "NRestarts", "ExecMainCode", "ExecMainStatus"),
    *("CPUQuotaPerSecUSec", "MemoryMax"),
)
_SHOW_OPTIONS = ("--no-pager", "--all", "--property=")
_LIST_OPTIONS = ("--no-pager", "--all", "--output=json", "--failed")


def systemctl(view: View, argv: Sequence[str]) -> Said:
    """What it prints. `show` exits 0 for a unit that does not exist, and for a pattern that matches nothing."""
    verb, words = (argv[1], argv[2:]) if len(argv) > 1 else ("", ())
    known = {"show": _SHOW_OPTIONS, "list-units": _LIST_OPTIONS}.get(verb)
    if known is None:
        return Said(stderr=f"Unknown command verb {verb}.\n", status=1)
    options = [word for word in words if word.startswith("-")]
    for option in options:
        if not option.startswith(known):
            return Said(stderr=f"systemctl: unrecognized option '{option}'\n", status=1)
    names = [word for word in words if not word.startswith("-")]
    return (_show if verb == "show" else _list)(view, options, names)


# ----------------------------------------------------------------------------------------------------------------- show


def _show(view: View, options: Sequence[str], names: Sequence[str]) -> Said:
    asked = {key for option in options for key in option.partition("=")[2].split(",") if key}
    if not asked:
        return Said(stderr="Failed to get properties: Connection timed out\n", status=1)
    if not names:
        return Said(_lines(_manager(view), asked))
    blocks = [_block(view, full_name(name), asked) for name in names if not _is_pattern(name)]
    for pattern in filter(_is_pattern, names):
        # from the manager's hash table: in another order than a list, which is sorted
        matching = [unit for unit, now in _loaded(view) if fnmatchcase(unit.name, pattern) and _wanted(now, options)]
        blocks += [_block(view, unit.name, asked) for unit in reversed(matching)]
    return Said("\n".join(blocks))


def _is_pattern(name: str) -> bool:
    return any(letter in name for letter in "*?[")


def _block(view: View, name: str, asked: set[str]) -> str:
    unit = unit_of(view.host, name)
    properties = _properties(view, name, unit or _NO_UNIT, status(view, unit) if unit else Status())
    if not name.endswith(".service"):
        properties = {key: value for key, value in properties.items() if key not in _OF_SERVICES}
    return _lines(properties, asked)


def _properties(view: View, name: str, unit: UnitSpec, now: Status) -> Mapping[str, str]:
    """All that is modelled, in systemd's order, which is not the order in which it is asked."""
    missing = not unit.name
    runs_watched = unit.name == WATCHED and now.active == "active"
    return {
        "Type": unit.type,
        "WatchdogUSec": "1min" if runs_watched else "0" if now.active == "active" else "infinity",
        "Result": now.result,
        "NRestarts": str(now.retries),
        "ExecMainCode": str(now.ended[0]),
        "ExecMainStatus": str(now.ended[1]),
        "CPUQuotaPerSecUSec": unit.cpu,
        "MemoryMax": unit.memory,
        "Id": name if missing else unit.name,
        "Names": name if missing else " ".join(unit.names),
        "RequiredBy": "",
        "WantedBy": "multi-user.target" if unit.file_state == "enabled" else "",
        "TriggeredBy": "",
        "LoadState": "not-found" if missing else "loaded",
        "ActiveState": now.active,
        "SubState": now.sub,
        "UnitFileState": unit.file_state,
        **_moment(view, unit, "StateChange", now.changed),
        **_moment(view, unit, "InactiveExit", now.begun),
        **_moment(view, unit, "ActiveEnter", now.entered),
        "NeedDaemonReload": "no",
        "LoadError": f'org.freedesktop.systemd1.NoSuchUnit "Unit {name} not found."' if missing else "",
    }


def _moment(view: View, unit: UnitSpec, of: str, at: float | None) -> Mapping[str, str]:
    """By the wall clock, and in µs since the boot; nothing and 0 for what never was in this boot."""
    if at is None:
        return {f"{of}Timestamp": "", f"{of}TimestampMonotonic": "0"}
    when = exact(unit.name, at)
    return {
        f"{of}Timestamp": f"{view.time(when):%a %Y-%m-%d %H:%M:%S} UTC",
        f"{of}TimestampMonotonic": str(round((when - view.boot.at) * 1e6)),
    }


def _lines(properties: Mapping[str, str], asked: set[str]) -> str:
    """A property that it does not know, it leaves out without a word."""
    return "".join(f"{key}={value}\n" for key, value in properties.items() if key in asked)


# ----------------------------------------------------------------------------------------------------------------- list


def _list(view: View, options: Sequence[str], patterns: Sequence[str]) -> Said:
    if "--output=json" not in options or not (patterns or "--failed" in options):
        return Said(stderr="Failed to list units: Connection timed out\n", status=1)  # of all units, few are modelled
    shapes = [pattern if _is_pattern(pattern) else full_name(pattern) for pattern in patterns] or ["*"]
    rows = [
        {
            "unit": unit.name,
            "load": "loaded",
            "active": now.active,
            "sub": now.sub,
            "description": unit.description,
        }
        for unit, now in sorted(_loaded(view), key=lambda row: row[0].name)
        if any(fnmatchcase(unit.name, shape) for shape in shapes) and _wanted(now, options)
    ]
    return Said(json.dumps(rows, separators=(",", ":"), ensure_ascii=False) + "\n")


def _wanted(now: Status, options: Sequence[str]) -> bool:
    if "--failed" in options:
        return now.active == "failed"
    return "--all" in options or now.active != "inactive"


def _loaded(view: View) -> tuple[tuple[UnitSpec, Status], ...]:
    return tuple((unit, status(view, unit)) for unit in UNITS[view.host] if unit.loaded)


def _manager(view: View) -> Mapping[str, str]:
    failed = sum(now.active == "failed" for _, now in _loaded(view))
    state = "starting" if _boots(view) else "degraded" if failed else "running"
    return {"Version": _VERSION, "NNames": str(_NAMES), "NFailedUnits": str(failed), "SystemState": state}


def _boots(view: View) -> bool:
    """Whether a start that the boot has queued has not ended yet, well or not."""
    parts = (view.part(unit.part) for unit in UNITS[view.host] if unit.part is not None)
    return any(
        part.phase in {Phase.WAITING, Phase.STARTING}
        and part.restarts == 0
        and not any(change.phase in {Phase.UP, Phase.BROKEN} for change in changes(view, part))
        for part in parts
    )
