"""Whatever a file holds, the loader answers with a baseline or with a `BaselineError`, never with anything else."""

import contextlib
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.effort import examples

from coldstart.baseline import nodes
from coldstart.baseline.load import load_text
from coldstart.baseline.model import AlertTest, AnyOf, Baseline, Check
from coldstart.errors import BaselineError

from .conftest import WHOLE

BAD = Path(__file__).parents[1] / "bad_baselines"
FILES = (WHOLE.encode(), *(path.read_bytes() for path in BAD.glob("*.yml")))
LINES = sorted({line for content in FILES for line in content.split(b"\n")})
PIECES = ["${", "}", "${x}", "$${", "&a ", "*a", "<<: ", "!!int ", "!", "? ", "- ", ": ", "{", "[", "]", "\t", "\x00"]
PIECES += ["\ufeff", "'", '"', "|", ">", "%YAML 1.1\n", "---\n", "...\n", "#", "\r", "\u2028", "\ud800", "null", "~"]
PIECES += [
    '"\\UFFFFFFFF"',
    '"\\ud800"',
    '"\\x00"',
    "188",
    "22:30",
    "-1",
    "9" * 5000,
    "[[[[",
    "\x85",
    "%YAML 1." + "9" * 5000,
]


@pytest.fixture(scope="module", autouse=True)
def both_parsers():
    """Every example goes through both; see `outcome`."""
    before = nodes.Parser
    yield
    nodes.Parser = before


def asks_something(baseline, check):
    match check:
        case AlertTest():
            return check.url.startswith("http")
        case AnyOf():
            return len(check.any_of) > 1
        case Check():
            return baseline.targets(check)


def outcome(content):
    """What the loader makes of it by each parser: the baseline, or the number of problems."""
    for parser in (yaml.SafeLoader, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        nodes.Parser = parser
        with contextlib.suppress(BaselineError):
            loaded = load_text(content, "fuzz.yml")
            assert isinstance(loaded.baseline, Baseline)
            checks = list(loaded.baseline.checks())
            assert checks
            assert all(asks_something(loaded.baseline, check) for check in checks)


fuzz = settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])


@fuzz
@given(st.binary(max_size=300))
def test_random_bytes(content):
    outcome(content)


@fuzz
@given(st.text(max_size=200) | st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_random_text_and_yaml_punctuation(content):
    outcome(content)


@fuzz
@given(st.lists(st.sampled_from(LINES), max_size=40).map(b"\n".join))
def test_lines_of_good_and_bad_files_in_any_order(content):
    outcome(content)


@fuzz
@given(
    st.lists(
        st.tuples(st.integers(0, len(WHOLE)), st.integers(0, 40), st.sampled_from(PIECES) | st.text(max_size=3)),
        min_size=1,
        max_size=4,
    )
)
def test_mutations_of_a_valid_file(changes):
    text = WHOLE
    for start, length, piece in changes:
        text = text[:start] + piece + text[start + length :]
    outcome(text)


@fuzz
@given(st.data())
def test_any_value_of_a_valid_file_replaced_by_another_shape(data):
    tree = yaml.safe_load(WHOLE)
    node = tree
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(node[key], dict | list) or not node[key] or data.draw(st.booleans()):
            break
        node = node[key]
    node[key] = data.draw(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.sampled_from(PIECES)
        | st.lists(st.text(max_size=4), max_size=3)
        | st.dictionaries(st.text(max_size=4), st.none() | st.integers(), max_size=3)
    )
    outcome(yaml.safe_dump(tree, allow_unicode=True).encode("utf-8", "surrogatepass"))
