"""The phase DAG laid out for a picture: gates in rows below the gates that they need, as few crossings as is cheap.

The method is Sugiyama's in its simplest form (Sugiyama, Tagawa, Toda 1981): layers by the longest path, stand-ins where
an edge passes a layer, an order within the layers by barycentres, then places. Pure: a report gives one picture.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from coldstart.outcome import GateResult, Report, Verdict
from coldstart.render.html.layers import rising, rows, shortened
from coldstart.render.wrap import width_of
from coldstart.text import one_line

NODE_HEIGHT = 54
_CHAR = 7.3
"""Width of a character of a name; they are set in a monospaced face of 12 pixels."""
_NAME_MOST = 34
_LEAST_WIDTH, _PADDING = 176, 52
_GAP_X, _GAP_Y, _MARGIN = 26, 46, 14
_PASSING = 14
"""Width that an edge takes where it passes a row."""
_LEGIBLE = 1250
_SWEEPS = 12
_STRAIGHT = 8
"""How much more it counts that an edge passes a row in a straight line than that a gate is near its neighbours."""
_INWARD = 0.6
"""How much of its distance from the middle a gate keeps that its neighbours would have it at: pictures stay narrow."""


@dataclass(frozen=True)
class Node:
    """A gate as a box; `x`, `y` its upper left corner."""

    gate: GateResult
    name: str
    says: str
    x: float
    y: float
    root: bool

    @property
    def dim(self) -> bool:
        return self.gate.verdict in (Verdict.HELD, None)


@dataclass(frozen=True)
class Edge:
    """From a gate to one that needs it; `path` is the ``d`` of an SVG path."""

    above: str
    below: str
    path: str
    dim: bool


@dataclass(frozen=True)
class Picture:
    width: int
    height: int
    node_width: int
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    @property
    def wide(self) -> bool:
        """Whether its names could not be read any more were it made as narrow as a page."""
        return self.width > _LEGIBLE


def picture(report: Report) -> Picture:
    """Return where every gate and every edge goes; an edge that others imply is left out."""
    needs = shortened({gate.name: tuple(gate.needs) for gate in report.gates})
    grid = _Grid(needs, rows(needs), _node_width(report.gates))
    left = min((grid.x[name] - grid.width / 2 for name in needs), default=0.0)
    right = max((grid.x[name] + grid.width / 2 for name in needs), default=0.0)
    bends = [grid.x[item] for row in grid.rows for item in row]
    left, right = min([left, *bends]) - _MARGIN, max([right, *bends]) + _MARGIN
    root = report.root.gate if report.root else None
    nodes = tuple(
        Node(
            gate=gate,
            name=one_line(gate.name, _NAME_MOST),
            says=_says(gate),
            x=round(grid.x[gate.name] - grid.width / 2 - left, 1),
            y=grid.y(gate.name),
            root=gate.name == root,
        )
        for gate in report.gates
    )
    held = {node.gate.name for node in nodes if node.dim}
    edges = tuple(
        Edge(above, below, grid.curve(above, below, left), dim=below in held)
        for below in needs
        for above in needs[below]
    )
    height = 2 * _MARGIN + len(grid.rows) * (NODE_HEIGHT + _GAP_Y) - _GAP_Y if grid.rows else 2 * _MARGIN
    return Picture(round(right - left), height, grid.width, nodes, edges)


def _node_width(gates: Sequence[GateResult]) -> int:
    longest = max((width_of(one_line(gate.name, _NAME_MOST)) for gate in gates), default=0)
    return max(_LEAST_WIDTH, round(longest * _CHAR) + _PADDING)


def _says(gate: GateResult) -> str:
    """The verdict and its numbers: ``BLOCKED · 3 of 14``."""
    if gate.verdict is None:
        return "not asked"
    same = sum(check.verdict is gate.verdict for check in gate.checks)
    asked = sum(check.verdict is not None for check in gate.checks)
    return f"{gate.verdict} · {same} of {asked}"


@dataclass(frozen=True)
class _Passing:
    """Where the edges from a gate to others far below pass a row, all of them in one place."""

    above: str
    row: int


_Item = str | _Passing


@dataclass
class _Grid:
    """Rows of gates and passing edges, ordered and placed."""

    needs: Mapping[str, Sequence[str]]
    row: Mapping[str, int]
    width: int
    rows: list[list[_Item]] = field(init=False)
    x: dict[_Item, float] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.rows = [[] for _ in range(max(self.row.values(), default=-1) + 1)]
        self._up: dict[_Item, list[_Item]] = {}
        self._down: dict[_Item, list[_Item]] = {}
        for name, row in self.row.items():
            self.rows[row].append(name)
        for below in self.needs:
            for above in self.needs[below]:
                for upper, lower in pairwise(self._stations(above, below)):
                    if lower not in self._down.setdefault(upper, []):  # edges that share their way count once
                        self._down[upper].append(lower)
                        self._up.setdefault(lower, []).append(upper)
        self._order()
        self._place()

    def _stations(self, above: str, below: str) -> list[_Item]:
        passing = [_Passing(above, row) for row in range(self.row[above] + 1, self.row[below])]
        for item in passing:
            if item not in self.rows[item.row]:
                self.rows[item.row].append(item)
        return [above, *passing, below]

    def _order(self) -> None:
        """Each row by the mean place of its neighbours in the row before, downwards and upwards in turn."""
        for sweep in range(_SWEEPS):
            near = self._up if sweep % 2 == 0 else self._down
            place = {item: at for row in self.rows for at, item in enumerate(row)}
            for row in self.rows if sweep % 2 == 0 else reversed(self.rows):
                middle = {item: _mean([place[one] for one in near.get(item, [])], place[item]) for item in row}
                row.sort(key=middle.__getitem__)
                place |= {item: at for at, item in enumerate(row)}

    def _place(self) -> None:
        for row in self.rows:
            self._spread(row, [0.0] * len(row))
        for sweep in range(_SWEEPS):
            for row in self.rows if sweep % 2 == 0 else reversed(self.rows):
                near = [self._up.get(item, []) + self._down.get(item, []) for item in row]
                wanted = [
                    _INWARD * _mean([self.x[one] for one in ones], self.x[item])
                    for item, ones in zip(row, near, strict=True)
                ]
                self._spread(row, wanted)

    def _spread(self, row: Sequence[_Item], wanted: Sequence[float]) -> None:
        """Put each as near to where it wants to be as the others of its row let it, with the least change in all."""
        offsets = [0.0]
        for left, right in pairwise(row):
            offsets.append(offsets[-1] + (self._width(left) + self._width(right)) / 2 + _GAP_X)
        weights = [1 if isinstance(item, str) else _STRAIGHT for item in row]
        free = rising([want - offset for want, offset in zip(wanted, offsets, strict=False)], weights)
        self.x |= {item: place + offset for item, place, offset in zip(row, free, offsets, strict=False)}

    def _width(self, item: _Item) -> float:
        return self.width if isinstance(item, str) else _PASSING

    def y(self, name: str) -> int:
        """The upper edge of a gate's box."""
        return _MARGIN + self.row[name] * (NODE_HEIGHT + _GAP_Y)

    def curve(self, above: str, below: str, left: float) -> str:
        """Down from the middle of one box to the middle of the other, straight where it passes a row."""
        x, y = self.x[above] - left, float(self.y(above) + NODE_HEIGHT)
        parts = [f"M{x:.1f} {y:.1f}"]
        for item in self._stations(above, below)[1:]:
            to_x = self.x[item] - left
            row = self.row[below] if isinstance(item, str) else item.row
            to_y = float(_MARGIN + row * (NODE_HEIGHT + _GAP_Y))
            half = (y + to_y) / 2
            parts.append(f"C{x:.1f} {half:.1f} {to_x:.1f} {half:.1f} {to_x:.1f} {to_y:.1f}")
            x, y = to_x, to_y
            if not isinstance(item, str):
                y += NODE_HEIGHT
                parts.append(f"V{y:.1f}")
        return "".join(parts)


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise
