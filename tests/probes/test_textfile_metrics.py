"""Textfile metrics: what the recorded cases cannot say one by one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.support.cuts import better_when_cut, recorded
from tests.support.effort import examples

from coldstart import shapes
from coldstart.engine.judging import conclude
from coldstart.outcome import Conclusion
from coldstart.probes.base import Place, Replies, Target
from coldstart.probes.bounds import Bounds
from coldstart.probes.textfile_metrics import TextfileMetricsProbe
from coldstart.reason import Reason
from coldstart.replies import CommandReply, NoReply

NOW = 1_795_460_000.0
TARGET = Target(hosts=(Place(name="188", address="192.168.0.188"),))
PATH = "/home/ollama/node_exporter_textfiles/backup_110.prom"
FRESH = {"path": PATH, "fresh_within": "1h"}


def answer(stdout="", status=0, stderr=""):
    return CommandReply(started=NOW, ended=NOW, exit_status=status, stdout=stdout.encode(), stderr=stderr.encode())


def judged(probe, text, *, written=NOW - 60, now=NOW, sync="NTPSynchronized=yes\nNTP=yes\n", size=None):
    """Judge a file with that text, on a host with that clock."""
    size = len(text.encode()) if size is None else size
    answers = (
        answer(f"{now:.9f}\n"),
        sync if isinstance(sync, NoReply) else answer(sync),
        answer(f"{int(written)} {size} 81a4 {PATH}\n"),
        answer(text),
    )
    by_read = dict(zip(probe.reads(TARGET), answers, strict=True))
    return conclude(probe, Replies(target=TARGET, now=NOW, by_read=by_read))


def conclusion(outcome):
    return outcome.conclusion, outcome.reason


CUT = {"fresh-backup", "fresh-files", "not-in-sync", "failed-files", "one-stale", "optional-metric"}


@pytest.mark.parametrize(
    "path", [path for path in recorded("textfile_metrics") if path.stem in CUT], ids=lambda path: path.stem
)
def test_no_cut_reply_is_judged_better(path):
    assert [] == better_when_cut(path)


@settings(max_examples=examples(60))
@given(st.binary(max_size=80))
def test_noise_is_never_a_fresh_metric(noise):
    probe = TextfileMetricsProbe(**FRESH, metrics=[{"name": "backup_ok", "equals": 1}])
    answers = [CommandReply(started=NOW, ended=NOW, exit_status=0, stdout=noise)] * 4
    outcome = conclude(
        probe, Replies(target=TARGET, now=NOW, by_read=dict(zip(probe.reads(TARGET), answers, strict=True)))
    )
    assert outcome.conclusion is not Conclusion.MET


@settings(max_examples=examples(60))
@given(
    st.lists(st.from_regex(r"[a-z]{1,9}\.prom", fullmatch=True), min_size=1, max_size=3, unique=True),
    st.from_regex(r"/[a-z/]{1,12}", fullmatch=True),
    st.booleans(),
)
def test_every_read_is_an_allowed_command_without_sudo(names, directory, sudo):
    if "//" in f"{directory}/" and not directory.endswith("/"):
        directory = "/srv"
    probe = TextfileMetricsProbe(directory=directory, files=names, fresh_within="1h")
    reads = probe.reads(Target(hosts=TARGET.hosts, sudo=sudo))
    assert [] == [read.argv for read in reads if read.sudo or not shapes.allowed(read.argv)]


@pytest.mark.parametrize("path", ["/etc/shadow", "/proc/1/x.prom", "/srv/.x.prom", "/srv/../x.prom", "/srv/x.prom.key"])
def test_no_other_file_can_be_asked_for(path):
    assert not shapes.allowed(("stat", "--dereference", f"--format={shapes.PROM_STAT_FORMAT}", path))
    with pytest.raises(ValidationError):
        TextfileMetricsProbe(path=path, fresh_within="1h")


def test_a_file_just_within_the_limit_is_fresh_and_just_beyond_is_stale():
    probe = TextfileMetricsProbe(**FRESH)
    assert (Conclusion.MET, Reason.OK) == conclusion(judged(probe, "a 1\n", written=NOW - 3600))
    assert (Conclusion.UNMET, Reason.STALE) == conclusion(judged(probe, "a 1\n", written=NOW - 3601))


def test_a_file_that_was_written_between_two_readings_of_the_clock_is_fresh():
    assert Conclusion.MET is judged(TextfileMetricsProbe(**FRESH), "a 1\n", written=NOW + 3).conclusion


def test_ages_are_those_of_the_hosts_own_clock():
    """A host three seconds ahead of us is within the limit, and its files are aged by what it says."""
    probe = TextfileMetricsProbe(**FRESH)
    assert 10.0 == judged(probe, "a 1\n", now=NOW + 3, written=NOW - 7).facts["backup_110.prom age"]


def test_a_stale_file_is_bad_whatever_stands_in_it():
    probe = TextfileMetricsProbe(**FRESH, metrics=[{"name": "a", "equals": 1}])
    assert Reason.STALE is judged(probe, "rubbish", written=NOW - 86400).reason


def test_every_series_with_the_labels_must_be_as_required():
    probe = TextfileMetricsProbe(**FRESH, metrics=[{"name": "a", "labels": {"x": "1"}, "at_least": 1}])
    text = 'a{x="1",y="1"} 1\na{x="1",y="2"} 0\na{x="2"} 0\n'
    outcome = judged(probe, text)
    assert (Conclusion.UNMET, Reason.WRONG_VALUE) == conclusion(outcome)
    assert 'a{x="1",y="2"}: is 0, not at least 1' == outcome.observed


def test_an_observed_bad_value_is_told_before_one_that_is_missing():
    probe = TextfileMetricsProbe(**FRESH, metrics=[{"name": "gone"}, {"name": "a", "at_most": 0}])
    assert (Conclusion.UNMET, Reason.WRONG_VALUE) == conclusion(judged(probe, "a 5\n"))


def test_a_time_in_milliseconds_is_in_the_future():
    probe = TextfileMetricsProbe(**FRESH, metrics=[{"name": "a", "age_within": "1h"}])
    assert (Conclusion.UNOBSERVED, Reason.CLOCK) == conclusion(judged(probe, f"a {NOW * 1000}\n"))
    assert (Conclusion.UNOBSERVED, Reason.CLOCK) == conclusion(judged(probe, "a +Inf\n"))


@pytest.mark.parametrize("reason", [Reason.REMOTE_TIMEOUT, Reason.CONNECTION_LOST])
def test_a_lost_word_on_ntp_is_a_caution(reason):
    lost = NoReply(started=NOW, ended=NOW, reason=reason, detail="gone")
    outcome = judged(TextfileMetricsProbe(**FRESH), "a 1\n", sync=lost)
    assert (Conclusion.CAUTION, Reason.CLOCK_NOT_SYNCED) == conclusion(outcome)


def test_a_host_without_timedatectl_is_judged_by_the_comparison_with_our_clock():
    missing = NoReply(started=NOW, ended=NOW, reason=Reason.TOOL_MISSING, detail="timedatectl")
    assert Conclusion.MET is judged(TextfileMetricsProbe(**FRESH), "a 1\n", sync=missing).conclusion


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"path": PATH},
        {"fresh_within": "1h"},
        {**FRESH, "path": "/srv/x.txt"},
        {**FRESH, "directory": "/srv", "files": ["a.prom"]},
        {**FRESH, "files": ["a.prom"]},
        {"directory": "/srv", "fresh_within": "1h"},
        {"directory": "/srv", "files": ["a.txt"], "fresh_within": "1h"},
        {"directory": "/srv", "files": ["../a.prom"], "fresh_within": "1h"},
        {"directory": "/srv", "files": ["a.prom", {"name": "a.prom"}], "fresh_within": "1h"},
        {"directory": "/srv", "files": ["a.prom"], "fresh_within": "1h", "metrics": [{"name": "a"}]},
        {**FRESH, "metrics": [{"name": "a-b"}]},
        {**FRESH, "metrics": [{"name": "a", "labels": {"__x": "1"}}]},
        {**FRESH, "metrics": [{"name": "a", "age_within": "1h", "at_least": 1}]},
        {**FRESH, "metrics": [{"name": "a", "at_least": 2, "at_most": 1}]},
        {**FRESH, "metrics": [{"name": "a", "equals": 2, "at_most": 1}]},
        {**FRESH, "metrics": [{"name": "a", "equals": "nan"}]},
        {**FRESH, "fresh_within": "0s"},
    ],
)
def test_parameters_that_make_no_sense_are_refused(fields):
    with pytest.raises(ValidationError):
        TextfileMetricsProbe.model_validate(fields)


@given(st.floats())
def test_no_infinity_and_no_nan_is_within_any_limits(value):
    bounds = Bounds(at_least=-1e308)
    assert (abs(value) != float("inf") and value == value and value >= -1e308) == bounds.hold(value)  # noqa: PLR0124 - NaN
