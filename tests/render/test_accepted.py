"""Accepted warnings in every output for people: shown as warnings, with who accepted them; what is stale is named."""

import json
from xml.etree import ElementTree as ET

import pytest
from tests.render.reports import SCENARIOS, an_accept, check, gate, report

from coldstart.decisions import Accepted, AcceptState
from coldstart.outcome import Outcome, Result, Severity
from coldstart.reason import Reason
from coldstart.render import as_json, explain, junit, markdown, short, table, words

WHO = "the rebuild is running, by ogt, until 2026-05-29 20:26:40Z"


def every(name):
    made = SCENARIOS[name]()
    yield table.render(made, width=140, color=False, ascii=True)
    yield short.render(made, ascii=True)
    yield markdown.render(made)
    yield junit.render(made)


@pytest.mark.parametrize("at", range(4), ids=["table", "short", "markdown", "junit"])
def test_an_accepted_warning_is_shown_as_a_warning_with_who_accepted_it(at):
    text = list(every("accepted_warnings"))[at]
    assert WHO in text
    assert "no IPv6 there yet" in text
    assert "WARN" in text
    assert "GREEN (2 accepted), exit 0" in text.replace("**", "") or "exit 0: all is good, but for what was" in text


@pytest.mark.parametrize("at", range(4), ids=["table", "short", "markdown", "junit"])
def test_an_accept_that_is_of_no_use_is_named_with_its_state(at):
    text = list(every("accepts_of_no_use"))[at]
    for state in ("void", "expired", "unknown"):
        assert state in text
    assert "P1-K3S/nods" in text


def test_json_holds_every_accept_and_its_state():
    shown = json.loads(as_json.render(SCENARIOS["accepts_of_no_use"]()))
    assert ["void", "expired", "unknown"] == [item["state"] for item in shown["accepts"]]
    (load,) = [one for one in shown["gates"][1]["checks"] if one["accepted"]]
    assert ("P0-188-DATA/load", "WARN", "ogt") == (load["id"], load["verdict"], load["accepted"]["by"])


def test_junit_says_how_many_warnings_were_accepted():
    suite = ET.fromstring(junit.render(SCENARIOS["accepted_warnings"]())).find("testsuite")  # noqa: S314 - ours
    properties = {one.get("name"): one.get("value") for one in suite.find("properties")}
    assert ("GREEN", "2") == (properties["result"], properties["accepted"])


def test_an_explanation_says_who_accepted_it():
    found = explain.find(SCENARIOS["accepted_warnings"](), "P0-188-DATA/load")
    assert WHO in explain.render(found, width=140, color=False, ascii=False)


def test_where_an_accept_alone_is_wrong_the_last_line_says_so():
    assert "an accept holds no longer" in words.result_line(SCENARIOS["only_an_accept_is_wrong"]())


def test_a_host_that_was_lost_is_not_one_row_with_what_was_accepted_of_it():
    lost = Outcome.unobserved(Reason.CONNECT_TIMEOUT, "timed out")
    by = Accepted(reason="112 is off on purpose", source="--accept")
    checks = [
        check(f"P0/c{at}", "112", "c", lost, severity=Severity.WARN, accepted=by if at == 1 else None)
        for at in range(3)
    ]
    made = report([gate("P0", "p", checks)], result=Result.DEGRADED, headline="DEGRADED")
    text = table.render(made, width=140, color=False, ascii=False)
    assert "(2 checks)" in text
    assert "112 is off on purpose" in text


def test_many_stale_accepts_are_counted_in_a_chat_message():
    accepts = [an_accept(f"P0/c{at}", AcceptState.UNKNOWN, "gone") for at in range(9)]
    made = SCENARIOS["all_green"]().model_copy(update={"accepts": tuple(accepts)})
    assert "and 6 more accepts to be looked at" in short.render(made)
