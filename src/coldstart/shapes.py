"""The read-only promise: every command that may ever be sent, by shape (design.md section 3).

A shape is a program, the words that must follow it, the options that may follow them, and the operands. Every pattern
matches a whole word; no operand may begin with a dash; nothing here is a shell, an interpreter or a pager. The
transport refuses what matches no shape, and the loader rejects a baseline that would ask for it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from coldstart import errors

# Words that may stand for things of the world. None can begin with a dash, hold a slash where it is a name, or a space.
UNIT = r"[A-Za-z0-9][A-Za-z0-9:_.@\\*?-]{0,255}"
NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}"
HOSTNAME = r"[A-Za-z0-9:][A-Za-z0-9.:_-]{0,253}"
PATH = r"(?!.*/\.\.?(?:/|$))/[A-Za-z0-9_./@:+,-]{1,1023}"
LOG_PATH = r"(?!.*/\.\.?(?:/|$))/var/log/[A-Za-z0-9_./@:+,-]{1,1000}"
MOUNT_POINT = rf"/|{PATH}"
NUMBER = r"[0-9]{1,9}"
PORT = r"[1-9][0-9]{0,4}"
SINCE = r"-?[0-9]{1,7}(?:s|min|h|d)|@[0-9]{1,12}"
PROPERTIES = r"[A-Za-z]{1,64}(?:,[A-Za-z]{1,64}){0,31}"

# What is asked of docker(1), one JSON object a line. Named fields only: a container's environment, command line, labels
# and health log may hold secrets, and the whole object (`{{json .}}`) would make the daemon measure every file system.
# `.ID`, not `.Id`: a field that docker's own type lacks sends it to the raw JSON, where a missing Health is an error.
DOCKER_PS_FORMAT = '{"name":{{json .Names}},"status":{{json .Status}}}'
DOCKER_INSPECT_FORMAT = (
    '{"id":{{json .ID}},"name":{{json .Name}},"state":{{json .State.Status}},"exit_code":{{json .State.ExitCode}},'
    '"oom_killed":{{json .State.OOMKilled}},"started":{{json .State.StartedAt}},"restarts":{{json .RestartCount}},'
    '"health":{{with .State.Health}}{{json .Status}}{{else}}null{{end}}}'
)

DF_COLUMNS = "fstype,size,used,avail,itotal,iused,iavail,target"
"""Of df(1); the mount point is last, because it may hold spaces."""


@dataclass(frozen=True)
class Shape:
    """`program` and `words` are literal; `options` have a pattern for each word (``-p``, ``[0-9]+``)."""

    program: str
    words: tuple[str, ...] = ()
    options: tuple[tuple[str, ...], ...] = ()
    operand: str | None = None
    operands: tuple[int, int] = (0, 0)
    sudo: bool = False
    why: str = field(default="", compare=False)

    def allows(self, argv: Sequence[str], *, sudo: bool) -> bool:
        """Say whether this shape covers the whole of `argv`."""
        head = (self.program, *self.words)
        if tuple(argv[: len(head)]) != head or (sudo and not self.sudo):
            return False
        rest = list(argv[len(head) :])
        while rest and (taken := self._option(rest)):
            rest = rest[taken:]
        least, most = self.operands
        return least <= len(rest) <= most and all(
            not word.startswith("-") and re.fullmatch(self.operand or "", word) for word in rest
        )

    def _option(self, rest: Sequence[str]) -> int:
        """How many words of `rest` one allowed option takes; 0 when none fits."""
        for option in self.options:
            words = rest[: len(option)]
            if len(words) == len(option) and all(
                re.fullmatch(pattern, word) for pattern, word in zip(option, words, strict=True)
            ):
                return len(option)
        return 0


SHAPES: tuple[Shape, ...] = (
    Shape(
        "ping",
        ("-n",),
        options=(("-c", r"[1-9]|10"), ("-W", r"[1-9]|[12][0-9]|30")),
        operand=HOSTNAME,
        operands=(1, 1),
        why="ICMP echo from this machine",
    ),
    Shape("ip", ("-json", "route", "get"), operand=HOSTNAME, operands=(1, 1), why="the route to an address"),
    Shape("ip", ("-json", "neighbour", "show", "to"), operand=HOSTNAME, operands=(1, 1), why="its ARP or NDP entry"),
    Shape(
        "pg_isready",
        options=(("-h", HOSTNAME), ("-p", PORT), ("-t", r"[1-9][0-9]?")),
        why="whether PostgreSQL accepts connections; no login, no query",
    ),
    Shape(
        "redis-cli",
        options=(("-h", HOSTNAME), ("-p", PORT)),
        operand="ping",
        operands=(1, 1),
        why="PING, which changes nothing",
    ),
    Shape(
        "docker",
        ("ps", "--all", "--format", DOCKER_PS_FORMAT),
        sudo=True,
        why="names and status lines of all containers",
    ),
    Shape(
        "docker",
        ("inspect", "--type", "container", "--format", DOCKER_INSPECT_FORMAT),
        operand=NAME,
        operands=(1, 128),
        sudo=True,
        why="state, health and restart count of named containers",
    ),
    Shape(
        "systemctl",
        ("show", "--no-pager"),
        options=((f"--property={PROPERTIES}",),),
        operand=UNIT,
        operands=(1, 64),
        why="properties of units; `show` changes nothing and exits 0 for a unit that does not exist",
    ),
    Shape(
        "journalctl",
        ("--no-pager", "--boot", "--all", "--reverse", "--output=short-iso"),
        options=(
            (f"--lines={NUMBER}",),
            (f"--unit={UNIT}",),
            ("--dmesg",),
            (f"--since=(?:{SINCE})",),
            ("--priority=[a-z]{3,7}",),
        ),
        sudo=True,
        why="the newest entries of this boot",
    ),
    Shape(
        "docker",
        ("logs", "--timestamps"),
        options=((f"--since=(?:{SINCE})",), (f"--tail={NUMBER}",)),
        operand=NAME,
        operands=(1, 1),
        sudo=True,
        why="the newest lines that a container wrote",
    ),
    Shape("tail", options=((f"--lines={NUMBER}",),), operand=PATH, operands=(1, 1), why="the end of a log file"),
    Shape(
        "tail",
        options=((f"--lines={NUMBER}",),),
        operand=LOG_PATH,
        operands=(1, 1),
        sudo=True,
        why="the end of a log file of another user",
    ),
    Shape("stat", ("--format=%Y",), operand=PATH, operands=(1, 1), why="when a file was last written"),
    Shape(
        "stat", ("--format=%Y",), operand=LOG_PATH, operands=(1, 1), sudo=True, why="the same, of another user's log"
    ),
    Shape("hostname", why="the host's name; no operand, for that would set it"),
    Shape("date", ("+%s.%N",), why="the host's clock; no option, for one of them would set it"),
    Shape("date", ("--iso-8601=seconds",), why="the host's clock and its zone"),
    Shape("cat", ("/proc/sys/kernel/random/boot_id",), why="which boot this is"),
    Shape("cat", ("/proc/uptime",), why="seconds since boot"),
    Shape("cat", ("/proc/loadavg",), why="load averages"),
    Shape("cat", ("/proc/meminfo",), why="memory"),
    Shape("cat", ("/proc/self/mountinfo",), why="the mount table"),
    Shape("nproc", why="the number of cores"),
    Shape(
        "df",
        ("--block-size=1", f"--output={DF_COLUMNS}", "--local"),
        options=(("-t", r"ext[234]|xfs|btrfs"),),
        sudo=True,
        why="how full the disks of the host are; no other file system is touched",
    ),
    Shape(
        "df",
        ("--block-size=1", f"--output={DF_COLUMNS}"),
        operand=MOUNT_POINT,
        operands=(1, 1),
        sudo=True,
        why="how full one file system is",
    ),
    Shape("who", ("-b",), why="the boot that utmp has on record"),
    Shape(
        "last",
        ("-x", "--time-format", "iso"),
        options=(("-n", NUMBER),),
        operand="reboot|shutdown",
        operands=(1, 2),
        why="boots and shutdowns that wtmp has on record",
    ),
)


def allowed(argv: Sequence[str], *, sudo: bool = False) -> bool:
    """Say whether any shape covers `argv`."""
    return any(shape.allows(argv, sudo=sudo) for shape in SHAPES)


def require(argv: Sequence[str], *, sudo: bool = False) -> None:
    """Raise `ForbiddenCommand` unless a shape covers `argv`."""
    if not allowed(argv, sudo=sudo):
        shown = " ".join(argv)
        raise errors.ForbiddenCommand(
            f"{'sudo ' if sudo else ''}{shown!r} matches no allowed read-only command shape (coldstart/shapes.py)"
        )
