"""docs/sop-coverage.md: every section of the SOP, and every row of its tables, with the checks that cover it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from coldstart.baseline.load import load
from coldstart.baseline.model import Baseline

ROOT = Path(__file__).parents[1]
BASELINE = ROOT / "baselines" / "full-stack-cold-start.yml"
ROWS = ROOT / "tools" / "sop_rows.yml"
NOTHING = "**nothing**"


def rows() -> dict[str, Any]:
    """What the SOP asks for: `sections`, `rows` of tables, `done`."""
    found: dict[str, Any] = yaml.safe_load(ROWS.read_text("utf-8"))
    return found


def by_section(baseline: Baseline, section: str) -> tuple[str, ...]:
    """Every check that names this section."""
    return tuple(f"{check.gate}/{check.id}" for check in baseline.checks() if check.sop == section)


def by_row(baseline: Baseline, row: str) -> tuple[str, ...]:
    """Every check that covers this row, ``SECTION/ROW``; the rows of 13.4 are gates, and cover themselves."""
    named = tuple(f"{check.gate}/{check.id}" for check in baseline.checks() if row in check.covers)
    section, _, name = row.partition("/")
    gate = baseline.gates.get(name) if section == "13.4" else None
    return named + tuple(f"{name}/{check.id}" for check in (gate.checks if gate else ()))


def page() -> str:
    """The whole page."""
    return "\n".join(_lines(load(BASELINE).baseline))


def _lines(baseline: Baseline) -> Iterator[str]:
    wanted = rows()
    yield "<!-- Made from the shipped baseline by `make gen`; do not edit. -->"
    yield ""
    yield "# What of the SOP is checked"
    yield ""
    yield f"The SOP is {baseline.about}" if baseline.about else ""
    yield ""
    yield "| section | asks for | checks |"
    yield "|---|---|---|"
    for section, title in wanted["sections"].items():
        yield f"| {section} | {title} | {_listed(by_section(baseline, section))} |"
    for section, names in wanted["rows"].items():
        yield ""
        yield f"## Rows of {section}"
        yield ""
        yield "| row | checks |"
        yield "|---|---|"
        for name in names:
            yield f"| {name} | {_listed(by_row(baseline, f'{section}/{name}'))} |"
    yield ""
    yield "## Done criteria (14)"
    yield ""
    yield "| item | checks |"
    yield "|---|---|"
    done = {item.claim: item for item in baseline.done}
    for claim in wanted["done"]:
        item = done.get(claim)
        yield f"| {claim} | {_listed(item.checks if item else ())}{_by_hand(item.by_hand) if item else ''} |"
    yield ""


def _listed(checks: tuple[str, ...]) -> str:
    return ", ".join(f"`{check}`" for check in dict.fromkeys(checks)) or NOTHING


def _by_hand(words: str) -> str:
    return f"; by hand: {words}" if words else ""
