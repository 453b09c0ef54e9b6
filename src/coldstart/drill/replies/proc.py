"""The kernel's view of a host: df(1), nproc(1), and the files of proc(5) that are asked for."""

import re
from collections.abc import Sequence

from coldstart.drill.replies.host_text import host_text
from coldstart.drill.replies.refusal import unknown_option
from coldstart.drill.view import Said, View

_DF = ["--block-size=1", "--output=fstype,size,used,avail,itotal,iused,iavail,target"]
_DF_LOCAL = [*_DF, "--local", "-t", "ext2", "-t", "ext3", "-t", "ext4", "-t", "xfs", "-t", "btrfs"]
_USAGE = """\
Type    1B-blocks        Used       Avail   Inodes  IUsed    IFree Mounted on
ext4 270553174016 32151965696 76792328192 16777216 567165 16210051 /
"""

_RECORDED_KIB = 24684096
"""The memory of the machine whose meminfo was recorded."""
_FIXED = ("VmallocTotal", "Hugepagesize")
"""Of the architecture, not of how much memory there is."""
_IDLE = 0.9
_TASKS = 158
_FORKS = 3.7
"""New processes a second."""


def df(view: View, argv: Sequence[str]) -> Said:  # noqa: ARG001 - a tool is given its view, whether it looks or not
    """The one file system of the host; everything else is memory."""
    words = list(argv[1:])
    if words in (_DF_LOCAL, [*_DF, "/"]):
        return Said(_USAGE)
    if words[:2] == _DF and words[2:] and words[2].startswith("/"):
        return Said(stderr=f"df: {words[2]}: No such file or directory\n", status=1)
    return unknown_option("df", next(iter(words), "-"))


def nproc(view: View, argv: Sequence[str]) -> Said:
    if argv[1:]:
        return unknown_option("nproc", argv[1])
    return Said(f"{view.state.spec.cores}\n")


def uptime(view: View) -> str:
    """/proc/uptime: seconds since the boot, and those that its cores were idle, together."""
    up = view.stack.uptime(view.host)
    return f"{up:.2f} {up * view.state.spec.cores * _IDLE:.2f}\n"


def loadavg(view: View) -> str:
    """/proc/loadavg: three averages, running of all tasks, the newest process id."""
    one, five, fifteen = view.state.load
    newest = _TASKS + int(view.stack.uptime(view.host) * _FORKS)
    return f"{one:.2f} {five:.2f} {fifteen:.2f} {max(1, round(one))}/{_TASKS} {newest}\n"


def meminfo(view: View) -> str:
    """/proc/meminfo as recorded, for as much memory as the host has."""

    def scaled(line: re.Match[str]) -> str:
        name, spaces, kib = line.groups()
        value = int(kib) if name in _FIXED else int(kib) * view.state.spec.memory_kib // _RECORDED_KIB
        return f"{name}:{value:{len(spaces) + len(kib)}} kB"

    return re.sub(r"^(\S+):( +)(\d+) kB$", scaled, host_text("meminfo.txt"), flags=re.MULTILINE)


def mountinfo(view: View) -> str:  # noqa: ARG001 - as df
    """/proc/self/mountinfo: recorded, with the root on a disk in place of the lab's own mounts."""
    return host_text("mountinfo.txt")


def boot_id(view: View) -> str:
    """/proc/sys/kernel/random/boot_id."""
    return f"{view.boot.id}\n"
