"""The list of releases: short, in order, nothing said twice, nothing that matters left out."""

import pytest
from tests.render.reports import LOAD_110, ROUTE, SCENARIOS, held_release, unmet

from coldstart.outcome import Result
from coldstart.render import releases, words
from coldstart.render.page import Page
from coldstart.render.style import UNICODE

GATE = unmet("P0 is green", "WARN: load@a: 1.4")


def listed(*items, result=Result.DEGRADED, width=80):
    page = Page(width=width, color=False)
    releases.write(page, UNICODE, SCENARIOS["warnings_only"]().model_copy(update={"releases": items, "result": result}))
    return str(page).splitlines()


def whole(name, width=80):
    return releases.page(SCENARIOS[name](), width=width, color=False, ascii=False)


def test_a_baseline_without_releases_says_nothing_of_them():
    assert [] == listed()
    assert [] == list(releases.markdown(SCENARIOS["warnings_only"]()))


def test_what_all_wait_for_is_said_once():
    lines = listed(held_release("runners", "r", GATE, LOAD_110), held_release("litellm", "l", GATE, ROUTE))
    assert 1 == sum("P0 is green" in line for line in lines)
    assert "releases  none of 2 may go" == lines[0]


def test_what_only_one_waits_for_is_said_with_it():
    (_, line) = listed(held_release("runners", "r", LOAD_110), width=100)
    assert "  · runners  HOLD     1 of 2 unmet: load per core of 110 is below 1.0 (11m of 15m)" == line


def test_what_differs_in_its_reason_is_not_the_same():
    other = GATE.model_copy(update={"why": "held by P9"})
    lines = listed(held_release("runners", "r", GATE), held_release("litellm", "l", other))
    assert 3 == len(lines)
    assert "WARN: load@a: 1.4" in lines[1]
    assert "held by P9" in lines[2]


def test_a_blocked_gate_that_holds_them_all_hides_every_line_but_of_what_runs_too_early():
    items = (held_release("runners", "r", GATE, early="2 units active"), held_release("litellm", "l", GATE, ROUTE))
    lines = listed(*items, result=Result.BLOCKED)
    assert ["runners" in line for line in lines[2:]] == [True]
    assert "runs already" in lines[2]


@pytest.mark.parametrize("width", [60, 80, 140])
@pytest.mark.parametrize("name", ["releases_decided", "releases_held_by_a_gate"])
def test_no_line_is_wider_than_the_page(name, width):
    assert all(len(line) <= width for line in whole(name, width).splitlines())


@pytest.mark.parametrize("name", ["releases_decided", "releases_held_by_a_gate"])
def test_the_page_of_the_command_names_every_condition_that_is_not_met(name):
    report = SCENARIOS[name]()
    text = " ".join(whole(name, 200).split())
    for item in report.releases:
        assert item.name in text
        for one in item.unmet:
            assert one.claim in text
            assert (one.by_hand or one.why) in text


def test_a_condition_for_a_person_says_how_to_confirm_it_whatever_its_claim():
    claim = 'it\'s "there"'
    report = SCENARIOS["releases_decided"]()
    item = held_release("x", "x", ROUTE.model_copy(update={"claim": claim}))
    text = releases.page(report.model_copy(update={"releases": (item,)}), width=200, color=False, ascii=False)
    assert "by hand: send one request; then add --confirm 'it'\"'\"'s \"there\"'" in text


def test_one_line_of_a_chat_message_names_what_may_go_and_what_runs_too_early():
    said = releases.line(SCENARIOS["releases_decided"]())
    assert "releases: 1 of 4 may go: snuba-consumers; runs too early: runners" == said
    assert "releases: none of 2 may go" == releases.line(SCENARIOS["releases_held_by_a_gate"]())


def test_the_logbook_has_a_box_for_each_and_ticks_those_that_may_go():
    lines = list(releases.markdown(SCENARIOS["releases_decided"]()))
    boxes = [line[:5] for line in lines if line.startswith("- [")]
    assert ["- [ ]", "- [ ]", "- [ ]", "- [x]"] == boxes
    assert (
        "    - runs already: 2 units active already on 110: actions.runner.a.service, actions.runner.b.service" in lines
    )


def test_green_does_not_say_that_all_may_go_where_something_is_held():
    green = SCENARIOS["all_green"]()
    held = green.model_copy(update={"releases": (held_release("x", "x", LOAD_110),)})
    assert "GREEN, exit 0: all was observed, all is good: the next phase may be released" == words.result_line(green)
    assert "GREEN, exit 0: all was observed, all is good: release what may go, and no more" == words.result_line(held)
