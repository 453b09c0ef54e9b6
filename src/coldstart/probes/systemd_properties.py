"""Do units have the properties that they must have: limits, watchdog, restart policy?"""

import re
from fnmatch import fnmatchcase
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from coldstart.errors import NoEvidence, Unparsable
from coldstart.outcome import Conclusion, Outcome, Part
from coldstart.probes.base import Probe, Replies, Target
from coldstart.probes.params import UnitName, UnitProperty
from coldstart.probes.stating import stating
from coldstart.probes.systemd_list import list_units, listed
from coldstart.probes.systemd_show import answer, fields, full_name
from coldstart.probes.systemd_values import Required
from coldstart.reads import Command
from coldstart.reason import Reason
from coldstart.text import one_line, plural

_ALWAYS = ("Id", "Names", "LoadState", "ActiveState", "SubState", "NeedDaemonReload")
_UP = frozenset({"active", "reloading", "refreshing"})
_DOWN = frozenset({"inactive", "failed"})
_RUNS = _UP | {"activating", "deactivating"}
"""States in which a process of the unit may be there: it does something, or is about to."""
_Unit = dict[str, str]


def _is_pattern(name: str) -> bool:
    return "*" in name or "?" in name


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    full = [name if _is_pattern(name) else full_name(name) for name in names]
    if twice := sorted({name for name in full if full.count(name) > 1}):
        raise ValueError(f"named twice: {', '.join(twice)}")
    for name in names:
        if re.fullmatch(r"[*?.]+", name):
            raise ValueError(f"{name!r} means every unit: begin the pattern with what their names have in common")
        if re.search(r"@(?:\.[a-z]+)?$", name):
            raise ValueError(f"{name!r} is a template: name an instance of it, or a pattern like {name}*")
    return names


