"""The read-only promise: every command that may ever be sent, by shape (design.md section 3).

A shape is a program, the words that must follow it, the options that may follow them, and the operands. Every pattern
matches a whole word; no operand may begin with a dash; nothing here is a shell, an interpreter or a pager. The
transport refuses what matches no shape, and the loader rejects a baseline that would ask for it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from coldstart import errors, kube, sql

# Words that may stand for things of the world. None can begin with a dash, hold a slash where it is a name, or a space.
UNIT = r"[A-Za-z0-9][A-Za-z0-9:_.@\\*?-]{0,255}"
ONE_UNIT = r"[A-Za-z0-9][A-Za-z0-9:_.@\\-]{0,255}"
NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}"
HOSTNAME = r"[A-Za-z0-9:][A-Za-z0-9.:_-]{0,253}"
PATH = r"(?!.*/\.\.?(?:/|$))/[A-Za-z0-9_./@:+,-]{1,1023}"
LOG_PATH = r"(?!.*/\.\.?(?:/|$))/var/log/[A-Za-z0-9_./@:+,-]{1,1000}"
MOUNT_POINT = rf"/|{PATH}"
NUMBER = r"[0-9]{1,9}"
KUBE_NAMESPACE = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
KUBE_NAME = r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?"
_KUBE_LABEL = r"[A-Za-z0-9][A-Za-z0-9_./-]{0,99}=[A-Za-z0-9_.-]{1,63}"
KUBE_SELECTOR = rf"{_KUBE_LABEL}(?:,{_KUBE_LABEL}){{0,7}}"
KUBECONFIG_OF_ROOT = r"(?!.*/\.\.?(?:/|$))/(?:etc|root)/[A-Za-z0-9_./@:+,-]{1,1000}"
PORT = r"[1-9][0-9]{0,4}"
SINCE = r"-?[0-9]{1,7}(?:s|min|h|d)|@[0-9]{1,12}"
_TELLING_PROPERTIES = (
    r"(?:Environment|Exec(?:Start|Stop|Reload|Condition)[A-Za-z]*|SetCredential[A-Za-z]*|StandardInputData)"
)
PROPERTY = rf"(?!{_TELLING_PROPERTIES}\Z)[A-Za-z]{{1,64}}"
"""Of a unit; those that can hold a password (systemd.exec(5)) are never asked for."""
PROPERTIES = rf"(?!(?:.*,)?{_TELLING_PROPERTIES}(?:,|\Z))[A-Za-z]{{1,64}}(?:,[A-Za-z]{{1,64}}){{0,31}}"

TEXT_PATH = rf"(?!/(?:proc|sys|dev|(?:var/)?run/secrets)/)(?!.*/\.)(?!.*\.(?:key|pem|p12|pfx|jks|env)\Z){PATH}"
"""A file whose text may be read: no device, nothing hidden (``/home/x/.ssh``), nothing that is named like a secret."""
NGINX_PATH = rf"/etc/nginx/(?:nginx\.conf|conf\.d/{NAME}\.conf|sites-(?:available|enabled)/{NAME}(?<!\.key)(?<!\.pem))"
"""nginx's own configuration; not its keys and password files, which may lie beside it."""
PROM_PATH = r"(?!/(?:proc|sys|dev|(?:var/)?run/secrets)/)(?!.*/\.)/[A-Za-z0-9_./@:+,-]{1,1000}\.prom"
"""Of the textfile collector: it reads no other names (node_exporter, collector/textfile.go)."""
CRON_FILE = r"[A-Za-z0-9_-]{1,80}"
"""Of /etc/cron.d: cron(8) of Debian ignores a file with any other character in its name, a dot above all."""

STAT_FORMAT = "%d:%i %s %u %f %n"
"""Of stat(1): device and inode, size in bytes, owner's uid, raw mode in hexadecimal, the name as it was given."""
PROM_STAT_FORMAT = "%Y %s %f %n"
"""Of stat(1): last written in seconds since the epoch, size in bytes, raw mode in hexadecimal, the name as given."""
HEAD_BYTES = 1 << 18
"""What is read of a text file at most (256 KiB)."""

