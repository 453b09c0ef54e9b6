"""One command's work once its options are known: load, compile, connect, run."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from coldstart.baseline.load import LoadedBaseline
from coldstart.cli import accepts
from coldstart.cli import baseline as baselines
from coldstart.clock import Clock
from coldstart.engine.accepting import Accepting
from coldstart.engine.pool import Limits
from coldstart.engine.program import Program, Selection, compile_program
from coldstart.engine.report import Grounds
from coldstart.engine.runner import Finished, Settings, run
from coldstart.errors import UsageError
from coldstart.observer import Observer
from coldstart.reads import HttpGet, Read
from coldstart.replies import Reply
from coldstart.transport.base import Endpoint
from coldstart.transport.detour import Detours
from coldstart.transport.replay import Replay
from coldstart.transport.sshkeep import Kept
from coldstart.transport.sshroute import SshOptions
from coldstart.transport.world import World

if TYPE_CHECKING:
    from coldstart.alert import AlertChain
    from coldstart.cli.memory import Memory

_NOTHING: Mapping[Read, Reply] = {}


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
    accepts_files: tuple[Path, ...] = ()
    accept: tuple[str, ...] = ()
    confirmed: frozenset[str] = frozenset()
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
    connect_to: tuple[str, ...] = ()
    send_alert_test: bool = False
    monitor_read_only: bool = False
    state_dir: Path | None = None
    ask_received: bool = False


def compiled(request: Request) -> Program:
    """The program that a request asks for. Raises `UsageError`, with every problem of the baseline."""
    loaded = baselines.load(request.baseline, request.variables, request.vars_files)
    if request.send_alert_test and request.monitor_read_only:
        raise UsageError("--send-alert-test and --monitor-read-only exclude each other")
    selection = Selection(
        only=request.only,
        until=request.until,
        hosts=request.hosts,
        skip=request.skip,
        no_alert=request.monitor_read_only,
    )
    program = compile_program(loaded, selection)
    accepts.accepting(loaded.baseline, request.accepts_files, request.accept)  # a slip is told before anything else
    return program


@dataclass
class Session:
    """Runs a program, once or again and again, each time over connections of its own, unless they are `kept`."""

    request: Request
    program: Program
    clock: Clock
    replay: Replay | None = None
    detours: Detours = field(default_factory=Detours)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    chain: "AlertChain | None" = None
    memory: "Memory | None" = None
    """Earlier runs; None: nothing is known of any."""
    accepting: Accepting = field(init=False)
    _kept: Kept | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        baseline = self.program.loaded.baseline
        self.accepting = accepts.accepting(baseline, self.request.accepts_files, self.request.accept)
        if self.request.send_alert_test:
            from coldstart.alert import AlertChain  # noqa: PLC0415 - httpx: only when something is sent

            self.chain = AlertChain(self.clock)

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Use the SSH connections that are healthy at the end of a run in the next one, and close them at the end."""
        kept = self._kept = Kept()
        try:
            yield
        finally:
            self._kept = None
            await kept.close()

    async def once(self, observer: Observer, before: Mapping[Read, Reply] = _NOTHING) -> Finished:
        """One run, from nothing but what is `kept`.

        Its report says what of the ssh configuration was not honoured, and every detour.
        """
        world = None if self.replay else _world(self.request, self.program.loaded, self.clock, self.detours, self._kept)
        defaults = self.program.loaded.baseline.defaults
        self.accepting.begin()
        settings = Settings(
            keep_going=self.request.keep_going,
            run_deadline=defaults.run_deadline,
            limits=Limits(channels=defaults.channels, hosts=defaults.hosts_at_once),
            before=before,
            stop=self.stop,
            grounds=Grounds(
                accepting=self.accepting,
                past=self.memory.past if self.memory else {},
                confirmed=self.request.confirmed,
                released=self.memory.released if self.memory else {},
            ),
            prove=partial(self.chain.prove, open_tunnel=world.open_tunnel, taken=world.taken)
            if self.chain and world
            else None,
        )
        transport = self.replay or world
        if transport is None:
            raise AssertionError("a run needs the world or a recording of it")
        ahead = asyncio.create_task(asyncio.to_thread(_import_ahead, self.program)) if world else None
        try:
            finished = await run(self.program, transport, self.clock, settings=settings, observer=observer)
        finally:
            await transport.close()
            if ahead:
                await ahead
        notes = world.notes if world else _replay_notes(self.replay, self.program)
        return replace(finished, report=finished.report.model_copy(update={"notes": (*finished.report.notes, *notes)}))


def _import_ahead(program: Program) -> None:
    """Import what later gates need while the first one waits for the network: a tenth of a second of our own time."""
    if any(isinstance(read, HttpGet) for gate in program.gates for task in gate.tasks for read in task.reads):
        with suppress(ImportError):  # whoever needs it says what is wrong with it
            import_module("coldstart.transport.http")


def _world(request: Request, loaded: LoadedBaseline, clock: Clock, detours: Detours, kept: Kept | None = None) -> World:
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
    return World(endpoints, clock, options, detours, kept)


def _replay_notes(replay: Replay | None, program: Program) -> tuple[str, ...]:
    """What an operator must know who reads a report that was judged from a recording."""
    if replay is None:
        return ()
    when = datetime.fromtimestamp(replay.meta.started, tz=UTC)
    notes = [f"replay: judged from a recording of {when:%Y-%m-%d %H:%M:%S} UTC, nothing was asked now"]
    if replay.meta.baseline_sha256 != program.loaded.sha256:
        notes.append("replay: the baseline is not the one that was recorded with")
    notes += [f"{note} (when this was recorded)" for note in replay.meta.detours]
    return tuple(notes)


@contextmanager
def stopping_on_signals(stop: asyncio.Event) -> Iterator[None]:
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
