"""The power goes in the middle of a check: nothing that was good before it counts."""

from concurrent.futures import ThreadPoolExecutor

from lab.fleet import Fleet
from lab.machine import Machine
from lab.process import wait_until
from tests.lab.support import check, checks


def lose_power_while_asked(machine: Machine) -> None:
    """Pull the plug while a question to dockerd waits for its answer."""
    asked = ("pgrep", "--full", "^docker ")
    wait_until(lambda: machine.attempt(*asked).returncode == 0, 30, "nobody asks Docker", every=0.05)
    machine.power_off()


def test_power_loss_in_the_middle_of_a_check(fleet: Fleet) -> None:
    data = fleet["188"]
    data.run("systemctl", "kill", "--kill-whom=all", "--signal=SIGSTOP", "docker.service")
    with ThreadPoolExecutor() as pool:
        cut = pool.submit(lose_power_while_asked, data)
        found = check(fleet)
        cut.result()
    data.power_on()
    data.wait()
    assert (found.exit_code, found.report["result"]) == (2, "BLOCKED")
    assert found.seen.root is not None
    assert found.seen.root.endswith("@188")
    passed = {one["id"] for one in checks(found.report) if one["host"] == "188" and one["verdict"] == "PASS"}
    assert passed == set()
    # What was asked before the run knew is BLOCKED as well, the rest is HELD; nothing behind 188 is good.
    assert set(found.seen.gates[3:]) <= {"BLOCKED", "HELD"}
    assert found.seen.gates[1] == "BLOCKED"


def test_a_host_that_was_away_and_is_back_at_the_end_voids_its_passes(fleet: Fleet) -> None:
    """It answers at the end, but it is not the boot that was asked."""
    registry = fleet["110"]
    registry.run("systemctl", "kill", "--kill-whom=all", "--signal=SIGSTOP", "docker.service")

    def cycle() -> None:
        lose_power_while_asked(registry)
        registry.power_on()

    with ThreadPoolExecutor() as pool:
        cycled = pool.submit(cycle)
        found = check(fleet)
        cycled.result()
    registry.wait()
    assert found.exit_code == 2
    passed = {one["id"] for one in checks(found.report) if one["host"] == "110" and one["verdict"] == "PASS"}
    assert passed == set()
    assert any(one["name"] == "110" and one["problem"] for one in found.report["hosts"])
