"""Runs a program: gates as soon as their needs are met, their reads at once, held gates not at all (SOP 1.2)."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from coldstart.baseline.model import AlertTest
from coldstart.clock import Clock
from coldstart.engine import boots, reduce
from coldstart.engine.declared import declared, held, not_asked
from coldstart.engine.pool import Limits, ReadPool
from coldstart.engine.program import Alert, GateProgram, Group, Program, Task
from coldstart.engine.report import Grounds, Settled
from coldstart.engine.tasks import Tasks
from coldstart.observer import Observer, Silent
from coldstart.outcome import CheckResult, GateResult, Outcome, Report, Verdict
from coldstart.reads import Read
from coldstart.reason import Reason
from coldstart.replies import Reply
from coldstart.transport.base import Transport


class Prove(Protocol):
    """Sends the alert test and judges what came of it (`alert.AlertChain.prove`)."""

    def __call__(self, test: AlertTest, /, *, boots: Mapping[str, str], ended: asyncio.Event) -> Awaitable[Outcome]:
        """`boots`: boot ids by host, as known now. `ended`: set when the run must end, so that nothing waits on."""
        ...


@dataclass(frozen=True)
class Settings:
    """How a run is carried out. Nothing here can change what a reply means."""

    keep_going: bool = False
    """Ask below a blocked gate too, for diagnosis; what is found there is marked as downstream of it."""
    run_deadline: float = 300.0
    limits: Limits = field(default_factory=Limits)
    before: Mapping[Read, Reply] = field(default_factory=dict)
    """Every reply of the attempt before this one, boot ids included."""
    stop: asyncio.Event | None = None
    """When set, the run ends at once with a partial report (SIGINT, SIGTERM)."""
    prove: Prove | None = None
    """Sends the alert test and judges the answer (alert.py); None: the operator did not ask for it."""
    grounds: Grounds = field(default_factory=Grounds)


@dataclass(frozen=True, repr=False)  # asyncio.run forms the repr of its result, twice (CPython 3.11), and drops it
class Finished:
    """A report, and every reply it was made from: the next attempt compares counters with them."""

    report: Report
    replies: Mapping[Read, Reply]
    settled: Settled

    def with_gates(self, gates: Sequence[GateResult]) -> Report:
        """The report as it is when its gates came to something else: a check that flaps, in a watch."""
        return self.settled.report(gates, self.report.notes)


async def run(
    program: Program,
    transport: Transport,
    clock: Clock,
    *,
    settings: Settings | None = None,
    observer: Observer | None = None,
) -> Finished:
    """Judge every gate of a program. Failures of any kind are in the report; only cancellation comes out of here."""
    runner = _Runner(program, transport, clock, settings or Settings(), observer or Silent())
    return await runner.run()


class _Runner:
    def __init__(
        self, program: Program, transport: Transport, clock: Clock, settings: Settings, observer: Observer
    ) -> None:
        self._program, self._clock, self._settings, self._observer = program, clock, settings, observer
        self._pool = ReadPool(transport, clock, observer, settings.limits)
        self._started = clock.wall()
        self._tasks = Tasks(self._pool, clock, self._started, before=settings.before, past=settings.grounds.past)
        self._gates: dict[str, GateResult] = {}
        self._interrupted = False

    async def run(self) -> Finished:
        limits = [asyncio.create_task(self._end_at_deadline())]
        if self._settings.stop:
            limits.append(asyncio.create_task(self._end_when_stopped(self._settings.stop)))
        try:
            await self._run_gates()
            hosts = await boots.confirm(self._pool, self._program.hosts)
        finally:
            for task in limits:
                task.cancel()
            await asyncio.gather(*limits, return_exceptions=True)
            await self._pool.drain()
        gates = self._final(boots.void_passes(tuple(self._gates[name] for name in self._program.graph.order), hosts))
        replies = self._pool.replies
        settled = Settled(
            program=self._program,
            hosts=hosts,
            started=self._started,
            ended=max((reply.ended for reply in replies.values()), default=self._started),
            interrupted=self._interrupted,
            grounds=self._settings.grounds,
        )
        report = settled.report(gates)
        self._observer.run_done(report)
        return Finished(report=report, replies=replies, settled=settled)

    async def _end_at_deadline(self) -> None:
        limit = self._settings.run_deadline
        await self._clock.sleep(limit)
        self._pool.cut(Reason.DEADLINE, f"the run's deadline of {limit:g} s passed")

    async def _end_when_stopped(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._interrupted = True
        self._pool.cut(Reason.INTERRUPTED, "the run was interrupted")

    # ------------------------------------------------------------------------------------------------------------ gates

    async def _run_gates(self) -> None:
        programs = {gate.gate.name: gate for gate in self._program.gates}
        sorter = self._program.graph.sorter()
        running: dict[asyncio.Task[GateResult], str] = {}
        try:
            while sorter.is_active():
                for name in sorter.get_ready():
                    running[asyncio.create_task(self._gate(programs[name]))] = name
                done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    name = running.pop(task)
                    self._gates[name] = task.result()
                    self._observer.gate_done(self._gates[name])
                    sorter.done(name)
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _gate(self, program: GateProgram) -> GateResult:
        gate = program.gate
        holder = self._holder(gate.needs)
        if holder and not self._settings.keep_going:
            checks: Sequence[CheckResult] = [held(item, holder) for item in program.items]
            return self._result(program, checks, held_by=holder)
        self._observer.gate_started(gate.name)
        asked = [item for item in program.items if not isinstance(item, Alert)]
        found = dict(zip(asked, await asyncio.gather(*(self._item(item, holder) for item in asked)), strict=True))
        rest = reduce.worst(Verdict.PASS if self._accepted(check) else check.verdict for check in found.values())
        checks = [
            await self._alert(item, rest, holder) if isinstance(item, Alert) else found[item] for item in program.items
        ]
        return self._result(program, checks)

    def _accepted(self, check: CheckResult) -> bool:
        """Whether somebody took responsibility for a warning: it does not keep the alert test from being sent."""
        accepting, baseline = self._settings.grounds.accepting, self._program.loaded.baseline
        return accepting.accepts(baseline, check, self._started)

    def _holder(self, needs: Mapping[str, Verdict]) -> str | None:
        """The gate that holds back whoever has these needs: the first in DAG order that is itself to blame."""
        to_blame = set()
        for parent, needed in needs.items():
            result = self._gates[parent]
            downstream = next((check.downstream_of for check in result.checks if check.downstream_of), None)
            if result.held_by or downstream:
                to_blame.add(result.held_by or downstream or parent)
            elif not reduce.suffices(result.verdict, needed):
                to_blame.add(parent)
        return self._program.graph.first(to_blame)

    def _result(self, program: GateProgram, checks: Sequence[CheckResult], *, held_by: str | None = None) -> GateResult:
        gate = program.gate
        return GateResult(
            name=gate.name,
            title=gate.title,
            needs=dict(gate.needs),
            verdict=reduce.gate_verdict(checks),
            held_by=held_by,
            holds=self._program.graph.holds(gate.name),
            checks=tuple(checks),
        )

    def _final(self, gates: Sequence[GateResult]) -> tuple[GateResult, ...]:
        """Verdicts once more, from checks that may have been voided at the end."""
        return tuple(gate.model_copy(update={"verdict": reduce.gate_verdict(gate.checks)}) for gate in gates)

    # ----------------------------------------------------------------------------------------------------------- checks

    async def _alert(self, item: Alert, rest: Verdict | None, downstream_of: str | None) -> CheckResult:
        """The alert test: sent when it was asked for and all else in its gate is good, else a warning that says why."""
        if item.left_out:
            result = not_asked(item)
        else:
            outcome = await self._alert_outcome(item, rest, downstream_of)
            verdict = reduce.check_verdict(item.check.severity, outcome)
            result = declared(item).model_copy(
                update={"verdict": verdict, "outcome": outcome, "downstream_of": downstream_of}
            )
        self._observer.check_done(result)
        return result

    async def _alert_outcome(self, item: Alert, rest: Verdict | None, downstream_of: str | None) -> Outcome:
        if self._settings.prove is None:
            return reduce.alert_not_sent(
                "--send-alert-test was not given; the chain is not proven without a real alert"
            )
        if downstream_of or rest is not Verdict.PASS:
            why = f"{downstream_of or item.gate} is not good, so it would prove nothing"
            return reduce.alert_not_sent(why, when="in this run")
        if self._pool.is_cut:
            return reduce.alert_not_sent("the run ended before it")
        known = boots.known(self._pool.replies, self._program.hosts)
        return await self._settings.prove(item.check, boots=known, ended=self._pool.ended)

    async def _item(self, item: Task | Group, downstream_of: str | None) -> CheckResult:
        result = await self._tasks.item(item, downstream_of)
        self._observer.check_done(result)
        return result
