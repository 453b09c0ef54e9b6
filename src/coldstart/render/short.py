"""A report for a chat message: the root, what is not PASS, and the summary; about twenty lines, each for one thing."""

from collections.abc import Iterator

from coldstart.outcome import GateResult, Report, Verdict
from coldstart.render import done, releases, words
from coldstart.render.accepted import alarms, responsible
from coldstart.render.merge import Alike, alike, lost_hosts
from coldstart.render.page import clean
from coldstart.render.style import Marks, marks

_TROUBLES_MOST = 12
_NOTES_MOST = 3


def render(report: Report, *, ascii: bool = False) -> str:  # noqa: A002 - the option's name
    """Return the lines; none is wrapped, a chat does that. What does not fit is counted, never silently dropped."""
    signs = marks(ascii_only=ascii)
    return "".join(f"{clean(line).rstrip()}\n" for line in _lines(report, signs))


def _lines(report: Report, signs: Marks) -> Iterator[str]:
    first = words.first_line(report, signs)
    yield first
    if holds := words.held_back(report):
        yield f"holds back: {', '.join(holds)}"
    if report.root and report.root.hint:
        sop = f" (SOP {report.root.sop})" if report.root.sop else ""
        yield f"hint: {words.cut(report.root.hint, 2 * words.FOUND_MOST, signs)}{sop}"
    troubles = [trouble for gate in report.gates for trouble in _troubles(gate, signs)]
    blocked_first = sorted(troubles, key=lambda trouble: trouble[0] is not Verdict.BLOCKED)
    yield from (line for _, line in blocked_first[:_TROUBLES_MOST])
    if len(troubles) > _TROUBLES_MOST:
        yield f"{signs.more} and {len(troubles) - _TROUBLES_MOST} more like these in the table"
    held = [gate.name for gate in report.gates if gate.verdict is Verdict.HELD and gate.name not in holds]
    if held:
        yield f"{signs.glyph(Verdict.HELD)} held: {', '.join(held)}"
    bad = [f"{signs.glyph(Verdict.WARN)} {words.cut(line, words.FOUND_MOST, signs)}" for line in alarms(report)]
    yield from bad[:_NOTES_MOST]
    if len(bad) > _NOTES_MOST:
        yield f"{signs.more} and {len(bad) - _NOTES_MOST} more accepts to be looked at"
    notes = words.notes(report)
    yield from (f"note: {words.cut(note, words.FOUND_MOST, signs)}" for note in notes[:_NOTES_MOST])
    if len(notes) > _NOTES_MOST:
        yield f"{signs.more} and {len(notes) - _NOTES_MOST} more notes"
    if not all(reason in first for reason in report.narrowed):
        yield words.narrowed_line(report)
    if report.done:
        yield done.counted(report)
    if report.releases:
        yield releases.line(report)
    yield f"{words.counted(report)}, {words.lasted(report.ended - report.started)}"
    yield words.result_line(report)


def _troubles(gate: GateResult, signs: Marks) -> Iterator[tuple[Verdict, str]]:
    """One line for each failed check (over its hosts where they agree) and for each host that could not be asked."""
    lost = lost_hosts(gate.checks)
    gone = {id(check) for one in lost for check in one.checks}
    for one in lost:
        why = one.reason.says.removeprefix(words.COULD_NOT)
        cost = words.checks(len(one.checks))
        yield (
            one.verdict,
            f"{signs.glyph(one.verdict)} {gate.name}@{','.join(one.hosts)}: {words.NOT_OBSERVED}: {why} ({cost})",
        )
    for group in alike([check for check in gate.checks if id(check) not in gone]):
        for same in group:
            if same.first.verdict in (Verdict.WARN, Verdict.BLOCKED):
                yield same.first.verdict, f"{signs.glyph(same.first.verdict)} {_key(same)}: {_found(same, signs)}"


def _key(same: Alike) -> str:
    return f"{same.first.id}@{','.join(same.hosts)}" if same.hosts else same.first.id


def _found(same: Alike, signs: Marks) -> str:
    check = same.first
    if check.outcome is None:
        return "not asked"
    label = f"{words.NOT_OBSERVED}: " if words.unseen(check.outcome) else ""
    below = f" (downstream of {check.downstream_of})" if check.downstream_of else ""
    wordings = [f"{' '.join(hosts)}: {text}" if len(same.found) > 1 else text for text, hosts in same.found]
    found = "; ".join(wordings)
    by = f" (accepted: {words.cut(responsible(check.accepted), words.FOUND_MOST, signs)})" if check.accepted else ""
    return f"{label}{words.cut(found, words.FOUND_MOST, signs)}{below}{by}"
