"""Text from the world never reaches a terminal as anything but text (design.md section 6)."""

import json
import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.render.plans import full
from tests.render.reports import HOSTILE, SCENARIOS
from tests.support.effort import examples

from coldstart.plan import PlannedRead
from coldstart.reads import Command
from coldstart.render import as_json, explain, plan, short, table
from coldstart.render.page import Cell, Page
from coldstart.text import visible

SGR = re.compile(r"\x1b\[[0-9;]*m")


def harmless(text: str) -> bool:
    """No control, bidi or invisible character but the line feed; `visible` lets tabs pass, a renderer does not."""
    return visible(text) == text and "\t" not in text


def every_output(*, color: bool) -> Iterator[str]:
    report = SCENARIOS["hostile_text"]()
    yield table.render(report, width=80, color=color, ascii=False)
    yield short.render(report)
    yield explain.render(explain.find(report, "P0-188-DATA/motd"), width=80, color=color, ascii=False)
    yield as_json.render(report)
    evil = Command(host=HOSTILE, argv=("cat", HOSTILE))
    read = PlannedRead(place=HOSTILE, asks=evil.describe(), read=evil)
    planned = full().model_copy(update={"baseline": HOSTILE, "every_host": (read,)})
    yield plan.render(planned, width=80, color=color)
    yield as_json.render(planned)


def test_no_escape_sequence_of_any_field_reaches_the_text():
    for text in every_output(color=False):
        assert harmless(text)
        assert "egnp.exe" in text


def test_with_colour_the_only_escape_sequences_are_our_colours():
    for text in every_output(color=True):
        assert harmless(SGR.sub("", text))


def test_markup_and_emoji_codes_stay_as_they_were_written():
    text = next(every_output(color=True))
    assert "[bold red]x[/]" in SGR.sub("", text)
    assert ":warning:" in text


@settings(max_examples=examples(60), deadline=None)
@given(st.text(max_size=60), st.sampled_from(["words", "command", "nothing", "line"]), st.booleans())
def test_no_text_at_all_gets_through_a_page_raw(text, keep, color):
    page = Page(width=60, color=color)
    page.row(Cell("label", 10, keep="nothing"), Cell(text, 20, "red", keep=keep), Cell(text, keep=keep))
    page.paragraph(text, "bold")
    assert harmless(SGR.sub("", str(page)))


@pytest.mark.parametrize("char", ["\x1b", "\x9b", "\x07", "\x7f", "\u202e", "\u2066", "\u200b", "\U000e0041"])
def test_json_escapes_what_a_terminal_would_obey_and_loses_nothing(char):
    text = as_json.dump({"text": f"a{char}b 數"})
    assert char not in text
    assert "數" in text
    assert {"text": f"a{char}b 數"} == json.loads(text)
