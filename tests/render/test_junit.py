"""JUnit XML for CI: what is red, what is an error, what is skipped, and never green without a verdict."""

import re
from collections import Counter
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.render.reports import SCENARIOS, check, gate, report

from coldstart.outcome import Outcome, Result, Severity, Verdict
from coldstart.reason import Reason
from coldstart.render import junit

MARKS = ("failure", "error", "skipped")


def parsed_text(text):
    return fromstring(text.encode("utf-8"))  # noqa: S314 - made by us; that it parses is the point


def parsed(made):
    return parsed_text(junit.render(made))


def case_of(result):
    """The one case of a report with this one check."""
    made = report([gate("P0", "title", [result])], result=Result.BLOCKED, headline="BLOCKED")
    (case,) = (case for case in parsed(made).iter("testcase") if case.get("classname") == "P0")
    return case


def marks(case):
    return [child.tag for child in case if child.tag in MARKS]


UNMET = Outcome.unmet(Reason.FAILED, "it failed")
UNSEEN = Outcome.unobserved(Reason.CONNECT_TIMEOUT, "no answer in 5 s")


@pytest.mark.parametrize(
    ("outcome", "severity", "expected"),
    [
        (Outcome.met("good"), Severity.BLOCKED, []),
        (UNMET, Severity.BLOCKED, ["failure"]),
        (UNSEEN, Severity.BLOCKED, ["error"]),
        (UNMET, Severity.WARN, []),
        (UNSEEN, Severity.WARN, []),
        (Outcome.caution(Reason.RESTARTED, "restarted"), Severity.BLOCKED, []),
    ],
)
def test_only_what_blocks_is_red_and_what_was_not_observed_is_an_error(outcome, severity, expected):
    assert expected == marks(case_of(check("P0/c", "a", "holds", outcome, severity=severity)))


@pytest.mark.parametrize(("outcome", "observed"), [(UNMET, "true"), (UNSEEN, "false")])
def test_a_warning_says_so_in_its_properties_and_on_its_output(outcome, observed):
    case = case_of(check("P0/c", "a", "holds", outcome, severity=Severity.WARN))
    properties = {one.get("name"): one.get("value") for one in case.iter("property")}
    assert {"verdict": "WARN", "reason": outcome.reason.value, "observed": observed} == properties
    assert case.findtext("system-out").startswith("WARN: holds: ")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"verdict": Verdict.HELD, "held_by": "P9"}, "held by P9"),
        ({"not_applicable": "121 runs the agent"}, "121 runs the agent"),
    ],
)
def test_what_was_not_asked_is_skipped_with_its_reason(fields, reason):
    case = case_of(check("P0/c", "a", "holds", **fields))
    assert ["skipped"] == marks(case)
    assert reason == case.find("skipped").get("message")


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_check_is_a_case_and_the_numbers_are_those_of_the_marks(name):
    made = SCENARIOS[name]()
    root = parsed(made)
    cases = [case for case in root.iter("testcase") if case.get("classname") != "coldstart"]
    assert [one.name for one in made.gates] == [suite.get("name") for suite in root][1:]
    assert sum(made.counts.values()) == len(cases)
    found = Counter(mark for case in root.iter("testcase") for mark in marks(case))
    for element in (root, *root):
        inside = Counter(mark for case in element.iter("testcase") for mark in marks(case))
        assert str(len(list(element.iter("testcase")))) == element.get("tests")
        assert [str(inside[mark]) for mark in MARKS] == [element.get(key) for key in ("failures", "errors", "skipped")]
    blocked = made.counts["BLOCKED"]
    assert blocked + (made.result is Result.CHECK_FAILED) == found["failure"] + found["error"]


def test_a_run_without_a_verdict_is_an_error_even_when_nothing_else_is():
    empty = report([], result=Result.CHECK_FAILED, headline="CHECK_FAILED: no check gave a verdict")
    root = parsed(empty)
    assert "1" == root.get("errors")
    assert "CHECK_FAILED: no check gave a verdict" == root.find(".//error").get("message")


def test_result_and_root_are_properties_of_the_first_suite():
    root = parsed(SCENARIOS["blocked_at_data"]())
    properties = {one.get("name"): one.get("value") for one in root[0].find("properties")}
    assert "coldstart" == root[0].get("name")
    assert "BLOCKED" == properties["result"]
    assert "2" == properties["exit_code"]
    assert "P0-188-DATA/postgresql@188" == properties["root"]


@given(st.text())
def test_any_text_at_all_gives_a_document_that_parses_and_holds_the_text_only_as_text(text):
    made = report(
        [gate(f"P{text}", text, [check(f"P/{text}", text or None, text, Outcome.unmet(Reason.FAILED, text))])],
        result=Result.BLOCKED,
        headline=text,
        narrowed=[text],
    )
    rendered = junit.render(made)
    root = parsed_text(rendered)
    assert {"testsuites", "testsuite", "testcase", "properties", "property", "failure", "system-out"} >= {
        element.tag for element in root.iter()
    }
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ufffe\uffff]", rendered)
