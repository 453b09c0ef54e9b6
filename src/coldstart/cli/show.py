"""Where output goes and how it looks there: the only module of the command line that knows of terminals."""

import difflib
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

from coldstart.attempt import Attempt
from coldstart.engine.program import Group, Program
from coldstart.errors import OutputError, UsageError
from coldstart.observer import Observer, Silent
from coldstart.outcome import Report
from coldstart.plan import Plan
from coldstart.render import (
    accepts,
    as_json,
    attempts,
    explain,
    graph,
    junit,
    live,
    markdown,
    progress,
    short,
    sinks,
    table,
)
from coldstart.render import plan as plan_table
from coldstart.render.graph import Drawing
from coldstart.render.live import Blind, View
from coldstart.render.page import Page
from coldstart.render.style import Marks, marks

PLAIN_WIDTH = 100
"""Cells of a line where there is no terminal to ask (a file, a pipe, CI)."""


def _html(report: Report) -> str:
    from coldstart.render.html import page  # noqa: PLC0415 - Jinja: only for who wants a page

    return page.render(report)


_THE_SAME_EVERYWHERE: Mapping[str, Callable[[Report], str]] = {
    "json": as_json.render,
    "junit": junit.render,
    "markdown": markdown.render,
    "html": _html,
    "accepts": accepts.render,
}
"""Formats that do not depend on where they are written."""


class Show:
    """The sinks of one command, opened for judgement before anything is asked of a host."""

    def __init__(
        self, specs: Sequence[str], ascii_only: bool, no_color: bool, known: Sequence[str] = sinks.FORMATS
    ) -> None:
        """Raises `UsageError`: a format that is not `known`, a folder that is not there, two sinks on stdout."""
        self._sinks = sinks.parse(specs, known)
        self._ascii = ascii_only or not _can_encode("√‼×")
        self._color = sys.stdout.isatty() and not no_color and not os.environ.get("NO_COLOR")

    def report(self, report: Report) -> None:
        """Write every sink that can be written, whatever becomes of the others. Raises `OutputError` for those."""
        problems = []
        for sink in sorted(self._sinks, key=lambda sink: sink.path is not None):  # the terminal first
            try:
                sinks.write(sink, self._report_as(sink, report))
            except OutputError as error:
                problems.append(str(error))
        if problems:
            raise OutputError("\n".join(problems))

    def _report_as(self, sink: sinks.Sink, report: Report) -> str:
        if sink.format in _THE_SAME_EVERYWHERE:
            return _THE_SAME_EVERYWHERE[sink.format](report)
        if sink.format == "short":
            return short.render(report, ascii=self._ascii)
        return table.render(report, width=_width(sink), color=self._colored(sink), ascii=self._ascii)

    def plan(self, plan: Plan) -> None:
        for sink in self._sinks:
            if sink.format == "json":
                text = as_json.render(plan)
            elif sink.format == "table":
                text = plan_table.render(plan, width=_width(sink), color=self._colored(sink), ascii=self._ascii)
            else:
                raise UsageError(f"-o {sink.format}: a plan is printed as table or json")
            sinks.write(sink, text)

    def graph(self, drawing: Drawing) -> None:
        for sink in self._sinks:
            if sink.format == "mermaid":
                text = graph.mermaid(drawing)
            else:
                text = graph.tree(drawing, width=_width(sink), color=self._colored(sink), ascii=self._ascii)
            sinks.write(sink, text)

    def texts(self, of: Mapping[str, Callable[[int, bool, bool], str]]) -> None:
        """Write every sink; `of` makes each format's text from the width, whether in colour, and whether in ASCII."""
        for sink in self._sinks:
            sinks.write(sink, of[sink.format](_width(sink), self._colored(sink), self._ascii))

    def attempt(self, attempt: Attempt) -> None:
        """Print one attempt of a watch as it ends."""
        self._beside(lambda width, color: attempts.render(attempt, width=width, color=color, ascii=self._ascii))

    def aside(self, text: Callable[[Page, Marks], str]) -> None:
        """Print what is no report: `text` lays it out on a page, in the marks of this terminal."""
        signs = marks(ascii_only=self._ascii)
        self._beside(lambda width, color: text(Page(width=width, color=color), signs))

    def _beside(self, render: Callable[[int, bool], str]) -> None:
        """On stdout where the result goes there as text, else on stderr."""
        to_files = all(sink.path for sink in self._sinks) or any(
            sink.path is None and sink.format not in ("table", "short") for sink in self._sinks
        )
        stream = sys.stderr if to_files else sys.stdout
        width = shutil.get_terminal_size((PLAIN_WIDTH, 24)).columns if stream.isatty() else PLAIN_WIDTH
        sinks.write(sinks.Sink("table"), render(width, self._color and stream.isatty()), stdout=stream)

    def explain(self, report: Report, name: str) -> None:
        """Print how the checks that `name` names were judged, on stdout."""
        sink = sinks.Sink("table")
        results = explain.find(report, name)
        sinks.write(sink, explain.render(results, width=_width(sink), color=self._color, ascii=self._ascii))

    def progress(self, program: Program, *, quiet: bool) -> AbstractContextManager[Observer]:
        """What is shown on stderr while the run goes on; nothing where that is not a terminal."""
        if quiet:
            return nullcontext(Silent())
        totals = {gate.gate.name: len(gate.items) for gate in program.gates}
        return progress.shown(sys.stderr, totals=totals, ascii=self._ascii)

    def watching(self, program: Program, *, quiet: bool) -> AbstractContextManager[View]:
        """What is shown on stderr while a watch goes on; nothing where that is not a terminal."""
        if quiet:
            return nullcontext(Blind())
        totals = {gate.gate.name: len(gate.items) for gate in program.gates}
        return live.shown(
            sys.stderr,
            title=program.loaded.baseline.name,
            totals=totals,
            ascii=self._ascii,
            color=self._color,
        )

    def _colored(self, sink: sinks.Sink) -> bool:
        return self._color and sink.path is None


def require_check(program: Program, name: str) -> None:
    """Raise `UsageError` unless ``GATE/check`` or ``GATE/check@host`` is asked in this run."""
    keys = [item.key for gate in program.gates for item in gate.items]
    keys += [
        task.key for gate in program.gates for item in gate.items if isinstance(item, Group) for task in item.members
    ]
    if not any(name in (key, key.partition("@")[0]) for key in keys):
        close = difflib.get_close_matches(name, keys, n=1)
        raise UsageError(f"--explain {name}: no such check" + (f"; did you mean {close[0]}?" if close else ""))


def _width(sink: sinks.Sink) -> int:
    return (
        shutil.get_terminal_size((PLAIN_WIDTH, 24)).columns
        if sink.path is None and sys.stdout.isatty()
        else PLAIN_WIDTH
    )


def _can_encode(glyphs: str) -> bool:
    try:
        glyphs.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True
