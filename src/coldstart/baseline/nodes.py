"""The YAML of a baseline as a tree in which every key and value knows its place.

Composed from the parser's events with limits of its own: a composer that recurses or that follows aliases could be made
to crash or to grow without bound by a file of a few hundred bytes (design.md section 6).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml import events as ev

from coldstart.baseline.problems import Problems, shown
from coldstart.probes.params import PlainScalar
from coldstart.text import visible

MOST_DEPTH = 32
MOST_NODES = 50_000
NULLS = frozenset({"", "~", "null", "Null", "NULL"})

Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's parser where PyYAML was built with it; five times as fast, and the same events."""

Place = tuple[str, int, int]
"""File, line, column."""


@dataclass(slots=True)
class Scalar:
    """`value` None: nothing is written there. `broken`: it was reported; what else is wrong follows from that."""

    place: Place
    value: str | None
    broken: bool = False

    def show(self) -> str:
        return "nothing" if self.value is None else shown(self.value)


@dataclass(slots=True)
class Items:
    """A sequence."""

    place: Place
    items: "list[Node]" = field(default_factory=list)
    broken: bool = False

    def show(self) -> str:
        return "a list"


@dataclass(slots=True)
class Entries:
    """A mapping; keys are text as written, each with the place of the key."""

    place: Place
    entries: "dict[str, Node]" = field(default_factory=dict)
    keys: dict[str, Place] = field(default_factory=dict)
    broken: bool = False

    def show(self) -> str:
        return "a mapping"


Node = Scalar | Items | Entries


class Unusable(Exception):
    """Nothing can be made of the rest of the file."""


def data(node: Node) -> Any:
    """The tree as plain dicts, lists and scalars."""
    match node:
        case Scalar():
            return node.value
        case Items():
            return [data(item) for item in node.items]
        case Entries():
            return {key: data(value) for key, value in node.entries.items()}


def scalars(node: Node) -> Iterator[Scalar]:
    """Every scalar value below a node, in the file's order."""
    match node:
        case Scalar():
            yield node
        case Items():
            for item in node.items:
                yield from scalars(item)
        case Entries():
            for value in node.entries.values():
                yield from scalars(value)


def broken(node: Node) -> bool:
    """Whether something in it was reported before its values were looked at."""
    match node:
        case Scalar():
            return node.broken
        case Items():
            return node.broken or any(broken(item) for item in node.items)
        case Entries():
            return node.broken or any(broken(value) for value in node.entries.values())


class Composer:
    """Makes the tree of one file; what YAML allows and a baseline does not is reported and left out."""

    def __init__(self, text: str, file: str, problems: Problems) -> None:
        self._text, self._file, self._problems = text, file, problems
        self._events: Iterator[ev.Event] = iter(())
        self._count = 0

    def compose(self) -> Node | None:
        """Return the root; None for an empty file. Raises `Unusable` when the rest cannot be read."""
        try:
            self._events = yaml.parse(self._text, Loader=Parser)
            return self._document()
        except yaml.MarkedYAMLError as error:
            self._syntax(error)
        except (yaml.YAMLError, ValueError, OverflowError) as error:  # \UFFFFFFFF is an OverflowError of chr()
            self._problems.add((self._file, 1, 1), f"YAML syntax: {error}: write it as plain UTF-8 YAML")
        raise Unusable

    def _syntax(self, error: yaml.MarkedYAMLError) -> None:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        lines = self._text.split("\n")
        written = lines[line - 1] if line <= len(lines) else ""
        todo = "mend the syntax here"
        if "${" in written:
            todo = "inside {…} and […] a ${name} reference needs quotes"
        elif "\t" in written[: len(written) - len(written.lstrip())]:
            todo = "indent with spaces, not tabs"
        what = error.problem or error.context or "cannot be read"
        self._problems.add((self._file, line, column), f"YAML syntax: {what}: {todo}")

    def _document(self) -> Node | None:
        root: Node | None = None
        documents = 0
        for event in self._events:
            if isinstance(event, ev.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._problems.add(self._place(event), "a second document: a file holds one, remove the '---'")
                    break
            elif isinstance(event, ev.NodeEvent):
                root = self._node(event, depth=1)
        if isinstance(root, Scalar) and root.value is None and not root.broken:
            return None
        return root

    def _place(self, event: ev.Event) -> Place:
        mark = event.start_mark
        assert mark is not None  # noqa: S101 - every event of a parser has one
        return (self._file, mark.line + 1, mark.column + 1)

    def _node(self, event: ev.Event, depth: int) -> Node:
        place = self._place(event)
        self._count += 1
        if self._count > MOST_NODES:
            self._problems.add(place, f"more than {MOST_NODES} values in one file: split the baseline")
            raise Unusable
        if depth > MOST_DEPTH:
            self._problems.add(place, f"nested deeper than {MOST_DEPTH} levels: a baseline needs fewer than ten")
            raise Unusable
        if isinstance(event, ev.AliasEvent):
            self._problems.add(place, f"an alias (*{event.anchor}): aliases are not supported, write the value out")
            return Scalar(place, None, broken=True)
        self._refuse_decoration(event, place)
        if isinstance(event, ev.ScalarEvent):
            return self._scalar(event, place)
        if isinstance(event, ev.SequenceStartEvent):
            return self._sequence(place, depth)
        return self._mapping(place, depth)

    def _refuse_decoration(self, event: ev.Event, place: Place) -> None:
        if anchor := getattr(event, "anchor", None):
            self._problems.add(place, f"an anchor (&{anchor}): anchors are not supported, remove it")
        if tag := getattr(event, "tag", None):
            self._problems.add(place, f"a tag ({tag}): tags are not supported, types follow from the keys; remove it")

    def _scalar(self, event: ev.ScalarEvent, place: Place) -> Scalar:
        plain = not event.style  # None in Python, empty in libyaml
        if plain and event.value in NULLS:
            return Scalar(place, None)
        if (
            event.style == '"' and visible(event.value) != event.value
        ):  # an escape made it; the text was looked at before
            self._problems.add(place, f"{shown(event.value)} holds a control or invisible character: remove it")
            return Scalar(place, "", broken=True)
        return Scalar(place, PlainScalar(event.value) if plain else event.value)

    def _sequence(self, place: Place, depth: int) -> Items:
        found = Items(place)
        while not isinstance(event := next(self._events), ev.SequenceEndEvent):
            found.items.append(self._node(event, depth + 1))
        return found

    def _mapping(self, place: Place, depth: int) -> Entries:
        found = Entries(place)
        while not isinstance(event := next(self._events), ev.MappingEndEvent):
            where = self._place(event)
            written = self._node(event, depth + 1)
            value = self._node(next(self._events), depth + 1)
            key = self._key(event, written)
            if key is None:
                found.broken = True
            elif key in found.entries:
                _, line, column = found.keys[key]
                text = f"the key {shown(key)} is already given at {line}:{column}: remove one of the two"
                self._problems.add(where, text)
            else:
                found.entries[key], found.keys[key] = value, where
        return found

    def _key(self, event: ev.Event, written: Node) -> str | None:
        """The text of a key, or None where it was reported."""
        if not isinstance(written, Scalar) or not isinstance(event, ev.ScalarEvent):
            if not written.broken:
                self._problems.add(written.place, f"{written.show()} as a key: a key is one word or text")
            return None
        if not event.style and event.value == "<<":
            self._problems.add(written.place, "a merge key (<<): merging is not supported, write the keys out")
            return None
        return None if written.broken else event.value
