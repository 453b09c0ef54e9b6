"""`command`: only allowed argvs are taken, and nothing passes that was not looked at."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.probes.test_corpus import load
from tests.support.cuts import cuts, recorded
from tests.support.effort import examples
from tests.test_shapes import MUTATIONS, any_argv

from coldstart import shapes
from coldstart.baseline.model import Host
from coldstart.baseline.probing import Rehearsal
from coldstart.baseline.problems import Problems
from coldstart.engine.judging import conclude
from coldstart.outcome import Conclusion
from coldstart.probes.base import Place, Replies, Target
from coldstart.probes.command import CommandProbe
from coldstart.reason import Reason
from coldstart.replies import CommandReply, NoReply

TARGET = Target(hosts=(Place("188", "192.168.0.188"),))
DOCS = Path(__file__).parents[2] / "docs"


def judged(stdout=b"", status=0, stderr=b"", **fields):
    probe = CommandProbe.model_validate({"argv": ["uptime"], **fields})
    (read,) = probe.reads(TARGET)
    reply = CommandReply(started=0, ended=0.1, exit_status=status, stdout=stdout, stderr=stderr)
    return conclude(probe, Replies(target=TARGET, now=1.0, by_read={read: reply}))


@pytest.mark.parametrize("argv", MUTATIONS, ids=" ".join)
def test_a_command_that_changes_something_is_no_parameter(argv):
    with pytest.raises(ValidationError, match="matches no allowed read-only command shape"):
        CommandProbe(argv=argv, lines_at_least=1)


@settings(max_examples=examples(60), deadline=None)
@given(any_argv)
def test_every_allowed_argv_is_asked_as_it_is_written(made):
    _, argv, _ = made
    assert [tuple(argv)] == [read.argv for read in CommandProbe(argv=argv, lines_at_least=1).reads(TARGET)]


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(st.text(max_size=8), max_size=4))
def test_an_arbitrary_argv_is_refused(argv):
    if not shapes.allowed(argv) and not shapes.allowed(argv, sudo=True):
        with pytest.raises(ValidationError):
            CommandProbe(argv=argv, lines_at_least=1)


def test_sudo_before_an_argv_that_needs_none_is_a_problem_of_the_baseline():
    problems = Problems()
    hosts = {"188": Host(name="188", address="192.168.0.188")}
    probe = CommandProbe(argv=("uptime",), lines_at_least=1)
    Rehearsal(hosts, problems).rehearse(probe, ("188",), timeout=1.0, sudo=True, place=("b.yml", 1, 1))
    (problem,) = problems.found
    assert "asks for what is not allowed: sudo 'uptime'" in str(problem)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"exit_codes": [0, 3]},
        {"exit_codes": []},
        {"exit_codes": [127], "lines_at_least": 1},
        {"exit_codes": [124], "lines_at_least": 1},
        {"exit_codes": [256], "lines_at_least": 1},
        {"stdout_matches": []},
        {"stdout_matches": [".*"]},
        {"stdout_matches": ["("]},
        {"stdout_not_matches": ["(a+)+"]},
        {"lines_at_least": 0},
        {"lines_at_least": 3, "lines_at_most": 2},
        {"json": []},
        {"json": [{"path": "a"}]},
        {"lines_at_least": 1, "argv": "uptime"},
        {"lines_at_least": 1, "argv": []},
        {"lines_at_least": 1, "shell": True},
    ],
)
def test_a_check_that_could_never_fail_or_never_pass_is_refused(fields):
    with pytest.raises(ValidationError):
        CommandProbe.model_validate({"argv": ["uptime"], **fields})


@pytest.mark.parametrize(
    ("fields", "good", "bad"),
    [
        ({"stdout_matches": ["up", "load"]}, b"up 1 day, load 0.1\n", b"up 1 day\n"),
        ({"stdout_not_matches": ["fail"]}, b"all right\n", b"one failed\n"),
        ({"stdout_equals": "active"}, b"active\n", b"inactive\n"),
        ({"stdout_equals": "active\n"}, b"active", b" active\n"),
        ({"lines_at_least": 2}, b"a\nb\n", b"a\n\n"),
        ({"lines_at_most": 1}, b"a\n", b"a\nb"),
        ({"lines_at_most": 0}, b"\n", b"a\n"),
        ({"json": [{"path": "ok", "equals": True}]}, b'{"ok": true}\n', b'{"ok": "true"}\n'),
    ],
)
def test_each_matcher_holds_and_fails(fields, good, bad):
    assert Conclusion.MET is judged(good, **fields).conclusion
    outcome = judged(bad, **fields)
    assert (Conclusion.UNMET, Reason.WRONG_VALUE) == (outcome.conclusion, outcome.reason)


@pytest.mark.parametrize("fields", [{"stdout_not_matches": ["x"]}, {"lines_at_most": 3}, {"stdout_equals": "x"}])
@pytest.mark.parametrize("stdout", [b"", b"\n", b"  \n\n"])
def test_no_output_proves_nothing_unless_it_was_asked_for(stdout, fields):
    assert Reason.NO_EVIDENCE is judged(stdout, **fields).reason


@pytest.mark.parametrize("fields", [{"stdout_equals": ""}, {"lines_at_most": 0}])
def test_no_output_is_good_where_it_was_asked_for(fields):
    assert Conclusion.MET is judged(b"", **fields).conclusion


def test_all_that_fails_is_named():
    observed = judged(b"b\n", stdout_matches=["a"], stdout_not_matches=["b"], lines_at_least=2).observed
    assert "it printed b: /a/ is not in it; /b/ is in it; 1 line, at least 2" == observed


@pytest.mark.parametrize("status", [1, 3, 255])
def test_an_exit_status_that_is_not_declared_is_no_answer_whatever_was_printed(status):
    outcome = judged(b"up\n", status=status, stdout_matches=["up"])
    assert (Conclusion.UNOBSERVED, Reason.UNEXPECTED_EXIT) == (outcome.conclusion, outcome.reason)
    assert Conclusion.MET is judged(b"up\n", status=status, stdout_matches=["up"], exit_codes=[status]).conclusion


def test_stderr_is_never_taken_for_the_output():
    assert Reason.NO_EVIDENCE is judged(stderr=b"up\n", stdout_matches=["up"]).reason


def test_an_output_too_long_to_be_searched_is_not_judged_by_a_part_of_it():
    assert Reason.OVER_CAP is judged(b"up\n" * 100_000, stdout_matches=["up"]).reason


@pytest.mark.parametrize("text", [b'{"a": 1', b'{"a": 1, "a": 1}', b"NaN", b"", b'{"a": 1}x'])
def test_json_that_is_not_whole_is_not_judged(text):
    outcome = judged(text, json=[{"path": "a", "equals": 1}])
    assert Conclusion.UNOBSERVED is outcome.conclusion


def test_what_was_never_sent_is_not_observed():
    probe = CommandProbe(argv=("uptime",), lines_at_least=1)
    (read,) = probe.reads(TARGET)
    lost = NoReply(started=0, ended=1, reason=Reason.CONNECTION_LOST, detail="gone")
    outcome = conclude(probe, Replies(target=TARGET, now=1.0, by_read={read: lost}))
    assert (Conclusion.UNOBSERVED, Reason.CONNECTION_LOST) == (outcome.conclusion, outcome.reason)
    assert outcome.expected


@settings(max_examples=examples(100), deadline=None)
@given(st.binary(max_size=100), st.integers(0, 255))
def test_noise_never_meets_an_exact_expectation(stdout, status):
    if (stdout.strip(b"\n"), status) != (b"active", 0):
        assert Conclusion.MET is not judged(stdout, status, stdout_equals="active").conclusion


def test_a_cut_output_never_passes_where_the_whole_one_failed_for_what_it_lacks():
    """What must not be there may have been cut off: that it was not is the transport's word, by the exit status."""
    for path in recorded("command"):
        case, probe, _, replies = load(path)
        hidden = probe.stdout_not_matches or probe.lines_at_most is not None
        if case["expect"]["conclusion"] == "unmet" and not hidden:
            assert not [cut for cut in cuts(replies) if conclude(probe, cut).conclusion is Conclusion.MET], path.stem


def test_a_recording_without_the_reply_is_not_observed():
    _, probe, _, replies = load(next(path for path in recorded("command") if path.stem == "kernel"))
    assert Reason.NOT_RECORDED is conclude(probe, replace(replies, by_read={})).reason


def test_every_command_that_is_there_for_this_probe_alone_is_in_the_documentation():
    text = (DOCS / "privileges.md").read_text("utf-8")
    for argv in ("uptime", "uname -r", "free -b", "systemctl is-active UNIT", "systemctl is-enabled UNIT", "ss -ltn"):
        assert f"`{argv}`" in text
