"""The JSON Schema of a baseline (draft 2020-12), for editors: made from the forms and from every probe's parameters.

It is a help while writing. The loader decides: it also looks names up and has every probe say what it would ask.
``python -m coldstart.baseline.schema`` prints it; ``make gen`` writes it to docs/schema/baseline.schema.json.
"""

import inspect
import json
import sys
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from coldstart.baseline import accept_forms, forms, runbook_forms, sight_forms
from coldstart.probes import registry
from coldstart.probes.base import Probe
from coldstart.probes.prometheus_range import PrometheusRange

BUILT_IN = tuple(kind for kind, _ in registry.BUILT_IN)
DIALECT = "https://json-schema.org/draft/2020-12/schema"

_NAMES: dict[type[BaseModel], str] = {
    forms.BaselineForm: "baseline",
    forms.VariableForm: "variable",
    forms.DefaultsForm: "defaults",
    forms.HostForm: "host",
    forms.GateForm: "gate",
    forms.CheckForm: "check",
    forms.AnyOfForm: "any_of",
    forms.MemberForm: "alternative",
    PrometheusRange: "range",
    runbook_forms.AlertTestForm: "alert_test",
    runbook_forms.AlertForm: "alert",
    sight_forms.PageForm: "page",
    sight_forms.CounterForm: "counter",
    runbook_forms.FreezeForm: "freeze",
    runbook_forms.TierForm: "tier",
    runbook_forms.ReleaseForm: "release",
    runbook_forms.ConditionForm: "condition",
    runbook_forms.MonitorForm: "monitor",
    runbook_forms.WatchForm: "watch",
    runbook_forms.DoneForm: "done",
    accept_forms.AcceptForm: "accept",
    accept_forms.SawForm: "saw",
    accept_forms.SawPartForm: "saw_part",
}
_PLACEHOLDERS: dict[str, dict[str, Any]] = {
    **{form.__name__: {"$ref": f"#/$defs/{name}"} for form, name in _NAMES.items()},
    "AnyCheck": {
        "if": {"required": ["any_of"]},
        "then": {"$ref": "#/$defs/any_of"},
        "else": {
            "if": {"required": ["alert_test"]},
            "then": {"$ref": "#/$defs/alert_test"},
            "else": {"$ref": "#/$defs/check"},
        },
    },
    "AnySight": {
        "if": {"anyOf": [{"required": ["prometheus"]}, {"required": ["counter"]}]},
        "then": {"$ref": "#/$defs/counter"},
        "else": {"$ref": "#/$defs/page"},
    },
    "AnyVariable": {"if": {"type": "object"}, "then": {"$ref": "#/$defs/variable"}, "else": {"$ref": "#/$defs/scalar"}},
}
_REFERENCE = {"type": "string", "pattern": r"\$\{[A-Za-z_]", "description": "A reference to a variable."}
_EXACT = frozenset({"integer", "number", "boolean"})
_RESTRICTIONS = frozenset({"enum", "pattern", "format", "minimum", "maximum", "exclusiveMinimum", "const"})


