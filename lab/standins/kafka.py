"""Stands in for Sentry's Kafka and its exporter, with the one Snuba consumer that reads from it.

Events are appended to a log on the disk; the consumer hands each on to ClickHouse, and commits it when that took it.
So the lag rises while ClickHouse is down and events come, and falls once it is back. A checkpoint file that is damaged
keeps it from starting, as there (SOP 10.3).
"""

import re
import threading
import time
from pathlib import Path

from .http_service import Answer, give_up, serve, takes

DATA = Path("/var/lib/kafka/data")
EVENTS = DATA / "events-0.log"
COMMITTED = DATA / "snuba-consumers.offset"
CHECKPOINT = DATA / "recovery-point-offset-checkpoint"
CLICKHOUSE = "http://127.0.0.1:8123/"
LAG = 'kafka_consumergroup_lag{consumergroup="snuba-consumers",partition="0",topic="events"}'
_appending = threading.Lock()


def answer(path: str, body: bytes) -> Answer:
    """Take an event by POST /events; say the lag."""
    if path == "/events" and body:
        with _appending, EVENTS.open("ab") as log:
            log.write(body.replace(b"\n", b" ") + b"\n")
        return Answer(200)
    if path != "/metrics":
        return Answer(404)
    return Answer(200, f"# TYPE kafka_consumergroup_lag gauge\n{LAG} {len(events()) - committed()}\n")


def events() -> list[bytes]:
    """Return all events, consumed or not: there are few."""
    return EVENTS.read_bytes().splitlines() if EVENTS.exists() else []


def committed() -> int:
    """Return how many of them the consumer has done with."""
    return int(COMMITTED.read_text()) if COMMITTED.exists() else 0


def commit(offset: int) -> None:
    """Write it down in one step: a power loss must not leave half a number."""
    new = COMMITTED.with_suffix(".new")
    new.write_text(f"{offset}\n")
    new.replace(COMMITTED)


def consume() -> None:
    """Hand on what is new, for as long as ClickHouse takes it."""
    while True:
        time.sleep(1)
        for event in events()[committed() :]:
            if not takes(CLICKHOUSE, event):
                break
            commit(committed() + 1)


def checked() -> None:
    """Give up on a checkpoint file that is not what Kafka writes: version, number of entries, entries."""
    if not CHECKPOINT.exists():
        CHECKPOINT.write_text("0\n1\nevents 0 0\n")
    text = CHECKPOINT.read_text("utf-8", "replace")
    if not re.fullmatch(r"0\n\d+\n(?:\S+ \d+ \d+\n)*", text):
        give_up(f"java.io.IOException: Malformed line in checkpoint file ({CHECKPOINT}): {text[:40]!r}")


if __name__ == "__main__":
    DATA.mkdir(parents=True, exist_ok=True)
    checked()
    threading.Thread(target=consume, daemon=True).start()
    serve(9308, answer)
