"""`coldstart diff`."""

import sys
from typing import Annotated

import typer

from coldstart.cli import options

FORMATS = ("table", "json")


def diff(
    before: Annotated[str, typer.Argument(metavar="RUN", help="A run that is kept: its number, last, last~1, ….")],
    after: Annotated[str, typer.Argument(metavar="RUN", help="The run to compare it with.")],
    state_dir: options.StateDir = None,
    output: Annotated[
        list[str] | None,
        typer.Option("--output", "-o", metavar="FORMAT[=FILE]", help="table or json; several for several files."),
    ] = None,
    ascii_: options.Ascii = False,
    no_color: options.NoColour = False,
) -> int:
    """Show what changed from one run to another: result, reboots, gates, checks, criteria and releases.

    A check counts as changed when its verdict or its reason is another one. Connects to nothing.

    Exit codes: 0 compared (whether anything changed or not), 3 no such run, or its report is not kept any more.

    Example: coldstart diff last~1 last
    """
    from coldstart.cli.show import Show  # noqa: PLC0415 - the models: only when something is shown
    from coldstart.clock import SystemClock  # noqa: PLC0415 - as above
    from coldstart.history import History  # noqa: PLC0415 - as above
    from coldstart.render import as_json, differences  # noqa: PLC0415 - as above
    from coldstart.render import diff as rendering  # noqa: PLC0415 - as above

    show = Show(output or ("table",), ascii_, no_color, known=FORMATS)
    with History.open(state_dir, SystemClock()) as kept:
        runs = kept.find(before), kept.find(after)
        # By number from here on: another run may have been added since, and "last" be another one.
        reports = kept.report(str(runs[0].id)), kept.report(str(runs[1].id))
        problems = kept.problems
    for problem in problems:
        sys.stderr.write(f"coldstart: {problem}\n")
    found = differences.between(*reports)
    show.texts(
        {
            "json": lambda *_: as_json.dump(rendering.document(runs, found)),
            "table": lambda width, color, ascii_only: rendering.table(
                runs, reports, found, width=width, color=color, ascii=ascii_only
            ),
        }
    )
    return 0
