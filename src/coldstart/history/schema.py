"""The layout of the database, its version, and the way from an older one to this one."""

import sqlite3
from collections.abc import Sequence

APPLICATION_ID = 0x636F6C64
"""``cold``: tells our file from another program's ``history.db`` (sqlite.org, PRAGMA application_id)."""

_FIRST = (
    """CREATE TABLE runs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        command TEXT NOT NULL,
        series TEXT NOT NULL,
        attempt INTEGER,
        baseline TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        version TEXT NOT NULL,
        started REAL NOT NULL,
        ended REAL NOT NULL,
        result TEXT NOT NULL,
        headline TEXT NOT NULL,
        narrowed TEXT NOT NULL,  -- a JSON list
        counts INTEGER NOT NULL  -- 0: narrowed, or without a verdict
    )""",
    "CREATE INDEX runs_of_baseline ON runs (baseline, ended)",
    """CREATE TABLE reports (
        run INTEGER PRIMARY KEY REFERENCES runs ON DELETE CASCADE,
        body BLOB NOT NULL  -- JSON, compressed as in RFC 1950
    )""",
    """CREATE TABLE gates (
        run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
        gate TEXT NOT NULL,
        verdict TEXT,
        PRIMARY KEY (run, gate)
    ) WITHOUT ROWID""",
    """CREATE TABLE recoveries (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        baseline TEXT NOT NULL,
        looked REAL NOT NULL,  -- end of the run that first saw all of its boots
        seen REAL NOT NULL,    -- end of its last run
        green INTEGER NOT NULL -- 1: a run of it was GREEN
    )""",
    """CREATE TABLE recovery_gates (
        recovery INTEGER NOT NULL REFERENCES recoveries ON DELETE CASCADE,
        gate TEXT NOT NULL,
        place INTEGER NOT NULL,  -- in the order of the baseline
        green REAL,              -- end of the first run in which it was PASS
        PRIMARY KEY (recovery, gate)
    ) WITHOUT ROWID""",
    """CREATE TABLE boots (
        id INTEGER PRIMARY KEY,
        baseline TEXT NOT NULL,
        host TEXT NOT NULL,
        boot TEXT NOT NULL,
        moment REAL NOT NULL,     -- when it booted; where nobody knows, the start of the first run that saw it
        seen REAL NOT NULL,
        counted INTEGER NOT NULL, -- 1: a run that counts has seen it
        recovery INTEGER REFERENCES recoveries ON DELETE SET NULL,
        UNIQUE (baseline, host, boot)
    )""",
    # Keys and boot ids are long and the same in every run: kept once, a row of `checks` needs a fifth of the room.
    "CREATE TABLE subjects (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, gate TEXT NOT NULL)",
    """CREATE TABLE checks (
        run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
        subject INTEGER NOT NULL REFERENCES subjects,
        verdict TEXT,
        reason TEXT NOT NULL,
        measure REAL,
        boot INTEGER REFERENCES boots,
        PRIMARY KEY (run, subject)
    ) WITHOUT ROWID""",
    """CREATE TABLE released (
        baseline TEXT NOT NULL,
        name TEXT NOT NULL,
        at REAL NOT NULL,   -- end of the last run that let it go
        boots TEXT NOT NULL, -- a JSON mapping of each host to its boot id then
        PRIMARY KEY (baseline, name)
    ) WITHOUT ROWID""",
)

Step = Sequence[str]
"""The statements that lead from one version to the next."""

STEPS: tuple[Step, ...] = (_FIRST,)
"""The first makes version 1 of nothing, the second version 2 of 1, and so on. A released step never changes."""

TABLES = frozenset(
    {"runs", "reports", "gates", "recoveries", "recovery_gates", "boots", "subjects", "checks", "released"}
)


def version_of(connection: sqlite3.Connection) -> int:
    """The version of the layout of an open file; 0 for an empty one. Raises `sqlite3.Error`."""
    row = connection.execute("PRAGMA user_version").fetchone()
    return int(row[0])


def migrate(connection: sqlite3.Connection, steps: Sequence[Step] = STEPS) -> None:
    """Bring an older or empty database to the version of `steps`: all of it or, when anything fails, nothing.

    Raises `sqlite3.Error`; the database is then as it was.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in steps[version_of(connection) :]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(steps)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
