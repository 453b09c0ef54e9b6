"""momo-scheduler's stand-in: registers its jobs once momo-db answers, and is healthy for as long as that does."""

import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import psycopg2  # type: ignore[import-untyped]  # Debian's, on the hosts only

from .momo_store import connect, run_auto_import_task

ALIVE = Path("/var/lib/alive")
"""Touched after each answer of momo-db; the container's health check looks at its age."""

IMPORT_AT = "06:30"
EVERY = 2.0


def say(line: str) -> None:
    """Write a line of the log."""
    print(f"{datetime.now(UTC).astimezone():%Y-%m-%d %H:%M:%S} {line}", flush=True)


def wait_for_database() -> "psycopg2.extensions.connection":
    """Log in as soon as momo-db lets us."""
    waiting = False
    while True:
        try:
            return connect()
        except psycopg2.OperationalError:
            if not waiting:
                say("等待 momo-db")
            waiting = True
            time.sleep(0.5)


def work() -> None:
    """Register the jobs, and run them, until momo-db is gone."""
    connection = wait_for_database()
    say(f"已註冊: 每日業績匯入 {IMPORT_AT}")
    say("全部排程任務已註冊")
    imported = datetime.now(UTC).astimezone().date()  # the jobs of today before this start are not made up for
    while True:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except psycopg2.Error as error:
            say(f"momo-db 連線中斷: {str(error).strip()}")
            return
        ALIVE.touch()
        now = datetime.now(UTC).astimezone()
        if now.date() > imported and f"{now:%H:%M}" >= IMPORT_AT:
            imported = now.date()
            say(f"每日業績匯入: {run_auto_import_task()} 筆")
        time.sleep(EVERY)


def main() -> None:
    """Work until SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    ALIVE.unlink(missing_ok=True)  # that of the last boot is no sign of life
    while True:
        work()


if __name__ == "__main__":
    main()
