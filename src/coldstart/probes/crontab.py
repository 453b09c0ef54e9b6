"""Are the entries in the crontab that must be there?"""

import re
from typing import Annotated, ClassVar, Self, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from coldstart import shapes
from coldstart.errors import NotAllowed
from coldstart.outcome import Conclusion, Outcome, Part
from coldstart.probes import cron_table, text_file
from coldstart.probes.base import Probe, Replies, Target
from coldstart.probes.cron_table import Comment, Job, Table
from coldstart.probes.pattern import Pattern, found_in
from coldstart.probes.stating import stating
from coldstart.reads import Command
from coldstart.reason import Reason
from coldstart.replies import CommandReply
from coldstart.text import decoded, one_line, plural

Finding: TypeAlias = tuple[Conclusion, Reason, str]

_NONE = re.compile(r"no crontab for (\S+)")
_FORBIDDEN = re.compile(r"not allowed to (?:use|access)")
_OTHERS_MAY_WRITE = 0o022


def _schedule(value: str) -> str:
    schedule = " ".join(value.split())
    if not re.fullmatch(cron_table.SCHEDULE, schedule):
        raise ValueError(f"{value!r} is not a schedule like '15 3 * * *' or @daily")
    return schedule


def _cron_file(value: str) -> str:
    if not re.fullmatch(shapes.CRON_FILE, value):
        raise ValueError(f"{value!r}: cron ignores a file in /etc/cron.d unless its name is letters, digits, _ and -")
    return value


