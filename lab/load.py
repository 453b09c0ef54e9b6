"""The load of one host. Containers share the kernel's /proc/loadavg: it would show the whole machine's."""

import os
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from math import exp
from pathlib import Path

EVERY = 5.0
"""Seconds between two samples, as in the kernel (LOAD_FREQ)."""

WIDTH = 64
"""Bytes of the line. It is always of one length, so that it is replaced at one stroke: no reader sees half of it."""


class Load:
    """Counts what runs or waits for a disk, and keeps the three averages in a file, by the kernel's own formula."""

    def __init__(self, file: Path, processes: Callable[[], Iterable[int]]) -> None:
        self.file, self.processes = file, processes
        self.averages = [0.0, 0.0, 0.0]
        file.write_bytes(self._line(0, 1))

    def keep(self, over: threading.Event) -> None:
        """Sample until `over`."""
        with self.file.open("r+b", buffering=0) as line:
            while not over.wait(EVERY):
                states = [state for pid in self.processes() for state in _states(pid)]
                busy = sum(state in "RD" for state in states)
                self.add(busy)
                os.pwrite(line.fileno(), self._line(busy, len(states)), 0)

    def add(self, busy: int) -> None:
        """Take one sample into the averages over 1, 5 and 15 minutes."""
        for index, minutes in enumerate((1, 5, 15)):
            keep = exp(-EVERY / (60 * minutes))
            self.averages[index] = self.averages[index] * keep + busy * (1 - keep)

    def _line(self, busy: int, tasks: int) -> bytes:
        start = f"{' '.join(f'{one:.2f}' for one in self.averages)} {busy}/{max(tasks, 1)} "
        return (start + "1".ljust(WIDTH - 1 - len(start), "0") + "\n").encode()


def _states(pid: int) -> Iterable[str]:
    """The states of the threads of a process (proc(5), field 3 of stat)."""
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):
                yield (task / "stat").read_text(errors="replace").rpartition(")")[2].split()[0]
