"""`coldstart history`: what is kept, newest first, and how long a gate took."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.history.reports import CLOCK, NAME, NOW, run

from coldstart.__main__ import main
from coldstart.history import History
from coldstart.outcome import Result, Verdict
from coldstart.render import history as rendering

MINUTE = 60.0
DAY = 86400.0
BLOCKED = Verdict.BLOCKED


@pytest.fixture
def state(tmp_path, monkeypatch):
    """Four recoveries of P1 after 3, 4, 20 and 9 minutes."""
    monkeypatch.setenv("TZ", "UTC")
    with History.open(tmp_path, CLOCK) as history:
        for number, minutes in enumerate((3, 4, 20, 9)):
            at = NOW + number * DAY
            with_boots = {"boots": {"a": f"a-{number}", "b": f"b-{number}"}, "moments": {"a": at, "b": at}}
            history.add(run(at + MINUTE, p1=BLOCKED, **with_boots), command="watch", attempt=1)
            history.add(run(at + minutes * MINUTE, **with_boots), command="watch", attempt=2)
    return tmp_path


def told(state, *arguments):
    return main(["history", "--state-dir", str(state), "--ascii", *arguments])


def test_the_newest_run_comes_first(state, capsys):
    assert 0 == told(state, "--limit", "2")
    head, *rows = capsys.readouterr().out.splitlines()
    assert ["run", "when", "command", "result", "lasted", "headline"] == head.split()
    assert [["8", "GREEN"], ["7", "BLOCKED"]] == [[row.split()[0], row.split()[5]] for row in rows]
    assert rows[0].endswith("4.0 s   so it is")


def test_a_gate_is_told_against_its_earlier_recoveries(state, capsys):
    assert 0 == told(state, "--gate", "P1")
    first, _, head, *rows = capsys.readouterr().out.splitlines()
    assert first.startswith("P1: green 9 min after the boot of 2026-")
    assert first.endswith("(a b); median 4 min of 3 earlier recoveries")
    assert ["run", "when", "command", "P1", "result", "headline"] == head.split()
    assert ["PASS", "BLOCKED"] * 4 == [row.split()[5] for row in rows]


def test_a_gate_that_is_not_green_says_for_how_long(state, capsys):
    at = NOW + 9 * DAY
    with History.open(state, CLOCK) as history:
        history.add(
            run(at + 12 * MINUTE, p1=BLOCKED, boots={"b": "b-9"}, moments={"b": at}), command="watch", attempt=1
        )
    assert 0 == told(state, "--gate", "P1")
    assert "P1: not yet green, 12 min so far since the boot" in capsys.readouterr().out


def test_as_json(state, capsys):
    assert 0 == told(state, "--gate", "P1", "-o", "json", "-n", "1")
    said = json.loads(capsys.readouterr().out)
    (row,) = said["runs"]
    assert (8, "watch", 2, "GREEN", "PASS", True) == tuple(
        row[key] for key in ("id", "command", "attempt", "result", "verdict", "whole")
    )
    (time,) = [one for one in said["times_to_green"] if one["gate"] == "P1"]
    assert (540, 240, [1200, 240, 180]) == (time["seconds"], time["usual"], time["earlier"])


def test_a_narrowed_run_says_so(state, capsys):
    with History.open(state, CLOCK) as history:
        history.add(run(narrowed=("--only P0",), result=Result.DEGRADED), command="check")
    assert 0 == told(state, "-n", "1")
    assert "(narrowed) so it is" in capsys.readouterr().out


def test_no_line_is_wider_than_eighty_cells(state):
    with History.open(state, CLOCK) as history:
        history.add(run(headline="BLOCKED at P0: " + "long " * 100), command="watch", attempt=10000)
        runs, times = history.runs(), history.times_to_green(NAME)
    for gate in (None, "P1"):
        text = rendering.table(runs, times, gate=gate, path=None, width=80, color=False, ascii=False)
        assert 80 >= max(len(line) for line in text.splitlines())
        assert "…" in text


def test_an_empty_history_says_how_one_comes_to_be(tmp_path, capsys):
    assert 0 == told(tmp_path / "none")
    said = capsys.readouterr()
    assert f"No run is kept yet in {tmp_path}/none/history.db. coldstart check" in " ".join(said.out.split())
    assert "coldstart check and coldstart watch keep each of their runs" in said.out
    assert "" == said.err
    assert not (tmp_path / "none").exists()


def test_the_directory_may_come_from_the_environment(state, capsys, monkeypatch):
    monkeypatch.setenv("COLDSTART_STATE_DIR", str(state))
    assert 0 == main(["history", "-n", "1"])
    assert "GREEN" in capsys.readouterr().out


def test_a_damaged_file_is_told_and_is_no_failure(tmp_path, capsys):
    (tmp_path / "history.db").write_bytes(b"nonsense" * 1000)
    assert 0 == told(tmp_path)
    said = capsys.readouterr()
    assert "history.db was damaged" in said.err
    assert "No run is kept yet" in said.out


def test_hostile_text_cannot_reach_the_terminal(state, capsys):
    with closing(sqlite3.connect(state / "history.db")) as connection, connection:
        connection.execute("UPDATE runs SET command = ?, headline = ?", ("\x1b[2J", "[red]\x1b]0;x\x07\u202e"))
    assert 0 == told(state)
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert "[red]\\x1b" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--gate", "CD"], "--gate CD: no run that is kept has such a gate; known: P0, P1"),
        (["--gate", "P11"], "did you mean P1?"),
        (["--name", "other"], "--name other: no run of a baseline of this name is kept; the last run is of two gates"),
        (["--limit", "0"], "--limit"),
        (["-o", "html"], "no such format 'html'; known: table, json"),
    ],
)
def test_a_mistake_ends_with_3_and_says_what_to_do(state, capsys, arguments, said):
    assert 3 == told(state, *arguments)
    assert said in capsys.readouterr().err


def test_what_cannot_be_read_ends_with_3(tmp_path, capsys):
    Path(tmp_path / "file").touch()
    assert 3 == told(tmp_path / "file")
    assert "it cannot be read: Not a directory" in capsys.readouterr().err


def test_a_gate_of_several_baselines_is_told_of_the_newest_one_alone(state, capsys):
    with History.open(state, CLOCK) as history:
        history.add(run(NOW + 9 * DAY, baseline_name="other"), command="check")
    assert 0 == told(state, "--gate", "P1")
    assert ["9"] == [row.split()[0] for row in capsys.readouterr().out.split("headline\n")[1].splitlines()]
    assert 0 == told(state, "--gate", "P1", "--name", NAME)
    assert "median 4 min of 3 earlier recoveries" in " ".join(capsys.readouterr().out.split())
