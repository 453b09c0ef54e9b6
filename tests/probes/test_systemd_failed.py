"""Failed units: what the recorded cases cannot say one by one."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.support.cuts import better_when_cut, recorded

from coldstart.engine.judging import conclude
from coldstart.outcome import Conclusion
from coldstart.probes.base import Place, Replies, Target
from coldstart.probes.systemd_failed import SystemdFailedProbe
from coldstart.reason import Reason
from coldstart.replies import CommandReply

TARGET = Target(hosts=(Place("110", "192.168.0.110"),))


def answer(stdout, status=0):
    return CommandReply(started=1.0, ended=1.1, exit_status=status, stdout=stdout.encode())


def rows(*units, active="failed"):
    return json.dumps([{"unit": unit, "load": "loaded", "active": active, "sub": "failed"} for unit in units]) + "\n"


def counts(failed, state=None, names=170):
    state = state or ("degraded" if failed else "running")
    return f"Version=252\nNNames={names}\nNFailedUnits={failed}\nSystemState={state}\n"


def judged(listed, counted, **params):
    probe = SystemdFailedProbe(**params)
    by_read = dict(zip(probe.reads(TARGET), (answer(listed), answer(counted)), strict=True))
    return conclude(probe, Replies(target=TARGET, now=2.0, by_read=by_read))


@given(st.integers(0, 3), st.integers(0, 3), st.sampled_from(["running", "degraded", "starting", "maintenance", "x"]))
def test_it_passes_only_where_list_count_and_state_all_say_none(listed, counted, state):
    outcome = judged(rows(*"abc"[:listed]), counts(counted, state))
    good = (listed, counted, state) == (0, 0, "running")
    assert good == (outcome.conclusion is Conclusion.MET)


@pytest.mark.parametrize("path", recorded("systemd_failed"), ids=lambda path: path.stem)
def test_no_truncation_is_better_than_the_whole(path):
    assert [] == better_when_cut(path)


@given(st.text(max_size=60), st.text(max_size=60))
def test_noise_is_never_good(listed, counted):
    assert judged(listed, counts(0)).conclusion is not Conclusion.MET or json.loads(listed) == []
    assert judged("[]\n", counted).conclusion is not Conclusion.MET


@pytest.mark.parametrize(
    "listed",
    [
        "",
        "{}",
        "[",
        "[null]",
        '["x.service"]',
        '[{"unit":"x.service"}]',
        '[{"unit":"x.service","load":"loaded","active":1,"sub":"failed"}]',
        '[{"unit":"a","unit":"b","load":"loaded","active":"failed","sub":"failed"}]',
        rows("x.service", "x.service"),
        rows("x.service", active="active"),
    ],
)
def test_a_list_of_another_form_is_unparsable(listed):
    outcome = judged(listed, counts(0))
    assert (Conclusion.UNOBSERVED, Reason.UNPARSABLE) == (outcome.conclusion, outcome.reason)
    assert outcome.expected


def test_a_manager_that_knows_no_unit_at_all_proves_nothing():
    assert Conclusion.UNOBSERVED is judged("[]\n", counts(0, names=0)).conclusion


def test_a_failed_unit_is_bad_whatever_the_manager_counts():
    assert Reason.FAILED is judged(rows("x.service"), counts(0)).reason


def test_an_exception_without_its_suffix_means_a_service():
    outcome = judged(rows("fwupd.service"), counts(1), ignore={"fwupd": "no network"})
    assert Conclusion.MET is outcome.conclusion
    assert "accepted: fwupd.service has failed (no network)" == outcome.observed


@pytest.mark.parametrize("ignore", [{"*": "all"}, {"a b": "x"}, {"x": ""}])
def test_an_exception_is_one_unit_with_a_reason(ignore):
    with pytest.raises(ValidationError):
        SystemdFailedProbe(ignore=ignore)
