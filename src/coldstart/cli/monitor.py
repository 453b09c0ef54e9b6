"""`coldstart monitor`, `coldstart monitor install` and `coldstart monitor rules`."""

from pathlib import Path
from typing import Annotated

import typer

from coldstart.cli import options

app = typer.Typer(rich_markup_mode=None, context_settings={"help_option_names": ["-h", "--help"]})

_TOLD = "Where it tells (default: the baseline's monitor section)"

Textfile = Annotated[
    Path | None,
    typer.Option("--textfile", metavar="FILE", help="The metrics; ends with .prom.", rich_help_panel=_TOLD),
]
Log = Annotated[
    Path | None, typer.Option("--log", metavar="FILE", help="The report of the last run.", rich_help_panel=_TOLD)
]
MetricPrefix = Annotated[
    str | None,
    typer.Option(
        "--metric-prefix", metavar="NAME", help="What the names of the metrics begin with.", rich_help_panel=_TOLD
    ),
]


@app.callback(invoke_without_command=True)
def monitor(
    context: typer.Context,
    baseline: options.Baseline = None,
    set_: options.Set = None,
    vars_: options.Vars = None,
    textfile: Textfile = None,
    log: Log = None,
    metric_prefix: MetricPrefix = None,
    state_dir: options.StateDir = None,
    accepts: options.Accepts = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Print the report too. Else nothing is printed but mistakes.")
    ] = False,
    ascii_: options.Ascii = False,
    no_color: options.NoColour = False,
    ssh_config: options.SshConfig = None,
    known_hosts: options.KnownHosts = None,
    identity: options.Identity = None,
    trust_ssh_config: options.TrustSshConfig = False,
    connect_to: options.ConnectTo = None,
) -> int:
    """Ask every gate once, below a blocked one too, and write the verdicts as Prometheus metrics: for cron (SOP 13.3).

    It sends nothing: neither alert nor alert test. A second monitor of the same textfile ends at once. The textfile is
    replaced whole or not at all; when no verdict can be obtained it says check_failed, and keeps the last green.

    Exit codes: 0 GREEN, 1 DEGRADED, 2 BLOCKED, 3 no verdict (invalid baseline, another monitor is running,
    interrupted, a file could not be written).

    Example: coldstart monitor -b baselines/full-stack-cold-start.yml
    """
    if context.invoked_subcommand:
        _refuse_misplaced(context)
        return 0
    from coldstart.cli import monitoring, session  # noqa: PLC0415 - the models and all below: only when something is asked

    request = session.Request(
        baseline=baseline,
        variables=tuple(set_ or ()),
        vars_files=tuple(vars_ or ()),
        accepts_files=tuple(accepts or ()),
        keep_going=True,
        monitor_read_only=True,
        quiet=True,
        ascii=ascii_,
        no_color=no_color,
        ssh_config=ssh_config,
        known_hosts=known_hosts,
        identities=tuple(identity or ()),
        trust_ssh_config=trust_ssh_config,
        connect_to=tuple(connect_to or ()),
        state_dir=state_dir,
    )
    return monitoring.monitor(monitoring.Asked(request, textfile, log, metric_prefix, verbose=verbose))


def _refuse_misplaced(context: typer.Context) -> None:
    """An option before the name of a subcommand is the monitor's own: it would be read and forgotten."""
    from coldstart.errors import UsageError  # noqa: PLC0415 - only on a mistake

    given = [
        str(name)
        for name in context.params
        if (source := context.get_parameter_source(name)) is not None and source.name == "COMMANDLINE"
    ]
    if given:
        word = context.invoked_subcommand
        raise UsageError(f"options of `monitor {word}` stand behind its name: coldstart monitor {word} --baseline FILE")


@app.command("install")
def install(
    print_: Annotated[
        bool, typer.Option("--print", help="Print it. coldstart changes nothing itself, so this must be given.")
    ] = False,
    cron: Annotated[bool, typer.Option("--cron", help="Only the block for a crontab.")] = False,
    systemd: Annotated[bool, typer.Option("--systemd", help="Only the systemd service and timer.")] = False,
    user: Annotated[
        str | None,
        typer.Option(
            "--user", metavar="NAME", help="Who runs it. [default: the host's user in the baseline, else you]"
        ),
    ] = None,
    baseline: options.Baseline = None,
    set_: options.Set = None,
    vars_: options.Vars = None,
    textfile: Textfile = None,
    log: Log = None,
    metric_prefix: MetricPrefix = None,
    state_dir: options.StateDir = None,
    accepts: options.Accepts = None,
    ssh_config: options.SshConfig = None,
    known_hosts: options.KnownHosts = None,
    identity: options.Identity = None,
    trust_ssh_config: options.TrustSshConfig = False,
) -> int:
    """Print what makes the monitor run regularly: a marked crontab block, and a hardened systemd service and timer.

    Run it on the host where the monitor is to run; the options are those that the monitor is to be run with. How to
    install each by hand stands in the comments of what is printed. Take one of the two.

    Exit codes: 0 printed, 3 usage error or invalid baseline.

    Example: coldstart monitor install --print --cron
    """
    from coldstart.cli import monitor_install, monitoring, session  # noqa: PLC0415 - as above

    request = session.Request(
        baseline=baseline,
        variables=tuple(set_ or ()),
        vars_files=tuple(vars_ or ()),
        monitor_read_only=True,
        ssh_config=ssh_config,
        known_hosts=known_hosts,
        identities=tuple(identity or ()),
        trust_ssh_config=trust_ssh_config,
        accepts_files=tuple(accepts or ()),
        state_dir=state_dir,
    )
    asked = monitoring.Asked(request, textfile, log, metric_prefix)
    forms = monitor_install.Forms(cron=cron or not systemd, systemd=systemd or not cron, only_one=cron != systemd)
    return monitor_install.install(asked, forms, user=user, printing=print_)


@app.command("rules")
def rules(
    baseline: options.Baseline = None,
    set_: options.Set = None,
    vars_: options.Vars = None,
    metric_prefix: MetricPrefix = None,
) -> int:
    """Print Prometheus alert rules for the monitor's metrics: missing, stale, failed, blocked, degraded, not green.

    What was bad when it was last seen stays an alert when the monitor is silent. `promtool check rules` takes the
    output as it is.

    Exit codes: 0 printed, 3 usage error or invalid baseline.

    Example: coldstart monitor rules > cold-start-rules.yml
    """
    from coldstart.cli import monitor_install, monitoring, session  # noqa: PLC0415 - as above

    request = session.Request(baseline=baseline, variables=tuple(set_ or ()), vars_files=tuple(vars_ or ()))
    return monitor_install.rules(monitoring.Asked(request, metric_prefix=metric_prefix))
