"""The logs that can be searched for signatures: how each is asked for, what was read of it, whether it speaks."""

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

from coldstart.errors import DaemonSilent, NoEvidence, NotAllowed, Unparsable
from coldstart.probes.base import Target
from coldstart.probes.params import AbsolutePath, ContainerName, Duration, PlainUnit
from coldstart.reads import Command
from coldstart.replies import CommandReply
from coldstart.text import decoded, one_line, span

_MOST_LINES = 20_000
_NO_RIGHTS = re.compile(r"not seeing messages from other users|due to insufficient permissions", re.IGNORECASE)
_NO_JOURNAL = re.compile(r"no journal files were found|no such boot", re.IGNORECASE)
_NO_LOG = re.compile(
    r"no such container|no such file or directory|is a directory|does not support reading", re.IGNORECASE
)
_NO_DAEMON = re.compile(r"cannot connect to the docker daemon|error during connect|deadline exceeded", re.IGNORECASE)
_ENTRY = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S* ")
_EPOCH = r"(\d{1,12})\n"
_NANOSECONDS = r"(\d{1,12}\.\d{9})\n"
_UPTIME = r"(\d{1,10}\.\d\d) [0-9.]+\n"


class Log(NamedTuple):
    """What was read: lines, oldest first, of streams whose order among each other is not known.

    `entries` counts them; `cut`: the window is longer than what was read; `window`: in words, for "in 12 lines …".
    """

    streams: tuple[tuple[str, ...], ...]
    entries: int
    cut: bool
    window: str


class _Source(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)


class Journal(_Source):
    """The systemd journal of the current boot; entries of earlier boots never count."""

    units: tuple[PlainUnit, ...] = Field(
        default=(), max_length=32, description="Only entries of and about these units."
    )
    kernel: bool = Field(default=False, description="Only the kernel's own messages.")
    since: Literal["boot"] | Duration = Field(
        default="boot", description="`boot`, or how far back to read; never further than the boot."
    )
    priority: Literal["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"] | None = Field(
        default=None,
        description="Only entries at least as grave as this. What a program prints to stderr counts as info.",
    )
    lines: int = Field(default=5000, ge=1, le=_MOST_LINES, description="At most so many entries, the newest.")

    @model_validator(mode="after")
    def _one_selection(self) -> "Journal":
        if self.kernel and self.units:
            raise ValueError("name units, or say `kernel: true`, not both: nothing is from both")
        return self

    def reads(self, target: Target) -> tuple[Command, ...]:
        """The window; where that is narrowed, also one entry of the selection without that, as proof that it speaks."""
        # --reverse: with --since, journalctl 252 gives the first `lines` entries of the window, not the last.
        # --all: without it an entry with one unprintable byte is printed as "[123B blob data]".
        # not --quiet: it hides the hint by which a journal of which one sees nothing is told from an empty one.
        start = ("journalctl", "--no-pager", "--boot", "--all", "--reverse", "--output=short-iso")
        selection = (*(f"--unit={unit}" for unit in self.units), *(("--dmesg",) if self.kernel else ()))
        narrowed: tuple[str, ...] = ()
        if self.since != "boot":
            narrowed += (f"--since=-{_whole_seconds(self.since)}s",)
        if self.priority:
            narrowed += (f"--priority={self.priority}",)
        window = target.command(*start, f"--lines={self.lines}", *selection, *narrowed)
        return (window, target.command(*start, "--lines=1", *selection)) if narrowed else (window,)

    def log(self, reply: CommandReply) -> Log:
        entries = _journal_entries(reply)
        source = "of the kernel " if self.kernel else f"of {', '.join(self.units)} " if self.units else ""
        window = source + ("since boot" if self.since == "boot" else f"of the last {span(self.since)}")
        window += f" at priority {self.priority} or graver" if self.priority else ""
        lines = tuple(line for entry in reversed(entries) for line in entry)
        return Log((lines,), len(entries), len(entries) >= self.lines, window)

    def require_evidence(self, log: Log, proof: Sequence[CommandReply]) -> None:
        """Raise `NoEvidence` when the selection has no entry at all in this boot."""
        if not log.entries and not any(_journal_entries(reply) for reply in proof):
            raise NoEvidence(f"the journal of this boot is empty: no line {log.window}")


