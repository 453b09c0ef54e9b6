"""What changed between two runs, for a terminal and as JSON."""

from collections.abc import Sequence
from typing import Any

from coldstart.attempt import Change
from coldstart.outcome import Report, Verdict
from coldstart.render import words
from coldstart.render.differences import Differences
from coldstart.render.history import command, local, run_document
from coldstart.render.page import Cell, Page, column
from coldstart.render.style import COLORS, QUIET, STRONG, Marks, marks
from coldstart.render.table import verdict_of
from coldstart.runs import Run

SCHEMA_VERSION = 1

_LABEL = len("only in 12345")
_BESIDE = 50
"""Cells that must be left beside the names; where they are not, what changed goes below each."""


def table(
    runs: tuple[Run, Run],
    reports: tuple[Report, Report],
    found: Differences,
    *,
    width: int,
    color: bool,
    ascii: bool,  # noqa: A002 - the option's name
) -> str:
    """Return what changed from the first run to the second, as lines of at most `width` cells."""
    page = Page(width=width, color=color)
    _Table(page, marks(ascii_only=ascii), "->" if ascii else "→").write(runs, reports, found)
    return str(page)


class _Table:
    def __init__(self, page: Page, signs: Marks, arrow: str) -> None:
        self._page, self._marks, self._arrow = page, signs, arrow

    def write(self, runs: tuple[Run, Run], reports: tuple[Report, Report], found: Differences) -> None:
        before, after = runs
        if before.id == after.id:
            self._page.paragraph(f"Both are run {before.id}: nothing to compare.", STRONG)
            return
        for run, report in zip(runs, reports, strict=True):
            head = f"run {run.id}  {local(run.started)}  {command(run)}: {words.first_line(report, self._marks)}"
            self._page.paragraph(words.cut(head, 2 * self._page.width, self._marks), COLORS[verdict_of(report)])
        for note in found.notes:
            self._page.paragraph(note, QUIET)
        self._page.blank()
        if found.none:
            self._page.paragraph("Nothing changed: the same verdicts and reasons, on the same boots.", STRONG)
            return
        if found.result:
            self._page.row(Cell("result", _LABEL, QUIET), Cell(self._said(found.result)))
        self._changes("rebooted", found.hosts)
        self._changes("gates", found.gates)
        self._changes("checks", found.checks)
        self._changes("accepted", found.accepted)
        self._names(f"only in {before.id}", found.only_before)
        self._names(f"only in {after.id}", found.only_after)
        self._changes("done", found.done)
        self._changes("releases", found.releases)

    def _changes(self, label: str, changes: Sequence[Change]) -> None:
        name = column([change.check for change in changes], self._page.width)
        beside = self._page.width - _LABEL - name >= _BESIDE
        for at, change in enumerate(changes):
            observed = words.cut(change.observed, words.FOUND_MOST, self._marks)
            text = Cell(f"{self._said(change)}  {observed}".rstrip(), style=_COLOR.get(change.after, ""))
            first = Cell("" if at else label, _LABEL, QUIET)
            if beside:
                self._page.row(first, Cell(change.check, name), text)
            else:
                self._page.row(first, Cell(change.check))
                self._page.row(Cell("", _LABEL), text, indent=2)

    def _names(self, label: str, names: Sequence[str]) -> None:
        gates: dict[str, dict[str, list[str]]] = {}
        for name in names:
            check, _, host = name.partition("@")
            gate, _, rest = check.partition("/")
            gates.setdefault(gate, {}).setdefault(rest, []).extend([host] if host else [])
        for at, (gate, checks) in enumerate(gates.items()):
            said = ", ".join(f"{check} ({' '.join(hosts)})" if hosts else check for check, hosts in checks.items())
            self._page.row(Cell("" if at else label, _LABEL, QUIET), Cell(f"{gate}: {said}"))

    def _said(self, change: Change) -> str:
        return f"{change.before} {self._arrow} {change.after}"


_COLOR = {verdict.value: COLORS[verdict] for verdict in (Verdict.PASS, Verdict.WARN, Verdict.BLOCKED)}


def document(runs: tuple[Run, Run], found: Differences) -> dict[str, Any]:
    """Return the same as a JSON object."""
    return {
        "schema_version": SCHEMA_VERSION,
        "before": run_document(runs[0]),
        "after": run_document(runs[1]),
        "changed": not found.none,
        "notes": list(found.notes),
        "result": _change(found.result) if found.result else None,
        "hosts": [_change(change) for change in found.hosts],
        "gates": [_change(change) for change in found.gates],
        "checks": [_change(change) for change in found.checks],
        "accepted": [_change(change) for change in found.accepted],
        "only_before": list(found.only_before),
        "only_after": list(found.only_after),
        "done": [_change(change) for change in found.done],
        "releases": [_change(change) for change in found.releases],
    }


def _change(change: Change) -> dict[str, str]:
    return {"name": change.check, "before": change.before, "after": change.after, "observed": change.observed}
