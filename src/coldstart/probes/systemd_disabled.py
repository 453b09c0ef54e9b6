"""Are stale units out of the way: neither running nor to be started again?"""

import re
from typing import Annotated, ClassVar, NamedTuple

from pydantic import AfterValidator, Field

from coldstart.errors import Unparsable
from coldstart.outcome import Conclusion, Outcome, Part
from coldstart.probes.base import Probe, Replies, Target
from coldstart.probes.params import PlainUnit
from coldstart.probes.stating import stating
from coldstart.probes.systemd_show import answer, fields, full_name
from coldstart.reads import Command
from coldstart.reason import Reason
from coldstart.replies import CommandReply
from coldstart.text import one_line, plural

_EXPECTED = "not existing, disabled or masked, and not active"
_STARTERS = ("TriggeredBy", "WantedBy", "RequiredBy")
_ASKED = ("Id", "Names", "LoadState", "UnitFileState", "ActiveState", "SubState", *_STARTERS)
_STARTABLE = {
    "static": "it has no [Install] part, so it can be neither enabled nor disabled, and other units may start it",
    "linked": "its file is linked into place; nothing starts it at boot, but others may",
    "linked-runtime": "its file is linked into place until the next boot",
    "indirect": "another unit that it names in Also= is enabled in its place",
}
_OFF = frozenset({"disabled", "masked", "masked-runtime"})


class _Found(NamedTuple):
    conclusion: Conclusion
    reason: Reason
    observed: str


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    full = [full_name(name) for name in names]
    if twice := sorted({name for name in full if full.count(name) > 1}):
        raise ValueError(f"named twice: {', '.join(twice)}")
    return names


class SystemdDisabledProbe(Probe):
    """Each of these systemd units is switched off, and does not run.

    A start-up unit of an older design that is still enabled starts things out of order at the next reboot; one that is
    disabled may still be running from before.

    Asks ``systemctl show --property=LoadState,UnitFileState,ActiveState,…`` of each unit (no rights needed).

    | state | is |
    |---|---|
    | not existing, disabled or masked; and not active | as required |
    | active, activating, reloading or deactivating, whatever else | bad: it runs |
    | enabled, enabled-runtime, alias, generated, transient, anything unknown | bad: it can start at boot |
    | static, linked, indirect; and not active | a caution: not enabled, but other units may start it |
    | disabled, but a timer, socket or another unit starts it | a caution, which one |
    | disabled, but failed | a caution: something did start it since the boot |

    A name that is spelled wrongly does not exist either, and so passes: compare it with the host once.

    Example:
    ```yaml
    probe: systemd_disabled
    with: {units: [momo-startup-complete, wooo-staggered-startup]}
    ```

    SOP section 9 (110 startup units); systemctl(1), the table of ``is-enabled``.

    """

    kind: ClassVar[str] = "systemd_disabled"

    units: Annotated[tuple[PlainUnit, ...], AfterValidator(_distinct)] = Field(
        min_length=1,
        max_length=32,
        description="Units, each by its whole name; no patterns. Without a suffix a name means a service.",
    )

    def reads(self, target: Target) -> tuple[Command, ...]:
        return (target.command("systemctl", "show", "--no-pager", f"--property={','.join(_ASKED)}", *self.units),)

    def judge(self, replies: Replies) -> Outcome:
        return stating(_EXPECTED, lambda: self._judge(replies))

    def _judge(self, replies: Replies) -> Outcome:
        (asked,) = self.reads(replies.target)
        units = _units(replies.command(asked), self.units)
        parts = [Part(name=name, **_find(unit)._asdict()) for name, unit in units.items()]
        shown = ("LoadState", "UnitFileState", "ActiveState", "SubState", *_STARTERS)
        return Outcome.of_parts(
            parts,
            expected=_EXPECTED,
            evidence=tuple(
                f"{name}: " + " ".join(f"{key}={unit[key]}" for key in shown if unit[key])
                for name, unit in units.items()
            ),
            facts={"units": len(parts), "units_off": sum(part.conclusion is Conclusion.MET for part in parts)},
        )


def _units(reply: CommandReply, names: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """The properties by name, in the order asked; raises `Unparsable` unless each block is surely that unit's."""
    text = answer(reply)
    blocks = re.split(r"\n{2,}", text.removesuffix("\n"))
    if len(blocks) != len(names) or not text.endswith("\n"):
        raise Unparsable(f"asked for {plural(len(names), 'unit')}, got {plural(len(blocks), 'block')}", evidence=text)
    found: dict[str, dict[str, str]] = {}
    for name, block in zip(names, blocks, strict=True):
        unit = fields(block, _ASKED)
        if missing := [key for key in ("Id", "Names", "LoadState", "ActiveState", "SubState") if not unit.get(key)]:
            raise Unparsable(f"no {missing[0]} of {name}", evidence=block)
        if full_name(name) not in (unit["Id"], *unit["Names"].split()):
            raise Unparsable(f"asked for {full_name(name)}, got {one_line(unit['Id'], 80)}", evidence=block)
        if absent := [key for key in _ASKED if key not in unit]:
            raise Unparsable(f"no {absent[0]} of {name}", evidence=block)
        found[name] = unit
    return found


def _find(unit: dict[str, str]) -> _Found:
    load, file, active = unit["LoadState"], unit["UnitFileState"], unit["ActiveState"]
    state = f"{active} ({unit['SubState']})"
    word = file or load
    if active not in ("inactive", "failed"):
        return _Found(Conclusion.UNMET, Reason.WRONG_VALUE, f"{word}, but it runs: {state}")
    if load == "not-found" and not file:
        found = _Found(Conclusion.MET, Reason.OK, "does not exist")
    elif load == "masked" or file in _OFF:
        found = _switched_off(unit, word)
    elif file in _STARTABLE:
        found = _Found(Conclusion.CAUTION, Reason.WRONG_VALUE, f"{file}, {state}: {_STARTABLE[file]}")
    elif file in ("enabled", "enabled-runtime"):
        found = _Found(Conclusion.UNMET, Reason.WRONG_VALUE, f"{file}, {state}: it starts at the next boot")
    else:
        said = f"UnitFileState={file or 'unknown'}, LoadState={load}, {state}: not a state that keeps it from starting"
        found = _Found(Conclusion.UNMET, Reason.WRONG_VALUE, said)
    if found.conclusion is Conclusion.MET and active == "failed":
        said = f"{found.observed}, but failed: something started it since the boot (systemctl reset-failed clears that)"
        return _Found(Conclusion.CAUTION, Reason.FAILED, said)
    return found


def _switched_off(unit: dict[str, str], word: str) -> _Found:
    starters = " ".join(unit[key] for key in _STARTERS).split()
    if unit["LoadState"] == "masked" or not starters:
        return _Found(Conclusion.MET, Reason.OK, f"{word}, {unit['ActiveState']} ({unit['SubState']})")
    said = f"{word} and not active, but {', '.join(sorted(set(starters)))} may start it"
    return _Found(Conclusion.CAUTION, Reason.WRONG_VALUE, said)
