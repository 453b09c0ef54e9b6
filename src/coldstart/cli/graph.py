"""`coldstart graph`."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coldstart.cli import options

if TYPE_CHECKING:
    from coldstart.engine.program import Program
    from coldstart.outcome import Report


def graph(
    baseline: options.Baseline = None,
    set_: options.Set = None,
    vars_: options.Vars = None,
    replay: options.Replay = None,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="Show the verdicts of a report that -o json wrote.")
    ] = None,
    output: Annotated[
        list[str] | None,
        typer.Option("--output", "-o", metavar="FORMAT[=FILE]", help="tree or mermaid; several for several files."),
    ] = None,
    ascii_: options.Ascii = False,
    no_color: options.NoColour = False,
) -> int:
    """Draw the gates, what each stands on, and the releases that wait for them; connect to nothing.

    With --replay or --report each gate shows its verdict.

    Exit codes: 0 drawn, 3 the baseline or the options are wrong.

    Example: coldstart graph -o mermaid=docs/phases.mmd
    """
    from coldstart.cli.session import Request, compiled  # noqa: PLC0415 - the models: only when a baseline is loaded
    from coldstart.cli.show import Show  # noqa: PLC0415 - as above
    from coldstart.errors import UsageError  # noqa: PLC0415 - as above
    from coldstart.render.graph import FORMATS, Drawing  # noqa: PLC0415 - as above

    if replay and report:
        raise UsageError("--replay and --report exclude each other: each has verdicts of its own")
    show = Show(output or ("tree",), ascii_, no_color, known=FORMATS)
    program = compiled(Request(baseline=baseline, variables=tuple(set_ or ()), vars_files=tuple(vars_ or ())))
    judged = _judged_again(replay, program) if replay else _read(report) if report else None
    notes = () if judged is None else _notes(judged, program)
    show.graph(Drawing(program.loaded.baseline, program.graph.order, judged, notes))
    return 0


def _judged_again(directory: Path, program: "Program") -> "Report":
    from coldstart.cli.session import Request, Session  # noqa: PLC0415 - as above
    from coldstart.clock import FixedClock  # noqa: PLC0415 - as above
    from coldstart.observer import Silent  # noqa: PLC0415 - as above
    from coldstart.transport.replay import Replay  # noqa: PLC0415 - as above

    recording = Replay(directory)
    session = Session(Request(replay=directory), program, FixedClock(recording.meta.started), recording)
    return asyncio.run(session.once(Silent())).report


def _read(path: Path) -> "Report":
    """A report as ``-o json`` wrote it. Raises `UsageError` for anything else."""
    from pydantic import ValidationError  # noqa: PLC0415 - as above

    from coldstart.errors import UsageError  # noqa: PLC0415 - as above
    from coldstart.outcome import Report  # noqa: PLC0415 - as above

    try:
        return Report.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        at = ".".join(str(step) for step in first["loc"])
        raise UsageError(f"{path}: not a report of coldstart: {f'{at}: ' if at else ''}{first['msg']}") from None


def _notes(judged: "Report", program: "Program") -> tuple[str, ...]:
    """What must be known of verdicts that are not of now, or not of this file."""
    from coldstart.render.words import moment  # noqa: PLC0415 - as above
    from coldstart.transport.detour import NOTE  # noqa: PLC0415 - as above

    notes = [f"verdicts of {moment(judged.started)}, nothing was asked now"]
    if judged.baseline_sha256 != program.loaded.sha256:
        notes.append("they are of another version of this baseline, or of another baseline")
    notes += [f"narrowed by {reason}" for reason in judged.narrowed]
    notes += [note for note in judged.notes if note.startswith(NOTE)]
    return tuple(notes)
