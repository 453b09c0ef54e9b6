"""Prometheus' own tool on what the monitor writes: its metrics, and its rules, each of them firing and not firing."""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from tests.render.reports import HOSTILE, SCENARIOS
from tests.support.servers import closed_port

from coldstart.__main__ import main
from coldstart.baseline.runbook import Monitor
from coldstart.render import alert_rules
from coldstart.render.exposition import Moments, render
from lab import root

MONITOR = Monitor("110", "/srv/cold.prom", "/srv/last.log", "p", every=600.0)

MISSING, STALE, FAILED = "ColdStartMonitorMissing", "ColdStartMonitorStale", "ColdStartMonitorFailed"
BLOCKED, DEGRADED, NOT_GREEN = "ColdStartRecoveryBlocked", "ColdStartRecoveryDegraded", "ColdStartNotGreen"


@pytest.fixture(scope="module")
def promtool(request):
    """The promtool of this machine, else that of the lab's hosts."""
    found = shutil.which("promtool")
    return found or str(root.tree(request.getfixturevalue("built").lab) / "usr/bin/promtool")


def run(*command: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=60)


# ------------------------------------------------------------------------------------------------------------- metrics

BASELINE = r"""
coldstart: 1
name: 'a "quoted\" name\n, {x="1"} 1 排程'
hosts:
  a: {address: 127.0.0.1}
gates:
  P0:
    title: it answers
    checks:
      - {id: port, claim: port is open, probe: tcp, with: {port: PORT}, hosts: all}
releases:
  runners: {title: the runners, needs: all}
monitor: {host: a, textfile: HERE/cold.prom, log: HERE/last.log, metric_prefix: my_stack, every: 10m}
"""


@pytest.mark.parametrize("name", ["blocked", "check_failed"])
def test_the_metrics_of_a_real_pass(promtool, tmp_path, name):
    with closed_port() as port:
        text = BASELINE.replace("PORT", str(port)).replace("HERE", str(tmp_path))
        (tmp_path / "b.yml").write_text(text if name == "blocked" else text.replace("claim", "clam"))
        main(["monitor", "-b", str(tmp_path / "b.yml"), "--state-dir", str(tmp_path / "state")])
    metrics = (tmp_path / "cold.prom").read_text("utf-8")
    assert f'my_stack_last_result{{result="{name}"}} 1.0\n' in metrics
    done = run(promtool, "check", "metrics", text=metrics)
    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("scenario", [*SCENARIOS])
def test_the_metrics_of_any_report_even_with_hostile_labels(promtool, scenario):
    report = SCENARIOS[scenario]().model_copy(update={"baseline_name": f'{HOSTILE}"\\\n{{}} 1'})
    done = run(promtool, "check", "metrics", text=render("p", report, Moments(2.0, 1.0, 0.0)))
    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)


# --------------------------------------------------------------------------------------------------------------- rules


@pytest.mark.parametrize("every", [60.0, 600.0, 45 * 60.0, 3600.0])
def test_the_rules_are_rules(promtool, tmp_path, every):
    (tmp_path / "rules.yml").write_text(alert_rules.render(Monitor("h", "/x.prom", "/x", "p", every)))
    done = run(promtool, "check", "rules", str(tmp_path / "rules.yml"))
    assert (0, "") == (done.returncode, done.stderr)
    assert "6 rules found" in done.stdout


def series(**values: str) -> dict[str, str]:
    """The series of a monitor, a value a minute: all is well for 20 h, but for what is given.

    `up`, `blocked`, `warned`, `run` and `green` are metrics, `result` is the label that has a 1. An empty text: the
    metric is not there. The clock of promtool's tests begins at 0, so a timestamp of now rises by 60 a minute.
    """
    given = {"up": "1x1200", "blocked": "0x1200", "warned": "0x1200", "run": NOW, "green": NOW, **values}
    result = given.pop("result", "green")
    names = {
        "up": "p_monitor_up",
        "blocked": "p_blocked_gates",
        "warned": "p_warn_gates",
        "run": "p_last_run_timestamp",
        "green": "p_last_green_timestamp",
    }
    results = dict.fromkeys(("green", "degraded", "blocked", "check_failed"), "0x1200") if result else {}
    shown = {f'p_last_result{{result="{name}"}}': value for name, value in results.items()}
    if result:
        shown[f'p_last_result{{result="{result}"}}'] = "1x1200"
    return {names[name]: value for name, value in given.items() if value} | shown


NOW = "0+60x1200"
NEVER = "-2000000000x1200"
LONG_AGO = "0x1200"
GONE = {name: f"{text}x30 stale" for name, text in (("up", "1"), ("run", "0+60"), ("green", "0+60"))}
"""A textfile that is there for half an hour, and then is not."""


@dataclass(frozen=True)
class Case:
    """What Prometheus sees, and which alerts fire after so many minutes."""

    seen: Mapping[str, str]
    fires: Mapping[int, Sequence[str]]


