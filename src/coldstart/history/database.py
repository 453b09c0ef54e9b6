"""The database, opened when it is needed, and used so that nothing about it can stop a run."""

import contextlib
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from coldstart.clock import Clock
from coldstart.history import files, schema
from coldstart.history.files import Trouble
from coldstart.text import one_line

T = TypeVar("T")

PATIENCE = 5.0
"""Seconds to wait for another process. A run's own writing takes some milliseconds."""

_MOST_PROBLEMS = 20
_DAMAGED = frozenset({"SQLITE_NOTADB", "SQLITE_CORRUPT"})
_SAYS = {
    "SQLITE_FULL": "the disk is full",
    "SQLITE_READONLY": "it is read-only",
    "SQLITE_CANTOPEN": "it cannot be opened",
    "SQLITE_PERM": "permission denied",
    "SQLITE_IOERR": "the disk fails, or has no room",
}


class Database:
    """One file; one caller at a time, from any thread.

    `problems` are lines for the operator, each once; `failed`: something could not be read or written.
    """

    def __init__(self, directory: Path | None, clock: Clock, patience: float = PATIENCE) -> None:
        self.problems: tuple[str, ...] = ()
        self.failed = False
        self.path: Path | None = None
        self._clock, self._patience = clock, patience
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        try:
            self.path = files.directory_of(directory) / files.NAME
        except (Trouble, RuntimeError) as error:  # RuntimeError: there is not even a user
            self.tell("it is not kept", error)

    def read(self, what: str, work: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        """What `work` reads; `otherwise` where there is no database, or it cannot be read: then `what` is a problem."""
        return self._do(what, work, otherwise, write=False)

    def write(self, what: str, work: Callable[[sqlite3.Connection], T]) -> T | None:
        """What `work` returns once its changes are on the disk; None when it could not be, and nothing was changed."""
        return self._do(what, work, None, write=True)

    def close(self) -> None:
        """Leave the file as one database without a log beside it, if nobody else has it open."""
        connection, self._connection = self._connection, None
        if connection:
            with contextlib.suppress(sqlite3.Error):
                connection.close()

    def _do(self, what: str, work: Callable[[sqlite3.Connection], T], otherwise: T, *, write: bool) -> T:
        try:
            for _ in range(2):
                try:
                    connection = self._ready(make=write)
                    return _transaction(connection, work, write=write) if connection else otherwise
                except sqlite3.DatabaseError as error:
                    if not _is_damage(error):
                        raise
                    self._renew(error)
        except (Trouble, sqlite3.Error, OSError, ValueError, OverflowError) as error:
            self.tell(what, error)
        return otherwise

    def _ready(self, *, make: bool) -> sqlite3.Connection | None:
        """The connection to the file that lies there now; None where there is none, and none is to be made."""
        if self.path is None:
            return None
        there = files.identity(self.path)
        if self._connection and there == self._identity:
            return self._connection
        self.close()
        if there is None and not make:
            return None
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with files.locked(self.path, self._patience):
            there = files.identity(self.path)
            if there is None:
                if files.has_leftovers(self.path):
                    aside = files.move_aside(self.path, self._clock.wall())
                    self._say(f"{self.path} is gone; what was left of it is kept as {aside.name}-…")
                files.make(self.path, self._patience)
                there = files.identity(self.path)
            self._for_the_owner_only()
            self._identity = there
            self._connection = files.connect(self.path, self._patience)
            try:
                _accept(self._connection)
            except BaseException as error:
                if not _is_damage(error):  # a damaged one is closed after it was moved
                    self.close()
                raise
        return self._connection

    def _for_the_owner_only(self) -> None:
        if self.path and self.path.stat().st_mode & 0o077:
            with contextlib.suppress(PermissionError):
                self.path.chmod(0o600)

    def _renew(self, damage: sqlite3.DatabaseError) -> None:
        """Move the damaged file aside, unless somebody else did."""
        if self.path is None:
            return
        try:
            with files.locked(self.path, self._patience):
                if files.identity(self.path) == self._identity:
                    aside = files.move_aside(self.path, self._clock.wall())
                    self._say(f"{self.path} was damaged ({damage}): it is kept as {aside.name}, and a new one is begun")
        finally:
            self.close()  # only now: of a file that has moved, SQLite leaves the log alone

    def tell(self, what: str, error: Exception) -> None:
        """Put into `problems` what could not be done, and why."""
        self.failed = True
        where = f"{self.path}: " if self.path else ""
        self._say(f"{where}{what}: {_says(error, self._patience)}")

    def _say(self, text: str) -> None:
        line = f"history: {one_line(text, 500)}"
        if line not in self.problems and len(self.problems) < _MOST_PROBLEMS:
            self.problems += (line,)


def _accept(connection: sqlite3.Connection) -> None:
    """Make sure that it is ours and of this version. Raises `Trouble`, `sqlite3.DatabaseError`."""
    version = schema.version_of(connection)
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != schema.APPLICATION_ID:
        raise Trouble("it is not a history of coldstart: give another --state-dir")
    if version > len(schema.STEPS):
        raise Trouble(
            f"it is of a newer coldstart (layout {version}, this one knows {len(schema.STEPS)}) and is left alone: "
            "update coldstart, or give another --state-dir"
        )
    if version < len(schema.STEPS):
        schema.migrate(connection, schema.STEPS)
    found = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if missing := schema.TABLES - found:
        raise _Incomplete(f"no table {', '.join(sorted(missing))}")


class _Incomplete(sqlite3.DatabaseError):
    """It opens, and tables are missing."""


def _transaction(connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], T], *, write: bool) -> T:
    connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
    try:
        result = work(connection)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
        raise
    return result


def _is_damage(error: BaseException) -> bool:
    if isinstance(error, _Incomplete):
        return True
    return isinstance(error, sqlite3.Error) and any(_code(error).startswith(code) for code in _DAMAGED)


def _code(error: sqlite3.Error) -> str:
    return getattr(error, "sqlite_errorname", None) or ""


def _says(error: Exception, patience: float) -> str:
    if isinstance(error, sqlite3.Error):
        code = _code(error)
        if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            return f"another process has kept it locked for more than {patience:g} s"
        words = next((words for start, words in _SAYS.items() if code.startswith(start)), "")
        return f"{words} ({error})" if words else str(error)
    if isinstance(error, OSError):
        return error.strerror or os.strerror(error.errno or 0)
    return str(error)
