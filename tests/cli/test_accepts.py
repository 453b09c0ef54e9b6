"""Accepting warnings from the command line: the option, the file, the file that `-o accepts` writes, and lint."""

import datetime as dt
import json
import socket

import pytest

from coldstart.__main__ import main

HEAD = """coldstart: 1
name: this machine
hosts:
  h: {address: 127.0.0.1, local: true}
gates:
  P0:
    title: it is there
    checks:
"""
CHECKS = """\
      - {id: low, claim: load is not a million, probe: load_per_core, with: {below: 1000}, hosts: all}
      - {id: busy, claim: load is nothing, probe: load_per_core, with: {below: 0.000001}, hosts: all, severity: warn}
      - {id: port, claim: the port is open, probe: tcp, with: {port: PORT}, hosts: all, severity: SEVERITY}
"""
BUSY = ["--accept", "P0/busy=load of the tests", "--accept", "P0/port@h=nothing listens there yet"]


@pytest.fixture(scope="module")
def closed():
    """A port that is taken, and on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture(scope="module")
def directory(tmp_path_factory, closed):
    """A baseline with two warnings, one in which one of them blocks, and a recording of the first."""
    made = tmp_path_factory.mktemp("accepts")
    for name, severity in (("warns", "warn"), ("blocks", "blocked")):
        checks = CHECKS.replace("PORT", str(closed)).replace("SEVERITY", severity)
        (made / f"{name}.yml").write_text(HEAD + checks)
    assert 1 == main(["check", "-b", str(made / "warns.yml"), "-q", "--record", str(made / "recorded")])
    return made


@pytest.fixture
def check(directory, tmp_path, capsys):
    """Run check on one of the baselines; returns the exit code and the report."""

    def run(*arguments, baseline="warns"):
        out = tmp_path / "run.json"
        code = main(
            ["check", "-b", str(directory / f"{baseline}.yml"), "-q", "-o", f"json={out}", *map(str, arguments)]
        )
        return code, json.loads(out.read_text()) if out.exists() else None

    return run


@pytest.fixture
def accepts(tmp_path):
    """Write a file of accepts; returns its path."""

    def write(*items):
        path = tmp_path / "accepts.yml"
        path.write_text("accepts:\n" + "".join(f"  - {item}\n" for item in items))
        return path

    return write


def states(report):
    return {item["check"]: item["state"] for item in report["accepts"]}


def port(reason="port-closed", check="P0/port", **fields):
    more = "".join(f", {key}: {value}" for key, value in fields.items())
    return f"{{check: {check}, reason: it is known, saw: {{reason: {reason}}}{more}}}"


def test_with_every_warning_accepted_it_is_green_and_says_how_many(check, capsys):
    code, report = check(*BUSY, "-o", "short")
    assert (0, "GREEN") == (code, report["result"])
    assert {"P0/busy": "in use", "P0/port@h": "in use"} == states(report)
    assert report["headline"].startswith("GREEN (2 accepted): 1 check of 1 gate passed, 2 warnings accepted")
    said = capsys.readouterr().out
    assert "GREEN (2 accepted), exit 0" in said
    assert "(accepted: nothing listens there yet)" in said


def test_one_warning_that_is_not_accepted_keeps_it_degraded(check):
    code, report = check(*BUSY[:2])
    assert (1, "P0/port") == (code, report["root"]["check"])


def test_what_is_blocked_cannot_be_accepted(check):
    code, report = check(*BUSY, baseline="blocks")
    assert (2, "unused") == (code, states(report)["P0/port@h"])


def test_the_file_that_a_run_writes_is_refused_until_each_reason_is_written_and_then_makes_it_green(
    directory, check, tmp_path, capsys
):
    file = tmp_path / "accepts.yml"
    replay = ["--replay", directory / "recorded"]
    assert 1 == check(*replay, "-o", f"accepts={file}")[0]
    assert 0o600 == file.stat().st_mode & 0o777
    assert 3 == check(*replay, "--accepts", file)[0]
    assert 2 == capsys.readouterr().err.count("it is blank: say why this warning may stand")
    file.write_text(file.read_text().replace('reason: ""', "reason: it is a test"))
    code, report = check(*replay, "--accepts", file)
    assert (0, {"P0/busy@h": "in use", "P0/port@h": "in use"}) == (code, states(report))


def test_a_warning_that_is_for_another_reason_than_the_file_says_is_not_covered(check, accepts):
    code, report = check("--accepts", accepts(port("connect-timeout")), *BUSY[:2])
    assert (1, "void") == (code, states(report)["P0/port"])


def test_several_sources_of_accepts_are_one_list(check, accepts):
    code, report = check("--accepts", accepts(port()), *BUSY[:2])
    assert (0, {"P0/port": "in use", "P0/busy": "in use"}) == (code, states(report))


@pytest.mark.parametrize(("item", "state"), [(port(check="P0/prot"), "unknown"), (port(until="2020-01-01"), "expired")])
def test_a_file_with_an_accept_that_holds_no_longer_keeps_it_from_being_green(check, accepts, capsys, item, state):
    code, report = check("--accepts", accepts(item), *BUSY, "-o", "table")
    assert (1, None) == (code, report["root"])
    assert state in states(report).values()
    assert f"is {state}:" in report["headline"]
    assert "an accept holds no longer" in " ".join(capsys.readouterr().out.split())


def test_a_replay_judges_what_has_expired_at_the_time_of_the_recording(directory, check, accepts):
    started = json.loads((directory / "recorded" / "meta.json").read_text())["started"]
    replay = ["--replay", directory / "recorded", *BUSY[:2], "--accepts"]
    for later, expected in ((0.001, "in use"), (-0.001, "expired")):
        until = dt.datetime.fromtimestamp(started + later, dt.UTC).isoformat()
        assert expected == states(check(*replay, accepts(port(until=f"'{until}'")))[1])["P0/port"]


def test_every_slip_in_the_options_is_told_at_once_and_nothing_is_asked(check, accepts, capsys, tmp_path):
    record = tmp_path / "record"
    wrong = ["--accept", "P0/prot=why", "--accept", "P0/port", "--accept", "P0/port= ", "--accept", "port=why"]
    code, report = check(*wrong, "--accepts", accepts("{check: P0/port}"), "--record", record)
    assert (3, None, False) == (code, report, record.exists())
    said = capsys.readouterr().err
    for words in (
        "--accept P0/prot: the baseline has no check P0/prot (did you mean P0/port?)",
        "--accept P0/port: the reason is missing",
        "--accept port=why: it names no check",
        "the key 'saw' is missing",
    ):
        assert words in said


def test_an_option_for_a_host_that_is_not_asked_is_a_slip(check, capsys):
    assert 3 == check("--accept", "P0/port@x=why")[0]
    assert "P0/port is not asked on x (known: h)" in capsys.readouterr().err


def test_a_watch_ends_with_the_warnings_that_were_accepted(directory, capsys):
    command = ["watch", "-b", str(directory / "warns.yml"), "-q", "--max-attempts", "1", "--interval", "1"]
    assert 0 == main([*command, "--accept", "P0/busy=b", "--accept", "P0/port=p"])
    assert "GREEN (2 accepted)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (port(), ""),
        (port(check="P0/prot"), ":2: CS501 unknown-accept: accept of P0/prot"),
        (port(until="2020-01-01"), ":2: CS502 expired-accept: accept of P0/port"),
        (port("nothing"), "CS001 invalid-baseline: the accept of 'P0/port': saw.reason"),
    ],
)
def test_lint_judges_a_file_of_accepts_against_the_baselines(directory, accepts, capsys, item, words):
    file = accepts(item)
    assert (3 if words else 0) == main(["lint", str(directory / "warns.yml"), "--accepts", str(file)])
    problems = [line for line in capsys.readouterr().out.splitlines() if line.startswith(str(file))]
    assert bool(words) == bool(problems)
    assert all(words in line for line in problems)


def test_lint_knows_an_accept_that_one_of_several_baselines_knows(directory, accepts, tmp_path, capsys):
    other = tmp_path / "other.yml"
    other.write_text((directory / "warns.yml").read_text().replace("id: port", "id: other"))
    file = accepts(port(check="P0/other"), port())
    main(["lint", str(directory / "warns.yml"), str(other), "--accepts", str(file)])
    assert "CS501" not in capsys.readouterr().out


def test_a_comment_with_a_reason_silences_a_finding_in_a_file_of_accepts(directory, accepts, capsys):
    file = accepts(port(check="P0/prot") + "   # lint: ignore CS501 it comes with the next release")
    main(["lint", str(directory / "warns.yml"), "--accepts", str(file)])
    assert "CS501" not in capsys.readouterr().out
