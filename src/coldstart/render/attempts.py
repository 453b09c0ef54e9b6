"""One attempt of a watch as a block of plain lines: when, what came out, what changed, when the next one comes."""

from collections.abc import Iterable

from coldstart.attempt import Attempt, Change, Outlook
from coldstart.outcome import Verdict
from coldstart.render import words
from coldstart.render.page import Cell, Page, column
from coldstart.render.style import COLORS, QUIET, STRONG, UNSEEN, Marks, marks
from coldstart.render.table import verdict_of
from coldstart.text import span

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
    if attempt.discarded:
        again = "" if attempt.ending else "; it is made again now"
        page.paragraph(f"{when}: {attempt.discarded}{again}", COLORS[Verdict.WARN])
    else:
        page.paragraph(f"{when}: {words.counted(report)}, {words.lasted(report.ended - report.started)}", STRONG)
        page.paragraph(words.first_line(report, signs), COLORS[verdict_of(report)])
        _Block(page, signs, attempt, arrow="->" if ascii else "→").write()
    if attempt.ending:
        page.row(Cell("ended", _LABEL, QUIET), Cell(attempt.ending), indent=2)
    elif attempt.next_in:
        page.paragraph(f"  next attempt in {words.lasted(attempt.next_in)}", QUIET)
    page.blank()
    return f"{page}\n"


class _Block:
    """What an attempt has to tell below its first lines."""

    def __init__(self, page: Page, signs: Marks, attempt: Attempt, *, arrow: str) -> None:
        self._page, self._signs, self._attempt, self._arrow = page, signs, attempt, arrow

    def write(self) -> None:
        attempt = self._attempt
        if attempt.gap:
            self._row("gap", f"this machine did not run for {span(abs(attempt.gap))} before this attempt")
        if attempt.stable > 1 and attempt.streak:
            self._row("held", f"all is good in {attempt.streak} of {attempt.stable} attempts in a row")
        good = [change for change in attempt.changes if change.after == Verdict.PASS.value]
        self._changed([change for change in attempt.changes if change not in good])
        for at, (gate, checks) in enumerate(_by_gate(good).items()):
            named = ", ".join(f"{check} ({' '.join(hosts)})" if hosts else check for check, hosts in checks.items())
            self._row("" if at else "now good", f"{gate}: {named}")
        self._outlooks()
        for at, last in enumerate(attempt.last_errors):
            asked = "" if last.attempt == attempt.number else f" (attempt {last.attempt}, not asked since)"
            self._row(
                "" if at else "last", f"{last.check}: {words.cut(last.said, words.FOUND_MOST, self._signs)}{asked}"
            )

    def _row(self, label: str, text: str, style: str = "") -> None:
        self._page.row(Cell(label, _LABEL, QUIET), Cell(text, style=style), indent=2)

    def _changed(self, changes: list[Change]) -> None:
        shown = changes[:_CHANGES_MOST]
        name = column([change.check for change in shown], self._page.width // 2)
        beside = self._page.width - name >= _BESIDE
        for at, change in enumerate(shown):
            said = f"{change.before} {self._arrow} {change.after}"
            text = f"{said}  {words.cut(change.observed, words.FOUND_MOST, self._signs)}".rstrip()
            label = Cell("" if at else "changed", _LABEL, QUIET)
            if beside:
                self._page.row(label, Cell(change.check, name), Cell(text), indent=2)
            else:
                self._page.row(label, Cell(change.check), indent=2)
                self._page.row(Cell("", _LABEL), Cell(text), indent=4)
        if len(changes) > len(shown):
            self._row("", f"{self._signs.more} and {len(changes) - len(shown)} more")

    def _outlooks(self) -> None:
        """Of each gate that waits: for how long it is as it is, and what waiting will do."""
        attempt = self._attempt
        waiting = [gate for gate in attempt.report.gates if gate.name in attempt.outlooks]
        for at, gate in enumerate(waiting):
            since = attempt.report.started - attempt.since.get(gate.name, attempt.report.started)
            lasts = f" for {span(since)}" if since >= 1 else ""
            outlook = attempt.outlooks[gate.name]
            style = UNSEEN if outlook is Outlook.NEEDS_HUMAN else ""
            self._row("" if at else "waiting", f"{gate.name}: {gate.verdict}{lasts}, {outlook}", style)


def _by_gate(changes: Iterable[Change]) -> dict[str, dict[str, list[str]]]:
    """The hosts of each check of each gate, in the order of the report."""
    gates: dict[str, dict[str, list[str]]] = {}
    for change in changes:
        check, _, host = change.check.partition("@")
        gate, _, name = check.partition("/")
        gates.setdefault(gate, {}).setdefault(name, []).extend([host] if host else [])
    return gates
