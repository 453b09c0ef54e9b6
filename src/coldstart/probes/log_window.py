"""What a container wrote since it was started: a window of its log whose beginning is known only with the answer."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from coldstart import shapes
from coldstart.errors import ReadError, Unparsable
from coldstart.probes import docker_cli
from coldstart.probes.base import Replies, Target
from coldstart.probes.docker_cli import Inspected
from coldstart.probes.log_sources import Journal, docker_streams
from coldstart.probes.params import ContainerName, Duration
from coldstart.reads import Command
from coldstart.reason import Reason
from coldstart.replies import CommandReply
from coldstart.text import span

_STAMPED = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) (.*)")
_NOTED_WITHIN = 10.0
"""Seconds within which the daemon of a loaded host notes that a container runs."""
_COLOUR = re.compile(rb"\x1b\[[0-9;:?]*[A-Za-z]")


class Window(NamedTuple):
    """Lines of a window, oldest first in each stream, without their time stamps.

    `reaches_back`: it was read from its beginning; `entries`: how many there are; `name`: in words, for "3 lines …".
    `hint`: what to try where a line is missing.
    """

    streams: tuple[tuple[str, ...], ...]
    entries: int
    reaches_back: bool
    name: str
    hint: str = ""


class ContainerLog(BaseModel):
    """What a container wrote to stdout and stderr since it was started, or a shorter time ago."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    container: ContainerName = Field(description="Its name.")
    since: Literal["start"] | Duration = Field(
        default="start", description="`start`, or how far back to read; never further than the container's start."
    )
    tail: int = Field(default=5000, ge=1, le=20_000, description="At most so many lines, the newest.")

    def reads(self, target: Target) -> tuple[Command, ...]:
        """The newest lines, and when the container was started: the window is cut out afterwards."""
        since = () if self.since == "start" else (f"--since={max(1, round(self.since))}s",)
        logs = target.command("docker", "logs", "--timestamps", *since, f"--tail={self.tail}", self.container)
        ended = ("docker", "inspect", "--type", "container", "--format", shapes.DOCKER_FINISHED_FORMAT)
        return (logs, docker_cli.inspect(target, (self.container,)), target.command(*ended, self.container))

    def window(self, replies: Replies) -> Window:
        """Cut the window out. Raises an observed reason where the container does not run, or is not there."""
        logs, inspect, ended = self.reads(replies.target)
        if down := docker_cli.daemon_down(replies, inspect):
            raise ReadError(down.observed, reason=down.reason)
        found = docker_cli.inspected(replies, (self.container,))
        if self.container not in found:
            raise ReadError(f"there is no container {self.container}", reason=Reason.ABSENT)
        started = _started(found[self.container])
        begin = _begin(started, replies.command(ended))
        reply = replies.command(logs)
        lines = [list(_stamped(stream)) for stream in docker_streams(plain(reply))]
        inside = tuple(tuple(text for at, text in stream if at >= begin) for stream in lines)
        up = reply.started - started
        name, hint = f"of {self.container} since it was started {span(up)} ago", ""
        if self.since != "start" and self.since < up:
            name = f"of {self.container} of the last {span(self.since)}"
            hint = f"it was started {span(up)} ago, before that window: use `since: start`"
        # With `tail` lines printed there may be older ones; then only a line from before the start proves the whole.
        before = any(at < begin for stream in lines for at, _ in stream)
        whole = before or sum(len(stream) for stream in lines) < self.tail
        return Window(inside, sum(len(stream) for stream in inside), whole, name, hint)


class JournalLog(Journal):
    """The systemd journal of this boot."""

    def window(self, replies: Replies) -> Window:
        """Raises `NoEvidence` for a journal without an entry."""
        asked, *proof = self.reads(replies.target)
        log = self.log(plain(replies.command(asked)))
        self.require_evidence(log, [replies.command(read) for read in proof])
        return Window(log.streams, log.entries, not log.cut, log.window)


def plain(reply: CommandReply) -> CommandReply:
    """The same output without colours (ECMA-48 CSI), its characters composed (Unicode NFC); other bytes as they are."""
    return reply.model_copy(update={"stdout": _plain(reply.stdout), "stderr": _plain(reply.stderr)})


def _plain(data: bytes) -> bytes:
    text = _COLOUR.sub(b"", data).decode("utf-8", errors="surrogateescape")
    return unicodedata.normalize("NFC", text).encode("utf-8", errors="surrogateescape")


def _started(container: Inspected) -> float:
    """When it was started, s since the epoch. Raises an observed reason where it is not running."""
    if container.state != "running":
        said = f"the container is {container.state}: what it once wrote says nothing of now"
        raise ReadError(said, reason=Reason.NOT_RUNNING)
    return _seconds(container.started)


def _begin(started: float, reply: CommandReply) -> float:
    """From when on lines are of this start. Raises `Unparsable` where the container ended meanwhile.

    The daemon notes the start only after the process runs, so that the first lines of it are stamped up to some
    milliseconds earlier; the end of the run before is what surely lies between the two.
    """
    text = reply.expect_exit().text
    if not text.endswith("\n"):
        raise Unparsable("docker printed no whole line for the container's last end", evidence=text)
    ended = _seconds(text.removesuffix("\n"))
    if ended > started:
        raise Unparsable("the container ended while it was looked at")
    return max(ended, started - _NOTED_WITHIN)


def _stamped(stream: tuple[str, ...]) -> Iterator[tuple[float, str]]:
    """Every line with its time. Raises `Unparsable` for one without: it could be from before the window."""
    for line in stream:
        match = _STAMPED.fullmatch(line)
        if not match:
            raise Unparsable("docker logs printed a line without a time", evidence=line[:500])
        yield _seconds(match[1]), match[2]


def _seconds(text: str) -> float:
    """RFC 3339 as seconds since the epoch; nanoseconds are cut to microseconds."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Unparsable(f"not a time: {text[:60]!r}") from error
    if moment.tzinfo is None:
        raise Unparsable(f"a time without a zone: {text[:60]!r}")
    return moment.timestamp()
