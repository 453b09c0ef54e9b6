"""A report for a terminal: the root first, then every gate in order, then what it comes to."""

from coldstart.outcome import GateResult, Report, Verdict
from coldstart.render import accepted, done, releases, words
from coldstart.render.checks import GateRows
from coldstart.render.page import Cell, Page, column
from coldstart.render.style import COLORS, QUIET, STRONG, Marks, marks
from coldstart.text import plural

_GATE_MOST = 32
_LABEL = 10
_RESULT_VERDICT = {0: Verdict.PASS, 1: Verdict.WARN, 2: Verdict.BLOCKED}


def verdict_of(report: Report) -> Verdict:
    """The verdict in whose colour a result is shown; no verdict at all looks as bad as BLOCKED."""
    return _RESULT_VERDICT.get(report.exit_code, Verdict.BLOCKED)


def render(report: Report, *, width: int, color: bool, ascii: bool, verbose: bool = False) -> str:  # noqa: A002 - the option's name
    """Return the whole report as lines of at most `width` cells; `verbose` adds what was observed where it passed.

    Only unbreakable words (URLs, paths) may stand over the width. Nothing depends on colour.
    """
    page = Page(width=width, color=color)
    table = _Table(page, marks(ascii_only=ascii), report)
    table.root()
    table.gates(verbose=verbose)
    accepted.write(page, marks(ascii_only=ascii), report)
    done.write(page, marks(ascii_only=ascii), report)
    releases.write(page, marks(ascii_only=ascii), report)
    table.summary()
    return str(page)


class _Table:
    def __init__(self, page: Page, signs: Marks, report: Report) -> None:
        self._page, self._marks, self._report = page, signs, report
        self._glyph = column(list(signs.glyphs.values()), page.width)
        self._gate = column([gate.name for gate in report.gates], _GATE_MOST)

    def _detail(self, label: str, text: str) -> None:
        if text:
            self._page.row(Cell(label, _LABEL, QUIET), Cell(text), indent=2)

    def root(self) -> None:
        """The first line, and what to know before acting on it."""
        report, first = self._report, self._report.root
        verdict = verdict_of(report)
        strong = COLORS[verdict] if "bold" in COLORS[verdict] else f"bold {COLORS[verdict]}"
        line = words.first_line(report, self._marks)
        self._page.paragraph(line, strong)
        if first:
            also = f" (+{first.also} more in this gate)" if first.also else ""
            self._detail("check", (f"{first.check}@{first.host}" if first.host else first.check) + also)
            self._detail("holds back", ", ".join(words.held_back(report)))
            self._detail("hint", first.hint)
            self._detail("SOP", first.sop)
        self._page.blank()

    def gates(self, *, verbose: bool) -> None:
        one_liner = True
        for gate in self._report.gates:
            said = self._on_one_line(gate)
            if not (one_liner and said):
                self._page.blank()
            one_liner = bool(said)
            self._heading(gate, said or self._title(gate), QUIET if said else STRONG)
            if not said:
                GateRows(self._page, self._marks, gate, verbose=verbose).write()
        self._page.blank()

    def _heading(self, gate: GateResult, text: str, text_style: str) -> None:
        glyph = Cell(self._marks.glyph(gate.verdict), self._glyph, COLORS[gate.verdict], gap=1)
        name = Cell(gate.name, self._gate, QUIET if text_style == QUIET else STRONG, keep="nothing")
        self._page.row(glyph, name, Cell(text, style=text_style))

    def _on_one_line(self, gate: GateResult) -> str:
        """What stands for all checks of a gate in which nothing was asked; empty for one that has something to show."""
        if any(check.outcome for check in gate.checks):
            return ""
        if gate.verdict is Verdict.HELD:
            return f"held by {gate.held_by} ({words.checks(len(gate.checks))} not asked)"
        reasons = {check.not_applicable for check in gate.checks}
        return reasons.pop() or "nothing was asked" if len(reasons) == 1 else ""

    def _title(self, gate: GateResult) -> str:
        below = sorted({check.downstream_of for check in gate.checks if check.downstream_of})
        mark = f"downstream of {', '.join(below)}" if below else ""
        return f" {self._marks.dash} ".join(part for part in (gate.title, mark, _tally(gate)) if part)

    def summary(self) -> None:
        report = self._report
        for note in words.notes(report):
            self._page.paragraph(f"note: {note}", hang=len("note: "))
        self._page.blank()
        counts = f"{words.counted(report)} in {plural(len(report.gates), 'gate')}"
        self._page.paragraph(f"{counts}, {words.lasted(report.ended - report.started)}")
        if narrowed := words.narrowed_line(report):
            self._page.paragraph(narrowed, COLORS[Verdict.WARN])
        self._page.paragraph(words.result_line(report), COLORS[verdict_of(report)])
        self._page.paragraph(words.provenance(report), QUIET)


def _tally(gate: GateResult) -> str:
    verdicts = [check.verdict for check in gate.checks]
    kinds = (
        (Verdict.BLOCKED, "blocked"),
        (Verdict.WARN, "warned"),
        (Verdict.HELD, "held"),
        (Verdict.PASS, "passed"),
    )
    return ", ".join(f"{verdicts.count(verdict)} {word}" for verdict, word in kinds if verdict in verdicts)
