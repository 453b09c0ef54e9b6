"""The alert rules: their names, their times, and how they are written. What they do is tested with promtool."""

import re
from dataclasses import replace

import pytest
import yaml
from tests.render.reports import SCENARIOS

from coldstart.baseline.runbook import Monitor
from coldstart.render.alert_rules import render
from coldstart.render.exposition import Moments
from coldstart.render.exposition import render as exposition

MONITOR = Monitor("110", "/srv/cold.prom", "/srv/last.log", "my_stack", every=600.0)
CRITICAL = ("ColdStartMonitorMissing", "ColdStartMonitorStale", "ColdStartMonitorFailed", "ColdStartRecoveryBlocked")
WARNING = ("ColdStartRecoveryDegraded", "ColdStartNotGreen")


def rules(monitor=MONITOR):
    (group,) = yaml.safe_load(render(monitor))["groups"]
    assert "cold-start" == group["name"]
    return {rule["alert"]: rule for rule in group["rules"]}


def test_every_alert_of_the_sop_is_there_with_its_severity():
    severities = {name: rule["labels"]["severity"] for name, rule in rules().items()}
    assert {**dict.fromkeys(CRITICAL, "critical"), **dict.fromkeys(WARNING, "warning")} == severities


def test_every_alert_says_what_it_means_what_to_do_and_where_the_sop_has_it():
    for rule in rules().values():
        annotations = rule["annotations"]
        assert ["description", "runbook", "summary"] == sorted(annotations)
        assert re.search(r"SOP, section 13\.[35]$", annotations["runbook"])
        assert annotations["summary"].endswith(".")


def test_they_ask_only_for_metrics_that_the_monitor_writes():
    text = exposition("my_stack", SCENARIOS["warnings_only"](), Moments(1.0, 1.0, 1.0))
    written = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE ")}
    asked = {name for rule in rules().values() for name in re.findall(r"\bmy_stack_\w+", rule["expr"])}
    assert set() == asked - written
    assert {"my_stack_monitor_up", "my_stack_last_run_timestamp", "my_stack_blocked_gates"} <= asked


@pytest.mark.parametrize(
    ("every", "stale", "waits"),
    [
        (60.0, "> 180", {"3m", "30s", "90s"}),
        (600.0, "> 1800", {"30m", "5m", "15m"}),
        (3600.0, "> 10800", {"3h", "30m", "90m"}),
    ],
)
def test_the_times_follow_from_how_often_it_runs(every, stale, waits):
    found = rules(replace(MONITOR, every=every))
    assert found["ColdStartMonitorStale"]["expr"].endswith(stale)
    assert waits == {rule["for"] for rule in found.values()}


def test_the_same_monitor_gives_the_same_bytes():
    assert render(MONITOR) == render(replace(MONITOR))
    assert render(MONITOR).endswith("\n")
