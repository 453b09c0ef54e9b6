"""Has a service logged what it must, since it was started?"""

import unicodedata
from collections.abc import Sequence
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from coldstart.errors import NoEvidence, NotUtf8
from coldstart.outcome import Conclusion, Outcome, Part
from coldstart.probes.base import Probe, Replies, Target
from coldstart.probes.log_window import ContainerLog, JournalLog, Window
from coldstart.probes.pattern import Pattern, found_in
from coldstart.probes.stating import stating
from coldstart.reads import Command
from coldstart.reason import Reason
from coldstart.replies import utf8
from coldstart.text import one_line, plural

_SHOWN = 8
_REPLACED = "\ufffd"
"""What Docker's json-file driver writes for a byte that is not UTF-8."""


def _composed(value: str) -> str:
    return unicodedata.normalize("NFC", value)


class Line(BaseModel):
    """A line that must not be there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=80, description="How it is called in reports.")
    pattern: Annotated[Pattern, AfterValidator(_composed)] = Field(
        description="A Python regular expression, searched for in each line; of a container's without the time stamp."
    )


class RequiredLine(Line):
    """A line that must be there."""

    at_least: int = Field(default=1, ge=1, le=10_000, description="How many lines must match.")


class LogLinesProbe(Probe):
    """The service has logged what it must since it was started, and nothing that it must not.

    A container can be healthy while the scheduler in it never registered a job. The log says whether it did, but only
    what was written since this start counts: a line from before the reboot would be a false proof.

    Asks ``docker logs --timestamps --tail`` and ``docker inspect`` for when the container was started and last ended,
    or ``journalctl --boot``. With ``since: 6h`` a container's window is six hours, or less where it was started later.

    Lines are compared without colours (ANSI escapes) and with composed characters (Unicode NFC), as are the patterns;
    full-width and half-width forms stay different.

    | seen | means |
    |---|---|
    | each required line `at_least` times, no forbidden one | as required |
    | that, but the window is longer than what was read, with `forbidden` given | a caution |
    | a required line is missing from a window that was read as a whole; a forbidden one is there | bad |
    | the container does not run, or does not exist | bad |
    | a required line is missing from what was read, and the window is longer (`tail`, `lines`) | not observed |
    | no line at all in the window; a required line is missing, and there are bytes that are not UTF-8 | not observed |

    A container that registers its jobs only when it is started has written nothing of it in the last six hours if it is
    up for a week: use ``since: start``, and a `tail` that reaches back so far. Where Docker rotates the log
    (``max-size``) the beginning may be gone; that cannot be told from a line that was never written.

    A file cannot be named: nothing says when a line of it was written.

    Example:
    ```yaml
    probe: log_lines
    with:
      docker: {container: momo-scheduler}
      required:
        - {name: jobs registered, pattern: 全部排程任務已註冊}
      forbidden:
        - {name: Google Drive auth, pattern: invalid_grant}
    ```

    SOP section 9 (188 momo-scheduler); docker-logs(1), journalctl(1).

    """

    kind: ClassVar[str] = "log_lines"

    docker: ContainerLog | None = Field(default=None, description="Read the log of a container.")
    journal: JournalLog | None = Field(default=None, description="Read the systemd journal of this boot.")
    required: tuple[RequiredLine, ...] = Field(default=(), max_length=32, description="Lines that must be there.")
    forbidden: tuple[Line, ...] = Field(default=(), max_length=32, description="Lines that must not be there.")

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if (self.docker is None) is (self.journal is None):
            raise ValueError("name exactly one log: `docker:` or `journal:`")
        if not self.required:
            raise ValueError("name at least one required line; log_signatures looks for bad ones alone")
        names = [line.name for line in (*self.required, *self.forbidden)]
        if doubled := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two lines have the same name: {', '.join(doubled)}")
        return self

    @property
    def _source(self) -> ContainerLog | JournalLog:
        source = self.docker or self.journal
        assert source is not None  # noqa: S101 - the validator above
        return source

    def reads(self, target: Target) -> tuple[Command, ...]:
        return self._source.reads(target)

    def judge(self, replies: Replies) -> Outcome:
        wanted = [f"{line.name!r} at least {plural(line.at_least, 'time')}" for line in self.required]
        wanted += [f"{line.name!r} never" for line in self.forbidden]
        expected = f"logged: {', '.join(wanted)}"
        return stating(expected, lambda: self._judge(replies, expected))

    def _judge(self, replies: Replies, expected: str) -> Outcome:
        window = self._source.window(replies)
        if not window.entries:
            raise NoEvidence(f"no line at all {window.name}" + (f"; {window.hint}" if window.hint else ""))
        hits = {line.name: _hits(line, window) for line in (*self.required, *self.forbidden)}
        broken = self._broken(replies)
        parts = [self._required(line, len(hits[line.name]), window, broken) for line in self.required]
        parts += [self._forbidden(line, len(hits[line.name]), window, broken) for line in self.forbidden]
        facts: dict[str, float | int | str | bool | None] = {
            "lines": window.entries,
            "whole_window": window.reaches_back,
            **{f"matches {name}": len(found) for name, found in hits.items()},
        }
        evidence = tuple(dict.fromkeys(one_line(text, 300) for found in hits.values() for text in found[-2:]))[:_SHOWN]
        outcome = Outcome.of_parts(parts, expected=expected, evidence=evidence, facts=facts)
        if outcome.conclusion is Conclusion.MET:
            said = ", ".join(f"{part.name}: {part.observed}" for part in parts)
            return outcome.model_copy(update={"observed": f"{said}, in {plural(window.entries, 'line')} {window.name}"})
        return outcome

    def _required(self, line: RequiredLine, count: int, window: Window, broken: str) -> Part:
        seen = f"{plural(count, 'line')} of {plural(window.entries, 'line')} {window.name}"
        if count >= line.at_least:
            return Part(name=line.name, conclusion=Conclusion.MET, reason=Reason.OK, observed=plural(count, "line"))
        if broken:
            seen = f"{seen}, and {broken}"
            return Part(name=line.name, conclusion=Conclusion.UNOBSERVED, reason=Reason.NOT_UTF8, observed=seen)
        if not window.reaches_back:
            seen = f"{seen}; older lines of that window were not read"
            return Part(name=line.name, conclusion=Conclusion.UNOBSERVED, reason=Reason.NO_EVIDENCE, observed=seen)
        seen += f"; {window.hint}" if window.hint else ""
        return Part(name=line.name, conclusion=Conclusion.UNMET, reason=Reason.TOO_FEW, observed=seen)

    def _forbidden(self, line: Line, count: int, window: Window, broken: str) -> Part:
        if count:
            seen = f"{plural(count, 'line')} {window.name}"
            return Part(name=line.name, conclusion=Conclusion.UNMET, reason=Reason.SIGNATURE, observed=seen)
        if broken and not line.pattern.isascii():
            return Part(name=line.name, conclusion=Conclusion.UNOBSERVED, reason=Reason.NOT_UTF8, observed=broken)
        if not window.reaches_back:
            seen = "none in what was read; older lines of that window were not read"
            return Part(name=line.name, conclusion=Conclusion.CAUTION, reason=Reason.PARTLY_READ, observed=seen)
        return Part(name=line.name, conclusion=Conclusion.MET, reason=Reason.OK, observed="none")

    def _broken(self, replies: Replies) -> str:
        """Say that a byte of the log is not UTF-8: a line that is looked for could stand there unrecognised."""
        reply = replies.command(self.reads(replies.target)[0])
        try:
            utf8(reply.stdout)
            utf8(reply.stderr)
        except NotUtf8 as error:
            return f"in the log {error.detail}"
        if _REPLACED in utf8(reply.stdout) + utf8(reply.stderr):
            return "in the log are bytes that were not UTF-8"
        return ""


def _hits(line: Line, window: Window) -> Sequence[str]:
    return [text for stream in window.streams for text in stream if found_in(line.pattern, text)]
