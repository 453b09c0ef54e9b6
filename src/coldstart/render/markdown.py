"""A report for the logbook (docs/LOGBOOK.md, SOP 13.5.5): what came out, what was not good, what was done about it."""

from collections import Counter
from collections.abc import Iterator, Sequence

from coldstart.outcome import Conclusion, GateResult, Outcome, Part, Report, Verdict
from coldstart.render import done, releases, words
from coldstart.render.accepted import ALARMING, responsible
from coldstart.render.asked import in_brief, place_of
from coldstart.render.escape_md import cell, code, prose
from coldstart.render.merge import Alike, alike
from coldstart.render.style import UNICODE

_PARTS_MOST = 12
_ASKED_MOST = 3
_COUNTED = (Verdict.PASS, Verdict.WARN, Verdict.BLOCKED, Verdict.HELD)


def render(report: Report) -> str:
    """Return one section of Markdown (GitHub's), from a second-level heading on, to be appended to a logbook."""
    found = [_head(report), _gates(report), _troubles(report), _accepts(report)]
    blocks = [*found, _done(report), list(releases.markdown(report)), _repairs()]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _head(report: Report) -> list[str]:
    lines = [
        f"## {words.moment(report.started)}: {report.result}",
        "",
        f"**Headline:** {prose(words.first_line(report, UNICODE))}",
        "",
        f"- result: **{report.result}**, {prose(words.result_line(report).partition(', ')[2])}",
    ]
    if root := report.root:
        name = f"{root.check}@{root.host}" if root.host else root.check
        lines.append(f"- root: {code(name)}" + (f" (+{root.also} more in this gate)" if root.also else ""))
    if holds := words.held_back(report):
        lines.append(f"- holds back: {prose(', '.join(holds))}")
    if narrowed := words.narrowed_line(report):
        lines.append(f"- {prose(narrowed)}")
    lines.append(f"- {words.counted(report)}, {words.lasted(report.ended - report.started)}")
    lines.append(f"- baseline: {prose(words.provenance(report))}")
    lines += [f"- note: {prose(note)}" for note in words.notes(report)]
    return lines


def _gates(report: Report) -> list[str]:
    names = " | ".join(verdict.lower() for verdict in _COUNTED)
    rows = [f"| gate | what | verdict | {names} |", "|---|---|---|" + "---:|" * len(_COUNTED)]
    for gate in report.gates:
        counts = Counter(check.verdict for check in gate.checks)
        numbers = " | ".join(str(counts[verdict]) for verdict in _COUNTED)
        rows.append(f"| {cell(gate.name)} | {cell(gate.title)} | {_verdict(gate)} | {numbers} |")
    return rows


def _verdict(gate: GateResult) -> str:
    if gate.verdict is Verdict.HELD and gate.held_by:
        return f"HELD by {cell(gate.held_by)}"
    return f"**{gate.verdict}**" if gate.verdict in (Verdict.WARN, Verdict.BLOCKED) else gate.verdict or "not asked"


def _troubles(report: Report) -> list[str]:
    lines: list[str] = []
    for gate in report.gates:
        for group in alike(gate.checks):
            for same in group:
                if same.first.verdict in (Verdict.WARN, Verdict.BLOCKED):
                    lines += ["", *_trouble(same)]
    return ["### Not as required", *lines] if lines else []


def _trouble(same: Alike) -> Iterator[str]:
    check = same.first
    where = f" on {', '.join(code(host) for host in same.hosts)}" if same.hosts else ""
    yield f"**{check.verdict}** {code(check.id)}{where}: {prose(check.claim)}"
    yield ""
    outcome = check.outcome
    if outcome:
        if same.expected:
            yield f"- expected: {code(same.expected)}"
        yield from _parts(outcome.parts) or _found(same, outcome)
        for member in check.members:
            seen = words.seen(member.outcome) if member.outcome else member.not_applicable
            yield f"    - {code(words.name_of(member))}: {code(seen or 'not asked')}"
        for exchange in check.exchanges[:_ASKED_MOST]:
            yield f"- asked: {code(f'{place_of(exchange.read)} {in_brief(exchange.read).text}')}"
    if check.accepted:
        yield f"- accepted: {prose(responsible(check.accepted))}"
    if check.downstream_of:
        yield f"- downstream of {code(check.downstream_of)}: may be only its consequence"
    if check.hint:
        yield f"- hint: {prose(check.hint)}"
    if check.sop:
        yield f"- SOP: {prose(check.sop)}"


def _found(same: Alike, outcome: Outcome) -> Iterator[str]:
    """What was seen, in each of its wordings with the hosts that it is from."""
    label = f"**{words.NOT_OBSERVED}**" if words.unseen(outcome) else "observed"
    for text, hosts in same.found:
        whose = f" on {', '.join(code(host) for host in hosts)}" if len(same.found) > 1 else ""
        yield f"- {label}{whose}: {code(text)}"


def _parts(parts: Sequence[Part]) -> list[str]:
    """Those of several things that were not as required, each alone; empty where the observed line says it all."""
    bad = [part for part in parts if part.conclusion is not Conclusion.MET]
    if len(bad) < 2:  # noqa: PLR2004 - of one there is nothing to take apart
        return []
    lines = [f"- observed: {len(bad)} of {len(parts)} are not as required"]
    for part in bad[:_PARTS_MOST]:
        mark = f"**{words.NOT_OBSERVED}**: " if part.conclusion is Conclusion.UNOBSERVED else ""
        lines.append(f"    - {code(part.name)}: {mark}{code(part.observed or part.reason.says)}")
    if len(bad) > _PARTS_MOST:
        lines.append(f"    - and {len(bad) - _PARTS_MOST} more")
    return lines


def _accepts(report: Report) -> list[str]:
    """What became of each accept, those that somebody must look at in bold."""
    lines = ["### Accepts", ""] if report.accepts else []
    for item in report.accepts:
        state = f"**{item.state}**" if item.state in ALARMING else str(item.state)
        lines.append(f"- {state} {code(item.check)}: {prose(item.says)} ({prose(responsible(item.accepted))})")
    return lines


def _done(report: Report) -> list[str]:
    if not report.done:
        return []
    lines = ["### Done criteria", "", done.counted(report), ""]
    for item in report.done:
        sop = f" (SOP {prose(item.sop)})" if item.sop else ""
        lines.append(f"- [{'x' if item.done else ' '}] {code(item.id)}: {prose(item.claim)}{sop}")
        if item.why:
            state = "not done" if item.done is False else "not known"
            lines.append(f"    - {state}: {prose(item.why)}")
    return lines


def _repairs() -> list[str]:
    """Empty rows to be filled in by hand: a repair that is not written down did not happen for the next reboot."""
    return [
        "### Manual repairs",
        "",
        "| when | who | what was done | approved by | result |",
        "|---|---|---|---|---|",
        "|  |  |  |  |  |",
    ]
