"""Whatever is wrong with a command line or a file: exit 3, a message that says where and what to do, no traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from coldstart.__main__ import main

GOOD = """
coldstart: 1
name: one host
hosts:
  a: {address: 127.0.0.1}
gates:
  P0:
    title: it answers
    checks:
      - {id: port, claim: port is open, probe: tcp, with: {port: 1}, hosts: all, hint: look, sop: "3"}
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLDSTART_BASELINE", raising=False)
    Path("good.yml").write_text(GOOD)
    Path("bad.yml").write_text(GOOD.replace("claim", "clam").replace("tcp", "tpc"))
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check", "--nope"], ["No such option: --nope", "Try 'coldstart check --help'"]),
        (["chekc"], ["No such command 'chekc'"]),
        (["check", "-b", "missing.yml"], ["missing.yml"]),
        (["check", "-b", "."], ["."]),
        (["check", "-b", "bad.yml"], ["bad.yml:10:20: ", "clam", "did you mean", "tpc"]),
        (["lint", "missing.yml"], ["missing.yml"]),
        (["lint"], ["Missing argument"]),
        (["plan", "-b", "good.yml", "-o", "yaml"], ["no such format 'yaml'", "table"]),
        (["plan", "-b", "good.yml", "-o", "short"], ["table or json"]),
        (["check", "-b", "good.yml", "-o", "json=/nonexistent/x.json"], ["no directory /nonexistent"]),
        (["check", "-b", "good.yml", "-o", "table", "-o", "json"], ["only one of them can go to stdout"]),
        (["check", "-b", "good.yml", "--only", "P1"], ["--only P1", "no such", "P0"]),
        (["check", "-b", "good.yml", "--host", "b"], ["--host b", "no such host"]),
        (["check", "-b", "good.yml", "--skip", "P0/prot"], ["did you mean P0/port?"]),
        (["check", "-b", "good.yml", "--skip", "P0/port"], ["nothing to judge"]),
        (["check", "-b", "good.yml", "--explain", "P0/prot"], ["--explain P0/prot", "did you mean P0/port"]),
        (["check", "-b", "good.yml", "--set", "x"], ["--set x", "NAME=VALUE"]),
        (["check", "-b", "good.yml", "--set", "x=1"], ["x"]),
        (["check", "-b", "good.yml", "--replay", "nowhere"], ["nowhere"]),
        (["check", "-b", "good.yml", "--replay", "r", "--record", "r"], ["exclude each other"]),
        (["check", "-b", "good.yml", "--record", "."], ["not empty"]),
    ],
)
def test_a_mistake_ends_with_3_and_says_what_to_do(here, capsys, arguments, said):
    assert 3 == main(arguments)
    shown = capsys.readouterr()
    everything = shown.out + shown.err
    for words in said:
        assert words in everything
    assert "Traceback" not in everything


def test_every_problem_of_a_file_comes_out_in_one_run(here, capsys):
    assert 3 == main(["lint", "bad.yml", "good.yml"])
    shown = capsys.readouterr()
    assert 3 == shown.out.count("bad.yml:10:")
    assert "3 problems in 2 files" in shown.err


def test_a_good_file_lints_clean(here, capsys):
    assert 0 == main(["lint", "good.yml"])
    assert "1 baseline: nothing wrong\n" == capsys.readouterr().out


def test_an_internal_error_is_not_a_verdict(here, capsys, monkeypatch):
    """A defect must end with 3, never with Python's own 1, which a monitor would read as DEGRADED."""

    def defect(_request):
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr("coldstart.cli.run.check", defect)
    assert 3 == main(["check", "-b", "good.yml"])
    assert "internal error, no verdict: ZeroDivisionError: a defect" in capsys.readouterr().err


def test_the_baseline_is_found_by_option_then_environment_then_place(here, monkeypatch, capsys):
    Path("coldstart.yml").write_text(GOOD.replace("one host", "the one here").replace("P0:", "HERE:"))
    Path("other.yml").write_text(GOOD.replace("P0:", "OTHER:"))
    assert 0 == main(["plan"])
    assert "HERE" in capsys.readouterr().out
    monkeypatch.setenv("COLDSTART_BASELINE", "other.yml")
    assert 0 == main(["plan"])
    assert "OTHER" in capsys.readouterr().out
    assert 0 == main(["plan", "-b", "good.yml"])
    assert "P0" in capsys.readouterr().out


def test_without_any_the_shipped_baseline_is_the_one(here, capsys):
    assert 0 == main(["plan"])
    assert "P0-188-DATA" in capsys.readouterr().out


def test_a_reader_that_goes_away_is_no_traceback(here):
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "coldstart", "plan", "-b", "good.yml"], stdout=write, stderr=subprocess.PIPE, check=False
    )
    os.close(write)
    assert 3 == done.returncode
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shell_completion_is_offered(shell):
    hints = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1", "_COLDSTART_COMPLETE": f"source_{shell}"}
    done = subprocess.run(
        [sys.executable, "-m", "coldstart", "--show-completion"],
        env={**os.environ, **hints},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "coldstart" in done.stdout
