"""A monitor that is killed at any moment of its life leaves whole files, a database that opens, and no lock."""

import contextlib
import os
import random
import select
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from time import monotonic

import pytest

from coldstart.clock import SystemClock
from coldstart.history import History
from coldstart.lock import held
from coldstart.probes.exposition import parse

BASELINE = """
coldstart: 1
name: one host
hosts:
  a: {{address: 127.0.0.1, local: true}}
gates:
  P0:
    title: it answers
    hosts: [a]
    checks:
      - {{id: memory, claim: there is memory, probe: memory_available, with: {{at_least: 1MiB}}}}
      - {{id: port, claim: port is open, probe: tcp, with: {{port: {port}}}}}
  P1:
    title: what stands on it
    needs: P0
    hosts: [a]
    checks:
      - {{id: web, claim: it answers, probe: http, with: {{url: "http://127.0.0.1:{port}/"}}}}
monitor: {{host: a, textfile: {here}/out/cold.prom, log: {here}/out/last.log, metric_prefix: p, every: 10m}}
"""
ALL = {"monitor_up", "pass_gates", "warn_gates", "blocked_gates", "held_gates", "last_run_timestamp"} | {
    "last_green_timestamp", "last_result", "duration_seconds", "gate_verdict", "check_verdict", "info",
}  # fmt: skip

FORKS = """
import asyncio, os, sys
import coldstart.cli.monitoring, coldstart.transport.http, coldstart.__main__ as entry
for _ in sys.stdin:
    pid = os.fork()
    if pid == 0:
        code = 70
        try:
            code = entry.main(sys.argv[1:])
        finally:
            os._exit(code)
    print(pid, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""
"""A process that has imported everything, and forks a monitor for each line: a start in milliseconds."""
COLD, WARM = 20, 180
"""Kills of a process that is started anew, imports included, and of one that has them behind it."""


class Web(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_) -> None:
        pass


@pytest.fixture
def here(tmp_path):
    (tmp_path / "out").mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), Web) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        (tmp_path / "b.yml").write_text(BASELINE.format(port=server.server_port, here=tmp_path))
        yield tmp_path
        server.shutdown()


def ended_within(pid: int, seconds: float | None) -> None:
    """Wait until a process ends, or the moment has come; then it is killed."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        if not select.select([handle], [], [], seconds)[0]:
            signal.pidfd_send_signal(handle, signal.SIGKILL)
    except ProcessLookupError:
        pass
    finally:
        os.close(handle)


class Cold:
    """Monitors that are started as cron starts them."""

    def __init__(self, words: list[str]) -> None:
        self.argv = [sys.executable, "-m", "coldstart", *words]

    def life(self, seconds: float | None) -> int:
        """Let one live for so long at most; returns its exit status."""
        process = subprocess.Popen(self.argv)
        ended_within(process.pid, seconds)
        return process.wait(20)


class Warm:
    """Monitors that are forked."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def life(self, seconds: float | None) -> int:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        ended_within(int(self.process.stdout.readline()), seconds)
        return int(self.process.stdout.readline())


@contextlib.contextmanager
def forking(words: list[str]) -> Iterator[Warm]:
    process = subprocess.Popen(
        [sys.executable, "-c", FORKS, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield Warm(process)
    finally:
        process.kill()
        process.communicate()


def length_of(kind: Cold | Warm) -> float:
    """Seconds of a whole life."""
    began = monotonic()
    assert 0 == kind.life(None)
    return monotonic() - began


def sound(here: Path, lock: Path) -> int:
    """Assert that nothing is broken; returns how many runs the history has."""
    text = (here / "out" / "cold.prom").read_bytes().decode("utf-8")
    assert text.endswith("\n")
    found = parse(text)
    assert ALL == {sample.name.removeprefix("p_") for sample in found}
    assert 1 == sum(sample.value for sample in found if sample.name == "p_last_result")
    assert (here / "out" / "last.log").read_text("utf-8").splitlines()[0].startswith("GREEN")
    with held(lock, SystemClock()), closing(sqlite3.connect(here / "state" / "history.db")) as database:
        assert [("ok",)] == database.execute("PRAGMA integrity_check").fetchall()
        return int(database.execute("SELECT count(*) FROM runs").fetchone()[0])


@pytest.mark.slow
@pytest.mark.fault(45)
def test_it_can_be_killed_at_any_moment(here):
    """200 kills, seeded; the moments are spread over the whole life, from before the imports to after the end."""
    chance = random.Random(13_3)  # noqa: S311 - not for secrets
    words = ["monitor", "-b", str(here / "b.yml"), "--state-dir", str(here / "state")]
    cold = Cold(words)
    statuses: Counter[int] = Counter()
    runs = 0
    with forking(words) as warm:
        for kind, times in ((cold, COLD), (warm, WARM)):
            assert 0 == kind.life(None), "the first takes longer"
            (lock,) = (here / "state").glob("monitor-*.lock")
            for turn in range(times):
                if turn % 10 == 0:  # how long a life is changes with what else the machine does
                    whole = length_of(kind)
                statuses[kind.life(chance.uniform(0, 1.1 * whole))] += 1
                before, runs = runs, sound(here, lock)
                assert runs >= before
    assert {0, -signal.SIGKILL} == set(statuses)
    assert statuses[-signal.SIGKILL] > (COLD + WARM) / 2, statuses
    assert runs >= statuses[0] + (COLD + WARM) / 10 + 2, "what ended by itself is in the history"
    assert 0 == cold.life(None)
    assert ["cold.prom", "last.log"] == sorted(path.name for path in (here / "out").iterdir())
    with History.open(here / "state", SystemClock()) as history:
        assert (runs + 1, ()) == (len(history.runs(1000)), history.problems)


@pytest.mark.slow
def test_before_there_is_a_textfile_a_kill_leaves_none_or_a_whole_one(here):
    chance = random.Random(46)  # noqa: S311 - as above
    words = ["monitor", "-b", str(here / "b.yml"), "--state-dir", str(here / "state")]
    with forking(words) as warm:
        assert 0 == warm.life(None)
        whole = length_of(warm)
        for _ in range(20):
            for path in (here / "out").iterdir():
                path.unlink()
            warm.life(chance.uniform(0.5, 1.1) * whole)
            if (here / "out" / "cold.prom").exists():
                found = parse((here / "out" / "cold.prom").read_text("utf-8"))
                assert ALL == {sample.name.removeprefix("p_") for sample in found}
