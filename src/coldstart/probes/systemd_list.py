"""What ``systemctl list-units`` and the manager's own counts say: a list that proves that it is whole.

JSON, because an empty list of it (``[]``) is an answer, and an empty text is not. systemd 247 or newer.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from coldstart.errors import Unparsable
from coldstart.probes import strict_json
from coldstart.probes.base import Target
from coldstart.probes.systemd_show import answer, fields
from coldstart.reads import Command
from coldstart.replies import CommandReply
from coldstart.text import one_line

_MANAGER = ("Version", "NNames", "NFailedUnits", "SystemState")
_COUNT = r"[0-9]{1,9}"


class ListedUnit(BaseModel):
    """A row of the list: states as systemctl(1) names them."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    unit: str = Field(min_length=1, max_length=300)
    load: str
    active: str
    sub: str


_ROWS = TypeAdapter(tuple[ListedUnit, ...])


class Manager(NamedTuple):
    """What the system manager says of itself: `state` as ``systemctl is-system-running`` prints it."""

    state: str
    names: int
    failed: int


def list_units(target: Target, *words: str) -> Command:
    """List loaded units; `words`: ``--failed``, or patterns."""
    return target.command("systemctl", "list-units", "--all", "--no-pager", "--output=json", *words)


def manager(target: Target) -> Command:
    """Ask the manager for its own counts."""
    return target.command("systemctl", "show", "--no-pager", f"--property={','.join(_MANAGER)}")


def listed(reply: CommandReply) -> tuple[ListedUnit, ...]:
    """The rows, by name. Raises `DaemonSilent` without a systemd to ask, `Unparsable` for anything but a whole list."""
    text = answer(reply)
    if not text.lstrip().startswith("["):
        seen = one_line(text.partition("\n")[0], 80) or "nothing"
        raise Unparsable(f"no JSON list of units, but {seen!r} (systemd older than 247?)", evidence=text[:2000])
    try:
        rows = _ROWS.validate_python(tuple(strict_json.parse(text, "the list of units")))
    except ValidationError as error:
        raise Unparsable(f"the list of units: {one_line(str(error), 200)}", evidence=text[:2000]) from error
    names = [row.unit for row in rows]
    if len(set(names)) != len(names):
        raise Unparsable("the list of units names one of them twice", evidence=text[:2000])
    return tuple(sorted(rows, key=lambda row: row.unit))


def managed(reply: CommandReply) -> Manager:
    """The manager's counts. Raises `DaemonSilent`, and `Unparsable` where one of them is missing or cut."""
    text = answer(reply)
    found = fields(text.removesuffix("\n"), _MANAGER) if text.endswith("\n") else {}
    if set(found) != set(_MANAGER) or not all(re.fullmatch(_COUNT, found[key]) for key in ("NNames", "NFailedUnits")):
        raise Unparsable(f"not the manager's own counts: {one_line(text, 120)!r}", evidence=text)
    if not re.fullmatch(r"[a-z]{1,30}", found["SystemState"]):
        raise Unparsable(f"SystemState={one_line(found['SystemState'], 40)} is no state", evidence=text)
    return Manager(found["SystemState"], int(found["NNames"]), int(found["NFailedUnits"]))


def names_of(rows: Sequence[ListedUnit]) -> str:
    """The units of some rows, for people."""
    return ", ".join(row.unit for row in rows)
