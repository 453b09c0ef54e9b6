"""The live view of a watch: on stderr, only when that is a terminal; gone when the result is there.

What happened is printed above it as it happens (render/attempts.py), so that the scrollback tells the whole story; the
view itself only shows how things stand now.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol, TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from coldstart.attempt import Attempt
from coldstart.clock import Clock, SystemClock
from coldstart.observer import Observer, Silent
from coldstart.outcome import GateResult, Report, Verdict
from coldstart.reason import Reason
from coldstart.render import words
from coldstart.render.depth import depths
from coldstart.render.progress import Progress
from coldstart.render.style import COLORS, QUIET, STRONG, UNSEEN, Marks, marks
from coldstart.render.table import verdict_of
from coldstart.render.wrap import wrapped
from coldstart.text import one_line, span

_COUNTDOWNS_MOST = 3
_FIRST_MOST = 3
"""Lines for what is wrong."""


class View(Protocol):
    """What a watch shows while it goes on."""

    def asking(self) -> AbstractContextManager[Observer]:
        """An observer for one attempt, while it is made."""
        ...

    def tell(self, attempt: Attempt) -> None:
        """How things stand after an attempt."""
        ...

    def paused(self) -> AbstractContextManager[None]:
        """Nothing is drawn within, so that something else can be printed."""
        ...


class Blind:
    """Shows nothing: no terminal, or the operator wants none of it."""

    def asking(self) -> AbstractContextManager[Observer]:
        return nullcontext(Silent())

    def tell(self, attempt: Attempt) -> None:
        pass

    def paused(self) -> AbstractContextManager[None]:
        return nullcontext()


@contextmanager
def shown(
    stream: TextIO,
    *,
    title: str,
    totals: Mapping[str, int],
    ascii: bool = False,  # noqa: A002 - the option's name
    color: bool = True,
    clock: Clock | None = None,
) -> Iterator[View]:
    """Yield a view that draws on `stream`, or a blind one when `stream` is no terminal (or a dumb one).

    `title`: of the baseline; `totals`: how many check results each gate will have. The display is wiped when the block
    ends, however it ends.
    """
    if not stream.isatty() or os.environ.get("TERM") in (None, "", "dumb"):
        yield Blind()
        return
    console = Console(
        file=stream,
        force_terminal=True,
        no_color=None if color else True,
        markup=False,
        highlight=False,
        emoji=False,
    )
    view = Drawn(clock or SystemClock(), title, totals, marks(ascii_only=ascii))
    view.begin(console)
    try:
        yield view
    finally:
        view.end()


class Drawn:
    """Keeps how things stand; `lines` draws it, from a thread: no collection is ever changed while it may be read."""

    def __init__(self, clock: Clock, title: str, totals: Mapping[str, int], signs: Marks) -> None:
        self._clock, self._title, self._totals, self._marks = clock, title, totals, signs
        self._began = clock.monotonic()
        self._last: Attempt | None = None
        self._progress: Progress | None = None
        self._next_at: float | None = None
        self._live: Live | None = None

    def begin(self, console: Console) -> None:
        """Draw on a terminal from here on, below whatever stands there."""
        self._live = Live(
            console=console,
            get_renderable=lambda: self.lines(console.width, console.height),
            transient=True,
            refresh_per_second=4,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start(refresh=True)

    def end(self) -> None:
        """Wipe what is drawn."""
        if self._live:
            self._live.stop()
            self._live = None

    @contextmanager
    def asking(self) -> Iterator[Observer]:
        """As the protocol says."""
        self._progress = progress = Progress(self._clock, self._totals, self._marks)
        try:
            yield progress
        finally:
            self._progress = None

    def tell(self, attempt: Attempt) -> None:
        """As the protocol says."""
        self._next_at = None if attempt.next_in is None else self._clock.monotonic() + attempt.next_in
        if not attempt.discarded:
            self._last = attempt

    @contextmanager
    def paused(self) -> Iterator[None]:
        """As the protocol says."""
        live = self._live
        self.end()
        try:
            yield
        finally:
            if live:  # a new one: the old one would go up by as many lines as it had, over what was printed
                self.begin(live.console)

    def lines(self, width: int, height: int) -> Group:
        """Return what to draw now; each line is cut at `width`, none wraps, and there are fewer than `height`."""
        now, last, progress = self._clock.monotonic(), self._last, self._progress
        drawn = [self._heading(now)]
        if last:
            verdict = verdict_of(last.report)
            first = wrapped(one_line(words.first_line(last.report, self._marks), 500), width - 1)
            drawn += [Text(line, style=COLORS[verdict]) for line in first[:_FIRST_MOST]]
            deep = depths(last.report)
            names = max(len(gate.name) + 2 * deep[gate.name] for gate in last.report.gates)
            drawn += [self._gate(gate, last, 2 * deep[gate.name], names) for gate in last.report.gates]
            drawn += self._countdowns(last.report)
        if progress:
            # With the gates on show, what is going on needs one line; before the first answers it has all the room.
            lines = list(progress.lines(width).renderables)
            drawn += [line for line in (lines[-1:] if last else lines) if isinstance(line, Text)]
        elif self._next_at is not None:
            drawn.append(Text(f"next attempt in {words.lasted(max(0.0, self._next_at - now))}", style=QUIET))
        drawn = drawn[: max(height - 1, 3)]
        for line in drawn:
            line.no_wrap = True
            line.truncate(width - 1, overflow="crop")
        return Group(*drawn)

    def _heading(self, now: float) -> Text:
        line = Text(one_line(self._title, 60), style=STRONG)
        if last := self._last:
            line.append(f"  attempt {last.number} of {last.of}", style=QUIET)
            if last.stable > 1 and last.streak:
                line.append(f", all good {last.streak} of {last.stable} in a row", style=COLORS[Verdict.PASS])
        return line.append(f"  {span(now - self._began)}", style=QUIET)

    def _gate(self, gate: GateResult, last: Attempt, indent: int, names: int) -> Text:
        line = Text(" " * indent)
        line.append(self._marks.glyph(gate.verdict), style=COLORS[gate.verdict])
        line.append(f" {gate.name}".ljust(names + 1 - indent))
        line.append(f"  {gate.verdict or 'left out':<7}", style=COLORS[gate.verdict])
        since = last.since.get(gate.name)
        if since is not None:
            line.append(f"  {span(self._clock.wall() - since):>9}", style=QUIET)
        if outlook := last.outlooks.get(gate.name):
            line.append(f"  {outlook}", style=UNSEEN if outlook == "needs a human" else "")
        elif gate.verdict is Verdict.HELD:
            line.append(f"  by {gate.held_by}", style=QUIET)
        return line

    def _countdowns(self, report: Report) -> list[Text]:
        """What only needs time: how long it has been good, of how long."""
        waits = [
            f"{check.key}: {check.outcome.observed}"
            for gate in report.gates
            for check in gate.checks
            if check.outcome and check.outcome.reason in (Reason.TOO_EARLY, Reason.RESTARTED)
        ]
        held = [
            f"release {item.name}: {condition.claim}: {condition.why}"
            for item in report.releases
            for condition in item.unmet
            if len(item.unmet) == 1
        ]
        return [Text(f"  {one_line(said, 300)}", style=QUIET) for said in (*waits, *held)[:_COUNTDOWNS_MOST]]
