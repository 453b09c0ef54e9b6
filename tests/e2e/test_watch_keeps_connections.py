"""`coldstart watch` on a real sshd: one login over all attempts, and a report that does not claim more."""

import json
import re

import pytest
from tests.support.sshd import Sshd

from coldstart.__main__ import main

pytestmark = pytest.mark.sshd

BASELINE = """\
coldstart: 1
name: one host
hosts:
  h: {{address: 127.0.0.1, port: {port}, user: {user}}}
gates:
  P0-NETWORK:
    title: it is there
    checks:
      - {{id: login, claim: lets us in, probe: ssh_login, hosts: all}}
      - {{id: small, claim: memory is huge, probe: memory_available, with: {{at_least: 1000TiB}}, hosts: all}}
"""


@pytest.fixture
def sshd(tmp_path):
    (tmp_path / "sshd").mkdir()
    server = Sshd(tmp_path / "sshd").start()
    yield server
    server.stop()


@pytest.fixture
def watched(sshd, tmp_path):
    """Watch that sshd for some attempts; the last report."""
    path, out = tmp_path / "b.yml", tmp_path / "run.json"
    path.write_text(BASELINE.format(port=sshd.port, user=sshd.user))

    def watch(attempts, *more):
        reach = ["-F", "none", "--known-hosts", f"{sshd.directory}/known_hosts", "-i", f"{sshd.directory}/user_key"]
        times = ["--interval", "0.1", "--max-attempts", str(attempts)]
        assert 2 == main(["watch", "-b", str(path), *times, *reach, "-q", "-o", f"json={out}", *more])
        return json.loads(out.read_text())

    return watch


def login(report):
    (check,) = [check for gate in report["gates"] for check in gate["checks"] if check["id"] == "P0-NETWORK/login"]
    return check


def test_a_watch_logs_in_once_and_says_what_its_last_report_rests_on(sshd, watched):
    check = login(watched(4))
    assert "PASS" == check["verdict"]
    assert re.search(r": connection of \d\d:\d\d:\d\dZ still open, sshd greets; clock is", check["outcome"]["observed"])
    assert 1 == sshd.log.count("Accepted publickey")
    assert [] == sshd.sessions


def test_a_watch_of_one_attempt_claims_the_login_that_it_made(sshd, watched):
    check = login(watched(1))
    assert "still open" not in check["outcome"]["observed"]
    assert [] == sshd.sessions
