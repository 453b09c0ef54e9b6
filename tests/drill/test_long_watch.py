"""A watch of five hundred attempts holds no more at its end than near its beginning."""

import asyncio
import gc
import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from coldstart.__main__ import main
from coldstart.drill.course import Course
from coldstart.drill.inventory import HOSTS
from coldstart.drill.stand import Stand

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts by /proc"),
]

ATTEMPTS = 500
WARM = 100
"""By this attempt everything that is made once is made."""
GROWTH = 4 << 20
"""Bytes of resident memory that four hundred attempts may add, on both sides together: 10 KiB an attempt, for the
drill's own record of them and for caches that are not full yet. One SSH connection takes twenty times as much."""

BASELINE = """\
coldstart: 1
name: every kind of read
variables:
  ca_file: {about: the authority of the drill, default: /none}
hosts:
  "110": {address: 192.168.0.110, user: wooo}
  "120": {address: 192.168.0.120, user: wooo}
  "121": {address: 192.168.0.121, user: wooo}
  "188": {address: 192.168.0.188, user: ollama}
gates:
  P0-NETWORK:
    title: all kinds
    checks:
      - {id: ssh-port, claim: is open, probe: tcp, with: {port: 22}, hosts: all}
      - {id: ping, claim: answers, probe: ping, hosts: ["110"]}
      - {id: login, claim: lets us in, probe: ssh_login, hosts: all}
      - {id: filesystems, claim: are writable, probe: filesystems, hosts: ["188"]}
      - {id: harbor, claim: answers, probe: http, hosts: ["110"],
         with: {url: "http://127.0.0.1:5000/v2/", via: true, status: [200, 401]}}
      - {id: closed, claim: answers, probe: http, hosts: ["110"],
         with: {url: "http://127.0.0.1:9/", via: true}}
      - {id: web, claim: answers, probe: http, hosts: ["188"], severity: warn,
         with: {url: "https://mo.wooo.work/health", ca: "${ca_file}", status: [200]}}
"""
SCENARIO = f"""\
title: A port of 110 that nobody listens on
teaches: Nothing new.
answer: It stays so.
sop: "3"
begins: settled
attempts: {ATTEMPTS}
timeline:
  - at: 0s
    say: All is up.
course:
  - {{attempts: 1-{ATTEMPTS}, result: BLOCKED, gate: P0-NETWORK, check: closed}}
"""


@dataclass(frozen=True)
class Held:
    """What this process, which is both sides, holds at the end of an attempt."""

    descriptors: int
    tasks: int
    objects: int
    resident: int
    connections: tuple[int, ...]


@pytest.fixture
def held(monkeypatch):
    """What was held at the end of each attempt that is a multiple of 20."""
    found: dict[int, Held] = {}
    stands: list[Stand] = []

    class Remembered(Stand):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            stands.append(self)

    class Weighed(Course):
        def add(self, attempt):
            super().add(attempt)
            if attempt.number % 20 == 0:
                gc.collect()
                found[attempt.number] = Held(
                    descriptors=len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - a count
                    tasks=len(asyncio.all_tasks()),
                    objects=len(gc.get_objects()),
                    resident=int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE"),
                    connections=tuple(len(stands[0].hosts[name]._connections) for name in HOSTS),
                )

    monkeypatch.setattr("coldstart.drill.stand.Stand", Remembered)
    monkeypatch.setattr("coldstart.cli.drilling.Course", Weighed)
    return found


def test_five_hundred_attempts_hold_no_more_than_twenty(held, tmp_path, monkeypatch, capsys):
    baseline, scenario, out = tmp_path / "b.yml", tmp_path / "s.yml", tmp_path / "run.json"
    baseline.write_text(BASELINE, "utf-8")
    scenario.write_text(SCENARIO, "utf-8")
    monkeypatch.setattr("coldstart.cli.baseline.shipped", lambda: baseline)
    code = main(["drill", str(scenario), "--speed", "1e9", "-q", "-o", f"json={out}"])
    said = capsys.readouterr().err
    assert 2 == code, said[-2000:]
    assert f"attempt {ATTEMPTS} of {ATTEMPTS}" in said

    early, warm, last = held[20], held[WARM], held[ATTEMPTS]
    assert early.descriptors == last.descriptors
    assert early.tasks == last.tasks
    assert (1, 1, 1, 1) == early.connections == last.connections
    assert GROWTH > last.resident - warm.resident
    # The scenario keeps a line for each attempt; nothing else may stay.
    assert 5 * (ATTEMPTS - WARM) > last.objects - warm.objects

    report = json.loads(out.read_text("utf-8"))
    logins = [check for gate in report["gates"] for check in gate["checks"] if check["id"] == "P0-NETWORK/login"]
    hours = [(report["started"] - check["outcome"]["facts"]["kept_since"]) / 3600 for check in logins]
    assert [ATTEMPTS // 60] * len(HOSTS) == [int(one) for one in hours], "each from the first attempt to the last"
