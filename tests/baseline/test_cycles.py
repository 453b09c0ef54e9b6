"""Cycles are named by their path, beginning at the first of its members in the file."""

from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldstart.baseline.cycles import cycles


@pytest.mark.parametrize(
    ("needs", "expected"),
    [
        ({"A": [], "B": ["A"], "C": ["A", "B"]}, []),
        ({"A": ["A"]}, [("A", "A")]),
        ({"A": ["B"], "B": ["A"]}, [("A", "B", "A")]),
        ({"X": [], "A": ["B"], "B": ["C", "X"], "C": ["A"]}, [("A", "B", "C", "A")]),
        ({"A": ["B"], "B": ["A"], "C": ["D"], "D": ["C"]}, [("A", "B", "A"), ("C", "D", "C")]),
    ],
)
def test_each_cycle_is_a_path_along_needs(needs, expected):
    assert expected == sorted(cycles(needs))


@given(st.lists(st.lists(st.integers(0, 5), max_size=4), min_size=6, max_size=6))
def test_a_cycle_is_found_exactly_where_there_is_one(parents):
    needs = {str(node): [str(parent) for parent in set(found)] for node, found in enumerate(parents)}
    found = cycles(needs)
    for path in found:
        assert path[0] == path[-1]
        assert all(there in needs[here] for here, there in pairwise(path))
    try:
        TopologicalSorter(needs).prepare()
    except CycleError:
        assert found
    else:
        assert [] == found
