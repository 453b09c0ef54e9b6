"""Properties of the neighbour probe that go beyond the recorded cases."""

import json

import pytest
from hypothesis import given, strategies
from tests.support.cuts import better_when_cut, recorded

from coldstart.engine.judging import conclude
from coldstart.outcome import Conclusion
from coldstart.probes.base import Place, Replies, Target
from coldstart.probes.neighbour import NeighbourProbe
from coldstart.reason import Reason
from coldstart.replies import NeighbourReply

ADDRESS = "192.168.0.188"
TARGET = Target(hosts=(Place("188", ADDRESS),))
ROUTE = {"dst": ADDRESS, "dev": "eth0", "prefsrc": "192.168.0.112", "flags": [], "uid": 0, "cache": []}
ENTRY = {"dst": ADDRESS, "dev": "eth0", "lladdr": "6a:ed:fe:63:ad:95", "state": ["REACHABLE"]}


def judged(route, entry, *, answered=True):
    probe = NeighbourProbe()
    (read,) = probe.reads(TARGET)
    reply = NeighbourReply(
        started=0, ended=1, route=json.dumps(route).encode(), entry=json.dumps(entry).encode(), answered=answered
    )
    return conclude(probe, Replies(target=TARGET, now=1, by_read={read: reply}))


def test_the_cases_below_start_from_a_good_one():
    assert judged([ROUTE], [ENTRY]).conclusion is Conclusion.MET


@pytest.mark.parametrize("path", recorded("neighbour"), ids=lambda path: path.stem)
def test_no_truncation_is_better_than_the_whole(path):
    assert [] == better_when_cut(path)


@pytest.mark.parametrize(
    ("route", "entry"),
    [
        ([], [ENTRY]),
        ([ROUTE, ROUTE], [ENTRY]),
        ([{**ROUTE, "dst": "192.168.0.110"}], [ENTRY]),
        ([{**ROUTE, "dev": ""}], [ENTRY]),
        ([{**ROUTE, "type": "blackhole"}], [ENTRY]),
        ([{**ROUTE, "type": ["local"]}], [ENTRY]),
        (ROUTE, [ENTRY]),
        ([ROUTE], ENTRY),
        ([ROUTE], None),
        ([ROUTE], [ENTRY, ENTRY]),
        ([ROUTE], [{**ENTRY, "state": []}]),
        ([ROUTE], [{**ENTRY, "state": ["REACHABLE", "FAILED"]}]),
        ([ROUTE], [{**ENTRY, "state": "REACHABLE"}]),
        ([ROUTE], [{**ENTRY, "state": ["reachable"]}]),
        ([ROUTE], [{**ENTRY, "lladdr": "192.168.0.1"}]),
        ([ROUTE], [{**ENTRY, "lladdr": None}]),
    ],
)
def test_what_ip_does_not_print_is_not_observed(route, entry):
    outcome = judged(route, entry)
    assert outcome.conclusion is Conclusion.UNOBSERVED
    assert outcome.reason is not Reason.INTERNAL


@given(
    strategies.recursive(
        strategies.none() | strategies.booleans() | strategies.integers() | strategies.text(max_size=5),
        lambda inner: (
            strategies.lists(inner, max_size=3)
            | strategies.dictionaries(
                strategies.sampled_from(["dst", "dev", "lladdr", "state", "via", "gateway"]), inner, max_size=4
            )
        ),
        max_leaves=8,
    ),
    strategies.booleans(),
)
def test_any_json_is_judged_without_a_crash_and_never_met(entry, answered):
    assert Reason.INTERNAL is not judged([ROUTE], entry, answered=answered).reason
    assert Conclusion.MET is not judged(entry, [ENTRY], answered=answered).conclusion
    assert Reason.INTERNAL is not judged([{**ROUTE, "via": entry}], [], answered=answered).reason
