"""The typer application. Commands import what they need when they run: `--version` and `--help` stay light."""

import sys
from typing import Annotated

import typer

from coldstart import __version__
from coldstart.cli import check, diff, drill, graph, history, lint, monitor, plan, release, report, watch

app = typer.Typer(
    name="coldstart",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"coldstart {__version__}\n")
        raise typer.Exit


@app.callback()
def coldstart(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Tell which gate holds the stack back after a cold start, and whether the next may be released.

    coldstart only reads: it never restarts, deletes or changes anything.

    Exit codes, the same for every command: 0 GREEN, 1 DEGRADED, 2 BLOCKED, 3 no verdict (usage error, invalid
    baseline, interrupted, internal error).

    Example: coldstart check -b baselines/full-stack-cold-start.yml
    """
    del version


app.command("check")(check.check)
app.command("watch")(watch.watch)
app.add_typer(monitor.app, name="monitor")
app.command("history")(history.history)
app.command("diff")(diff.diff)
app.command("report")(report.report)
app.command("release")(release.release)
app.command("plan")(plan.plan)
app.command("graph")(graph.graph)
app.command("lint")(lint.lint)
app.command("drill")(drill.drill)
