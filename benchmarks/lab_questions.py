"""The questions of `coldstart plan`, as the SOP's shell would ask them, and as the script of the floor does."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coldstart.plan import Plan
from coldstart.reads import BootId, Command, HttpGet, Neighbour, Ping, Read, SshLogin, TcpDial
from coldstart.transport.argv import wrap


@dataclass(frozen=True)
class Question:
    """One distinct read, and the first gate that asks it; none: asked by the run itself."""

    gate: str
    read: Read


class Questions:
    """Every distinct read of a plan, once, in the order of the gates."""

    def __init__(self, plan: Plan) -> None:
        logged_in = {planned.place for planned in plan.every_host}
        self.hosts = {host.name: host for host in plan.hosts if host.name in logged_in}
        self.needs = {gate.name: list(gate.needs) for gate in plan.gates}
        boots = [planned.read for planned in plan.every_host if isinstance(planned.read, BootId)]
        asked: dict[Read, str] = {read: "" for read in boots if read.moment == "start"}
        for gate in plan.gates:
            for check in gate.checks:
                for planned in check.reads:
                    asked.setdefault(planned.read, gate.name)
        for read in boots:
            asked.setdefault(read, "")
        self.all = tuple(Question(gate, read) for read, gate in asked.items())

    def script(self, statuses: Path, *ssh: str) -> str:
        """A shell script that asks one after the other; the exit status of each gets a line in the file `statuses`."""
        lines = [f"{self._line(one.read, shlex.join(ssh))} </dev/null >/dev/null 2>&1; echo $? >&9" for one in self.all]
        return "\n".join([f"exec 9>{shlex.quote(str(statuses))}", *lines, ""])

    def _line(self, read: Read, ssh: str) -> str:
        if isinstance(read, BootId):
            read = read.command
        if isinstance(read, Command):
            return f"{ssh} {self.hosts[read.host].address} {shlex.quote(shlex.join(wrap(read)))}"
        if isinstance(read, SshLogin):
            return f"{ssh} {self.hosts[read.host].address} true"
        if isinstance(read, HttpGet):
            curl = _curl(read)
            return f"{ssh} {self.hosts[read.via].address} {shlex.quote(curl)}" if read.via else curl
        if isinstance(read, TcpDial):
            return f"timeout {read.timeout:g} bash -c 'exec 3<>/dev/tcp/{read.address}/{read.port}'"
        return "{ " + "; ".join(shlex.join(argv) for argv in _here(read)) + "; }"

    def spec(self) -> dict[str, Any]:
        """The same for lab_floor.py: gates with their reads, and the needs of each."""
        gates = {name: [_spec(one.read) for one in self.all if one.gate == name] for name in self.needs}
        hosts = {name: {"address": host.address, "user": host.user} for name, host in self.hosts.items()}
        return {"hosts": hosts, "needs": self.needs, "gates": gates}


def _here(read: Ping | Neighbour) -> list[tuple[str, ...]]:
    return [read.argv] if isinstance(read, Ping) else [read.route_argv, read.nudge.argv, read.entry_argv]


def _curl(read: HttpGet) -> str:
    argv = ["curl", "--silent", "--show-error", "--max-time", f"{read.timeout:g}"]
    argv += ["--head"] if read.method == "HEAD" else []
    argv += ["--cacert", read.ca] if read.ca else []
    argv += ["--location", "--max-redirs", str(read.follow_redirects)] if read.follow_redirects else []
    for name, value in read.headers:
        argv += ["--header", f"{name}: {value}"]
    return shlex.join([*argv, read.url])


def _spec(read: Read) -> dict[str, Any]:
    if isinstance(read, Command):
        return {"kind": "command", "host": read.host, "line": shlex.join(wrap(read)), "shown": read.describe()}
    if isinstance(read, HttpGet):
        asked = {"url": read.url, "method": read.method, "via": read.via, "ca": read.ca}
        return {"kind": "http", "shown": read.describe(), **asked}
    if isinstance(read, TcpDial):
        return {"kind": "tcp", "address": read.address, "port": read.port, "shown": read.describe()}
    if isinstance(read, Ping | Neighbour):
        return {"kind": "here", "argvs": _here(read), "shown": read.describe()}
    return {"kind": "login", "shown": read.describe()}
