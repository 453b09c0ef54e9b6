"""Findings as text, JSON and GitHub annotations: whatever a file holds stays text."""

import re
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldstart.lint import formats
from coldstart.lint.finding import Finding, Level
from coldstart.lint.run import invalid


def finding(**fields):
    given = {
        "file": "a.yml", "line": 3, "column": 7, "code": "CS101", "name": "proves-nothing", "level": Level.ERROR,
        "message": "it proves nothing", "todo": "mend it", **fields,
    }  # fmt: skip
    return Finding(**given)


def test_text_is_one_line_a_finding_with_its_place_rule_and_what_to_do():
    assert "a.yml:3:7: CS101 proves-nothing: it proves nothing: mend it\n" == formats.text([finding()])
    assert "a.yml:3: CS101 proves-nothing: it proves nothing\n" == formats.text([finding(column=0, todo="")])
    assert "--set x: CS101 proves-nothing: bad: mend it\n" == formats.text(
        [finding(file="--set x", line=0, column=0, message="bad")]
    )


def test_github_annotations_name_file_line_column_and_rule():
    assert (
        "::error file=a.yml,line=3,col=7,title=CS101 proves-nothing::it proves nothing: mend it\n"
        "::warning file=a.yml,title=CS101 proves-nothing::it proves nothing: mend it\n"
    ) == formats.github([finding(), finding(level=Level.WARNING, line=0, column=0)])


def test_github_escapes_what_would_end_a_property_or_a_command():
    hostile = finding(file="a,line=9::b%.yml", message="100%\n::error::x\r::y")
    assert (
        "::error file=a%2Cline=9%3A%3Ab%25.yml,line=3,col=7,title=CS101 proves-nothing::"
        "100%25\\n::error::x\\r::y: mend it\n"
    ) == formats.github([hostile])


TEXT = st.text(alphabet=st.one_of(st.characters(), st.sampled_from(":,%\n\r=\u2028\x1b")), max_size=60)
COMMAND = re.compile(
    r"::error file=(?P<file>[^:,\n\r]*),line=3,col=7,title=(?P<title>[^:,\n\r]*)::(?P<data>[^\n\r]*)\n"
)


@given(TEXT.filter(str.strip), TEXT)
def test_any_text_is_one_command_whose_parts_read_as_they_were_given(file, message):
    said = formats.github([finding(file=file, message=message)])
    match = COMMAND.fullmatch(said)
    assert match
    assert 1 == len(said.splitlines())
    plain = formats.text([finding(file=file, message=message)])
    assert urllib.parse.unquote(match["data"]) in plain
    assert plain.startswith(urllib.parse.unquote(match["file"]))


@given(TEXT, TEXT)
def test_any_text_is_one_line_of_text(file, message):
    assert 1 == len(formats.text([finding(file=file, message=message)]).splitlines())


def test_json_counts_and_leaves_out_no_field():
    document = formats.document([finding(), finding(level=Level.WARNING, line=0, column=0)], 2)
    assert (2, 1, 1) == (document["files"], document["errors"], document["warnings"])
    first, second = document["findings"]
    assert {
        "file": "a.yml", "line": 3, "column": 7, "code": "CS101", "name": "proves-nothing", "level": "error",
        "message": "it proves nothing", "todo": "mend it",
    } == first  # fmt: skip
    assert (None, None) == (second["line"], second["column"])


@pytest.mark.parametrize(
    ("problem", "place"),
    [
        ("a.yml:3:7: what: what to do", ("a.yml", 3, 7, "what: what to do")),
        ("a:1:2: b.yml:3:7: what", ("a:1:2: b.yml", 3, 7, "what")),
        ("vars.yml:1:1: what", ("vars.yml", 1, 1, "what")),
        ("a.yml: cannot be read: no such file", ("a.yml", 0, 0, "cannot be read: no such file")),
        ("--set x: no variable x", ("--set x", 0, 0, "no variable x")),
    ],
)
def test_a_problem_of_the_loader_keeps_its_place(problem, place):
    found = invalid(problem, ("a.yml", "a:1:2: b.yml", "vars.yml"))
    assert place == (found.file, found.line, found.column, found.message)
    assert ("CS001", Level.ERROR) == (found.code, found.level)


def test_the_summary_counts():
    assert "1 baseline: nothing wrong" == formats.summary([], 1)
    assert "2 problems in 3 files: 1 error, 1 warning" == formats.summary([finding(), finding(level=Level.WARNING)], 3)