CASES = {
    "all is well": Case(series(), {0: [], 40: [], 900: []}),
    "it never reported": Case({}, {29: [], 30: [MISSING]}),
    "its file went away": Case(
        series(**GONE, blocked="0x30 stale", warned="0x30 stale", result=""), {59: [], 62: [MISSING]}
    ),
    "its file came back in time": Case(series(up="1x30 _x20 1x1000"), {45: [], 60: [], 120: []}),
    "it does not run any more": Case(series(run=LONG_AGO), {34: [], 36: [STALE]}),
    "a run was missed": Case(series(run="0x20 1260+60x1000"), {15: [], 20: [], 25: [], 60: []}),
    "it fails": Case(series(up="0x1200", blocked="", warned="", result="check_failed"), {14: [], 16: [FAILED]}),
    "it failed once": Case(series(up="1x10 0x10 1x1000"), {15: [], 20: [], 25: [], 40: []}),
    "two gates are blocked": Case(series(blocked="2x1200", result="blocked"), {14: [], 16: [BLOCKED]}),
    "a gate was blocked in one run": Case(series(blocked="1x10 0x1000"), {5: [], 11: [], 20: [], 40: []}),
    "it was repaired": Case(series(blocked="1x60 0x1000"), {60: [BLOCKED], 62: []}),
    "blocked, and then it fails: still blocked as far as anybody knows": Case(
        series(blocked="1x30 stale", up="1x30 0x1000", result="check_failed"),
        {30: [BLOCKED], 40: [BLOCKED], 60: [BLOCKED, FAILED]},
    ),
    "blocked, and then its file goes away": Case(
        series(**GONE, blocked="1x30 stale", warned="0x30 stale", result=""),
        {
            31: [BLOCKED],
            62: [BLOCKED, MISSING],
            389: [BLOCKED, MISSING],
            420: [MISSING, NOT_GREEN],
        },
    ),
    "blocked, and then it does not run any more": Case(
        series(blocked="1x1200", run=LONG_AGO, result="blocked"), {40: [BLOCKED, STALE]}
    ),
    "a gate has a warning": Case(series(warned="1x1200", result="degraded"), {29: [], 31: [DEGRADED]}),
    "blocked and warned: the worse is told": Case(
        series(warned="1x1200", blocked="1x1200", result="blocked"), {60: [BLOCKED]}
    ),
    "every warning is accepted": Case(series(warned="1x1200", result="green"), {60: []}),
    "not all was looked at": Case(series(result="degraded"), {29: [], 31: [DEGRADED]}),
    "warned, and then it fails": Case(
        series(warned="1x30 stale", blocked="0x30 stale", up="1x30 0x1000", result="check_failed"),
        {31: [DEGRADED], 60: [DEGRADED, FAILED]},
    ),
    "the warning went": Case(series(warned="1x60 0x1000"), {62: []}),
    "not green for 6 h": Case(series(green=LONG_AGO), {360: [], 374: [], 377: [NOT_GREEN], 900: [NOT_GREEN]}),
    "it was never green": Case(series(green=NEVER), {14: [], 16: [NOT_GREEN]}),
    "green again": Case(series(green="0x400 24060+60x700"), {400: [NOT_GREEN], 402: []}),
}


def check_rules(promtool: str, directory: Path, tests: Sequence[object]) -> None:
    (directory / "rules.yml").write_text(alert_rules.render(MONITOR))
    (directory / "tests.yml").write_text(
        yaml.safe_dump({"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": tests})
    )
    done = run(promtool, "test", "rules", str(directory / "tests.yml"))
    assert 0 == done.returncode, done.stdout + done.stderr


def input_of(seen: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"series": name, "values": values} for name, values in seen.items()]


@pytest.mark.parametrize("case", CASES)
def test_what_fires_and_what_does_not(promtool, tmp_path, case):
    asked = [
        {
            "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
            "eval_time": f"{minute}m",
            "exp_samples": [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in fires],
        }
        for minute, fires in CASES[case].fires.items()
    ]
    test = {"interval": "1m", "input_series": input_of(CASES[case].seen), "promql_expr_test": asked}
    check_rules(promtool, tmp_path, [test])


def test_each_rule_has_a_case_in_which_it_fires_and_one_in_which_it_does_not():
    fired = {name for case in CASES.values() for fires in case.fires.values() for name in fires}
    assert {MISSING, STALE, FAILED, BLOCKED, DEGRADED, NOT_GREEN} == fired
    assert fired == {rule["alert"] for rule in yaml.safe_load(alert_rules.render(MONITOR))["groups"][0]["rules"]}


@pytest.mark.parametrize(
    ("alert", "seen", "said"),
    [
        (BLOCKED, series(blocked="1x1200"), (20, "summary", "1 gate of the cold start blocked.")),
        (BLOCKED, series(blocked="3x1200"), (20, "summary", "3 gates of the cold start blocked.")),
        (STALE, series(run=LONG_AGO), (60, "description", "Its last run ended 1h 0m 0s ago,")),
        (NOT_GREEN, series(green=LONG_AGO), (420, "description", "The stack was last GREEN 7h 0m 0s ago.")),
        (NOT_GREEN, series(green=NEVER), (20, "description", "The stack was never GREEN.")),
    ],
)
def test_the_words_are_those_that_a_person_reads(promtool, tmp_path, alert, seen, said):
    """`said`: after so many minutes the annotation of that name begins so; how it goes on has nothing to fill in."""
    minute, name, begin = said
    (rule,) = [
        one for one in yaml.safe_load(alert_rules.render(MONITOR))["groups"][0]["rules"] if one["alert"] == alert
    ]
    annotations = dict(rule["annotations"])
    rest = annotations[name].rpartition("}}")[2].partition(begin[-1])[2]
    annotations[name] = begin + rest
    expected = [{"exp_labels": rule["labels"], "exp_annotations": annotations}]
    asked = [{"eval_time": f"{minute}m", "alertname": alert, "exp_alerts": expected}]
    check_rules(promtool, tmp_path, [{"interval": "1m", "input_series": input_of(seen), "alert_rule_test": asked}])
