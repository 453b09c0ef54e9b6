"""What may start now, for people (SOP 5.3, 11, 12.2): what may go is decided in engine/releasing.py.

At the end of a report a line for each release, and what all of them wait for said once; `page` has every condition.
"""

import shlex
from collections.abc import Iterator, Sequence

from coldstart.decisions import ConditionItem, Decision, ReleaseItem
from coldstart.outcome import Report, Result, Verdict
from coldstart.render import words
from coldstart.render.escape_md import code, prose
from coldstart.render.page import Cell, Page, clean, column
from coldstart.render.style import COLORS, QUIET, STRONG, Marks, marks

_NAME_MOST = 24
_CLAIM_MOST = 48
_SHARED_MOST = 3
_LABEL = len("all wait for")
_DECISION = len(Decision.RELEASE)
_EARLIER = "released earlier, would be held now"


def counted(items: Sequence[ReleaseItem]) -> str:
    """Return ``2 of 7 may go: litellm, runners``, or ``none of 7 may go``."""
    go = [item.name for item in items if item.decision is Decision.RELEASE]
    if not go:
        return f"none of {len(items)} may go"
    return f"{len(go)} of {len(items)} may go: {', '.join(go)}"


def line(report: Report) -> str:
    """Return the one line of a chat message: how many may go, which, and what runs too early."""
    early = [item.name for item in report.releases if item.early]
    return f"releases: {counted(report.releases)}" + (f"; runs too early: {', '.join(early)}" if early else "")


def write(page: Page, signs: Marks, report: Report) -> None:
    """Write a line for each release on `page`; where a blocked gate holds them all, only that."""
    items = report.releases
    if not items:
        return
    page.row(Cell("releases", 8, STRONG), Cell(counted(items), style=QUIET))
    shared = shared_by(items)
    blocked = bool(shared) and report.result is Result.BLOCKED
    _write_shared(page, signs, shared, most=1 if blocked else _SHARED_MOST)
    if blocked:
        items = tuple(item for item in items if item.early or item.decision is Decision.RELEASE)
    rows = _rows(items, shared, signs)
    glyph = column(list(signs.glyphs.values()), page.width)
    name = column([names for names, *_ in rows], _NAME_MOST)
    for names, item, text in rows:
        verdict = _looks_like(item)
        page.row(
            Cell(signs.glyph(verdict), glyph, COLORS[verdict], gap=1),
            Cell(names, name),
            Cell(item.decision, _DECISION, STRONG if item.decision is Decision.RELEASE else ""),
            Cell(text, style=QUIET),
            indent=2,
        )
    page.blank()


def shared_by(items: Sequence[ReleaseItem]) -> tuple[ConditionItem, ...]:
    """Return what is unmet in every release that is held, in the same words; nothing where a single one is held."""
    held = [item for item in items if item.decision is Decision.HOLD]
    if len(held) < 2:  # noqa: PLR2004 - of one there is nothing to share
        return ()
    return tuple(one for one in held[0].unmet if all(one in item.unmet for item in held[1:]))


def _write_shared(page: Page, signs: Marks, shared: Sequence[ConditionItem], *, most: int) -> None:
    """What holds them all: first what was seen to be bad; what only waits for that is counted."""
    bad = [one for one in shared if one.met is False] or list(shared)
    shown = bad[:most]
    for at, one in enumerate(shown):
        text = _said(one, signs)
        if at == len(shown) - 1 and len(shared) > len(shown):
            text += f", and {len(shared) - len(shown)} more"
        page.row(Cell("" if at else "all wait for", _LABEL, QUIET), Cell(text), indent=2)


def _rows(
    items: Sequence[ReleaseItem], shared: Sequence[ConditionItem], signs: Marks
) -> list[tuple[str, ReleaseItem, str]]:
    """Name, release and words of each row; those that wait for nothing of their own are one row, the last."""
    rows: list[tuple[str, ReleaseItem, str]] = []
    alike: list[ReleaseItem] = []
    for item in items:
        text = _words(item, shared, signs)
        if not text:
            alike.append(item)
        else:
            rows.append((item.name, item, text))
    if alike:
        rows.append((alike[0].name, alike[0], _others(alike)))
    return rows


def _others(alike: Sequence[ReleaseItem]) -> str:
    rest = ", ".join(item.name for item in alike[1:])
    return "waits for nothing else" + (f"; neither do {rest}" if rest else "")


def _words(item: ReleaseItem, shared: Sequence[ConditionItem], signs: Marks) -> str:
    """What a row says; empty where a release waits for what all wait for, and for nothing else."""
    if item.decision is Decision.RELEASE:
        return f"all {len(item.conditions)} met"
    own = [one for one in item.unmet if one not in shared and not (shared and _only_waits(one))]
    if not own and shared and not (item.early or item.earlier):
        return ""
    own.sort(key=lambda one: one.met is not False)
    said = f"{len(item.unmet)} of {len(item.conditions)} unmet"
    said += f": {_said(own[0], signs)}" if own else ""
    said += f", and {len(own) - 1} more" if len(own) > 1 else ""
    before = "runs already; " if item.early else f"{_EARLIER}; " if item.earlier else ""
    return before + said


def _only_waits(one: ConditionItem) -> bool:
    """Whether a condition was not asked, and no person is needed for it: it follows from what holds the others."""
    return one.met is None and not one.by_hand


