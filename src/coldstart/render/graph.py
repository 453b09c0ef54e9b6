"""The phase DAG drawn: as a tree for a terminal, as a flowchart for Mermaid; with verdicts where there is a report."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from coldstart.baseline.model import Baseline, Gate, Release
from coldstart.outcome import GateResult, Report, Verdict
from coldstart.render import words
from coldstart.render.page import Cell, Page, clean, column
from coldstart.render.style import COLORS, QUIET, STRONG, Marks, marks
from coldstart.render.wrap import width_of, wrapped
from coldstart.text import plural, visible

FORMATS = ("tree", "mermaid")

_LEAST_TEXT = 30
"""Cells that stay for names and titles, however deep a gate stands."""


@dataclass(frozen=True)
class Drawing:
    """What is drawn: `order` holds the gates in the order of the DAG, `report` the verdicts (None: none known)."""

    baseline: Baseline
    order: Sequence[str]
    report: Report | None = None
    notes: tuple[str, ...] = ()

    @property
    def results(self) -> Mapping[str, GateResult]:
        return {gate.name: gate for gate in self.report.gates} if self.report else {}

    def drawn_below(self) -> dict[str, str | None]:
        """The gate below which each is drawn, once: the last of those that it needs; None for one that needs none."""
        place = {name: at for at, name in enumerate(self.order)}
        return {name: max(self.baseline.gates[name].needs, key=place.__getitem__, default=None) for name in self.order}

    def last_of(self, gates: Sequence[str]) -> tuple[str, ...]:
        """Those of `gates` on which no other of them stands: arrows from the others would say nothing more."""
        implied: set[str] = set()
        todo = [parent for name in gates for parent in self.baseline.gates[name].needs]
        while todo:
            name = todo.pop()
            if name not in implied:
                implied.add(name)
                todo += self.baseline.gates[name].needs
        return tuple(name for name in gates if name not in implied)


# ----------------------------------------------------------------------------------------------------------------- tree


@dataclass(frozen=True)
class _Lines:
    fork: str
    last: str
    pipe: str
    none: str
    cut: str


_UNICODE = _Lines("├─ ", "└─ ", "│  ", "   ", "… ")
_ASCII = _Lines("|- ", "`- ", "|  ", "   ", "..")


def tree(drawing: Drawing, *, width: int, color: bool, ascii: bool) -> str:  # noqa: A002 - the option's name
    """Return the gates, each below the last one that it needs, then the releases; lines of at most `width` cells."""
    page = Page(width=width, color=color)
    _Tree(page, drawing, ascii_only=ascii).write()
    return str(page)


class _Tree:
    def __init__(self, page: Page, drawing: Drawing, *, ascii_only: bool) -> None:
        self._page, self._drawing, self._results = page, drawing, drawing.results
        self._above = drawing.drawn_below()
        self._marks: Marks = marks(ascii_only=ascii_only)
        self._lines = _ASCII if ascii_only else _UNICODE

    def write(self) -> None:
        baseline, report = self._drawing.baseline, self._drawing.report
        counts = [plural(len(baseline.gates), "gate"), words.checks(sum(1 for _ in baseline.checks()))]
        counts += [plural(len(baseline.releases), "release")] if baseline.releases else []
        self._page.paragraph(f"{baseline.name}: {', '.join(counts)}", STRONG)
        if report:
            self._page.paragraph(words.first_line(report, self._marks))
        for note in self._drawing.notes:
            self._page.paragraph(f"note: {note}", hang=len("note: "))
        self._page.blank()
        self._gates()
        if baseline.releases:
            self._page.blank()
            self._releases(tuple(baseline.releases.values()))

    def _gates(self) -> None:
        below: dict[str | None, list[str]] = {}
        for name, parent in self._above.items():
            below.setdefault(parent, []).append(name)
        todo = [(name, "", "") for name in reversed(below.get(None, []))]
        while todo:
            name, first, rest = todo.pop()
            children = below.get(name, [])
            self._gate(
                self._drawing.baseline.gates[name], first, rest, self._lines.pipe if children else self._lines.none
            )
            for at, child in reversed(list(enumerate(children))):
                last = at == len(children) - 1
                fork, bar = (self._lines.last, self._lines.none) if last else (self._lines.fork, self._lines.pipe)
                todo.append((child, rest + fork, rest + bar))

    def _gate(self, gate: Gate, first: str, rest: str, stem: str) -> None:
        """One gate: its mark, name and title, then quietly what else there is to know; the lines of the tree go on."""
        result = self._results.get(gate.name)
        verdict = result.verdict if result else None
        glyph = f"{self._marks.glyph(verdict)} " if self._drawing.report else ""
        heading = f"{glyph}{gate.name} {self._marks.dash} {gate.title}"
        details = "; ".join(self._details(gate, result))
        self._block(heading, first, rest + stem, COLORS[verdict] if self._drawing.report else STRONG)
        self._block(details, rest + stem, rest + stem, QUIET)

    def _block(self, text: str, first: str, rest: str, style: str) -> None:
        room = max(self._page.width - width_of(rest), _LEAST_TEXT)
        for at, line in enumerate(wrapped(clean(text), room, fold=True)):
            lead = self._fitted(rest if at else first)
            bars = Cell(lead.rstrip(), width_of(lead), QUIET, keep="line", gap=0)
            self._page.row(bars, Cell(line, style=style, keep="line"))

    def _fitted(self, lead: str) -> str:
        """The lines before a gate; of a very deep one only the last, so that there is room for its name."""
        most = self._page.width - _LEAST_TEXT
        return lead if width_of(lead) <= most else self._lines.cut + lead[width_of(self._lines.cut) - most :]

    def _details(self, gate: Gate, result: GateResult | None) -> Iterator[str]:
        if self._drawing.report:
            yield "not in the report" if result is None else _state(result)
        else:
            yield words.checks(len(gate.checks))
        if others := [name for name in gate.needs if name != self._above[gate.name]]:
            yield f"also needs {', '.join(others)}"
        if strict := [name for name, verdict in gate.needs.items() if verdict is Verdict.PASS]:
            yield f"a warning of {', '.join(strict)} holds it"

    def _releases(self, releases: Sequence[Release]) -> None:
        self._page.row(Cell("releases", style=STRONG))
        name = column([release.name for release in releases], self._page.width // 3)
        for release in releases:
            self._page.row(Cell(release.name, name, keep="nothing"), Cell(release.title), indent=2)
            self._page.row(Cell("; ".join(self._of_release(release)), style=QUIET), indent=2 + name + 2)

    def _of_release(self, release: Release) -> Iterator[str]:
        whole = set(release.needs) == set(self._drawing.baseline.gates)
        yield f"after a PASS of {'every gate' if whole else ', '.join(release.needs)}"
        if release.conditions:
            by_hand = sum(1 for condition in release.conditions if condition.by_hand)
            said = plural(len(release.conditions), "condition")
            yield f"{said} ({by_hand} by hand)" if by_hand else said
        if self._drawing.report:
            waits = [f"{name} ({_word(self._results.get(name))})" for name in _not_passed(release, self._results)]
            yield f"waits for {', '.join(waits)}" if waits else "its gates are PASS"


def _state(result: GateResult) -> str:
    if result.verdict is Verdict.HELD and result.held_by:
        return f"HELD by {result.held_by}"
    return _word(result)


def _word(result: GateResult | None) -> str:
    return (result.verdict or "not asked") if result else "not in the report"


def _not_passed(release: Release, results: Mapping[str, GateResult]) -> tuple[str, ...]:
    passed = {name for name, result in results.items() if result.verdict is Verdict.PASS}
    return tuple(name for name in release.needs if name not in passed)


# -------------------------------------------------------------------------------------------------------------- mermaid

_ENTITIES = {ord(char): f"#{ord(char)};" for char in '"#&<>`\\%;|{}[]()'}
"""What could end a label or begin something in it, as Mermaid's own entity codes (number between # and ;)."""

