"""A baseline and a selection, compiled to what a run will do: gates, tasks (one check on one target), reads.

Everything here is pure: `coldstart plan` prints a program and connects to nothing, the runner executes the same one.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from coldstart.baseline.load import LoadedBaseline
from coldstart.baseline.model import AlertTest, AnyOf, Check, Gate, Host
from coldstart.engine.course import Extra, conditions_by_check, extra
from coldstart.engine.graph import PhaseGraph
from coldstart.errors import UsageError
from coldstart.probes.base import Place, Target
from coldstart.reads import Read


@dataclass(frozen=True)
class Selection:
    """What the operator narrowed the run to. Empty tuples: everything."""

    only: tuple[str, ...] = ()
    until: str | None = None
    hosts: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    no_alert: bool = False
    """A read-only monitor neither sends the alert test nor counts it (SOP 13.3); that narrows nothing."""

    def reasons(self) -> tuple[str, ...]:
        """Why a run with this selection cannot speak for the whole stack; empty when it can."""
        said = [f"--only {name}" for name in self.only]
        said += [f"--until {self.until}"] if self.until else []
        said += [f"--host {name}" for name in self.hosts]
        return (*said, *(f"--skip {name}" for name in self.skip))


@dataclass(frozen=True)
class Task:
    """One check on one target: a host, or all of the check's hosts when its probe spans them."""

    gate: str
    check: Check
    id: str
    host: str | None
    target: Target | None
    reads: tuple[Read, ...] = ()
    extra: Extra | None = None
    """What is asked about its past, its reads are among `reads`; None: it is judged by what is seen now."""
    left_out: str = ""
    """Why it is not asked here: declared not to apply, or left out by the selection."""
    source: str = ""
    """file:line of its declaration."""

    @property
    def key(self) -> str:
        return f"{self.id}@{self.host}" if self.host else self.id


@dataclass(frozen=True)
class Group:
    """Alternatives, one of which must be good, on one host or (host None) wherever each of them is declared."""

    gate: str
    check: AnyOf
    id: str
    host: str | None
    members: tuple[Task, ...]
    left_out: str = ""
    source: str = ""

    @property
    def key(self) -> str:
        return f"{self.id}@{self.host}" if self.host else self.id


@dataclass(frozen=True)
class Alert:
    """The alert test of a gate: nothing that is read, and sent only when the operator asked for it (alert.py)."""

    gate: str
    check: AlertTest
    id: str
    left_out: str = ""
    source: str = ""
    host: None = None

    @property
    def key(self) -> str:
        return self.id


Item = Task | Group | Alert


@dataclass(frozen=True)
class GateProgram:
    gate: Gate
    items: tuple[Item, ...]

    @property
    def tasks(self) -> Iterator[Task]:
        """Every task, those of groups included, in the baseline's order."""
        for item in self.items:
            match item:
                case Group():
                    yield from item.members
                case Task():
                    yield item


@dataclass(frozen=True)
class Program:
    """What a run will do. `gates` in DAG order; `narrowed` says why it cannot speak for the whole stack."""

    loaded: LoadedBaseline
    graph: PhaseGraph
    gates: tuple[GateProgram, ...]
    narrowed: tuple[str, ...]
    hosts: Mapping[str, Host] = field(default_factory=dict)

    @property
    def declared(self) -> tuple[str, ...]:
        """The key of every check that must have a result in the report."""
        return tuple(item.key for gate in self.gates for item in gate.items)


def compile_program(loaded: LoadedBaseline, selection: Selection = Selection()) -> Program:
    """Compile; raises `UsageError` when the selection names what does not exist, or leaves nothing to judge."""
    baseline = loaded.baseline
    graph = PhaseGraph({name: gate.needs for name, gate in baseline.gates.items()})
    _known("--only", selection.only, baseline.gates)
    _known("--until", (selection.until,) if selection.until else (), baseline.gates)
    _known("--host", selection.hosts, baseline.hosts)
    ids = [f"{gate.name}/{check.id}" for gate in baseline.gates.values() for check in gate.checks]
    _known("--skip", selection.skip, ids)
    compiler = _Compiler(loaded, selection, _selected_gates(graph, selection))
    gates = tuple(
        GateProgram(gate=baseline.gates[name], items=tuple(compiler.items(baseline.gates[name])))
        for name in graph.order
    )
    if not any(task.reads for gate in gates for task in gate.tasks):
        narrowed = ", ".join(selection.reasons())
        raise UsageError(
            f"nothing to judge: {narrowed} leaves no check to ask"
            if narrowed
            else "nothing to judge: no check is declared"
        )
    partial = (f"partial baseline ({baseline.partial})",) if baseline.partial else ()
    return Program(
        loaded=loaded,
        graph=graph,
        gates=_with_longest_timeouts(gates),
        narrowed=partial + selection.reasons(),
        hosts=baseline.hosts,
    )


def _known(option: str, names: Iterable[str], known: Iterable[str]) -> None:
    known = tuple(known)
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {close[0]}?" if close else f"; known: {', '.join(known)}"
            raise UsageError(
                f"{option} {name}: no such {'host' if option == '--host' else 'name'} in the baseline{hint}"
            )


