"""The files of the history: made whole and for their owner only, opened under a lock, moved aside when damaged.

A database that is renamed while SQLite of another process has it open is dangerous: files are found by name, and the
write-ahead log of the new one has the old one's (sqlite.org/howtocorrupt.html, 2.4). So every opening, making and
moving happens under one lock, and whoever has the file open looks whether it is still the same before each use.
"""

import contextlib
import fcntl
import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import platformdirs

from coldstart.history import schema

NAME = "history.db"
MOST_DAMAGED = 5
"""Damaged files that may lie about before no new one is begun: a disk that goes on damaging them would fill itself."""

_STEP = 0.05
_SIBLINGS = ("-wal", "-shm")


class Trouble(Exception):
    """The history cannot be used now; the text says why and what to do. It never leaves this package."""


def directory_of(given: Path | None) -> Path:
    """The directory of the history. Raises `Trouble`: none is given, and there is no home to put it in."""
    directory = given or platformdirs.user_state_path("coldstart")
    if given is None and not directory.is_absolute():
        raise Trouble("there is no home directory for it: give one with --state-dir")
    return directory.absolute()


def identity(path: Path) -> tuple[int, int] | None:
    """What tells a file from another one of the same name; None: there is none. Raises `OSError`, `Trouble`."""
    try:
        info = path.lstat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(info.st_mode):
        raise Trouble("it is not a regular file")
    return (info.st_dev, info.st_ino) if info.st_size else None


@contextmanager
def locked(path: Path, patience: float) -> Iterator[None]:
    """Hold the lock beside the database, waiting at most `patience` seconds. Raises `Trouble`, `OSError`.

    The kernel frees it when its holder dies (flock(2)); the empty file stays, for removing it would be a race.
    """
    name = path.with_name(f"{path.name}.lock")
    handle = os.open(name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    try:
        for _ in range(max(int(patience / _STEP), 1)):
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            time.sleep(_STEP)
        else:
            raise Trouble(f"another process holds {name} for more than {patience:g} s")
        yield
    finally:
        os.close(handle)


def connect(path: Path, patience: float) -> sqlite3.Connection:
    """Open a database that is there. Raises `sqlite3.Error`."""
    connection = sqlite3.connect(
        f"{path.as_uri()}?mode=rw", uri=True, timeout=patience, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA synchronous = FULL")  # one fsync a run; NORMAL may lose the last runs in a power cut
        connection.execute("PRAGMA journal_size_limit = 4194304")  # else the log keeps the size of its worst moment
    except BaseException:
        connection.close()
        raise
    return connection


def make(path: Path, patience: float) -> None:
    """Make an empty database, under the lock: beside its place, then renamed there, so that none is ever half made.

    Raises `OSError`, `sqlite3.Error`.
    """
    new = path.with_name(f"{path.name}.new")
    for left in (new, *_siblings(new), new.with_name(f"{new.name}-journal")):  # of one that was killed
        left.unlink(missing_ok=True)
    os.close(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    try:
        with closing(connect(new, patience)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
            schema.migrate(connection)
        new.rename(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def move_aside(path: Path, now: float) -> Path:
    """Rename what lies at `path`, and the logs beside it, under the lock; returns its new path.

    Raises `Trouble` when too many such files are there, `OSError`.
    """
    if len([*path.parent.glob(f"{path.name}.damaged-*Z")]) >= MOST_DAMAGED:
        raise Trouble(f"it is damaged, and so were {MOST_DAMAGED} before it: look at the disk, then remove them")
    stamp, count = time.strftime("%Y%m%dT%H%M%S", time.gmtime(now)), 1
    aside = path.with_name(f"{path.name}.damaged-{stamp}Z")
    while aside.exists():
        count += 1
        aside = path.with_name(f"{path.name}.damaged-{stamp}.{count}Z")
    for old, new in zip((path, *_siblings(path)), (aside, *_siblings(aside)), strict=True):
        with contextlib.suppress(FileNotFoundError):
            old.rename(new)
    return aside


def has_leftovers(path: Path) -> bool:
    """Whether logs lie beside the place of a database that is not there: a new one must not take them for its own."""
    return any(sibling.exists() for sibling in _siblings(path))


def _siblings(path: Path) -> tuple[Path, ...]:
    return tuple(path.with_name(f"{path.name}{suffix}") for suffix in _SIBLINGS)
