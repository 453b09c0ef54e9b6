"""One cgroup a lab, one below it a host: whatever was started in it can be found, counted and ended."""

import contextlib
import os
from pathlib import Path

from lab.place import Lab, Unavailable
from lab.process import wait_until


def _root() -> Path:
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, where, kind, *_ = line.split()
        if kind == "cgroup2":
            return Path(where)
    raise Unavailable("no cgroup2 is mounted on this machine: systemd on the hosts needs one")


def folder(lab: Lab, part: str = "") -> Path:
    """Return the cgroup of the lab, or of a part of it. It need not exist."""
    return _root() / f"coldstart-lab-{lab.name}" / part


def join(lab: Lab, part: str) -> None:
    """Make the cgroup, and move this process into it."""
    path = folder(lab, part)
    path.mkdir(parents=True, exist_ok=True)
    (path / "cgroup.procs").write_text(str(os.getpid()))


def members(lab: Lab, part: str = "") -> list[int]:
    """Return every process in it and below it."""
    found: list[int] = []
    for file in folder(lab, part).rglob("cgroup.procs"):
        with contextlib.suppress(OSError):
            found += [int(pid) for pid in file.read_text().split()]
    return found


def clear(lab: Lab) -> None:
    """Kill every process of the lab, and remove its cgroups."""
    top = folder(lab)
    if not top.is_dir():
        return
    for pid in members(lab):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, 9)
    wait_until(lambda: not members(lab), 10, "processes of the lab did not die")
    for path in sorted((one for one in top.rglob("*") if one.is_dir()), reverse=True):
        path.rmdir()
    top.rmdir()
