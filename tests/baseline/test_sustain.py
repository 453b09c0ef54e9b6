"""What `for`, `gap`, `trend` and `range` of a check, and `trend` of a condition, become."""

import textwrap

import pytest

from coldstart.baseline.load import load_text
from coldstart.baseline.sustain import Sustain, Trend, Way
from coldstart.engine.program import compile_program
from coldstart.errors import BaselineError

BASELINE = textwrap.dedent(
    """\
    coldstart: 1
    name: sustained
    hosts:
      a: {address: 192.0.2.1}
      b: {address: 192.0.2.2}
    gates:
      G:
        title: gate
        hosts: [a]
        checks:
          - id: load
            claim: load is low
            probe: load_per_core
    """
)
CONDITIONS = textwrap.dedent(
    """\
    releases:
      r:
        title: release
        needs: G
        conditions:
          - {claim: it falls, checks: G/load, trend: falling over 3 checks}
    """
)
RANGE = "{url: 'http://127.0.0.1:9090', via: b, query: 'up{instance=\"{address}:9100\"}', below: 1}"


def check(*keys):
    text = BASELINE + "".join(f"        {key}\n" for key in keys)
    return load_text(text, "x.yml").baseline.gates["G"].checks[0]


def problem(*keys):
    with pytest.raises(BaselineError) as caught:
        check(*keys)
    (only,) = caught.value.problems
    return only


def test_a_check_that_says_nothing_of_its_past_has_none():
    assert None is check().sustain


def test_for_and_gap_are_seconds(parser):
    assert Sustain(hold_for=900.0, gap=240.0) == check("for: 15m", "gap: 4m").sustain


@pytest.mark.parametrize(
    ("written", "trend"),
    [
        ("not rising for 2 checks", Trend(Way.NOT_RISING, 2)),
        ("not rising for 1 check", Trend(Way.NOT_RISING, 1)),
        ("falling over 12 checks", Trend(Way.FALLING, 12)),
        ("'falling   over 2 checks'", Trend(Way.FALLING, 2)),
    ],
)
def test_a_trend_is_read_as_it_is_said(parser, written, trend):
    assert trend == check(f"trend: {written}").sustain.trend


@pytest.mark.parametrize(("via", "place"), [("b", "b"), ("true", "a"), ("false", "operator")])
def test_a_range_is_asked_for_by_the_host_that_it_names(parser, via, place):
    text = BASELINE + f"        range: {RANGE.replace('via: b', f'via: {via}')}\n"
    (task,) = compile_program(load_text(text, "x.yml")).gates[0].tasks
    assert place == task.extra.record.place
    assert "192.0.2.1%3A9100" in task.extra.record.url


def test_a_range_with_the_address_in_its_query_serves_several_hosts():
    assert ("a", "b") == check("hosts: [a, b]", f"range: {RANGE}").hosts


def test_a_condition_may_demand_a_trend():
    (condition,) = load_text(BASELINE + CONDITIONS, "x.yml").baseline.releases["r"].conditions
    assert Trend(Way.FALLING, 3) == condition.trend


def test_a_probe_without_a_number_needs_a_range_for_a_trend():
    tcp = BASELINE.replace("load_per_core", "tcp\n        with: {port: 22}")
    with pytest.raises(BaselineError, match="no one number"):
        load_text(tcp + "        trend: falling over 2 checks\n", "x.yml")
    load_text(tcp + f"        trend: falling over 2 checks\n        range: {RANGE}\n", "x.yml")


def test_an_unknown_host_to_ask_by_is_named():
    assert problem(f"range: {RANGE.replace('via: b', 'via: c')}").endswith("unknown host 'c': name one of a, b")
