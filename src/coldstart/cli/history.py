"""`coldstart history`."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from coldstart.cli import options

if TYPE_CHECKING:
    from coldstart.history import History

FORMATS = ("table", "json")


def history(
    gate: Annotated[
        str | None,
        typer.Option("--gate", metavar="GATE", help="This gate's verdicts, and its time to green after the last boot."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=100_000, help="Runs to show.")] = 20,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Only runs of the baseline that has this `name:`.")
    ] = None,
    state_dir: options.StateDir = None,
    output: Annotated[
        list[str] | None,
        typer.Option("--output", "-o", metavar="FORMAT[=FILE]", help="table or json; several for several files."),
    ] = None,
    ascii_: options.Ascii = False,
    no_color: options.NoColour = False,
) -> int:
    """List the runs that are kept, newest first; with --gate, how long it took to become green after the last boot.

    The time runs from the last boot of a host to the end of the first run in which the gate was PASS, beside the median
    of earlier recoveries. Connects to nothing.

    Exit codes: 0 listed (also when none is kept yet), 3 the options are wrong or the history cannot be read.

    Example: coldstart history --gate P1-K3S
    """
    from coldstart.cli.show import Show  # noqa: PLC0415 - the models: only when something is shown
    from coldstart.clock import SystemClock  # noqa: PLC0415 - as above
    from coldstart.errors import UsageError  # noqa: PLC0415 - as above
    from coldstart.history import History  # noqa: PLC0415 - as above
    from coldstart.render import as_json  # noqa: PLC0415 - as above
    from coldstart.render import history as rendering  # noqa: PLC0415 - as above

    show = Show(output or ("table",), ascii_, no_color, known=FORMATS)
    with History.open(state_dir, SystemClock()) as kept:
        runs = kept.runs(limit, baseline=name, gate=gate)
        if not runs:
            if last := kept.runs(1):
                raise UsageError(*_unknown(kept, last[0].baseline, name, gate))
        elif gate and not name:  # times are of one baseline, so the runs beside them are, too
            runs = kept.runs(limit, baseline=runs[0].baseline, gate=gate)
        times = kept.times_to_green(runs[0].baseline) if runs else ()
        path, problems = kept.path, kept.problems
    if kept.failed and not runs:
        raise UsageError(*problems)
    for problem in problems:
        sys.stderr.write(f"coldstart: {problem}\n")
    show.texts(
        {
            "json": lambda *_: as_json.dump(rendering.document(runs, times)),
            "table": lambda width, color, ascii_only: rendering.table(
                runs, times, gate=gate, path=path, width=width, color=color, ascii=ascii_only
            ),
        }
    )
    return 0


def _unknown(kept: "History", last: str, name: str | None, gate: str | None) -> tuple[str, ...]:
    """Why nothing is shown although runs are kept."""
    import difflib  # noqa: PLC0415 - only for a mistake

    if name and not kept.runs(1, baseline=name):
        return (f"--name {name}: no run of a baseline of this name is kept; the last run is of {last}",)
    known = kept.gates(name)
    close = difflib.get_close_matches(gate or "", known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(known)}"
    return (f"--gate {gate}: no run that is kept has such a gate; {hint}",)
