"""`coldstart graph`: the DAG from a file, with verdicts of a recording or of a report, and nothing else."""

import json
from pathlib import Path

import pytest

from coldstart.__main__ import main

GOOD = """
coldstart: 1
name: two gates
hosts:
  a: {address: 127.0.0.1, local: true}
gates:
  P0:
    title: first
    checks:
      - {id: port, claim: port 1 is open, probe: tcp, with: {port: 1}, hint: look, sop: "3"}
  P1:
    title: second
    needs: [P0]
    checks:
      - {id: port, claim: port 2 is open, probe: tcp, with: {port: 2}, hint: look, sop: "3"}
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("b.yml").write_text(GOOD)
    return tmp_path


def graph(*arguments):
    return main(["graph", "-b", "b.yml", *arguments])


def test_the_tree_is_the_default_and_mermaid_goes_to_a_file(here, capsys):
    assert 0 == graph("-o", "tree", "-o", "mermaid=phases.mmd", "--ascii")
    assert (
        "two gates: 2 gates, 2 checks\n\nP0 - first\n|  1 check\n`- P1 - second\n      1 check\n"
        == capsys.readouterr().out
    )
    assert Path("phases.mmd").read_text().startswith("flowchart TD\n  g0[")


def test_a_report_gives_the_verdicts(here, capsys):
    assert 2 == main(["check", "-b", "b.yml", "-o", "json=run.json"])
    assert 0 == graph("--report", "run.json", "--ascii")
    said = capsys.readouterr().out
    assert "[FAIL] P0 - first\n|  BLOCKED\n`- [HELD] P1 - second\n      HELD by P0\n" in said
    assert "nothing was asked now" in said
    assert "another version" not in said


def test_a_recording_gives_the_verdicts(here, capsys):
    assert 2 == main(["check", "-b", "b.yml", "--record", "r", "-o", "json=run.json"])
    assert 0 == graph("--replay", "r", "-o", "mermaid")
    said = capsys.readouterr().out
    assert 'g0["P0<br/>first<br/>BLOCKED"]' in said
    assert "class g1 held" in said


def test_verdicts_of_another_baseline_say_so(here, capsys):
    main(["check", "-b", "b.yml", "-o", "json=run.json"])
    Path("b.yml").write_text(GOOD.replace("P1:", "P2:"))
    assert 0 == graph("--report", "run.json", "--ascii")
    said = capsys.readouterr().out
    assert "another version of this baseline" in said
    assert "[ -- ] P2 - second\n      not in the report" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--report", "nowhere.json"], "nowhere.json: No such file"),
        (["--report", "b.yml"], "b.yml: not a report of coldstart"),
        (["--report", "empty.json"], "empty.json: not a report of coldstart: version: Field required"),
        (["--report", "x", "--replay", "y"], "exclude each other"),
        (["--replay", "nowhere"], "nowhere"),
        (["-o", "table"], "no such format 'table'; known: tree, mermaid"),
    ],
)
def test_a_mistake_ends_with_3_and_says_what_to_do(here, capsys, arguments, said):
    Path("empty.json").write_text(json.dumps({}))
    assert 3 == graph(*arguments)
    shown = capsys.readouterr()
    assert said in shown.err
    assert "Traceback" not in shown.err
