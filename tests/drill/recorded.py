"""What the lab recorded, beside what the drill's hosts say to the same question."""

import json
import pickle
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from tests.probes.test_corpus import CORPUS, load

from coldstart.drill.inventory import HOSTS
from coldstart.drill.scenario import Event
from coldstart.drill.stack import Stack
from coldstart.drill.view import View
from coldstart.reads import Command
from coldstart.replies import CommandReply

EPOCH = 1795474133.0


@dataclass(frozen=True)
class Recorded:
    """A command's real reply. `argv` is as the shipped baseline would ask: the lab had another PostgreSQL."""

    case: str
    host: str
    argv: tuple[str, ...]
    reply: CommandReply

    @property
    def stdout(self) -> str:
        return shipped(self.reply.stdout.decode())


def shipped(text: str) -> str:
    """The lab's version of PostgreSQL as that of the shipped baseline."""
    text = text.replace("postgresql@15-main", "postgresql@14-main").replace("postgresql-15-main", "postgresql-14-main")
    return text.replace("postgresql/15", "postgresql/14").replace("15-main", "14-main")


@cache
def _all() -> tuple[Recorded, ...]:
    found: dict[tuple[str, str, tuple[str, ...]], Recorded] = {}
    for path in sorted(CORPUS.glob("*/lab-*.yml")):
        scenario = path.stem.removeprefix("lab-").split("-p0-")[0].split("-p1-")[0].split("-p2-")[0]
        for read, reply in load(path)[3].by_read.items():
            if isinstance(read, Command) and isinstance(reply, CommandReply):
                argv = tuple(shipped(word) for word in read.argv)
                found.setdefault((scenario, read.host, argv), Recorded(scenario, read.host, argv, reply))
    return tuple(found.values())


def recorded(*tools: str, case: str = "healthy") -> Iterator[Recorded]:
    """Each different question to one of `tools` that the lab recorded in `case`, once."""
    rows = [row for row in _all() if row.case == case and row.argv[0] in tools]
    assert rows, f"nothing recorded of {tools} in {case}"
    yield from rows


@cache
def _up(ago: float) -> bytes:
    stack = Stack()
    stack.begin_settled(ago)
    return pickle.dumps(stack)


def settled(*events: Event, ago: float = 1100.0) -> Stack:
    """A stack of one's own that is up since `ago` s, to which `events` have happened, one after the other."""
    stack: Stack = pickle.loads(_up(ago))  # noqa: S301 - our own, and four times as fast as a deep copy
    for event in events:
        stack.advance(event.at)
        stack.apply(event)
    return stack


@cache
def _cold(until: float, outage: float, parts: tuple[tuple[str, str], ...]) -> bytes:
    stack = Stack()
    stack.begin_cold(outage)
    stack.apply(Event(at=0, say="power", power=dict.fromkeys(HOSTS, "on"), parts=dict(parts)))
    stack.advance(until)
    return pickle.dumps(stack)


def cold(until, outage=600.0, **parts):
    """A stack that was without power for `outage` s, got it back at the start, with these faults, and is at `until`."""
    return pickle.loads(_cold(until, outage, tuple(parts.items())))  # noqa: S301 - as above


def view(stack: Stack, host: str) -> View:
    return View(stack, host, EPOCH)


def shape(text: str) -> str:
    """Text with every number as 0: the words, the punctuation and the lines are left."""
    return re.sub(r"\d+", "0", text)


def keys(text: str, separator: str = "=") -> list[str]:
    """The part of each line before the first separator; blank lines stay."""
    return [line.partition(separator)[0] for line in text.splitlines()]


def json_shape(text: str) -> Any:
    """JSON with its values as the names of their types; of a list, the different shapes of its items."""
    return _shape(json.loads(text))


def _shape(value: Any) -> Any:
    match value:
        case dict():
            return {key: _shape(one) for key, one in value.items()}
        case list():
            return sorted({json.dumps(_shape(one)) for one in value})
        case _:
            return type(value).__name__
