"""Adds one run, within the transaction of the caller."""

import json
import sqlite3
import zlib

from coldstart.decisions import Decision
from coldstart.history import recoveries, rows
from coldstart.outcome import Report
from coldstart.text import visible


def add(
    connection: sqlite3.Connection, report: Report, *, command: str, series: str, attempt: int | None, body: bytes
) -> int:
    """Add a run, its report (`body` is its `packed`), verdicts and boots; returns its id. Raises `sqlite3.Error`."""
    cursor = connection.execute(
        "INSERT INTO runs (command, series, attempt, baseline, sha256, version, started, ended, result, headline, "
        "narrowed, counts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            visible(command),
            visible(series),
            attempt,
            visible(report.baseline_name),
            visible(report.baseline_sha256),
            visible(report.version),
            report.started,
            report.ended,
            report.result.value,
            visible(report.headline),
            json.dumps([visible(why) for why in report.narrowed]),
            rows.counts(report),
        ),
    )
    run = cursor.lastrowid
    if run is None:
        raise AssertionError("a row that was inserted has an id")
    connection.execute("INSERT INTO reports (run, body) VALUES (?, ?)", (run, body))
    connection.executemany(
        "INSERT INTO gates (run, gate, verdict) VALUES (?, ?, ?)",
        [(run, visible(gate.name), gate.verdict.value if gate.verdict else None) for gate in report.gates],
    )
    boots = recoveries.moment_of(connection, report)
    for row in rows.check_rows(report):
        boot = boots[row.host] if row.host else None
        connection.execute(
            "INSERT INTO subjects (key, gate) VALUES (?, ?) ON CONFLICT (key) DO NOTHING", (row.key, row.gate)
        )
        connection.execute(
            "INSERT OR IGNORE INTO checks (run, subject, verdict, reason, measure, boot) "
            "SELECT ?, id, ?, ?, ?, ? FROM subjects WHERE key = ?",
            (run, row.verdict, row.reason, row.measure, boot, row.key),
        )
    if rows.counts(report):
        recoveries.follow(connection, report, boots)
        _releases(connection, report)
    return run


def _releases(connection: sqlite3.Connection, report: Report) -> None:
    """Take note of what this run let go, and on which boots: what runs after that does not run too early."""
    boots = json.dumps(rows.boots(report), sort_keys=True)
    connection.executemany(
        "INSERT OR REPLACE INTO released (baseline, name, at, boots) VALUES (?, ?, ?, ?)",
        [
            (visible(report.baseline_name), visible(item.name), report.ended, boots)
            for item in report.releases
            if item.decision is Decision.RELEASE
        ],
    )


def packed(report: Report) -> bytes:
    """A report as it is stored: JSON, compressed. Raises ValueError for what cannot be written as JSON."""
    return zlib.compress(report.model_dump_json().encode("utf-8"))


def unpacked(body: bytes) -> Report:
    """The report of `packed`. Raises `zlib.error` for damaged bytes, ValueError for another version's report."""
    return Report.model_validate_json(zlib.decompress(body))
