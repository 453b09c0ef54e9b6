"""The worst defect: GREEN that is not. Any one answer of a green run, spoilt in any way, must cost the GREEN."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.e2e.test_check_on_a_real_sshd import GREEN, World, http_server, world  # noqa: F401 - the fixture

from coldstart.__main__ import main
from coldstart.reason import Reason

pytestmark = pytest.mark.sshd

UNOBSERVED = sorted(reason.value for reason in Reason if not reason.observed)


@pytest.fixture(scope="module")
def recording(world, tmp_path_factory):  # noqa: F811 - the fixture
    """A recording of a green run against real servers, and its baseline."""
    directory = tmp_path_factory.mktemp("recorded") / "green"
    path = world.baseline("recorded.yml", GREEN)
    code, report = world.check(path, "--record", str(directory))
    assert (0, "GREEN") == (code, report["result"])
    files = sorted(file for file in directory.iterdir() if file.name != "meta.json")
    assert len(files) > 10
    return path, directory, files


def judged(recording, spoilt=None, reply=None):
    """The exit code of a replay in which one file's reply is another one."""
    path, directory, _ = recording
    out = directory.parent / "out.json"
    whole = spoilt.read_text() if spoilt else None
    if spoilt:
        spoilt.write_text(json.dumps({**json.loads(whole), "reply": reply}))
    try:
        code = main(["check", "-b", str(path), "--replay", str(directory), "-o", f"json={out}"])
        return code, json.loads(out.read_text())["result"]
    finally:
        if spoilt:
            spoilt.write_text(whole)


def test_the_recording_itself_is_green(recording):
    assert (0, "GREEN") == judged(recording)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_answer_at_all_to_any_one_read_is_never_green(recording, data):
    files = recording[2]
    file = data.draw(st.sampled_from(files), label="read")
    reply = json.loads(file.read_text())["reply"]
    reason = data.draw(st.sampled_from(UNOBSERVED), label="reason")
    none = {"kind": "none", "started": reply["started"], "ended": reply["ended"], "reason": reason, "detail": "spoilt"}
    code, result = judged(recording, file, none)
    assert code in (1, 2)
    assert result != "GREEN"


def test_a_read_that_is_missing_from_the_recording_is_never_green(recording, tmp_path):
    files = recording[2]
    for file in files:
        aside = tmp_path / file.name
        file.rename(aside)
        try:
            assert judged(recording)[1] != "GREEN", file.name
        finally:
            aside.rename(file)


SPOILT = {
    "a failed exit": {"exit_status": 1},
    "a missing tool": {"exit_status": 127},
    "empty output": {"stdout": ""},
    "noise": {"stdout": "Welcome to Ubuntu 22.04.3 LTS\n\nLast login: never\n"},
    "bytes": {"stdout": {"base64": "//79gA=="}},
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_command_that_answered_badly_is_never_green(recording, how):
    """Every command of the run, one after the other. A log's own text may be anything: noise in it proves nothing."""
    _, _, files = recording
    for file in files:
        exchange = json.loads(file.read_text())
        free_text = "tail" in exchange["read"].get("argv", ()) and how in ("noise", "bytes")
        if exchange["reply"]["kind"] == "command" and not free_text:
            assert judged(recording, file, {**exchange["reply"], **SPOILT[how]})[1] != "GREEN", file.name


def test_the_files_are_as_they_were(recording):
    assert (0, "GREEN") == judged(recording)
    assert all(Path(file).stat().st_mode & 0o777 == 0o600 for file in recording[2])
