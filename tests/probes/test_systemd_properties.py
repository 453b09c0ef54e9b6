"""Properties of units: values, patterns, blocks."""

import json
import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.support.cuts import better_when_cut, recorded
from tests.support.effort import examples

from coldstart import shapes
from coldstart.engine.judging import conclude
from coldstart.outcome import Conclusion
from coldstart.probes.base import Place, Replies, Target
from coldstart.probes.systemd_properties import SystemdPropertiesProbe
from coldstart.probes.systemd_values import number, same, span
from coldstart.reason import Reason
from coldstart.replies import CommandReply

TARGET = Target(hosts=(Place("110", "192.168.0.110"),))
STATE = {"LoadState": "loaded", "ActiveState": "active", "SubState": "running", "NeedDaemonReload": "no"}
RUNNER = "actions.runner.r1.service"


def answer(stdout):
    return CommandReply(started=1.0, ended=1.1, exit_status=0, stdout=stdout.encode())


def block(unit, **changes):
    properties = {"Id": unit, "Names": unit, **STATE, **changes}
    return "".join(f"{key}={value}\n" for key, value in properties.items() if value is not None)


def listing(*units):
    return json.dumps([{"unit": unit, "load": "loaded", "active": "active", "sub": "running"} for unit in units])


def judged(blocks, listed=(RUNNER,), units=("actions.runner.*",), **params):
    probe = SystemdPropertiesProbe(units=units, **params)
    answers = [answer("\n".join(blocks)), answer(listing(*listed))]
    return conclude(
        probe, Replies(target=TARGET, now=2.0, by_read=dict(zip(probe.reads(TARGET), answers, strict=False)))
    )


def memory(value, wanted):
    return judged([block(RUNNER, MemoryMax=value)], properties={"MemoryMax": wanted})


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [
        ("0", 0),
        ("2s", 2_000_000),
        ("200ms", 200_000),
        ("1min 30s", 90_000_000),
        ("1.500s", 1_500_000),
        ("1h 2min 3s 4ms 5us", 3_723_004_005),
        ("2w 1d", 1_296_000_000_000),
        ("infinity", math.inf),
        *((text, None) for text in ("", "2", "2 s s", "s", "-1s", "2parsec", "1min30", "[not set]", "1e3s")),
    ],
)
def test_lengths_of_time_are_read_as_systemd_prints_them(text, microseconds):
    assert microseconds == span(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("2147483648", 2 << 30),
        ("2G", 2 << 30),
        ("2GiB", 2 << 30),
        ("1.5K", 1536),
        ("-1000", -1000),
        ("infinity", math.inf),
        ("18446744073709551615", math.inf),
        *((text, None) for text in ("", "2.5", "[not set]", "yes", "2X", "1e9", "--1")),
    ],
)
def test_numbers_and_sizes_are_read_as_systemd_prints_them(text, value):
    assert value == number(text)


@given(st.integers(0, 2**63), st.integers(0, 2**63))
def test_limits_are_exact_to_the_byte(value, limit):
    assert (value <= limit) == (memory(str(value), {"at_most": str(limit)}).conclusion is Conclusion.MET)
    assert (value >= limit) == (memory(str(value), {"at_least": str(limit)}).conclusion is Conclusion.MET)
    assert (value == limit) == (memory(str(value), str(limit)).conclusion is Conclusion.MET)


@pytest.mark.parametrize("value", ["infinity", "18446744073709551615", "[not set]", "", "many"])
def test_no_limit_is_not_within_one(value):
    assert Conclusion.UNMET is memory(value, {"at_most": "2GiB"}).conclusion


@pytest.mark.parametrize(
    ("name", "value", "expected", "equal"),
    [
        ("TimeoutStartUSec", "1min 30s", "90s", True),
        ("WatchdogUSec", "infinity", "0", False),
        ("MemoryMax", "2147483648", "2GiB", True),
        ("Restart", "on-failure", "on-failure", True),
        ("Delegate", "yes", "no", False),
        ("Nice", "-5", "-5", True),
        ("TasksMax", "4915", "4916", False),
    ],
)
def test_values_are_compared_by_what_they_mean(name, value, expected, equal):
    assert equal == same(name, value, expected)


def test_all_conditions_that_are_given_must_hold():
    wanted = {"one_of": ["1G", "2G"], "at_most": "1G"}
    assert Conclusion.MET is memory(str(1 << 30), wanted).conclusion
    assert Conclusion.UNMET is memory(str(2 << 30), wanted).conclusion
    assert Conclusion.UNMET is memory(str(1 << 29), wanted).conclusion


@settings(max_examples=examples(30))
@given(
    st.lists(st.from_regex(r"[A-Za-z][A-Za-z0-9:_.@\\\\*?-]{0,9}", fullmatch=True), min_size=1, max_size=4),
    st.dictionaries(st.from_regex(r"[A-Z][A-Za-z]{0,9}", fullmatch=True), st.just("0"), min_size=1, max_size=4),
)
def test_every_read_is_allowed_whatever_its_parameters(units, properties):
    try:
        probe = SystemdPropertiesProbe(units=units, properties=properties)
    except ValidationError:
        assume(False)  # noqa: FBT003 - hypothesis's way to say "not an example"
    assert [] == [read.argv for read in probe.reads(TARGET) if not shapes.allowed(read.argv)]


