"""The containers of a node. Those with a NodePort are real processes; the others are only known to run.

As with the real runtime they go on when K3s dies, and are found again by the next one. Their records are in /run, so a
boot starts everything anew.
"""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from .kube_objects import NODE_PORTS, stamp

RECORDS = Path("/run/k3s/containers")
JUST_BOOTED = 120.0


def began() -> str:
    """Return when something that starts now began, by the time that the host says it has been up.

    A host of the lab says right after its boot that it has been up for long (/run/lab-uptime); so do its containers.
    """
    said = float(Path("/run/lab-uptime").read_text())
    really = float(Path("/proc/uptime").read_text().split()[0]) - said
    return stamp(time.time() - (said if really < JUST_BOOTED else 0))


class Containers:
    """Starts what is to run here, and knows what runs."""

    def __init__(self) -> None:
        RECORDS.mkdir(parents=True, exist_ok=True)
        self._children: list[subprocess.Popen[bytes]] = []

    def run(self, pod: str, app: str) -> tuple[str, str]:
        """Make sure that the container of a pod runs. Returns its id, another one if it began anew, and since when."""
        self._children = [child for child in self._children if child.poll() is None]
        record = self._record(pod)
        if record is None or (app in NODE_PORTS and record["pid"] and not _lives(record)):
            record = {"id": f"containerd://{uuid4().hex}", "began": began(), "pid": 0, "started": ""}
        if app in NODE_PORTS and not record["pid"]:
            child = subprocess.Popen(
                [sys.executable, "-m", f"lab.{app.replace('-', '_')}"], start_new_session=True, stdin=subprocess.DEVNULL
            )
            self._children.append(child)
            record |= {"pid": child.pid, "started": _started(child.pid)}
        self._keep(pod, record)
        return record["id"], record["began"]

    def park(self) -> None:
        """End every process: nothing else would take the NodePorts away. It is no end of a container."""
        for file in RECORDS.glob("*.json"):
            record = json.loads(file.read_text())
            if record["pid"] and _lives(record):
                with suppress(ProcessLookupError):
                    os.kill(record["pid"], signal.SIGKILL)
            self._keep(file.stem, {**record, "pid": 0})

    @staticmethod
    def _record(pod: str) -> dict[str, Any] | None:
        with suppress(FileNotFoundError, ValueError):
            record: dict[str, Any] = json.loads((RECORDS / f"{pod}.json").read_text())
            return record
        return None

    @staticmethod
    def _keep(pod: str, record: dict[str, Any]) -> None:
        file = RECORDS / f"{pod}.json"
        file.with_suffix(".new").write_text(json.dumps(record))
        file.with_suffix(".new").rename(file)


def _started(pid: int) -> str:
    """Field 22 of /proc/PID/stat (proc(5)): with it a process id is not taken for another's."""
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        return "gone" if fields[0] in "ZX" else fields[19]
    return "gone"


def _lives(record: dict[str, Any]) -> bool:
    return bool(record["started"] != "gone") and _started(record["pid"]) == record["started"]
