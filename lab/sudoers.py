"""What the checks may run as root on a host: exactly what they send, word for word, and nothing else (sudoers(5))."""

import re
from functools import cache
from pathlib import Path

from coldstart.plan import Plan
from coldstart.reads import Command
from coldstart.transport.argv import wrap
from lab.machine import Machine
from lab.operator import BASELINE, PROGRAM
from lab.place import USERS
from lab.process import call

FILE = Path("etc", "sudoers.d", "coldstart")


def grant(machine: Machine) -> None:
    """Write the lines of `machine` on its disk. It must not be running."""
    if text := lines(machine.name):
        file = machine.disk / FILE
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o440)


@cache
def lines(host: str) -> str:
    """Return the file for `host`; empty when no check needs root there."""
    allowed = sorted(
        {
            _line(USERS[host], read)
            for gate in _plan().gates
            for check in gate.checks
            for planned in check.reads
            if isinstance(read := planned.read, Command) and read.sudo and read.host == host
        }
    )
    about = "# The commands that coldstart's checks send with sudo. Everything else is refused.\n"
    return about + "".join(allowed) if allowed else ""


@cache
def _plan() -> Plan:
    return Plan.model_validate_json(call(PROGRAM, "plan", "-b", str(BASELINE), "-o", "json"))


def _line(user: str, command: Command) -> str:
    sent = wrap(command)
    program, *arguments = sent[sent.index("--") + 1 :]
    return f"{user} ALL=(root) NOPASSWD: /usr/bin/{program} {' '.join(map(_quoted, arguments))}\n"


def _quoted(word: str) -> str:
    r"""Quote a word twice: against the wildcards of the comparison (``\[``), then against the syntax of the file."""
    literal = word.replace("\\", r"\\\\")
    literal = re.sub(r"([*?\[\]!^])", r"\\\1", literal)
    return re.sub(r"([:,=# \t])", r"\\\1", literal)
