"""Everything that is wrong with a baseline, collected over one run of the loader, each at its place."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from coldstart.errors import BaselineError
from coldstart.text import one_line, plural

_MOST_SHOWN = 1000
_MOST_SUGGESTED = 100
"""Of so many problems the names are compared; looking for similar names in a file full of wrong ones takes long."""
_MOST_NAMES = 20
_LONGEST_NAME = 64
_SHOWN_VALUE = 60
_WORD = re.compile(r"[^\s']+")


@dataclass(frozen=True, order=True)
class Problem:
    """`line` and `column` count from 1; 0 where there is no place in a file (an option of the command line)."""

    file: str
    line: int
    column: int
    text: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return one_line(f"{place}: {self.text}", limit=2000)


@dataclass
class Problems:
    """Collects; `raise_if_any` ends the load with all of them, sorted by place."""

    found: set[Problem] = field(default_factory=set)

    def add(self, place: tuple[str, int, int], text: str) -> None:
        self.found.add(Problem(*place, _WORD.sub(lambda word: _without_user_info(word[0]), text)))

    def __len__(self) -> int:
        return len(self.found)

    def raise_if_any(self) -> None:
        """Raise `BaselineError` with every problem found so far."""
        if not self.found:
            return
        lines = [str(problem) for problem in sorted(self.found)]
        if len(lines) > _MOST_SHOWN:
            file = min(self.found).file
            more = plural(len(lines) - _MOST_SHOWN, "more problem")
            lines[_MOST_SHOWN:] = [one_line(f"{file}: and {more}: mend these first", limit=2000)]
        raise BaselineError(*lines)

    def meant(self, name: str, known: Iterable[str]) -> str:
        """Return ``did you mean 'x'? (known: x, y, z)``, or only what is known where nothing is near."""
        names = list(known)
        if not names:
            return "none is declared"
        shown = ", ".join(names[:_MOST_NAMES])
        if len(names) > _MOST_NAMES:
            shown += f", … ({len(names)} in all)"
        near: list[str] = []
        if len(self.found) < _MOST_SUGGESTED and len(name) <= _LONGEST_NAME:
            near = difflib.get_close_matches(name, names, n=1)
        return f"did you mean {near[0]!r}? (known: {shown})" if near else f"known: {shown}"


def shown(value: str) -> str:
    """Return a value from the file in quotes, on one line, cut where it is long.

    A wrong value may hold a secret: what stands where a URL has user, password and query is left out.
    """
    value = _without_user_info(value)
    if "://" in value and "?" in value:
        value = value.partition("?")[0] + "?…"
    return f"'{one_line(value, _SHOWN_VALUE)}'"


def _without_user_info(word: str) -> str:
    before, _, after = word.rpartition("@")
    return f"…@{after}" if ":" in before else word
