"""Unquoted scalars get the type that YAML 1.2 gives them, and no other."""

import math

import pytest
from hypothesis import given, strategies

from coldstart.probes.params import PlainScalar, core_scalar


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("Null", None),
        ("NULL", None),
        ("true", True),
        ("True", True),
        ("FALSE", False),
        ("0", 0),
        ("-19", -19),
        ("+12", 12),
        ("010", 10),
        ("0o17", 15),
        ("0x3A", 58),
        ("1.5", 1.5),
        ("-.5", -0.5),
        ("1.", 1.0),
        ("12e03", 12000.0),
        (".inf", math.inf),
        ("-.INF", -math.inf),
    ],
)
def test_the_core_schema_is_followed(text, value):
    found = core_scalar(PlainScalar(text))
    assert (value, type(value)) == (found, type(found))


def test_not_a_number_is_one_too():
    assert math.isnan(core_scalar(PlainScalar(".nan")))


@pytest.mark.parametrize(
    "text",
    ["no", "on", "yes", "off", "y", "22:30", "1_000", "0b11", "tRUE", "nan", "inf", "2026-05-29", "1e", "१२", "-"],
)
def test_what_yaml_1_1_would_have_turned_into_something_stays_a_string(text):
    found = core_scalar(PlainScalar(text))
    assert (text, str) == (found, type(found))


@given(strategies.one_of(strategies.text(), strategies.booleans(), strategies.integers(), strategies.none()))
def test_what_was_quoted_or_is_typed_already_stays_as_it_is(value):
    assert core_scalar(value) is value


def test_an_integer_that_python_does_not_read_is_a_parameter_error():
    with pytest.raises(ValueError, match="4300"):
        core_scalar(PlainScalar("9" * 5000))
