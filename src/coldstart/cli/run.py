"""`check` and `plan`, given their options as a `Request`: what each does, in order, and its exit code."""

import asyncio

from coldstart.cli.memory import Memory
from coldstart.cli.session import Request, Session, compiled, stopping_on_signals
from coldstart.cli.show import Show, require_check
from coldstart.clock import FixedClock, SystemClock
from coldstart.engine.plan import plan_of
from coldstart.engine.reduce import EXIT_CODES
from coldstart.engine.runner import Finished
from coldstart.errors import UsageError
from coldstart.outcome import Result
from coldstart.transport.detour import NOTE, Detours
from coldstart.transport.record import Meta, Recorder
from coldstart.transport.replay import Replay


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
    memory = None if replay else Memory(request.state_dir, clock, program.loaded.baseline.name, command="check")
    session = Session(request, program, clock, replay, detours, memory=memory)
    finished = asyncio.run(_once(session, show))
    if memory:
        memory.keep(finished.report)
        memory.close()
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