class SystemdPropertiesProbe(Probe):
    """The systemd units have the properties that they must have.

    A build runner without its limits takes the whole host; one with a watchdog is killed in the middle of a job.

    Asks ``systemctl show --all --property=NAME,… UNIT…`` (no rights needed), and where `units` has a pattern also
    ``systemctl list-units --all --output=json PATTERN…`` (systemd 247 or newer): `show` prints nothing and exits 0 for
    a pattern that matches nothing, so the list is the proof of what there is to be judged.

    A pattern covers **loaded** units only: those that run, have failed, or are enabled or referred to by another unit.
    A runner that is stopped and disabled is not among them; `min_units` says how many there must be.

    Values are compared by what they mean: for a property that ends in ``USec`` as lengths of time (``2s``,
    ``1min 30s``, ``200ms``, ``0``, ``infinity``), else as numbers and sizes (``2147483648``, ``2GiB``, ``infinity``)
    where both are such, else word for word (``yes``, ``on-failure``). CPUQuota=200% shows as
    ``CPUQuotaPerSecUSec=2s``.

    WatchdogUSec is that of a running service: without a watchdog it shows ``0`` while it runs, and ``infinity`` while
    it does not, even with ``WatchdogSec=0`` (seen with systemd 252). Where stopped ones are judged as well, write
    ``WatchdogUSec: {one_of: [0, infinity]}``.

    Bad: a value that is not as required; fewer units than `min_units`; a unit that is named and does not exist; a unit
    that is not `active` as declared. A caution: its file was changed since systemd read it (NeedDaemonReload): judged
    is what holds now. A masked or vanished unit that only a pattern matches and that does not run is not counted.

    The fact `active_units` counts those that are active, starting and stopping ones among them: a release can name this
    check under `active:`, and what runs before its release is a warning of its own (SOP 5.3).

    Not observed: no systemd, list and properties do not agree, a property that this systemd does not know.

    Example:
    ```yaml
    probe: systemd_properties
    with:
      units: [actions.runner.*]
      properties:
        CPUQuotaPerSecUSec: 2s
        MemoryMax: {at_most: 2GiB}
        WatchdogUSec: 0
    ```

    SOP sections 5.3 and 12.1 (runner guardrails); systemctl(1), systemd.time(7).

    """

    kind: ClassVar[str] = "systemd_properties"

    units: Annotated[tuple[UnitName, ...], AfterValidator(_distinct)] = Field(
        min_length=1, max_length=32, description="Units by name, or patterns with * and ?."
    )
    properties: dict[UnitProperty, Required] = Field(
        min_length=1, max_length=24, description="Property and what must hold of it; a plain value means `equals`."
    )
    min_units: int = Field(default=1, ge=1, le=1000, description="At least so many units must be there to be judged.")
    active: Literal["any", "active", "inactive"] = Field(
        default="any", description="Whether they must be running, or (`inactive`, also when failed) must not."
    )

    @model_validator(mode="after")
    def _comparable(self) -> Self:
        for name, wanted in self.properties.items():
            if name in ("Id", "Names", "Following"):
                raise ValueError(f"{name} is a name, not a property to be required")
            if complaint := wanted.complaint(name):
                raise ValueError(complaint)
        return self

    @property
    def _asked(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*_ALWAYS, *self.properties)))

    @property
    def _patterns(self) -> tuple[str, ...]:
        return tuple(name for name in self.units if _is_pattern(name))

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(name for name in self.units if not _is_pattern(name))

    def reads(self, target: Target) -> tuple[Command, ...]:
        # --all: without it, a pattern leaves out what is loaded but inactive
        words = ("systemctl", "show", "--no-pager", "--all", f"--property={','.join(self._asked)}")
        show = target.command(*words, *self._names, *self._patterns)
        return (show, list_units(target, *self._patterns)) if self._patterns else (show,)

    def judge(self, replies: Replies) -> Outcome:
        return stating(self._expected(), lambda: self._judge(replies))

    def _judge(self, replies: Replies) -> Outcome:
        show, *proof = self.reads(replies.target)
        named, matched = self._found(answer(replies.command(show)))
        if proof:
            _must_agree(matched, {row.unit for row in listed(replies.command(proof[0]))})
        gone = {
            name for name, unit in matched.items() if unit["LoadState"] != "loaded" and unit["ActiveState"] in _DOWN
        }
        judged = {**named, **{name: unit for name, unit in matched.items() if name not in gone and name not in named}}
        present = sum(unit["LoadState"] not in ("not-found", "masked") for unit in judged.values())
        left_out = f" ({', '.join(sorted(gone))}: not loaded, not counted)" if gone else ""
        active = sorted(name for name, unit in judged.items() if unit["ActiveState"] in _RUNS)
        facts = {
            "units": present,
            "units_not_counted": len(gone),
            "active_units": len(active),
            "active_names": one_line(", ".join(active)),
        }
        parts = [self._part(name, unit) for name, unit in sorted(judged.items())]
        if present < self.min_units:
            seen = f"{plural(present, 'loaded unit')}, at least {self.min_units} expected{left_out}"
            units = ", ".join(self.units)
            few = Part(name=units, conclusion=Conclusion.UNMET, reason=Reason.TOO_FEW, observed=seen)
            parts.insert(0, few)
        return Outcome.of_parts(
            parts,
            expected=self._expected(),
            facts=facts,
            evidence=tuple(
                f"{name}: " + " ".join(f"{key}={unit[key]}" for key in ("ActiveState", *self.properties) if key in unit)
                for name, unit in sorted(judged.items())
            ),
        )

    def _expected(self) -> str:
        said = ", ".join(f"{name} {wanted.words}" for name, wanted in self.properties.items())
        state = "" if self.active == "any" else f", {self.active}"
        return f"at least {plural(self.min_units, 'unit')} of {', '.join(self.units)}: {said}{state}"

    def _found(self, text: str) -> tuple[dict[str, _Unit], dict[str, _Unit]]:
        """Units that were named, and units that a pattern matched, by Id; `show` prints the named ones first."""
        if text and not text.endswith("\n"):
            raise Unparsable("the last line has no end", evidence=text[-2000:])
        blocks = [fields(block, self._asked) for block in re.split(r"\n{2,}", text.removesuffix("\n")) if block]
        for unit in blocks:
            if missing := [key for key in _ALWAYS if not unit.get(key)]:
                raise Unparsable(f"no {missing[0]} of a unit", evidence=text[:2000])
        if len(blocks) < len(self._names) or (len(blocks) > len(self._names) and not self._patterns):
            asked = plural(len(self._names), "unit")
            raise Unparsable(f"asked for {asked} by name, got {plural(len(blocks), 'block')}", evidence=text[:2000])
        for name, unit in zip(self._names, blocks, strict=False):
            if full_name(name) not in (unit["Id"], *unit["Names"].split()):
                raise Unparsable(f"asked for {full_name(name)}, got {one_line(unit['Id'], 80)}", evidence=text[:2000])
        rest = blocks[len(self._names) :]
        if len({unit["Id"] for unit in rest}) != len(rest):
            raise Unparsable("a unit is shown twice", evidence=text[:2000])
        for unit in rest:
            if not any(fnmatchcase(unit["Id"], pattern) for pattern in self._patterns):
                raise Unparsable(
                    f"{one_line(unit['Id'], 80)} matches no pattern that was asked for", evidence=text[:2000]
                )
        return {unit["Id"]: unit for unit in blocks[: len(self._names)]}, {unit["Id"]: unit for unit in rest}

    def _part(self, name: str, unit: _Unit) -> Part:
        def part(conclusion: Conclusion, reason: Reason, observed: str) -> Part:
            return Part(name=name, conclusion=conclusion, reason=reason, observed=observed)

        state = f"{unit['ActiveState']} ({unit['SubState']})"
        if unit["LoadState"] in ("not-found", "masked") and unit["ActiveState"] in _DOWN:
            word = "does not exist" if unit["LoadState"] == "not-found" else "masked"
            return part(Conclusion.UNMET, Reason.ABSENT, word)
        wanted = {"active": _UP, "inactive": _DOWN}.get(self.active)
        if wanted and unit["ActiveState"] not in wanted:
            return part(Conclusion.UNMET, Reason.WRONG_VALUE, f"{state}, not {self.active}")
        found = [self.properties[key].problem(key, unit[key]) for key in self.properties if key in unit]
        if problems := [problem for problem in found if problem]:
            return part(Conclusion.UNMET, problems[0][0], ", ".join(words for _, words in problems))
        if unknown := [key for key in self.properties if key not in unit]:
            said = f"systemctl shows no {', '.join(unknown)} of it"
            return part(Conclusion.UNOBSERVED, NoEvidence.reason, said)
        values = ", ".join(f"{key}={unit[key]}" for key in self.properties)
        if unit["NeedDaemonReload"] != "no" or unit["LoadState"] != "loaded":
            said = f"{values}; but its file has changed since systemd read it (LoadState={unit['LoadState']})"
            return part(Conclusion.CAUTION, Reason.WRONG_VALUE, said)
        return part(Conclusion.MET, Reason.OK, f"{state}, {values}")


def _must_agree(matched: dict[str, _Unit], rows: set[str]) -> None:
    """Raise unless the list and `show` speak of the same units."""
    if strange := sorted(rows ^ set(matched)):
        raise Unparsable(
            f"only one of list-units and show has {one_line(', '.join(strange), 200)}: it came or went in between, or"
            " one answer is not whole"
        )