class DockerLog(_Source):
    """What a container wrote to stdout and stderr. `since` may reach back beyond the boot: damage outlives it."""

    container: ContainerName = Field(description="Its name.")
    since: Duration = Field(description="How far back to read.")
    tail: int = Field(default=2000, ge=1, le=_MOST_LINES, description="At most so many lines, the newest.")

    def reads(self, target: Target) -> tuple[Command, ...]:
        """The window, and the last line whenever it was written, as proof that the container's log can be read."""
        logs = ("docker", "logs", "--timestamps")
        since = f"--since={_whole_seconds(self.since)}s"
        return (
            target.command(*logs, since, f"--tail={self.tail}", self.container),
            target.command(*logs, "--tail=1", self.container),
        )

    def log(self, reply: CommandReply) -> Log:
        streams = docker_streams(reply)
        lines = sum(len(stream) for stream in streams)
        return Log(streams, lines, lines >= self.tail, f"of {self.container} of the last {span(self.since)}")

    def require_evidence(self, log: Log, proof: Sequence[CommandReply]) -> None:
        """Raise `NoEvidence` when the container never wrote a line."""
        if not log.entries and not any(stream for reply in proof for stream in docker_streams(reply)):
            raise NoEvidence(f"the log of {self.container} is empty")


class LogFile(_Source):
    """The end of a file that was written to in this boot; its older lines may be from before the boot."""

    path: AbsolutePath = Field(description="With `sudo: true` on the check only below /var/log.")
    tail: int = Field(default=2000, ge=1, le=_MOST_LINES, description="So many lines from its end.")

    def reads(self, target: Target) -> tuple[Command, ...]:
        """The end of the file; when it was last written, and what is needed to know whether that was in this boot."""
        return (
            target.command("tail", f"--lines={self.tail}", self.path),
            target.command("stat", "--format=%Y", self.path),
            *(target.command(*argv).model_copy(update={"sudo": False}) for argv in _BOOT_TIME),
        )

    def log(self, reply: CommandReply) -> Log:
        _require_log(reply)
        lines = tuple(decoded(reply.stdout).splitlines())
        return Log((lines,), len(lines), cut=False, window=f"at the end of {self.path}")

    def require_evidence(self, log: Log, proof: Sequence[CommandReply]) -> None:
        """Raise `NoEvidence` when the file is empty, or has not been written to since the host booted."""
        if not any(line.strip() for stream in log.streams for line in stream):
            raise NoEvidence(f"{self.path} is empty")
        stat, date, uptime = proof
        written = _only_number(stat, _EPOCH)
        booted = _only_number(date, _NANOSECONDS) - _only_number(uptime, _UPTIME)
        if written < booted:
            raise NoEvidence(f"{self.path} was last written {span(booted - written)} before this boot")


LogSource: TypeAlias = Journal | DockerLog | LogFile

_BOOT_TIME = (("date", "+%s.%N"), ("cat", "/proc/uptime"))


def _whole_seconds(duration: float) -> int:
    return max(1, round(duration))


def _journal_entries(reply: CommandReply) -> list[list[str]]:
    """Entries, newest first as printed, each with its continuation lines. Markers (``-- No entries --``) are none."""
    complaint = decoded(reply.stderr)
    if _NO_RIGHTS.search(complaint):
        detail = "this user sees at most its own journal entries: it is not in the group systemd-journal"
        raise NotAllowed(detail, evidence=complaint)
    if _NO_JOURNAL.search(complaint):
        raise NoEvidence(f"there is no journal of this boot: {reply.complaint}", evidence=complaint)
    entries: list[list[str]] = []
    for line in decoded(reply.expect_exit().stdout).splitlines():
        if _ENTRY.match(line):
            entries.append([line])
        elif entries and not line.startswith("-- "):
            entries[-1].append(line)
    return entries


def docker_streams(reply: CommandReply) -> tuple[tuple[str, ...], ...]:
    """Return the lines of stdout and of stderr, oldest first. Raises for each way in which docker(1) could not read."""
    _require_log(reply)
    return tuple(tuple(decoded(data).splitlines()) for data in (reply.stdout, reply.stderr))


def _require_log(reply: CommandReply) -> None:
    """Raise for each way in which docker(1) and tail(1) say that they could not read."""
    complaint = decoded(reply.stderr)
    last_line = one_line(complaint.strip().rpartition("\n")[2])
    if reply.exit_status and _NO_DAEMON.search(complaint):
        raise DaemonSilent(last_line, evidence=complaint)
    if reply.exit_status and _NO_LOG.search(complaint):
        raise NoEvidence(last_line, evidence=complaint)
    reply.expect_exit()


def _only_number(reply: CommandReply, pattern: str) -> float:
    text = reply.expect_exit().text
    match = re.fullmatch(pattern, text)
    if not match:
        raise Unparsable(f"not a number: {one_line(text, 80)!r}", evidence=text)
    return float(match[1])
