"""`coldstart report`: a run that was, from the history or from a file, as an entry of the logbook or as a page."""

import json
import stat
import subprocess
import sys

import pytest
from tests.render.reports import SCENARIOS

from coldstart.__main__ import main
from coldstart.clock import SystemClock
from coldstart.history import History
from coldstart.outcome import Report
from coldstart.render import as_json, logbook
from coldstart.render.html import page


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state"


def kept(state, *names):
    """Put these scenarios into a history, oldest first."""
    with History.open(state, SystemClock()) as history:
        for name in names:
            assert history.add(SCENARIOS[name](), command="check") is not None


def run(*arguments, state=None):
    return main(["report", *arguments, *(["--state-dir", str(state)] if state else [])])


@pytest.fixture
def written(tmp_path):
    """A report as ``-o json=run.json`` writes it."""
    path = tmp_path / "run.json"
    path.write_text(as_json.render(SCENARIOS["blocked_at_data"]()), "utf-8")
    return path


def changed(path, **fields):
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | fields), "utf-8")
    return path


def test_a_run_that_is_kept_is_an_entry_for_the_logbook(state, capsys):
    kept(state, "all_green", "blocked_at_data")
    assert 0 == run("last", state=state)
    assert logbook.render(SCENARIOS["blocked_at_data"]()) == capsys.readouterr().out


def test_earlier_runs_have_names_too(state, capsys):
    kept(state, "all_green", "blocked_at_data")
    assert 0 == run("last~1", state=state)
    assert ": GREEN\n" in capsys.readouterr().out


def test_a_file_that_json_was_written_to_is_a_run_too(written, capsys):
    assert 0 == run(str(written))
    assert logbook.render(SCENARIOS["blocked_at_data"]()) == capsys.readouterr().out


def test_a_file_beside_us_needs_no_slash(written, capsys, monkeypatch):
    monkeypatch.chdir(written.parent)
    assert 0 == run("run.json")
    assert ": BLOCKED\n" in capsys.readouterr().out


def test_the_page_goes_into_a_file_of_its_owner(written, tmp_path):
    target = tmp_path / "run.html"
    assert 0 == run(str(written), "-o", f"html={target}")
    assert page.render(SCENARIOS["blocked_at_data"]()) == target.read_text("utf-8")
    assert 0o600 == stat.S_IMODE(target.stat().st_mode)


def test_several_formats_at_once(written, tmp_path, capsys):
    copy = tmp_path / "copy.json"
    assert 0 == run(str(written), "-o", "table", "-o", f"json={copy}", "-o", f"html={tmp_path / 'p.html'}")
    assert capsys.readouterr().out.startswith("BLOCKED at P0-188-DATA")
    assert Report.model_validate_json(copy.read_bytes()) == SCENARIOS["blocked_at_data"]()


def test_the_result_of_the_run_is_not_the_exit_code(written):
    assert 2 == SCENARIOS["blocked_at_data"]().exit_code
    assert 0 == run(str(written))


@pytest.mark.parametrize("word", ["./nowhere.json", "nowhere.json", "no/where"])
def test_a_file_that_is_not_there_says_what_a_run_is(word, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert 3 == run(word)
    said = capsys.readouterr().err
    assert "No such file or directory" in said
    assert "-o json=FILE" in said


def test_a_run_that_is_not_there_is_no_crash(state, capsys):
    kept(state, "all_green")
    assert 3 == run("4711", state=state)
    assert "4711" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"started": 1}'])
def test_a_file_that_is_no_report_says_so(content, tmp_path, capsys):
    path = tmp_path / "run.json"
    path.write_bytes(content)
    assert 3 == run(str(path))
    assert f"{path}: not a report of coldstart" in capsys.readouterr().err


@pytest.mark.parametrize("time", [float("nan"), float("inf"), -1.0, 1e300])
@pytest.mark.parametrize("output", ["markdown", "html"])
def test_a_time_that_no_clock_shows_is_no_crash(time, output, written, capsys):
    assert 3 == run(str(changed(written, started=time)), "-o", output)
    said = capsys.readouterr().err
    assert "not a report of coldstart" in said
    assert "internal error" not in said


def test_a_format_that_it_has_not_is_a_usage_error(written, capsys):
    assert 3 == run(str(written), "-o", "junit")
    assert "known: markdown, html, json, table" in capsys.readouterr().err


def test_check_writes_the_page_as_well(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLDSTART_STATE_DIR", str(tmp_path / "state"))
    text = '{"coldstart": 1, "name": "one", "hosts": {"h": {"address": "127.0.0.1", "local": true}}, "gates": {"P0": '
    text += '{"title": "it is there", "checks": [{"id": "up", "hosts": ["h"], "claim": "c", "probe": "ping"}]}}}'
    baseline = tmp_path / "one.yml"
    baseline.write_text(text, "utf-8")
    target = tmp_path / "run.html"
    code = main(["check", "-b", str(baseline), "-q", "-o", "short", "-o", f"html={target}"])
    assert code in (0, 1, 2)
    assert target.read_text("utf-8").startswith("<!DOCTYPE html>")


def test_help_loads_neither_the_models_nor_the_templates():
    look = (
        "import sys; from coldstart.__main__ import main; main(['report', '-h']); "
        "sys.stderr.write(' '.join(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert set() == {"jinja2", "coldstart.outcome", "sqlite3", "asyncssh"} & set(done.stderr.split())


def test_a_run_without_a_page_loads_no_templates():
    look = "import sys; import coldstart.cli.show, coldstart.cli.run; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert "jinja2" not in done.stdout.split()
