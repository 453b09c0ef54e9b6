"""The picture of the gates: each below what it needs, none upon another, and as narrow as it can be."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.render.html.timed import asking, run_of
from tests.render.reports import SCENARIOS

from coldstart.render.html.dag import NODE_HEIGHT, picture
from coldstart.render.html.layers import rising, rows, shortened

SOP = {
    "P0-NETWORK": [],
    "P0-188-DATA": ["P0-NETWORK"],
    "P0-110-REGISTRY-OBSERVABILITY": ["P0-NETWORK"],
    "P1-K3S": ["P0-188-DATA", "P0-110-REGISTRY-OBSERVABILITY", "P0-NETWORK"],
    "P2-WORKLOAD-ALERTCHAIN": ["P1-K3S"],
    "P2-PUBLIC-ROUTES": ["P2-WORKLOAD-ALERTCHAIN", "P0-NETWORK"],
    "P2-SCHEDULES": ["P2-PUBLIC-ROUTES"],
}


def drawn(needs):
    return picture(run_of(*(asking(name, needs=above) for name, above in needs.items())))


@st.composite
def graphs(draw):
    count = draw(st.integers(1, 30))
    names = [f"GATE-{at:02}" for at in range(count)]
    return {
        name: draw(st.lists(st.sampled_from(names[:at]), max_size=4, unique=True)) if at else []
        for at, name in enumerate(names)
    }


def test_the_gates_of_the_sop_stand_in_six_rows():
    made = drawn(SOP)
    assert [0, 1, 1, 2, 3, 4, 5] == list(rows(SOP).values())
    assert 6 == len({node.y for node in made.nodes})
    assert made.width < 620


def test_an_edge_that_others_imply_is_left_out():
    edges = [(edge.above, edge.below) for edge in drawn(SOP).edges]
    assert ("P0-NETWORK", "P1-K3S") not in edges
    assert 7 == len(edges)


@given(graphs())
def test_every_gate_stands_below_all_that_it_needs(needs):
    at = {node.gate.name: node.y for node in drawn(needs).nodes}
    assert all(at[above] + NODE_HEIGHT < at[name] for name in needs for above in needs[name])


@given(graphs())
def test_no_gate_stands_upon_another_or_beyond_the_edge(needs):
    made = drawn(needs)
    for one, other in combinations(made.nodes, 2):
        assert one.y != other.y or abs(one.x - other.x) >= made.node_width
    for node in made.nodes:
        assert 0 <= node.x <= made.width - made.node_width
        assert 0 <= node.y <= made.height - NODE_HEIGHT


@given(graphs())
def test_what_can_be_reached_can_be_reached_by_the_edges_that_are_drawn(needs):
    def reach(of):
        found = {}
        for name in needs:
            found[name] = {up for above in of[name] for up in {above} | found[above]}
        return found

    assert reach(needs) == reach(shortened(needs))


def test_not_more_than_four_gates_stand_side_by_side():
    made = drawn({"TOP": [], **{f"GATE-{at:02}": ["TOP"] for at in range(29)}})
    assert 4 == max(sum(node.y == other.y for other in made.nodes) for node in made.nodes)
    assert not made.wide


def test_the_root_is_marked_and_what_is_held_is_dim():
    made = picture(SCENARIOS["blocked_at_data"]())
    assert ["P0-188-DATA"] == [node.gate.name for node in made.nodes if node.root]
    assert ["P1-K3S", "P2-SCHEDULES"] == [
        node.gate.name for node in made.nodes if node.dim and node.gate.name in ("P1-K3S", "P2-SCHEDULES")
    ]
    assert not any(node.dim for node in made.nodes if node.gate.name == "P0-NETWORK")


def test_a_cycle_and_a_gate_that_is_not_there_are_drawn_without_their_edges():
    made = drawn({"A": ["B"], "B": ["A"], "C": ["C", "nowhere"]})
    assert ["A", "B", "C"] == [node.gate.name for node in made.nodes]
    assert 1 >= len(made.edges)


def test_what_weighs_more_moves_less():
    assert [2.5, 2.5] == rising([4, 2], [1, 3])


def test_no_gate_is_an_empty_picture():
    assert () == drawn({}).nodes


@pytest.mark.parametrize(
    ("values", "expected"),
    [([], []), ([1, 2, 3], [1, 2, 3]), ([3, 1], [2, 2]), ([1, 5, 3, 4], [1, 4, 4, 4]), ([3, 2, 1], [2, 2, 2])],
)
def test_rising_is_the_nearest_that_never_falls(values, expected):
    assert expected == rising(values, [1] * len(values))
