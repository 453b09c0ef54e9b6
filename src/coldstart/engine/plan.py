"""A program as a plan: what would be asked, without asking."""

from coldstart.baseline.sights import RUN
from coldstart.engine.program import Alert, Group, Item, Program
from coldstart.plan import Plan, PlannedCheck, PlannedDetour, PlannedGate, PlannedHost, PlannedRead
from coldstart.reads import BootId, Read
from coldstart.text import span
from coldstart.transport.argv import wrapping
from coldstart.transport.detour import Detours


def plan_of(program: Program, detours: Detours | None = None) -> Plan:
    """Every gate in DAG order with all that its checks would ask; the same program gives the same plan.

    `detours` are in it as given: what is asked stays the same.
    """
    baseline = program.loaded.baseline
    reads = {read for gate in program.gates for task in gate.tasks for read in task.reads}
    logged_in = [name for name in baseline.hosts if any(read.place == name for read in reads)]
    own = [BootId(host=name, moment=moment) for name in logged_in for moment in ("start", "end")]
    return Plan(
        baseline=program.loaded.path,
        hosts=tuple(
            PlannedHost(
                name=name,
                address=host.address,
                user=host.user or "",
                port=host.port or 22,
                local=host.local,
                role=host.role or "",
            )
            for name, host in baseline.hosts.items()
        ),
        every_host=tuple(_planned(read) for read in own),
        gates=tuple(
            PlannedGate(
                name=gate.gate.name,
                title=gate.gate.title,
                needs={parent: verdict.value for parent, verdict in gate.gate.needs.items()},
                checks=tuple(check for item in gate.items for check in _checks(item)),
            )
            for gate in program.gates
        ),
        distinct_reads=len(reads) + len(own),
        wrapped_in=wrapping("ARGV…", limit="N"),
        detours=tuple(PlannedDetour(meant=str(one.meant), at=str(one.at)) for one in (detours or Detours()).all),
    )


def _checks(item: Item) -> tuple[PlannedCheck, ...]:
    if isinstance(item, Alert):
        sends = (
            "" if item.left_out else f"POST {item.check.url}" + (f" (via {item.check.via})" if item.check.via else "")
        )
        looks = () if item.left_out else _looks(item)
        return (_without_reads(item).model_copy(update={"sends": sends, "looks": looks}),)
    if isinstance(item, Group):
        return tuple(check for member in item.members for check in _checks(member)) or (_without_reads(item),)
    return (
        PlannedCheck(
            id=item.id,
            host=item.host,
            probe=item.check.probe_kind,
            claim=item.check.claim,
            severity=item.check.severity.value,
            reads=tuple(_planned(read) for read in item.reads),
            not_applicable=item.left_out,
        ),
    )


def _looks(item: Alert) -> tuple[str, ...]:
    return tuple(
        f"{sight.asks(RUN)}: {level}, within {span(sight.within)}, every {span(sight.every)}"
        for level, sight in item.check.sights.items()
    )


def _without_reads(item: Group | Alert) -> PlannedCheck:
    return PlannedCheck(
        id=item.id,
        host=item.host,
        probe=None,
        claim=item.check.claim,
        severity=item.check.severity.value,
        reads=(),
        not_applicable=item.left_out,
    )


def _planned(read: Read) -> PlannedRead:
    return PlannedRead(place=read.place, asks=read.describe(), read=read)
