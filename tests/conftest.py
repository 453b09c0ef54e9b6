"""What holds for every test."""

import os
import tempfile
from collections.abc import Iterator

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


@pytest.fixture(scope="session", autouse=True)
def _history_of_the_tests() -> Iterator[None]:
    """Runs of tests are kept apart from whatever the developer's own coldstart keeps."""
    with tempfile.TemporaryDirectory(prefix="coldstart-test-state-") as directory:
        before = os.environ.get("COLDSTART_STATE_DIR")
        os.environ["COLDSTART_STATE_DIR"] = directory
        yield
        if before is None:
            del os.environ["COLDSTART_STATE_DIR"]
        else:
            os.environ["COLDSTART_STATE_DIR"] = before
