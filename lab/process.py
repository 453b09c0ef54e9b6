"""Processes of the lab: run one, keep its id, end it by its id."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from lab.place import LabError


def call(*argv: str, timeout: float = 60, stdin: str | None = None, check: bool = True) -> str:
    """Run `argv` and return its output. Raises `LabError` with what it said when it fails or takes too long."""
    done = attempt(*argv, timeout=timeout, stdin=stdin)
    if check and done.returncode:
        raise LabError(f"{' '.join(argv[:12])}: exit {done.returncode}\n{(done.stderr or done.stdout)[-3000:].strip()}")
    return done.stdout


def attempt(*argv: str, timeout: float = 60, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run `argv`, bounded. Raises `LabError` when it cannot be run or takes too long."""
    try:
        return subprocess.run(
            argv,
            input=stdin if stdin is not None else "",
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except FileNotFoundError:
        raise LabError(f"{argv[0]}: not found on this machine") from None
    except subprocess.TimeoutExpired:
        raise LabError(f"{' '.join(argv[:12])}: no end after {timeout:g} s") from None


def wait_until(true: Callable[[], object], within: float, what: str, every: float = 0.1) -> None:
    """Ask `true` again and again. Raises `LabError` when it is still false after `within` seconds."""
    end = time.monotonic() + within
    while not true():
        if time.monotonic() > end:
            raise LabError(f"{what}: not within {within:g} s")
        time.sleep(every)


class Kept:
    """A process id in a file, with the start time of its process: an id alone is used again after a while."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def keep(self, pid: int) -> None:
        new = self.file.with_suffix(".new")
        new.write_text(f"{pid} {_started(pid)}\n")
        new.rename(self.file)

    @property
    def pid(self) -> int | None:
        """The process, if it is still the one that was kept."""
        try:
            pid, started = self.file.read_text().split()
        except (FileNotFoundError, ValueError):
            return None
        return int(pid) if started != "gone" and _started(int(pid)) == started else None

    def kill(self, within: float = 5) -> None:
        """Kill it, and wait until it is gone."""
        if pid := self.pid:
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda: self.pid is None, within, f"process {pid} did not die")
        self.file.unlink(missing_ok=True)


def _started(pid: int) -> str:
    """Field 22 of /proc/PID/stat: when it started, in ticks since the machine's boot (proc(5)). A zombie is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return "gone"
    return "gone" if fields[0] in "ZX" else fields[19]


def child_of(pid: int | None) -> int | None:
    """Return the first child of `pid`: the init of a container is that of its systemd-nspawn."""
    if pid is None:
        return None
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(children[0]) if children else None


def private(*argv: str) -> Sequence[str]:
    """Return `argv` in mount and process namespaces of its own, which end with us, whatever ends us."""
    return (
        "setpriv", "--pdeathsig=KILL", "--",
        "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--",
        *argv,
    )  # fmt: skip
