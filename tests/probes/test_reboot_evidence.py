"""What the corpus cannot say: years, zones and leap days of who(1), and the limits of the tolerance."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldstart.engine.judging import conclude
from coldstart.outcome import Conclusion
from coldstart.probes.base import Place, Replies, Target
from coldstart.probes.reboot_evidence import RebootEvidenceProbe
from coldstart.reason import Reason
from coldstart.replies import CommandReply

TARGET = Target(hosts=(Place("188", "192.168.0.188"),))
NO_WTMP = "\nwtmp begins 2026-11-01T00:00:00+08:00\n"


def judged(now, uptime, who, last=NO_WTMP, **params):
    probe = RebootEvidenceProbe(**{"history": "optional", **params})
    texts = (f"{now}\n", f"{uptime:.2f} 1.00\n", who, last)
    replies = {
        read: CommandReply(started=1.0, ended=1.1, exit_status=0, stdout=text.encode())
        for read, text in zip(probe.reads(TARGET), texts, strict=True)
    }
    return conclude(probe, Replies(target=TARGET, now=2.0, by_read=replies))


@pytest.mark.parametrize(
    ("now", "uptime", "who"),
    [
        ("2027-01-01T00:05:00+08:00", 600, "         system boot  Dec 31 23:55\n"),
        ("2027-03-01T08:00:00+08:00", 90 * 86400, "         system boot  Dec  1 08:00\n"),
        ("2028-03-01T00:00:00+00:00", 86400, "         system boot  Feb 29 00:00\n"),
        ("2026-11-20T08:15:00-03:30", 180, "         system boot  2026-11-20 08:12\n"),
    ],
)
def test_the_year_and_the_zone_of_who_are_those_of_the_boot(now, uptime, who):
    outcome = judged(now, uptime, who)
    assert Conclusion.MET is outcome.conclusion, outcome


@pytest.mark.parametrize(
    "who", ["         system boot  Foo 31 23:55\n", "nonsense\n", "         system boot  Feb 30 00:00\n"]
)
def test_a_record_that_is_no_date_is_not_a_record(who):
    outcome = judged("2026-11-20T08:15:00+08:00", 180, who)
    assert (Conclusion.UNOBSERVED, Reason.NO_EVIDENCE) == (outcome.conclusion, outcome.reason)


@given(st.integers(-86400, 86400))
def test_the_records_must_agree_with_the_uptime_within_the_tolerance_and_a_minute(off):
    booted = datetime.fromisoformat("2026-11-20T08:12:00+08:00").timestamp()
    record = datetime.fromtimestamp(booted + off, datetime.fromisoformat("2026-11-20T08:12:00+08:00").tzinfo)
    last = f"reboot   system boot  6.1.0-28-amd64   {record.isoformat()}   still running\n{NO_WTMP}"
    outcome = judged("2026-11-20T08:15:00+08:00", 180, "\n", last)
    expected = (Conclusion.MET, Reason.OK) if abs(off) <= 360 else (Conclusion.UNMET, Reason.WRONG_VALUE)
    assert expected == (outcome.conclusion, outcome.reason)


def test_boots_of_the_last_day_are_counted():
    last = "".join(
        f"reboot   system boot  6.1.0-28-amd64   2026-11-{when}+08:00   still running\n"
        for when in ("20T08:12:00", "20T07:50:00", "20T07:40:00", "10T09:00:00")
    )
    outcome = judged("2026-11-20T08:15:00+08:00", 180, "\n", last + NO_WTMP)
    assert (3, False) == (outcome.facts["boots_last_24h"], outcome.facts["clean_shutdown"])


def test_the_raw_lines_are_kept_as_evidence():
    outcome = judged("2026-11-20T08:15:00+08:00", 180, "         system boot  2026-11-20 08:12\n")
    assert "who: system boot  2026-11-20 08:12" in outcome.evidence
    assert "date: 2026-11-20T08:15:00+08:00" in outcome.evidence
