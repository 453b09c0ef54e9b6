"""The criteria of a finished recovery (SOP 14) for people: what counts as done is decided in engine/reduce.py."""

from coldstart.outcome import DoneItem, Report, Verdict
from coldstart.render.page import Cell, Page, column
from coldstart.render.style import COLORS, QUIET, STRONG, Marks
from coldstart.text import plural

_ID_MOST = 24
_LOOKS_LIKE: dict[bool | None, Verdict | None] = {True: Verdict.PASS, False: Verdict.BLOCKED, None: None}


def counted(report: Report) -> str:
    """Return ``9 of 14 criteria done, 2 not done, 3 not known``; empty where none is declared."""
    if not report.done:
        return ""
    states = [item.done for item in report.done]
    kinds = ((False, "not done"), (None, "not known"))
    rest = [f"{states.count(state)} {words}" for state, words in kinds if state in states]
    return ", ".join((f"{states.count(True)} of {plural(len(states), 'criterion', 'criteria')} done", *rest))


def write(page: Page, signs: Marks, report: Report) -> None:
    """Write a row for each criterion on `page`, and below each that is not done why; nothing where none is declared."""
    if not report.done:
        return
    glyphs = column(list(signs.glyphs.values()), page.width)
    name = column([item.id for item in report.done], _ID_MOST)
    page.row(Cell("done", 4, STRONG), Cell(counted(report), style=QUIET))
    waiting: dict[str, list[str]] = {}
    for item in report.done:
        if item.done is None:
            waiting.setdefault(item.why, []).append(item.id)
    together = {why for why, ids in waiting.items() if len(ids) > 1}
    for item in report.done:
        if item.done is not None or item.why not in together:
            _item(page, signs, item, glyphs, name)
    for why in sorted(together):
        glyph = Cell(signs.glyph(None), glyphs, COLORS[None], gap=1)
        page.row(glyph, Cell(f"{why}: {', '.join(waiting[why])}", style=QUIET), indent=2)
    page.blank()


def _item(page: Page, signs: Marks, item: DoneItem, glyphs: int, name: int) -> None:
    verdict = _LOOKS_LIKE[item.done]
    glyph = Cell(signs.glyph(verdict), glyphs, COLORS[verdict], gap=1)
    page.row(glyph, Cell(item.id, name, keep="nothing"), Cell(item.claim), indent=2)
    if item.why:
        page.row(Cell(item.why, style=QUIET), indent=2 + glyphs + 1 + name + 2)
