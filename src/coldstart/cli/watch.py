"""`coldstart watch`."""

from typing import Annotated

import typer

from coldstart.cli import options


def watch(
    baseline: options.Baseline = None,
    set_: options.Set = None,
    vars_: options.Vars = None,
    interval: Annotated[
        str, typer.Option("--interval", metavar="TIME", help="From the start of one attempt to the next: 60, 60s, 5m.")
    ] = "60",
    max_attempts: Annotated[
        int, typer.Option("--max-attempts", min=1, max=10000, help="Attempts, when it does not become GREEN before.")
    ] = 30,
    stable: Annotated[
        int | None,
        typer.Option(
            "--stable", min=1, max=100, help="Attempts in a row that must be GREEN. [default: as the baseline says]"
        ),
    ] = None,
    stop_when_hopeless: Annotated[
        bool, typer.Option("--stop-when-hopeless", help="End as soon as what is left needs a human.")
    ] = False,
    send_alert_test: options.SendAlertTest = False,
    ask_received: options.AskReceived = False,
    monitor_read_only: options.MonitorReadOnly = False,
    keep_going: options.KeepGoing = False,
    only: options.Only = None,
    until: options.Until = None,
    host: options.Hosts = None,
    skip: options.Skip = None,
    accepts: options.Accepts = None,
    accept: options.Accept = None,
    output: options.Output = None,
    ascii_: options.Ascii = False,
    no_color: options.NoColour = False,
    quiet: options.Quiet = False,
    state_dir: options.StateDir = None,
    ssh_config: options.SshConfig = None,
    known_hosts: options.KnownHosts = None,
    identity: options.Identity = None,
    trust_ssh_config: options.TrustSshConfig = False,
    connect_to: options.ConnectTo = None,
) -> int:
    """Check again and again until GREEN or the last attempt: the release command after a reboot (SOP 13.2).

    Each attempt asks everything anew and prints what changed since the one before, and of each gate that is not good
    whether it is converging, stuck, or needs a human; at the end comes the whole report. On a terminal a view of all
    gates stays at the bottom. A check that flapped must be good three times in a row; a host that reboots voids its
    passes; an attempt in which this machine slept is made again. The alert test is sent at most once.

    Exit codes: those of the last attempt (0 GREEN, 1 DEGRADED, 2 BLOCKED), 3 interrupted or no verdict.

    Example: coldstart watch --interval 60 --max-attempts 30 --send-alert-test
    """
    from coldstart.cli import session, watching  # noqa: PLC0415 - asyncssh, httpx and the models: only when something is asked

    request = session.Request(
        baseline=baseline,
        variables=tuple(set_ or ()),
        vars_files=tuple(vars_ or ()),
        only=tuple(only or ()),
        until=until,
        hosts=tuple(host or ()),
        skip=tuple(skip or ()),
        accepts_files=tuple(accepts or ()),
        accept=tuple(accept or ()),
        keep_going=keep_going,
        output=tuple(output or ()),
        ascii=ascii_,
        no_color=no_color,
        quiet=quiet,
        ssh_config=ssh_config,
        known_hosts=known_hosts,
        identities=tuple(identity or ()),
        trust_ssh_config=trust_ssh_config,
        connect_to=tuple(connect_to or ()),
        send_alert_test=send_alert_test,
        monitor_read_only=monitor_read_only,
        state_dir=state_dir,
        ask_received=ask_received,
    )
    asked = watching.Asked(request, interval, max_attempts, stable, stop_when_hopeless)
    return watching.watching(asked)
