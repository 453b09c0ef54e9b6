"""One browser for all tests here, and pages to look at."""

import pytest
from tests.support.chromium import browser


@pytest.fixture(scope="session")
def tab():
    with browser() as one:
        yield one


@pytest.fixture
def written(tmp_path):
    """Write a page, and say where."""

    def write(html):
        path = tmp_path / "run.html"
        path.write_text(html, "utf-8")
        return path

    return write
