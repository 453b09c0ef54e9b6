"""What `check` and `plan` do once their options are known: load, compile, connect, run, render."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from coldstart.baseline.load import LoadedBaseline
from coldstart.cli import baseline as baselines
from coldstart.cli.show import Show, require_check
from coldstart.clock import Clock, FixedClock, SystemClock
from coldstart.engine.plan import plan_of
from coldstart.engine.pool import Limits
from coldstart.engine.program import Program, Selection, compile_program
from coldstart.engine.runner import Settings, run
from coldstart.errors import UsageError
from coldstart.outcome import Report
from coldstart.transport.base import Endpoint
from coldstart.transport.record import Meta, Recorder
from coldstart.transport.replay import Replay
from coldstart.transport.sshroute import SshOptions
from coldstart.transport.world import World


@dataclass(frozen=True)
class Request:
    """The options of `check` and `plan`, parsed and not yet looked at."""

    baseline: Path | None = None
    variables: tuple[str, ...] = ()
    vars_files: tuple[Path, ...] = ()
    only: tuple[str, ...] = ()
    until: str | None = None
    hosts: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    keep_going: bool = False
    record: Path | None = None
    replay: Path | None = None
    explain: str | None = None
    output: tuple[str, ...] = field(default=())
    ascii: bool = False
    no_color: bool = False
    quiet: bool = False
    ssh_config: Path | None = None
    known_hosts: Path | None = None
    identities: tuple[Path, ...] = ()
    trust_ssh_config: bool = False


def _program(request: Request) -> Program:
    loaded = baselines.load(request.baseline, request.variables, request.vars_files)
    selection = Selection(only=request.only, until=request.until, hosts=request.hosts, skip=request.skip)
    return compile_program(loaded, selection)


def plan(request: Request) -> int:
    """Print what would be asked; connect to nothing."""
    show = Show(request.output or ("table",), request.ascii, request.no_color)
    show.plan(plan_of(_program(request)))
    return 0


def check(request: Request) -> int:
    """Run once, show the report in every way asked for, and return its exit code."""
    program = _program(request)
    show = Show(request.output or (() if request.explain else ("table",)), request.ascii, request.no_color)
    if request.explain:
        require_check(program, request.explain)
    if request.record and request.replay:
        raise UsageError("--record and --replay exclude each other: a replay asks nothing that could be recorded")
    replay = Replay(request.replay) if request.replay else None
    clock: Clock = FixedClock(replay.meta.started) if replay else SystemClock()
    recorder = Recorder(request.record, clock) if request.record else None
    report = asyncio.run(_run(request, program, clock, replay, recorder, show))
    show.report(report)
    if request.explain:
        show.explain(report, request.explain)
    return report.exit_code


async def _run(
    request: Request, program: Program, clock: Clock, replay: Replay | None, recorder: Recorder | None, show: Show
) -> Report:
    transport = replay or _world(request, program.loaded, clock)
    defaults = program.loaded.baseline.defaults
    stop = asyncio.Event()
    settings = Settings(
        keep_going=request.keep_going,
        run_deadline=defaults.run_deadline,
        limits=Limits(channels=defaults.channels, hosts=defaults.hosts_at_once),
        stop=stop,
    )
    try:
        with _stopping_on_signals(stop), show.progress(program, quiet=request.quiet) as observer:
            finished = await run(program, transport, clock, settings=settings, observer=observer)
    finally:
        await transport.close()
    report = finished.report
    if recorder:
        for read, reply in finished.replies.items():
            recorder.add(read, reply)
        recorder.finish(
            Meta(
                started=report.started,
                ended=report.ended,
                baseline_name=report.baseline_name,
                baseline_sha256=report.baseline_sha256,
            )
        )
    notes = transport.notes if isinstance(transport, World) else _replay_notes(transport, program)
    return report.model_copy(update={"notes": (*report.notes, *notes)})


def _world(request: Request, loaded: LoadedBaseline, clock: Clock) -> World:
    defaults = loaded.baseline.defaults
    endpoints = {
        name: Endpoint(name=name, address=host.address, user=host.user, port=host.port, local=host.local)
        for name, host in loaded.baseline.hosts.items()
    }
    config = request.ssh_config or Path("~/.ssh/config")
    options = SshOptions(
        connect_timeout=defaults.connect_timeout,
        login_timeout=defaults.login_timeout,
        channels=defaults.channels,
        logins=defaults.hosts_at_once,
        config_path=None if str(config) == "none" else config,
        trust_ssh_config=request.trust_ssh_config,
        known_hosts=request.known_hosts,
        identity_files=request.identities or None,
    )
    return World(endpoints, clock, options)


def _replay_notes(replay: Replay, program: Program) -> tuple[str, ...]:
    """What an operator must know who reads a report that was judged from a recording."""
    when = datetime.fromtimestamp(replay.meta.started, tz=UTC)
    notes = [f"replay: judged from a recording of {when:%Y-%m-%d %H:%M:%S} UTC, nothing was asked now"]
    if replay.meta.baseline_sha256 != program.loaded.sha256:
        notes.append("replay: the baseline is not the one that was recorded with")
    return tuple(notes)


@contextmanager
def _stopping_on_signals(stop: asyncio.Event) -> Iterator[None]:
    """The first SIGINT or SIGTERM ends the run with a partial report, a second one ends the program."""
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)

    def asked_to_stop() -> None:
        stop.set()
        for number in signals:
            loop.remove_signal_handler(number)

    for number in signals:
        loop.add_signal_handler(number, asked_to_stop)
    try:
        yield
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
