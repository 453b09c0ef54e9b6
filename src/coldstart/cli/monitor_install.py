"""`coldstart monitor install` and `coldstart monitor rules`: what is printed for others to install by hand."""

import getpass
import pwd
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from coldstart.baseline.load import LoadedBaseline
from coldstart.baseline.runbook import Monitor
from coldstart.cli import baseline as baselines
from coldstart.cli.monitoring import Asked, state_directory
from coldstart.errors import UsageError
from coldstart.render import alert_rules, crontab, sinks, systemd_units
from coldstart.render.monitor_job import Job
from coldstart.text import visible


@dataclass(frozen=True)
class Forms:
    """What is to be printed."""

    cron: bool
    systemd: bool
    only_one: bool
    """It was asked for by name: what it cannot do is a mistake then, and a remark otherwise."""


def rules(asked: Asked) -> int:
    """Print the alert rules."""
    declared = _declared(_loaded(asked))
    _say(alert_rules.render(replace(declared, metric_prefix=asked.prefix(declared))))
    return 0


def install(asked: Asked, forms: Forms, *, user: str | None, printing: bool) -> int:
    """Print the crontab block, the systemd units, or both."""
    if not printing:
        raise UsageError(
            "coldstart changes nothing on any machine: give --print, and install by hand what it prints "
            "(how is said in its comments)"
        )
    loaded = _loaded(asked)
    declared = _declared(loaded)
    runs_it = user or loaded.baseline.hosts[declared.host].user or getpass.getuser()
    place, state = asked.place(declared), _state(asked.request.state_dir, runs_it)
    folders = [place.textfile.parent, *([place.log.parent] if place.log else []), state]
    options = tuple(_options(asked, state))
    job = Job(
        command=(*_coldstart(), "monitor", *options),
        host=declared.host,
        user=runs_it,
        every=declared.every,
        run_deadline=loaded.baseline.defaults.run_deadline,
        writes=tuple(dict.fromkeys(folders)),
        local=tuple(host.name for host in loaded.baseline.hosts.values() if host.local),
    )
    for word in (runs_it, *job.command):
        if visible(word) != word or "\n" in word or "\t" in word:
            raise UsageError(f"{word!r}: a line of a crontab or a unit cannot hold it: use another name")
    again = (*_coldstart(), "monitor", "install", "--print", "--user", runs_it)
    parts = []
    if forms.cron:
        parts.append(_cron(job, (*again, "--cron", *options), forms))
    if forms.systemd:
        parts.append(systemd_units.render(job, (*again, "--systemd", *options)))
    _say("\n".join(parts))
    return 0


def _cron(job: Job, again: tuple[str, ...], forms: Forms) -> str:
    try:
        return crontab.render(job, again)
    except UsageError as error:
        if forms.only_one:
            raise
        return f"# No crontab block: {error}\n"


def _loaded(asked: Asked) -> LoadedBaseline:
    request = asked.request
    return baselines.load(request.baseline, request.variables, request.vars_files)


def _declared(loaded: LoadedBaseline) -> Monitor:
    if loaded.baseline.monitor is None:
        raise UsageError(f"{loaded.path}: it has no monitor: section: write one (host, textfile, log, every …)")
    return loaded.baseline.monitor


def _coldstart() -> tuple[str, ...]:
    """The argument list that starts this coldstart, whatever the directory and the PATH."""
    beside = Path(sys.executable).parent / "coldstart"  # as pip and pipx put it; not resolved: that leaves the venv
    if beside.is_file():
        return (str(beside),)
    found = shutil.which("coldstart")
    return (str(Path(found).absolute()),) if found else (sys.executable, "-m", "coldstart")


def _state(given: Path | None, user: str) -> Path:
    """The state directory of who will run it, so that the history is one with that of his other runs."""
    if given or user == getpass.getuser():
        return state_directory(given)
    try:
        home = Path(pwd.getpwnam(user).pw_dir)
    except KeyError:  # printed on another machine than it is for
        home = Path("/root" if user == "root" else f"/home/{user}")
    return home / ".local" / "state" / "coldstart"


def _options(asked: Asked, state: Path) -> Iterator[str]:
    """The options that the monitor is run with, every path of them absolute."""
    request = asked.request
    yield from ("--baseline", str(baselines.find(request.baseline).absolute()))
    for given in request.variables:
        yield from ("--set", given)
    paths = [
        *(("--vars", path) for path in request.vars_files),
        *(("--accepts", path) for path in request.accepts_files),
        ("--textfile", asked.textfile),
        ("--log", asked.log),
        ("--state-dir", state),
        ("--ssh-config", request.ssh_config),
        ("--known-hosts", request.known_hosts),
        *(("--identity", path) for path in request.identities),
    ]
    for option, path in paths:
        if path:
            yield from (option, "none" if str(path) == "none" else str(path.absolute()))
    if asked.metric_prefix:
        yield from ("--metric-prefix", asked.metric_prefix)
    if request.trust_ssh_config:
        yield "--trust-ssh-config"


def _say(text: str) -> None:
    sinks.write(sinks.Sink("text"), text)
