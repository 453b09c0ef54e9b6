"""Markdown for the logbook: complete, and text of the world never becomes markup, a link or a row of a table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from tests.render.reports import SCENARIOS, check, gate, report, root_of

from coldstart.outcome import DoneItem, HostFacts, Outcome, Part, Result
from coldstart.reason import Reason
from coldstart.render import markdown
from coldstart.render.escape_md import cell, code, prose
from coldstart.text import visible

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
MARKUP = {"link_open", "image", "html_inline", "html_block", "em_open", "s_open", "fence", "code_block", "hr"}

NASTY = [
    "# heading",
    "a | b || c",
    "\\| \\\\| `|` `a\\|b`",
    "<script>alert(1)</script><img src=x onerror=y>",
    "[text](javascript:alert(1)) ![image](http://x/y) [ref]: http://x",
    "http://evil.example/ https://a.b www.evil.example me@evil.example mailto:x@y.z",
    "line\n\n## second\n- item\n> quote\n```\ncode\n",
    "*em* **strong** _em_ __strong__ ~~gone~~ `code` ``two`` $x^2$",
    "&lt;b&gt; &#60;b&#62; &amp;",
    "``` `` ` ends in a backtick `",
    "    indented\t\ttabs",
    "1. one\n2. two\n---\n===",
    "[x] [ ] [^1]",
    "\u202egnp.exe \x1b[2J",
    "<http://auto.link> <me@x.y>",
]


def tokens(text):
    for token in PARSER.parse(text):
        yield token
        yield from token.children or ()


def kinds(text):
    return [token.type for token in tokens(text) if token.type not in ("text", "code_inline")]


def hostile(text):
    outcome = Outcome.of_parts(
        [Part(name=text, conclusion="unmet", reason=Reason.FAILED, observed=text)] * 2, expected=text, evidence=(text,)
    )
    simple = Outcome.unmet(Reason.FAILED, text, expected=text)
    member = check("P0/c.m", None, text, simple)
    checks = [
        check("P0/c", "a", text, outcome, hint=text, sop=text, downstream_of="P"),
        check("P0/d", text.replace("\n", "") or "b", text, simple, members=(member,)),
    ]
    gates = [gate("P0", text, checks, held_by=text), gate("P1", text, [], held_by=text)]
    done = (DoneItem(id=text, claim=text, done=False, why=text, sop=text),)
    made = report(
        gates,
        result=Result.BLOCKED,
        headline=text,
        root=root_of(checks[0], holds=(text,)),
        narrowed=(text,),
        notes=(text,),
        done=done,
        hosts=(HostFacts(name=text, address="a", boot_id="b", problem=text),),
    )
    return made.model_copy(update={"baseline_name": text})


PLAIN = kinds(markdown.render(hostile("word")))


@pytest.mark.parametrize("text", NASTY)
def test_hostile_text_changes_nothing_of_the_structure(text):
    assert PLAIN == kinds(markdown.render(hostile(text)))


@given(st.text(min_size=1).filter(lambda text: text.strip()))
def test_no_text_at_all_changes_the_structure(text):
    assert PLAIN == kinds(markdown.render(hostile(f"x{text}x")))


@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize("escape", [code, prose, cell])
def test_what_is_escaped_is_one_line_without_markup(escape, text):
    escaped = escape(text)
    assert "\n" not in escaped
    assert not MARKUP & set(kinds(f"label: {escaped}"))


@pytest.mark.parametrize("text", NASTY)
def test_a_cell_stays_one_cell_and_reads_as_it_was_written(text):
    table = f"| a | b |\n|---|---|\n| {cell(text)} | end |\n"
    rows = [token for token in tokens(table) if token.type == "inline"]
    assert ["a", "b"] == [row.content for row in rows[:2]]
    assert 4 == len(rows)
    shown = "".join(child.content for child in rows[2].children)
    assert " ".join(visible(text).split()) == shown


@pytest.mark.parametrize("text", NASTY)
def test_prose_reads_as_it_was_written(text):
    inline = next(token for token in tokens(f"label: {prose(text)}") if token.type == "inline")
    shown = "".join(child.content for child in inline.children)
    assert "label: " + " ".join(visible(text).split()) == shown


@pytest.mark.parametrize("link", ["http://x.y/z", "www.x.y", "me@x.y", "https://x.y."])
def test_what_a_renderer_would_turn_into_a_link_is_code_in_prose(link):
    assert "see `" + link.rstrip(".") + "`" == prose(f"see {link}").rstrip(".")


def test_what_a_renderer_would_turn_into_a_link_is_broken_in_a_cell():
    assert r"http\://x.y www\.x.y" == cell("http://x.y www.x.y")


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_gate_and_all_that_is_not_good_is_in_it(name):
    made = SCENARIOS[name]()
    text = markdown.render(made)
    for one in made.gates:
        assert f"\n| {cell(one.name)} | " in text
        for result in one.checks:
            if result.verdict in ("WARN", "BLOCKED"):
                assert f"**{result.verdict}** {code(result.id)}" in text


def test_there_is_room_for_what_was_done_by_hand():
    assert "### Manual repairs\n\n| when | who |" in markdown.render(SCENARIOS["all_green"]())


def test_the_criteria_are_a_list_with_boxes():
    text = markdown.render(SCENARIOS["done_criteria"]())
    assert "- [x] `ssh`: Four hosts reachable by SSH. (SOP 14)\n- [ ] `data`: " in text
    assert 1 == text.count("[x]")
