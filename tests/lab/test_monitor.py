"""The cold-start monitor (SOP 13.3): cron of 110 runs the real one, and a real alert comes of what it saw."""

from lab.faults import host
from lab.faults.data import POSTGRESQL
from lab.fleet import Fleet
from lab.process import wait_until

from lab import monitor

PREFIX = "awoooi_cold_start"
SEVEN = {
    f"{PREFIX}_{name}"
    for name in (
        "monitor_up",
        "pass_gates",
        "warn_gates",
        "blocked_gates",
        "last_run_timestamp",
        "last_green_timestamp",
        "last_result",
    )
}
"""The SOP's metrics."""

ALERT = "ColdStartRecoveryBlocked"


def result(word: str) -> str:
    return f'{PREFIX}_last_result{{result="{word}"}}'


def test_cron_s_pass_over_a_blocked_stack_fires_the_alert_and_a_green_one_ends_it(fleet: Fleet) -> None:
    machine = fleet[monitor.HOST]
    mailed = monitor.mailed(machine)
    assert ALERT not in monitor.firing(machine)
    with monitor.impatient(machine):
        with host.stopped(fleet["188"], POSTGRESQL):
            monitor.wait_for(machine, result("blocked"), 1, within=120)
            wait_until(lambda: ALERT in monitor.firing(machine), 30, f"{ALERT} does not fire", every=0.5)
            wait_until(lambda: ALERT in monitor.notified(machine), 20, "Alertmanager was not told", every=0.5)
        assert monitor.mailed(machine) == mailed, "a pass that came to a verdict is no mail"
        wait_until(lambda: monitor.once(machine) == 0, 120, "no pass is GREEN", every=0)
        monitor.wait_for(machine, result("green"), 1, within=20)
        wait_until(lambda: ALERT not in monitor.firing(machine), 30, f"{ALERT} does not cease", every=0.5)
    seen = monitor.values(machine, f'{{__name__=~"{PREFIX}_.*"}}')
    assert {name.partition("{")[0] for name in seen} >= SEVEN
    assert {word: seen[result(word)] for word in ("green", "degraded", "blocked", "check_failed")} == {
        "green": 1,
        "degraded": 0,
        "blocked": 0,
        "check_failed": 0,
    }
    assert (seen[f"{PREFIX}_blocked_gates"], seen[f"{PREFIX}_monitor_up"]) == (0, 1)
    assert seen[f"{PREFIX}_last_green_timestamp"] == seen[f"{PREFIX}_last_run_timestamp"]