def _selected_gates(graph: PhaseGraph, selection: Selection) -> frozenset[str]:
    chosen = set(selection.only or graph.order)
    if selection.until:
        chosen &= {selection.until, *graph.ancestors(selection.until)}
    return frozenset(chosen)


class _Compiler:
    """Makes the items of a gate; holds what does not change from gate to gate."""

    def __init__(self, loaded: LoadedBaseline, selection: Selection, gates: frozenset[str]) -> None:
        self._loaded, self._selection, self._gates = loaded, selection, gates
        self._hosts = loaded.baseline.hosts
        self._conditions = conditions_by_check(loaded.baseline)

    def items(self, gate: Gate) -> Iterator[Item]:
        for check in gate.checks:
            match check:
                case AnyOf():
                    yield from self._groups(gate, check)
                case AlertTest():
                    yield self._alert(gate, check)
                case Check():
                    yield from self._tasks(gate, check, check.id, check.hosts)

    def _alert(self, gate: Gate, test: AlertTest) -> Alert:
        out = self._left_out(gate, test.id, (), {})
        if self._selection.hosts and not out:
            out = f"left out by --host {' --host '.join(self._selection.hosts)}"
        if self._selection.no_alert and not out:
            out = "left out by --monitor-read-only"
        return Alert(gate.name, test, f"{gate.name}/{test.id}", out, self._loaded.where(test))

    def _groups(self, gate: Gate, group: AnyOf) -> Iterator[Group]:
        id_ = f"{gate.name}/{group.id}"
        for host in group.hosts or (None,):
            out = self._left_out(gate, group.id, (host,) if host else (), group.not_on)
            members = tuple(
                task
                for member in group.any_of
                for task in self._tasks(gate, member, f"{group.id}.{member.id}", (host,) if host else member.hosts)
            )
            if not host and all(member.left_out for member in members):
                out = out or members[0].left_out
            yield Group(
                gate=gate.name,
                check=group,
                id=id_,
                host=host,
                members=() if out else members,
                left_out=out,
                source=self._loaded.where(group),
            )

    def _tasks(self, gate: Gate, check: Check, id_: str, hosts: Sequence[str]) -> Iterator[Task]:
        spans = check.probe.spans_hosts
        together = (tuple(name for name in hosts if name not in check.not_on),)
        for names in together if spans else tuple((name,) for name in hosts):
            out = self._left_out(gate, id_.partition(".")[0], names, check.not_on)
            target = None if out else self._target(check, names)
            about = self._conditions.get(f"{gate.name}/{id_}", ())
            past = extra(check, target, about, self._selection.hosts) if target else None
            asked = (*check.probe.reads(target), *(past.reads if past else ())) if target else ()
            yield Task(
                gate=gate.name,
                check=check,
                id=f"{gate.name}/{id_}",
                host=None if spans else names[0],
                target=target,
                reads=tuple(dict.fromkeys(asked)) if past else asked,
                extra=past,
                left_out=out,
                source=self._loaded.where(check),
            )

    def _target(self, check: Check, names: tuple[str, ...]) -> Target:
        places = tuple(
            Place(name=name, address=self._hosts[name].address, port=self._hosts[name].port or 22) for name in names
        )
        return Target(hosts=places, timeout=check.timeout, sudo=check.sudo)

    def _left_out(self, gate: Gate, check: str, hosts: Sequence[str], not_on: Mapping[str, str]) -> str:
        declared = next((not_on[name] for name in hosts if name in not_on), "")
        if declared:
            return declared
        if gate.name not in self._gates:
            asked = [f"--only {name}" for name in self._selection.only]
            asked += [f"--until {self._selection.until}"] if self._selection.until else []
            return f"left out by {' '.join(asked)}"
        if f"{gate.name}/{check}" in self._selection.skip:
            return f"left out by --skip {gate.name}/{check}"
        wanted = self._selection.hosts
        if wanted and any(name not in wanted for name in hosts):
            return f"left out by --host {' --host '.join(wanted)}"
        return ""


def _with_longest_timeouts(gates: Sequence[GateProgram]) -> tuple[GateProgram, ...]:
    """The same reads, each with the longest time that any of its askers allows: it is sent once, for all of them."""
    longest: dict[Read, float] = {}
    for gate in gates:
        for task in gate.tasks:
            for read in task.reads:
                longest[read] = max(read.timeout, longest.get(read, 0.0))

    def stretched(item: Item) -> Item:
        match item:
            case Group():
                return replace(item, members=tuple(_stretched(member, longest) for member in item.members))
            case Task():
                return _stretched(item, longest)
            case Alert():
                return item

    return tuple(GateProgram(gate=gate.gate, items=tuple(stretched(item) for item in gate.items)) for gate in gates)


def _stretched(task: Task, longest: Mapping[Read, float]) -> Task:
    if all(read.timeout == longest[read] for read in task.reads):
        return task
    reads = tuple(read.model_copy(update={"timeout": longest[read]}) for read in dict.fromkeys(task.reads))
    return replace(task, reads=reads)
