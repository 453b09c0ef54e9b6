"""Properties of the load_per_core probe that go beyond the recorded cases."""

import pytest
from hypothesis import given, strategies
from pydantic import ValidationError
from tests.support.cuts import better_when_cut, recorded

from coldstart.engine.judging import conclude
from coldstart.outcome import Conclusion
from coldstart.probes.base import Place, Replies, Target
from coldstart.probes.load_per_core import LoadPerCoreProbe
from coldstart.reason import Reason
from coldstart.replies import CommandReply

TARGET = Target(hosts=(Place("110", "192.168.0.110"),))


def judged(probe, *outputs):
    by_read = {
        read: CommandReply(started=0, ended=1, exit_status=0, stdout=text)
        for read, text in zip(probe.reads(TARGET), outputs, strict=True)
    }
    return conclude(probe, Replies(target=TARGET, now=1, by_read=by_read))


@pytest.mark.parametrize("path", recorded("load_per_core"), ids=lambda path: path.stem)
def test_no_truncation_is_better_than_the_whole(path):
    assert [] == better_when_cut(path)


@given(
    strategies.floats(0, 5000),
    strategies.integers(1, 512),
    strategies.floats(0, 10**8),
    strategies.floats(0.01, 100),
    strategies.sampled_from(["1m", "5m", "15m"]),
)
def test_met_means_below_the_limit_for_the_whole_window(load, cores, uptime, below, window):
    probe = LoadPerCoreProbe(below=below, window=window)
    outcome = judged(
        probe,
        f"{load:.2f} {load:.2f} {load:.2f} 3/266 7071\n".encode(),
        f"{uptime:.2f} 1.00\n".encode(),
        b"%d\n" % cores,
    )
    low = float(f"{load:.2f}") / cores < below
    long = float(f"{uptime:.2f}") >= 60 * int(window[:-1])
    expected = Conclusion.UNMET if not low else Conclusion.MET if long else Conclusion.UNOBSERVED
    assert expected is outcome.conclusion


@given(strategies.binary(max_size=60), strategies.binary(max_size=60), strategies.binary(max_size=20))
def test_noise_is_never_met_and_never_a_crash(load, uptime, cores):
    outcome = judged(LoadPerCoreProbe(), load, uptime, cores)
    assert outcome.conclusion is Conclusion.UNOBSERVED
    assert outcome.reason is not Reason.INTERNAL


@pytest.mark.parametrize("bad", [{"below": "nan"}, {"below": "inf"}, {"below": 0}, {"below": "-1"}, {"window": "10m"}])
def test_bad_parameters_are_refused(bad):
    with pytest.raises(ValidationError):
        LoadPerCoreProbe.model_validate(bad)


def test_scalars_of_a_baseline_are_strings():
    assert LoadPerCoreProbe(below=0.8) == LoadPerCoreProbe.model_validate({"below": "0.8", "window": "15m"})
