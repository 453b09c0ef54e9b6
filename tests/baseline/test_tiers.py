"""Protection tiers of checks, groups and the alert test, and what a release names as active."""

import pytest

from coldstart.baseline.load import load_text
from coldstart.errors import BaselineError

from .conftest import WHOLE

TIERED = (
    WHOLE.replace("claim: answers ping", "claim: answers ping\n        tier: AUTO")
    .replace("claim: one of them", "tier: BLOCK\n        claim: one of them")
    .replace("        timeout: 3s\n        severity: blocked", "        tier: AUTO\n        severity: blocked")
)


def test_a_check_a_group_its_alternatives_and_the_alert_test_have_the_tier_that_is_written():
    baseline = load_text(TIERED, "b.yml").baseline
    ping, either = baseline.gates["P0-NETWORK"].checks
    assert ("AUTO", "BLOCK", "AUTO") == (ping.tier, either.tier, baseline.alert_test.tier)
    assert {"BLOCK"} == {member.tier for member in either.any_of}
    assert {""} == {check.tier for check in baseline.gates["P1-K3S"].checks}


def test_where_a_baseline_declares_no_tiers_those_of_the_sop_are_known():
    text = TIERED[: TIERED.index("freeze:")].replace("tier: AUTO", "tier: CRITICAL_HITL")
    assert "CRITICAL_HITL" == load_text(text, "b.yml").baseline.gates["P0-NETWORK"].checks[0].tier
    with pytest.raises(BaselineError, match=r"b\.yml:\d+:\d+: unknown tier 'CRITICAL'"):
        load_text(text.replace("CRITICAL_HITL", "CRITICAL"), "b.yml")


def test_a_release_keeps_the_check_that_counts_what_is_active():
    text = WHOLE.replace("title: runners and CD", "title: runners and CD\n    active: P0-NETWORK/either.first")
    releases = load_text(text, "b.yml").baseline.releases
    assert ("P0-NETWORK/either.first", "") == (releases["runners"].active, releases["exporters"].active)


def test_every_stateful_service_of_the_shipped_baseline_is_protected_as_the_sop_says():
    from coldstart.cli.baseline import load  # noqa: PLC0415 - only here

    found = {f"{check.gate}/{check.id}": check.tier for check in load(None, (), ()).baseline.checks()}
    data, registry, schedules = "P0-188-DATA", "P0-110-REGISTRY-OBSERVABILITY", "P2-SCHEDULES"
    expected = {
        "BLOCK": (f"{data}/postgresql", f"{data}/postgresql-wal", f"{registry}/harbor", f"{registry}/sentry"),
        "CRITICAL_HITL": (f"{data}/redis", f"{data}/signoz-clickhouse", f"{schedules}/lag", f"{schedules}/merges"),
        "STANDARD_HITL": ("P2-WORKLOAD-ALERTCHAIN/api", "P2-WORKLOAD-ALERTCHAIN/web", f"{data}/ai-proxy"),
        "AUTO": (f"{schedules}/exporters",),
    }
    assert {name: tier for tier, names in expected.items() for name in names} == {
        name: found[name] for names in expected.values() for name in names
    }
