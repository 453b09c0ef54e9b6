"""Which comments silence a rule: real ones only, with a code and a reason."""

import pytest

from coldstart.lint.silence import ignores


def found(text):
    return [(one.line, one.codes, one.reason) for one in ignores(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: b # lint: ignore CS101 why not", [(1, ("CS101",), "why not")]),
        ("a: b\n# lint: ignore CS101, CS102 both\n", [(2, ("CS101", "CS102"), "both")]),
        ("a: b # known # lint:ignore CS101 x\r\n", [(1, ("CS101",), "x")]),
        ("a: b # lint: ignore", [(1, (), "")]),
        ("a: b # lint: ignore everything", [(1, (), "")]),
        ("a: b # lint: ignore CS1 x", [(1, (), "")]),
        ("a: b # lint: ignore CS101", [(1, ("CS101",), "")]),
        ("a: b # lint: ignored CS101 x", []),
        ("a: b# lint: ignore CS101 x", []),
        ('a: "# lint: ignore CS101 x"', []),
        ("a: 'x # lint: ignore CS101 x'", []),
        ("a: >-\n  # lint: ignore CS101 x\n", []),
        ("a: |\n  text # lint: ignore CS101 x\nb: c", []),
        ('a: "x # lint: ignore CS101 s" # lint: ignore CS102 real', [(1, ("CS102",), "real")]),
        ("數: 據 # lint: ignore CS101 中文", [(1, ("CS101",), "中文")]),
        ("a: [b, # lint: ignore CS101 x\n  c]", [(1, ("CS101",), "x")]),
        ("a: b # nothing here", []),
    ],
)
def test_only_a_real_comment_counts(text, expected):
    assert expected == found(text)


def test_a_file_that_cannot_be_scanned_has_none():
    assert [] == found("a: 'never closed\n  # lint: ignore CS101 x\n")
