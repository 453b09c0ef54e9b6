"""`coldstart release`: a whole run, then each release with what it waits for; the exit code says whether all may go."""

import json
import socket
from pathlib import Path

import pytest

from coldstart.__main__ import main
from coldstart.outcome import Report

BASELINE = """
coldstart: 1
name: one host
hosts:
  a: {{address: 127.0.0.1}}
gates:
  P0:
    title: it answers
    hosts: a
    checks:
      - {{id: port, claim: the port is open, probe: tcp, with: {{port: {port}}}, hint: look, sop: "3"}}
releases:
  runners:
    title: Runners
    needs: all
    conditions:
      - {{claim: the port is open, checks: P0/port}}
    hint: one at a time
    sop: "5.3"
  litellm:
    title: The proxy
    needs: [P0]
    conditions:
      - {{claim: the route is verified, by_hand: send one request}}
      - {{claim: the rows are there, by_hand: count them}}
"""


@pytest.fixture
def port():
    """A port of loopback on which something listens until the test closes it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.fixture
def released(port, tmp_path, monkeypatch, capsys):
    """Run `release` on a baseline that asks for the port; what it ended with, and what it printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLDSTART_STATE_DIR", str(tmp_path / "state"))
    Path("b.yml").write_text(BASELINE.format(port=port.getsockname()[1]))

    def run(*arguments, command="release"):
        code = main([command, *arguments, "-b", "b.yml", "--quiet", "--ascii"])
        shown = capsys.readouterr()
        assert "Traceback" not in shown.err
        return code, shown.out, shown.err

    return run


def test_one_that_may_go_ends_with_0_and_says_how(released):
    code, out, _ = released("runners")
    assert 0 == code
    assert out.startswith("[PASS] runners  RELEASE  all 2 met: Runners\n")
    assert "hint          one at a time" in out
    assert "1 of 1 may go: runners (GREEN)" in out


def test_one_that_is_held_among_all_of_them_ends_with_2(released):
    code, out, _ = released()
    assert 2 == code
    assert "runners  RELEASE" in out
    assert "litellm  HOLD  2 of 3 unmet: The proxy" in out
    assert "by hand: send one request; then add --confirm 'the" in out
    assert "1 of 2 may go: runners (GREEN)" in out


def test_what_a_person_has_seen_is_confirmed_by_the_claim_or_its_beginning(released):
    assert 2 == released("litellm", "--confirm", "the route is verified")[0]
    assert 0 == released("litellm", "--confirm", "The route", "--confirm", "the rows are there")[0]
    assert 2 == released("litellm")[0], "a confirmation holds for one decision only"


def test_a_blocked_stack_is_said_first_and_releases_nothing(released, port):
    port.close()
    code, out, _ = released("runners")
    assert 2 == code
    assert out.startswith("BLOCKED at P0 on a: the port is open - observed: ")
    assert "runners  HOLD  2 of 2 unmet" in out
    assert "P0 is green BLOCKED: port@a: " in " ".join(out.split())


def test_json_is_the_whole_report_with_the_releases_that_were_named(released):
    code, out, _ = released("litellm", "-o", "json")
    report = Report.model_validate_json(out)
    assert (2, ["litellm"], 0) == (code, [item.name for item in report.releases], report.exit_code)
    assert [None, None] == [one["met"] for one in json.loads(out)["releases"][0]["conditions"][1:]]


def test_short_is_a_line_for_each(released):
    assert [
        "RELEASE runners",
        "HOLD litellm: the route is verified (nobody has confirmed it); the rows are there (nobody has confirmed it)",
    ] == released("-o", "short")[1].splitlines()


def test_a_check_ends_with_the_same_decisions(released):
    code, out, _ = released(command="check")
    assert 0 == code
    assert "releases  1 of 2 may go: runners" in out
    assert "HOLD     2 of 3 unmet: the route is verified (by hand), and 1 more" in out


def test_a_recording_is_decided_again_without_asking_anything(released, port):
    assert 0 == released("--record", "r", command="check")[0]
    port.close()
    assert 0 == released("runners", "--replay", "r")[0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["runers"], "release runers: the baseline has none of this name; did you mean runners?"),
        (["zzz"], "known: runners, litellm"),
        (["--confirm", "the"], "--confirm 'the' is the beginning of 'the route is verified', 'the rows are there'"),
        (["--confirm", ""], "no condition of these releases begins like this"),
        (["--confirm", "rows"], "must confirm are 'the route is verified', 'the rows are there'"),
        (["runners", "--confirm", "the route"], "--confirm 'the route': no condition"),
        (["runners", "--confirm", "the port is open"], "there is none to confirm"),
        (["-o", "markdown"], "no such format 'markdown'; known: table, short, json"),
        (["--replay", "r", "--send-alert-test"], "exclude each other"),
    ],
)
def test_a_mistake_ends_with_3_before_anything_is_asked(released, arguments, said):
    code, out, err = released(*arguments)
    assert (3, "") == (code, out)
    assert said in err


def test_a_baseline_without_releases_says_so(released):
    text = Path("b.yml").read_text()
    Path("b.yml").write_text(text[: text.index("releases:")])
    code, _, err = released()
    assert 3 == code
    assert "the baseline declares no releases: add releases: to it" in err
