"""P2-SCHEDULES on real hosts: cron, backups, units, tables."""

import pytest
from lab.faults import data, host
from lab.fleet import Fleet
from tests.lab.support import NOT_SENT, Seen, check

GATES = ("PASS", "PASS", "PASS", "PASS", "WARN", "PASS", "BLOCKED")

CASES = {
    "cron stopped": (
        lambda fleet: host.stopped(fleet["188"], "cron"),
        "P2-SCHEDULES/cron@188",
        "BLOCKED not-running",
        "inactive",
    ),
    "backup of 26 h": (
        lambda fleet: data.old_backup(fleet["188"], 26),
        "P2-SCHEDULES/backup@188",
        "BLOCKED stale",
        "26",
    ),
    "failed unit": (
        lambda fleet: host.failed_unit(fleet["110"]),
        "P2-SCHEDULES/failed-units@110",
        "BLOCKED failed",
        "nightly-report.service",
    ),
    "momo rows differ": (
        lambda fleet: data.momo_rows_missing(fleet["188"]),
        "P2-SCHEDULES/momo-in-step@188",
        "BLOCKED wrong-value",
        "realtime_sales_monthly",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_schedule_that_cannot_run(steady: Fleet, case: str) -> None:
    hold, root, words, said = CASES[case]
    with hold(steady):
        found = check(steady)
    assert found.seen == Seen(2, "BLOCKED", root, GATES, {root: words, **NOT_SENT})
    assert said in found.text
