"""The clock of a host: limits, and what is not observed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.support.cuts import better_when_cut, recorded

from coldstart import shapes
from coldstart.engine.judging import conclude
from coldstart.outcome import Conclusion
from coldstart.probes.base import Place, Replies, Target
from coldstart.probes.clock import ClockProbe
from coldstart.probes.host_clock import HostClock
from coldstart.reason import Reason
from coldstart.replies import CommandReply, NoReply

NOW = 1_795_460_000.0
TARGET = Target(hosts=(Place(name="188", address="192.168.0.188"),), sudo=True)
SYNCED = CommandReply(started=NOW, ended=NOW, exit_status=0, stdout=b"NTPSynchronized=yes\nNTP=no\n")


def judged(probe, offset=0.0, round_trip=0.0, sync=SYNCED):
    date = CommandReply(
        started=NOW - round_trip / 2, ended=NOW + round_trip / 2, exit_status=0, stdout=b"%.9f\n" % (NOW + offset)
    )
    by_read = dict(zip(probe.reads(TARGET), (date, sync), strict=True))
    return conclude(probe, Replies(target=TARGET, now=NOW, by_read=by_read))


@pytest.mark.parametrize("path", recorded("clock"), ids=lambda path: path.stem)
def test_no_cut_reply_is_judged_better(path):
    assert [] == better_when_cut(path)


@pytest.mark.parametrize(
    ("offset", "round_trip", "expected"),
    [
        (0.0, 0.0, (Conclusion.MET, Reason.OK)),
        (-5.0, 0.0, (Conclusion.MET, Reason.OK)),
        (5.1, 0.0, (Conclusion.CAUTION, Reason.CLOCK_SKEW)),
        (-5.1, 0.0, (Conclusion.CAUTION, Reason.CLOCK_SKEW)),
        (5.1, 1.0, (Conclusion.MET, Reason.OK)),
        (0.0, 11.0, (Conclusion.UNOBSERVED, Reason.CLOCK)),
        (60.0, 11.0, (Conclusion.CAUTION, Reason.CLOCK_SKEW)),
    ],
)
def test_the_offset_is_judged_within_what_the_round_trip_can_tell(offset, round_trip, expected):
    outcome = judged(ClockProbe(), offset, round_trip)
    assert expected == (outcome.conclusion, outcome.reason)


def test_the_kernels_flag_counts_whoever_sets_it():
    """chrony sets it where timedated knows of no NTP service that is switched on."""
    assert Conclusion.MET is judged(ClockProbe(required=True)).conclusion


def test_without_a_word_on_ntp_the_clock_is_not_observed():
    lost = NoReply(started=NOW, ended=NOW, reason=Reason.TOOL_MISSING, detail="timedatectl")
    outcome = judged(ClockProbe(), sync=lost)
    assert (Conclusion.UNOBSERVED, Reason.TOOL_MISSING) == (outcome.conclusion, outcome.reason)
    assert "in sync, and within 5 s of this machine's clock" == outcome.expected


@given(st.binary(max_size=60))
def test_noise_is_never_a_clock_in_sync(noise):
    reply = CommandReply(started=NOW, ended=NOW, exit_status=0, stdout=noise)
    assert judged(ClockProbe(), sync=reply).conclusion is not Conclusion.MET or noise == SYNCED.stdout


@pytest.mark.parametrize("words", [("set-ntp", "true"), ("set-time", "now"), ("show",), ("show", "--property=NTP")])
def test_nothing_else_of_timedatectl_is_allowed(words):
    assert not shapes.allowed(("timedatectl", *words))


def test_neither_command_is_sent_with_sudo():
    assert [False, False] == [read.sudo for read in ClockProbe().reads(TARGET)]


@pytest.mark.parametrize("fields", [{"max_clock_offset": "0s"}, {"required": "perhaps"}, {"max_offset": "1s"}])
def test_parameters_that_make_no_sense_are_refused(fields):
    with pytest.raises(ValidationError):
        ClockProbe.model_validate(fields)


def test_what_the_clock_said_early_in_a_run_is_not_the_time_of_what_is_looked_at_later():
    """A file that cron wrote meanwhile is not from the future: in a slow run the date is half a minute old."""
    said = HostClock(now=1000.0, offset=0.5, uncertainty=0.01)
    assert 1030.5 == said.at(1030.0).now
    assert 1000.0 == said.at(990.0).now
    assert said.at(1030.0).offset == said.offset
