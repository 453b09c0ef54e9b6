"""`--connect-to`: where connections are led, said in every report; a mistake in it ends before anything is asked."""

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from coldstart.__main__ import main

MEANT = "127.9.9.9"
"""An address of this machine where nothing listens: a detour that is not taken is refused there."""
BASELINE = f"""
coldstart: 1
name: one host
hosts:
  a: {{address: {MEANT}}}
gates:
  P0:
    title: it answers
    checks:
      - {{id: port, claim: port is open, probe: tcp, with: {{port: 9}}, hosts: all, hint: look, sop: "3"}}
"""
ALERT = f"""
      - id: alert-test
        claim: the alert chain accepts a real alert
        alert_test:
          url: http://{MEANT}:8080/hook
          receiver: cold-start-test
          alertname: ColdStartE2ETest
          labels: {{severity: info}}
          summary: Cold start E2E test, ignore
          resolves_after: 5m
          status: ["2xx"]
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("b.yml").write_text(BASELINE)
    return tmp_path


@pytest.fixture
def way(here):
    """A detour that leads to a port that is open."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"{MEANT}:9=127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def webhook(here):
    """A real server that counts the requests that it is sent."""
    received = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            received.append(self.headers["Host"])
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"{MEANT}:8080=127.0.0.1:{server.server_address[1]}", received
        finally:
            server.shutdown()
            thread.join()


def reached(way):
    meant, _, at = way.partition("=")
    return f"connect-to: {meant} was reached at {at}"


@pytest.mark.parametrize("command", ["check", "watch", "plan"])
@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["nonsense"], "--connect-to nonsense: it has 1 side, not two; it is written HOST:PORT=HOST:PORT"),
        (["a:0=b:1"], "--connect-to a:0=b:1: 0 is not a port (1 to 65535)"),
        (["a:1=a:1"], "both sides are the same place"),
        (["a:1=b:1", "A:1=c:1"], "--connect-to A:1=c:1: a:1 is led to b:1 already"),
    ],
)
def test_a_mistake_in_a_detour_ends_with_3_and_says_how_it_is_written(here, capsys, command, given, said):
    arguments = [word for one in given for word in ("--connect-to", one)]
    assert 3 == main([command, "-b", "b.yml", *arguments])
    shown = capsys.readouterr()
    assert ("", True) == (shown.out, said in shown.err)


def test_nothing_is_made_or_asked_before_a_mistake_is_found(here):
    assert 3 == main(["check", "-b", "b.yml", "--record", "r", "--connect-to", "x"])
    assert not Path("r").exists()


def test_a_replay_connects_to_nothing_and_so_takes_no_detour(way, capsys):
    assert 0 == main(["check", "-b", "b.yml", "--connect-to", way, "--record", "r", "-o", "json=x.json"])
    assert 3 == main(["check", "-b", "b.yml", "--connect-to", way, "--replay", "r"])
    assert "--connect-to and --replay exclude each other: a replay connects to nothing" in capsys.readouterr().err


def test_a_report_names_the_detour_and_stays_the_lefts_otherwise(way, capsys):
    assert 0 == main(["check", "-b", "b.yml", "--connect-to", way, "-o", "table", "-o", "json=run.json"])
    report = json.loads(Path("run.json").read_text())
    assert [reached(way)] == report["notes"]
    (check,) = report["gates"][0]["checks"]
    assert f"port 9 on {MEANT} accepts connections" == check["outcome"]["observed"]
    assert (MEANT, MEANT) == (check["exchanges"][0]["read"]["address"], check["exchanges"][0]["reply"]["address"])
    assert reached(way) in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("form", ["short", "markdown", "junit"])
def test_every_form_of_the_report_names_the_detour(way, capsys, form):
    assert 0 == main(["check", "-b", "b.yml", "--connect-to", way, "-o", form])
    assert f"connect-to: {MEANT}:9 was reached at" in capsys.readouterr().out.replace("\\", "")


def test_a_detour_that_nothing_asked_for_is_named_too(way):
    unused = "a.example:443=127.0.0.1:1"
    assert 0 == main(["check", "-b", "b.yml", "--connect-to", way, "--connect-to", unused, "-o", "json=run.json"])
    assert [reached(way), "connect-to: a.example:443 was not asked for"] == json.loads(Path("run.json").read_text())[
        "notes"
    ]


def test_a_detour_that_leads_nowhere_is_blocked_and_names_both_places(here):
    way = f"{MEANT}:9=127.0.0.9:1"
    assert 2 == main(["check", "-b", "b.yml", "--connect-to", way, "-o", "json=run.json"])
    report = json.loads(Path("run.json").read_text())
    assert [f"connect-to: {MEANT}:9 was not reached at 127.0.0.9:1"] == report["notes"]
    assert f"{MEANT}:9 (by --connect-to at 127.0.0.9:1): connection refused" in report["root"]["observed"]


def test_a_run_without_detours_has_no_note(here):
    assert 2 == main(["check", "-b", "b.yml", "-o", "json=run.json"])
    assert [] == json.loads(Path("run.json").read_text())["notes"]


def test_a_watch_names_the_detour_in_its_report(way):
    arguments = ["--interval", "1", "--max-attempts", "2", "-o", "json=run.json"]
    assert 0 == main(["watch", "-b", "b.yml", "--connect-to", way, *arguments])
    assert [reached(way)] == json.loads(Path("run.json").read_text())["notes"]


def test_a_recording_that_was_made_over_a_detour_says_so_when_it_is_judged_again(way, capsys):
    assert 0 == main(["check", "-b", "b.yml", "--connect-to", way, "--record", "r", "-o", "json=x.json"])
    assert 0 == main(["check", "-b", "b.yml", "--replay", "r", "-o", "json=run.json"])
    said = f"{reached(way)} (when this was recorded)"
    assert said in json.loads(Path("run.json").read_text())["notes"]
    assert 0 == main(["graph", "-b", "b.yml", "--replay", "r"])
    assert said in " ".join(capsys.readouterr().out.split())


def test_a_plan_shows_the_detours_as_given_and_is_the_same_otherwise(way, capsys):
    assert 0 == main(["plan", "-b", "b.yml"])
    plain = capsys.readouterr().out
    assert 0 == main(["plan", "-b", "b.yml", "--connect-to", way, "--connect-to", "[FD00::1]:22=b.example:2"])
    at = way.partition("=")[2]
    section = (
        "TCP connections from this machine that are opened elsewhere (--connect-to)\n"
        f"  {MEANT}:9   at {at}\n"
        "  [FD00::1]:22  at b.example:2\n"
        "\n"
    )
    shown = capsys.readouterr().out
    assert section in shown
    assert plain == shown.replace(section, "")


def test_a_plan_as_json_has_the_detours(way, capsys):
    assert 0 == main(["plan", "-b", "b.yml", "--connect-to", way, "-o", "json"])
    meant, _, at = way.partition("=")
    assert [{"meant": meant, "at": at}] == json.loads(capsys.readouterr().out)["detours"]


def test_the_alert_takes_its_detour_with_the_host_header_of_the_left(way, webhook):
    Path("b.yml").write_text(BASELINE + ALERT)
    hook, received = webhook
    ways = ["--connect-to", way, "--connect-to", hook]
    assert 0 == main(["check", "-b", "b.yml", "--send-alert-test", *ways, "-o", "json=run.json"])
    assert [f"{MEANT}:8080"] == received
    assert sorted([reached(way), reached(hook)]) == json.loads(Path("run.json").read_text())["notes"]
