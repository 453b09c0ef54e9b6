"""One attempt of a watch as a block of plain lines: when, what came out, what changed, when the next one comes."""

from coldstart.attempt import Attempt
from coldstart.render import words
from coldstart.render.page import Cell, Page, column
from coldstart.render.style import COLORS, QUIET, STRONG, marks
from coldstart.render.table import verdict_of

_CHANGES_MOST = 20


def render(attempt: Attempt, *, width: int, color: bool, ascii: bool) -> str:  # noqa: A002 - the option's name
    """Return the block; append-only, so that a log of a watch reads from top to bottom."""
    page = Page(width=width, color=color)
    signs = marks(ascii_only=ascii)
    report = attempt.report
    when = f"{words.moment(report.started)}  attempt {attempt.number} of {attempt.of}"
    page.paragraph(f"{when}: {words.counted(report)}, {words.lasted(report.ended - report.started)}", STRONG)
    page.paragraph(words.first_line(report, signs), COLORS[verdict_of(report)])
    shown = attempt.changes[:_CHANGES_MOST]
    name = column([change.check for change in shown], page.width // 2)
    for at, change in enumerate(shown):
        said = f"{change.before} {'->' if ascii else '→'} {change.after}"
        text = f"{said}  {words.cut(change.observed, words.FOUND_MOST, signs)}".rstrip()
        page.row(
            Cell("changed" if not at else "", len("changed"), QUIET), Cell(change.check, name), Cell(text), indent=2
        )
    if len(attempt.changes) > len(shown):
        page.row(Cell("", len("changed")), Cell(f"{signs.more} and {len(attempt.changes) - len(shown)} more"), indent=2)
    if attempt.next_in is not None:
        page.paragraph(f"  next attempt in {words.lasted(attempt.next_in)}", QUIET)
    page.blank()
    return f"{page}\n"
