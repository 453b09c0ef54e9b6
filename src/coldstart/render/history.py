"""Stored runs for a terminal and as JSON: one a line, newest first, and how long a gate took to become green."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from coldstart.outcome import Result, Verdict
from coldstart.render import words
from coldstart.render.page import Cell, Page, column
from coldstart.render.style import COLORS, QUIET, STRONG, Marks, marks
from coldstart.runs import Run, TimeToGreen
from coldstart.text import one_line, plural, span

SCHEMA_VERSION = 1

_HEADLINE_LEAST = 20
_LOOKS_LIKE = {Result.GREEN: Verdict.PASS, Result.DEGRADED: Verdict.WARN}


def table(
    runs: Sequence[Run],
    times: Sequence[TimeToGreen],
    *,
    gate: str | None,
    path: Path | None,
    width: int,
    color: bool,
    ascii: bool,  # noqa: A002 - the option's name
) -> str:
    """Return a line a run, `runs` newest first; with `gate` its verdict, and above its time to green from `times`."""
    page, signs = Page(width=width, color=color), marks(ascii_only=ascii)
    if not runs:
        page.paragraph(f"No run is kept yet{f' in {path}' if path else ''}.", STRONG)
        page.paragraph("coldstart check and coldstart watch keep each of their runs; a replay is none.", QUIET)
        return str(page)
    if gate:
        page.paragraph(_time(gate, [one for one in times if one.gate == gate]), STRONG)
        page.blank()
    _rows(page, signs, runs, gate)
    return str(page)


def _rows(page: Page, signs: Marks, runs: Sequence[Run], gate: str | None) -> None:
    columns = [
        ("run", [str(run.id) for run in runs]),
        ("when", [local(run.started) for run in runs]),
        ("command", [command(run) for run in runs]),
        *([(gate, [run.verdict.value if run.verdict else "not asked" for run in runs])] if gate else []),
        ("result", [run.result.value for run in runs]),
        *([] if gate else [("lasted", [words.lasted(run.ended - run.started) for run in runs])]),
    ]
    widths = [column([name, *texts], page.width // 2) for name, texts in columns]
    rest = max(page.width - sum(widths) - 2 * len(widths), _HEADLINE_LEAST)
    heads = [Cell(name, wide, QUIET) for (name, _), wide in zip(columns, widths, strict=True)]
    page.row(*heads, Cell("headline", rest, QUIET))
    for at, run in enumerate(runs):
        cells = [Cell(texts[at], wide) for (_, texts), wide in zip(columns, widths, strict=True)]
        place = [name for name, _ in columns].index("result")
        cells[place] = Cell(cells[place].text, widths[place], COLORS[_LOOKS_LIKE.get(run.result, Verdict.BLOCKED)])
        if gate:
            cells[place - 1] = Cell(cells[place - 1].text, widths[place - 1], COLORS[run.verdict])
        page.row(*cells, Cell(words.cut(_said(run), rest, signs), rest))


def local(epoch: float) -> str:
    """Return a moment in this machine's local time, to the minute."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(epoch))


def command(run: Run) -> str:
    """Return ``check``, or ``watch 3`` for the third attempt of one."""
    return run.command if run.attempt is None else f"{run.command} {run.attempt}"


def _said(run: Run) -> str:
    """The headline without what the columns say already; a narrowed run says so first."""
    where, colon, said = run.headline.partition(": ")
    text = said if colon and where.startswith(run.result.value) else run.headline
    return f"(narrowed) {text}" if run.narrowed else text


def _time(gate: str, found: Sequence[TimeToGreen]) -> str:
    """``P1-K3S: green 9 min after the boot of … (110 120), median 4 min of 3 earlier recoveries``."""
    if not found:
        return f"{gate}: no boot of a host is known, so there is no time to green"
    time_ = found[0]
    boot = f"the boot of {local(time_.booted)} ({' '.join(time_.hosts)})"
    if time_.seconds is not None:
        text = f"{gate}: green {span(time_.seconds)} after {boot}"
    elif time_.green:
        text = f"{gate}: green after {boot}, but nobody looked in time to tell how long it took"
    else:
        text = f"{gate}: not yet green, {span(time_.so_far)} so far since {boot}"
    if time_.usual is None:
        return f"{text}; no earlier recovery to compare with"
    return (
        f"{text}; median {span(time_.usual)} of {plural(len(time_.earlier), 'earlier recovery', 'earlier recoveries')}"
    )


def document(runs: Sequence[Run], times: Sequence[TimeToGreen]) -> dict[str, Any]:
    """Return the same as a JSON object: times in seconds, moments in seconds since the epoch."""
    return {
        "schema_version": SCHEMA_VERSION,
        "runs": [run_document(run) for run in runs],
        "times_to_green": [
            {
                "gate": one.gate,
                "green": one.green,
                "seconds": one.seconds,
                "so_far": one.so_far,
                "booted": one.booted,
                "hosts": list(one.hosts),
                "usual": one.usual,
                "earlier": list(one.earlier),
            }
            for one in times
        ],
    }


def run_document(run: Run) -> dict[str, Any]:
    """Return one run as a JSON object."""
    return {
        "id": run.id,
        "command": run.command,
        "series": run.series,
        "attempt": run.attempt,
        "baseline": run.baseline,
        "sha256": run.sha256,
        "version": run.version,
        "started": run.started,
        "ended": run.ended,
        "result": run.result.value,
        "verdict": run.verdict.value if run.verdict else None,
        "headline": one_line(run.headline, 1000),
        "narrowed": list(run.narrowed),
        "whole": run.whole,
    }
