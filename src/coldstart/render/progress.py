"""What the operator sees while it runs: on stderr, only when that is a terminal, and gone when the result is there."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from coldstart.clock import Clock, SystemClock
from coldstart.observer import Observer, Silent
from coldstart.outcome import CheckResult, GateResult, Report, Verdict
from coldstart.reads import OPERATOR, Read
from coldstart.render.style import COLORS, QUIET, Marks, marks
from coldstart.render.words import checks, lasted
from coldstart.replies import Reply
from coldstart.text import one_line, plural

_SLOWEST_SHOWN = 3
_SLOW_AFTER = 1.0
"""Seconds after which a read is named: quicker ones would only flicker."""


@contextmanager
def shown(
    stream: TextIO,
    *,
    totals: Mapping[str, int] | None = None,
    ascii: bool = False,  # noqa: A002 - the option's name
    clock: Clock | None = None,
) -> Iterator[Observer]:
    """Yield an observer that draws on `stream`, or one that is silent when `stream` is no terminal (or a dumb one).

    `totals` says how many check results each gate will have. The display is wiped when the block ends, however it ends;
    stdout is never touched.
    """
    if not stream.isatty() or os.environ.get("TERM") in (None, "", "dumb"):
        yield Silent()
        return
    console = Console(file=stream, force_terminal=True, markup=False, highlight=False, emoji=False)
    progress = Progress(clock or SystemClock(), totals or {}, marks(ascii_only=ascii))
    with Live(
        console=console,
        get_renderable=lambda: progress.lines(console.width),
        transient=True,
        refresh_per_second=5,
        redirect_stdout=False,
        redirect_stderr=False,
    ):
        yield progress


class Progress:
    """Keeps what is going on; `lines` draws it, from a thread: no collection is ever changed while it may be read."""

    def __init__(self, clock: Clock, totals: Mapping[str, int], signs: Marks) -> None:
        self._clock, self._totals, self._marks = clock, dict(totals), signs
        self._started = clock.monotonic()
        self._gates: dict[str, Verdict | None] = {}
        self._done: dict[str, int] = {}
        self._waiting: dict[Read, float] = {}
        self._answered = 0

    def gate_started(self, name: str) -> None:
        """A gate's reads are being sent."""
        self._done = {**self._done, name: 0}

    def read_started(self, read: Read) -> None:
        """A read was sent."""
        self._waiting = {**self._waiting, read: self._clock.monotonic()}

    def read_done(self, read: Read, reply: Reply) -> None:
        """A read was answered, or given up."""
        del reply
        self._waiting = {other: since for other, since in self._waiting.items() if other != read}
        self._answered += 1

    def check_done(self, result: CheckResult) -> None:
        """A check has its verdict."""
        gate = result.id.partition("/")[0]
        self._done = {**self._done, gate: self._done.get(gate, 0) + 1}

    def gate_done(self, result: GateResult) -> None:
        """A gate has its verdict."""
        self._gates = {**self._gates, result.name: result.verdict}

    def run_done(self, report: Report) -> None:
        """The result follows on stdout: nothing more to draw."""
        del report
        self._waiting = {}

    def lines(self, width: int) -> Group:
        """Return what to draw now on a terminal of `width` cells; each line is cut there, none wraps."""
        now = self._clock.monotonic()
        drawn = [self._gate(name) for name in {**self._done, **self._gates}]
        slowest = sorted(self._waiting.items(), key=lambda item: item[1])[:_SLOWEST_SHOWN]
        drawn += [self._read(read, now - since) for read, since in slowest if now - since >= _SLOW_AFTER]
        waiting = f", {len(self._waiting)} waiting" if self._waiting else ""
        drawn.append(Text(f"{lasted(now - self._started)}, {plural(self._answered, 'answer')}{waiting}", style=QUIET))
        for line in drawn:
            line.no_wrap = True
            line.truncate(width - 1, overflow="crop")
        return Group(*drawn)

    def _gate(self, name: str) -> Text:
        done, total = self._done.get(name, 0), self._totals.get(name)
        if name in self._gates:
            verdict = self._gates[name]
            line = Text(self._marks.glyph(verdict), style=COLORS[verdict])
            return line.append(f" {one_line(name)}", style="").append(f"  {verdict or 'left out'}", style=QUIET)
        said = f"{done} of {checks(total)} done" if total else f"{checks(done)} done"
        return Text(f"{' ' * len(self._marks.glyph(Verdict.PASS))} {one_line(name)}").append(f"  {said}", style=QUIET)

    def _read(self, read: Read, since: float) -> Text:
        place = "" if read.place == OPERATOR else f"{read.place}: "
        return Text(f"  waiting {lasted(since)}  {one_line(place + read.describe())}", style=QUIET)
