"""Accepted warnings for people: who took responsibility, and what became of each accept (SOP 13.5.3)."""

from coldstart.decisions import Accepted, AcceptItem, AcceptState
from coldstart.outcome import Report, Verdict
from coldstart.render.page import Cell, Page, column
from coldstart.render.style import COLORS, QUIET, STRONG, Marks
from coldstart.render.words import moment

ALARMING = (AcceptState.EXPIRED, AcceptState.UNKNOWN, AcceptState.VOID)
"""States that somebody must look at."""
_CHECK_MOST = 48


def responsible(accepted: Accepted) -> str:
    """Return why a warning was accepted, by whom, and until when."""
    by = f", by {accepted.by}" if accepted.by else ""
    until = f", until {moment(accepted.until)}" if accepted.until is not None else ""
    return f"{accepted.reason}{by}{until}"


def alarms(report: Report) -> tuple[str, ...]:
    """Return a line for each accept that somebody must look at, with where it is declared."""
    return tuple(f"accept of {_told(item)}" for item in report.accepts if item.state in ALARMING)


def write(page: Page, signs: Marks, report: Report) -> None:
    """Write a row for each accept on `page`, what became of it and why; nothing where there is none."""
    if not report.accepts:
        return
    glyphs = column(list(signs.glyphs.values()), page.width)
    name = column([item.check for item in report.accepts], min(_CHECK_MOST, page.width // 2))
    states = [item.state for item in report.accepts]
    counted = ", ".join(f"{states.count(state)} {state}" for state in AcceptState if state in states)
    page.row(Cell("accepts", 7, STRONG), Cell(counted, style=QUIET))
    for item in report.accepts:
        verdict = Verdict.WARN if item.state in ALARMING else None
        glyph = Cell(signs.glyph(verdict), glyphs, COLORS[verdict], gap=1)
        page.row(glyph, Cell(item.check, name), Cell(f"{item.state}: {item.says}"), indent=2)
        who = "" if item.state is AcceptState.IN_USE else f"{responsible(item.accepted)} "  # its check says so
        below = f"{who}({item.accepted.source})"
        page.row(Cell(below, style=QUIET), indent=2 + glyphs + 1 + name + 2)
    page.blank()


def _told(item: AcceptItem) -> str:
    source = f" ({item.accepted.source})" if item.accepted.source else ""
    return f"{item.check}: {item.state}: {item.says}{source}"
