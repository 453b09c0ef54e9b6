"""The cold-start monitor of 110 (SOP 13.3): this checkout's `coldstart monitor`, run by cron of that host as its user.

The program is not on the host's disk: it is mounted there, read-only, as it stands in the checkout. The first two
functions give the host what it is to have before it boots, the rest is used while it runs.
"""

import json
import re
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from lab import operator
from lab.machine import Machine
from lab.place import REPO, LabError
from lab.process import call, wait_until

HOST = "110"

PROGRAM = Path("/usr/lib/coldstart")
"""Where the program is on 110; its /usr/local/bin/coldstart starts it. Not in /opt or /home: those are looked through
for what a check changed, and a checkout changes whenever somebody works in it."""

DEBIAN = (3, 11)
"""The version of the hosts' own Python."""

OPTIONS = ("--baseline", f"{PROGRAM}/baselines/{operator.BASELINE.name}", "--vars", "/etc/coldstart/variables.yml")

RULES = Path("/etc/prometheus/cold-start.yml")
"""What `coldstart monitor rules` prints, as Prometheus of 110 reads it."""

EVERY, QUICKLY, NEVER = "*/10 * * * *", "* * * * *", "0 0 31 2 *"
"""When cron runs it: what the baseline says; what a test can wait for; and the 31 February, which never comes."""

TEXTFILE = "/home/wooo/node_exporter_textfiles/cold_start_recovery.prom"

OLD = 15
"""Minutes after which a paused monitor makes a pass of its own; after 30 the baseline takes it for dead."""

FOR = "5s"
"""For how long a test has to see an expression hold until its alert fires; the rules say a quarter of an hour."""

PROMETHEUS, ALERTMANAGER = "http://127.0.0.1:9090", "http://127.0.0.1:9093"


def mounts() -> list[str]:
    """Return systemd-nspawn's options that put the program on the host."""
    parts = {
        "src": REPO / "src",
        "baselines": operator.BASELINE.parent,
        "site-packages": Path(sysconfig.get_path("purelib")),
    }
    if sys.version_info[:2] != DEBIAN:
        # Compiled modules are for one version of Python: the one that they were installed for comes along, with the
        # libraries that it was linked to.
        parts["python"] = Path(sys.base_prefix)
        parts["libraries"] = Path("/usr/lib", sysconfig.get_config_var("MULTIARCH"))
    return [f"--bind-ro={source}:{PROGRAM / name}" for name, source in parts.items()]


def furnish(machine: Machine) -> None:
    """Write its variables, and the alert rules on its metrics, on the host's disk. It must not be running."""
    rules = call(operator.PROGRAM, "monitor", "rules", "--baseline", str(operator.BASELINE))
    texts = {Path("/etc/coldstart/variables.yml"): operator.variables(machine.lab, "/etc/lab/ca.pem"), RULES: rules}
    for path, text in texts.items():
        file = machine.disk / path.relative_to("/")
        file.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o644)


def install(machine: Machine) -> None:
    """Do what the printed crontab block says of how to install it, and let the first pass begin."""
    printing = ("coldstart", "monitor", "install", "--print", "--cron", *OPTIONS)
    block = machine.run(*printing, user=machine.user, timeout=60)
    found = re.search(r"^#   (\(crontab -l .* crontab -)$", block, re.MULTILINE)
    if found is None:
        raise LabError(f"coldstart monitor install does not say how to install it:\n{block}")
    machine.sh(found[1], user=machine.user, timeout=60)
    if not _line(machine).startswith(f"{EVERY} /"):
        raise LabError(f"cron is to run the monitor otherwise than {EVERY}:\n{block}")
    unit = ("systemd-run", "--quiet", "--collect", "--unit=first-monitor", f"--uid={machine.user}")
    machine.run(*unit, "sh", "-c", f"{command(machine)} || true")


def _line(machine: Machine) -> str:
    """Return the line of the crontab that runs it."""
    lines = machine.run("crontab", "-l", user=machine.user).splitlines()
    found = [line for line in lines if "coldstart monitor " in line and not line.startswith("#")]
    if len(found) != 1:
        raise LabError(f"{len(found)} lines for the monitor in the crontab of {machine.name}")
    return found[0]


def command(machine: Machine) -> str:
    """Return what cron gives to the shell."""
    return _shell(_line(machine)).replace(r"\%", "%")


