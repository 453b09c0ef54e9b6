"""Every row of the table of faults has a test."""

from pathlib import Path

import pytest

ROWS = frozenset(range(1, 54))


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
    tests = Path(__file__).parents[1]
    where = [str(tests / name) for name in ("faults", "test_alert.py", "test_watch.py")]
    assert pytest.ExitCode.OK == pytest.main([*quiet, *where], plugins=[rows])
    return rows.tested


def test_every_row_of_the_table_has_a_test(tested):
    assert ROWS == set(tested)
