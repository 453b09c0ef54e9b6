"""`coldstart monitor`, given its options: what it does, in order, and its exit code."""

import asyncio
import hashlib
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from coldstart.baseline.runbook import Monitor as Declared
from coldstart.baseline.salvage import monitor_of
from coldstart.cli import baseline as baselines
from coldstart.cli.memory import Memory
from coldstart.cli.session import Request, Session, compiled, stopping_on_signals
from coldstart.cli.show import Show
from coldstart.clock import SystemClock
from coldstart.errors import UsageError
from coldstart.monitor import Monitor, Place
from coldstart.observer import Silent
from coldstart.outcome import Report
from coldstart.text import visible
from coldstart.transport.detour import Detours

PREFIX = "coldstart"
"""What the names of the metrics begin with where neither the baseline nor an option says it."""
_PREFIX = r"[A-Za-z_][A-Za-z0-9_]{0,63}(?<!_)"


@dataclass(frozen=True)
class Asked:
    """The options of `monitor`, parsed and not yet looked at."""

    request: Request
    textfile: Path | None = None
    log: Path | None = None
    metric_prefix: str | None = None
    verbose: bool = False

    def place(self, declared: Declared | None) -> Place:
        """Where it tells: what the options say, else what the baseline declares. Raises `UsageError`."""
        textfile = self.textfile or (Path(declared.textfile) if declared else None)
        if textfile is None:
            raise UsageError(
                "nothing says where the metrics go: write monitor: in the baseline, or give --textfile FILE.prom"
            )
        if textfile.suffix != ".prom":
            raise UsageError(f"--textfile {textfile}: the textfile collector reads only names that end with .prom")
        log = self.log or (Path(declared.log) if declared else None)
        return Place(textfile.absolute(), log.absolute() if log else None, self.prefix(declared))

    def prefix(self, declared: Declared | None) -> str:
        """What the names of the metrics begin with. Raises `UsageError`."""
        if self.metric_prefix is None:
            return declared.metric_prefix if declared else PREFIX
        if not re.fullmatch(_PREFIX, self.metric_prefix):
            raise UsageError(
                f"--metric-prefix {self.metric_prefix}: a prefix is letters, digits and '_', and does not begin with "
                "a digit or end with '_'"
            )
        return self.metric_prefix


def monitor(asked: Asked) -> int:
    """One pass; returns its exit code. Raises what kept it from a verdict, once that is told wherever it can be."""
    clock = SystemClock()
    failure: Exception | None = None
    program = None
    try:
        detours, program = Detours.parse(asked.request.connect_to), compiled(asked.request)
        declared = program.loaded.baseline.monitor
        show = Show(("table",), asked.request.ascii, asked.request.no_color) if asked.verbose else None
    except Exception as error:  # noqa: BLE001 - whatever it is, Prometheus is to hear that there is no verdict
        failure, declared, detours, show = error, _salvaged(asked.request), Detours(), None
    try:
        place = asked.place(declared)
    except UsageError as error:
        if failure is None:
            raise
        raise UsageError(
            str(failure) or type(failure).__name__, f"and check_failed was not written: {error}"
        ) from failure

    def run() -> Report:
        if program is None:
            raise failure or AssertionError("a program that is not there has a failure")
        return asyncio.run(_once(Session(asked.request, program, clock, detours=detours, memory=memory)))

    state = asked.request.state_dir
    memory = Memory(state, clock, program.loaded.baseline.name, command="monitor") if program else None
    try:
        report = Monitor(place, _lock(state, place.textfile), clock, memory, _warn).once(run)
    finally:
        if memory:
            memory.close()
    if show:
        show.report(report)
    return report.exit_code


async def _once(session: Session) -> Report:
    with stopping_on_signals(session.stop):
        return (await session.once(Silent())).report


def _salvaged(request: Request) -> Declared | None:
    """What an invalid baseline says of its monitor, where that part of it is right."""
    try:
        given = baselines.assignments(request.variables)
        return monitor_of(baselines.find(request.baseline), given, request.vars_files)
    except Exception:  # noqa: BLE001 - what is wrong is told by whoever loads it; here is only one chance more
        return None


def state_directory(given: Path | None) -> Path:
    """The directory of the history and the locks."""
    return (given or platformdirs.user_state_path("coldstart")).absolute()


def _lock(state_dir: Path | None, textfile: Path) -> Path:
    """The lock of whoever writes this textfile, under whichever of its names."""
    name = hashlib.sha256(str(textfile.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return state_directory(state_dir) / f"monitor-{name}.lock"


def _warn(line: str) -> None:
    sys.stderr.write(f"coldstart: {visible(line)}\n")
