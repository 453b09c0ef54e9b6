"""`coldstart drill`."""

from typing import Annotated

import typer

from coldstart.cli import options

_SCENARIO = "The scenario"


def drill(
    scenario: Annotated[
        str | None, typer.Argument(metavar="[SCENARIO]", help="One of --list, or your own as a path (.yml).")
    ] = None,
    list_: Annotated[
        bool, typer.Option("--list", "-l", help="Say which scenarios there are, and what each teaches.")
    ] = False,
    speed: Annotated[
        float | None,
        typer.Option(
            "--speed",
            min=0.1,
            max=1e9,
            help="How much faster than real time the waiting between attempts is. [default: 60]",
            rich_help_panel=_SCENARIO,
        ),
    ] = None,
    seed: Annotated[
        int,
        typer.Option(
            "--seed",
            min=0,
            help="Let what comes up take up to 15 % more or less time than planned (0: as planned).",
            rich_help_panel=_SCENARIO,
        ),
    ] = 0,
    serve: Annotated[
        bool,
        typer.Option(
            "--serve",
            help="Only keep the stack up, in real time, and say how to point check, watch, ssh and curl at it.",
            rich_help_panel=_SCENARIO,
        ),
    ] = False,
    at: Annotated[
        str | None,
        typer.Option(
            "--at", metavar="TIME", help="With --serve: begin so long after the start.", rich_help_panel=_SCENARIO
        ),
    ] = None,
    output: options.Output = None,
    ascii_: options.Ascii = False,
    no_color: options.NoColour = False,
    quiet: options.Quiet = False,
) -> int:
    """Play a cold start on simulated hosts on loopback, and see what coldstart makes of it (default: clean).

    The shipped baseline is watched as after a real reboot, by the same program; only addresses, ports, users and trust
    are those of the drill. It ends with what had to be found against what was found, and with the right answer. Needs
    no hosts, no root and no network, but the drill extra (pip install 'coldstart[drill]').

    Exit codes: those of the last attempt (0 GREEN, 1 DEGRADED, 2 BLOCKED), 3 when it did not find what it had to.

    Example: coldstart drill wal-damage --speed 120
    """
    from coldstart.cli import drilling  # noqa: PLC0415 - two server libraries: only for a drill

    request = drilling.Drill(
        scenario=scenario,
        speed=speed,
        seed=seed,
        serve=serve,
        at=at,
        output=tuple(output or ()),
        ascii=ascii_,
        no_color=no_color,
        quiet=quiet,
    )
    return drilling.listing(request) if list_ else drilling.drill(request)
