"""The time line of a run laid out for a picture: every read a bar, grouped by gate and by host. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from coldstart.outcome import Report
from coldstart.reads import OPERATOR
from coldstart.render.html.critical import Step
from coldstart.render.spans import Span, Spans, own
from coldstart.render.words import lasted
from coldstart.text import one_line

WIDTH = 1072
LABELS = 168
"""Where the time begins: left of it stand the names of the hosts."""
LANE, BAR = 13, 9
_RIGHT = 18
_HEAD, _GATE, _AFTER = 26, 24, 8
_LEAST_BAR = 2.5
_TICKS = 8
_TITLE_MOST = 200
_FAMILY = {"command": "command", "boot_id": "command", "http": "http", "ssh_login": "login"}
_HOST_MOST = 20
_GATE_MOST = 60

KINDS = (("command", "command"), ("http", "HTTP"), ("login", "SSH login"), ("net", "ping, ARP, TCP"))
"""The colours and what they stand for."""


@dataclass(frozen=True)
class Bar:
    """One read; `title` is what a pointer that rests on it sees."""

    x: float
    y: float
    width: float
    kind: str
    title: str
    answered: bool
    critical: bool


@dataclass(frozen=True)
class Row:
    """The reads of one gate on one host, in as many lanes as ran at once; `y` is the upper edge."""

    host: str
    y: float
    height: float
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Group:
    gate: str
    y: float
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Tick:
    x: float
    label: str


@dataclass(frozen=True)
class Chart:
    """`path` is the critical path, the ``d`` of an SVG path; empty when nothing was asked."""

    width: int
    height: int
    ticks: tuple[Tick, ...]
    groups: tuple[Group, ...]
    path: str


def chart(report: Report, spans: Spans, critical: Sequence[Step]) -> Chart:
    """Return where every read of the run goes; a gate that asked nothing of its own has no group."""
    ends = [span.end for used in spans.values() for span in used]
    total = max([report.ended - report.started, *ends, 0.001])
    drawing = _Drawing(total, {id(step.span) for step in critical})
    groups = tuple(drawing.group(gate.name, own(spans, gate.name)) for gate in report.gates if own(spans, gate.name))
    drawing.y += _AFTER
    return Chart(WIDTH, round(drawing.y), ticks(total), groups, drawing.path([step.span for step in critical]))


def x_of(seconds: float, total: float) -> float:
    """Return where a moment stands on the time line."""
    return LABELS + (WIDTH - LABELS - _RIGHT) * seconds / total


def ticks(total: float) -> tuple[Tick, ...]:
    """Return at most nine round moments from 0 to `total` seconds."""
    raw = total / _TICKS
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * (1 - 1e-9))
    places = max(0, -math.floor(math.log10(step) + 1e-9))
    count = math.floor(total / step + 1e-9)
    return tuple(Tick(round(x_of(at * step, total), 1), f"{at * step:.{places}f}") for at in range(count + 1))


class _Drawing:
    def __init__(self, total: float, critical: set[int]) -> None:
        self._total, self._critical = total, critical
        self._middle: dict[int, float] = {}
        self.y: float = _HEAD

    def group(self, gate: str, spans: Sequence[Span]) -> Group:
        top = self.y
        self.y += _GATE
        by_host: dict[str, list[Span]] = {}
        for span in spans:
            by_host.setdefault(span.place, []).append(span)
        hosts = sorted(by_host, key=lambda host: (host == OPERATOR, host))
        rows = tuple(self._row(host, by_host[host]) for host in hosts)
        self.y += _AFTER
        return Group(one_line(gate, _GATE_MOST), top, rows)

    def _row(self, host: str, spans: Sequence[Span]) -> Row:
        top = self.y
        lanes = lanes_of(spans)
        bars = tuple(self._bar(span, top + lane * LANE) for span, lane in zip(spans, lanes, strict=True))
        height = (max(lanes) + 1) * LANE
        self.y += height + 3
        label = "from here" if host == OPERATOR else one_line(host, _HOST_MOST)
        return Row(label, top, height, bars)

    def _bar(self, span: Span, y: float) -> Bar:
        start, end = x_of(span.start, self._total), x_of(span.end, self._total)
        self._middle[id(span)] = y + LANE / 2
        read = span.exchange.read
        title = f"{one_line(read.describe(), _TITLE_MOST)}: from {span.start:.2f} s on, took {lasted(span.took)}"
        return Bar(
            x=round(start, 1),
            y=round(y + (LANE - BAR) / 2, 1),
            width=round(max(end - start, _LEAST_BAR), 1),
            kind=_FAMILY.get(read.kind, "net"),
            title=title if span.answered else f"{title}, no usable reply",
            answered=span.answered,
            critical=id(span) in self._critical,
        )

    def path(self, spans: Sequence[Span]) -> str:
        """From the end of each read to the beginning of the next."""
        parts = []
        for before, after in pairwise(spans):
            x, y = x_of(before.end, self._total), self._middle[id(before)]
            to_x, to_y = x_of(after.start, self._total), self._middle[id(after)]
            parts.append(f"M{x:.1f} {y:.1f}L{to_x:.1f} {to_y:.1f}")
        return "".join(parts)


def lanes_of(spans: Sequence[Span]) -> list[int]:
    """Return a lane for each read, the first that is free when it was sent; `spans` are in the order of sending."""
    free: list[float] = []
    lanes = []
    for span in spans:
        lane = next((at for at, end in enumerate(free) if end <= span.start), len(free))
        free[lane : lane + 1] = [span.end]
        lanes.append(lane)
    return lanes
