"""``-o accepts``: what is written is read back as it was, whatever the world put in it; and it accepts nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.render.reports import (
    SCENARIOS,
    UNTIL,
    accepted_warnings,
    check,
    gate,
    hostile_accepts,
    loaded,
    report,
)
from tests.support.effort import examples

from coldstart.baseline import accept_load, source
from coldstart.baseline.accepts import NEVER_ACCEPTED, Saw, usual
from coldstart.baseline.problems import Problems
from coldstart.engine.worse import worse
from coldstart.errors import BaselineError
from coldstart.lint.silence import ignores
from coldstart.outcome import Conclusion, Outcome, Part, Result, Severity, Verdict
from coldstart.reason import Reason
from coldstart.render import accepts
from coldstart.text import visible

ASKED = [one for one in Reason if one is not Reason.OK and one not in NEVER_ACCEPTED]


def read_back(text):
    """The accepts of a file that was written, each reason filled in."""
    problems = Problems()
    filled = text.replace('reason: ""', 'reason: "looked at"')
    root = source.tree(source.Source("accepts.yml", filled.encode("utf-8", "surrogatepass")), problems)
    made = accept_load.built(root.entries["accepts"], problems)
    problems.raise_if_any()
    return made


def of(*checks):
    return report([gate("P0", "p", checks)], result=Result.DEGRADED, headline="DEGRADED")


def test_the_file_is_as_a_person_can_fill_it_in():
    units = Outcome.of_parts(
        [
            Part(name="a.service", conclusion=Conclusion.UNMET, reason=Reason.FAILED, observed="failed"),
            Part(name="b.service", conclusion=Conclusion.UNMET, reason=Reason.ABSENT, observed="no such unit"),
            Part(name="c.service", conclusion=Conclusion.CAUTION, reason=Reason.RESTARTED, observed="once"),
            Part(name="d.service", conclusion=Conclusion.MET, reason=Reason.OK, observed="active"),
        ],
        expected="active",
    )
    warned = check("P0-188-DATA/units", "188", "all units run", units, severity=Severity.WARN)
    load_ = loaded("188", accepted=accepted_warnings().gates[1].checks[1].accepted)
    rebooted = Outcome.unobserved(Reason.BOOT_CHANGED, "188 rebooted")
    voided = check("P0-188-DATA/redis", "188", "Redis answers", rebooted, severity=Severity.WARN)
    assert """\
# Warnings of the run of 2026-05-28 20:26:40Z, full-stack-cold-start
# Write a reason for each that may stand, and until when; remove the others. Then: --accepts FILE
accepts:
  # all units run: a.service: failed; b.service: no such unit
  - check: "P0-188-DATA/units@188"
    reason: ""
    saw:
      reason: "failed"
      parts:
        - "a.service"
        - {name: "b.service", reason: "absent"}
        - {name: "c.service", reason: "restarted", caution: true}
  # load per core stays below 1.0: 1.74 over the last 15 minutes
  - check: "P0-188-DATA/load@188"
    reason: "the rebuild is running"
    by: "ogt"
    until: "2026-05-29T20:26:40Z"
    saw:
      reason: "over-limit"
      at_most: 1.74
  # Redis answers: the host rebooted during the run: 188 rebooted
  # cannot be accepted: P0-188-DATA/redis@188: could not observe: the host rebooted during the run
""" == accepts.render(of(warned, load_, voided))


def test_without_a_warning_it_is_a_file_that_accepts_nothing():
    assert () == read_back(accepts.render(SCENARIOS["all_green"]()))


def test_nothing_is_accepted_until_each_reason_is_written(tmp_path):
    path = tmp_path / "accepts.yml"
    path.write_text(accepts.render(of(loaded("110"), loaded("188"))))
    with pytest.raises(BaselineError) as caught:
        accept_load.load(path)
    assert 2 == len([line for line in caught.value.problems if "it is blank" in line])


def test_who_accepted_it_is_kept():
    (kept,) = [one for one in read_back(accepts.render(accepted_warnings())) if one.check.endswith("load")]
    assert ("the rebuild is running", "ogt", UNTIL) == (kept.reason, kept.by, kept.until)


def test_a_comment_of_the_world_silences_no_rule_and_ends_no_comment():
    evil = "x\n  - {check: P0/y, reason: z}\r # lint: ignore CS502 because"
    outcome = Outcome.unmet(Reason.FAILED, evil)
    text = accepts.render(of(check("P0/x", "188", evil, outcome, severity=Severity.WARN)))
    assert [] == list(ignores(text))
    assert ["P0/x"] == [one.check for one in read_back(text)]


def test_hostile_words_are_read_back_as_they_were_shown():
    (made,) = read_back(accepts.render(hostile_accepts()))
    expected = hostile_accepts().gates[1].checks[0].accepted
    assert (expected.reason, expected.by) == (made.reason, made.by)


TEXT = st.text(max_size=30) | st.sampled_from(
    ["${x}", "no", "", "~", "5", "\ufffe", "\x85", " a ", "a: b", "#", "'\"\\", "數"]
)
PARTS = st.builds(
    lambda name, reason, caution: Part(
        name=name, conclusion=Conclusion.CAUTION if caution else usual(reason), reason=reason, observed="x"
    ),
    TEXT,
    st.sampled_from([Reason.FAILED, Reason.ABSENT, Reason.CONNECT_TIMEOUT]),
    st.booleans(),
)
OUTCOMES = st.builds(
    lambda reason, text, parts, measure, caution: Outcome(
        conclusion=Conclusion.CAUTION if caution else usual(reason),
        reason=reason,
        observed=text,
        parts=tuple(parts),
        measure=measure,
    ),
    st.sampled_from(ASKED),
    TEXT,
    st.lists(PARTS, max_size=4),
    st.none() | st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300),
    st.booleans(),
)


@settings(max_examples=examples(300), deadline=None)
@given(OUTCOMES, TEXT)
def test_what_is_written_covers_exactly_what_was_seen(outcome, claim):
    warned = check("P0/x", "188", claim, outcome, severity=Severity.WARN, verdict=Verdict.WARN)
    text = accepts.render(of(warned))
    assert visible(text) == text
    (made,) = read_back(text)
    assert Saw.of(warned, outcome) == made.saw
    assert "" == worse(made.saw, warned, outcome)


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_report_gives_a_file_that_can_be_read(name):
    shown = SCENARIOS[name]()
    warned = [one for part in shown.gates for one in part.checks if one.verdict is Verdict.WARN and one.outcome]
    able = [one.key for one in warned if one.outcome.reason not in NEVER_ACCEPTED]
    assert able == [made.key for made in read_back(accepts.render(shown))]
