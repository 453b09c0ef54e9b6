"""How much is kept, and the removal of the rest. Without bounds a monitor's history would fill the disk of its host."""

import sqlite3
from dataclasses import dataclass

_DAY = 86400.0
_CLOCK_RUNS = 100
"""Ages are counted from the run so many before the newest, if that is earlier than now: after a cold start a clock may
be years ahead until NTP sets it (SOP 4.1), and the runs of that time must not throw away everything before them."""


@dataclass(frozen=True)
class Limits:
    """What is kept. What goes first is the oldest."""

    reports: int = 300
    """Whole reports of each command. About 40 KB each. A monitor, every 10 minutes, cannot push out a watch's."""
    report_bytes: int = 64 * 1024 * 1024
    """All whole reports together, compressed: replies may be a MiB each, and then 300 of them would be too much."""
    runs: int = 5000
    """Runs with their verdicts: a month of a monitor. About 4 KB each."""
    recoveries: int = 200
    """Times to green, a few rows a recovery: they outlive the runs that they were taken from."""
    age: float = 400 * _DAY
    """Seconds. A year and some: the same season, the same yearly work, once before."""


def prune(connection: sqlite3.Connection, newest: int, now: float, limits: Limits) -> None:
    """Remove what is over the limits, in the transaction that added run `newest`; raises `sqlite3.Error`.

    The last GREEN run of each baseline stays however many come after it: "last green" must not be forgotten.
    """
    _prune_reports(connection, newest, limits)
    connection.execute(
        "DELETE FROM runs WHERE id <= ? AND id NOT IN "
        "(SELECT max(id) FROM runs WHERE result = 'GREEN' GROUP BY baseline)",
        (newest - limits.runs,),
    )
    row = connection.execute("SELECT ended FROM runs WHERE id = ?", (newest - _CLOCK_RUNS,)).fetchone()
    if row:
        cut = (min(now, row[0]) - limits.age,)
        connection.execute("DELETE FROM runs WHERE ended < ?", cut)
        connection.execute(
            "DELETE FROM boots WHERE seen < ? AND NOT EXISTS (SELECT 1 FROM checks WHERE boot = boots.id)", cut
        )
        connection.execute("DELETE FROM recoveries WHERE seen < ?", cut)
    connection.execute("DELETE FROM recoveries WHERE id <= (SELECT max(id) FROM recoveries) - ?", (limits.recoveries,))


def _prune_reports(connection: sqlite3.Connection, newest: int, limits: Limits) -> None:
    connection.execute(
        "DELETE FROM reports WHERE run IN (SELECT reports.run FROM reports JOIN runs ON runs.id = reports.run "
        "WHERE runs.command = (SELECT command FROM runs WHERE id = ?) "
        "ORDER BY reports.run DESC LIMIT -1 OFFSET ?)",
        (newest, limits.reports),
    )
    # length() of a blob is in its header: the bodies are not read.
    total = 0
    for run, size in connection.execute("SELECT run, length(body) FROM reports ORDER BY run DESC"):
        total += size
        if total > limits.report_bytes:
            connection.execute("DELETE FROM reports WHERE run <= ?", (run,))
            break
