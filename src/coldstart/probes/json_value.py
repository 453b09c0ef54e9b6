"""What a check expects of one value, or of several, in a JSON document."""

import json
import math
import re
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from coldstart.probes.params import Scalar, core_scalar
from coldstart.probes.pattern import Pattern, found_in
from coldstart.text import one_line

_NAME, _INDEX = r"[^.\[\]\s\"']{1,100}", r"\[(?:\d{1,6}|\*)\]"
_PATH = re.compile(rf"(?:{_NAME}|{_INDEX})(?:\.{_NAME}|{_INDEX})*")
_STEP = re.compile(rf"(?P<name>{_NAME})|\[(?:(?P<index>\d{{1,6}})|(?P<every>\*))\]")


def _path(value: str) -> str:
    if not _PATH.fullmatch(value):
        raise ValueError("a path is written like status, components.db.status, data[0].name or groups[*].name")
    return value


JsonPath = Annotated[str, Field(max_length=300), AfterValidator(_path)]
"""Names joined by dots; ``[0]`` one element of a list, ``[*]`` each of them."""

Typed = Annotated[Scalar, BeforeValidator(core_scalar)]
"""A scalar with a type: ``true`` and ``200`` without quotes are a boolean and a number, in quotes a string."""


class JsonValue(BaseModel):
    """One expectation: a path, and what holds of every value found there. All conditions given must hold."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: JsonPath = Field(description="Where in the document: status, data[0].name, groups[*].rules[*].name.")
    equals: Typed = Field(default=None, description="The value; its type counts: 1 is not '1', and not true.")
    one_of: tuple[Typed, ...] = Field(default=(), description="The value is one of these.")
    includes: tuple[Typed, ...] = Field(default=(), description="Each of these is among the values found.")
    matches: Pattern | None = Field(default=None, description="The value is a string in which this pattern is found.")
    at_least: float | None = Field(default=None, allow_inf_nan=False, description="The value is a number from here on.")
    at_most: float | None = Field(default=None, allow_inf_nan=False, description="The value is a number up to here.")

    @model_validator(mode="after")
    def _some_condition(self) -> Self:
        given = (self.equals, self.matches, self.at_least, self.at_most)
        if all(value is None for value in given) and not self.one_of and not self.includes:
            raise ValueError("give one of equals, one_of, includes, matches, at_least, at_most (null is no value)")
        return self

    def problem(self, document: Any) -> str:
        """What is not as expected, in words; empty when everything is."""
        try:
            found = values(document, self.path)
        except LookupError as error:
            return f"{self.path}: {error.args[0]}"
        if not found:
            return f"{self.path}: an empty list"
        among = found[0] if len(found) == 1 and isinstance(found[0], list) else found
        missing = [wanted for wanted in self.includes if not any(_same(wanted, value) for value in among)]
        if missing:
            return f"{self.path} does not include {', '.join(_shown(value) for value in missing)}"
        bad = [value for value in found if not self._holds(value)]
        return f"{self.path} is {_shown(bad[0])}, expected {self.words}" if bad else ""

    def _holds(self, value: Any) -> bool:
        number = _number(value)
        return (
            (self.equals is None or _same(self.equals, value))
            and (not self.one_of or any(_same(wanted, value) for wanted in self.one_of))
            and (self.matches is None or (isinstance(value, str) and found_in(self.matches, value)))
            and (self.at_least is None or (number is not None and number >= self.at_least))
            and (self.at_most is None or (number is not None and number <= self.at_most))
        )

    @property
    def words(self) -> str:
        """The conditions, for people."""
        conditions = (
            *([_shown(self.equals)] if self.equals is not None else []),
            *([f"one of {', '.join(_shown(value) for value in self.one_of)}"] if self.one_of else []),
            *([f"including {', '.join(_shown(value) for value in self.includes)}"] if self.includes else []),
            *([f"matching /{self.matches}/"] if self.matches else []),
            *([f"at least {self.at_least:g}"] if self.at_least is not None else []),
            *([f"at most {self.at_most:g}"] if self.at_most is not None else []),
        )
        return " and ".join(conditions)


def values(document: Any, path: str) -> list[Any]:
    """Every value at `path`. Raises LookupError, in words, where a step leads nowhere."""
    found = [document]
    for step in _STEP.finditer(path):
        found = [value for one in found for value in _step(one, step)]
    return found


def _step(value: Any, step: re.Match[str]) -> list[Any]:
    if (name := step["name"]) is not None:
        if not isinstance(value, dict):
            raise LookupError(f"no object to look up {name!r} in, but {_shown(value)}")
        if name not in value:
            raise LookupError(f"there is no {name!r}")
        return [value[name]]
    if not isinstance(value, list):
        raise LookupError(f"no list at {step.group()}, but {_shown(value)}")  # noqa: TRY004 - the document's error
    if step["every"]:
        return value
    if int(step["index"]) >= len(value):
        raise LookupError(f"no element {step.group()}: the list has {len(value)}")
    return [value[int(step["index"])]]


def _same(wanted: Scalar, value: Any) -> bool:
    """Equal, and of the same kind: Python takes True for 1, JSON does not."""
    return isinstance(wanted, bool) is isinstance(value, bool) and wanted == value


def _number(value: Any) -> float | None:
    """A number, or a string that is one, as Prometheus prints its samples. None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _shown(value: Any) -> str:
    return one_line(json.dumps(value, ensure_ascii=False), 80)
