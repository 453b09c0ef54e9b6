"""The main job, whole: a baseline file, a real sshd, real servers on loopback, one report."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.support.sshd import Sshd

from coldstart.__main__ import main

pytestmark = pytest.mark.sshd

WAL = """\
2026-11-20 08:12:01.100 CST [812] LOG:  starting PostgreSQL 14.9 (Ubuntu 14.9-0ubuntu0.22.04.1)
2026-11-20 08:12:01.210 CST [813] LOG:  invalid primary checkpoint record
2026-11-20 08:12:01.211 CST [813] PANIC:  could not locate a valid checkpoint record
2026-11-20 08:12:01.900 CST [812] LOG:  startup process (PID 813) was terminated by signal 6: Aborted
"""
CLEAN = """\
2026-11-20 08:12:01.100 CST [812] LOG:  starting PostgreSQL 14.9 (Ubuntu 14.9-0ubuntu0.22.04.1)
2026-11-20 08:12:01.300 CST [812] LOG:  database system is ready to accept connections
"""

GREEN = """
      - {{id: ping, claim: answers ping, probe: ping, with: {{count: 1}}, hosts: all}}
      - {{id: arp, claim: is on this segment, probe: neighbour, hosts: all}}
      - {{id: ssh-port, claim: SSH port is open, probe: tcp, hosts: all}}
      - {{id: login, claim: lets us in, probe: ssh_login, hosts: all}}
      - {{id: load, claim: load is low, probe: load_per_core, with: {{below: 1000}}, hosts: all}}
      - {{id: memory, claim: memory is there, probe: memory_available, with: {{at_least: 1MiB}}, hosts: all}}
      - {{id: clean-log, claim: log is clean, probe: log_signatures, hosts: all,
         with: {{file: {{path: "{directory}/clean.log"}}, signatures: [wal-damage]}}}}
      - {{id: web, claim: the page is there, probe: http, hosts: all,
         with: {{url: "http://127.0.0.1:{port}/ok", via: true, status: [200]}}}}
"""

OTHERS = """
      - {{id: damaged-log, claim: log is clean, probe: log_signatures, hosts: all,
         with: {{file: {{path: "{directory}/wal.log"}}, signatures: [wal-damage]}}}}
      - {{id: no-log, claim: log is clean, probe: log_signatures, hosts: all,
         with: {{file: {{path: "{directory}/none.log"}}, signatures: [wal-damage]}}}}
      - {{id: web-500, claim: the page is there, probe: http, hosts: all,
         with: {{url: "http://127.0.0.1:{port}/broken", via: true, status: ["2xx", "3xx"]}}}}
      - {{id: web-closed, claim: the page is there, probe: http, hosts: all,
         with: {{url: "http://127.0.0.1:{closed}/", via: true}}}}
      - {{id: closed, claim: port is open, probe: tcp, with: {{port: {closed}}}, hosts: all}}
      - {{id: units, claim: units are active, probe: systemd_units, with: {{units: [coldstart-none]}}, hosts: all}}
      - {{id: postgresql, claim: accepts, probe: pg_isready, with: {{host: 127.0.0.1, port: {closed}}}, hosts: all}}
      - {{id: redis, claim: answers PONG, probe: redis, with: {{ports: [{closed}]}}, hosts: all}}
      - {{id: containers, claim: runs, probe: docker_containers, with: {{containers: [coldstart-none]}}, hosts: all}}
      - {{id: full, claim: file systems are fine, probe: filesystems, hosts: all,
         with: {{mounts: ["/coldstart-none"], all_real: false}}}}
      - {{id: busy, claim: load is nothing, probe: load_per_core, with: {{below: 0.000001}}, hosts: all}}
      - {{id: small, claim: memory is huge, probe: memory_available, with: {{at_least: 1000TiB}}, hosts: all}}
      - {{id: boot, claim: says when it booted, probe: reboot_evidence, hosts: all}}
