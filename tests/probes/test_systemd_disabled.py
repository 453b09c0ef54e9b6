"""Stale units: what the recorded cases cannot say one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.support.cuts import better_when_cut, recorded

from coldstart.engine.judging import conclude
from coldstart.outcome import Conclusion
from coldstart.probes.base import Place, Replies, Target
from coldstart.probes.systemd_disabled import SystemdDisabledProbe
from coldstart.reason import Reason
from coldstart.replies import CommandReply

TARGET = Target(hosts=(Place("110", "192.168.0.110"),))
OFF = {
    "LoadState": "loaded",
    "UnitFileState": "disabled",
    "ActiveState": "inactive",
    "SubState": "dead",
    "TriggeredBy": "",
    "WantedBy": "",
    "RequiredBy": "",
}


def block(unit, **changes):
    properties = {"Id": unit, "Names": unit, **OFF, **changes}
    return "".join(f"{key}={value}\n" for key, value in properties.items() if value is not None)


def judged(text, units=("stale",), status=0):
    probe = SystemdDisabledProbe(units=units)
    (read,) = probe.reads(TARGET)
    reply = CommandReply(started=1.0, ended=1.1, exit_status=status, stdout=text.encode())
    return conclude(probe, Replies(target=TARGET, now=2.0, by_read={read: reply}))


@given(
    st.sampled_from(["loaded", "not-found", "masked", "bad-setting", "error"]),
    st.sampled_from(
        ["", "disabled", "masked", "enabled", "enabled-runtime", "static", "linked", "alias", "generated", "bad", "new"]
    ),
    st.sampled_from(["inactive", "failed", "active", "activating", "deactivating", "reloading", "maintenance", "new"]),
)
def test_only_what_is_absent_disabled_or_masked_and_inactive_passes(load, file, active):
    outcome = judged(block("stale.service", LoadState=load, UnitFileState=file, ActiveState=active))
    off = (load == "not-found" and not file) or load == "masked" or file in ("disabled", "masked")
    assert (off and active == "inactive") == (outcome.conclusion is Conclusion.MET)


@given(
    st.sampled_from(["active", "activating", "deactivating", "reloading"]), st.sampled_from(["", "disabled", "static"])
)
def test_what_runs_is_bad_whatever_its_file_says(active, file):
    outcome = judged(block("stale.service", ActiveState=active, UnitFileState=file))
    assert Conclusion.UNMET is outcome.conclusion
    assert "but it runs" in outcome.observed


@pytest.mark.parametrize("starter", ["TriggeredBy", "WantedBy", "RequiredBy"])
def test_whatever_may_start_it_is_named(starter):
    outcome = judged(block("stale.service", **{starter: "other.timer"}))
    assert (Conclusion.CAUTION, Reason.WRONG_VALUE) == (outcome.conclusion, outcome.reason)
    assert "other.timer may start it" in outcome.observed


def test_a_masked_unit_cannot_be_started_by_others():
    text = block("stale.service", LoadState="masked", UnitFileState="masked", WantedBy="multi-user.target")
    assert Conclusion.MET is judged(text).conclusion


@pytest.mark.parametrize("path", recorded("systemd_disabled"), ids=lambda path: path.stem)
def test_no_truncation_is_better_than_the_whole(path):
    assert [] == better_when_cut(path)


@given(st.text(max_size=200))
def test_noise_is_never_good(text):
    outcome = judged(text)
    assert Conclusion.MET is not outcome.conclusion
    assert Reason.INTERNAL is not outcome.reason
    assert outcome.expected


@pytest.mark.parametrize(
    "text",
    [
        block("other.service"),
        block("stale.service", UnitFileState=None),
        block("stale.service", WantedBy=None),
        block("stale.service") + "\n" + block("stale.service"),
        "banner\n" + block("stale.service"),
    ],
)
def test_an_answer_that_is_not_about_the_unit_is_unparsable(text):
    outcome = judged(text)
    assert (Conclusion.UNOBSERVED, Reason.UNPARSABLE) == (outcome.conclusion, outcome.reason)


@pytest.mark.parametrize("units", [[], ["momo-*"], ["a", "a.service"], ["x@"], ["-x"]])
def test_a_name_that_is_not_exactly_one_unit_is_refused(units):
    with pytest.raises(ValidationError):
        SystemdDisabledProbe(units=units)