_CLASSES: dict[Verdict, tuple[str, str]] = {
    Verdict.PASS: ("pass", "fill:#d7f0d7,stroke:#2e7d32,color:#000"),
    Verdict.WARN: ("warn", "fill:#fff3c4,stroke:#b28704,color:#000"),
    Verdict.BLOCKED: ("blocked", "fill:#f8d0d0,stroke:#b71c1c,stroke-width:3px,color:#000"),
    Verdict.HELD: ("held", "fill:#ececec,stroke:#757575,stroke-dasharray:4 3,color:#000"),
}


def mermaid(drawing: Drawing) -> str:
    """Return a Mermaid flowchart: gates as boxes, releases with round ends. Names are labels, never identifiers."""
    return "".join(f"{line}\n" for line in _flowchart(drawing))


def _flowchart(drawing: Drawing) -> Iterator[str]:
    baseline, results = drawing.baseline, drawing.results
    ids = {name: f"g{at}" for at, name in enumerate(drawing.order)}
    yield "flowchart TD"
    for name, identifier in ids.items():
        gate = baseline.gates[name]
        yield f'  {identifier}["{_label(name, gate.title, *([_state_of(results, name)] if drawing.report else []))}"]'
    for name, identifier in ids.items():
        for parent, verdict in baseline.gates[name].needs.items():
            arrow = "-->|PASS|" if verdict is Verdict.PASS else "-->"
            yield f"  {ids[parent]} {arrow} {identifier}"
    for at, release in enumerate(baseline.releases.values()):
        yield f'  r{at}(["{_label(f"release: {release.name}", release.title)}"])'
        for parent in drawing.last_of(release.needs):
            yield f"  {ids[parent]} -.->|PASS| r{at}"
    for verdict, (name, style) in _CLASSES.items():
        members = [ids[gate] for gate in ids if gate in results and results[gate].verdict is verdict]
        if members:
            yield f"  classDef {name} {style}"
            yield f"  class {','.join(members)} {name}"


def _state_of(results: Mapping[str, GateResult], name: str) -> str:
    result = results.get(name)
    return _state(result) if result else "not in the report"


def _label(*lines: str) -> str:
    return "<br/>".join(" ".join(visible(line).split()).translate(_ENTITIES) for line in lines if line.strip())
