"""Values of unit properties as ``systemctl show`` prints them, and what a baseline may require of one."""

import math
import re
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from coldstart.reason import Reason
from coldstart.text import one_line

_SPAN = {
    **dict.fromkeys(("us", "usec"), 1),
    **dict.fromkeys(("ms", "msec"), 1_000),
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1_000_000),
    **dict.fromkeys(("min", "minute", "minutes", "m"), 60_000_000),
    **dict.fromkeys(("h", "hr", "hour", "hours"), 3_600_000_000),
    **dict.fromkeys(("d", "day", "days"), 86_400_000_000),
    **dict.fromkeys(("w", "week", "weeks"), 604_800_000_000),
    **dict.fromkeys(("month", "months", "M"), 2_629_800_000_000),
    **dict.fromkeys(("y", "year", "years"), 31_557_600_000_000),
}
"""Microseconds (systemd.time(7); a month is 30.44 days, a year 365.25)."""
_SIZES = {"": 0, "K": 10, "M": 20, "G": 30, "T": 40}
_SPAN_PART = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,6})?) ?([a-zA-Z]+)")
_SPANS = re.compile(rf"{_SPAN_PART.pattern}(?: ?{_SPAN_PART.pattern})*")
_SIZE = re.compile(r"([0-9]{1,20}(?:\.[0-9]{1,6})?) ?([KMGT]?)(?:i?B)?")
_UNSET = 2**64 - 1
"""What systemd keeps for "no limit"; some versions print it as a number."""


def is_duration(name: str) -> bool:
    """Say whether a property is a length of time."""
    return name.endswith("USec")


def span(text: str) -> float | None:
    """Microseconds of ``2s``, ``1min 30s``, ``200ms``, ``0``, ``infinity``; None for what is no length of time."""
    if text == "infinity":
        return math.inf
    if text == "0":
        return 0
    parts = _SPAN_PART.findall(text) if _SPANS.fullmatch(text) else []
    if not parts or any(unit not in _SPAN for _, unit in parts):
        return None
    return float(sum(Decimal(number) * _SPAN[unit] for number, unit in parts))


def number(text: str) -> float | None:
    """An integer, a size (``2G``, ``512MiB``; 1024-based) or ``infinity``; None for what is none of these."""
    if text == "infinity":
        return math.inf
    if re.fullmatch(r"-[0-9]{1,18}", text):
        return int(text)
    match = _SIZE.fullmatch(text)
    if not match or ("." in match[1] and not match[2]):
        return None
    found = int(Decimal(match[1]) * (1 << _SIZES[match[2]]))
    return math.inf if found == _UNSET else found


def quantity(name: str, text: str) -> float | None:
    """The value of a property as a number: microseconds where it is a length of time."""
    return span(text) if is_duration(name) else number(text)


Value = Annotated[
    str,
    Field(min_length=1, max_length=200, pattern=r"^\S(?:.*\S)?$"),
]


class Requirement(BaseModel):
    """What must hold of a property. All that is given must hold."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    equals: Value | None = Field(default=None, description="The value: 2s, 2GiB, infinity, yes, control-group.")
    one_of: tuple[Value, ...] = Field(default=(), max_length=16, description="The value is one of these.")
    at_least: Value | None = Field(default=None, description="A number, size or length of time from here on.")
    at_most: Value | None = Field(default=None, description="A number, size or length of time up to here.")

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.equals is None and not self.one_of and self.at_least is None and self.at_most is None:
            raise ValueError("give one of equals, one_of, at_least, at_most")
        return self

    @property
    def words(self) -> str:
        """`` = 2s``, `` one of 0, infinity``, `` at most 2GiB``."""
        said = [f"= {self.equals}"] if self.equals is not None else []
        said += [f"one of {', '.join(self.one_of)}"] if self.one_of else []
        said += [f"at least {self.at_least}"] if self.at_least is not None else []
        said += [f"at most {self.at_most}"] if self.at_most is not None else []
        return " and ".join(said)

    def complaint(self, name: str) -> str:
        """What is wrong with this requirement for a property of that name; empty when nothing is."""
        limits = [text for text in (self.at_least, self.at_most) if text is not None]
        exact = [text for text in (self.equals, *self.one_of) if text is not None]
        if is_duration(name) and (bad := [text for text in (*exact, *limits) if span(text) is None]):
            return f"{name}: {bad[0]!r} is not a length of time like 2s, 1min 30s, 0 or infinity"
        if bad := [text for text in limits if quantity(name, text) is None]:
            return f"{name}: {bad[0]!r} is not a number, a size like 2GiB, or infinity"
        return ""

    def problem(self, name: str, value: str) -> tuple[Reason, str] | None:
        """Why `value` of the property is not as required, or None when it is."""
        shown = f"{name}={one_line(value, 80)}"
        exact = tuple(text for text in (self.equals, *self.one_of) if text is not None)
        alternatives = ((self.equals,) if self.equals is not None else ()), self.one_of
        if exact and not all(any(same(name, value, one) for one in some) for some in alternatives if some):
            return Reason.WRONG_VALUE, f"{shown}, not {' or '.join(exact)}"
        if self.at_least is None and self.at_most is None:
            return None
        found = quantity(name, value)
        if found is None:
            return Reason.WRONG_VALUE, f"{shown} is not a value that can be compared with a limit"
        if self.at_most is not None and found > _known(name, self.at_most):
            return Reason.OVER_LIMIT, f"{shown} is more than {self.at_most}"
        if self.at_least is not None and found < _known(name, self.at_least):
            return Reason.OVER_LIMIT, f"{shown} is less than {self.at_least}"
        return None


def same(name: str, value: str, expected: str) -> bool:
    """Say whether two texts are one value: ``120s`` is ``2min``, ``2GiB`` is 2147483648, else word for word."""
    found, wanted = quantity(name, value), quantity(name, expected)
    if found is None or wanted is None:
        return value == expected
    return found == wanted


def _known(name: str, text: str) -> float:
    found = quantity(name, text)
    if found is None:  # the model has looked at it
        raise ValueError(f"{text!r} is no limit for {name}")
    return found


def _short(value: Any) -> Any:
    return value if isinstance(value, (dict, BaseModel)) else {"equals": value}


_WRITTEN = {"type": ["string", "number", "boolean"]}
_LIMITS = {
    "equals": _WRITTEN,
    "one_of": {"type": "array", "items": _WRITTEN},
    "at_least": _WRITTEN,
    "at_most": _WRITTEN,
}
Required = Annotated[
    Requirement,
    BeforeValidator(_short),
    WithJsonSchema({"anyOf": [_WRITTEN, {"type": "object", "properties": _LIMITS, "additionalProperties": False}]}),
]
"""A `Requirement`; a plain value is one that it must be equal to."""
