"""What a drill says beside the reports: what it teaches, what happens, and whether coldstart found it."""

from collections.abc import Sequence

from coldstart.drill.course import Course, Found
from coldstart.drill.scenario import Event, Scenario, Stage
from coldstart.outcome import Result, Verdict
from coldstart.render.page import Cell, Page, column
from coldstart.render.style import COLORS, QUIET, STRONG, Marks

_LABEL = len("right answer")
_ATTEMPTS = len("attempts")
_NOT_FOUND = "either its verdicts are wrong, which is a defect, or the course of the scenario is"


def opening(scenario: Scenario, page: Page, *, pace: str) -> str:
    """What this drill is, before it begins."""
    page.paragraph(f"drill {scenario.name}: {scenario.title}", STRONG)
    _labelled(page, "teaches", scenario.teaches)
    _labelled(page, "pace", pace, QUIET)
    page.blank()
    return f"{page}\n"


def happens(event: Event, page: Page) -> str:
    """One line of the scenario's time line, at its moment."""
    page.paragraph(f"[{moment(event.at)}] {event.say}", "bold cyan")
    return str(page)


def closing(course: Course, page: Page, marks: Marks, *, parts: str) -> str:
    """Expected against observed, and what the operator has to do."""
    scenario = course.scenario
    rows = _rows(course, marks) if course.exact else [_end(course)]
    expected = column([row[1] for row in rows] + ["expected"], page.width // 2)
    good = marks.glyph(Verdict.PASS)
    page.paragraph("Expected against observed", STRONG)
    head = (Cell("attempts", _ATTEMPTS, QUIET), Cell("expected", expected, QUIET), Cell("observed", style=QUIET))
    page.row(Cell("", len(good)), *head, indent=2)
    for attempts, wanted, seen, met in rows:
        verdict = Verdict.PASS if met else Verdict.BLOCKED
        sign = Cell(marks.glyph(verdict), len(good), COLORS[verdict])
        page.row(sign, Cell(attempts, _ATTEMPTS), Cell(wanted, expected), Cell(seen), indent=2)
    if scenario.headline and course.headline_missing:
        page.paragraph(f"the headline does not say: {scenario.headline}", COLORS[Verdict.BLOCKED])
    page.blank()
    found = "coldstart found it" if course.right else f"coldstart did not find it: {_NOT_FOUND}"
    page.paragraph(found, COLORS[Verdict.PASS if course.right else Verdict.BLOCKED])
    _labelled(page, "right answer", scenario.answer)
    _labelled(page, "SOP", scenario.sop)
    _labelled(page, "time", parts, QUIET)
    return f"\n{page}"


def listing(scenarios: Sequence[Scenario], page: Page) -> str:
    """Every scenario, with what it teaches."""
    name = column([one.name for one in scenarios], page.width // 3)
    for one in scenarios:
        page.row(Cell(one.name, name, STRONG), Cell(one.title))
        page.row(Cell("", name), Cell(one.teaches, style=QUIET))
        page.row(Cell("", name), Cell(f"ends {_asked(one.last)} (SOP {one.sop})", style=QUIET))
        page.blank()
    return str(page)


def moment(at: float) -> str:
    """``01:30``, ``1:02:00``: since the start of the scenario."""
    minutes, seconds = divmod(int(at), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes:02}:{seconds:02}"


def _labelled(page: Page, label: str, text: str, style: str = "") -> None:
    page.row(Cell(label, _LABEL, QUIET), Cell(text, style=style), indent=2)


def _range(stage: Stage) -> str:
    first, last = stage.attempts
    return str(first) if first == last else f"{first}-{last}"


def _asked(stage: Stage) -> str:
    return _said(stage.result, stage.gate, stage.check)


def _words(found: Found) -> str:
    return _said(found.result, found.gate, found.check)


def _said(result: Result, gate: str | None, check: str | None) -> str:
    place = f"{gate}/{check}" if gate and check else gate or ""
    return f"{result} at {place}" if place else str(result)


def _rows(course: Course, marks: Marks) -> list[tuple[str, str, str, bool]]:
    """Attempts, expected, observed, and whether these agree: each stage, then attempts that should not have been."""
    scenario = course.scenario
    extra = [one for one in course.found if scenario.stage(one.attempt) is None]
    return [
        *(_row(course, stage, marks) for stage in scenario.course),
        *((str(one.attempt), "no more attempt", _words(one), False) for one in extra),
    ]


def _end(course: Course) -> tuple[str, str, str, bool]:
    """The last attempt alone, where the moments of the others were not planned."""
    last = course.found[-1]
    met = last.meets(course.scenario.last)
    return f"last, {last.attempt}", _asked(course.scenario.last), "as expected" if met else _words(last), met


def _row(course: Course, stage: Stage, marks: Marks) -> tuple[str, str, str, bool]:
    met = _met(course, stage)
    return _range(stage), _asked(stage), "as expected" if met else _seen(course, stage, marks), met


def _met(course: Course, stage: Stage) -> bool:
    first, last = stage.attempts
    mine = [one for one in course.found if first <= one.attempt <= last]
    return len(mine) == last - first + 1 and all(one.meets(stage) for one in mine)


def _seen(course: Course, stage: Stage, marks: Marks) -> str:
    """What the attempts of a stage said, each different answer once, in order."""
    first, last = stage.attempts
    said: list[str] = []
    for one in course.found:
        if first <= one.attempt <= last and _words(one) not in said:
            said.append(_words(one))
    missing = last - max(first - 1, min(last, len(course.found)))
    if missing:
        said.append(f"nothing in {missing} of them" if said else "nothing")
    return f", then {marks.more} ".join(said) if len(said) > 3 else ", then ".join(said)  # noqa: PLR2004 - a line's worth