def _said(one: ConditionItem, signs: Marks) -> str:
    why = "by hand" if one.by_hand and one.met is None else words.cut(one.why, words.FOUND_MOST // 2, signs)
    return f"{words.cut(one.claim, words.FOUND_MOST // 2, signs)} ({why})"


def _looks_like(item: ReleaseItem) -> Verdict:
    if item.early:
        return Verdict.WARN
    return Verdict.PASS if item.decision is Decision.RELEASE else Verdict.HELD


# ---------------------------------------------------------------------------------------------------- coldstart release


def page(report: Report, *, width: int, color: bool, ascii: bool) -> str:  # noqa: A002 - the option's name
    """Return the report's releases, each with every condition that is not met; what all wait for is said once."""
    sheet = Page(width=width, color=color)
    signs = marks(ascii_only=ascii)
    if report.result is not Result.GREEN:
        sheet.paragraph(words.first_line(report, signs), STRONG)
        if narrowed := words.narrowed_line(report):
            sheet.paragraph(narrowed)
        sheet.blank()
    shared = shared_by(report.releases)
    if shared:
        sheet.paragraph("All that are held wait for:")
        _conditions(sheet, signs, shared)
        sheet.blank()
    for item in report.releases:
        _one(sheet, signs, item, shared)
        sheet.blank()
    sheet.paragraph(f"{counted(report.releases)} ({report.result})")
    sheet.paragraph(words.provenance(report), QUIET)
    return str(sheet)


def _one(sheet: Page, signs: Marks, item: ReleaseItem, shared: Sequence[ConditionItem]) -> None:
    verdict = _looks_like(item)
    glyphs = column(list(signs.glyphs.values()), sheet.width)
    of = len(item.conditions)
    tally = f"{len(item.unmet)} of {of} unmet" if item.unmet else f"all {of} met"
    sheet.row(
        Cell(signs.glyph(verdict), glyphs, COLORS[verdict], gap=1),
        Cell(f"{item.name}  {item.decision}  {tally}: {item.title}", style=STRONG),
    )
    start = glyphs + 1
    for label, text in (("runs already", item.early), ("note", _EARLIER if item.earlier else "")):
        if text:
            sheet.row(Cell(label, _LABEL, QUIET), Cell(text), indent=start)
    _conditions(sheet, signs, [one for one in item.unmet if one not in shared])
    for label, text in (("hint", item.hint), ("SOP", item.sop)):
        if text:
            sheet.row(Cell(label, _LABEL, QUIET), Cell(text), indent=start)


def _conditions(sheet: Page, signs: Marks, unmet: Sequence[ConditionItem]) -> None:
    rows = list(_unmet(unmet))
    glyphs = column(list(signs.glyphs.values()), sheet.width)
    claims = column([claim for _, claim, _ in rows], min(_CLAIM_MOST, sheet.width // 2))
    for verdict, claim, why in rows:
        mark = Cell(signs.glyph(verdict), glyphs, COLORS[verdict], gap=1)
        sheet.row(mark, Cell(claim, claims), Cell(why), indent=glyphs + 1)


def _unmet(unmet: Sequence[ConditionItem]) -> Iterator[tuple[Verdict | None, str, str]]:
    """Mark, claim and reason of each row; what was not asked for one and the same reason is one row, the last."""
    waiting: dict[str, list[str]] = {}
    for one in unmet:
        if _only_waits(one):
            waiting.setdefault(one.why, []).append(one.claim)
        else:
            yield Verdict.BLOCKED if one.met is False else None, one.claim, _why(one)
    for why, claims in waiting.items():
        if len(claims) == 1:
            yield None, claims[0], why
        else:
            yield None, f"{len(claims)} others", f"{why}: {'; '.join(claims)}"


def _why(one: ConditionItem) -> str:
    """Why a condition is not met; where a person must look, what at, and how to say that it holds."""
    if not one.by_hand or one.met is False:
        return one.why
    return f"by hand: {one.by_hand}; then add --confirm {shlex.quote(one.claim)}"


def short(report: Report) -> str:
    """Return a line for each release: a decision, and of one that is held every condition that it waits for."""
    lines = [] if report.result is Result.GREEN else [report.headline]
    for item in report.releases:
        unmet = "; ".join(f"{one.claim} ({one.why})" for one in item.unmet)
        early = f" [runs already: {item.early}]" if item.early else f" [{_EARLIER}]" if item.earlier else ""
        lines.append(f"{item.decision} {item.name}{early}" + (f": {unmet}" if unmet else ""))
    return "".join(f"{clean(' '.join(text.split()))}\n" for text in lines)


# ------------------------------------------------------------------------------------------------------------- markdown


def markdown(report: Report) -> Iterator[str]:
    """Yield the lines of a section for the logbook; nothing where no release is declared."""
    if not report.releases:
        return
    yield from ("### Releases", "", prose(counted(report.releases)), "")
    shared = shared_by(report.releases)
    if shared:
        yield from ("All that are held wait for:", "", *(f"- {_told(one)}" for one in shared), "")
    for item in report.releases:
        sop = f" (SOP {prose(item.sop)})" if item.sop else ""
        mark = "x" if item.decision is Decision.RELEASE else " "
        yield f"- [{mark}] **{item.decision}** {code(item.name)}: {prose(item.title)}{sop}"
        if item.early:
            yield f"    - runs already: {prose(item.early)}"
        if item.earlier:
            yield f"    - {_EARLIER}"
        yield from (f"    - not met: {_told(one)}" for one in item.unmet if one not in shared)


def _told(one: ConditionItem) -> str:
    return f"{prose(one.claim)}: {prose(f'by hand: {one.by_hand}' if one.by_hand and one.met is None else one.why)}"
