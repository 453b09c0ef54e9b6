"""What `systemctl show` says of units: asked once, read strictly, no block ever taken for another unit's."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from coldstart.errors import DaemonSilent, ReadError, UnexpectedExit, Unparsable
from coldstart.probes.base import Target
from coldstart.reads import Command
from coldstart.replies import CommandReply
from coldstart.text import decoded, one_line, plural, span

PROPERTIES = (
    *("Id", "Names", "Type", "LoadState", "LoadError", "ActiveState", "SubState", "Result", "NRestarts"),
    *("ExecMainCode", "ExecMainStatus", "InactiveExitTimestamp", "InactiveExitTimestampMonotonic"),
    *("ActiveEnterTimestamp", "ActiveEnterTimestampMonotonic"),
    *("StateChangeTimestamp", "StateChangeTimestampMonotonic"),
)
"""What is asked (org.freedesktop.systemd1(5)). A type of unit that has no such property leaves its line out."""
_NEEDED = ("Id", "Names", "LoadState", "ActiveState", "SubState")
_SUFFIX = re.compile(r".+\.(?:service|socket|target|device|mount|automount|swap|timer|path|slice|scope)")
_NO_MANAGER = re.compile(
    r"not been booted with systemd|failed to connect to .*bus|failed to get properties: (?:transport|connection)"
    r"|connection (?:timed out|reset|terminated)|did not receive a reply",
    re.IGNORECASE,
)
_WAIT_CODES = {"1": "exit status {}", "2": "killed by signal {}", "3": "core dumped by signal {}"}


@dataclass(frozen=True)
class Unit:
    """One unit as systemd sees it; `name` as it was asked for, `properties` as they were printed."""

    name: str
    properties: dict[str, str]

    def __getitem__(self, key: str) -> str:
        """A property, or nothing where this type of unit does not have it."""
        return self.properties.get(key, "")

    @property
    def state(self) -> str:
        """As systemctl(1) itself writes it: ``active (running)``."""
        return f"{self['ActiveState']} ({self['SubState']})"

    @property
    def suffix(self) -> str:
        """The type of unit: service, timer …"""
        return self["Id"].rpartition(".")[2]

    @property
    def restarts(self) -> int:
        """How often systemd restarted it by itself since it was last started otherwise; 0 for what is no service."""
        count = self["NRestarts"] or "0"
        if not re.fullmatch(r"[0-9]{1,10}", count):
            raise Unparsable(f"NRestarts={one_line(count, 40)} of {self.name} is not a count")
        return int(count)

    @property
    def end(self) -> str:
        """How its main process ended: result, and wait(2)'s code (1 exited, 2 killed, 3 dumped) with its status."""
        how = _WAIT_CODES.get(self["ExecMainCode"], "").format(self["ExecMainStatus"])
        return ", ".join(filter(None, (f"result {self['Result'] or 'unknown'}", how)))

    def since(self, stamp: str, uptime: float | None) -> str:
        """`` since <as the host prints it> (4 min)``, or nothing when the unit never came to that in this boot.

        The length comes from the host's monotonic clock, so a wall clock that was set meanwhile does not matter.
        """
        printed, ticks = self[stamp], self[f"{stamp}Monotonic"]
        if not printed or printed == "n/a":
            return ""
        known = uptime is not None and re.fullmatch(r"[1-9][0-9]{0,17}", ticks)
        ago = (uptime or 0.0) - int(ticks) / 1e6 if known else -1.0
        return f" since {printed}" + (f" ({span(ago)})" if ago >= 0 else "")

    @property
    def evidence(self) -> str:
        """The properties that a verdict rests on, on one line."""
        keys = ("Type", "LoadState", "ActiveState", "SubState", "Result", "NRestarts", "ExecMainCode", "ExecMainStatus")
        return f"{self.name}: " + " ".join(f"{key}={self[key]}" for key in keys if self[key])


def full_name(name: str) -> str:
    """The name that systemctl asks for: without a known suffix, it means a service (systemctl(1))."""
    return name if _SUFFIX.fullmatch(name) else f"{name}.service"


def show(target: Target, names: Sequence[str]) -> Command:
    """Ask for all `names` at once. `show` needs no rights, and exits 0 for a unit that does not exist."""
    return target.command("systemctl", "show", "--no-pager", f"--property={','.join(PROPERTIES)}", *names)


def answer(reply: CommandReply) -> str:
    """What systemctl(1) printed. Raises `DaemonSilent` when there is no systemd to ask."""
    try:
        return reply.expect_exit().text
    except UnexpectedExit as error:
        if _NO_MANAGER.search(complaint := decoded(reply.stderr)):
            raise DaemonSilent(f"systemd does not answer: {reply.complaint}", evidence=complaint) from error
        raise


def fields(block: str, asked: Collection[str]) -> dict[str, str]:
    """The properties in one block of `show`. Raises `Unparsable` for any that was not asked for, or stands twice."""
    properties: dict[str, str] = {}
    for line in block.split("\n"):
        key, equals, value = line.partition("=")
        if not equals or key not in asked or key in properties:
            raise Unparsable(f"not a property that was asked for: {one_line(line, 80)!r}", evidence=block)
        properties[key] = value
    return properties


def shown(reply: CommandReply, names: Sequence[str]) -> tuple[Unit, ...]:
    """The units, in the order asked.

    Raises `DaemonSilent` when there is no systemd to ask, `Unparsable` unless each block is surely that unit's.
    """
    text = answer(reply)
    blocks = re.split(r"\n{2,}", text.strip("\n"))
    if len(blocks) != len(names):
        raise Unparsable(f"asked for {plural(len(names), 'unit')}, got {plural(len(blocks), 'block')}", evidence=text)
    return tuple(_unit(name, block) for name, block in zip(names, blocks, strict=True))


def restarts_before(reply: CommandReply | None, names: Sequence[str]) -> dict[str, int]:
    """The restart counts in the attempt before; empty when there was none, or it is of no use."""
    try:
        return {unit.name: unit.restarts for unit in shown(reply, names)} if reply else {}
    except ReadError:
        return {}


def _unit(name: str, block: str) -> Unit:
    properties = fields(block, PROPERTIES)
    if missing := [key for key in _NEEDED if not properties.get(key)]:
        raise Unparsable(f"no {missing[0]} of {name}", evidence=block)
    if full_name(name) not in (properties["Id"], *properties["Names"].split()):
        raise Unparsable(f"asked for {full_name(name)}, got {one_line(properties['Id'], 80)}", evidence=block)
    if full_name(name).endswith(".service") and not properties.get("NRestarts"):
        raise Unparsable(f"no NRestarts of {name} (systemd older than 235?)", evidence=block)
    return Unit(name, properties)
