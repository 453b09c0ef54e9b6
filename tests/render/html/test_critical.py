"""The critical path: the chain of reads that the end of the run waited for."""

import pytest
from tests.render.html.timed import asked, asking, names, run_of

from coldstart.render.html.critical import critical_path


def test_it_leads_from_gate_to_gate_through_what_ended_last():
    made = run_of(
        asking("A", asked("a-quick", 0, 1), asked("a-slow", 0, 3)),
        asking("B", asked("b-slow", 3, 7), asked("b-quick", 3, 4), needs=["A"]),
        asking("C", asked("c", 7, 8), needs=["B"]),
    )
    assert ["/a-slow", "/b-slow", "/c"] == names(critical_path(made))


def test_of_two_gates_above_it_takes_the_one_that_ended_last():
    made = run_of(
        asking("A", asked("a", 0, 2)),
        asking("B", asked("b", 0, 5)),
        asking("C", asked("c", 5, 6), needs=["A", "B"]),
    )
    assert ["/b", "/c"] == names(critical_path(made))


def test_the_end_of_the_run_need_not_be_its_last_gate():
    made = run_of(asking("A", asked("a", 0, 9)), asking("B", asked("b", 0, 2)))
    assert ["/a"] == names(critical_path(made))


def test_within_a_gate_it_goes_back_over_reads_of_the_same_host():
    made = run_of(
        asking("A", asked("first", 0, 2), asked("other", 0, 2.9, "110"), asked("second", 2, 2.5), asked("third", 3, 6))
    )
    assert ["/first", "/second", "/third"] == names(critical_path(made))


def test_reads_that_ran_beside_each_other_are_not_a_chain():
    made = run_of(asking("A", asked("beside", 0, 3), asked("last", 1, 4)))
    assert ["/last"] == names(critical_path(made))


def test_it_says_how_long_each_read_had_to_wait():
    made = run_of(asking("A", asked("a", 0.5, 2)), asking("B", asked("b", 2.25, 3), needs=["A"]))
    assert [0.5, 0.25] == [step.waited for step in critical_path(made)]


def test_a_gate_that_asked_nothing_is_looked_through():
    made = run_of(asking("A", asked("a", 0, 1)), asking("B", needs=["A"]), asking("C", asked("c", 1, 2), needs=["B"]))
    assert ["/a", "/c"] == names(critical_path(made))


def test_a_gate_whose_reads_had_all_come_back_already_is_left_out():
    shared = asked("shared", 0, 1)
    made = run_of(
        asking("A", shared, asked("a", 0, 4)),
        asking("B", shared, needs=["A"]),
        asking("C", asked("c", 4, 5), needs=["B"]),
    )
    assert ["/a", "/c"] == names(critical_path(made))


def test_a_read_that_two_gates_used_is_one_step():
    shared = asked("shared", 0, 4)
    made = run_of(
        asking("A", asked("a", 0, 1)), asking("B", shared), asking("C", shared, asked("c", 4, 5), needs=["B"])
    )
    assert ["/shared", "/c"] == names(critical_path(made))


def test_nothing_asked_is_no_path():
    assert () == critical_path(run_of(asking("A")))
    assert () == critical_path(run_of())


@pytest.mark.parametrize("needs", [["B"], ["A"], ["nowhere"], ["A", "B", "nowhere"]])
def test_a_cycle_or_a_gate_that_is_not_there_ends_the_path(needs):
    made = run_of(asking("A", asked("a", 0, 1), needs=needs), asking("B", asked("b", 1, 2), needs=["A"]))
    assert ["/a", "/b"] == names(critical_path(made))


def test_a_clock_that_was_set_back_gives_no_negative_time():
    made = run_of(asking("A", asked("a", 3, 1)), asking("B", asked("b", -2, 2), needs=["A"]))
    assert all(step.waited >= 0 and step.span.took >= 0 and step.span.start >= 0 for step in critical_path(made))
