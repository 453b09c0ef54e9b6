"""The shipped baseline where none of its hosts exists: BLOCKED at the first gate, at once, and the rest HELD.

The SOP's addresses are dialled only inside a network namespace made here: a cable, and nobody at its other end.
"""

import json
import os
import shutil
import subprocess
import sys

import pytest

pytestmark = pytest.mark.netns

SCRIPT = """
set -e
ip link set lo up
ip link add lan0 type veth peer name wall
ip link set wall up
ip link set lan0 up
ip address add 192.168.0.10/24 dev lan0
exec "$@"
"""


def alone():
    """How to run something in a network namespace of its own; skips where that is not possible, except in CI."""
    unshare = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--net"]
    tried = shutil.which("unshare") and subprocess.run(
        [*unshare, "sh", "-c", SCRIPT, "sh", "true"], capture_output=True, check=False
    )
    if not tried or tried.returncode:
        message = "no network namespace to be had here (root, or user namespaces)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return [*unshare, "sh", "-c", SCRIPT, "sh"]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A check of the shipped baseline from a network with nobody else on it: exit code, report, text."""
    directory = tmp_path_factory.mktemp("alone")
    out = directory / "run.json"
    done = subprocess.run(
        [*alone(), sys.executable, "-m", "coldstart", "check", "-F", "none", "-o", "table", "-o", f"json={out}"],
        capture_output=True,
        text=True,
        check=False,
        cwd=directory,
        env={key: value for key, value in os.environ.items() if key != "COLDSTART_BASELINE"},
        timeout=60,
    )
    assert "" == done.stderr
    return done.returncode, json.loads(out.read_text()), done.stdout


def test_it_is_blocked_at_the_first_gate_and_every_later_one_is_held(run):
    code, report, _ = run
    assert (2, "BLOCKED", "P0-NETWORK", "P0-NETWORK/ping") == (
        code,
        report["result"],
        report["root"]["gate"],
        report["root"]["check"],
    )
    first, *later = report["gates"]
    assert "BLOCKED" == first["verdict"]
    assert later
    assert {("HELD", "P0-NETWORK")} == {(gate["verdict"], gate["held_by"]) for gate in later}
    assert {"HELD"} == {check["verdict"] for gate in later for check in gate["checks"]}
    assert not any(check["exchanges"] for gate in later for check in gate["checks"])


def test_no_check_passes_and_none_claims_more_than_was_seen(run):
    _, report, _ = run
    assert 0 == report["counts"]["PASS"]
    for check in report["gates"][0]["checks"]:
        outcome = check["outcome"]
        if check["probe"] in ("tcp", "ssh_login", "reboot_evidence"):
            assert ("unobserved", True) == (
                outcome["conclusion"],
                outcome["reason"] in ("unreachable", "connect-timeout"),
            ), outcome
        if check["probe"] in ("ping", "neighbour"):
            assert "unmet" == outcome["conclusion"], outcome


def test_it_takes_about_one_time_limit_and_not_their_sum(run):
    """Four hosts with five checks each, every one bounded by several seconds: one by one it is a minute."""
    _, report, _ = run
    limits = [exchange["read"]["timeout"] for check in report["gates"][0]["checks"] for exchange in check["exchanges"]]
    assert 100 < sum(limits)
    assert max(limits) + 5 > report["ended"] - report["started"]


def test_a_host_that_cannot_be_reached_is_told_once(run):
    _, _, text = run
    assert text.startswith("BLOCKED at P0-NETWORK")
    assert 1 == text.count("NOT OBSERVED: "), text
    assert "hosts 110 120 121 188" in text
    assert 80 > len(text.splitlines()), text