"""


@contextmanager
def http_server(statuses):
    """A real HTTP server on loopback that answers each path with its status; yields its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(statuses.get(self.path, 404))
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def closed_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A real sshd, a real HTTP server, two real logs; and how to write a baseline for them."""
    directory = tmp_path_factory.mktemp("world")
    (directory / "clean.log").write_text(CLEAN)
    (directory / "wal.log").write_text(WAL)
    (directory / "sshd").mkdir()
    sshd = Sshd(directory / "sshd").start()
    try:
        with http_server({"/ok": 200, "/broken": 500}) as port:
            yield World(directory, sshd, port)
    finally:
        sshd.stop()


class World:
    def __init__(self, directory, sshd, port):
        self.directory, self.sshd, self.port = directory, sshd, port

    def baseline(self, name, checks, later=""):
        text = (
            "coldstart: 1\nname: one host\nhosts:\n"
            f"  h: {{address: 127.0.0.1, port: {self.sshd.port}, user: {self.sshd.user}}}\n"
            "gates:\n  P0-NETWORK:\n    title: it is there\n    checks:"
            + checks.format(directory=self.directory, port=self.port, closed=closed_port())
            + later
        )
        path = self.directory / name
        path.write_text(text)
        return path

    def reach(self):
        directory = self.sshd.directory
        return ["-F", "none", "--known-hosts", f"{directory}/known_hosts", "-i", f"{directory}/user_key"]

    def check(self, path, *more):
        """Run the command; return its exit code and its JSON."""
        out = self.directory / "run.json"
        code = main(["check", "-b", str(path), *self.reach(), "-o", f"json={out}", *more])
        return code, json.loads(out.read_text())


def result(report, check):
    (found,) = [one for gate in report["gates"] for one in gate["checks"] if one["id"].endswith(f"/{check}")]
    return found


def test_what_is_good_is_green_and_the_report_says_what_was_asked_and_answered(world):
    code, report = world.check(world.baseline("green.yml", GREEN))
    assert (0, "GREEN") == (code, report["result"]), report["headline"]
    assert {"PASS": 8, "WARN": 0, "BLOCKED": 0, "HELD": 0, "NOT_APPLICABLE": 0} == report["counts"]
    (host,) = report["hosts"]
    assert Path("/proc/sys/kernel/random/boot_id").read_text().strip() == host["boot_id"]
    asked = {tuple(x["read"]["argv"]): x["reply"] for x in result(report, "load")["exchanges"]}
    assert asked["cat", "/proc/loadavg"]["stdout"].count("/") == 1
    assert 0 == asked["cat", "/proc/loadavg"]["exit_status"]


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        ("damaged-log", {("unmet", "signature")}),
        ("no-log", {("unobserved", "no-evidence"), ("unobserved", "absent"), ("unmet", "absent")}),
        ("web-500", {("unmet", "unexpected-status")}),
        ("web-closed", {("unmet", "port-closed")}),
        ("closed", {("unmet", "port-closed")}),
        ("units", {("unmet", "absent"), ("unobserved", "tool-missing"), ("unobserved", "daemon-silent"),
                   ("unobserved", "service-refuses"), ("unobserved", "unexpected-exit")}),
        ("postgresql", {("unmet", "not-running"), ("unmet", "port-closed"), ("unobserved", "tool-missing")}),
        ("redis", {("unmet", "port-closed"), ("unobserved", "tool-missing")}),
        ("containers", {("unmet", "absent"), ("unmet", "not-running"), ("unobserved", "tool-missing"),
                        ("unobserved", "not-allowed")}),
        ("full", {("unmet", "absent")}),
        ("busy", {("unmet", "over-limit")}),
        ("small", {("unmet", "too-few"), ("unmet", "over-limit"), ("unmet", "wrong-value")}),
    ],
)  # fmt: skip
def test_what_is_bad_or_not_there_is_said_as_what_it_is(world, report_of_all, check, expected):
    found = result(report_of_all, check)
    outcome = found["outcome"]
    assert (outcome["conclusion"], outcome["reason"]) in expected, outcome
    assert ("BLOCKED", []) == (found["verdict"], [] if found["exchanges"] else ["nothing was asked"])


@pytest.fixture(scope="module")
def report_of_all(world):
    code, report = world.check(world.baseline("all.yml", GREEN + OTHERS))
    assert (2, "BLOCKED", "P0-NETWORK/damaged-log") == (code, report["result"], report["root"]["check"])
    assert 8 <= report["counts"]["PASS"]
    return report


def test_a_recording_judged_again_gives_the_same_bytes_and_the_same_verdict(world, tmp_path):
    path = world.baseline("again.yml", GREEN + OTHERS)
    _, live = world.check(path, "--record", str(tmp_path / "recording"))
    outs = []
    for number in range(2):
        out = tmp_path / f"{number}.json"
        assert 2 == main(["check", "-b", str(path), "--replay", str(tmp_path / "recording"), "-o", f"json={out}"])
        outs.append(out.read_bytes())
    assert outs[0] == outs[1]
    again = json.loads(outs[0])
    assert {**live, "notes": []} == {**again, "notes": []}
    assert "replay: judged from a recording" in again["notes"][0]
    assert 0o700 == (tmp_path / "recording").stat().st_mode & 0o777


def test_explain_shows_what_was_asked_what_came_back_and_how_it_was_judged(world, capsys):
    path = world.baseline("explain.yml", GREEN + OTHERS)
    assert 2 == main(["check", "-b", str(path), *world.reach(), "--explain", "P0-NETWORK/damaged-log"])
    shown = capsys.readouterr().out
    for words in ("tail", "wal.log", "could not locate a valid checkpoint record", "BLOCKED", "explain.yml:"):
        assert words in shown


def test_gates_below_are_held_and_narrowing_is_said(world, capsys):
    later = (
        "\n  P1-LATER:\n    title: later\n    needs: [P0-NETWORK]\n    checks:\n"
        "      - {id: login, claim: lets us in, probe: ssh_login, hosts: all}\n"
    )
    path = world.baseline("held.yml", GREEN + OTHERS, later)
    code, report = world.check(path)
    assert (2, "HELD", "P0-NETWORK") == (code, report["gates"][1]["verdict"], report["gates"][1]["held_by"])
    code, report = world.check(path, "--only", "P1-LATER")
    assert (1, "DEGRADED", ["--only P1-LATER"]) == (code, report["result"], report["narrowed"])
    assert "cannot speak for the stack" in report["headline"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_check_prints_what_it_has_and_is_no_verdict(world, number):
    """The server accepts and stays silent; when it has been asked, the check is interrupted."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        stuck = f"""
      - {{{{id: ping, claim: answers ping, probe: ping, with: {{{{count: 1}}}}, hosts: all}}}}
      - {{{{id: stuck, claim: answers, probe: http, hosts: all, timeout: 60s, deadline: 5m,
         with: {{{{url: "http://127.0.0.1:{silent.getsockname()[1]}/"}}}}}}}}
"""
        path = world.baseline(f"stuck-{number}.yml", stuck)
        process = subprocess.Popen(
            [sys.executable, "-m", "coldstart", "check", "-b", str(path), *world.reach()],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "COLUMNS": "100"},
        )
        connection, _ = silent.accept()
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
        connection.close()
    assert 3 == process.returncode
    assert b"interrupted" in out
    assert b"P0-NETWORK" in out
    assert b"Traceback" not in err


def test_nothing_but_the_result_is_on_stdout(world, capsys):
    path = world.baseline("stdout.yml", GREEN)
    assert 0 == main(["check", "-b", str(path), *world.reach(), "-o", "json"])
    shown = capsys.readouterr()
    assert "GREEN" == json.loads(shown.out)["result"]
    assert "" == shown.err


def test_no_connection_is_left_when_the_check_is_done(world):
    world.check(world.baseline("left.yml", GREEN))
    gone = threading.Event()
    for _ in range(100):
        if not world.sshd.sessions:
            break
        gone.wait(0.02)  # sshd ends the session's process on its own time
    assert [] == world.sshd.sessions
