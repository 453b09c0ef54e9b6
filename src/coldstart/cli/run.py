"""`check`, `plan` and `watch`, given their options as a `Request`: what each does, in order, and its exit code."""

import asyncio
import sys
from collections.abc import Mapping

from pydantic import TypeAdapter, ValidationError

from coldstart.cli.session import Request, Session, compiled, stopping_on_signals
from coldstart.cli.show import Show, require_check
from coldstart.clock import FixedClock, SystemClock
from coldstart.engine.plan import plan_of
from coldstart.engine.reduce import EXIT_CODES
from coldstart.engine.runner import Finished
from coldstart.errors import UsageError
from coldstart.outcome import Result
from coldstart.probes.params import Duration
from coldstart.reads import Read
from coldstart.replies import Reply
from coldstart.transport.detour import NOTE, Detours
from coldstart.transport.record import Meta, Recorder
from coldstart.transport.replay import Replay
from coldstart.watch import Ended, Schedule, watch


def plan(request: Request) -> int:
    """Print what would be asked; connect to nothing."""
    show = Show(request.output or ("table",), request.ascii, request.no_color)
    detours = Detours.parse(request.connect_to)
    show.plan(plan_of(compiled(request), detours))
    return 0


def check(request: Request) -> int:
    """Run once, show the report in every way asked for, and return its exit code."""
    detours = Detours.parse(request.connect_to)
    program = compiled(request)
    show = Show(request.output or (() if request.explain else ("table",)), request.ascii, request.no_color)
    if request.explain:
        require_check(program, request.explain)
    if request.replay and (request.record or request.send_alert_test):
        also = "--record" if request.record else "--send-alert-test"
        raise UsageError(f"{also} and --replay exclude each other: a replay asks nothing and sends nothing")
    if request.replay and request.connect_to:
        raise UsageError("--connect-to and --replay exclude each other: a replay connects to nothing")
    replay = Replay(request.replay) if request.replay else None
    clock = FixedClock(replay.meta.started) if replay else SystemClock()
    recorder = Recorder(request.record, clock) if request.record else None
    finished = asyncio.run(_once(Session(request, program, clock, replay, detours), show))
    not_recorded = _record(recorder, finished) if recorder else ""
    report = finished.report
    if not_recorded:  # the verdict stands, but the run did not do what was asked of it
        report = report.model_copy(
            update={"notes": (*report.notes, f"not recorded, so the exit code is 3: {not_recorded}")}
        )
    show.report(report)
    if request.explain:
        show.explain(report, request.explain)
    return EXIT_CODES[Result.CHECK_FAILED] if not_recorded else report.exit_code


async def _once(session: Session, show: Show) -> Finished:
    with stopping_on_signals(session.stop), show.progress(session.program, quiet=session.request.quiet) as observer:
        return await session.once(observer)


def _record(recorder: Recorder, finished: Finished) -> str:
    """Keep every reply; returns what went wrong, or nothing."""
    report = finished.report
    meta = Meta(
        started=report.started,
        ended=report.ended,
        baseline_name=report.baseline_name,
        baseline_sha256=report.baseline_sha256,
        detours=tuple(note for note in report.notes if note.startswith(NOTE)),
    )
    try:
        for read, reply in finished.replies.items():
            recorder.add(read, reply)
        recorder.finish(meta)
    except UsageError as error:
        return str(error)
    return ""


def schedule(interval: str, attempts: int) -> Schedule:
    """``60``, ``60s`` or ``5m``, and how often. Raises `UsageError`."""
    text = f"{interval}s" if interval.replace(".", "", 1).isdigit() else interval
    try:
        seconds: float = TypeAdapter(Duration).validate_python(text)
    except ValidationError:
        raise UsageError(f"--interval {interval}: a time is written like 60, 60s or 5m") from None
    return Schedule(seconds, attempts)


def watching(request: Request, schedule: Schedule) -> int:
    """Run again and again; a line or two an attempt, the whole report of the last one at the end."""
    detours = Detours.parse(request.connect_to)
    program = compiled(request)
    show = Show(request.output or ("table",), request.ascii, request.no_color)
    session = Session(request, program, SystemClock(), detours=detours)
    ended = asyncio.run(_watched(session, schedule, show))
    show.report(ended.report)
    if ended.interrupted:
        sys.stderr.write("coldstart: interrupted; the report is that of the last attempt\n")
        return EXIT_CODES[Result.CHECK_FAILED]
    return ended.report.exit_code


async def _watched(session: Session, schedule: Schedule, show: Show) -> Ended:
    async def attempt(before: Mapping[Read, Reply]) -> Finished:
        with show.progress(session.program, quiet=session.request.quiet) as observer:
            return await session.once(observer, before)

    with stopping_on_signals(session.stop):
        return await watch(attempt, session.clock, schedule, stop=session.stop, tell=show.attempt)
