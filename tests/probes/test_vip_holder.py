"""Who holds the address: every combination of answers."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.support.cuts import better_when_cut, recorded

from coldstart.engine.judging import conclude
from coldstart.outcome import Conclusion
from coldstart.probes.base import Place, Replies, Target
from coldstart.probes.vip_holder import VipHolderProbe
from coldstart.reason import Reason
from coldstart.replies import CommandReply, NoReply

VIP = "192.168.0.125"
LO = {"ifname": "lo", "flags": ["LOOPBACK", "UP"], "addr_info": [{"local": "127.0.0.1", "prefixlen": 8}]}


def link(*addresses, name="eth0", flags=("UP", "LOWER_UP"), **extra):
    return {
        "ifname": name,
        "flags": list(flags),
        "addr_info": [{"local": address, "prefixlen": 24, **extra} for address in addresses],
    }


def answer(links, status=0):
    text = links if isinstance(links, str) else json.dumps(links)
    return CommandReply(started=1.0, ended=1.1, exit_status=status, stdout=text.encode())


HELD, FREE = answer([LO, link("192.168.0.120", VIP)]), answer([LO, link("192.168.0.121")])
LOST = NoReply(started=1.0, ended=1.1, reason=Reason.CONNECTION_LOST, detail="gone")


def judged(*replies, address=VIP, **params):
    target = Target(hosts=tuple(Place(str(120 + at), f"192.168.0.{120 + at}") for at in range(len(replies))))
    probe = VipHolderProbe(address=address, **params)
    by_read = dict(zip(probe.reads(target), replies, strict=True))
    return conclude(probe, Replies(target=target, now=2.0, by_read=by_read))


@given(
    st.lists(
        st.sampled_from([HELD, FREE, LOST, answer("[]"), answer("[{"), answer([LO], status=1)]), min_size=2, max_size=4
    )
)
def test_it_passes_exactly_when_all_answered_and_one_holds_it(replies):
    outcome = judged(*replies)
    held, seen = replies.count(HELD), replies.count(HELD) + replies.count(FREE)
    if held > 1:
        expected = Conclusion.UNMET
    elif seen < len(replies):
        expected = Conclusion.UNOBSERVED
    else:
        expected = Conclusion.MET if held else Conclusion.UNMET
    assert expected is outcome.conclusion
    assert {"hosts": len(replies), "hosts_answered": seen, "holders": held} == outcome.facts


def test_split_brain_is_certain_even_where_a_third_host_is_silent():
    outcome = judged(HELD, LOST, HELD)
    assert (Conclusion.UNMET, Reason.SPLIT_BRAIN) == (outcome.conclusion, outcome.reason)


def test_of_a_host_whose_ssh_port_is_closed_nothing_is_known():
    """A reason that says something about the port must not read as an observation of the address."""
    closed = NoReply(started=1.0, ended=1.1, reason=Reason.PORT_CLOSED, detail="refused")
    outcome = judged(HELD, closed)
    assert Conclusion.UNOBSERVED is outcome.conclusion
    assert not outcome.reason.observed


@pytest.mark.parametrize(
    "near", ["192.168.0.12", "192.168.0.1", "92.168.0.125", "192.168.0.25", "::ffff:192.168.0.125"]
)
def test_another_address_that_looks_like_it_is_not_it(near):
    """`ip addr show | grep 192.168.0.125` also finds 192.168.0.1250 in other output, and ignores the dots."""
    assert Reason.ABSENT is judged(answer([LO, link(near)]), FREE).reason


def test_an_address_of_another_family_is_passed_over():
    strange = {"ifname": "ib0", "flags": ["UP"], "addr_info": [{"local": "80:00:02:08", "prefixlen": 0}]}
    assert Conclusion.MET is judged(answer([LO, strange, link(VIP)]), FREE).conclusion


def test_an_up_interface_counts_before_a_down_one_of_the_same_host():
    both = answer([LO, link(VIP, name="eth1", flags=()), link(VIP)])
    assert Conclusion.MET is judged(both, FREE).conclusion


@pytest.mark.parametrize("flags", [(), ("UP", "NO-CARRIER")])
def test_on_a_dead_interface_it_serves_nobody(flags):
    outcome = judged(answer([LO, link(VIP, flags=flags)]), FREE)
    assert (Conclusion.UNMET, Reason.NOT_RUNNING) == (outcome.conclusion, outcome.reason)


def test_an_address_in_another_spelling_is_the_same():
    assert Conclusion.MET is judged(answer([LO, link("fd00::125")]), FREE, address="FD00:0::0125").conclusion


def test_an_expected_holder_that_is_no_host_of_the_check_is_a_caution():
    assert Conclusion.CAUTION is judged(HELD, FREE, expect_on="999").conclusion


# The lists are long: of the cases that differ only in what is declared, one each.
@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    [path for path in recorded("vip_holder") if path.stem in ("one", "none", "split-brain", "ipv6-dadfailed")],
    ids=lambda path: path.stem,
)
def test_no_truncation_is_better_than_the_whole(path):
    assert [] == better_when_cut(path)


@given(
    st.text(max_size=60) | st.lists(st.none() | st.integers() | st.dictionaries(st.text(), st.none())).map(json.dumps)
)
def test_noise_of_one_host_is_never_good(text):
    outcome = judged(HELD, answer(text))
    assert Conclusion.UNOBSERVED is outcome.conclusion
    assert Reason.INTERNAL is not outcome.reason


@pytest.mark.parametrize(
    "params", [{}, {"address": "vip.local"}, {"address": "192.168.0.125/24"}, {"address": VIP, "mask": 129}]
)
def test_anything_but_an_ip_address_is_refused(params):
    with pytest.raises(ValidationError):
        VipHolderProbe.model_validate(params)
