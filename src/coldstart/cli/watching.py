"""`coldstart watch`, given its options: what it does, in order, and its exit code."""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace

from pydantic import TypeAdapter, ValidationError

from coldstart.attempt import Attempt, Ending
from coldstart.baseline.model import Watching as Declared
from coldstart.cli.memory import Memory
from coldstart.cli.session import Request, Session, compiled, stopping_on_signals
from coldstart.cli.show import Show
from coldstart.clock import SystemClock
from coldstart.engine.reduce import EXIT_CODES
from coldstart.engine.runner import Finished
from coldstart.errors import UsageError
from coldstart.outcome import Result
from coldstart.probes.params import Duration
from coldstart.reads import Read
from coldstart.render.live import View
from coldstart.replies import Reply
from coldstart.transport.detour import Detours
from coldstart.watch import Ended, Schedule, watch


@dataclass(frozen=True)
class Asked:
    """The options of `watch` beside those of every run, parsed and not yet looked at."""

    request: Request
    interval: str
    attempts: int
    stable: int | None = None
    stop_when_hopeless: bool = False

    def schedule(self, declared: Declared) -> Schedule:
        """When to attempt, and when to end. Raises `UsageError`."""
        return Schedule(
            interval=_seconds(self.interval),
            attempts=self.attempts,
            stable=self.stable or declared.stable_for,
            stuck_after=declared.stuck_after,
            stop_when_hopeless=self.stop_when_hopeless,
        )


def _seconds(interval: str) -> float:
    """``60``, ``60s`` or ``5m``. Raises `UsageError`."""
    text = f"{interval}s" if interval.replace(".", "", 1).isdigit() else interval
    try:
        seconds: float = TypeAdapter(Duration).validate_python(text)
    except ValidationError:
        raise UsageError(f"--interval {interval}: a time is written like 60, 60s or 5m") from None
    return seconds


def watching(asked: Asked) -> int:
    """Attempt again and again; a block of lines an attempt, the whole report of the last one at the end."""
    request = asked.request
    detours = Detours.parse(request.connect_to)
    program = compiled(request)
    schedule = asked.schedule(program.loaded.baseline.watch)
    if schedule.stable > schedule.attempts:
        raise UsageError(
            f"GREEN must hold for {schedule.stable} attempts in a row, and --max-attempts is {schedule.attempts}: "
            "allow more of them, or give --stable"
        )
    if request.ask_received:
        from coldstart.cli import asking  # noqa: PLC0415 - httpx: only when there is something to ask for

        asking.require(send_alert_test=request.send_alert_test)
    show = Show(request.output or ("table",), request.ascii, request.no_color)
    clock = SystemClock()
    memory = Memory(request.state_dir, clock, program.loaded.baseline.name, command="watch")
    try:
        with memory.alone():
            session = Session(request, program, clock, detours=detours, memory=memory)
            ended = asyncio.run(_watched(session, schedule, show, memory))
            if request.ask_received:
                ended = _asked_for(ended, session, memory)
    finally:
        memory.close()
    show.report(ended.report)
    return _exit_code(ended)


def _asked_for(ended: Ended, session: Session, memory: Memory) -> Ended:
    """How it ended once the operator has said whether the alert arrived; that may change the verdict, and is kept."""
    from coldstart.cli import asking  # noqa: PLC0415 - as above

    test = session.program.loaded.baseline.alert_test
    if test is None or session.chain is None or ended.ending in (Ending.INTERRUPTED, Ending.CLOCK):
        return ended
    report = asking.follow_up(
        ended.report,
        session.chain.proof,
        session.clock,
        check=f"{test.gate}/{test.id}",
        settle=ended.settle,
    )
    if report != ended.report:
        memory.keep(report)
    return replace(ended, report=report)


def _exit_code(ended: Ended) -> int:
    if ended.ending in (Ending.INTERRUPTED, Ending.CLOCK):
        sys.stderr.write(f"coldstart: {ended.ending}; the report is that of the last attempt that was judged\n")
        return EXIT_CODES[Result.CHECK_FAILED]
    if ended.ending is Ending.HOPELESS:
        sys.stderr.write("coldstart: ended early: what is left needs a human, and waiting does not mend it\n")
    return ended.report.exit_code


async def _watched(session: Session, schedule: Schedule, show: Show, memory: Memory) -> Ended:
    with show.watching(session.program, quiet=session.request.quiet) as view, stopping_on_signals(session.stop):
        async with session.kept():
            following = _Following(session, show, memory, view)
            return await watch(following.attempt, session.clock, schedule, stop=session.stop, tell=following.tell)


@dataclass
class _Following:
    """What happens with each attempt."""

    session: Session
    show: Show
    memory: Memory
    view: View

    async def attempt(self, before: Mapping[Read, Reply]) -> Finished:
        with self.view.asking() as observer:
            return await self.session.once(observer, before)

    def tell(self, attempt: Attempt) -> None:
        if attempt.discarded:
            self.session.accepting.rewind()
        else:
            self.memory.keep(attempt.report, attempt.number)
        self.view.tell(attempt)
        with self.view.paused():
            self.show.attempt(attempt)
