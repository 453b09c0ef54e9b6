"""What the corpus cannot say: how far a clock may be off, and which names are the same host."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldstart.engine.judging import conclude
from coldstart.outcome import Conclusion
from coldstart.probes.base import Place, Replies, Target
from coldstart.probes.ssh_login import SshLoginProbe
from coldstart.reason import Reason
from coldstart.replies import CommandReply, LoginReply

TARGET = Target(hosts=(Place("188", "192.168.0.188"),), sudo=True)
LOGIN = LoginReply(
    started=1.0, ended=1.1, user="ollama", address="192.168.0.188", port=22, host_key="SHA256:x", server="OpenSSH"
)


def judged(offset=0.0, round_trip=0.2, answered="h188", login=LOGIN, **params):
    probe = SshLoginProbe(**params)
    texts = (f"{answered}\n", "fd6bbc15-a62f-4b9f-a8d8-0887afa34c18\n", f"{1795457639 + offset:.9f}\n")
    commands = [
        CommandReply(
            started=1795457639 - round_trip / 2, ended=1795457639 + round_trip / 2, exit_status=0, stdout=text.encode()
        )
        for text in texts
    ]
    replies = dict(zip(probe.reads(TARGET), [login, *commands], strict=True))
    return conclude(probe, Replies(target=TARGET, now=2.0, by_read=replies))


@given(st.integers(-100, 100), st.integers(0, 30))
def test_an_offset_is_a_caution_only_beyond_the_limit_and_what_the_round_trip_hides(offset, round_trip):
    outcome = judged(offset, round_trip)
    skewed = abs(offset) > 5 + round_trip / 2
    expected = (Conclusion.CAUTION, Reason.CLOCK_SKEW) if skewed else (Conclusion.MET, Reason.OK)
    assert expected == (outcome.conclusion, outcome.reason)


@pytest.mark.parametrize(
    ("expected", "answered", "same"),
    [
        ("h188", "h188", True),
        ("H188", "h188", True),
        ("h188", "h188.example.lan", True),
        ("h188.example.lan", "h188", True),
        ("h18", "h188", False),
        ("h188", "h18", False),
        ("h188.example.lan", "h188.other.lan", False),
    ],
)
def test_a_short_and_a_full_name_of_one_host_are_the_same(expected, answered, same):
    assert (Conclusion.MET if same else Conclusion.UNMET) is judged(answered=answered, hostname=expected).conclusion


def test_nothing_is_asked_with_sudo():
    assert not any(getattr(read, "sudo", False) for read in SshLoginProbe().reads(TARGET))


def test_offset_round_trip_and_boot_id_are_facts():
    facts = judged(offset=2, round_trip=1).facts
    assert (2.0, 0.5, 1.0, "fd6bbc15-a62f-4b9f-a8d8-0887afa34c18") == tuple(
        facts[key] for key in ("clock_offset", "clock_uncertainty", "round_trip", "boot_id")
    )


KEPT = LOGIN.model_copy(update={"kept_since": 1795457000.25})


def test_a_kept_login_says_since_when_it_is_there_and_claims_no_login_of_now():
    outcome = judged(login=KEPT, hostname="h188")
    assert Conclusion.MET is outcome.conclusion
    assert outcome.observed.startswith(
        "logged in as ollama at 192.168.0.188:22 on h188: connection of 18:03:20Z still open, sshd greets; clock is"
    )
    assert 1795457000.25 == outcome.facts["kept_since"]


def test_a_login_of_now_says_nothing_of_being_kept():
    outcome = judged()
    assert "still open" not in outcome.observed
    assert "kept_since" not in outcome.facts


def test_a_kept_connection_to_another_machine_is_as_wrong_as_a_new_one():
    outcome = judged(login=KEPT, answered="other", hostname="h188")
    assert (Conclusion.UNMET, Reason.WRONG_HOST) == (outcome.conclusion, outcome.reason)