# What is asked of docker(1), one JSON object a line. Named fields only: a container's environment, command line, labels
# and health log may hold secrets, and the whole object (`{{json .}}`) would make the daemon measure every file system.
# `.ID`, not `.Id`: a field that docker's own type lacks sends it to the raw JSON, where a missing Health is an error.
DOCKER_PS_FORMAT = '{"name":{{json .Names}},"status":{{json .Status}}}'
DOCKER_INSPECT_FORMAT = (
    '{"id":{{json .ID}},"name":{{json .Name}},"state":{{json .State.Status}},"exit_code":{{json .State.ExitCode}},'
    '"oom_killed":{{json .State.OOMKilled}},"started":{{json .State.StartedAt}},"restarts":{{json .RestartCount}},'
    '"health":{{with .State.Health}}{{json .Status}}{{else}}null{{end}}}'
)

DOCKER_FINISHED_FORMAT = "{{.State.FinishedAt}}"
"""When a container last ended, RFC 3339; in the year 1 where it never did."""

DF_COLUMNS = "fstype,size,used,avail,itotal,iused,iavail,target"
"""Of df(1); the mount point is last, because it may hold spaces."""


@dataclass(frozen=True)
class Shape:
    """`program` and `words` are literal; `options` have a pattern for each word (``-p``, ``[0-9]+``).

    `then`: patterns of words that must follow the literal ones, each once, in this order.
    """

    program: str
    words: tuple[str, ...] = ()
    then: tuple[str, ...] = ()
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
        then, rest = argv[len(head) :][: len(self.then)], list(argv[len(head) + len(self.then) :])
        if len(then) < len(self.then) or not all(map(re.fullmatch, self.then, then)):
            return False
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


PSQL = (
    *("psql", "--no-psqlrc", "--no-align", "--tuples-only", "--quiet", "--no-password"),
    *("--set=ON_ERROR_STOP=1", "--set=VERBOSITY=verbose"),
)
"""Of psql(1): no start file, one value and nothing else, never a password prompt, errors with their SQLSTATE."""

_SELECTS = (
    (sql.PLAIN, sql.STATE, "whether PostgreSQL takes writes"),
    (sql.GUARDED, sql.TABLE_COUNTED, "the state of one table, and its row count"),
    (sql.GUARDED, sql.TABLE_TRIED, "the state of one table, and whether a row of it can be read"),
    (sql.GUARDED, sql.AGREE_BETWEEN, "rows and days of two tables between two dates"),
    (sql.GUARDED, sql.AGREE_LAST, "rows and days of two tables up to today"),
    (sql.GUARDED, sql.AGREE_LATEST, "rows and days of two tables up to the newest"),
)


def _select(session: sql.Template, statement: sql.Template, why: str) -> tuple[Shape, Shape]:
    """One SELECT by psql(1) on the host, and by the same psql in a container."""
    asked = (f"--dbname={session.pattern}", f"--command={statement.pattern}")
    inside = (NAME, *map(re.escape, PSQL), *asked)
    return (
        Shape(PSQL[0], PSQL[1:], then=asked, why=f"one SELECT of fixed text: {why}"),
        Shape(
            "docker",
            ("exec", "--env", "LC_ALL=C"),
            then=inside,
            sudo=True,
            why=f"the same in a container, and nothing else in it: {why}",
        ),
    )


