"""The live view of a watch: how things stand, only on a terminal, gone at the end."""

from io import StringIO

import pytest
from rich.console import Console
from tests.render.test_progress import HandClock, terminal
from tests.support.scripted import Script
from tests.test_watch import BAD, damaged, watched

from coldstart.reads import TcpDial
from coldstart.render.live import Blind, Drawn, shown
from coldstart.render.style import ASCII


def drawn(view: Drawn, width: int = 80, height: int = 24) -> list[str]:
    out = StringIO()
    Console(file=out, width=width, color_system=None).print(view.lines(width, height))
    return [line.rstrip() for line in out.getvalue().splitlines()]


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def view(clock):
    return Drawn(clock, "the stack", {"NET": 1, "DATA": 1}, ASCII)


async def test_gates_are_a_tree_with_verdict_since_when_and_outlook(view, clock):
    told, _, _ = await watched([Script(BAD)], 3)
    clock.now = 1000.0 + 90.0
    view.tell(told[1])
    assert [
        "the stack  attempt 2 of 3  16 min",
        "BLOCKED at DATA on a: db says yes - observed: no",
        "[PASS] NET     PASS         1 min",
        "  [FAIL] DATA  BLOCKED      1 min  too early to tell",
        "next attempt in 1 min 0 s",
    ] == drawn(view)


async def test_the_next_attempt_is_counted_down(view, clock):
    told, _, _ = await watched([Script(BAD)], 2)
    view.tell(told[0])
    clock.now += 17.0
    assert "next attempt in 43 s" == drawn(view)[-1]


async def test_what_needs_a_human_and_what_is_held_say_so(view):
    told, _, _ = await watched([Script({"net": damaged})], 3)
    view.tell(told[2])
    lines = drawn(view, 100)
    assert lines[2].endswith("needs a human")
    assert lines[3].endswith("by NET")


async def test_while_an_attempt_is_made_one_line_says_how_far_it_is(view, clock):
    told, _, _ = await watched([Script(BAD)], 2)
    view.tell(told[0])
    with view.asking() as observer:
        observer.read_started(TcpDial(address="192.0.2.1", port=22))
        assert drawn(view)[-1].endswith("0 answers, 1 waiting")
    assert drawn(view)[-1].startswith("next attempt")


async def test_an_attempt_that_was_discarded_changes_nothing_on_show(view):
    told, _, _ = await watched([Script(BAD), Script()], jumps={1: 7200.0})
    view.tell(told[0])
    before = drawn(view)
    view.tell(told[1])
    assert before[:-1] == drawn(view)[: len(before) - 1]


async def test_green_in_a_row_is_counted(view):
    told, _, _ = await watched([Script()], stable=2)
    view.tell(told[0])
    assert "all good 1 of 2 in a row" in drawn(view)[0]


@pytest.mark.parametrize(("width", "height"), [(40, 24), (80, 4), (140, 50)])
async def test_it_stays_within_the_terminal(view, width, height):
    told, _, _ = await watched([Script({"net": damaged})], 2)
    view.tell(told[0])
    lines = drawn(view, width, height)
    assert len(lines) < height
    assert all(len(line) < width for line in lines)


async def test_it_draws_on_a_terminal_and_leaves_it_clean(monkeypatch):
    told, _, _ = await watched([Script(BAD)], 2)
    with terminal(monkeypatch) as (stream, written):
        with shown(stream, title="the stack", totals={}) as view:
            view.tell(told[0])
            with view.paused():
                stream.write("in between\n")
        text = written()
    assert "in between" in text
    assert text.rstrip().endswith("\x1b[?25h") or "\x1b[?25h" in text[text.index("in between") :]


async def test_what_is_printed_in_between_is_not_drawn_over(monkeypatch):
    """A view that began anew where it had been would go up (CSI A) over the lines that were printed meanwhile."""
    told, _, _ = await watched([Script(BAD)], 2)
    with terminal(monkeypatch) as (stream, written):
        with shown(stream, title="the stack", totals={}) as view:
            view.tell(told[0])
            with view.paused():
                stream.write("in between\n")
                stream.flush()
        drawn_again = written().partition("in between")[2].partition("the stack")[0]
    assert "\x1b[1A" not in drawn_again


async def test_it_shows_nothing_where_there_is_no_terminal():
    out = StringIO()
    with shown(out, title="the stack", totals={}) as view:
        assert isinstance(view, Blind)
        with view.asking(), view.paused():
            pass
    assert "" == out.getvalue()
