"""A report or a plan as versioned JSON: whole, readable back, and the same bytes each time (docs/schema/)."""

import json
import re
from typing import Any

from pydantic import BaseModel

from coldstart.outcome import Report
from coldstart.plan import Plan
from coldstart.text import visible

_MAPPINGS = frozenset({"counts", "facts", "needs"})
"""Fields that are mappings: their keys are sorted. All other keys are fields, in the order of the schema."""

_NOT_PLAIN = re.compile(r"[^\n\x20-\x7e]")


def render(model: Report | Plan) -> str:
    """Return `model` as indented JSON with a final newline; replies stay whole (each at most 1 MiB).

    ``Report.model_validate_json`` (or ``Plan.…``) gives back an equal model. Control and bidi characters, of which the
    raw replies may be full, are JSON escapes, so that the text can be looked at on a terminal; Chinese stays readable.
    """
    return dump(_sorted(json.loads(model.model_dump_json())))


def dump(value: Any) -> str:
    """Return any JSON value in the form of every JSON file of this program."""
    return _NOT_PLAIN.sub(_escaped, json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)) + "\n"


def _escaped(match: re.Match[str]) -> str:
    char = match.group()
    if visible(char) == char:
        return char
    return json.dumps(char)[1:-1] if char != "\x7f" else r"\u007f"


def _sorted(value: Any) -> Any:
    if isinstance(value, list):
        return [_sorted(item) for item in value]
    if isinstance(value, dict):
        return {
            key: dict(sorted(item.items())) if key in _MAPPINGS and isinstance(item, dict) else _sorted(item)
            for key, item in value.items()
        }
    return value


def schema(kind: type[BaseModel], title: str, version: int) -> str:
    """Return the JSON Schema (draft 2020-12) of what `render` prints for `kind`."""
    body = kind.model_json_schema(mode="serialization")
    body["properties"]["schema_version"] = {"const": version, "type": "integer"}
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title}
    return dump(head | {key: value for key, value in body.items() if key != "title"})
