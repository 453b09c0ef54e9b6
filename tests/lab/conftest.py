"""The lab as a fixture. Where it cannot run its tests are skipped, and say why; in CI that is a failure."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab.fleet import Fleet
from lab.place import Lab, LabError, Unavailable
from tests.lab.support import wait_green

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.lab)


@pytest.fixture(scope="session")
def built() -> Fleet:
    """All that the hosts are made from is there; none of them need be up."""
    fleet = Fleet(Lab.here())
    try:
        fleet.build()
    except Unavailable as missing:
        complain = pytest.fail if os.environ.get("CI") else pytest.skip
        complain(f"the lab cannot run here: {missing}")
    return fleet


@pytest.fixture(scope="session")
def standing(built: Fleet) -> Iterator[Fleet]:
    """The four hosts, up and healthy; taken down at the end unless they were up before."""
    with built.standing():
        _heal(built)
        yield built


def _heal(fleet: Fleet) -> None:
    """Wait until all is well; hosts that an interrupted test left broken come from the factory again."""
    try:
        wait_green(fleet, within=90)
    except LabError:
        fleet.reset()
        wait_green(fleet)


@pytest.fixture
def fleet(standing: Fleet) -> Iterator[Fleet]:
    """The hosts, healthy before the test. That its own repair makes them healthy again is part of each test."""
    yield standing
    try:
        wait_green(standing, within=90)
    except LabError:
        standing.reset()
        wait_green(standing)
        raise


@pytest.fixture
def steady(standing: Fleet) -> Fleet:
    """The hosts, for a fault that is undone at one stroke. The next test compares a whole report: it would see it."""
    return standing