def _shell(line: str) -> str:
    """Return what stands behind the five fields that say when."""
    return line.split(maxsplit=5)[5]


def once(machine: Machine) -> int:
    """Let one pass be made now, as cron would; return its exit code. 3 where cron has one under way."""
    done = machine.attempt("sh", "-c", command(machine), user=machine.user, timeout=120)
    said = done.stdout + done.stderr
    if said and "lock held by" not in said:
        raise LabError(f"cron would mail this:\n{said}")
    return done.returncode


@contextmanager
def impatient(machine: Machine) -> Iterator[None]:
    """Cron runs it every minute, and ColdStartRecoveryBlocked fires `FOR` after Prometheus has seen it."""
    rules = machine.run("cat", str(RULES))
    wait = r"(alert: ColdStartRecoveryBlocked\n(?:.*\n)*?\s+for: )\w+"
    quick, changed = re.subn(wait, rf"\g<1>{FOR}", rules, count=1)
    if not changed:
        raise LabError(f"{RULES} has no ColdStartRecoveryBlocked")
    line = _line(machine)
    try:
        _load_rules(machine, quick)
        _schedule(machine, QUICKLY)
        yield
    finally:
        _load_rules(machine, rules)
        _schedule(machine, " ".join(line.split()[:5]))


def pause(machine: Machine) -> None:
    """Let cron start no pass any more, and wait for the end of one that is under way."""
    _schedule(machine, NEVER)
    under_way = ("pgrep", "--full", "[c]oldstart monitor")  # not the shells that look for it
    wait_until(lambda: machine.attempt(*under_way).returncode, 120, "a pass of the monitor does not end", every=0.5)


def resume(machine: Machine) -> None:
    """Let cron run it again as often as the baseline says."""
    _schedule(machine, EVERY)


def refresh(machine: Machine) -> None:
    """Make the pass that cron would have made by now, when the last one was long ago."""
    if machine.run("find", TEXTFILE, "-mmin", f"+{OLD}"):
        once(machine)


def _schedule(machine: Machine, when: str) -> None:
    line = _line(machine)
    table = machine.run("crontab", "-l", user=machine.user)
    machine.run("crontab", "-", user=machine.user, stdin=table.replace(line, f"{when} {_shell(line)}"))


def _load_rules(machine: Machine, text: str) -> None:
    machine.run("tee", str(RULES), stdin=text)
    machine.run("systemctl", "reload", "prometheus")


def _asked(machine: Machine, url: str) -> Any:
    return json.loads(machine.run("curl", "--silent", "--show-error", "--fail", "--max-time", "5", url))


def values(machine: Machine, query: str) -> dict[str, float]:
    """Return the value of every series, by its name and labels, those of the scrape left out."""
    found = {}
    for series in _asked(machine, f"{PROMETHEUS}/api/v1/query?query={quote(query)}")["data"]["result"]:
        labels = dict(series["metric"])
        name = labels.pop("__name__", "")
        shown = ",".join(f'{key}="{labels[key]}"' for key in sorted(labels.keys() - {"instance", "job"}))
        found[f"{name}{{{shown}}}" if shown else name] = float(series["value"][1])
    return found


def firing(machine: Machine) -> set[str]:
    """Return the names of the alerts that Prometheus has firing."""
    alerts = _asked(machine, f"{PROMETHEUS}/api/v1/alerts")["data"]["alerts"]
    return {one["labels"]["alertname"] for one in alerts if one["state"] == "firing"}


def notified(machine: Machine) -> set[str]:
    """Return the names of the alerts that Alertmanager of the host was told of, and that are not over."""
    return {one["labels"]["alertname"] for one in _asked(machine, f"{ALERTMANAGER}/api/v2/alerts")}


def mailed(machine: Machine) -> list[str]:
    """Return what cron says of output of jobs that it could mail to nobody: there is no mail on the hosts."""
    said = machine.run("journalctl", "-b", "-q", "-u", "cron", "-o", "cat").splitlines()
    return [line for line in said if "discarding output" in line]


def wait_for(machine: Machine, series: str, value: float, within: float) -> None:
    """Wait until Prometheus has a series with this value."""
    wait_until(lambda: values(machine, series) == {series: value}, within, f"{series} is not {value:g}", every=0.5)
