"""`coldstart release`."""

from typing import Annotated

import typer

from coldstart.cli import options


def release(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="Releases of the baseline; none: all of them.")
    ] = None,
    confirm: Annotated[
        list[str] | None,
        typer.Option(
            "--confirm",
            metavar="CLAIM",
            help="You have seen that this condition holds, which no check can see: its claim, or how it begins.",
        ),
    ] = None,
    baseline: options.Baseline = None,
    set_: options.Set = None,
    vars_: options.Vars = None,
    accepts: options.Accepts = None,
    accept: options.Accept = None,
    send_alert_test: options.SendAlertTest = False,
    replay: options.Replay = None,
    output: Annotated[
        list[str] | None,
        typer.Option(
            "--output", "-o", metavar="FORMAT[=FILE]", help="table, short or json; several times for several files."
        ),
    ] = None,
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
    """Check everything now, and say of each release whether it may go, and what it waits for (SOP 5.3, 11, 12.2).

    RELEASE only when every gate that it needs is green, or its warnings are accepted, and every condition of it is met.
    coldstart starts nothing: the operator does, after this.

    Exit codes: 0 all that were named may be released, 2 one of them is held, 3 no verdict.

    Example: coldstart release litellm --send-alert-test --confirm "the provider route"
    """
    from coldstart.cli import releasing, session  # noqa: PLC0415 - asyncssh, httpx and the models: only when it runs

    request = session.Request(
        baseline=baseline,
        variables=tuple(set_ or ()),
        vars_files=tuple(vars_ or ()),
        accepts_files=tuple(accepts or ()),
        accept=tuple(accept or ()),
        send_alert_test=send_alert_test,
        replay=replay,
        output=tuple(output or ()),
        ascii=ascii_,
        no_color=no_color,
        quiet=quiet,
        state_dir=state_dir,
        ssh_config=ssh_config,
        known_hosts=known_hosts,
        identities=tuple(identity or ()),
        trust_ssh_config=trust_ssh_config,
        connect_to=tuple(connect_to or ()),
    )
    return releasing.release(request, tuple(names or ()), tuple(confirm or ()))
