"""Properties of the ping probe that go beyond the recorded cases."""

import pytest
from hypothesis import given, strategies
from pydantic import ValidationError
from tests.support.cuts import better_when_cut, recorded

from coldstart.engine.judging import conclude
from coldstart.outcome import Conclusion
from coldstart.probes.base import Place, Replies, Target
from coldstart.probes.ping import PingProbe
from coldstart.reason import Reason
from coldstart.replies import PingReply

TARGET = Target(hosts=(Place("110", "192.168.0.110"),), timeout=10)


def judged(probe, stdout, exit_status=0):
    (read,) = probe.reads(TARGET)
    reply = PingReply(started=0, ended=1, exit_status=exit_status, stdout=stdout)
    return conclude(probe, Replies(target=TARGET, now=1, by_read={read: reply}))


@pytest.mark.parametrize("path", recorded("ping"), ids=lambda path: path.stem)
def test_no_truncation_is_better_than_the_whole(path):
    assert [] == better_when_cut(path)


@given(strategies.binary(max_size=400), strategies.integers(-1, 255))
def test_noise_is_never_met_and_never_a_crash(noise, exit_status):
    outcome = judged(PingProbe(), noise, exit_status)
    assert outcome.conclusion is Conclusion.UNOBSERVED
    assert outcome.reason is not Reason.INTERNAL


@pytest.mark.parametrize(
    "summary",
    [
        "2 packets transmitted, 3 received, 0% packet loss, time 1ms",
        "0 packets transmitted, 0 received, 0% packet loss, time 0ms",
        "1 packets transmitted, 1 received, 0% packet loss, time 0ms",
        "2 packets transmitted, 2 received, 50% packet loss, time 1ms",
        "2 packets transmitted, 2 received, 100% packet loss, time 1ms",
        "-2 packets transmitted, 2 received, 0% packet loss, time 1ms",
        "2 packets transmitted, 0 received, 100% packet loss, time 1ms",
    ],
)
def test_a_summary_that_cannot_be_true_is_not_believed(summary):
    text = f"{summary}\nrtt min/avg/max/mdev = 0.047/0.254/0.462/0.207 ms\n"
    outcome = judged(PingProbe(), text.encode())
    assert (Conclusion.UNOBSERVED, Reason.UNPARSABLE) == (outcome.conclusion, outcome.reason)


def test_the_time_allowed_covers_every_wait():
    probe = PingProbe(count=10, wait=30)
    (read,) = probe.reads(TARGET)
    assert read.timeout > 10 * 30


def test_a_longer_timeout_of_the_check_holds():
    (read,) = PingProbe().reads(Target(hosts=TARGET.hosts, timeout=60))
    assert read.timeout == 60


@pytest.mark.parametrize("bad", [{"count": 0}, {"count": 11}, {"wait": 0}, {"wait": "2s"}, {"address": "-f"}])
def test_bad_parameters_are_refused(bad):
    with pytest.raises(ValidationError):
        PingProbe.model_validate(bad)


def test_scalars_of_a_baseline_are_strings():
    assert PingProbe(count=3, wait=1) == PingProbe.model_validate({"count": "3", "wait": "1"})
