"""Regular expressions in a baseline: Python's own (re), searched in text from the world within bounds."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from coldstart import errors

SEARCHED = 1 << 18
"""Characters in which a pattern is searched (256 Ki): one ``.*`` alone costs the square of it."""

_WORD = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(|\)|[*+]|\{\d*,\d*\}|.", re.DOTALL)
_REPEATS = re.compile(r"[*+]|\{\d*,\}")


def _checked(value: str) -> str:
    try:
        compiled = re.compile(value)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"not a regular expression: {error}") from error
    if compiled.search(""):
        raise ValueError("this pattern is found in everything, even in an empty text: it can prove nothing")
    if _repeats_a_repeat(value):
        raise ValueError("a repeated group with a repeat in it, like (a+)+, can take forever: write it without")
    return value


def _repeats_a_repeat(pattern: str) -> bool:
    """Say whether an unbounded repeat stands in a group that is itself repeated without bound."""
    groups = [False]
    closed = False
    for word in _WORD.findall(pattern):
        if _REPEATS.fullmatch(word):
            if closed:
                return True
            groups[-1] = True
        closed = False
        if word == "(":
            groups.append(False)
        elif word == ")" and len(groups) > 1:
            closed = groups.pop()
            groups[-1] |= closed
    return False


Pattern = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(_checked)]
"""A regular expression of Python's re, as text."""


def found_in(pattern: str, text: str) -> bool:
    """Search. Raises `OverCap` for a text that is too long: a part of it could match where the whole does not."""
    if len(text) > SEARCHED:
        raise errors.OverCap(f"{len(text)} characters are too many to search for a pattern in (at most {SEARCHED})")
    return re.search(pattern, text) is not None
