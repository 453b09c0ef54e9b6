"""Several processes at once, and processes that are killed: nothing that was kept is lost."""

import os
import random
import sqlite3
import time
from contextlib import closing

import pytest
from tests.history.children import ended, kill, start
from tests.history.reports import CLOCK, NAME, NOW, run

from coldstart.history import History, files
from coldstart.history.database import Database

PROCESSES = 6
EACH = 8


def add_some(directory):
    with History.open(directory, CLOCK) as history:
        for at in range(EACH):
            assert history.add(run(NOW + at), command="check")
        assert () == history.problems


def together(work):
    """Do `work` in several processes that begin at the same moment; each must end well."""
    hold, go = os.pipe()

    def waiting():
        os.read(hold, 1)
        work()

    children = [start(waiting) for _ in range(PROCESSES)]
    os.write(go, b"x" * PROCESSES)
    assert [0] * PROCESSES == [ended(child) for child in children]
    os.close(hold)
    os.close(go)


def test_runs_that_are_added_at_once_are_all_kept(tmp_path):
    together(lambda: add_some(tmp_path))
    with History.open(tmp_path, CLOCK) as history:
        assert list(range(PROCESSES * EACH, 0, -1)) == [one.id for one in history.runs(1000)]
        assert PROCESSES * EACH == len(history.past(NAME, 0)["P0/load@a"])
        assert () == history.problems


def test_a_damaged_file_is_moved_once_however_many_find_it(tmp_path):
    (tmp_path / files.NAME).write_bytes(b"not a database" * 1000)

    def add_one():
        with History.open(tmp_path, CLOCK) as history:
            assert history.add(run(), command="check")

    together(add_one)
    with History.open(tmp_path, CLOCK) as history:
        assert PROCESSES == len(history.runs(1000))
    assert 1 == len([*tmp_path.glob("*.damaged-*")])


def test_who_finds_damage_late_does_not_move_the_new_file(tmp_path):
    """Two have the damaged file open; one has moved it aside and begun anew when the other comes to it."""
    (tmp_path / files.NAME).write_bytes(b"not a database" * 1000)
    late = Database(tmp_path, CLOCK)
    with pytest.raises(sqlite3.DatabaseError) as found:
        late._ready(make=True)
    with History.open(tmp_path, CLOCK) as history:
        assert history.add(run(), command="check")
    late._renew(found.value)
    late.close()
    with History.open(tmp_path, CLOCK) as history:
        assert [1] == [one.id for one in history.runs()]
    assert 1 == len([*tmp_path.glob("*.damaged-*")])


def kills(directory, times, seed):
    """Kill a process again and again while it adds runs; after each, the file is whole and holds what was kept."""
    chance = random.Random(seed)  # noqa: S311 - moments, no secrets
    kept = 0
    for at in range(times):
        told, tell = os.pipe()

        def add_for_ever(tell=tell):
            with History.open(directory, CLOCK) as history:
                while True:
                    number = history.add(run(), command="check")
                    os.write(tell, b"%d\n" % (number or -1))

        child = start(add_for_ever)
        os.close(tell)
        first = os.read(told, 1) if at % 2 else b""  # every other one is killed in the making, too
        time.sleep(chance.uniform(0.0, 0.04))  # the moment of the kill is what is tried, nothing is waited for
        kill(child)
        with os.fdopen(told, "rb") as pipe:
            numbers = [int(line) for line in (first + pipe.read()).split()]
        assert -1 not in numbers
        with History.open(directory, CLOCK) as history:
            kept += len(numbers)
            there = len(history.runs(100_000))
            assert kept <= there  # one more may have been kept and not been told
            kept = there
            assert () == history.problems
        if (directory / files.NAME).exists():
            with closing(sqlite3.connect(directory / files.NAME)) as connection:
                assert [("ok",)] == connection.execute("PRAGMA integrity_check").fetchall()
                assert [] == connection.execute("PRAGMA foreign_key_check").fetchall()
    return kept


def test_a_killed_process_leaves_the_file_whole(tmp_path):
    assert kills(tmp_path, times=10, seed=7) > 0


@pytest.mark.slow
def test_two_hundred_killed_processes_leave_the_file_whole(tmp_path):
    assert kills(tmp_path, times=200, seed=200) > 100
