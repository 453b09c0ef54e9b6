"""Pydantic's complaints about one mapping, said in the words of the YAML and at its place."""

import difflib
import re
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from coldstart.baseline.nodes import Entries, Items, Node, Place, Scalar, broken, data
from coldstart.baseline.problems import Problems, shown
from coldstart.text import one_line

M = TypeVar("M", bound=BaseModel)

_LIMITS = {
    "greater_than": "above",
    "greater_than_equal": "at least",
    "less_than": "below",
    "less_than_equal": "at most",
}
_WANTED = {
    "int_parsing": "a whole number: write digits only, like 3",
    "int_type": "a whole number: write digits only, like 3",
    "int_from_float": "a whole number: write digits only, like 3",
    "int_parsing_size": "a whole number of that size: write a smaller one",
    "float_parsing": "a number: write it like 3 or 0.5",
    "float_type": "a number: write it like 3 or 0.5",
    "bool_parsing": "true or false: write one of them",
    "bool_type": "true or false: write one of them",
    "string_type": "text: write one value",
    "string_sub_type": "text: write one value",
    "list_type": "a list: write [a, b] or '- a' lines",
    "tuple_type": "a list: write [a, b] or '- a' lines",
    "set_type": "a list: write [a, b] or '- a' lines",
    "frozen_set_type": "a list: write [a, b] or '- a' lines",
    "dict_type": "a mapping: write 'key: value' lines",
    "model_type": "a mapping: write 'key: value' lines",
    "model_attributes_type": "a mapping: write 'key: value' lines",
    "date_parsing": "a date",
    "url_parsing": "a URL",
}


def filled(form: type[M], node: Node, what: str, problems: Problems) -> M | None:
    """Fill `form` from the mapping `node`. None: it does not fit, and why was reported. `what` names it ("a check")."""
    if not isinstance(node, Entries):
        if not node.broken:
            problems.add(node.place, f"{what} is {node.show()}, not a mapping: write 'key: value' lines")
        return None
    try:
        return form.model_validate(data(node))
    except ValidationError as error:
        _report(error, form, node, what, problems)
    except Exception as error:  # noqa: BLE001 - a validator of a probe from elsewhere may raise anything
        said = one_line(f"{type(error).__name__}: {error}")
        problems.add(
            node.place, f"{what} does not take these parameters: {said}: mend them, or report a bug of the probe"
        )
    return None


def refuse_empty(node: Node, what: str, problems: Problems) -> None:
    """Report keys without a value: ``timeout:`` with nothing behind it is a slip, not a wish for the default."""
    if isinstance(node, Entries):
        for key, value in node.entries.items():
            if isinstance(value, Scalar) and value.value is None and not value.broken:
                problems.add(
                    node.keys[key], f"{what}: {one_line(key, 60)} is empty: give it a value, or remove the key"
                )
                value.broken = True


def _report(error: ValidationError, form: type[BaseModel], node: Entries, what: str, problems: Problems) -> None:
    """One problem a place: what several members of a union say about the same value is joined."""
    said: dict[tuple[Place, str], dict[str, None]] = {}
    for details in error.errors(include_url=False, include_context=True):
        spot = _Spot(node, details["loc"])
        if spot.node.broken or (spot.node is node and details["type"] != "missing" and broken(node)):
            continue  # it was reported, or follows from what was
        known = keys_at(form, details["loc"][:-1])
        where, subject, text = _sentence(details, spot, what, known, problems)
        if subject:
            said.setdefault((where, subject), {})[text] = None
        else:
            problems.add(where, text)
    for (where, subject), texts in said.items():
        problems.add(where, subject + "; or ".join(texts))


class _Spot:
    """Where a complaint's `loc` leads in the tree. What pydantic adds to it (the tags of unions) leads nowhere."""

    def __init__(self, node: Node, loc: Iterable[int | str]) -> None:
        self.node, self.path, self.last, self.key_place = node, "", "", node.place
        self.above = ""
        for step in loc:
            self.last, self.above = str(step), self.path
            if isinstance(self.node, Entries) and self.last in self.node.entries:
                self.path += f".{step}" if self.path else self.last
                self.key_place = self.node.keys[self.last]
                self.node = self.node.entries[self.last]
            elif isinstance(self.node, Items) and isinstance(step, int) and step < len(self.node.items):
                self.path += f"[{step}]"
                self.node = self.node.items[step]
                self.key_place = self.node.place


def _sentence(
    details: ErrorDetails, spot: _Spot, what: str, known: tuple[str, ...], problems: Problems
) -> tuple[Place, str, str]:
    """Where, about what, and what is wrong with it."""
    kind, context = details["type"], details.get("ctx", {})
    inside = f"{what}, in {spot.path}" if spot.path else what
    if kind == "missing":
        return spot.node.place, "", f"{inside}: the key {spot.last!r} is missing: add it"
    if kind in {"extra_forbidden", "unexpected_keyword_argument"}:
        inside = f"{what}, in {spot.above}" if spot.above else what
        text = f"{inside}: unknown key {shown(spot.last)}: " + (
            problems.meant(spot.last, known) if known else "remove it"
        )
        return spot.key_place, "", text
    subject = f"{what}: {spot.path}: " if spot.path else f"{what}: "
    if details["loc"][-1:] == ("[key]",):  # pydantic's step to the key of a mapping instead of its value
        return spot.key_place, subject, details["msg"].removeprefix("Value error, ")
    if isinstance(spot.node, Scalar) and spot.node.value is None:
        return spot.key_place, subject, "it is empty: give it a value, or remove the key"
    if not spot.path:  # the mapping as a whole: what its keys say together
        return spot.node.place, subject, details["msg"].removeprefix("Value error, ")
    return spot.node.place, subject, _wrong(kind, context, details["msg"], spot.node)


def _wrong(kind: str, context: dict[str, Any], message: str, node: Node) -> str:
    value = node.show()
    if kind in _WANTED:
        return f"{value} is not {_WANTED[kind]}"
    if kind in {"literal_error", "enum"}:
        words = re.findall(r"'([^']*)'", str(context.get("expected", "")))
        near = difflib.get_close_matches(str(node.value)[:64], words, n=1) if isinstance(node, Scalar) else []
        return f"{value} is not one of {', '.join(words)}: " + (
            f"did you mean {near[0]!r}?" if near else "write one of them"
        )
    if kind in _LIMITS:
        limit = next(value for name, value in context.items() if name in {"gt", "ge", "lt", "le"})
        return f"{value} is out of range: it must be {_LIMITS[kind]} {limit}"
    if kind in {"too_short", "string_too_short"}:
        return f"{value} is too short: it needs at least {context['min_length']}"
    said = message.removeprefix("Value error, ").removeprefix("Assertion failed, ")
    repeated = repr(node.value) if isinstance(node, Scalar) else value
    return value + said.removeprefix(repeated) if said.startswith(repeated) else f"{value}: {said}"


def keys_at(form: type[BaseModel], loc: Iterable[int | str]) -> tuple[str, ...]:
    """The keys that the mapping at `loc` below `form` may have, as they are written."""
    forms: list[type[BaseModel]] = [form]
    for step in loc:
        fields = [field for one in forms for key, field in _fields(one) if key == step]
        if fields:  # else it is the index of a list, or the tag of a union
            forms = [found for field in fields for found in _forms_in(field.annotation)]
    return tuple(dict.fromkeys(key for one in forms for key, _ in _fields(one)))


def _fields(form: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    return ((field.alias or name, field) for name, field in form.model_fields.items())


def _forms_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models among the members of a list, a mapping or a union."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _forms_in(inner)
