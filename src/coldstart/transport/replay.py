"""Replies from a recording: a `Transport` that connects to nothing."""

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from coldstart.errors import NotRecorded, UsageError
from coldstart.outcome import Exchange
from coldstart.reads import Read
from coldstart.replies import Reply
from coldstart.text import one_line
from coldstart.transport.record import META, SCHEMA_VERSION, Meta

M = TypeVar("M", bound=BaseModel)


class Replay:
    """Answers what was recorded, and nothing else. `meta` says what the recording is of, and when it was made."""

    def __init__(self, directory: Path) -> None:
        """Read the whole recording. Raises `UsageError`, a line for each file that is not as it should be."""
        try:
            paths = sorted(path for path in directory.iterdir() if path.suffix == ".json" and path.name != META)
        except OSError as error:
            raise UsageError(f"{directory}: not a recording: {error.strerror or error}") from None
        self.meta = _meta(directory / META)
        self._replies: dict[Read, Reply] = {}
        where: dict[Read, Path] = {}
        problems: list[str] = []
        for path in paths:
            try:
                exchange = _loaded(path, Exchange)
            except UsageError as error:
                problems.extend(error.problems)
                continue
            if exchange.read in where:
                problems.append(f"{path}: the same read as in {where[exchange.read].name}")
            where[exchange.read] = path
            self._replies[exchange.read] = exchange.reply
        if not paths:
            problems.append(f"{directory}: the recording holds no read")
        if problems:
            raise UsageError(*problems)

    async def perform(self, read: Read) -> Reply:
        """The recorded reply; also one that says that nothing came back. Raises `NotRecorded`."""
        try:
            return self._replies[read]
        except KeyError:
            raise NotRecorded(f"{read.describe()} was not asked when this was recorded") from None

    async def close(self) -> None:
        """Nothing is held."""


def _meta(path: Path) -> Meta:
    if not path.exists():
        raise UsageError(f"{path}: missing: not a recording, or one that was cut short")
    meta = _loaded(path, Meta)
    if meta.schema_version != SCHEMA_VERSION:
        raise UsageError(f"{path}: schema version {meta.schema_version}; this coldstart reads {SCHEMA_VERSION}")
    return meta


def _loaded(path: Path, model: type[M]) -> M:
    try:
        if not path.is_file():
            raise UsageError(f"{path}: not a file")
        return model.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        at = ".".join(str(step) for step in first["loc"])
        raise UsageError(f"{path}: {f'{at}: ' if at else ''}{one_line(first['msg'])}") from None
