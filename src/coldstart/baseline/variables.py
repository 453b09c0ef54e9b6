"""``${name}`` in string values: declared in the file, set by ``--vars FILE`` and ``--set NAME=VALUE``, which wins."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from coldstart.baseline.cycles import cycles
from coldstart.baseline.nodes import NULLS, Entries, Items, Node, Place, Scalar, scalars
from coldstart.baseline.problems import Problems, shown
from coldstart.probes.params import PlainScalar
from coldstart.text import visible

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_REFERENCE = re.compile(r"\$\$\{|\$\{(?P<name>[^{}]*)(?P<close>\}?)")
_LONGEST = 1 << 16
"""Characters of one value after substitution."""
_MOST = 4 << 20
"""Characters that all substitutions of a file may add: ``${a}${a}`` nested 40 times would not fit into memory."""


def references(text: str) -> Iterator[re.Match[str]]:
    """Every reference in `text`; escapes (``$${``) are not references."""
    return (match for match in _REFERENCE.finditer(text) if match["name"] is not None)


@dataclass
class Variables:
    """The declared variables, each with the scalar that gives it its value; None: unset."""

    problems: Problems
    values: dict[str, Scalar | None] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    abouts: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    _resolved: dict[str, str | None] = field(default_factory=dict)
    _added: int = 0

    def declare(self, name: str, place: Place, value: Scalar | None, about: str = "") -> None:
        """Take up a variable; its name is checked here."""
        if not NAME.fullmatch(name):
            text = f"{shown(name)} is not a variable's name: write letters, digits and _, beginning with a letter"
            self.problems.add(place, text)
        self.values[name], self.places[name], self.abouts[name] = value, place, about

    def set_file(self, root: Entries) -> None:
        """Give the values of a ``--vars`` file: a mapping of names to scalars."""
        for name, node in root.entries.items():
            if not isinstance(node, Scalar):
                self.problems.add(node.place, f"variable {shown(name)} is {node.show()}: a variable is one text")
            elif node.value is None and not node.broken:
                self.problems.add(node.place, f"variable {shown(name)} is empty: give it a value, in quotes when empty")
            self._set(name, root.keys[name], node if isinstance(node, Scalar) else Scalar(node.place, "", broken=True))

    def set_options(self, values: Mapping[str, str]) -> None:
        """Give the values of ``--set NAME=VALUE`` options."""
        for name, value in values.items():
            place = (f"--set {name}", 0, 0)
            if visible(value) != value:
                self.problems.add(place, f"{shown(value)} holds a control or invisible character: remove it")
            self._set(name, place, Scalar(place, PlainScalar(value)))

    def _set(self, name: str, place: Place, scalar: Scalar) -> None:
        if name in self.values:
            self.values[name] = scalar
        else:
            self.problems.add(
                place, f"no variable {shown(name)} in the baseline: {self.problems.meant(name, self.values)}"
            )

    def check(self) -> None:
        """Report references between variables that lead nowhere or in circles; before anything is resolved."""
        graph: dict[str, list[str]] = {}
        for name, scalar in self.values.items():
            graph[name] = []
            if scalar and scalar.value is not None and not scalar.broken:
                if self._names(scalar):
                    graph[name] = [match["name"] for match in references(scalar.value)]
                else:
                    scalar.broken = True
        for path in cycles(graph):
            for name in path:
                self._resolved[name] = None
            holder = self.values[path[0]]
            place = holder.place if holder else self.places[path[0]]
            self.problems.add(place, f"variables refer to each other: {' → '.join(path)}: give one of them a value")
        self._break_followers(graph)

    def _break_followers(self, graph: Mapping[str, list[str]]) -> None:
        """Whatever leads into a circle cannot be resolved either."""
        followers: dict[str, list[str]] = {}
        for name, needed in graph.items():
            for other in needed:
                followers.setdefault(other, []).append(name)
        todo = [name for name, value in self._resolved.items() if value is None]
        while todo:
            for name in followers.get(todo.pop(), ()):
                if name not in self._resolved:
                    self._resolved[name] = None
                    todo.append(name)

    def _names(self, holder: Scalar) -> bool:
        """Report every reference of a scalar that is not the name of a variable. False: there was one."""
        good = True
        for match in references(holder.value or ""):
            name = match["name"]
            if not match["close"]:
                text = f"{shown(match.group())} is not closed: write ${{name}}, or $${{ for a literal ${{"
            elif name.startswith("env:"):
                text = f"{match.group()}: environment references are not supported here: use a variable and --set"
            elif name not in self.values:
                text = f"variable {shown(name)} is not declared: {self.problems.meant(name, self.values)}"
            else:
                continue
            good = False
            self.problems.add(holder.place, text)
        return good

    def substitute(self, node: Node) -> None:
        """Replace the references in every scalar below `node`; what cannot be replaced is reported and broken."""
        _refuse_keys(node, self.problems)
        for scalar in scalars(node):
            if scalar.value and "${" in scalar.value and not scalar.broken:
                value = self._replaced(scalar) if self._names(scalar) else None
                scalar.broken = value is None
                if value is not None:
                    scalar.value = PlainScalar(value) if self._plain(scalar) and value not in NULLS else value

    def _plain(self, holder: Scalar) -> bool:
        """Whether the text counts as unquoted: a lone reference, ``"${port}"`` too, is as its variable's value is."""
        while (lone := _REFERENCE.fullmatch(holder.value or "")) and lone["name"] is not None:
            value = self.values[lone["name"]]
            if value is None:
                break
            holder = value
        return isinstance(holder.value, PlainScalar)

    def _replaced(self, holder: Scalar) -> str | None:
        """The text of a scalar whose references are all declared. None: reported."""
        wanted = [match["name"] for match in references(holder.value or "")]
        self._resolve(wanted)
        if any(self._resolved[name] is None for name in wanted):
            self._report_unset(wanted, holder)
            return None
        return self._joined(holder)

    def _report_unset(self, wanted: list[str], holder: Scalar) -> None:
        for name in wanted:
            if self.values[name] is None:
                about = f" ({self.abouts[name]})" if self.abouts[name] else ""
                self.problems.add(holder.place, f"variable {name!r} is unset{about}: give it by --set {name}=VALUE")

    def _resolve(self, wanted: list[str]) -> None:
        """Resolve these and what they refer to, deepest first; a chain may be long, so without recursion."""
        todo = [(name, False) for name in reversed(wanted)]
        begun: set[str] = set()
        while todo:
            name, ready = todo.pop()
            self.used.add(name)
            if name in self._resolved:
                continue
            scalar = self.values[name]
            in_circle = not ready and name in begun  # beyond the circles that were reported
            if in_circle or scalar is None or scalar.value is None or scalar.broken:
                self._resolved[name] = None
            elif ready:
                self._resolved[name] = self._replaced_default(scalar)
            else:
                begun.add(name)
                todo.append((name, True))
                todo += [(match["name"], False) for match in references(scalar.value)]

    def _replaced_default(self, scalar: Scalar) -> str | None:
        wanted = [match["name"] for match in references(scalar.value or "")]
        if any(self._resolved[name] is None for name in wanted):
            self._report_unset(wanted, scalar)
            return None
        return self._joined(scalar)

    def _joined(self, holder: Scalar) -> str | None:
        text = str(holder.value)
        length = len(text) + sum(len(self._resolved[match["name"]] or "") for match in references(text))
        self._added += length
        if length > _LONGEST or self._added > _MOST:
            self.problems.add(holder.place, "too long after its variables are replaced: shorten the variables")
            return None
        return _REFERENCE.sub(
            lambda match: "${" if match["name"] is None else self._resolved[match["name"]] or "", text
        )


def _refuse_keys(node: Node, problems: Problems) -> None:
    if isinstance(node, Items):
        for item in node.items:
            _refuse_keys(item, problems)
    elif isinstance(node, Entries):
        for key, value in node.entries.items():
            if "${" in key:
                problems.add(node.keys[key], f"{shown(key)}: variables are not replaced in keys: write the key out")
            _refuse_keys(value, problems)
