"""`coldstart drill`, given its options: the embedded stack, and session, watch and output as for real hosts."""

import asyncio
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from coldstart.attempt import Attempt
from coldstart.baseline.sights import RUN
from coldstart.cli import baseline
from coldstart.cli.session import Request, Session, compiled, stopping_on_signals
from coldstart.cli.show import Show
from coldstart.clock import SystemClock
from coldstart.drill import access, library, telling
from coldstart.drill.clock import Flowing, Hurrying, ScenarioTime
from coldstart.drill.course import Course
from coldstart.drill.inventory import HOSTS, VIP
from coldstart.drill.scenario import Scenario
from coldstart.engine.program import Program
from coldstart.engine.reduce import EXIT_CODES
from coldstart.engine.runner import Finished
from coldstart.errors import UsageError
from coldstart.outcome import Report, Result
from coldstart.probes.params import Moment
from coldstart.reads import OPERATOR, HttpGet, Neighbour, Ping, Read, TcpDial
from coldstart.replies import Reply
from coldstart.transport.detour import Detours
from coldstart.watch import Schedule, watch

if TYPE_CHECKING:
    from coldstart.drill.stand import Stand

SPEED = 60.0
"""A minute of the scenario takes a second."""
_FOLLOW_EVERY = 0.2
"""Seconds between two looks at the time, while others ask the stack."""
_EXTRA = ("aiohttp", "trustme")
"""The libraries of the drill extra."""
_CANNOT_JUDGE = EXIT_CODES[Result.CHECK_FAILED]


@dataclass(frozen=True)
class Drill:
    """The options of `coldstart drill`, parsed and not yet looked at."""

    scenario: str | None
    speed: float | None
    seed: int
    serve: bool
    at: str | None
    output: tuple[str, ...]
    ascii: bool
    no_color: bool
    quiet: bool


def listing(request: Drill) -> int:
    """Print every scenario."""
    show = Show(("table",), request.ascii, request.no_color)
    show.aside(lambda page, _: telling.listing(library.every(), page))
    return 0


def drill(request: Drill) -> int:
    """Play a scenario, or serve it. Raises `UsageError`."""
    scenario = library.load(request.scenario or "clean")
    show = Show(request.output or ("table",), request.ascii, request.no_color)
    if request.serve and (request.speed is not None or request.output):
        other = "--speed" if request.speed is not None else "--output"
        raise UsageError(f"{other} and --serve exclude each other: whoever asks the stack from outside has real time")
    if request.at and not request.serve:
        raise UsageError("--at is for --serve: a drill is played from its start")
    if missing := _missing():
        raise UsageError(f"a drill needs {missing}: pip install 'coldstart[drill]'")
    with tempfile.TemporaryDirectory(prefix="coldstart-drill-") as directory:
        if request.serve:
            return asyncio.run(_serve(request, scenario, Path(directory)))
        return asyncio.run(_play(request, scenario, Path(directory), show))


def _missing() -> str:
    from importlib.util import find_spec  # noqa: PLC0415 - only here

    return " and ".join(name for name in _EXTRA if find_spec(name) is None)


async def _play(request: Drill, scenario: Scenario, directory: Path, show: Show) -> int:
    since = time.monotonic()
    from coldstart.drill.stand import Stand  # noqa: PLC0415 - needs the drill extra, which was just looked for

    speed = request.speed or SPEED
    dial = ScenarioTime(SystemClock().wall())
    show.aside(lambda page, _: telling.opening(scenario, page, pace=_pace(speed)))
    stand = Stand(
        scenario,
        directory,
        dial,
        seed=request.seed,
        speed=speed,
        tell=lambda event: show.aside(lambda page, _: telling.happens(event, page)),
    )
    course = Course(scenario, [], exact=not request.seed)
    try:
        with stand.operators_tools():
            await stand.begin()
            ready = time.monotonic()
            report, interrupted = await _watched(_request(request, stand), stand, Hurrying(dial, speed), course, show)
    finally:
        await stand.end()
    show.report(report)
    if interrupted:
        sys.stderr.write("coldstart: interrupted; the report is that of the last attempt\n")
        return _CANNOT_JUDGE
    took = f"{ready - since:.1f} s until the stack stood, {time.monotonic() - ready:.1f} s for the watch"
    show.aside(lambda page, marks: telling.closing(course, page, marks, parts=took))
    return report.exit_code if course.right else _CANNOT_JUDGE


