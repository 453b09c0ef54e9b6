"""A database that cannot be used, or not any more: a line for the operator, never an error, and nothing is lost."""

import os
import resource
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from tests.history.children import become_nobody, kill, result_of, start
from tests.history.reports import CLOCK, NAME, NOW, run

from coldstart.errors import UsageError
from coldstart.history import History, files, schema

PAGE = 4096


@pytest.fixture
def path(tmp_path):
    """A database with a few runs, closed."""
    with History.open(tmp_path, CLOCK) as history:
        for at in range(30):
            history.add(run(NOW + at), command="check")
        assert () == history.problems
    return tmp_path / files.NAME


def opened(path: Path, patience: float = 5.0) -> History:
    return History.open(path.parent, CLOCK, patience=patience)


def garbage(data: bytes) -> bytes:
    return b"\x13garbage" * (len(data) // 8)


def cut_short(data: bytes) -> bytes:
    return data[: len(data) // 2 + 100]


def zero_first_page(data: bytes) -> bytes:
    return bytes(PAGE) + data[PAGE:]


def zeros(data: bytes) -> bytes:
    return bytes(len(data))


DAMAGES = (garbage, cut_short, zero_first_page, zeros)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_kept_aside_and_a_new_one_begun(path, damage):
    damaged = damage(path.read_bytes())
    path.write_bytes(damaged)
    with opened(path) as history:
        assert 1 == history.add(run(), command="check")
        assert [1] == [one.id for one in history.runs()]
        (problem,) = history.problems
        (aside,) = path.parent.glob("history.db.damaged-*")
        assert f"{path} was damaged" in problem
        assert f"kept as {aside.name}, and a new one is begun" in problem
        assert not history.failed
    assert damaged == aside.read_bytes()


@pytest.mark.parametrize("damage", DAMAGES)
def test_reading_a_damaged_file_gives_nothing_and_tells_it(path, damage):
    path.write_bytes(damage(path.read_bytes()))
    with opened(path) as history:
        assert () == history.runs()
        assert {} == history.past(NAME, 0)
        assert () == history.times_to_green(NAME)
        assert None is history.last_green(NAME)
        assert 1 == len(history.problems)
    assert not path.exists()


def test_a_zero_page_anywhere_never_raises_and_never_stops_the_next_run(path):
    whole = path.read_bytes()
    found = 0
    for at in range(0, len(whole), PAGE):
        path.write_bytes(whole[:at] + bytes(PAGE) + whole[at + PAGE :])
        with opened(path) as history:
            history.past(NAME, 0)
            history.times_to_green(NAME)
            history.runs()
            history.last_green(NAME)
            history.gates()
            assert history.add(run(), command="check")
            found += bool(history.problems)
        for left in path.parent.glob("history.db*"):
            left.unlink()
    assert found > 5


def test_damage_that_shows_while_it_is_open_is_told_and_the_run_is_kept(path):
    with opened(path) as history:
        assert history.runs()
        with path.open("r+b") as file:
            file.write(bytes(path.stat().st_size))
        assert history.add(run(), command="check")
        assert "was damaged" in history.problems[0]


def test_tables_that_are_missing_are_damage(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE gates")
    with opened(path) as history:
        assert 1 == history.add(run(), command="check")
        assert "no table gates" in history.problems[0]


def test_the_log_of_a_lost_database_is_not_taken_for_that_of_a_new_one(path):
    wal = path.with_name("history.db-wal")
    with opened(path) as history:
        history.add(run(), command="check")
        log = wal.read_bytes()
    path.unlink()
    wal.write_bytes(log)
    with opened(path) as history:
        assert 1 == history.add(run(), command="check")
        assert "is gone; what was left of it is kept as history.db.damaged-" in history.problems[0]
    (aside,) = path.parent.glob("history.db.damaged-*-wal")
    assert log == aside.read_bytes()


def test_damaged_files_do_not_fill_the_disk(path):
    damaged = zeros(path.read_bytes())
    for _ in range(files.MOST_DAMAGED):
        path.write_bytes(damaged)
        with opened(path) as history:
            assert history.add(run(), command="check")
    path.write_bytes(damaged)
    with opened(path) as history:
        assert None is history.add(run(), command="check")
        assert "5 before it: look at the disk" in history.problems[0]
    assert damaged == path.read_bytes()


def test_a_newer_database_is_left_alone(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = path.read_bytes()
    with opened(path) as history:
        assert None is history.add(run(), command="check")
        assert () == history.runs()
        assert "it is of a newer coldstart (layout 99, this one knows 1) and is left alone" in history.problems[0]
        with pytest.raises(UsageError, match="newer coldstart"):
            history.report("last")
    assert before == path.read_bytes()
    assert [] == [*path.parent.glob("*damaged*")]


def test_another_program_s_file_is_left_alone(tmp_path):
    path = tmp_path / files.NAME
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE visits (url TEXT)")
    before = path.read_bytes()
    with opened(path) as history:
        assert None is history.add(run(), command="check")
        assert "it is not a history of coldstart" in history.problems[0]
    assert before == path.read_bytes()


def test_an_empty_file_is_begun(tmp_path):
    (tmp_path / files.NAME).touch()
    with opened(tmp_path / files.NAME) as history:
        assert 1 == history.add(run(), command="check")
        assert () == history.problems


def test_what_a_killed_making_left_is_cleared(tmp_path):
    (tmp_path / "history.db.new").write_bytes(b"half")
    (tmp_path / "history.db.new-wal").write_bytes(b"half")
    with opened(tmp_path / files.NAME) as history:
        assert 1 == history.add(run(), command="check")
        assert () == history.problems
    assert {"history.db", "history.db.lock"} == {path.name for path in tmp_path.iterdir()}


def test_an_older_layout_is_brought_up_with_all_that_is_in_it(path, monkeypatch):
    monkeypatch.setattr(schema, "STEPS", (*schema.STEPS, ("ALTER TABLE runs ADD COLUMN mood TEXT DEFAULT 'good'",)))
    with opened(path) as history:
        assert 31 == history.add(run(), command="check")
        assert () == history.problems
    with closing(sqlite3.connect(path)) as connection:
        assert 2 == schema.version_of(connection)
        assert [("good", 31)] == connection.execute("SELECT mood, count(*) FROM runs GROUP BY mood").fetchall()


def test_a_step_that_fails_leaves_the_older_layout_whole(path, monkeypatch):
    broken = ("ALTER TABLE runs ADD COLUMN mood TEXT", "DROP TABLE checks", "nonsense")
    with monkeypatch.context() as patch:
        patch.setattr(schema, "STEPS", (*schema.STEPS, broken))
        with opened(path) as history:
            assert None is history.add(run(), command="check")
            assert "nonsense" in history.problems[0]
    with opened(path) as history:
        assert 31 == history.add(run(), command="check")
        assert 31 == len(history.past(NAME, 0)["P0/load@a"])
        assert () == history.problems


def test_a_link_is_not_followed(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("precious")
    (tmp_path / files.NAME).symlink_to(elsewhere)
    with opened(tmp_path / files.NAME) as history:
        assert None is history.add(run(), command="check")
        assert "it is not a regular file" in history.problems[0]
    assert "precious" == elsewhere.read_text()


@pytest.mark.parametrize("name", [files.NAME, "history.db.lock"])
def test_a_pipe_in_its_place_does_not_hang(tmp_path, name):
    os.mkfifo(tmp_path / name)
    with opened(tmp_path / files.NAME, patience=0.1) as history:
        history.add(run(), command="check")
        assert () == history.runs() or name != files.NAME


def test_a_directory_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").touch()
    with History.open(tmp_path / "file" / "state", CLOCK) as history:
        assert None is history.add(run(), command="check")
        assert () == history.runs()
        problems = history.problems
    path = f"{tmp_path}/file/state/history.db"
    assert (
        f"history: {path}: this run was not kept: Not a directory",
        f"history: {path}: it cannot be read: Not a directory",
    ) == problems


def test_a_file_without_the_right_to_write_is_told_and_left_as_it_is(path):
    path.parent.chmod(0o755)
    path.chmod(0o444)
    for parent in path.parents[1:3]:  # pytest's own directories are closed to others
        parent.chmod(0o755)

    def look():
        become_nobody()
        with opened(path) as history:
            return history.add(run(), command="check"), history.problems

    number, problems = result_of(look)
    assert None is number
    assert "this run was not kept: Permission denied" in problems[0]
    assert 0o444 == path.stat().st_mode & 0o777


def test_a_full_disk_costs_the_run_and_nothing_else(path):
    def with_no_room():
        room = path.stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
        with opened(path) as history:
            numbers = [history.add(run(NOW + at), command="check") for at in range(40)]
            return numbers, history.problems, len(history.runs(100))

    numbers, problems, there = result_of(with_no_room)
    assert None in numbers
    assert "this run was not kept: the disk" in problems[0]
    assert 1 == len(problems)
    assert there == 30 + len([number for number in numbers if number])
    with opened(path) as history:
        assert there == len(history.runs(100))
        assert history.add(run(), command="check")
        assert () == history.problems


def test_a_full_disk_at_the_first_run_leaves_no_half_file(tmp_path):
    def with_no_room():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        with History.open(tmp_path, CLOCK) as history:
            return history.add(run(), command="check"), history.problems

    number, problems = result_of(with_no_room)
    assert None is number
    assert "this run was not kept" in problems[0]
    with History.open(tmp_path, CLOCK) as history:
        assert 1 == history.add(run(), command="check")
        assert () == history.problems


def test_a_database_that_another_process_keeps_locked_is_told(path):
    ready, told = os.pipe()

    def hold():
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("BEGIN EXCLUSIVE")
            os.write(told, b"x")
            time.sleep(60)

    child = start(hold)
    os.read(ready, 1)
    try:
        with opened(path, patience=0.05) as history:
            assert None is history.add(run(), command="check")
            assert (
                "this run was not kept: another process has kept it locked for more than 0.05 s" in history.problems[0]
            )
            assert 30 == len(history.runs(100))
    finally:
        kill(child)
        os.close(ready)
        os.close(told)
    with opened(path) as history:
        assert 31 == history.add(run(), command="check")


def test_the_same_problem_is_told_once(tmp_path):
    (tmp_path / "file").touch()
    with History.open(tmp_path / "file", CLOCK) as history:
        for _ in range(50):
            history.add(run(), command="check")
        assert 1 == len(history.problems)


def test_a_history_that_is_deleted_in_between_is_begun_anew(path):
    with opened(path) as history:
        assert 31 == history.add(run(), command="check")
        for left in path.parent.iterdir():
            left.unlink()
        assert 1 == history.add(run(), command="check")
        assert () == history.problems
