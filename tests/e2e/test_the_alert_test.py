"""The release commands against a real webhook: one alert, sent once, and only when it was asked for."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from coldstart.__main__ import main

BASELINE = """
coldstart: 1
name: one webhook
hosts:
  h: {{address: 127.0.0.1}}
gates:
  P2-ALERTCHAIN:
    title: an alert gets through
    checks:
      - {{id: port, claim: the API listens, probe: tcp, with: {{port: {port}}}, hosts: all}}
      - id: alert-test
        claim: the alert chain accepts a real alert
        alert_test:
          url: http://127.0.0.1:{port}/api/v1/webhooks/alertmanager
          receiver: cold-start-test
          alertname: ColdStartE2ETest
          labels: {{severity: info}}
          summary: Cold start E2E test, ignore
          resolves_after: 5m
          status: ["2xx"]
"""


@pytest.fixture
def webhook(tmp_path):
    """A real server that keeps the alerts that it is sent, and a baseline that names it."""
    received = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def do_GET(self):
            """Say of one alert, by its label, whether it was handed on."""
            labels = [message["commonLabels"]["coldstart_run"] for message in received]
            body = json.dumps({"state": "sent" if self.path.rpartition("/")[2] in labels else "unknown"}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        path = tmp_path / "webhook.yml"
        path.write_text(BASELINE.format(port=server.server_address[1]))
        try:
            yield path, received
        finally:
            server.shutdown()
            thread.join()


def test_a_release_check_sends_one_alert_and_is_green(webhook, capsys):
    path, received = webhook
    assert 0 == main(["check", "-b", str(path), "--send-alert-test"])
    (alert,) = received[0]["alerts"]
    assert (1, "ColdStartE2ETest") == (len(received), alert["labels"]["alertname"])
    assert alert["labels"]["coldstart_run"] == received[0]["commonLabels"]["coldstart_run"]
    assert "GREEN" in capsys.readouterr().out


def test_without_the_flag_nothing_is_sent_and_the_check_is_degraded(webhook, capsys):
    path, received = webhook
    assert 1 == main(["check", "-b", str(path)])
    assert [] == received
    assert "--send-alert-test was not given" in capsys.readouterr().out


def test_a_read_only_monitor_sends_nothing_and_can_be_green(webhook):
    path, received = webhook
    assert 0 == main(["check", "-b", str(path), "--monitor-read-only"])
    assert [] == received


def test_a_watch_ends_green_with_one_alert(webhook, capsys):
    path, received = webhook
    assert 0 == main(["watch", "-b", str(path), "--interval", "1", "--max-attempts", "3", "--send-alert-test"])
    assert 1 == len(received)
    assert "attempt 1 of 3" in capsys.readouterr().out


def test_a_plan_and_a_replay_never_send(webhook, tmp_path, capsys):
    path, received = webhook
    assert 0 == main(["plan", "-b", str(path)])
    assert "POST http://127.0.0.1" in capsys.readouterr().out
    assert 1 == main(["check", "-b", str(path), "--record", str(tmp_path / "r")])
    assert 3 == main(["check", "-b", str(path), "--replay", str(tmp_path / "r"), "--send-alert-test"])
    assert [] == received


def named(path, equals):
    """The baseline with a way to see that the alert was handed on."""
    port = path.read_text().partition("http://127.0.0.1:")[2].partition("/")[0]
    sent = f'{{url: "http://127.0.0.1:{port}/alerts/{{run}}", json: state, equals: {equals}, within: 1s}}'
    path.write_text(path.read_text() + f"          sent: {sent}\n")
    return str(path)


def test_an_alert_that_is_seen_behind_the_webhook_by_its_label_is_green(webhook, capsys):
    path, received = webhook
    assert 0 == main(["check", "-b", named(path, "sent"), "--send-alert-test", "-o", "json"])
    said = json.loads(capsys.readouterr().out)["gates"][0]["checks"][1]["outcome"]
    run = received[0]["commonLabels"]["coldstart_run"]
    assert ("sent", run, True) == (said["facts"]["level"], said["facts"]["run"], said["facts"]["sent_seen"])
    assert any(f"/alerts/{run}" in line for line in said["evidence"])


@pytest.mark.slow
def test_an_alert_that_is_not_seen_behind_the_webhook_is_a_warning(webhook, capsys):
    path, received = webhook
    assert 1 == main(["check", "-b", named(path, "delivered"), "--send-alert-test"])
    assert "not seen as sent within 1 s" in " ".join(capsys.readouterr().out.split())
    assert 1 == len(received)


def test_a_plan_shows_what_would_be_asked_for_the_levels(webhook, capsys):
    path, received = webhook
    assert 0 == main(["plan", "-b", named(path, "sent")])
    said = " ".join(capsys.readouterr().out.split())
    assert '/alerts/{run}, state "sent": sent, within 1 s, every 2 s' in said
    assert [] == received
