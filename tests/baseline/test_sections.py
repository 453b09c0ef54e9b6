"""What the sections beside hosts and gates become."""

import pytest

from coldstart.baseline.load import load_text
from coldstart.baseline.model import Condition, Done, Freeze, Monitor, Release, Tier
from coldstart.errors import BaselineError

from .conftest import WHOLE

ALL_GATES = ("P0-NETWORK", "P0-188-DATA", "P1-K3S", "P2-ALERTS")


def line_of(text):
    return next(number for number, line in enumerate(WHOLE.splitlines(), start=1) if text in line)


def test_both_parsers_make_the_same_sections(parser, whole):
    assert whole == load_text(WHOLE, "whole.yml")


def test_a_baseline_without_sections_has_empty_ones(good):
    baseline = good.baseline
    assert ((), {}, {}, None, (), ()) == (
        baseline.freeze,
        baseline.protection,
        baseline.releases,
        baseline.monitor,
        baseline.done,
        baseline.drift,
    )


def test_what_is_frozen_keeps_its_order_policy_and_reason(whole):
    runners, crawlers = whole.baseline.freeze
    assert Freeze("Runners", "last", "Build jobs can saturate 110.", line_of("item: Runners")) == runners
    assert "Crawlers" == crawlers.item


def test_tiers_are_known_by_name_in_the_order_of_the_file(whole):
    tiers = whole.baseline.protection
    assert ["AUTO", "BLOCK"] == list(tiers)
    expected = ("PostgreSQL data dir", "ClickHouse data dir")
    assert Tier("BLOCK", "Human approval only.", expected, line_of("BLOCK:")) == tiers["BLOCK"]


def test_a_single_example_is_a_list_of_one(whole):
    assert ("stateless exporters",) == whole.baseline.protection["AUTO"].examples


def test_a_release_that_needs_all_needs_every_gate(whole):
    assert ALL_GATES == whole.baseline.releases["runners"].needs


def test_a_release_that_names_gates_needs_those_in_its_own_order(whole):
    assert ("P0-188-DATA", "P0-NETWORK") == whole.baseline.releases["exporters"].needs


def test_the_hosts_of_a_release_are_names_and_all_leaves_out_the_optional(whole):
    releases = whole.baseline.releases
    assert (("110",), ("110", "188")) == (releases["runners"].hosts, releases["exporters"].hosts)


def test_a_release_without_conditions_has_none(whole):
    expected = Release(
        name="exporters",
        title="exporters",
        hosts=("110", "188"),
        needs=("P0-188-DATA", "P0-NETWORK"),
        line=line_of("exporters:"),
    )
    assert expected == whole.baseline.releases["exporters"]


def test_a_condition_is_seen_by_checks_by_hand_or_both(whole):
    data, load, route = whole.baseline.releases["runners"].conditions
    assert Condition("the data host serves", ("P0-188-DATA/port",), line=line_of("the data host serves")) == data
    assert Condition("provider route verified", by_hand="ask the operator", line=line_of("provider route")) == route
    assert (("P0-NETWORK/either", "P0-NETWORK/either.second"), "look at the load") == (load.checks, load.by_hand)


def test_a_sustained_condition_says_for_how_many_seconds(whole):
    assert [None, 900.0, None] == [condition.hold_for for condition in whole.baseline.releases["runners"].conditions]


def test_a_release_keeps_its_hint_and_its_section_of_the_sop(whole):
    runners = whole.baseline.releases["runners"]
    assert ("one runner at a time", "5.3") == (runners.hint, runners.sop)


def test_the_monitor_has_its_host_its_files_and_its_interval_in_seconds(whole):
    expected = Monitor(
        host="110",
        textfile="/home/wooo/node_exporter_textfiles/cold_start_recovery.prom",
        log="/home/wooo/reboot-recovery/cold-start-last.log",
        metric_prefix="awoooi_cold_start",
        every=600.0,
        sop="13.3",
        line=line_of("monitor:"),
    )
    assert expected == whole.baseline.monitor


