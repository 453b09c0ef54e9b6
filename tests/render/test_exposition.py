"""A run as metrics: the SOP's seven by name, one label of several where one holds, no good news of what is unknown."""

import pytest
from tests.render.reports import HOSTILE, SCENARIOS, check, gate, held, report

from coldstart.decisions import Accepted, Decision, ReleaseItem
from coldstart.outcome import Outcome, Report, Result, Severity, Verdict
from coldstart.probes.exposition import Sample, parse
from coldstart.reason import Reason
from coldstart.render.exposition import Moments, render

MOMENTS = Moments(ended=1_780_000_004.25, lasted=4.25, last_green=1_779_990_000.0)
SOP = ("monitor_up", "pass_gates", "warn_gates", "blocked_gates", "last_run_timestamp", "last_green_timestamp")


def samples(one: Report | None) -> tuple[Sample, ...]:
    return parse(render("p", one, MOMENTS))


def values(one: Report | None) -> dict[str, float]:
    return {sample.series: sample.value for sample in samples(one)}


def test_the_seven_metrics_of_the_sop_are_there_by_name():
    found = values(SCENARIOS["blocked_at_data"]())
    assert {
        "p_monitor_up": 1,
        "p_pass_gates": 1,
        "p_warn_gates": 0,
        "p_blocked_gates": 1,
        "p_last_run_timestamp": 1_780_000_004.25,
        "p_last_green_timestamp": 1_779_990_000.0,
    } == {name: found[name] for name in (f"p_{name}" for name in SOP)}
    assert 4 == found["p_held_gates"]


@pytest.mark.parametrize(
    ("scenario", "result"),
    [("all_green", "green"), ("warnings_only", "degraded"), ("blocked_at_data", "blocked"), (None, "check_failed")],
)
def test_the_last_result_is_exactly_one_of_four(scenario, result):
    found = values(SCENARIOS[scenario]() if scenario else None)
    shown = {
        name: found[f'p_last_result{{result="{name}"}}'] for name in ("green", "degraded", "blocked", "check_failed")
    }
    assert {**dict.fromkeys(shown, 0.0), result: 1.0} == shown
    assert 4 == sum(name.startswith("p_last_result") for name in found)


def test_a_gate_has_a_series_for_each_verdict_and_one_of_them_is_1():
    found = [one for one in samples(SCENARIOS["blocked_at_data"]()) if one.name == "p_gate_verdict"]
    by_gate = {(dict(one.labels)["gate"], dict(one.labels)["verdict"]): one.value for one in found}
    assert {("P0-188-DATA", "blocked"): 1, ("P0-188-DATA", "pass"): 0, ("P1-K3S", "held"): 1}.items() <= by_gate.items()
    for gate_name in {name for name, _ in by_gate}:
        assert [0, 0, 0, 1] == sorted(by_gate[gate_name, verdict.lower()] for verdict in Verdict)


def test_a_check_has_the_series_of_the_verdict_that_it_has_and_no_other():
    one = SCENARIOS["all_green"]()
    found = [sample for sample in samples(one) if sample.name == "p_check_verdict"]
    assert {1.0} == {sample.value for sample in found}
    assert {
        (gate.name, check.id, check.host or "", check.verdict.lower())
        for gate in one.gates
        for check in gate.checks
        if check.verdict
    } == {tuple(dict(sample.labels)[name] for name in ("gate", "check", "host", "verdict")) for sample in found}


def warned(**fields) -> Report:
    outcome = Outcome.unmet(Reason.OVER_LIMIT, "1.7")
    one = check("P0/load", "110", "load is low", outcome, severity=Severity.WARN, **fields)
    return report([gate("P0", "load", [one])], result=Result.DEGRADED, headline="")


def test_an_accepted_warning_is_still_a_warning_and_is_said_to_be_accepted():
    found = values(warned(accepted=Accepted(reason="known", by="wooo")))
    assert 1 == found['p_check_verdict{check="P0/load",gate="P0",host="110",verdict="warn"}']
    assert 1 == found['p_check_accepted{check="P0/load",gate="P0",host="110"}']
    assert not [name for name in values(warned()) if "accepted" in name]


def test_each_release_is_allowed_or_not():
    releases = tuple(
        ReleaseItem(name=name, title="", decision=decision, conditions=())
        for name, decision in (("runners", Decision.HOLD), ("crawlers", Decision.RELEASE))
    )
    found = values(warned().model_copy(update={"releases": releases}))
    assert (0, 1) == (found['p_release_allowed{release="runners"}'], found['p_release_allowed{release="crawlers"}'])


@pytest.mark.parametrize("unknown", [None, "interrupted"])
def test_without_a_verdict_there_are_no_numbers_that_would_read_as_good_news(unknown):
    one = unknown and SCENARIOS["blocked_at_data"]().model_copy(update={"result": Result.CHECK_FAILED, "exit_code": 3})
    found = values(one)
    names = {name.partition("{")[0].removeprefix("p_") for name in found}
    assert {
        "monitor_up",
        "last_run_timestamp",
        "last_green_timestamp",
        "last_result",
        "duration_seconds",
        "info",
    } == names
    assert (0, 1_779_990_000.0) == (found["p_monitor_up"], found["p_last_green_timestamp"])


def test_a_gate_of_which_nothing_was_asked_counts_nowhere():
    out = gate("P0", "left out", [check("P0/x", "110", "x", not_applicable="it has none")])
    found = values(report([out, held("P1", "held", "P0")], result=Result.DEGRADED, headline=""))
    assert (0, 1) == (found["p_pass_gates"], found["p_held_gates"])
    assert not [name for name in found if 'gate="P0"' in name]


def test_hostile_text_stays_within_its_label():
    name = f'{HOSTILE} "}} 1\np_monitor_up 0\\'
    found = samples(SCENARIOS["all_green"]().model_copy(update={"baseline_name": name}))
    (info,) = [sample for sample in found if sample.name == "p_info"]
    shown = dict(info.labels)["baseline"]
    assert ("egnp.exe" in shown, "\x1b" in shown, "\u202e" in shown) == (True, False, False)
    assert 1 == {sample.series: sample.value for sample in found}["p_monitor_up"]


def test_the_file_ends_with_a_line_feed_has_no_timestamps_and_is_the_same_each_time():
    text = render("p", SCENARIOS["keep_going_downstream"](), MOMENTS)
    assert text.endswith("\n")
    assert parse(text), "a timestamp would be refused"
    assert "_created" not in text
    assert text == render("p", SCENARIOS["keep_going_downstream"](), MOMENTS)


def test_every_metric_says_what_it_is():
    text = render("p", warned(accepted=Accepted(reason="known")), MOMENTS)
    names = {sample.name for sample in parse(text)}
    assert names == {line.split()[2] for line in text.splitlines() if line.startswith("# HELP ")}
    assert names == {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE ")}


def test_a_clock_that_was_set_back_does_not_make_a_pass_take_less_than_no_time():
    text = render("p", None, Moments(ended=1.0, lasted=-3600.0, last_green=0.0))
    assert 0 == {sample.series: sample.value for sample in parse(text)}["p_duration_seconds"]
