"""What the keys of a baseline hold: the types that its forms share, each with what may be written for it."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from coldstart.baseline.runbook import TIERS

GATE_NAME = r"[A-Z0-9][A-Z0-9-]{0,63}"
CHECK_ID = r"[a-z0-9][a-z0-9-]{0,63}"
RELEASE_NAME = CHECK_ID

_STRING_OR_NUMBER = ["string", "number"]
_NAMES_SCHEMA = {
    "anyOf": [
        {"type": ["string", "integer"]},
        {"type": "array", "items": {"type": ["string", "integer"]}, "minItems": 1},
    ]
}
_PHRASE = {"type": _STRING_OR_NUMBER, "minLength": 1}
_PHRASES_SCHEMA = {"anyOf": [_PHRASE, {"type": "array", "items": _PHRASE, "minItems": 1}]}
_SUFFICIENT = {"enum": ["pass", "warn"]}
_NEEDS_SCHEMA = {
    "anyOf": [
        {"type": "string"},
        {"type": "array", "items": {"type": "string"}},
        {"type": "object", "additionalProperties": _SUFFICIENT},
    ]
}


def one_or_many(value: Any) -> Any:
    """A single text stands for a list of one."""
    return [value] if isinstance(value, str) else value


def _needs(value: Any) -> Any:
    value = one_or_many(value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return dict.fromkeys(value, "warn")
    return value


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("it is blank: say it in words, or remove the key")
    return value


def matches(pattern: str, what: str) -> AfterValidator:
    """Refuse what `pattern` does not match as a whole; `what` says how a right value is written."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(what)
        return value

    return AfterValidator(check)


Words = Annotated[str, AfterValidator(_not_blank), WithJsonSchema(_PHRASE)]
"""Text for people."""
CheckId = Annotated[
    str,
    matches(CHECK_ID, "an id is lower-case letters, digits and '-', like pg-isready"),
    WithJsonSchema({"type": ["string", "integer"], "pattern": f"^{CHECK_ID}$"}),
]
TierName = Annotated[str, WithJsonSchema({"enum": list(TIERS)})]
"""Looked up by who builds the check: a baseline that declares tiers knows no others."""
UserName = Annotated[
    str,
    matches(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}", "a user's name is letters, digits, '_', '.' and '-'"),
    WithJsonSchema({"type": ["string", "integer"]}),
]
Names = Annotated[tuple[str, ...], BeforeValidator(one_or_many), Field(min_length=1), WithJsonSchema(_NAMES_SCHEMA)]
Phrases = Annotated[
    tuple[Words, ...], BeforeValidator(one_or_many), Field(min_length=1), WithJsonSchema(_PHRASES_SCHEMA)
]
Needs = Annotated[dict[str, Literal["pass", "warn"]], BeforeValidator(_needs), WithJsonSchema(_NEEDS_SCHEMA)]
Reasons = Annotated[dict[str, Words], Field(description="Hosts that it does not apply to, with the reason of each.")]
Members = Annotated[
    list[Any], WithJsonSchema({"type": "array", "items": {"x-form": "MemberForm"}, "minItems": 2}), Field(min_length=2)
]


class Form(BaseModel):
    """What one mapping may hold."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def list_of(name: str) -> WithJsonSchema:
    """The schema of a list of mappings, each of the form `name`."""
    return WithJsonSchema({"type": "array", "items": {"x-form": name}, "minItems": 1})


def named(name: str, pattern: str) -> WithJsonSchema:
    """The schema of a mapping of names that match `pattern` to mappings of the form `name`."""
    keys = {"pattern": f"^{pattern}$"}
    return WithJsonSchema(
        {"type": "object", "additionalProperties": {"x-form": name}, "propertyNames": keys, "minProperties": 1}
    )
