"""What a rule finds, and a rule itself: plain data that formats and documentation are made from."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from inspect import getdoc

from coldstart.baseline.load import LoadedBaseline


class Level(StrEnum):
    """Of a finding; how `coldstart lint` ends follows from the gravest."""

    ERROR = "error"
    """The baseline can say GREEN for what is not: it must not be used like this."""
    WARNING = "warning"
    """Probably not what its author meant, or less help than it could be."""


@dataclass(frozen=True, order=True)
class Finding:
    """`line` and `column` count from 1; 0: there is no such place (an option of the command line, a whole line)."""

    file: str
    line: int
    column: int
    code: str
    name: str
    level: Level
    message: str
    """What is wrong."""
    todo: str
    """What to do about it."""

    @property
    def place(self) -> str:
        """``file:line:column``, as far as they are known."""
        numbers = [str(number) for number in (self.line, self.column) if number]
        return ":".join((self.file, *numbers))


@dataclass(frozen=True)
class Hit:
    """What a rule says about one line of a baseline."""

    line: int
    message: str
    todo: str


Look = Callable[[LoadedBaseline], Iterator[Hit]]


@dataclass(frozen=True)
class Rule:
    """A rule; its documentation is the docstring of the function that looks for it."""

    code: str
    name: str
    level: Level
    look: Look

    @property
    def about(self) -> str:
        """The documentation: what it finds, why that matters, an example, and what to write instead."""
        return getdoc(self.look) or ""

    def hits(self, loaded: LoadedBaseline) -> Iterator[Finding]:
        """Every finding of this rule in a baseline."""
        for hit in self.look(loaded):
            yield self.finding(loaded.path, hit)

    def finding(self, file: str, hit: Hit, column: int = 0) -> Finding:
        return Finding(file, hit.line, column, self.code, self.name, self.level, hit.message, hit.todo)


def error(code: str, name: str) -> Callable[[Look], Rule]:
    """Make a rule of the function below it, whose findings are errors."""
    return lambda look: Rule(code, name, Level.ERROR, look)


def warning(code: str, name: str) -> Callable[[Look], Rule]:
    """Make a rule of the function below it, whose findings are warnings."""
    return lambda look: Rule(code, name, Level.WARNING, look)