class _AsWritten(GenerateJsonSchema):
    """Leaves out what an editor would show as noise: a title that repeats the key."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic's own signature
        return False


def json_schema(kinds: Iterable[str] = BUILT_IN) -> dict[str, Any]:
    """Build the schema from the forms and from the probes of these kinds: no other kind is right by it."""
    probes = {kind: registry.probe_class(kind) for kind in kinds}
    models: list[type[BaseModel]] = [*_NAMES, *probes.values()]
    by_model, whole = models_json_schema(
        [(model, "validation") for model in models], ref_template="#/$defs/{model}", schema_generator=_AsWritten
    )
    definitions: dict[str, Any] = whole["$defs"]
    renamed = {by_model[model, "validation"]["$ref"].rpartition("/")[2]: name for model, name in _NAMES.items()}
    renamed |= {by_model[cls, "validation"]["$ref"].rpartition("/")[2]: f"with.{kind}" for kind, cls in probes.items()}
    made = {renamed.get(name, name): _written(definition, renamed) for name, definition in definitions.items()}
    for form in _NAMES.values():
        _never_empty(made[form])
        made[form]["title"] = form
    for kind, probe in probes.items():
        _document(made[f"with.{kind}"], kind, probe)
    for name in ("check", "alternative"):
        _choose_parameters(made[name], probes)
    made["reference"] = _REFERENCE
    made["scalar"] = {"type": ["string", "number", "boolean"], "description": "The value of a variable."}
    baseline = made.pop("baseline")
    return {
        "$schema": DIALECT,
        "title": "coldstart baseline",
        **{key: value for key, value in baseline.items() if key != "title"},
        "$defs": dict(sorted(made.items())),
    }


def _written(schema: Any, renamed: dict[str, str], *, named: bool = False) -> Any:
    """A schema of values as a schema of what may be written: names of definitions, forms, and references to variables.

    `named`: the keys of `schema` are names of properties, not keywords.
    """
    if isinstance(schema, list):
        return [_written(item, renamed) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if named:
        return {key: _written(value, renamed) for key, value in schema.items()}
    if "x-form" in schema:
        kept = {key: value for key, value in schema.items() if key != "x-form"}
        return {**_PLACEHOLDERS[schema["x-form"]], **kept}
    made = {
        key: value
        if key in {"examples", "default", "enum", "const", "required", "propertyNames"}
        else _written(value, renamed, named=key in {"properties", "$defs", "patternProperties"})
        for key, value in schema.items()
    }
    if "anyOf" in made:
        made["anyOf"] = _flat(made["anyOf"])
    if "$ref" in made:
        name = made["$ref"].rpartition("/")[2]
        made["$ref"] = f"#/$defs/{renamed.get(name, name)}"
    return _or_reference(made)


def _or_reference(schema: dict[str, Any]) -> dict[str, Any]:
    """Allow ``${name}`` wherever a plain string would not do, and a bare number wherever any text would."""
    kinds = schema.get("type", "string" if "enum" in schema else None)
    kinds = set(kinds if isinstance(kinds, list) else [kinds])
    if kinds & {"object", "array", None}:
        return schema
    if kinds == {"string"} and not _RESTRICTIONS & set(schema):
        return {**schema, "type": ["string", "number"]}
    if (kinds & _EXACT and "string" not in kinds) or _RESTRICTIONS & set(schema):
        outside: dict[str, Any] = {key: schema[key] for key in ("description", "default", "title") if key in schema}
        inside = {key: value for key, value in schema.items() if key not in outside}
        if kinds == {"string"} and isinstance(outside.get("default"), int | float):
            outside["default"] = _as_duration(outside["default"])
        return {**outside, "anyOf": [inside, {"$ref": "#/$defs/reference"}]}
    return schema


def _as_duration(seconds: float) -> str:
    """A default in seconds as it would be written: in the largest unit that divides it."""
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g}{unit}"
    return f"{seconds:g}s"


def _flat(choices: list[Any]) -> list[Any]:
    """Choices among choices as one list, each choice once."""
    flat: list[Any] = []
    for choice in choices:
        for one in choice["anyOf"] if set(choice) == {"anyOf"} else [choice]:
            if one not in flat:
                flat.append(one)
    return flat


def _never_empty(form: dict[str, Any]) -> None:
    """Take null out of the keys of a form: the loader reports a key without a value."""
    for key, schema in form["properties"].items():
        choices = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
        if schema.get("default", 0) in (None, "", [], {}):
            del schema["default"]
        if len(choices) == 1:
            form["properties"][key] = {**schema, **choices[0]}
            del form["properties"][key]["anyOf"]
        elif choices:
            schema["anyOf"] = _flat(choices)


def _document(schema: dict[str, Any], kind: str, probe: type[Probe]) -> None:
    """Title and description of a probe's parameters: its docstring's first line, which is its claim."""
    schema["title"] = f"with: of {kind}"
    schema["description"] = (inspect.getdoc(probe) or kind).partition("\n\n")[0].replace("\n", " ")


def _choose_parameters(check: dict[str, Any], probes: dict[str, type[Probe]]) -> None:
    """Let `probe:` decide what `with:` holds."""
    kinds = [
        {"const": kind, "description": (inspect.getdoc(probe) or kind).partition("\n")[0]}
        for kind, probe in probes.items()
    ]
    check["properties"]["probe"] = {"description": "Kind of probe.", "anyOf": kinds}
    check["properties"]["with"] = {"type": "object", "description": "Parameters of the probe."}
    check["allOf"] = [
        {
            "if": {"properties": {"probe": {"const": kind}}, "required": ["probe"]},
            "then": {
                "properties": {"with": {"$ref": f"#/$defs/with.{kind}"}},
                **({"required": ["with"]} if _needs_parameters(probe) else {}),
            },
        }
        for kind, probe in probes.items()
    ]


def _needs_parameters(probe: type[Probe]) -> bool:
    return any(field.is_required() for field in probe.model_fields.values())


def text() -> str:
    """Return the schema as the file holds it."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
