"""What holds for every test."""

import pytest
from hypothesis import settings
from tests.support.effort import examples

settings.register_profile("coldstart", max_examples=examples(100), deadline=None)
settings.load_profile("coldstart")

_AT_LENGTH = ("test_no_truncation", "test_no_cut_reply", "test_thousands_of_gates")
"""Families that try every length of every recorded reply: they belong to `make test-slow`."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.name.startswith(_AT_LENGTH):
            item.add_marker(pytest.mark.slow)
