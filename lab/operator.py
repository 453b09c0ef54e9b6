"""The operator's machine: the key, what it knows of the hosts, and coldstart as it is run from there."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from lab import lan, root
from lab.place import REPO, USERS, Lab, address
from lab.process import call

BASELINE = REPO / "baselines" / "full-stack-cold-start.yml"
"""Verbatim: the lab sets variables, and nothing else."""

PROGRAM = str(Path(sys.executable).with_name("coldstart"))


def furnish(lab: Lab, secrets: Path) -> None:
    """Put key, known_hosts, ssh_config and the lab's variables in place."""
    shutil.rmtree(lab.secrets, ignore_errors=True)
    lab.secrets.mkdir(mode=0o700, parents=True)
    for name in ("id_ed25519", "known_hosts", "ca.pem"):
        shutil.copy(secrets / name, lab.secrets / name)
    lines = [f"Host {address(host)}\n  User {user}\n" for host, user in USERS.items()]
    common = {
        "IdentityFile": lab.secrets / "id_ed25519",
        "IdentitiesOnly": "yes",
        "UserKnownHostsFile": lab.secrets / "known_hosts",
        "GlobalKnownHostsFile": "none",
        "StrictHostKeyChecking": "yes",
        "BatchMode": "yes",
    }
    lines.append("Host *\n" + "".join(f"  {name} {value}\n" for name, value in common.items()))
    (lab.secrets / "ssh_config").write_text("".join(lines))
    (lab.secrets / "variables.yml").write_text(variables(lab, str(lab.secrets / "ca.pem")))


def variables(lab: Lab, ca: str) -> str:
    """Return all that the lab sets of the baseline, for a machine on which its CA is the file `ca`."""
    version = max(path.name for path in (root.tree(lab) / "usr" / "lib" / "postgresql").iterdir())
    values = {
        "postgresql_unit": f"postgresql@{version}-main",
        "postgresql_log": f"/var/log/postgresql/postgresql-{version}-main.log",
        "ca_file": ca,
    }
    return "".join(f"{name}: {value}\n" for name, value in values.items())


def coldstart(lab: Lab, command: str, *arguments: str) -> Sequence[str]:
    """Return an argv: ``coldstart COMMAND`` on the shipped baseline, as the operator of the lab runs it."""
    baseline = ("-b", str(BASELINE), "--vars", str(lab.secrets / "variables.yml"))
    trust = ("-F", "none", "-i", str(lab.secrets / "id_ed25519"), "--known-hosts", str(lab.secrets / "known_hosts"))
    # Its history is the lab's: gone with it, and none of this machine's own.
    program = ("env", f"COLDSTART_STATE_DIR={lab.state / 'coldstart'}", PROGRAM)
    return lan.at_the_operator(lab, *program, command, *baseline, *trust, *arguments)


def asked(lab: Lab, host: str, *command: str, timeout: float = 30) -> str:
    """Return what a command on `host` prints, asked by plain ssh(1) from the operator's machine."""
    argv = ("ssh", "-F", str(lab.secrets / "ssh_config"), address(host), *command)
    return call(*lan.at_the_operator(lab, *argv), timeout=timeout)


def run(lab: Lab, *argv: str, timeout: float = 300) -> subprocess.CompletedProcess[str]:
    """Run `argv` on the operator's machine."""
    return lan.ops(lab, *argv, timeout=timeout)
