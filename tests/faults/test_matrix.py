"""Every row of the table of faults has a test, or waits for the feature that it is about."""

from pathlib import Path

import pytest

PROMISED = frozenset({*range(1, 29), *range(31, 36), *range(38, 44), 45, 47, 50, 51, 53})
"""Rows that must have a test now."""
LATER = frozenset({29, 30, 36, 37, 44, 46, 48, 49, 52})
"""Rows of later features: one that gets its test moves up."""


class _Rows:
    """Collects the rows that tests are marked with, and runs none of them."""

    def __init__(self) -> None:
        self.tested: dict[int, int] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            for mark in item.iter_markers("fault"):
                self.tested[mark.args[0]] = self.tested.get(mark.args[0], 0) + 1


@pytest.fixture(scope="module")
def tested():
    rows = _Rows()
    quiet = ["-q", "--collect-only", "-p", "no:cacheprovider"]
    assert pytest.ExitCode.OK == pytest.main([*quiet, str(Path(__file__).parent)], plugins=[rows])
    return rows.tested


def test_every_promised_row_has_a_test(tested):
    assert set() == PROMISED - set(tested)


def test_every_row_that_has_a_test_is_promised(tested):
    assert set() == set(tested) - PROMISED, "move them from LATER to PROMISED"


def test_every_row_of_the_table_is_either_promised_or_for_later():
    assert set(range(1, 54)) == PROMISED | LATER
    assert set() == PROMISED & LATER
