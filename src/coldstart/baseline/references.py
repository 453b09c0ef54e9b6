"""References to checks, ``GATE/check`` and ``GATE/group.member``: each one is looked up in the file."""

from collections.abc import Iterator

from coldstart.baseline.names import written
from coldstart.baseline.nodes import Entries, Items, Node, Scalar
from coldstart.baseline.problems import Problems, shown


class References:
    """The ids of every check in the tree, those of checks that were reported too: their names are known."""

    def __init__(self, gates: Entries, problems: Problems) -> None:
        self._problems = problems
        self._by_gate: dict[str, dict[str, None]] = {}
        self._unsure: set[str] = set()
        """Gates with a check whose id cannot be read; a reference into them cannot be refused."""
        for gate, node in gates.entries.items():
            listed = node.entries.get("checks") if isinstance(node, Entries) else None
            self._by_gate[gate] = {f"{gate}/{name}": None for name in self._ids(gate, listed)}
        self._everything = [reference for found in self._by_gate.values() for reference in found]
        self._without_gate = {reference.partition("/")[2]: reference for reference in reversed(self._everything)}

    def _ids(self, gate: str, listed: Node | None) -> Iterator[str]:
        if not isinstance(listed, Items):
            self._unsure.add(gate)
            return
        for node in listed.items:
            written_id = node.entries.get("id") if isinstance(node, Entries) else None
            names = [name for _, name in written(written_id)] if isinstance(written_id, Scalar) else []
            if not names:
                self._unsure.add(gate)
                continue
            yield names[0]
            if isinstance(node, Entries) and "any_of" in node.entries:
                yield from (f"{names[0]}.{member}" for member in self._ids(gate, node.entries["any_of"]))

    def resolved(self, node: Node | None) -> tuple[str, ...]:
        """The references below `node`; each that leads nowhere, or that is listed twice, is reported."""
        if isinstance(node, Entries):  # its form says so
            return ()
        seen: set[str] = set()
        for place, name in written(node):
            if wrong := self._wrong(name):
                self._problems.add(place, wrong)
            elif name in seen:
                self._problems.add(place, f"check {shown(name)} is listed twice: once is enough")
            seen.add(name)
        return tuple(name for _, name in written(node))

    def _wrong(self, name: str) -> str:
        """What is wrong with a reference; empty when it leads to a check, or could."""
        gate, slash, check = name.partition("/")
        ids = self._by_gate.get(gate)
        if ids is None and slash:
            return f"unknown gate in {shown(name)}: {self._problems.meant(gate, self._by_gate)}"
        if ids is None:
            same = self._without_gate.get(name)
            meant = f"did you mean {same!r}?" if same else self._problems.meant(name, self._everything)
            return f"{shown(name)} names no gate: write GATE/check, {meant}"
        if name in ids or gate in self._unsure:
            return ""
        if not check:
            return f"{shown(name)} is a gate: name one of its checks ({self._problems.meant('', ids)})"
        return f"unknown check {shown(name)}: {self._problems.meant(name, ids)}"
