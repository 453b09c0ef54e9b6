"""A plan for people: by gate and place, every argv, URL and port that a run would use, and for which check."""

from collections.abc import Iterable

from coldstart.plan import Plan, PlannedCheck, PlannedGate, PlannedRead
from coldstart.reads import OPERATOR
from coldstart.render.asked import question
from coldstart.render.page import Cell, Page, clean, column
from coldstart.render.style import QUIET, STRONG
from coldstart.render.wrap import width_of
from coldstart.text import plural

_INDENT = 4
_NAMES_LEAST = 16


def render(plan: Plan, *, width: int, color: bool, ascii: bool = False) -> str:  # noqa: A002 - as its siblings take
    """Return the whole plan, lines of at most `width` cells where words allow it; it has no glyphs for `ascii`."""
    del ascii
    page = Page(width=width, color=color)
    count = sum(not check.not_applicable for gate in plan.gates for check in gate.checks)
    page.paragraph(
        f"{plan.baseline}: {plural(count, 'check')} in {plural(len(plan.gates), 'gate')}, "
        f"{plural(plan.distinct_reads, 'distinct read')} of {plural(len(plan.hosts), 'host')}; nothing was asked",
        STRONG,
    )
    _hosts(page, plan)
    _detours(page, plan)
    page.blank()
    page.paragraph(f"Every command on a host is sent as: {plan.wrapped_in}", hang=2)
    if plan.every_host:
        page.blank()
        page.paragraph("Asked by coldstart itself of each host that it logs in to", STRONG)
        _places(page, dict.fromkeys(plan.every_host, ()))
    for gate in plan.gates:
        page.blank()
        _gate(page, gate)
    return str(page)


def _hosts(page: Page, plan: Plan) -> None:
    page.blank()
    page.paragraph("Hosts", STRONG)
    rows = [
        (
            host.name,
            "this machine, no SSH"
            if host.local
            else f"{host.user + '@' if host.user else ''}{_endpoint(host.address, host.port)}",
            host.role,
        )
        for host in plan.hosts
    ]
    name, where = (column([row[at] for row in rows], page.width // 2) for at in (0, 1))
    for row in rows:
        page.row(Cell(row[0], name, keep="nothing"), Cell(row[1], where), Cell(row[2], style=QUIET), indent=2)


def _detours(page: Page, plan: Plan) -> None:
    if not plan.detours:
        return
    page.blank()
    page.paragraph("TCP connections from this machine that are opened elsewhere (--connect-to)", STRONG)
    meant = column([detour.meant for detour in plan.detours], page.width // 2)
    for detour in plan.detours:
        page.row(Cell(detour.meant, meant, keep="nothing"), Cell(f"at {detour.at}"), indent=2)


def _endpoint(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _gate(page: Page, gate: PlannedGate) -> None:
    name = column([gate.name], page.width)
    needs = ", ".join(f"{parent} ({verdict})" for parent, verdict in gate.needs.items())
    page.row(Cell(gate.name, name, STRONG), Cell(gate.title))
    if needs:
        page.row(Cell("needs", 5, QUIET), Cell(needs), indent=2)
    _places(page, _uses(gate))
    for check in gate.checks:
        if check.sends:
            page.row(Cell("only with --send-alert-test, and when all else in this gate is good"), indent=2)
            page.row(Cell(check.sends), indent=_INDENT)
            for look in check.looks:
                page.row(Cell(f"then {look}"), indent=_INDENT)
            page.row(Cell("for", 3, QUIET, gap=1), Cell(_name(check), style=QUIET), indent=_INDENT + 4)
    for reason, names in _left_out(gate.checks).items():
        page.row(Cell("not asked", 9, QUIET), Cell(f"{', '.join(names)}: {reason}", style=QUIET), indent=2)


def _uses(gate: PlannedGate) -> dict[PlannedRead, tuple[str, ...]]:
    """Each read of a gate with the names of the checks that use it, in the order in which they ask."""
    uses: dict[PlannedRead, tuple[str, ...]] = {}
    for check in gate.checks:
        for read in check.reads:
            name = _name(check)
            uses[read] = (*uses.get(read, ()), *(() if name in uses.get(read, ()) else (name,)))
    return uses


def _name(check: PlannedCheck) -> str:
    return check.id.partition("/")[2] or check.id


def _left_out(checks: Iterable[PlannedCheck]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for check in checks:
        if check.not_applicable:
            found.setdefault(check.not_applicable, []).append(_name(check) + (f"@{check.host}" if check.host else ""))
    return found


def _places(page: Page, uses: dict[PlannedRead, tuple[str, ...]]) -> None:
    """Reads under the place that they are sent from; the names beside them where both fit, else on the next line."""
    room = page.width - _INDENT
    fitting = [width_of(clean(read.asks)) for read in uses if width_of(clean(read.asks)) <= room * 2 // 3]
    asks = max(fitting, default=0)
    for place in dict.fromkeys(read.place for read in uses):
        page.row(Cell("from this machine" if place == OPERATOR else f"on {place}"), indent=2)
        for read, names in uses.items():
            if read.place == place:
                _read(page, read, ", ".join(names), asks)


def _read(page: Page, read: PlannedRead, names: str, asks: int) -> None:
    if width_of(clean(read.asks)) <= asks and page.width - _INDENT - asks - 2 >= _NAMES_LEAST:
        page.row(Cell(read.asks, asks, keep="line"), Cell(names, style=QUIET), indent=_INDENT)
        return
    page.row(question(read.read), indent=_INDENT)
    if names:
        page.row(Cell("for", 3, QUIET, gap=1), Cell(names, style=QUIET), indent=_INDENT + 4)
