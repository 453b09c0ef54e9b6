"""`coldstart check`."""

from coldstart.cli import options


def check(
    baseline: options.Baseline = None,
    set_: options.Set = None,
    vars_: options.Vars = None,
    only: options.Only = None,
    until: options.Until = None,
    host: options.Hosts = None,
    skip: options.Skip = None,
    accepts: options.Accepts = None,
    accept: options.Accept = None,
    keep_going: options.KeepGoing = False,
    send_alert_test: options.SendAlertTest = False,
    monitor_read_only: options.MonitorReadOnly = False,
    record: options.Record = None,
    replay: options.Replay = None,
    explain: options.Explain = None,
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
    """Ask every gate once, and say which is the first that holds everything else back.

    The first line names the first blocked gate, what in it failed, and what it holds back; below it every gate and
    check. Nothing is asked below a blocked gate unless --keep-going is given.

    Exit codes: 0 GREEN, 1 DEGRADED, 2 BLOCKED, 3 no verdict.

    Example: coldstart check --until P0-188-DATA -o table -o json=run.json
    """
    from coldstart.cli import run, session  # noqa: PLC0415 - asyncssh, httpx and the models: only when something is asked

    return run.check(
        session.Request(
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
            record=record,
            replay=replay,
            explain=explain,
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
        )
    )
