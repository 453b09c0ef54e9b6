"""Stands in for Sentry's ClickHouse: inserts become parts on its disk, and it merges them, one after another.

``ClickHouseMetrics_Merge`` is the number of parts that wait for it, read from the disk: a backlog outlives a restart.
A part that is damaged keeps it from starting, as there (SOP 10.1).
"""

import itertools
import os
import threading
import time
from pathlib import Path

from .http_service import Answer, give_up, serve, server

STORE = Path("/var/lib/clickhouse/store")
WHOLE = b"part\n"
MERGE_SECONDS = 1.0
_number = itertools.count(time.time_ns())


def insert(_: str, body: bytes) -> Answer:
    """Take rows by POST as one new part; /ping."""
    if body:
        part = STORE / str(next(_number))
        part.with_suffix(".tmp").write_bytes(WHOLE + body)
        part.with_suffix(".tmp").rename(part.with_suffix(".part"))
    return Answer(200, "" if body else "Ok.\n")


def metrics(path: str, _: bytes) -> Answer:
    """Say how many parts wait."""
    if path != "/metrics":
        return Answer(404)
    return Answer(200, f"# TYPE ClickHouseMetrics_Merge gauge\nClickHouseMetrics_Merge {len(parts())}\n")


def parts() -> list[Path]:
    """Return the parts that wait, the oldest first."""
    return sorted(STORE.glob("*.part"))


def merge() -> None:
    """Merge one part after another."""
    while True:
        time.sleep(MERGE_SECONDS)
        for part in parts()[:1]:
            part.unlink(missing_ok=True)


if __name__ == "__main__":
    STORE.mkdir(parents=True, exist_ok=True)
    for part in parts():
        if not part.read_bytes().startswith(WHOLE):
            give_up(f"Code: 40. DB::Exception: Part {part.name} is broken and needs manual correction")
    threading.Thread(target=merge, daemon=True).start()
    threading.Thread(target=server(9363, metrics).serve_forever, daemon=True).start()
    print(f"Ready for connections, process {os.getpid()}, {len(parts())} parts to merge")
    serve(8123, insert, address="127.0.0.1")
