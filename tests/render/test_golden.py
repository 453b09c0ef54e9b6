"""What a person sees, byte for byte. ``UPDATE_GOLDEN=1 pytest tests/render`` writes the files anew: read the diff."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from tests.render.plans import full
from tests.render.reports import SCENARIOS

from coldstart.render import explain, junit, markdown, plan, short, table

GOLDEN = Path(__file__).parent / "golden"
UPDATE = os.environ.get("UPDATE_GOLDEN") == "1"

EXPLAINED = {
    "all_green": "P1-K3S/agent",
    "blocked_at_data": "P0-188-DATA/postgresql@188",
    "any_of_groups": "P0-188-DATA/dashboard",
    "hostile_text": "P0-188-DATA/motd",
    "many_parts": "P0-110-REGISTRY-OBSERVABILITY/containers",
    "keep_going_downstream": "P1-K3S/k3s-unit",
}


def explained(name: str, width: int) -> str:
    results = explain.find(SCENARIOS[name](), EXPLAINED[name])
    return explain.render(results, width=width, color=False, ascii=False)


def tabled(name: str, width: int, *, ascii_only: bool = False, verbose: bool = False) -> str:
    return table.render(SCENARIOS[name](), width=width, color=False, ascii=ascii_only, verbose=verbose)


def shortened(name: str) -> str:
    return short.render(SCENARIOS[name]())


def junited(name: str) -> str:
    return junit.render(SCENARIOS[name]())


def marked_down(name: str) -> str:
    return markdown.render(SCENARIOS[name]())


CASES: dict[str, Callable[[], str]] = {
    **{f"table/{name}.{width}": partial(tabled, name, width) for name in SCENARIOS for width in (80, 140)},
    **{f"table/{name}.ascii": partial(tabled, name, 80, ascii_only=True) for name in SCENARIOS},
    "table/all_green.verbose": partial(tabled, "all_green", 80, verbose=True),
    **{f"short/{name}": partial(shortened, name) for name in SCENARIOS},
    **{f"junit/{name}": partial(junited, name) for name in SCENARIOS},
    **{f"markdown/{name}": partial(marked_down, name) for name in SCENARIOS},
    **{f"explain/{name}.{width}": partial(explained, name, width) for name in EXPLAINED for width in (80, 140)},
    **{f"plan/full.{width}": partial(plan.render, full(), width=width, color=False) for width in (80, 140)},
}


@pytest.mark.parametrize("case", CASES)
def test_the_output_is_what_its_golden_file_holds(case):
    path = GOLDEN / f"{case}.txt"
    text = CASES[case]()
    if UPDATE:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    assert path.read_text("utf-8") == text, "UPDATE_GOLDEN=1 pytest tests/render rewrites it; look at the diff"


def test_no_golden_file_is_left_over():
    assert sorted(CASES) == sorted(str(path.relative_to(GOLDEN).with_suffix("")) for path in GOLDEN.rglob("*.txt"))
