"""Every file in tests/bad_baselines is rejected with exactly the lines beside it: a new case is two new files."""

import re
from pathlib import Path

import pytest

from coldstart.baseline.load import load, load_text
from coldstart.baseline.problems import Problems
from coldstart.errors import BaselineError
from coldstart.probes import registry

BAD = sorted((Path(__file__).parents[1] / "bad_baselines").glob("*.yml"))
SYNTAX = re.compile(r"(YAML syntax: ).*: (?=.*)")


def problems_of(path):
    with pytest.raises(BaselineError) as caught:
        load_text(path.read_bytes(), path.name)
    return list(caught.value.problems)


def expected_for(path):
    """The lines beside a file; ``<probes>`` in them stands for the kinds that there are."""
    kinds = Problems().meant("", registry.kinds())
    return path.with_suffix(".txt").read_text("utf-8").replace("known: <probes>", kinds).splitlines()


def without_the_parsers_own_words(lines):
    """The two parsers describe a syntax error each in words of its own, at the same place."""
    return [SYNTAX.sub(r"\1", line) for line in lines]


def test_there_are_many_bad_baselines():
    assert len(BAD) >= 70


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_baseline_is_rejected_with_every_problem_at_its_place(path, parser):
    expected = expected_for(path)
    found = problems_of(path)
    if parser == "python":
        expected, found = without_the_parsers_own_words(expected), without_the_parsers_own_words(found)
    assert expected == found


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_every_problem_says_where_what_and_what_to_do_sorted_by_place(path):
    places = []
    for line in problems_of(path):
        match = re.fullmatch(rf"{re.escape(path.name)}:(\d+):(\d+): (.+)", line)
        assert match, line
        assert re.search(r"[:,(] ?\S", match[3]), line
        places.append((int(match[1]), int(match[2])))
    assert sorted(places) == places


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_file_on_disk_has_the_same_problems_under_the_path_as_given(path, monkeypatch):
    monkeypatch.chdir(path.parent)
    with pytest.raises(BaselineError) as caught:
        load(path.name)
    assert problems_of(path) == list(caught.value.problems)
