"""Files of accepted warnings: read as strictly as a baseline, every problem at its place."""

import datetime as dt
import time
from pathlib import Path

import pytest

from coldstart.baseline import accept_load
from coldstart.baseline.accept_forms import moment
from coldstart.baseline.accepts import Accept, Saw, SawPart, unknown
from coldstart.baseline.load import load_text
from coldstart.errors import BaselineError
from coldstart.outcome import Conclusion
from coldstart.reason import Reason

UNMET, CAUTION = Conclusion.UNMET, Conclusion.CAUTION
BASELINE = """coldstart: 1
name: two checks and a group
hosts: {"110": {address: 192.168.0.110}, "188": {address: 192.168.0.188}}
gates:
  P0:
    title: it answers
    checks:
      - {id: port, claim: the port is open, probe: tcp, with: {port: 1}, hosts: all}
      - id: either
        claim: one of them is open
        any_of:
          - {id: one, claim: one is open, probe: tcp, with: {port: 2}, hosts: "110"}
          - {id: two, claim: two is open, probe: tcp, with: {port: 3}, hosts: "188"}
"""


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Write a file of accepts and load it, by the name accepts.yml."""
    monkeypatch.chdir(tmp_path)

    def load(text):
        (tmp_path / "accepts.yml").write_text(text)
        return accept_load.load("accepts.yml").accepts

    return load


@pytest.fixture
def taipei(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Taipei")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def problems(load, text):
    with pytest.raises(BaselineError) as caught:
        load(text)
    return list(caught.value.problems)


def test_everything_that_an_accept_may_say(written, taipei):
    found = written("""accepts:
  - check: P0-188-DATA/load@188
    reason: the rebuild is running
    by: ogt
    until: 2026-12-31
    saw:
      reason: over-limit
      at_most: 1.4
      parts: [a, {name: b, reason: absent}, {name: c, caution: true, at_most: 3}]
""")
    parts = (
        SawPart("a", Reason.OVER_LIMIT, UNMET),
        SawPart("b", Reason.ABSENT, UNMET),
        SawPart("c", Reason.OVER_LIMIT, CAUTION, 3.0),
    )
    until = dt.datetime(2026, 12, 31, 16, tzinfo=dt.UTC).timestamp()
    saw = Saw(Reason.OVER_LIMIT, UNMET, 1.4, parts)
    expected = Accept(
        "P0-188-DATA/load", "188", "the rebuild is running", saw, "ogt", until, source="accepts.yml:2", line=2
    )
    assert (expected,) == found


def test_what_could_not_be_observed_and_a_caution_are_told_from_a_failure(written):
    found = written("""accepts:
  - {check: P0/a, reason: why, saw: {reason: connect-timeout}}
  - {check: P0/a, reason: why, saw: {reason: restarted, caution: true, parts: [x]}}
""")
    assert [Conclusion.UNOBSERVED, CAUTION] == [accept.saw.conclusion for accept in found]
    assert CAUTION is found[1].saw.parts[0].conclusion
    assert [None, None] == [accept.until for accept in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-12-31", "2026-12-31T16:00:00+00:00"),
        ("2026-12-31T18:00:00+08:00", "2026-12-31T10:00:00+00:00"),
        ("2026-12-31t18:00:00z", "2026-12-31T18:00:00+00:00"),
        ("2026-12-31 18:00:00.5Z", "2026-12-31T18:00:00.500000+00:00"),
    ],
)
def test_a_day_ends_in_local_time_and_a_time_has_its_zone(taipei, text, expected):
    assert expected == dt.datetime.fromtimestamp(moment(text), dt.UTC).isoformat()


@pytest.mark.parametrize(
    "text",
    ["2026-13-01", "2026-02-30", "9999-12-31", "2026-12-31T18:00:00", "2026-12-31T24:01:00Z", "tomorrow", "20261231",
     "2026-12-31T18:00Z", "2026-W01-1", "2026-12-31T18:00:00+8", "1767168000", "２０２６-12-31"],
)  # fmt: skip
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError, match="2026-12-31T18:00:00"):
        moment(text)


def test_every_problem_of_a_file_is_told_at_its_place(written):
    bad = Path(__file__).parents[1] / "bad_accepts" / "accepts.yml"
    expected = bad.with_suffix(".txt").read_text("utf-8").splitlines()
    assert expected == problems(written, bad.read_text("utf-8"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "accepts.yml:1:1: the file is empty: there is nothing to judge"),
        ("accepts:\n", "accepts.yml:1:1: a file of accepts: accepts is empty: give it a value, or remove the key"),
        (
            "accepts: x\n",
            "accepts.yml:1:10: a file of accepts: accepts: 'x' is not a list: write [a, b] or '- a' lines",
        ),
        ("other: []\n", "accepts.yml:1:1: a file of accepts: the key 'accepts' is missing: add it"),
        ("accepts: [*a]\n", "accepts.yml:1:11: an alias (*a): aliases are not supported, write the value out"),
    ],
)
def test_a_file_that_is_none(written, text, expected):
    assert expected in problems(written, text)


def test_a_file_may_accept_nothing(written):
    assert () == written("accepts: []\n")


def test_a_file_that_is_not_there_is_said_so(tmp_path):
    with pytest.raises(BaselineError, match="cannot be read: No such file"):
        accept_load.load(tmp_path / "none.yml")


def test_a_baseline_has_accepts_of_its_own_and_its_own_variables_in_them():
    text = (
        BASELINE
        + """variables: {who: ogt}
accepts:
  - {check: P0/port, reason: 'known to ${who}', saw: {reason: port-closed}}
"""
    )
    (accept,) = load_text(text, "b.yml").baseline.accepts
    assert ("P0/port", "known to ogt", "b.yml:16") == (accept.check, accept.reason, accept.source)


def test_an_accept_of_a_check_that_is_gone_does_not_keep_a_baseline_from_being_used():
    text = BASELINE + "accepts: [{check: P0/gone, reason: it was there once, saw: {reason: port-closed}}]\n"
    assert "P0/gone" == load_text(text, "b.yml").baseline.accepts[0].check


@pytest.mark.parametrize(
    ("check", "host", "expected"),
    [
        ("P0/port", None, ""),
        ("P0/port", "188", ""),
        ("P0/either", None, ""),
        ("P0/ports", None, "the baseline has no check P0/ports (did you mean P0/port?)"),
        ("X9/zzz", None, "the baseline has no check X9/zzz (known: P0/port, P0/either)"),
        ("P0/port", "189", "P0/port is not asked on 189 (did you mean 188?)"),
        ("P0/either", "188", "P0/either is asked over its hosts together: leave @188 out"),
        ("P0/either.one", None, "P0/either.one is one alternative of a group: accept the group, P0/either"),
    ],
)
def test_which_checks_a_baseline_knows(check, host, expected):
    checks = accept_load.checks_of(load_text(BASELINE, "b.yml").baseline)
    assert expected == unknown(Accept(check, host, "why", None), checks)
