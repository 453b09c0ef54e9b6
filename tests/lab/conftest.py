"""The lab as a fixture. Where it cannot run its tests are skipped, and say why; in CI that is a failure."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab.fleet import Fleet
from lab.place import Lab, LabError, Unavailable
from tests.lab.support import wait_green

from lab import monitor

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
    """The four hosts, up and healthy; taken down at the end unless they were up before.

    Cron runs 110's monitor only in the test that is about it: none may fall into what another test looks at.
    """
    with built.standing():
        try:
            wait_green(built, within=90)
        except LabError:  # an interrupted test left them broken
            _from_the_factory(built)
        monitor.pause(built[monitor.HOST])
        yield built
        monitor.resume(built[monitor.HOST])


def _from_the_factory(fleet: Fleet) -> None:
    fleet.reset()
    wait_green(fleet)
    monitor.pause(fleet[monitor.HOST])


@pytest.fixture
def fleet(steady: Fleet) -> Iterator[Fleet]:
    """The hosts, healthy before the test. That its own repair makes them healthy again is part of each test."""
    yield steady
    try:
        wait_green(steady, within=90)
    except LabError:
        _from_the_factory(steady)
        raise


@pytest.fixture
def steady(standing: Fleet) -> Fleet:
    """The hosts, for a fault that is undone at one stroke. The next test compares a whole report: it would see it."""
    monitor.refresh(standing[monitor.HOST])
    return standing
