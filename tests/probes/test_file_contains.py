"""A configuration file: comments, places, bounds."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.support.cuts import better_when_cut, recorded

from coldstart import shapes
from coldstart.engine.judging import conclude
from coldstart.outcome import Conclusion
from coldstart.probes.base import Place, Replies, Target
from coldstart.probes.file_contains import FileContainsProbe
from coldstart.reason import Reason
from coldstart.replies import CommandReply

TARGET = Target(hosts=(Place("188", "192.168.0.188"),))
PATH = "/etc/nginx/nginx.conf"


def answer(stdout, status=0):
    return CommandReply(started=1.0, ended=1.1, exit_status=status, stdout=stdout)


def judged(text, size=None, mode="81a4", **params):
    probe = FileContainsProbe(path=PATH, **params)
    data = text.encode()
    state = f"8:1 {len(data) if size is None else size} 0 {mode} {PATH}\n".encode()
    by_read = dict(zip(probe.reads(TARGET), (answer(state), answer(data)), strict=True))
    return conclude(probe, Replies(target=TARGET, now=2.0, by_read=by_read))


@pytest.mark.parametrize(
    ("text", "required", "forbidden"),
    [
        ("vip", True, True),
        ("# vip", False, False),
        ("  \t# vip", False, False),
        ("x # vip", False, True),
        ("x#vip", True, True),
        ("'#' vip", True, True),
        ("# x\nvip", True, True),
        ("vip # x", True, True),
        ("x", False, False),
    ],
)
def test_a_comment_is_no_proof_and_only_a_whole_line_of_it_is_an_excuse(text, required, forbidden):
    assert required == (judged(text, must_match=["vip"], comment="#").conclusion is Conclusion.MET)
    assert forbidden == (judged(text + "\nx", must_not_match=["vip"], comment="#").conclusion is Conclusion.UNMET)


def test_a_pattern_may_span_lines_and_is_shown_with_its_first_line():
    outcome = judged("a\nlocation / {\n  proxy x;\n}\n", must_match=[r"location / \{\s*proxy x;"])
    assert Conclusion.MET is outcome.conclusion
    assert "line 2: location / { proxy x;" in outcome.observed


def test_anchors_are_those_of_a_line():
    assert Conclusion.MET is judged("a\nb\n", must_match=["^b$"]).conclusion


def test_lines_keep_their_numbers_where_comments_are_left_out():
    assert "line 3: bad" in judged("# x\n# y\nbad\n", must_not_match=["bad"], comment="#").observed


def test_only_lines_that_match_are_shown():
    outcome = judged("password=hunter2\nproxy x;\n", must_match=["proxy"], must_not_match=["y;"])
    assert "hunter2" not in outcome.model_dump_json()


@given(st.integers(0, 400_000), st.integers(0, 40))
def test_text_of_another_length_than_the_file_proves_nothing(size, length):
    outcome = judged("x" * length, size=size, must_match=["x"])
    assert (0 < length == size) == (outcome.conclusion is Conclusion.MET)


def test_a_file_as_long_as_what_is_read_is_whole_and_a_longer_one_is_not():
    text = "vip\n".ljust(shapes.HEAD_BYTES, "x")
    assert Conclusion.MET is judged(text, must_match=["vip"]).conclusion
    assert Reason.OVER_CAP is judged(text, size=shapes.HEAD_BYTES + 1, must_match=["vip"]).reason


@pytest.mark.parametrize("text", ["", "\n", " \n\t\n", "# only a remark\n"])
def test_a_file_without_content_is_not_free_of_what_must_not_be_there(text):
    outcome = judged(text, must_not_match=["bad"], comment="#")
    assert (Conclusion.UNMET, Reason.WRONG_VALUE) == (outcome.conclusion, outcome.reason)


def test_a_pattern_that_matches_everywhere_is_searched_in_bounded_time():
    started = time.process_time()
    outcome = judged("x" * shapes.HEAD_BYTES, must_not_match=["x"])
    assert Conclusion.UNMET is outcome.conclusion
    assert time.process_time() - started < 2


@pytest.mark.parametrize("path", recorded("file_contains"), ids=lambda path: path.stem)
def test_no_truncation_is_better_than_the_whole(path):
    assert [] == better_when_cut(path)


@given(st.text(max_size=100))
def test_noise_for_a_state_is_never_good(state):
    probe = FileContainsProbe(path=PATH, must_match=["x"])
    by_read = dict(zip(probe.reads(TARGET), (answer(state.encode()), answer(b"x")), strict=True))
    outcome = conclude(probe, Replies(target=TARGET, now=2.0, by_read=by_read))
    assert Conclusion.MET is not outcome.conclusion
    assert Reason.INTERNAL is not outcome.reason
    assert outcome.expected


@pytest.mark.parametrize("mode", ["41ed", "21b6", "11a4", "c1ed"])
def test_what_is_no_regular_file_is_bad(mode):
    assert Conclusion.UNMET is judged("vip", mode=mode, must_match=["vip"]).conclusion


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"must_match": ["("]},
        {"must_match": [".*"]},
        {"must_match": ["(a+)+"]},
        {"must_match": ["x"], "comment": ""},
        {"must_match": ["x"], "comment": "rem"},
        *(
            {"must_match": ["x"], "path": path}
            for path in ("x", "/home/x/.ssh/id_rsa", "/etc/ssl/x.key", "/proc/1/environ")
        ),
    ],
)
def test_what_proves_nothing_or_is_a_secret_is_refused(params):
    with pytest.raises(ValidationError):
        FileContainsProbe.model_validate({"path": PATH, **params})
