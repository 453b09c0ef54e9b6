"""Runs that were: from the history, or from a report that ``-o json`` wrote; and how they are shown."""

import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from coldstart.cli.show import Show
from coldstart.clock import SystemClock
from coldstart.errors import UsageError
from coldstart.history import History
from coldstart.outcome import Report
from coldstart.render import as_json, logbook, table
from coldstart.render.html import page
from coldstart.replies import LoginReply

_YEAR_9999 = 253402300799.0
"""The last second that a date has a name for (datetime.MAXYEAR)."""


def show(
    run: str, state_dir: Path | None, output: Sequence[str], known: Sequence[str], *, ascii_only: bool, no_color: bool
) -> None:
    """Write a run to every sink of `output`. Raises `UsageError` and `OutputError`."""
    shown = Show(output, ascii_only, no_color, known=known)
    report = from_file(Path(run)) if names_a_file(run) else from_history(run, state_dir)
    shown.texts(
        {
            "markdown": lambda *_: logbook.render(report),
            "html": lambda *_: page.render(report),
            "json": lambda *_: as_json.render(report),
            "table": lambda width, color, plain: table.render(report, width=width, color=color, ascii=plain),
        }
    )


def names_a_file(run: str) -> bool:
    """Whether a word means a file: it has a slash in it, or ends as ``-o json=run.json`` does."""
    return "/" in run or run.endswith(".json")


def from_history(run: str, state_dir: Path | None) -> Report:
    """Return a run that is kept; what is wrong with the history is said on stderr. Raises `UsageError`."""
    with History.open(state_dir, SystemClock()) as kept:
        try:
            return kept.report(run)
        finally:
            for problem in kept.problems:
                sys.stderr.write(f"coldstart: {problem}\n")


def from_file(path: Path) -> Report:
    """Return the report that ``-o json`` wrote. Raises `UsageError` for anything else."""
    try:
        report = Report.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UsageError(
            f"{path}: {error.strerror or error}; RUN is a report that -o json=FILE wrote, or one of `coldstart history`"
        ) from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        at = ".".join(str(step) for step in first["loc"])
        raise UsageError(f"{path}: not a report of coldstart: {f'{at}: ' if at else ''}{first['msg']}") from None
    _require_moments(path, report)
    return report


def _require_moments(path: Path, report: Report) -> None:
    """Raise `UsageError` for a time that no clock shows: a file may have been written by anybody."""
    checks = [one for gate in report.gates for check in gate.checks for one in (check, *check.members)]
    replies = [exchange.reply for check in checks for exchange in check.exchanges]
    accepts = [check.accepted for check in checks if check.accepted] + [item.accepted for item in report.accepts]
    times = [report.started, report.ended]
    times += [time for reply in replies for time in (reply.started, reply.ended)]
    times += [reply.kept_since for reply in replies if isinstance(reply, LoginReply) and reply.kept_since is not None]
    times += [accepted.until for accepted in accepts if accepted.until is not None]
    for time in times:
        if not 0 <= time <= _YEAR_9999:  # false for NaN
            raise UsageError(f"{path}: not a report of coldstart: {time} is no time in seconds since 1970")
