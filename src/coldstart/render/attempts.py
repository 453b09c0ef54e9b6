"""One attempt of a watch as a block of plain lines: when, what came out, what changed, when the next one comes."""

from collections.abc import Iterable

from coldstart.attempt import Attempt, Change
from coldstart.outcome import Verdict
from coldstart.render import words
from coldstart.render.page import Cell, Page, column
from coldstart.render.style import COLORS, QUIET, STRONG, marks
from coldstart.render.table import verdict_of

_CHANGES_MOST = 20
_LABEL = len("now good")
_BESIDE = 65
"""Cells that must be left beside the names of checks; where they are not, what was seen goes below its check."""


def render(attempt: Attempt, *, width: int, color: bool, ascii: bool) -> str:  # noqa: A002 - the option's name
    """Return the block; append-only, so that a log of a watch reads from top to bottom.

    What is good now is only named, a line a gate: after a cold start that is nearly everything, and it would bury what
    is not.
    """
    page = Page(width=width, color=color)
    signs = marks(ascii_only=ascii)
    report = attempt.report
    when = f"{words.moment(report.started)}  attempt {attempt.number} of {attempt.of}"
    page.paragraph(f"{when}: {words.counted(report)}, {words.lasted(report.ended - report.started)}", STRONG)
    page.paragraph(words.first_line(report, signs), COLORS[verdict_of(report)])
    good = [change for change in attempt.changes if change.after == Verdict.PASS.value]
    others = [change for change in attempt.changes if change not in good]
    shown = others[:_CHANGES_MOST]
    name = column([change.check for change in shown], page.width // 2)
    beside = page.width - name >= _BESIDE
    for at, change in enumerate(shown):
        said = f"{change.before} {'->' if ascii else '→'} {change.after}"
        text = f"{said}  {words.cut(change.observed, words.FOUND_MOST, signs)}".rstrip()
        label = Cell("" if at else "changed", _LABEL, QUIET)
        if beside:
            page.row(label, Cell(change.check, name), Cell(text), indent=2)
        else:
            page.row(label, Cell(change.check), indent=2)
            page.row(Cell("", _LABEL), Cell(text), indent=4)
    if len(others) > len(shown):
        page.row(Cell("", _LABEL), Cell(f"{signs.more} and {len(others) - len(shown)} more"), indent=2)
    for at, (gate, checks) in enumerate(_by_gate(good).items()):
        text = ", ".join(f"{check} ({' '.join(hosts)})" if hosts else check for check, hosts in checks.items())
        page.row(Cell("" if at else "now good", _LABEL, QUIET), Cell(f"{gate}: {text}"), indent=2)
    if attempt.next_in is not None:
        page.paragraph(f"  next attempt in {words.lasted(attempt.next_in)}", QUIET)
    page.blank()
    return f"{page}\n"


def _by_gate(changes: Iterable[Change]) -> dict[str, dict[str, list[str]]]:
    """The hosts of each check of each gate, in the order of the report."""
    gates: dict[str, dict[str, list[str]]] = {}
    for change in changes:
        check, _, host = change.check.partition("@")
        gate, _, name = check.partition("/")
        gates.setdefault(gate, {}).setdefault(name, []).extend([host] if host else [])
    return gates
