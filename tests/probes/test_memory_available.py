"""Properties of the memory_available probe that go beyond the recorded cases."""

import pytest
from hypothesis import given, strategies
from pydantic import ValidationError
from tests.support.cuts import better_when_cut, recorded

from coldstart.engine.judging import conclude
from coldstart.outcome import Conclusion
from coldstart.probes.base import Place, Replies, Target
from coldstart.probes.memory_available import MemoryAvailableProbe
from coldstart.reason import Reason
from coldstart.replies import CommandReply

TARGET = Target(hosts=(Place("188", "192.168.0.188"),))
GIB = 1 << 20  # in kB


def judged(probe, text):
    (read,) = probe.reads(TARGET)
    reply = CommandReply(started=0, ended=1, exit_status=0, stdout=text)
    return conclude(probe, Replies(target=TARGET, now=1, by_read={read: reply}))


def meminfo(total, available):
    return f"MemTotal:       {total} kB\nMemFree:        1 kB\nMemAvailable:   {available} kB\n".encode()


@pytest.mark.parametrize("path", recorded("memory_available"), ids=lambda path: path.stem)
def test_no_truncation_is_better_than_the_whole(path):
    assert [] == better_when_cut(path)


@given(strategies.integers(0, 10**9), strategies.integers(0, 10**9))
def test_met_means_that_at_least_so_much_is_available(total, available):
    outcome = judged(MemoryAvailableProbe(at_least="1GiB"), meminfo(total, available))
    sensible = available <= total and total
    expected = (Conclusion.MET if available >= GIB else Conclusion.UNMET) if sensible else Conclusion.UNOBSERVED
    assert expected is outcome.conclusion


@given(strategies.binary(max_size=200))
def test_noise_is_never_met_and_never_a_crash(noise):
    outcome = judged(MemoryAvailableProbe(), noise)
    assert outcome.conclusion is Conclusion.UNOBSERVED
    assert outcome.reason is not Reason.INTERNAL


@pytest.mark.parametrize(
    "bad", [{"at_least": 0}, {"at_least": "1 gig"}, {"at_least_percent": "0%"}, {"at_least_percent": "101%"}]
)
def test_bad_parameters_are_refused(bad):
    with pytest.raises(ValidationError):
        MemoryAvailableProbe.model_validate(bad)
