"""`coldstart plan`."""

from typing import Annotated

import typer

from coldstart.cli import options


def plan(
    baseline: options.Baseline = None,
    set_: options.Set = None,
    vars_: options.Vars = None,
    only: options.Only = None,
    until: options.Until = None,
    host: options.Hosts = None,
    skip: options.Skip = None,
    output: Annotated[
        list[str] | None,
        typer.Option("--output", "-o", metavar="FORMAT[=FILE]", help="table or json; several times for several files."),
    ] = None,
    ascii_: options.Ascii = False,
    no_color: options.NoColour = False,
    connect_to: options.ConnectTo = None,
) -> int:
    """Print every command, URL and port that a check would ask, by gate and host, and connect to nothing.

    Exit codes: 0 printed, 3 the baseline or the options are wrong.

    Example: coldstart plan --host 188
    """
    from coldstart.cli import run, session  # noqa: PLC0415 - the models: only when a baseline is loaded

    return run.plan(
        session.Request(
            baseline=baseline,
            variables=tuple(set_ or ()),
            vars_files=tuple(vars_ or ()),
            only=tuple(only or ()),
            until=until,
            hosts=tuple(host or ()),
            skip=tuple(skip or ()),
            output=tuple(output or ()),
            ascii=ascii_,
            no_color=no_color,
            connect_to=tuple(connect_to or ()),
        )
    )