def test_a_criterion_is_seen_by_checks_by_hand_or_both(whole):
    ssh, alert, runners = whole.baseline.done
    assert Done("ssh", "Hosts reachable.", ("P0-NETWORK/ping",), "", "14", line_of("id: ssh")) == ssh
    assert (("P2-ALERTS/alert-test",), "look at Telegram") == (alert.checks, alert.by_hand)
    assert ((), "ask the operator") == (runners.checks, runners.by_hand)


def test_drift_is_text_as_written(whole):
    assert ("OpenClaw: 8088 or 8089", "13.2") == whole.baseline.drift


def test_variables_are_replaced_in_sections():
    text = WHOLE.replace("summary: Cold start", 'summary: "${data_host}, cold start').replace("ignore", 'ignore"')
    text = text.replace("P0-188-DATA/port}", '"P0-188-DATA/${check}"}').replace(
        "variables:", "variables:\n  check: port"
    )
    loaded = load_text(text, "b.yml")
    assert "192.168.0.188, cold start E2E test, ignore" == loaded.baseline.alert_test.summary
    assert ("P0-188-DATA/port",) == loaded.baseline.releases["runners"].conditions[0].checks


def test_everything_that_was_declared_knows_its_place(whole):
    baseline = whole.baseline
    runners = baseline.releases["runners"]
    declared = (*baseline.freeze, *baseline.protection.values(), runners, *runners.conditions, baseline.monitor)
    for item in (*declared, *baseline.done, baseline.alert_test):
        assert f"whole.yml:{item.line}" == whole.where(item)
        assert item.line > line_of("P2-ALERTS:")


def test_a_loaded_baseline_is_hashable(whole):
    assert hash(whole.baseline) == hash(load_text(WHOLE, "whole.yml").baseline)


def test_checks_and_groups_say_which_rows_of_the_sop_they_cover():
    text = WHOLE.replace("claim: answers ping", "claim: answers ping\n        covers: [9/188 cron, 13.4/P0-NETWORK]")
    text = text.replace("claim: one of them", "covers: 13.4\n        claim: one of them")
    ping, either = load_text(text, "b.yml").baseline.gates["P0-NETWORK"].checks
    assert (("9/188 cron", "13.4/P0-NETWORK"), ("13.4",)) == (ping.covers, either.covers)
    assert {()} == {member.covers for member in either.any_of}


@pytest.mark.parametrize("reference", ["P0-NETWORK/ping", "P0-NETWORK/either", "P0-NETWORK/either.first"])
def test_a_reference_leads_to_a_check_a_group_or_an_alternative(reference):
    loaded = load_text(WHOLE.replace("[P0-NETWORK/ping]", f"[{reference}]"), "b.yml")
    assert (reference,) == loaded.baseline.done[0].checks


def test_a_reference_into_an_alternative_of_nothing_is_refused():
    with pytest.raises(BaselineError, match=r"unknown check 'P0-NETWORK/ping\.first'"):
        load_text(WHOLE.replace("[P0-NETWORK/ping]", "[P0-NETWORK/ping.first]"), "b.yml")


@pytest.mark.parametrize("prefix", ["cold_start_", "1cold", "cold-start", "cold:start", "_"])
def test_a_prefix_that_makes_no_metric_name_is_refused(prefix):
    with pytest.raises(BaselineError, match="monitor: metric_prefix: "):
        load_text(WHOLE.replace("awoooi_cold_start", prefix), "b.yml")


@pytest.mark.parametrize("every", ["30s", "90s", "1m1s", "0m"])
def test_a_monitor_that_does_not_run_by_the_minute_is_refused(every):
    with pytest.raises(BaselineError, match="monitor: every: "):
        load_text(WHOLE.replace("every: 10m", f"every: {every}"), "b.yml")
