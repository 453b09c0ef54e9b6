"""Text of the world in a page: it can be read, and it is nothing but text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.render.html.everything import NASTY, everything
from tests.render.html.parsed import Page
from tests.render.reports import HOSTILE, SCENARIOS
from tests.support.effort import examples

from coldstart.render.html import page
from coldstart.text import visible


def shape(text):
    """The elements of a page with what is not text of the report: what must not depend on it."""
    kept = ("class", "role", "open", "scope", "http-equiv")
    return [
        (tag, {key: at[key] for key in kept if key in at}) for tag, at in Page(page.render(everything(text))).elements
    ]


PLAIN = shape("word")


@pytest.mark.parametrize("text", NASTY)
def test_hostile_text_changes_no_element_of_the_page(text):
    assert PLAIN == shape(text)


@settings(max_examples=examples(40), deadline=None)
@given(st.text(min_size=1, max_size=40))
def test_no_text_at_all_changes_an_element_of_the_page(text):
    assert PLAIN == shape(text)


@pytest.mark.parametrize("text", NASTY)
def test_hostile_text_can_be_read_as_it_was_written(text):
    made = Page(page.render(everything(text)))
    assert " ".join(visible(text).split()) in made.words


@pytest.mark.parametrize("text", NASTY)
def test_no_character_that_reorders_or_hides_text_is_in_the_page(text):
    html = page.render(everything(text))
    assert html == visible(html)


def test_hostile_names_of_the_scenario_stay_text():
    assert HOSTILE not in page.render(SCENARIOS["hostile_text"]())
    assert "egnp.exe" in page.render(SCENARIOS["hostile_text"]())
