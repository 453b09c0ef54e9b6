"""Are known signatures of damage in a log? One log a check: the journal, a container's, or a file."""

import re
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from coldstart.outcome import Outcome
from coldstart.probes.base import Probe, Replies, Target
from coldstart.probes.log_sources import DockerLog, Journal, Log, LogFile, LogSource
from coldstart.probes.signatures import PRESETS, Signature
from coldstart.reads import Command
from coldstart.reason import Reason
from coldstart.replies import CommandReply, utf8
from coldstart.text import one_line, plural

_SHOWN = 5


def _regex(value: str) -> str:
    try:
        found = re.compile(value)
    except re.error as error:
        raise ValueError(f"{value!r} is not a regular expression: {error}") from None
    if found.search(""):
        raise ValueError(f"{value!r} matches an empty line, and so every line")
    return value


Regex = Annotated[str, AfterValidator(_regex)]


class OwnSignature(BaseModel):
    """A pattern of your own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=80, description="How it is called in reports.")
    pattern: Regex = Field(description="A Python regular expression, searched for in each line.")
    recovered: Regex | None = Field(
        default=None, description="A later line that matches this shows that it was got over."
    )


class _Hit(NamedTuple):
    signature: Signature
    line: str
    recovered: bool


class LogSignaturesProbe(Probe):
    """No known signature of damage is in the log.

    After a power cut a service can run on a damaged disk or WAL until it touches the bad place; the log says so first.

    Asks one of: ``journalctl --boot …`` (the newest `lines` entries); ``docker logs --timestamps --since … --tail …``
    (both of its streams); ``tail --lines=… FILE`` and when the file was last written (``stat``, ``date``,
    ``/proc/uptime``). All of that window is fetched and matched here, so that a recording can be judged again.

    Presets: `wal-damage` (SOP 4.3), `storage-corruption` (SOP 10.1, and the kernel's own words for it),
    `posting-list` (SOP 13.7).

    Bad: a line matches. If a later line shows that the program got over it (PostgreSQL: "database system is ready to
    accept connections"), that is a caution only, so that last month's damage in a file does not block for ever;
    "unexpected pageaddr" with such a line after it is how a good crash recovery ends, and nothing at all. So name one
    cluster a check: what one says must not excuse another.

    A caution too: the log is longer than what was read of it (`lines`, `tail`), so the window was not covered. Raise
    them, or narrow the window with `since` or `priority`.

    Not observed: no line at all to be read. Silence needs proof that there was something to read; where `since` or
    `priority` leave nothing, one line without them is that proof. A journal of which this user sees only a part, which
    journalctl says in a hint and exits 0 (put the user in the group systemd-journal). No such file or container. A file
    that nothing was written to since the boot.

    Example:
    ```yaml
    probe: log_signatures
    with:
      journal: {units: [postgresql@14-main]}
      signatures:
        - wal-damage
        - {name: out of disk, pattern: "No space left on device"}
    ```

    SOP sections 4.3, 10.1 and 13.7; journalctl(1), docker-logs(1).

    """

    kind: ClassVar[str] = "log_signatures"
    measured: ClassVar[str | None] = "matches"

    journal: Journal | None = Field(default=None, description="Read the systemd journal of this boot.")
    docker: DockerLog | None = Field(default=None, description="Read the log of a container.")
    file: LogFile | None = Field(default=None, description="Read the end of a file.")
    signatures: tuple[Literal["wal-damage", "storage-corruption", "posting-list"] | OwnSignature, ...] = Field(
        min_length=1, description="Names of presets, and patterns of your own."
    )

    @model_validator(mode="after")
    def _one_source(self) -> "LogSignaturesProbe":
        if sum(source is not None for source in (self.journal, self.docker, self.file)) != 1:
            raise ValueError("name exactly one log: `journal:`, `docker:` or `file:`")
        return self

    @property
    def source(self) -> LogSource:
        """The one log that is named."""
        (source,) = (source for source in (self.journal, self.docker, self.file) if source is not None)
        return source

    def reads(self, target: Target) -> tuple[Command, ...]:
        return self.source.reads(target)

    def judge(self, replies: Replies) -> Outcome:
        window, *proof = self.reads(replies.target)
        reply = replies.command(window)
        log = self.source.log(reply)
        hits = _hits(log, self._wanted(reply))
        if not hits:
            self.source.require_evidence(log, [replies.command(read) for read in proof])
        names = ", ".join(entry if isinstance(entry, str) else entry.name for entry in self.signatures)
        common: dict[str, Any] = {
            "expected": f"no line with a known signature ({names})",
            "evidence": tuple(dict.fromkeys(one_line(hit.line, 500) for hit in hits))[:_SHOWN],
            "facts": {"lines": log.entries, "matches": len(hits), "whole_window": not log.cut},
        }
        read = f"{log.entries:,} {'line' if log.entries == 1 else 'lines'} {log.window}"
        if still := [hit for hit in hits if not hit.recovered]:
            return Outcome.unmet(_gravest(still), f"{_told(still)} in {read}", **common)
        if past := [hit for hit in hits if not hit.signature.harmless_if_recovered]:
            said = f"{_told(past)} in {read}; a later line shows that it was recovered from"
            return Outcome.caution(_gravest(past), said, **common)
        nothing = f"no known signature in {read}" if log.entries else f"no line at all {log.window}, though it did log"
        if hits:
            nothing += f" ({plural(len(hits), 'line')} of a crash recovery that ended well)"
        if log.cut:
            return Outcome.caution(Reason.PARTLY_READ, f"{nothing}; older ones of that window were not read", **common)
        return Outcome.met(nothing, **common)

    def _wanted(self, reply: CommandReply) -> tuple[Signature, ...]:
        wanted: list[Signature] = []
        for entry in self.signatures:
            if isinstance(entry, str):
                wanted += PRESETS[entry]
                continue
            if not entry.pattern.isascii():  # a broken byte could hide from it what an ASCII pattern cannot miss
                utf8(reply.stdout)
                utf8(reply.stderr)
            recovered = re.compile(entry.recovered) if entry.recovered else None
            wanted.append(Signature(entry.name, re.compile(entry.pattern), Reason.SIGNATURE, recovered))
        return tuple(wanted)


def _hits(log: Log, wanted: tuple[Signature, ...]) -> list[_Hit]:
    """Every line that matches, once a signature, in order; and whether a later line of its stream says it is over."""
    found: list[tuple[int, int, _Hit]] = []
    for number, stream in enumerate(log.streams):
        for signature in wanted:
            if matching := [(at, line) for at, line in enumerate(stream) if signature.pattern.search(line)]:
                over = signature.recovered
                last = max((at for at, line in enumerate(stream) if over and over.search(line)), default=-1)
                found += [(number, at, _Hit(signature, line, recovered=at < last)) for at, line in matching]
    return [hit for _, _, hit in sorted(found, key=lambda entry: entry[:2])]


def _gravest(hits: list[_Hit]) -> Reason:
    """Storage corruption where any is, for it has its own rules (SOP 10.1); else the first one's."""
    reasons = [hit.signature.reason for hit in hits]
    return Reason.STORAGE_CORRUPTION if Reason.STORAGE_CORRUPTION in reasons else reasons[0]


def _told(hits: list[_Hit]) -> str:
    counts: dict[str, int] = {}
    for hit in hits:
        counts[hit.signature.name] = counts.get(hit.signature.name, 0) + 1
    return ", ".join(f"{name!r} ({plural(count, 'line')})" for name, count in counts.items())
