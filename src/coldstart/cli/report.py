"""`coldstart report`."""

from typing import Annotated

import typer

from coldstart.cli import options

FORMATS = ("markdown", "html", "json", "table")


def report(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN", help="A run that is kept: its number, last, last~1, …; or a report that -o json wrote."
        ),
    ],
    state_dir: options.StateDir = None,
    output: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FORMAT[=FILE]",
            help="markdown (for the logbook), html, json or table; several for several files: -o html=run.html",
        ),
    ] = None,
    ascii_: options.Ascii = False,
    no_color: options.NoColour = False,
) -> int:
    """Show a run that was: as an entry for the logbook, or as one HTML page with everything in it.

    The entry (SOP 13.5.5) has the summary, the time line of the gates, and an empty table for manual repairs. The page
    has the gates as a picture, every read on a time line with the critical path, and each check with its evidence; it
    loads nothing and runs nothing. Connects to nothing.

    Exit codes: 0 shown, 3 no such run, or its report is not kept any more.

    Example: coldstart report last -o html=run.html
    """
    from coldstart.cli import stored  # noqa: PLC0415 - the models: only when something is shown

    stored.show(run, state_dir, tuple(output or ("markdown",)), FORMATS, ascii_only=ascii_, no_color=no_color)
    return 0