async def _watched(request: Request, stand: "Stand", pace: Hurrying, course: Course, show: Show) -> tuple[Report, bool]:
    """The watch of SOP 13.2, at the stack: each attempt is followed by the time that passes until the next."""
    program = _sealed(compiled(request), stand)
    session = Session(request, program, Flowing(stand.time), detours=Detours.parse(request.connect_to))
    scenario = stand.scenario

    async def attempt(before: Mapping[Read, Reply]) -> Finished:
        await stand.follow()
        with show.progress(program, quiet=request.quiet) as observer:
            return await session.once(observer, before)

    def tell(attempt: Attempt) -> None:
        course.add(attempt)
        show.attempt(attempt)

    stand.time.start()
    schedule = Schedule(scenario.interval, scenario.attempts)
    with stopping_on_signals(session.stop):
        async with session.kept():
            ended = await watch(attempt, pace, schedule, stop=session.stop, tell=tell)
    return ended.report, ended.interrupted


def _request(request: Drill, stand: "Stand") -> Request:
    """The options that lead `watch` to the stack: addresses, ports, users and trust, and nothing else."""
    return Request(
        baseline=baseline.shipped(),
        variables=stand.variables,
        ssh_config=stand.ssh_config,
        connect_to=stand.connect_to,
        send_alert_test=True,
        keep_going=stand.scenario.keep_going,
        output=request.output,
        ascii=request.ascii,
        no_color=request.no_color,
        quiet=request.quiet,
    )


def _sealed(program: Program, stand: "Stand") -> Program:
    """The program, once it is certain that nothing in it would leave loopback. Raises `UsageError`."""
    detours = Detours.parse(stand.connect_to)
    reads: set[Read] = {read for gate in program.gates for task in gate.tasks for read in task.reads}
    if test := program.loaded.baseline.alert_test:  # sent by a POST, and to nowhere else
        reads.add(HttpGet(url=test.url, via=test.via))
        reads.update(sight.read(RUN, test.timeout) for sight in test.sights.values())
    if outside := sorted(read.describe() for read in reads if not _inside(read, detours)):
        raise UsageError(*(f"nothing in the drill stands for: {text}" for text in outside))
    return program


def _inside(read: Read, detours: Detours) -> bool:
    """Say whether the stack answers it: a host of the drill, or a place that leads to a port of it."""
    if read.place != OPERATOR:
        return read.place in HOSTS
    match read:
        case TcpDial():
            return detours.of(read.address, read.port) is not None
        case Ping() | Neighbour():
            return read.address in {VIP, *(spec.address for spec in HOSTS.values())}
        case HttpGet():
            return _led(read.url, detours)
        case _:
            return False


def _led(url: str, detours: Detours) -> bool:
    from urllib.parse import urlsplit  # noqa: PLC0415 - only here

    parts = urlsplit(url)
    return bool(detours.of(parts.hostname or "", parts.port or {"http": 80, "https": 443}[parts.scheme]))


def _pace(speed: float) -> str:
    return "real time" if speed == 1 else f"{speed:g} times as fast as real time between two attempts"


async def _serve(request: Drill, scenario: Scenario, directory: Path) -> int:
    """Keep the stack up until it is interrupted; that is its proper end."""
    from coldstart.drill.stand import Stand, real_time  # noqa: PLC0415 - needs the drill extra

    try:
        at: float = TypeAdapter(Moment).validate_python(request.at or "0s")
    except ValidationError:
        raise UsageError(f"--at {request.at}: a time is written like 90s or 20m") from None
    show = Show(("table",), request.ascii, request.no_color)
    pace = f"real time, {telling.moment(at)} after its start; Ctrl-C ends it and removes its files"
    show.aside(lambda page, _: telling.opening(scenario, page, pace=pace))
    stand = Stand(
        scenario,
        directory,
        real_time(at),
        seed=request.seed,
        tell=lambda event: show.aside(lambda page, _: telling.happens(event, page)),
    )
    stop = asyncio.Event()
    try:
        await stand.begin()
        _sealed(compiled(_request(request, stand)), stand)
        with stopping_on_signals(stop):
            sys.stdout.write(_access(stand))
            sys.stdout.flush()
            while not stop.is_set():
                await stand.follow()
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), _FOLLOW_EVERY)
    finally:
        await stand.end()
    return 0


def _access(stand: "Stand") -> str:
    """What to type in another terminal while the stack stands."""
    command = stand.directory / "coldstart"
    options = ["--baseline", str(baseline.shipped())]
    options += [word for one in stand.variables for word in ("--set", one)]
    options += [word for one in stand.connect_to for word in ("--connect-to", one)]
    access.write_command(command, options, stand.ssh_config, stand.bin)
    lines = access.lines(command, stand.ssh_config, stand.ca_file, stand.connect_to)
    return f"The stack stands. In another terminal:\n\n{lines}\n\n"
