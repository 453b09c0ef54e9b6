"""Time to green: which boots are new, which run first found a gate green after them, and how long that took."""

import sqlite3
from collections.abc import Mapping

from coldstart.history import rows
from coldstart.outcome import Report, Result, Verdict
from coldstart.runs import GateTime, Recovery
from coldstart.text import visible

JOIN_WITHIN = 3600.0
"""Seconds. Hosts that boot within an hour of one another, before the stack was GREEN, are one recovery: after a power
cut they come back one by one, and each would else begin a recovery that the next one cuts short."""

LOOK_WITHIN = 1800.0
"""Seconds. Where a gate was green already when somebody first looked, the time is only known to be shorter than that;
up to half an hour (three passes of a monitor) it is told all the same, beyond that it is not known."""

RECOVERY_WITHIN = 86400.0
"""Seconds. Nobody looked for a day after the boot: what became green later did so for other reasons."""


def follow(connection: sqlite3.Connection, report: Report, boots: Mapping[str, int]) -> None:
    """Take a run that counts into the recovery that it belongs to; `boots`: row of each host's boot of this run.

    A run on an older boot of some host, stored late, belongs to none that is still open. Raises `sqlite3.Error`.
    """
    name = visible(report.baseline_name)
    row = connection.execute("SELECT max(id) FROM recoveries WHERE baseline = ?", (name,)).fetchone()
    recovery: int | None = row[0]
    new = [boot for boot in boots.values() if _take_note(connection, boot)]
    if new:
        if recovery is None or not _joins(connection, recovery, new):
            cursor = connection.execute(
                "INSERT INTO recoveries (baseline, looked, seen, green) VALUES (?, ?, ?, 0)",
                (name, report.ended, report.ended),
            )
            recovery = cursor.lastrowid
        connection.executemany("UPDATE boots SET recovery = ? WHERE id = ?", [(recovery, boot) for boot in new])
        connection.execute("UPDATE recoveries SET looked = ? WHERE id = ?", (report.ended, recovery))
        # What was green before a host went down again has yet to become green.
        connection.execute(
            "UPDATE recovery_gates SET green = NULL WHERE recovery = ? AND green < "
            "(SELECT max(moment) FROM boots WHERE recovery = ?)",
            (recovery, recovery),
        )
    if recovery is not None and _is_of(connection, recovery, boots):
        _look(connection, recovery, report)


def _take_note(connection: sqlite3.Connection, boot: int) -> bool:
    """Whether no run that counts has seen this boot before."""
    return connection.execute("UPDATE boots SET counted = 1 WHERE id = ? AND counted = 0", (boot,)).rowcount == 1


def _joins(connection: sqlite3.Connection, recovery: int, new: list[int]) -> bool:
    green, last = connection.execute(
        "SELECT green, (SELECT max(moment) FROM boots WHERE recovery = recoveries.id) FROM recoveries WHERE id = ?",
        (recovery,),
    ).fetchone()
    marks = ",".join("?" * len(new))
    first = connection.execute(f"SELECT min(moment) FROM boots WHERE id IN ({marks})", new).fetchone()[0]  # noqa: S608 - only marks
    return not green and last is not None and first - last <= JOIN_WITHIN


def _is_of(connection: sqlite3.Connection, recovery: int, boots: Mapping[str, int]) -> bool:
    latest: dict[str, int] = dict(
        connection.execute("SELECT host, id FROM boots WHERE recovery = ? ORDER BY moment, id", (recovery,))
    )
    return all(boots.get(host, boot) == boot for host, boot in latest.items())


def _look(connection: sqlite3.Connection, recovery: int, report: Report) -> None:
    connection.execute(
        "UPDATE recoveries SET seen = max(seen, ?), green = max(green, ?) WHERE id = ?",
        (report.ended, report.result is Result.GREEN, recovery),
    )
    connection.executemany(
        "INSERT INTO recovery_gates (recovery, gate, place, green) VALUES (?, ?, ?, ?) ON CONFLICT (recovery, gate) "
        "DO UPDATE SET place = excluded.place, green = min(coalesce(green, excluded.green), "
        "coalesce(excluded.green, green))",
        [
            (recovery, visible(gate.name), place, report.ended if gate.verdict is Verdict.PASS else None)
            for place, gate in enumerate(report.gates)
        ],
    )


def all_of(connection: sqlite3.Connection, baseline: str) -> tuple[Recovery, ...]:
    """The recoveries of a baseline, newest first. Raises `sqlite3.Error`."""
    found = []
    kept = connection.execute(
        "SELECT id, looked, seen FROM recoveries WHERE baseline = ? ORDER BY id DESC", (baseline,)
    ).fetchall()
    for recovery, looked, seen in kept:
        boots = connection.execute(
            "SELECT host, max(moment) FROM boots WHERE recovery = ? GROUP BY host ORDER BY host", (recovery,)
        ).fetchall()
        if boots:
            booted = max(moment for _, moment in boots)
            gates = connection.execute(
                "SELECT gate, green FROM recovery_gates WHERE recovery = ? ORDER BY place, gate", (recovery,)
            )
            times = tuple(GateTime(gate, green is not None, _took(green, booted, looked)) for gate, green in gates)
            found.append(Recovery(baseline, booted, tuple(host for host, _ in boots), seen, times))
    return tuple(found)


def _took(green: float | None, booted: float, looked: float) -> float | None:
    """Seconds, or None. Negative: the clocks of here and there disagree, so nothing is known."""
    if green is None or green < booted or looked - booted > RECOVERY_WITHIN:
        return None
    if green <= looked and green - booted > LOOK_WITHIN:
        return None
    return green - booted


def moment_of(connection: sqlite3.Connection, report: Report) -> dict[str, int]:
    """The rows of the boots that a run saw, by host, made where they are new. Raises `sqlite3.Error`.

    The moment of a boot is that of the newest evidence: right after a boot a host's clock may not be set yet.
    """
    name, moments = visible(report.baseline_name), rows.boot_moments(report)
    ids = {}
    for host, boot in rows.boots(report).items():
        connection.execute(
            "INSERT INTO boots (baseline, host, boot, moment, seen, counted) VALUES (?, ?, ?, ?, ?, 0) "
            "ON CONFLICT (baseline, host, boot) DO UPDATE SET seen = max(seen, excluded.seen), "
            "moment = coalesce(?, moment)",
            (name, host, boot, moments.get(host, report.started), report.ended, moments.get(host)),
        )
        ids[host] = connection.execute(
            "SELECT id FROM boots WHERE baseline = ? AND host = ? AND boot = ?", (name, host, boot)
        ).fetchone()[0]
    return ids
