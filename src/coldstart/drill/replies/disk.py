"""The files of a host that somebody asks for: text, when it was written, whose it is. Nothing here can be changed."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from zlib import crc32

from coldstart.drill.replies import journal, proc
from coldstart.drill.replies.host_text import host_text
from coldstart.drill.replies.textfiles import TEXTFILES, Written
from coldstart.drill.view import View

_PROC_MODE = 0o100444
_LOG_MODE = 0o100640
_MODE = 0o100644
_ROOT, _POSTGRES, _USER = 0, 106, 1000
_DEVICE = {"110": 39, "120": 42, "121": 45, "188": 74}
_CONFIGURED = 20 * 86400.0
"""Before the first boot on record: when the files were put there that nobody has written since, s."""
_STAMP = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?) UTC ", re.MULTILINE)

POSTGRESQL_LOG = "/var/log/postgresql/postgresql-14-main.log"
NGINX = "/etc/nginx/sites-enabled/188-all-sites.conf"
ALERTS = "/home/wooo/monitoring/alerts.yml"
CANONICAL_ALERTS = "/home/wooo/monitoring/alerts-unified.canonical.yml"


@dataclass(frozen=True)
class File:
    """`written`: s of the scenario; `inode`: device and number, as ``%d:%i`` of stat(1)."""

    text: str
    written: float
    owner: int
    mode: int
    inode: str

    @property
    def data(self) -> bytes:
        return self.text.encode()

    @property
    def size(self) -> int:
        """In bytes; proc(5) does not know it before it is read."""
        return 0 if self.mode == _PROC_MODE else len(self.data)


def find(view: View, path: str) -> File | None:
    """The file at `path`; None: there is none."""
    inode = f"{_DEVICE[view.host]}:{1_900_000 + crc32(path.encode()) % 100_000}"
    if path in _PROC:
        return File(_PROC[path](view), view.now, _ROOT, _PROC_MODE, inode)
    if path in TEXTFILES.get(view.host, {}):
        written = TEXTFILES[view.host][path](view)
        return File(*written, _USER, _MODE, inode) if written else None
    if path in _OTHERS.get(view.host, {}):
        text, owner, mode = _OTHERS[view.host][path]
        return File(*text(view), owner, mode, inode)
    return None


def postgresql_log(view: View) -> Written:
    """The log, last written when its newest line was."""
    text = journal.postgresql_log(view)
    stamps = _STAMP.findall(text)
    if not stamps:
        return text, _configured(view)
    return text, datetime.fromisoformat(f"{stamps[-1]}+00:00").timestamp() - view.epoch


def _alerts(view: View) -> Written:
    """alerts.yml; drifted as somebody's editor leaves it (SOP 13.6)."""
    text = host_text("alerts.yml")
    if view.stack.facts.rules_drifted:
        text = f"{text.removesuffix(chr(10))} # edited by hand\n"
    return text, _configured(view)


def _kept(name: str, view: View) -> Written:
    return host_text(name), _configured(view)


def _configured(view: View) -> float:
    return view.state.boots[0].at - _CONFIGURED


_PROC: Mapping[str, Callable[[View], str]] = {
    "/proc/uptime": proc.uptime,
    "/proc/loadavg": proc.loadavg,
    "/proc/meminfo": proc.meminfo,
    "/proc/self/mountinfo": proc.mountinfo,
    "/proc/sys/kernel/random/boot_id": proc.boot_id,
}

_OTHERS: Mapping[str, Mapping[str, tuple[Callable[[View], Written], int, int]]] = {
    "110": {
        ALERTS: (_alerts, _USER, _MODE),
        CANONICAL_ALERTS: (partial(_kept, "alerts.yml"), _USER, _MODE),
    },
    "188": {
        NGINX: (partial(_kept, "nginx.conf"), _ROOT, _MODE),
        POSTGRESQL_LOG: (postgresql_log, _POSTGRES, _LOG_MODE),
    },
}
"""By host and path: text and time, owner, mode."""
