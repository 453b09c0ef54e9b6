"""The time line: every read once, at its time, on its host, and never two upon each other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.render.html.timed import asked, asking, run_of

from coldstart.reads import Ping
from coldstart.reason import Reason
from coldstart.render.html.critical import critical_path
from coldstart.render.html.timeline import LABELS, WIDTH, chart, lanes_of, ticks, x_of
from coldstart.render.spans import own, used_by_gate
from coldstart.replies import NoReply


def charted(made):
    spans = used_by_gate(made)
    return chart(made, spans, critical_path(made, spans))


def bars(made):
    return [bar for group in charted(made).groups for row in group.rows for bar in row.bars]


def test_a_read_stands_at_its_time():
    (bar,) = bars(run_of(asking("A", asked("a", 2.5, 5)), lasted=10))
    assert round(x_of(2.5, 10), 1) == bar.x
    assert (WIDTH - LABELS) / 4 == pytest.approx(bar.width, rel=0.05)


def test_rows_are_grouped_by_gate_and_by_host():
    made = run_of(
        asking("A", asked("a", 0, 1, "188"), asked("b", 0, 1, "110")), asking("B", asked("c", 1, 2), needs=["A"])
    )
    assert [("A", ["110", "188"]), ("B", ["188"])] == [
        (group.gate, [row.host for row in group.rows]) for group in charted(made).groups
    ]


def test_a_read_that_many_checks_used_is_drawn_once_where_it_was_asked_first():
    shared = asked("shared", 0, 1)
    made = run_of(asking("A", shared, shared), asking("B", shared, asked("b", 1, 2), needs=["A"]))
    assert [("A", 1), ("B", 1)] == [
        (group.gate, sum(len(row.bars) for row in group.rows)) for group in charted(made).groups
    ]


def test_a_read_without_a_reply_is_marked_and_says_so():
    exchange = asked("a", 0, 1)
    lost = exchange.model_copy(
        update={"reply": NoReply(started=exchange.reply.started, ended=exchange.reply.ended, reason=Reason.DEADLINE)}
    )
    (bar,) = bars(run_of(asking("A", lost)))
    assert not bar.answered
    assert bar.title.endswith("no usable reply")


def test_what_is_sent_from_here_stands_last_and_is_called_so():
    ping = asked("a", 0, 1).model_copy(update={"read": Ping(address="192.168.0.110")})
    (group,) = charted(run_of(asking("A", ping, asked("b", 0, 1)))).groups
    assert ["188", "from here"] == [row.host for row in group.rows]


def test_reads_of_the_critical_path_are_marked_and_joined():
    made = run_of(asking("A", asked("a", 0, 1)), asking("B", asked("b", 1, 2), asked("c", 1, 1.5), needs=["A"]))
    assert [True, False, True] == [bar.critical for bar in bars(made)]
    assert 1 == charted(made).path.count("M")


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 10)), max_size=40))
def test_reads_of_one_lane_never_overlap(times):
    made = run_of(asking("A", *(asked(f"r{at}", start, start + took) for at, (start, took) in enumerate(times))))
    spans = own(used_by_gate(made), "A")
    last = {}
    for span, lane in zip(spans, lanes_of(spans), strict=True):
        assert span.start >= last.get(lane, 0)
        last[lane] = span.end


@pytest.mark.parametrize("total", [0.001, 0.05, 0.49, 1, 4.2, 7.99, 59, 61, 3600, 86400 * 30])
def test_ticks_are_few_and_within_the_picture(total):
    found = ticks(total)
    assert 3 <= len(found) <= 9
    assert all(LABELS <= tick.x <= WIDTH for tick in found)
    assert len(found) == len({tick.label for tick in found})


def test_a_run_without_reads_has_no_rows():
    assert () == charted(run_of(asking("A"))).groups
