"""`coldstart lint` from the outside: formats, exit codes, several files."""

import json
from pathlib import Path

import pytest

from coldstart.__main__ import main

BAD = Path(__file__).parents[1] / "lint" / "bad"


def lint(*arguments):
    return main(["lint", *map(str, arguments)])


@pytest.mark.parametrize(
    ("name", "options", "code"),
    [
        ("clean", [], 0),
        ("clean", ["--strict"], 0),
        ("no-hint", [], 0),
        ("no-hint", ["--strict"], 3),
        ("gate-cannot-hold", [], 3),
        ("invalid-baseline", [], 3),
        ("no-hint", ["--format", "json", "--strict"], 3),
        ("gate-cannot-hold", ["--format", "github"], 3),
        ("clean", ["--format", "yaml"], 3),
    ],
)
def test_errors_fail_and_warnings_fail_when_strict(capsys, name, options, code):
    assert code == lint(BAD / f"{name}.yml", *options)


def test_text_goes_to_stdout_and_the_count_to_stderr(capsys, monkeypatch):
    monkeypatch.chdir(BAD)
    assert 0 == lint("no-hint.yml", "clean.yml")
    shown = capsys.readouterr()
    assert (BAD / "no-hint.txt").read_text() == shown.out
    assert "1 problem in 2 files: 0 errors, 1 warning\n" == shown.err


def test_a_directory_is_all_of_its_baselines_each_once(capsys):
    assert 3 == lint(BAD, BAD / "clean.yml")
    files = len(list(BAD.glob("*.yml")))
    assert f" in {files} files: " in capsys.readouterr().err


def test_json_is_a_document_also_when_nothing_is_wrong(capsys):
    assert 0 == lint(BAD / "clean.yml", "--format", "json")
    shown = capsys.readouterr()
    assert {"schema_version": 1, "files": 1, "errors": 0, "warnings": 0, "findings": []} == json.loads(shown.out)
    assert "" == shown.err


@pytest.mark.parametrize(("name", "code"), [("gate-cannot-hold", "CS201"), ("invalid-baseline", "CS001")])
def test_json_holds_findings_of_rules_and_of_the_loader_alike(capsys, name, code):
    path = BAD / f"{name}.yml"
    lint(path, "--format", "json")
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert (str(path), code, "error") == (finding["file"], finding["code"], finding["level"])
    assert finding["line"]


def test_github_annotations_are_all_there_is_on_stdout(capsys, monkeypatch):
    monkeypatch.chdir(BAD)
    lint("gate-cannot-hold.yml", "no-hint.yml", "clean.yml", "--format", "github")
    lines = capsys.readouterr().out.splitlines()
    assert ["::error file=gate-cannot-hold.yml,line=6,title=CS201 gate-cannot-hold", "::warning file=no-hint.yml"] == [
        lines[0].partition("::gate")[0],
        lines[1].partition(",")[0],
    ]
    assert 2 == len(lines)


def test_a_problem_of_a_variable_has_no_line_and_is_an_error(capsys):
    assert 3 == lint(BAD / "clean.yml", "--set", "nope=1", "--format", "json")
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert ("--set nope", None, "CS001") == (finding["file"], finding["line"], finding["code"])
