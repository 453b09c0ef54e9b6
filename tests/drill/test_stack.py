"""Causes lead to effects: what the model of the stack does when something happens to it."""

import pytest
from tests.drill.recorded import settled

from coldstart.drill.inventory import HOSTS, PARTS
from coldstart.drill.scenario import Event
from coldstart.drill.stack import Stack
from coldstart.drill.state import Phase

ON = dict.fromkeys(HOSTS, "on")


def cold(*events, until=0.0, seed=0):
    stack = Stack(seed=seed)
    stack.begin_cold(600)
    for event in (Event(at=0, say="power", power=ON), *events):
        stack.advance(event.at)
        stack.apply(event)
    stack.advance(until)
    return stack


def phases(stack, *names):
    return [stack.parts[name].phase for name in names]


def test_each_part_comes_after_what_it_waits_for():
    seen = set()
    for name, spec in PARTS.items():
        assert set(spec.needs) | set(spec.to_start) <= seen, name
        seen.add(name)


def test_before_the_power_is_back_there_is_nothing():
    stack = Stack()
    stack.begin_cold(600)
    assert {False} == {stack.pings(name) or stack.listens(name) for name in HOSTS}
    assert () == stack.vip_holders()
    assert {Phase.OFF} == {part.phase for part in stack.parts.values()}


def test_a_cold_start_ends_with_everything_up():
    stack = cold(until=400)
    assert {Phase.UP} == {part.phase for part in stack.parts.values()}
    assert ("120",) == stack.vip_holders()


def test_k3s_waits_for_its_datastore_and_restarts_meanwhile():
    stack = cold(Event(at=0, say="", parts={"188/postgresql": "damaged"}), until=300)
    k3s = stack.parts["120/k3s"]
    assert (Phase.WAITING, ("188/postgresql",)) == (k3s.phase, k3s.lacks)
    assert 9 <= k3s.restarts <= 11
    assert Phase.BROKEN is stack.parts["188/postgresql"].phase
    assert [Phase.WAITING] * 3 == phases(stack, "121/k3s-agent", "k8s/node-120", "k8s/awoooi-api")


def test_a_pod_needs_harbor_to_be_made_and_not_to_go_on():
    stack = cold(Event(at=0, say="", parts={"110/harbor": "failing"}), until=400)
    assert ("110/harbor",) == stack.parts["k8s/awoooi-api"].lacks
    later = settled(Event(at=0, say="", parts={"110/harbor": "failing"}))
    later.advance(120)
    assert stack.parts["k8s/awoooi-api"].phase is Phase.WAITING
    assert later.up("k8s/awoooi-api")


def test_what_was_gone_comes_back_with_those_who_waited_for_it():
    stack = settled(Event(at=0, say="", parts={"188/redis": "stopped"}))
    stack.advance(60)
    assert [Phase.BROKEN, Phase.WAITING] == phases(stack, "188/redis", "k8s/awoooi-api")
    stack.apply(Event(at=60, say="", parts={"188/redis": "well"}))
    stack.advance(300)
    assert stack.up("k8s/webhook")
    assert stack.parts["k8s/awoooi-api"].restarts >= 1


def test_a_host_that_loses_its_power_is_another_boot_afterwards():
    stack = settled(Event(at=10, say="", power={"120": "off"}), Event(at=60, say="", power={"120": "on"}))
    before, after = stack.hosts["120"].boots[-2:]
    assert (10.0, 60.0, None) == (before.ended, after.at, after.ended)
    assert before.id != after.id
    stack.advance(61)
    assert 0 == stack.parts["120/k3s"].restarts


def test_the_other_host_takes_the_vip():
    stack = settled(Event(at=0, say="", power={"120": "off"}))
    stack.advance(5)
    assert ("121",) == stack.vip_holders()
    assert "121" == stack.vip_leads_to()


def test_two_that_do_not_hear_each_other_both_take_it():
    assert ("120", "121") == settled(Event(at=0, say="", facts={"vrrp_heard": "false"})).vip_holders()


def test_a_cut_cable_takes_from_others_what_the_host_has():
    stack = settled(Event(at=0, say="", cable={"188": "out"}))
    stack.advance(5)
    assert stack.up("188/postgresql")
    assert not stack.serves("188/postgresql", "120")
    assert not stack.pings("188")
    assert Phase.WAITING is stack.parts["120/k3s"].phase


def test_load_is_high_after_a_boot_and_falls():
    early, late = cold(until=120), cold(until=1200)
    for name in HOSTS:
        cores = HOSTS[name].cores
        assert early.hosts[name].load[0] / cores > 1.0
        assert late.hosts[name].load[2] / cores < 0.5


def test_load_of_a_scenario_is_on_top():
    stack = settled(Event(at=0, say="", load={"188": 2.0}))
    stack.advance(1800)
    assert stack.hosts["188"].load[2] / HOSTS["188"].cores > 1.5


def test_a_seed_changes_when_things_happen_and_the_same_seed_does_not():
    def moments(seed):
        return [(change.at, change.part) for change in cold(until=400, seed=seed).history]

    assert moments(0) == moments(0)
    assert moments(7) == moments(7)
    assert moments(7) != moments(0)
    assert {Phase.UP} == {part.phase for part in cold(until=500, seed=7).parts.values()}


def test_nobody_asks_a_host_without_power_how_long_it_is_up():
    stack = Stack()
    stack.begin_cold(600)
    with pytest.raises(ValueError, match="no power"):
        stack.uptime("110")