@pytest.mark.parametrize("path", recorded("systemd_properties"), ids=lambda path: path.stem)
def test_no_truncation_is_better_than_the_whole(path):
    assert [] == better_when_cut(path)


@given(st.text(max_size=200), st.booleans())
def test_noise_is_never_good(text, named):
    units = (RUNNER,) if named else ("actions.runner.*",)
    outcome = judged([text], listed=(), units=units, properties={"MemoryMax": "2G"})
    assert Conclusion.MET is not outcome.conclusion
    assert Reason.INTERNAL is not outcome.reason
    assert outcome.expected


@pytest.mark.parametrize(
    ("blocks", "listed"),
    [
        ([block(RUNNER, MemoryMax="1")], ()),
        ([block(RUNNER, MemoryMax="1")], (RUNNER, "actions.runner.r2.service")),
        ([block("docker.service", MemoryMax="1")], ("docker.service",)),
        ([block(RUNNER, MemoryMax="1", NeedDaemonReload=None)], (RUNNER,)),
        ([block(RUNNER, MemoryMax="1")] * 2, (RUNNER,)),
        ([block(RUNNER, MemoryMax="1")[:-1]], (RUNNER,)),
    ],
)
def test_blocks_and_list_must_be_about_the_same_units(blocks, listed):
    outcome = judged(blocks, listed, properties={"MemoryMax": "1"})
    assert (Conclusion.UNOBSERVED, Reason.UNPARSABLE) == (outcome.conclusion, outcome.reason)


def test_a_vanished_unit_that_does_not_run_is_not_counted_and_one_that_runs_is():
    gone = "actions.runner.old.service"
    for active, conclusion in (("inactive", Conclusion.MET), ("active", Conclusion.UNMET)):
        blocks = [block(RUNNER, MemoryMax="1"), block(gone, LoadState="not-found", ActiveState=active, MemoryMax="2")]
        outcome = judged(blocks, (RUNNER, gone), properties={"MemoryMax": "1"})
        assert conclusion is outcome.conclusion
        assert 1 == outcome.facts["units"]


@pytest.mark.parametrize(
    "params",
    [
        {"units": [], "properties": {"MemoryMax": "1"}},
        {"units": ["*"], "properties": {"MemoryMax": "1"}},
        {"units": ["*.*"], "properties": {"MemoryMax": "1"}},
        {"units": ["x@"], "properties": {"MemoryMax": "1"}},
        {"units": ["a", "a.service"], "properties": {"MemoryMax": "1"}},
        {"units": ["a"], "properties": {}},
        {"units": ["a"], "properties": {"MemoryMax": {}}},
        {"units": ["a"], "properties": {"MemoryMax": {"at_most": "lots"}}},
        {"units": ["a"], "properties": {"WatchdogUSec": "2"}},
        {"units": ["a"], "properties": {"WatchdogUSec": {"at_most": "2G"}}},
        {"units": ["a"], "properties": {"Environment": "x"}},
        {"units": ["a"], "properties": {"ExecStartPre": "x"}},
        {"units": ["a"], "properties": {"Id": "x"}},
        {"units": ["a"], "properties": {"Memory Max": "x"}},
        {"units": ["a"], "properties": {"MemoryMax": "1"}, "min_units": 0},
    ],
)
def test_what_could_not_be_judged_or_should_not_be_asked_is_refused(params):
    with pytest.raises(ValidationError):
        SystemdPropertiesProbe.model_validate(params)


@pytest.mark.parametrize(
    ("states", "active"),
    [
        (("inactive", "failed"), 0),
        (("active", "inactive"), 1),
        (("activating", "reloading"), 2),
        (("deactivating", "maintenance"), 1),
    ],
)
def test_it_counts_how_many_of_its_units_are_active_and_names_them(states, active):
    units = [f"actions.runner.r{at}.service" for at in range(len(states))]
    blocks = [block(unit, ActiveState=state, MemoryMax="1") for unit, state in zip(units, states, strict=True)]
    facts = judged(blocks, units, properties={"MemoryMax": "1"}).facts
    assert active == facts["active_units"]
    runs = [
        unit for unit, state in zip(units, states, strict=True) if state not in ("inactive", "failed", "maintenance")
    ]
    assert ", ".join(runs) == facts["active_names"]


def test_the_names_of_active_units_are_made_visible():
    unit = "actions.runner.\x1b[2J\u202e.service"
    facts = judged([block(unit, MemoryMax="1")], (unit,), properties={"MemoryMax": "1"}).facts
    assert (1, "actions.runner.\\x1b[2J\\u202e.service") == (facts["active_units"], facts["active_names"])
