"""``python -m lab``: bring the lab up, look into it, take it down."""

import os
import sys
from typing import Annotated

import typer

from lab import operator
from lab.fleet import Fleet
from lab.lan import at_the_operator
from lab.place import Lab, LabError, Unavailable

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}
Host = Annotated[str, typer.Argument(help="110, 120, 121 or 188")]


def _fleet() -> Fleet:
    return Fleet(Lab.here())


@app.command()
def build() -> None:
    """Make the root file system and the hosts' disks, if they are not there yet."""
    _fleet().build()


@app.command()
def up() -> None:
    """Bring the four hosts up, fresh from the factory. Does nothing when they are up."""
    fleet = _fleet()
    fleet.up()
    typer.echo("lab: up: try `python -m lab coldstart check`, or `make lab-shell HOST=188`; `make lab-down` ends it")


@app.command()
def down() -> None:
    """End everything that the lab started. Hosts come from the factory again next time."""
    _fleet().down()


@app.command()
def status() -> None:
    """Say what runs."""
    fleet = _fleet()
    for machine in fleet:
        state = f"process {machine.init}" if machine.init else "no power"
        typer.echo(f"{machine.name}  {machine.address}  {state}")


@app.command()
def shell(host: Host) -> None:
    """Open a root shell on a host."""
    init = _fleet()[host].init
    if init is None:
        raise LabError(f"host {host} has no power")
    terminal = f"TERM={os.environ.get('TERM', 'dumb')}"
    argv = ["nsenter", f"--target={init}", "--all", "env", "-i", terminal, "HOME=/root", "bash", "-l"]
    os.execvp(argv[0], argv)


@app.command(context_settings=PASS_ON)
def run(context: typer.Context, host: Host, user: str = "root") -> None:
    """Run a command on a host."""
    done = _fleet()[host].attempt(*context.args, user=user)
    sys.stdout.write(done.stdout)
    sys.stderr.write(done.stderr)
    raise typer.Exit(done.returncode)


@app.command(context_settings=PASS_ON)
def ops(context: typer.Context) -> None:
    """Run a command on the operator's machine, in its network."""
    argv = at_the_operator(Lab.here(), *(context.args or ["bash"]))
    os.execvp(argv[0], list(argv))


@app.command(context_settings=PASS_ON)
def coldstart(context: typer.Context, command: str) -> None:
    """Run coldstart on the shipped baseline, as the operator of the lab does: `python -m lab coldstart check`."""
    argv = operator.coldstart(Lab.here(), command, *context.args)
    os.execvp(argv[0], list(argv))


@app.command()
def reboot(host: Host) -> None:
    """Reboot a host in order."""
    _fleet()[host].reboot()


@app.command("power-loss")
def power_loss(host: Host) -> None:
    """Pull the plug of a host."""
    _fleet()[host].power_off()


@app.command("power-on")
def power_on(host: Host) -> None:
    """Press the power button of a host."""
    _fleet()[host].power_on()


def main() -> None:
    """Run the command line; a `LabError` is said in one paragraph, without a trace."""
    try:
        app()
    except Unavailable as error:
        sys.exit(f"lab: cannot run here: {error}")
    except LabError as error:
        sys.exit(f"lab: {error}")


if __name__ == "__main__":
    main()