def _kube_shapes() -> Iterator[Shape]:
    """Yield four a resource: by ``kubectl`` or ``k3s kubectl``, and with sudo only by a kubeconfig that is root's.

    A kubeconfig can name a program to be run for credentials; as root it must not be a file that anybody else writes.
    """
    one, every = (f"--namespace={KUBE_NAMESPACE}",), ("--all-namespaces",)
    for resource, words in kube.GET.items():
        namespaced = resource not in ("nodes", "namespaces", "leases.coordination.k8s.io")
        options: tuple[tuple[str, ...], ...] = (one,) if namespaced else ()
        if resource in ("pods", "events"):
            options = (one, every, (f"--selector={KUBE_SELECTOR}",)) if resource == "pods" else (one, every)
        why = f"the names of {resource}" if words[-1] == "--output=name" else f"the state of {resource}, named fields"
        for program, *first in (("kubectl",), ("k3s", "kubectl")):
            for sudo, path in ((False, PATH), (True, KUBECONFIG_OF_ROOT)):
                choice = (*options, (f"--kubeconfig=(?:{path})",))
                yield Shape(program, (*first, *words), options=choice, sudo=sudo, why=why)


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
    Shape("ip", ("-json", "address", "show"), why="the addresses of a host; no operand, and nothing that sets one"),
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
        "docker",
        ("inspect", "--type", "container", "--format", DOCKER_FINISHED_FORMAT),
        operand=NAME,
        operands=(1, 1),
        sudo=True,
        why="when one container last ended",
    ),
    Shape(
        "systemctl",
        ("show", "--no-pager"),
        options=((f"--property={PROPERTIES}",), ("--all",)),
        operand=UNIT,
        operands=(1, 64),
        why="properties of units; `show` changes nothing and exits 0 for a unit that does not exist",
    ),
    Shape(
        "systemctl",
        ("show", "--no-pager", "--property=Version,NNames,NFailedUnits,SystemState"),
        why="how many units have failed, and whether the boot is complete, as the manager itself counts it",
    ),
    Shape(
        "systemctl",
        ("list-units", "--all", "--no-pager", "--output=json"),
        options=(("--failed",),),
        operand=UNIT,
        operands=(0, 64),
        why="names and states of loaded units",
    ),
    Shape("crontab", ("-l",), why="the crontab of the SSH user; no operand, for that would replace it"),
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
    Shape(
        "stat",
        ("--dereference", f"--format={STAT_FORMAT}"),
        operand=TEXT_PATH,
        operands=(1, 2),
        why="size, owner and mode of files",
    ),
    Shape(
        "stat",
        ("--dereference", f"--format={STAT_FORMAT}"),
        operand=NGINX_PATH,
        operands=(1, 1),
        sudo=True,
        why="the same, of nginx's configuration",
    ),
    Shape(
        "stat",
        ("--dereference", f"--format={PROM_STAT_FORMAT}"),
        operand=PROM_PATH,
        operands=(1, 32),
        why="when metrics files were last written, and how long they are",
    ),
    Shape("head", (f"--bytes={HEAD_BYTES}",), operand=TEXT_PATH, operands=(1, 1), why="the text of a small file"),
    Shape(
        "head",
        (f"--bytes={HEAD_BYTES}",),
        operand=NGINX_PATH,
        operands=(1, 1),
        sudo=True,
        why="the text of nginx's configuration, where only root may read it",
    ),
    Shape("sha256sum", operand=TEXT_PATH, operands=(2, 2), why="checksums of two files"),
    Shape("hostname", why="the host's name; no operand, for that would set it"),
    Shape("date", ("+%s.%N",), why="the host's clock; no option, for one of them would set it"),
    Shape(
        "timedatectl",
        ("show", "--property=NTPSynchronized", "--property=NTP"),
        why="whether the clock is in sync with NTP; `show` sets nothing",
    ),
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
    *(shape for select in _SELECTS for shape in _select(*select)),
    # What an operator looks at first, for a check of the kind `command`: words without a choice in them.
    Shape("uptime", why="load, and how long the host is up"),
    Shape("uname", ("-r",), why="which kernel it came back with"),
    Shape("free", ("-b",), why="memory and swap, in bytes"),
    Shape("systemctl", ("is-active",), operand=ONE_UNIT, operands=(1, 1), why="one unit; of several any one is enough"),
    Shape("systemctl", ("is-enabled",), operand=ONE_UNIT, operands=(1, 1), why="whether one unit starts at boot"),
    Shape("systemctl", ("is-system-running",), why="whether the boot is over, and whether a unit failed in it"),
    Shape("docker", ("version", "--format", "{{.Server.Version}}"), sudo=True, why="the version of the daemon"),
    Shape("ss", ("-ltn",), why="listening TCP ports; no filter and no option, for -K would close sockets"),
    *_kube_shapes(),
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
