"""A stored run as an entry of the logbook (SOP 13.5.5): summary, time line of the gates, and room for manual repairs.

It is read weeks later by people who were not there, so moments are given in local time with its offset, and in UTC.
`check -o markdown` prints `markdown.py` instead: every failure in detail, for who is repairing it now.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo

from coldstart.decisions import Accepted, AcceptItem, AcceptState
from coldstart.outcome import CheckResult, GateResult, Report, Verdict
from coldstart.render import done, releases, words
from coldstart.render.escape_md import cell, code, prose
from coldstart.render.merge import Alike, alike
from coldstart.render.spans import Spans, own, used_by_gate
from coldstart.render.style import UNICODE

_REPAIR_ROWS = 3


def render(report: Report, *, zone: tzinfo | None = None) -> str:
    """Return one section of Markdown (GitHub's), from a second-level heading on; `zone` None is this machine's."""
    times = _Times(zone)
    blocks = [
        _head(report, times),
        _hosts(report),
        _gates(report, times),
        _checks(report, Verdict.BLOCKED, "Blocked", times),
        _checks(report, Verdict.WARN, "Warnings", times),
        _spent_accepts(report),
        list(releases.markdown(report)),
        _done(report),
        _repairs(),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


class _Times:
    def __init__(self, zone: tzinfo | None) -> None:
        self._zone = zone

    def _at(self, epoch: float) -> datetime:
        return datetime.fromtimestamp(epoch, UTC).astimezone(self._zone)

    def both(self, epoch: float) -> str:
        """``2026-11-24 11:22:50 +0800 (03:22:50Z)``, with the date in UTC where it is another one."""
        local, utc = self._at(epoch), datetime.fromtimestamp(epoch, UTC)
        of_utc = utc.strftime("%H:%M:%SZ" if utc.date() == local.date() else "%Y-%m-%d %H:%M:%SZ")
        return f"{local.strftime('%Y-%m-%d %H:%M:%S %z')} ({of_utc})"

    def clock(self, epoch: float) -> str:
        """``11:22:50``: the time of day, for a table whose heading has the date."""
        return self._at(epoch).strftime("%H:%M:%S")


def _head(report: Report, times: _Times) -> Iterator[str]:
    yield f"## {times.both(report.started)}: {report.result}"
    yield ""
    yield f"**{prose(words.first_line(report, UNICODE))}**"
    yield ""
    yield f"- result: {prose(words.result_line(report))}"
    if root := report.root:
        name = f"{root.check}@{root.host}" if root.host else root.check
        yield f"- root: {code(name)}" + (f" (+{root.also} more in this gate)" if root.also else "")
        if root.tier:
            yield f"- protection tier: {prose(root.tier)}"
    if holds := words.held_back(report):
        yield f"- holds back: {prose(', '.join(holds))}"
    if narrowed := words.narrowed_line(report):
        yield f"- {prose(narrowed)}"
    yield f"- checks: {words.counted(report)}"
    yield f"- ended: {times.both(report.ended)}, after {words.lasted(report.ended - report.started)}"
    yield f"- baseline: {prose(report.baseline_name)}, sha256 {report.baseline_sha256[:12]}"
    yield f"- coldstart {prose(report.version)}"
    yield from (f"- note: {prose(note)}" for note in words.notes(report))


def _hosts(report: Report) -> list[str]:
    if not report.hosts:
        return []
    rows = ["### Hosts", "", "| host | address | boot id | problem |", "|---|---|---|---|"]
    for host in report.hosts:
        boot, problem = cell(host.boot_id or "not read"), cell(host.problem or "none")
        rows.append(f"| {cell(host.name)} | {cell(host.address)} | {boot} | {problem} |")
    return rows


def _gates(report: Report, times: _Times) -> list[str]:
    spans = used_by_gate(report)
    rows = [
        "### Time line of the gates",
        "",
        "| gate | what | verdict | began | ended | lasted |",
        "|---|---|---|---|---|---:|",
    ]
    for gate in report.gates:
        when = _when(report, gate, spans, times)
        rows.append(f"| {cell(gate.name)} | {cell(gate.title)} | {_verdict(gate)} | {when} |")
    return rows


def _when(report: Report, gate: GateResult, spans: Spans, times: _Times) -> str:
    """From its first read to its last: reads that an earlier gate had asked already are that gate's."""
    asked = own(spans, gate.name)
    if not asked:
        return "- | - | answered before" if spans[gate.name] else "- | - | not asked"
    start, end = min(span.start for span in asked), max(span.end for span in asked)
    began, ended = times.clock(report.started + start), times.clock(report.started + end)
    return f"{began} | {ended} | {words.lasted(end - start)}"


def _verdict(gate: GateResult) -> str:
    if gate.verdict is Verdict.HELD and gate.held_by:
        return f"HELD by {cell(gate.held_by)}"
    return f"**{gate.verdict}**" if gate.verdict in (Verdict.WARN, Verdict.BLOCKED) else gate.verdict or "not asked"


def _checks(report: Report, verdict: Verdict, title: str, times: _Times) -> list[str]:
    found = [check for gate in report.gates for check in gate.checks if check.verdict is verdict]
    if not found:
        return []
    lines = [f"### {title}", ""]
    for accepted, checks in _by_accept(found):
        for group in alike(checks):
            for same in group:
                lines += _check(same, verdict, accepted, times)
    return lines


def _by_accept(checks: list[CheckResult]) -> list[tuple[Accepted | None, list[CheckResult]]]:
    """What nobody accepted first."""
    found: dict[Accepted | None, list[CheckResult]] = {None: []}
    for check in checks:
        found.setdefault(check.accepted, []).append(check)
    return [(accepted, of) for accepted, of in found.items() if of]


def _check(same: Alike, verdict: Verdict, accepted: Accepted | None, times: _Times) -> Iterator[str]:
    check = same.first
    where = f" on {', '.join(code(host) for host in same.hosts)}" if same.hosts else ""
    yield f"- {code(check.id)}{where}: {prose(check.claim)}"
    if check.outcome:
        label = f"**{words.NOT_OBSERVED}**" if words.unseen(check.outcome) else "observed"
        for text, hosts in same.found:
            whose = f" on {', '.join(code(host) for host in hosts)}" if len(same.found) > 1 else ""
            yield f"    - {label}{whose}: {code(text)}"
    if check.downstream_of:
        yield f"    - downstream of {code(check.downstream_of)}"
    if verdict is Verdict.WARN:
        yield f"    - {_accepted(accepted, times)}"


def _accepted(accepted: Accepted | None, times: _Times) -> str:
    if accepted is None:
        return "accepted by nobody"
    who = prose(accepted.by) if accepted.by else "somebody who gave no name"
    until = f", until {times.both(accepted.until)}" if accepted.until is not None else ""
    source = f" ({code(accepted.source)})" if accepted.source else ""
    return f"accepted by {who}{until}: {prose(accepted.reason)}{source}"


def _spent_accepts(report: Report) -> list[str]:
    """Accepts that count for nothing any more: whoever wrote them should know."""
    spent: list[AcceptItem] = [item for item in report.accepts if item.state is not AcceptState.IN_USE]
    if not spent:
        return []
    lines = (f"- {code(item.check)}: **{item.state}**: {prose(item.says) or '-'}" for item in spent)
    return ["### Accepts that are not in use", "", *lines]


def _done(report: Report) -> list[str]:
    if not report.done:
        return []
    lines = ["### Done criteria", "", done.counted(report), ""]
    for item in report.done:
        state = "" if item.done else " (not known)" if item.done is None else " (not done)"
        why = f": {prose(item.why)}" if item.why else ""
        lines.append(f"- [{'x' if item.done else ' '}] {code(item.id)}: {prose(item.claim)}{state}{why}")
    return lines


def _repairs() -> list[str]:
    """Empty rows to be filled in by hand: a repair that is not written down did not happen for the next reboot."""
    columns = 5
    return [
        "### Manual repairs",
        "",
        "| time | who | what | approved by | evidence |",
        "|" + "---|" * columns,
        *["|" + "  |" * columns] * _REPAIR_ROWS,
    ]
