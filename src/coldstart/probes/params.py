"""Types of parameters that many probes share: each says in its error what a right value looks like."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from coldstart import shapes

Scalar = bool | int | float | None | str
"""What one scalar of YAML or JSON can be."""

_CORE_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_CORE_INT = re.compile(r"[-+]?[0-9]+")
_CORE_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_CORE_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?")
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?")


class PlainScalar(str):
    """A scalar written without quotes in YAML: its text, to be given a type by the parameter that takes it.

    A quoted scalar is a plain `str`: its author said that it is a string.
    """

    __slots__ = ()


def core_scalar(value: Any) -> Any:
    """Return an unquoted scalar as the YAML 1.2 core schema types it (section 10.3.2); anything else as it is.

    ``no``, ``on`` and ``22:30`` stay strings, ``0o17`` and ``0x1f`` are integers. Raises ValueError for an integer
    that is longer than Python reads.
    """
    if not isinstance(value, PlainScalar):
        return value
    text = str(value)
    if text in _CORE_WORDS:
        return _CORE_WORDS[text]
    if _CORE_INT.fullmatch(text):
        return int(text)
    if _CORE_BASED.fullmatch(text):
        return int(text, 0)
    if _CORE_FLOAT.fullmatch(text):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


def _seconds(value: Any) -> Any:
    if isinstance(value, str):
        match = _DURATION.fullmatch(value.strip())
        if not match or not any(match.groups()):
            raise ValueError("a duration is written like 10s, 15m, 25h or 1h30m")
        days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
        return days * 86400 + hours * 3600 + minutes * 60 + seconds
    return value


def _bytes(value: Any) -> Any:
    if isinstance(value, str):
        match = _SIZE.fullmatch(value.strip())
        if not match:
            raise ValueError("a size is written like 512MiB or 2GiB")
        return int(float(match[1]) * _UNITS[match[2]])
    return value


def _percent(value: Any) -> Any:
    if isinstance(value, str):
        if not re.fullmatch(r"\d{1,3}(?:\.\d+)?\s*%?", value.strip()):
            raise ValueError("a percentage is written like 95%")
        return float(value.strip().rstrip("%"))
    return value


def _word(pattern: str, what: str) -> AfterValidator:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"{value!r} is not {what}")
        return value

    return AfterValidator(check)


def _plain_unit(value: str) -> str:
    if re.search(r"[*?]", value):
        raise ValueError(f"{value!r} is a pattern: name each unit, so that a missing one is noticed")
    if re.search(r"@(?:\.[a-z]+)?$", value):
        raise ValueError(f"{value!r} is a template: name an instance of it, like postgresql@14-main")
    return value


_LOCAL_PATH = r"(?!.*/\.\.?(?:/|$))/[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]{1,1023}"
_DURATION_SCHEMA = {"type": "string", "pattern": r"^(\d+d)?(\d+h)?(\d+m)?(\d+(\.\d+)?s)?$", "examples": ["10s", "25h"]}
_SIZE_SCHEMA = {"type": "string", "pattern": r"^\d+(\.\d+)? ?[KMGT]?(i?B)?$", "examples": ["512MiB"]}
_PERCENT_SCHEMA = {"type": ["string", "number"], "examples": ["95%"]}
_NAME_SCHEMA = {"type": ["string", "integer"]}

Duration = Annotated[float, BeforeValidator(_seconds), Field(gt=0, le=30 * 86400), WithJsonSchema(_DURATION_SCHEMA)]
"""Seconds; written ``10s``, ``15m``, ``25h``, ``1h30m``."""

Moment = Annotated[float, BeforeValidator(_seconds), Field(ge=0, le=30 * 86400), WithJsonSchema(_DURATION_SCHEMA)]
"""Seconds after a start; written as a duration, ``0s`` too."""

Size = Annotated[int, BeforeValidator(_bytes), Field(ge=0), WithJsonSchema(_SIZE_SCHEMA)]
"""Bytes; written ``512MiB``, ``2GiB`` (1024-based, as systemd and free(1) mean it)."""

Percent = Annotated[float, BeforeValidator(_percent), Field(ge=0, le=100), WithJsonSchema(_PERCENT_SCHEMA)]
"""0 to 100; written ``95%``."""

Port = Annotated[int, Field(ge=1, le=65535)]
UnitName = Annotated[str, _word(shapes.UNIT, "a systemd unit name")]
PlainUnit = Annotated[UnitName, AfterValidator(_plain_unit)]
"""One unit: no pattern, no template."""
ContainerName = Annotated[str, _word(shapes.NAME, "a container name"), WithJsonSchema(_NAME_SCHEMA)]
HostAddress = Annotated[str, _word(shapes.HOSTNAME, "a host name or address"), WithJsonSchema(_NAME_SCHEMA)]
AbsolutePath = Annotated[str, _word(shapes.PATH, "an absolute path without . or .. in it")]
LocalFile = Annotated[str, _word(_LOCAL_PATH, "an absolute path without . or .. in it")]
"""A file of this machine, which no command is asked for: it may have spaces and letters of any script in it."""
TextPath = Annotated[
    str, _word(shapes.TEXT_PATH, "the absolute path of a plain text file: no . or .. in it, nothing hidden, no key")
]
UnitProperty = Annotated[
    str, _word(shapes.PROPERTY, "a property of `systemctl show` (and none that can hold a password)")
]
