"""A real PostgreSQL for the tests of one module: own data directory, own socket, no TCP port, kept by its pid.

It runs as whoever runs the tests; PostgreSQL refuses root, so that root starts it as the system's user ``nobody``.
"""

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

_START = 20


def _programs() -> Path:
    """Where initdb and pg_ctl are; skips the test where they are not, except in CI, where that is a failure."""
    on_path = shutil.which("initdb")
    found = [Path(on_path).parent] if on_path else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if found and shutil.which("psql"):
        return found[-1]
    message = "no PostgreSQL server and psql on this machine: install postgresql"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


@dataclass(frozen=True)
class Postgres:
    """A running server: `socket` is the directory of its socket, `port` a part of that socket's name."""

    socket: Path
    port: int = 5432

    def run(self, script: str, database: str = "postgres") -> str:
        """Run SQL as the superuser, and return what it printed. Raises when it fails."""
        words = ("psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-h", str(self.socket), "-U", "postgres")
        argv = (*words, "-d", database)
        done = subprocess.run(argv, check=False, input=script, capture_output=True, text=True, timeout=30)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout.strip()

    @contextmanager
    def locked(self, table: str, database: str) -> Iterator[None]:
        """Hold the table as REINDEX and ALTER TABLE do."""
        words = ("psql", "-X", "-A", "-t", "-q", "-h", str(self.socket), "-U", "postgres", "-d", database)
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as session:
            assert session.stdin is not None
            assert session.stdout is not None
            session.stdin.write(f"BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE; SELECT 'held';\n")
            session.stdin.flush()
            assert session.stdout.readline() == "held\n"
            yield
            session.stdin.close()
            session.wait(timeout=10)


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A server with trust for its socket; ended, with its files, when the block is left."""
    programs = _programs()
    with TemporaryDirectory(prefix="coldstart-pg-", dir="/tmp") as place:  # a socket's path is short
        base = Path(place)
        base.chmod(0o755)
        (base / "server").mkdir()
        drop: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(base / "server", nobody.pw_uid, nobody.pw_gid)
            drop = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": ()}
        data, socket = base / "server" / "data", base / "server"
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": socket, **drop}
        initdb = (
            programs / "initdb",
            "-D",
            data,
            "-A",
            "trust",
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        )
        subprocess.run(initdb, check=True, timeout=60, **quiet)
        settings = f"-c listen_addresses= -c unix_socket_directories={socket} -c fsync=off -c max_connections=20"
        start = (
            programs / "pg_ctl",
            "-D",
            data,
            "-w",
            "-t",
            str(_START),
            "-l",
            socket / "log",
            "-o",
            settings,
            "start",
        )
        subprocess.run(start, check=True, timeout=_START + 10, **quiet)
        pid = int((data / "postmaster.pid").read_text().split()[0])
        try:
            yield Postgres(socket)
        finally:
            os.kill(pid, signal.SIGINT)
            subprocess.run(
                (programs / "pg_ctl", "-D", data, "-w", "-t", "10", "stop"), timeout=20, check=False, **quiet
            )
