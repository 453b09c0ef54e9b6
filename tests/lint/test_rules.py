"""Each rule finds what it should and nothing else: a new case is two new files in tests/lint/bad."""

from pathlib import Path

import pytest

from coldstart.baseline.load import load, load_text
from coldstart.errors import BaselineError
from coldstart.lint import formats
from coldstart.lint.registry import BY_CODE, RULES
from coldstart.lint.run import invalid, lint

ROOT = Path(__file__).parents[2]
NOW = 1_780_000_000.0
"""2026-05-28."""
BAD = sorted((Path(__file__).parent / "bad").glob("*.yml"))
RULE_OF = {rule.name: rule for rule in RULES}


def findings_of(path):
    text = path.read_text("utf-8")
    try:
        loaded = load_text(text, path.name)
    except BaselineError as error:
        return [invalid(problem, (path.name,)) for problem in error.problems]
    return list(lint(loaded, text, now=NOW))


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_baseline_has_exactly_these_findings(path):
    expected = path.with_suffix(".txt").read_text("utf-8")
    assert expected == formats.text(findings_of(path))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_has_a_bad_baseline_that_it_finds(rule):
    path = Path(__file__).parent / "bad" / f"{rule.name}.yml"
    assert rule in {BY_CODE[finding.code] for finding in findings_of(path)}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_says_what_why_and_what_to_write_instead(rule):
    first, *_ = rule.about.splitlines()
    assert first[0].isupper()
    for part in ("\n\nWhy: ", "\n\nExample:\n    ", "\n\nUse instead:\n    "):
        assert part in rule.about, part


def test_codes_and_names_are_unique_and_in_order():
    codes = [rule.code for rule in RULES]
    assert sorted(set(codes)) == codes
    assert len(RULES) == len(RULE_OF) == len(BY_CODE)


@pytest.mark.parametrize("path", sorted((ROOT / "baselines").glob("*.yml")), ids=lambda path: path.name)
def test_the_baselines_that_ship_are_clean(path):
    assert "" == formats.text(lint(load(path), path.read_text("utf-8"), now=NOW))


def test_an_ignore_silences_its_rule_on_its_line_and_nothing_else():
    path = Path(__file__).parent / "bad" / "no-sop.yml"
    text = path.read_text("utf-8")
    silenced = text.replace("hint: look}", "hint: look}  # lint: ignore CS203 there is none")
    assert [] == list(lint(load_text(silenced, "x.yml"), silenced, now=NOW))
    other = text.replace("hint: look}", "hint: look}  # lint: ignore CS202 there is none")
    assert ["CS203", "CS002"] == [finding.code for finding in lint(load_text(other, "x.yml"), other, now=NOW)]
    above = text.replace("    - {id", "    # lint: ignore CS203 there is none\n    - {id")
    assert {"CS203", "CS002"} == {finding.code for finding in lint(load_text(above, "x.yml"), above, now=NOW)}
