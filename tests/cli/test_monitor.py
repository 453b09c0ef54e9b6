"""`coldstart monitor` as cron runs it: real checks on loopback, files, exit codes, silence where nothing is wrong."""

import os
import signal
import socket
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from tests.support.servers import closed_port

from coldstart.__main__ import main
from coldstart.clock import SystemClock
from coldstart.history import History
from coldstart.lock import held
from coldstart.probes.exposition import parse

BASELINE = """
coldstart: 1
name: one host
defaults: {{run_deadline: 20s}}
hosts:
  a: {{address: 127.0.0.1, user: ops}}
gates:
  P0:
    title: it answers
    checks:
      - {{id: port, claim: port is open, probe: tcp, with: {{port: {port}}}, hosts: all}}
  P1:
    title: what stands on it
    needs: P0
    checks:
      - {{id: other, claim: port is open, probe: tcp, with: {{port: {other}}}, hosts: all}}
{alert}monitor:
  host: a
  textfile: {here}/out/cold.prom
  log: {here}/out/last.log
  metric_prefix: my_stack
  every: 10m
"""
ALERT = """\
      - id: alert-test
        claim: the alert chain accepts a real alert
        alert_test:
          url: http://127.0.0.1:{hook}/hook
          receiver: cold-start-test
          alertname: ColdStartE2ETest
          labels: {{severity: info}}
          summary: Cold start E2E test, ignore
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLDSTART_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "out").mkdir()
    return tmp_path


@pytest.fixture
def port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def write(here, port, other=None, alert=""):
    (here / "b.yml").write_text(BASELINE.format(here=here, port=port, other=other or port, alert=alert))


def monitor(*options):
    return main(["monitor", "-b", "b.yml", *options])


def metrics(here, name="cold.prom", prefix="my_stack_"):
    return {one.series.removeprefix(prefix): one.value for one in parse((here / "out" / name).read_text("utf-8"))}


def result(here, **where):
    found = metrics(here, **where)
    (one,) = [name for name, value in found.items() if name.startswith("last_result") and value]
    return one.split('"')[1], found["monitor_up"]


def test_a_pass_is_written_and_says_nothing(here, port, capfd):
    write(here, port)
    assert 0 == monitor()
    assert ("", "") == capfd.readouterr()
    assert ("green", 1) == result(here)
    assert (2, 0) == (metrics(here)["pass_gates"], metrics(here)["blocked_gates"])
    assert "GREEN" in (here / "out" / "last.log").read_text("utf-8")


def test_below_a_blocked_gate_it_goes_on_asking(here, port):
    with closed_port() as closed:
        write(here, closed, port)
        assert 2 == monitor()
    assert ("blocked", 1) == result(here)
    found = metrics(here)
    assert (1, 1, 0) == (found["pass_gates"], found["blocked_gates"], found["held_gates"])
    assert 1 == found['check_verdict{check="P1/other",gate="P1",host="a",verdict="pass"}']


def test_with_v_the_report_is_printed(here, port, capfd):
    write(here, port)
    assert 0 == monitor("-v", "--no-color")
    assert capfd.readouterr().out.splitlines()[0].startswith("GREEN")


def test_it_never_sends_the_alert_test_and_does_not_miss_it(here, port):
    received = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            received.append(self.path)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        write(here, port, alert=ALERT.format(hook=server.server_port))
        assert (0, "green") == (monitor(), result(here)[0])
        server.shutdown()
    assert [] == received


def test_the_options_win_over_the_baseline(here, port):
    write(here, port)
    assert 0 == monitor("--textfile", "out/mine.prom", "--log", "out/mine.log", "--metric-prefix", "mine")
    assert ["mine.log", "mine.prom"] == sorted(path.name for path in (here / "out").iterdir())
    assert ("green", 1) == result(here, name="mine.prom", prefix="mine_")


def test_the_last_green_outlives_the_textfile(here, port):
    write(here, port)
    assert 0 == monitor()
    green = metrics(here)["last_green_timestamp"]
    (here / "out" / "cold.prom").unlink()
    with closed_port() as closed:
        write(here, closed)
        assert 2 == monitor()
    assert green == metrics(here)["last_green_timestamp"] > 0


# ------------------------------------------------------------------------------------------------------ its own failure


def test_an_invalid_baseline_is_told_where_its_monitor_section_says(here, port, capfd):
    write(here, port)
    assert 0 == monitor()
    green = metrics(here)["last_green_timestamp"]
    (here / "b.yml").write_text((here / "b.yml").read_text().replace("claim", "clam", 1))
    assert 3 == monitor()
    assert ("check_failed", 0) == result(here)
    assert green == metrics(here)["last_green_timestamp"]
    shown = capfd.readouterr()
    assert ("", True) == (shown.out, "b.yml:11:20: " in shown.err)
    assert "clam" in (here / "out" / "last.log").read_text()


@pytest.mark.parametrize("text", ["gates: [", "", "monitor: {textfile: /x}\ncoldstart: 1\n"])
def test_of_a_baseline_that_says_nothing_of_a_monitor_it_says_that_nothing_was_written(here, capfd, text):
    (here / "b.yml").write_text(text)
    assert 3 == monitor()
    said = capfd.readouterr().err
    assert "b.yml:" in said
    assert "check_failed was not written: nothing says where the metrics go" in said
    assert [] == list((here / "out").iterdir())


def test_with_a_textfile_by_option_even_a_baseline_that_is_not_there_is_told(here, capfd):
    assert 3 == monitor("--textfile", "out/cold.prom", "--metric-prefix", "my_stack")
    assert ("check_failed", 0) == result(here)
    assert "b.yml" in capfd.readouterr().err


def test_a_baseline_without_a_monitor_section_needs_a_textfile(here, port, capfd):
    write(here, port)
    (here / "b.yml").write_text((here / "b.yml").read_text().partition("monitor:")[0])
    assert 3 == monitor()
    assert "write monitor: in the baseline, or give --textfile FILE.prom" in capfd.readouterr().err
    assert 0 == monitor("--textfile", "out/cold.prom")
    assert ("green", 1) == result(here, prefix="coldstart_")


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (("--textfile", "out/cold.txt"), "only names that end with .prom"),
        (("--metric-prefix", "9lives"), "a prefix is letters, digits and '_'"),
        (("--metric-prefix", "a\n"), "a prefix is letters, digits and '_'"),
    ],
)
def test_a_wrong_option_ends_before_anything_is_asked(here, port, capfd, option, said):
    write(here, port)
    assert 3 == monitor(*option)
    assert said in capfd.readouterr().err
    assert [] == list((here / "out").iterdir())


def test_a_defect_is_told_as_check_failed(here, port, capfd, monkeypatch):
    def defect(*_args, **_fields):
        raise ZeroDivisionError("a defect")

    write(here, port)
    monkeypatch.setattr("coldstart.cli.monitoring.Session", defect)
    assert 3 == monitor()
    assert ("check_failed", 0) == result(here)
    assert "ZeroDivisionError: a defect" in capfd.readouterr().err


def test_a_directory_that_is_not_there_ends_with_3_and_says_so(here, port, capfd):
    write(here, port)
    assert 3 == monitor("--textfile", "nowhere/cold.prom")
    assert f"{here}/nowhere/cold.prom: not written: No such file or directory" in capfd.readouterr().err
    assert (here / "out" / "last.log").exists()


def test_a_history_that_cannot_be_kept_is_a_warning(here, port, capfd, monkeypatch):
    write(here, port)
    (here / "state").mkdir()
    (here / "state" / "history.db").mkdir()
    assert 0 == monitor()
    assert ("green", 1) == result(here)
    assert "history.db" in capfd.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_pass_says_check_failed(here, number):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(20)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        write(here, 1)
        text = (
            (here / "b.yml").read_text().replace("probe: tcp, with: {port: 1}", f"probe: http, with: {{url: '{url}'}}")
        )
        (here / "b.yml").write_text(text)
        process = subprocess.Popen([sys.executable, "-m", "coldstart", "monitor", "-b", "b.yml"])
        with silent.accept()[0]:
            process.send_signal(number)
            assert 3 == process.wait(8), "the read would take ten seconds"
    assert ("check_failed", 0) == result(here)
    assert "interrupted" in (here / "out" / "last.log").read_text("utf-8")


# ----------------------------------------------------------------------------------------------------- 45: a full disk

FULL = """
mount -t tmpfs -o size=64k tmpfs "$1/out" || exit 77
printf 'my_stack_last_green_timestamp 1780000000\n' > "$1/out/cold.prom"
cat /dev/zero > "$1/out/fill" 2> /dev/null
"$2" -m coldstart monitor -b "$1/b.yml"
code=$?
cat "$1/out/cold.prom"
ls -A "$1/out"
exit $code
"""


@pytest.mark.slow
@pytest.mark.fault(45)
def test_45_a_full_disk_ends_with_3_and_leaves_the_old_metrics_whole(here, port):
    """A file system of the test's own, filled to the last block."""
    write(here, port)
    unshare = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
    done = subprocess.run(
        [*unshare, "sh", "-c", FULL, "sh", here, sys.executable],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    if "mount" in done.stderr or "unshare" in done.stderr:
        message = f"no mount namespace to be had here: {done.stderr}"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(message)
    assert 3 == done.returncode, done.stderr
    assert "cold.prom: not written: No space left on device" in done.stderr
    assert "last.log: not written: No space left on device" in done.stderr
    assert ["my_stack_last_green_timestamp 1780000000", "cold.prom", "fill"] == done.stdout.splitlines()


# ---------------------------------------------------------------------------------------------------- 46: one at a time


@pytest.mark.fault(46)
def test_46_a_second_monitor_of_the_same_textfile_ends_at_once(here, port, capfd):
    write(here, port)
    assert 0 == monitor()
    before = (here / "out" / "cold.prom").stat()
    (lock,) = (here / "state").glob("monitor-*.lock")
    (here / "link").symlink_to(here / "out")
    with held(lock, SystemClock()):
        for options in ((), ("--textfile", "link/cold.prom")):
            assert 3 == monitor(*options)
            assert f"lock held by pid {os.getpid()} since " in capfd.readouterr().err
        assert 0 == monitor("--textfile", "out/another.prom")
    assert before == (here / "out" / "cold.prom").stat()
    assert 0 == monitor()


def test_each_pass_is_in_the_history(here, port):
    write(here, port)
    for _ in range(2):
        assert 0 == monitor()
    with History.open(here / "state", SystemClock()) as history:
        assert ["monitor", "monitor"] == [run.command for run in history.runs()]
