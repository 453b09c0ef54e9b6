"""The shipped baseline asks everything that the SOP asks: no row of its tables is without a check."""

import pytest
from tools.sop_coverage import BASELINE, by_row, by_section, rows

from coldstart.baseline.load import load

SOP = rows()
ROWS = [f"{section}/{name}" for section, names in SOP["rows"].items() for name in names]


@pytest.fixture(scope="module")
def baseline():
    return load(BASELINE).baseline


@pytest.mark.parametrize("row", ROWS)
def test_every_row_of_the_tables_has_a_check(baseline, row):
    assert by_row(baseline, row), f"no check of the shipped baseline covers {row}"


@pytest.mark.parametrize("section", SOP["sections"])
def test_every_section_that_asks_for_something_has_a_check(baseline, section):
    assert by_section(baseline, section), f"no check of the shipped baseline is from SOP {section}"


def test_every_done_criterion_of_the_sop_is_one_of_the_baseline_in_its_own_words(baseline):
    assert list(SOP["done"]) == [item.claim for item in baseline.done]
    assert all(item.checks or item.by_hand for item in baseline.done)


def test_every_row_that_a_check_says_it_covers_is_a_row_of_the_sop(baseline):
    assert set() == {row for check in baseline.checks() for row in check.covers} - set(ROWS)


def test_the_gates_are_the_sops_in_its_order(baseline):
    assert SOP["rows"]["13.4"] == list(baseline.gates)