class Entry(BaseModel):
    """An entry that must be there, or (`enabled: false`) must not."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=80, description="How it is called in reports.")
    pattern: Pattern = Field(description="A regular expression that is found in its command.")
    enabled: bool = Field(default=True, description="False: no such entry may be active; commented out is fine.")
    schedule: Annotated[str, AfterValidator(_schedule)] | None = Field(
        default=None, description="The exact schedule: five fields, or @daily and the like."
    )

    @model_validator(mode="after")
    def _one_sense(self) -> Self:
        if self.schedule and not self.enabled:
            raise ValueError("a schedule means nothing for an entry that must not be there")
        return self


class CrontabProbe(Probe):
    """The entries that must be in the crontab are there, and active.

    cron can be active while its table is the one from before the rebuild, or an entry was commented out for a repair
    and forgotten.

    Asks ``crontab -l``, which is the crontab of the SSH user, and for each file in `cron_d` its text and its state
    (``head``, ``stat``). `pattern` is searched in the command of each active line; variables, comments and what follows
    an unescaped ``%`` (the command's input) are no part of it.

    | found | is |
    |---|---|
    | an active entry, with the `schedule` if one is given | as required |
    | only a comment that matches; `paused_marker` is found in it or in the comment right above | a caution: paused |
    | only a comment that matches | bad: commented out |
    | an active entry with another schedule | bad |
    | no entry, an empty crontab, no crontab at all | bad: absent |
    | an active entry that `enabled: false` forbids | bad |
    | a file of `cron_d` that cron ignores: not of root, or others may write it | bad |

    Not observed: the user may not use crontab, a file may not be read, a line that is not understood (cron itself
    ignores such a file of the system as a whole), a last line without an end.

    Whether an entry ever ran, and how that ended, is not asked here; nor whether cron runs (`systemd_units`). The whole
    crontab is in a recording: keep passwords out of command lines.

    Example:
    ```yaml
    probe: crontab
    with:
      entries:
        - {name: backup, pattern: backup-from-110}
        - {name: restart exporter, pattern: restart-exporter, schedule: "*/5 * * * *"}
      paused_marker: (?i)paused
    ```

    SOP section 9 (188, 110 and 121 cron); crontab(1), crontab(5), cron(8).

    """

    kind: ClassVar[str] = "crontab"

    entries: tuple[Entry, ...] = Field(min_length=1, max_length=32, description="What must (or must not) be there.")
    user_crontab: bool = Field(default=True, description="Read the crontab of the SSH user.")
    cron_d: tuple[Annotated[str, AfterValidator(_cron_file)], ...] = Field(
        default=(), max_length=8, description="Names of files in /etc/cron.d to read as well."
    )
    paused_marker: Pattern | None = Field(
        default=None, description="Marks an entry that is commented out on purpose; such a one is a caution."
    )

    @model_validator(mode="after")
    def _something_to_read(self) -> Self:
        if not self.user_crontab and not self.cron_d:
            raise ValueError("name files in `cron_d`, or leave `user_crontab` on: else nothing is read")
        names = [entry.name for entry in self.entries]
        for values in (names, list(self.cron_d)):
            if twice := sorted({value for value in values if values.count(value) > 1}):
                raise ValueError(f"named twice: {', '.join(twice)}")
        return self

    def reads(self, target: Target) -> tuple[Command, ...]:
        own = (target.command("crontab", "-l"),) if self.user_crontab else ()
        files = (f"/etc/cron.d/{name}" for name in self.cron_d)
        asks = ((text_file.ask_states(target, path), text_file.ask_text(target, path)) for path in files)
        return (*own, *(read for pair in asks for read in pair))

    def judge(self, replies: Replies) -> Outcome:
        wanted = ", ".join(
            f"{entry.name} ({entry.schedule or ('active' if entry.enabled else 'not active')})"
            for entry in self.entries
        )
        expected = f"in the crontab: {wanted}"
        return stating(expected, lambda: self._judge(replies, expected))

    def _judge(self, replies: Replies, expected: str) -> Outcome:
        tables: list[Table] = []
        notes: list[str] = []
        if self.user_crontab:
            table, note = _own(replies.command(self.reads(replies.target)[0]))
            tables.append(table)
            notes.append(note)
        ignored: list[Part] = []
        for name in self.cron_d:
            found = _system(replies, f"/etc/cron.d/{name}")
            if isinstance(found, Part):
                ignored.append(found)
            else:
                tables.append(found)
        jobs = tuple(job for table in tables for job in table.jobs)
        comments = tuple(comment for table in tables for comment in table.comments)
        parts = [self._part(entry, jobs, comments, "; ".join(filter(None, notes))) for entry in self.entries]
        found_count = sum(part.conclusion is Conclusion.MET for part in parts)
        return Outcome.of_parts(
            [*ignored, *parts], expected=expected, facts={"entries": len(parts), "entries_as_required": found_count}
        )

    def _part(self, entry: Entry, jobs: tuple[Job, ...], comments: tuple[Comment, ...], note: str) -> Part:
        active = [job for job in jobs if found_in(entry.pattern, job.command)]
        shown = "; ".join(f"{job.schedule} ({job.place})" for job in active)
        found: Finding
        if not entry.enabled:
            found = (Conclusion.MET, Reason.OK, "no active entry, as required")
            if active:
                found = (Conclusion.UNMET, Reason.WRONG_VALUE, f"must not be active, but is: {shown}")
        elif not active:
            found = self._why_not(entry, comments, note or f"no entry among {plural(len(jobs), 'active line')}")
        elif entry.schedule and not any(job.schedule == entry.schedule for job in active):
            found = (Conclusion.UNMET, Reason.WRONG_VALUE, f"{shown}, not {entry.schedule}")
        else:
            found = (Conclusion.MET, Reason.OK, shown)
        conclusion, reason, observed = found
        return Part(name=entry.name, conclusion=conclusion, reason=reason, observed=observed)

    def _why_not(self, entry: Entry, comments: tuple[Comment, ...], nothing: str) -> Finding:
        idle = [comment for comment in comments if found_in(entry.pattern, comment.text)]
        for comment in idle:
            for text in (comment.text, comment.above):
                if self.paused_marker and found_in(self.paused_marker, text):
                    said = f"paused on purpose: {one_line(text, 160)!r} ({comment.place})"
                    return Conclusion.CAUTION, Reason.PAUSED, said
        if idle:
            said = f"commented out ({idle[0].place}), not marked as paused"
            return Conclusion.UNMET, Reason.NOT_RUNNING, said
        return Conclusion.UNMET, Reason.ABSENT, nothing


def _own(reply: CommandReply) -> tuple[Table, str]:
    """The user's own table, and a note where there is none: crontab(1) exits 1 and says so."""
    complaint = decoded(reply.stderr)
    if reply.exit_status == 1 and not reply.stdout and (none := _NONE.fullmatch(complaint.strip())):
        return Table((), ()), f"no crontab for {one_line(none[1], 40)}"
    if reply.exit_status != 0 and _FORBIDDEN.search(complaint):
        raise NotAllowed(f"crontab: {reply.complaint}", evidence=complaint)
    table = cron_table.parse(reply.expect_exit().text, "own crontab")
    return table, "" if table.jobs else "the crontab has no active line"


def _system(replies: Replies, path: str) -> Table | Part:
    """The table of a file of the system, or the complaint that cron ignores it."""
    target = replies.target
    state = text_file.states(replies.command(text_file.ask_states(target, path)), (path,))[path]

    def ignored(reason: Reason, why: str) -> Part:
        return Part(name=path, conclusion=Conclusion.UNMET, reason=reason, observed=why)

    if state is None:
        return ignored(Reason.ABSENT, "does not exist")
    if not state.regular or state.owner != 0 or state.mode & _OTHERS_MAY_WRITE:
        rights = f"owner {state.owner}, mode {state.mode & 0o7777:04o}"
        why = f"{rights}: cron ignores it (it must be root's, and no one else's to write)"
        return ignored(Reason.WRONG_VALUE, why)
    text = text_file.whole_text(replies.command(text_file.ask_text(target, path)), state, path)
    return cron_table.parse(text, path, with_user=True)
