"""``# lint: ignore CS101 reason``: a comment that silences rules on its own line, and says why."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

_COMMENT = re.compile(r"(?:^|(?<=\s))#.*?\blint:\s*ignore\b(?P<rest>.*)$")
_RIGHT = re.compile(r"\s+(?P<codes>CS\d{3}(?:\s*,\s*CS\d{3})*)(?:\s+(?P<reason>\S.*))?$")
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Ignore:
    """One comment. `codes` empty: it names no rule; `reason` empty: it gives none; both are findings themselves."""

    line: int
    column: int
    codes: tuple[str, ...]
    reason: str


def ignores(text: str) -> Iterator[Ignore]:
    """Every such comment of a YAML file, in order; a ``#`` inside a string is no comment."""
    if "lint:" not in text:  # scanning a large file for nothing would cost seconds
        return
    strings = tuple(_strings(text))
    for number, line in enumerate(text.split("\n"), start=1):
        match = _COMMENT.search(line.rstrip("\r"))
        while match and _inside(strings, (number, match.start())):
            match = _COMMENT.search(line.rstrip("\r"), match.start() + 1)
        if match:
            right = _RIGHT.fullmatch(match["rest"].rstrip())
            codes = tuple(re.split(r"\s*,\s*", right["codes"])) if right else ()
            yield Ignore(number, match.start() + 1, codes, (right["reason"] or "") if right else "")


_Place = tuple[int, int]
"""Line, counted from 1, and column, counted from 0."""


def _strings(text: str) -> Iterator[tuple[_Place, _Place]]:
    """Where scalars begin and end. Of a file that the loader took; what cannot be scanned has no more comments."""
    try:
        for token in yaml.scan(text, Loader=_Loader):
            if isinstance(token, yaml.ScalarToken):
                begin, end = token.start_mark, token.end_mark
                yield (begin.line + 1, begin.column), (end.line + 1, end.column)
    except yaml.YAMLError:
        yield (1, 0), (text.count("\n") + 2, 0)


def _inside(strings: tuple[tuple[_Place, _Place], ...], place: _Place) -> bool:
    return any(begin <= place < end for begin, end in strings)
