"""P0-NETWORK on real hosts: what does not answer is named, and everything behind it is held."""

import re

from lab.faults import host, network
from lab.fleet import Fleet
from tests.lab.support import HELD_BY_NETWORK, Seen, check

from lab import lan


def test_a_cut_cable_is_no_answer_at_any_layer(fleet: Fleet) -> None:
    with network.cable_cut(fleet, "120"):
        found = check(fleet)
    expected = {
        "P0-NETWORK/ping@120": "BLOCKED no-answer",
        "P0-NETWORK/arp@120": "BLOCKED arp-incomplete",
        "P0-NETWORK/ssh-port@120": "BLOCKED unreachable (not observed)",
        "P0-NETWORK/login@120": "BLOCKED unreachable (not observed)",
        "P0-NETWORK/reboot-evidence@120": "WARN unreachable (not observed)",
    }
    assert found.seen == Seen(2, "BLOCKED", "P0-NETWORK/ping@120", HELD_BY_NETWORK, expected)
    assert "Fix power, cable or switch port first" in found.text
    assert "SOP" in found.text


def test_a_frozen_sshd_is_there_and_does_not_speak(fleet: Fleet) -> None:
    with host.sshd_frozen(fleet, "121"):
        found = check(fleet)
    expected = {
        "P0-NETWORK/login@121": "BLOCKED login-timeout (not observed)",
        "P0-NETWORK/reboot-evidence@121": "WARN login-timeout (not observed)",
    }
    assert found.seen == Seen(2, "BLOCKED", "P0-NETWORK/login@121", HELD_BY_NETWORK, expected)


def test_a_dropped_ssh_port_is_told_from_a_closed_one(fleet: Fleet) -> None:
    with network.port_dropped(fleet["110"], 22):
        dropped = check(fleet)
    with host.stopped(fleet["110"], "ssh.service"):
        closed = check(fleet)
    assert dropped.check("P0-NETWORK/ssh-port", "110")["outcome"]["reason"] == "connect-timeout"
    assert dropped.seen.root == "P0-NETWORK/ssh-port@110"
    assert closed.check("P0-NETWORK/ssh-port", "110")["outcome"]["reason"] == "port-closed"
    assert (closed.exit_code, closed.seen.gates) == (2, HELD_BY_NETWORK)
    assert (
        set(dropped.seen.not_passed)
        == set(closed.seen.not_passed)
        == {
            "P0-NETWORK/ssh-port@110",
            "P0-NETWORK/login@110",
            "P0-NETWORK/reboot-evidence@110",
        }
    )


def test_a_changed_host_key_is_never_talked_to(fleet: Fleet) -> None:
    with host.host_key_changed(fleet["188"]):
        found = check(fleet)
    expected = {
        "P0-NETWORK/login@188": "BLOCKED host-key-mismatch (not observed)",
        "P0-NETWORK/reboot-evidence@188": "WARN host-key-mismatch (not observed)",
    }
    assert found.seen == Seen(2, "BLOCKED", "P0-NETWORK/login@188", HELD_BY_NETWORK, expected)
    assert "compare it on the console" in re.sub(r"\s+", " ", found.text)


def test_nothing_is_asked_of_hosts_when_the_operator_s_own_cable_is_out(fleet: Fleet) -> None:
    lan.cut(fleet.lab, "ops")
    lan.forget_neighbours(fleet.lab)
    try:
        found = check(fleet)
    finally:
        lan.mend(fleet.lab, "ops")
        lan.forget_neighbours(fleet.lab)
    assert (found.exit_code, found.seen.gates) == (2, HELD_BY_NETWORK)
    assert {place.rpartition("@")[2] for place in found.seen.not_passed} == {"110", "120", "121", "188"}
