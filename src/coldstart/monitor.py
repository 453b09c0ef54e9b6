"""`coldstart monitor` (SOP 13.3): one read-only pass under a lock, told as metrics and in the log of the last run."""

import math
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from coldstart.clock import Clock
from coldstart.errors import ColdstartError, LockHeld, OutputError, Unparsable
from coldstart.lock import held
from coldstart.outcome import Report, Result
from coldstart.probes import exposition as metrics
from coldstart.render import exposition, sinks, table
from coldstart.render.exposition import Moments
from coldstart.text import visible

Run = Callable[[], Report]
"""One whole check, with --keep-going and without the alert test."""

LOG_WIDTH = 100
TEXTFILE_MODE = 0o644
"""node_exporter is another user."""
_LONGEST = 4 << 20
"""Bytes of a textfile that an earlier pass can have written, with room to spare; more is not read."""
_SLACK = 300.0
"""Seconds by which clocks are set back without a word; a last green that is later than that is no moment to trust."""


@dataclass(frozen=True)
class Place:
    """Where a monitor tells what it saw; `log` None: nowhere but in its metrics, whose names begin with `prefix`."""

    textfile: Path
    log: Path | None
    prefix: str


class Memory(Protocol):
    """What is remembered of earlier runs of the same baseline; it never raises, whatever becomes of its file."""

    @property
    def last_green(self) -> float | None: ...
    def keep(self, report: Report) -> None: ...


@dataclass(frozen=True)
class Monitor:
    """A monitor of one baseline."""

    place: Place
    lock: Path
    clock: Clock
    memory: Memory | None
    """None: the baseline could not be loaded, so nothing is known of its runs."""
    warn: Callable[[str], None]
    """Is told, a line at a time, what could not be written beside a failure that is raised."""

    def once(self, run: Run) -> Report:
        """Run once and tell. Returns the report, whose exit code is the monitor's.

        Raises `LockHeld` at once when another pass is under way, which is not disturbed: nothing is written then.
        Whatever else keeps it from a verdict it tells as check_failed, and raises; and `OutputError` when a file could
        not be written: the one that was there before is whole then, and all the rest is done.
        """
        began = self.clock.wall()
        with ExitStack() as alone:
            try:
                alone.enter_context(held(self.lock, self.clock))
                for path in self._files():
                    sinks.sweep(path)
                report = run()
            except LockHeld:
                raise
            except BaseException as error:
                for problem in self._tell(None, _failure(error, self.clock.wall()), began):
                    self.warn(problem)
                raise
            text = table.render(report, width=LOG_WIDTH, color=False, ascii=False)
            problems = self._tell(report, text, began)
            if self.memory:
                self.memory.keep(report)
        if problems:
            raise OutputError("\n".join(problems))
        return report

    def _files(self) -> tuple[Path, ...]:
        return tuple(path for path in (self.place.textfile, self.place.log) if path)

    def _tell(self, report: Report | None, text: str, began: float) -> list[str]:
        """Write the textfile and the log, each whatever becomes of the other; returns what was not written."""
        ended = report.ended if report else self.clock.wall()
        green = ended if report and report.result is Result.GREEN else self._last_green(ended)
        moments = Moments(ended=ended, lasted=ended - began, last_green=green)
        written = (
            (self.place.textfile, exposition.render(self.place.prefix, report, moments), TEXTFILE_MODE),
            (self.place.log, text, 0o600),
        )
        problems = []
        for path, content, mode in written:
            try:
                if path:
                    sinks.to_file(path, content, mode=mode)
            except OutputError as error:
                problems.append(str(error))
        return problems

    def _last_green(self, now: float) -> float:
        """When a run was last GREEN: the later of what the textfile and the history say; 0 where neither knows."""
        known = (last_green_in(self.place), self.memory.last_green if self.memory else None)
        return max((min(moment, now) for moment in known if moment and moment <= now + _SLACK), default=0.0)


def last_green_in(place: Place) -> float | None:
    """Return the last green of the textfile that is there, s since the epoch; None where it says none or is damaged."""
    name = f"{place.prefix}_last_green_timestamp"
    try:
        if not place.textfile.is_file() or place.textfile.stat().st_size > _LONGEST:
            return None
        samples = metrics.parse(place.textfile.read_bytes().decode("utf-8"))
    except (OSError, UnicodeDecodeError, Unparsable):
        return None
    found = [sample.value for sample in samples if (sample.name, sample.labels) == (name, ())]
    return found[0] if found and math.isfinite(found[0]) and found[0] > 0 else None


def _failure(error: BaseException, now: float) -> str:
    """The log of a pass that came to no report."""
    when = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(now))
    said = str(error) if isinstance(error, ColdstartError) else f"{type(error).__name__}: {error}".rstrip(": ")
    return f"CHECK_FAILED: the monitor came to no verdict ({when})\n{visible(said)}\n"
