"""When did the host boot, and did it go down cleanly before? The evidence that the SOP captures first."""

import contextlib
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import ClassVar, Literal, NamedTuple, TypeVar

from pydantic import Field

from coldstart.errors import NoEvidence, ReadError, Unparsable
from coldstart.outcome import Conclusion, Outcome, Part
from coldstart.probes.base import Probe, Replies, Target
from coldstart.probes.params import Duration
from coldstart.reads import Command
from coldstart.reason import Reason
from coldstart.replies import CommandReply
from coldstart.text import decoded, one_line, span

_ISO = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:?\d\d"
_WHO = re.compile(r"\s*system boot\s+(?:(\d{4}-\d\d-\d\d)|([A-Z][a-z]{2}) +(\d{1,2})) (\d\d):(\d\d)\s*")
_ROW = re.compile(rf"(reboot|shutdown)\s+system (?:boot|down)\s+.*?({_ISO})(?:\s.*)?")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAY = 86400.0
_MINUTE = 60.0
T = TypeVar("T")


class _Row(NamedTuple):
    """A line of last(1): `at` in seconds since the epoch."""

    what: str
    at: float


class RebootEvidenceProbe(Probe):
    """The boot time is established, and how the host went down before is on record.

    Everything else in a cold start is read against it: a host that did not reboot with the others, or rebooted twice,
    is another incident than the one that is being worked on.

    Asks: ``date --iso-8601=seconds``, ``cat /proc/uptime``, ``who -b`` and
    ``last -x --time-format iso -n 20 reboot shutdown``. What they print is kept as evidence.

    Good: the time now less the uptime agrees, within `tolerance`, with the boot that `last` (wtmp) or `who -b` (utmp)
    has on record. An unclean shutdown (no shutdown line between the last two boots) is said in words, and is a caution
    only with `unclean: caution`: after a power event it is what one expects.
    Bad: neither record agrees with the uptime. The clock was set by that much since the boot, or the records are of
    another boot; times in logs must not be trusted.

    Not observed: no record of this boot at all, or no record of what was before it (a rotated, missing or read-only
    wtmp). `history: optional` lets the latter pass, in words, for systems that keep none. "3 min ago" is the kernel's
    uptime, not a record.

    Example:
    ```yaml
    probe: reboot_evidence
    with:
      unclean: note
      tolerance: 5m
    ```

    SOP section 3; who(1), last(1), proc(5).

    """

    kind: ClassVar[str] = "reboot_evidence"

    unclean: Literal["note", "caution"] = Field(
        default="note", description="What an unclean shutdown before this boot is: a remark, or a caution."
    )
    history: Literal["required", "optional"] = Field(
        default="required", description="Whether a record of what was before this boot must be there."
    )
    tolerance: Duration = Field(
        default=300.0, description="How far the recorded boot time may be from the one that the uptime gives."
    )

    def reads(self, target: Target) -> tuple[Command, ...]:
        argvs = (
            ("date", "--iso-8601=seconds"),
            ("cat", "/proc/uptime"),
            ("who", "-b"),
            ("last", "-x", "--time-format", "iso", "-n", "20", "reboot", "shutdown"),
        )
        return tuple(target.command(*argv).model_copy(update={"sudo": False}) for argv in argvs)

    def judge(self, replies: Replies) -> Outcome:
        date, uptime, who, last = self.reads(replies.target)
        now = _now(replies.command(date))
        up = _uptime(replies.command(uptime))
        booted = now - timedelta(seconds=up)
        rows, no_rows = _attempt(replies, last, _rows)
        marks, no_mark = _attempt(replies, who, lambda reply: [_who(reply, booted)])
        boots = [row.at for row in rows if row.what == "reboot"]
        boot_part = self._boot(booted, up, (*marks, *boots[:1]), no_mark or no_rows)
        before_part, clean = self._before(rows, booted, no_rows)
        outcome = Outcome.of_parts(
            (boot_part, before_part),
            expected=f"boot time agrees with the records within {span(self.tolerance)}, shutdown before it on record",
            evidence=tuple(one_line(line) for line in self._lines(replies)),
            facts={
                "boot_time": round(booted.timestamp()),
                "uptime": up,
                "clean_shutdown": clean,
                "boots_last_24h": sum(at > now.timestamp() - _DAY for at in boots) if boots else None,
            },
        )
        said = "; ".join(f"{part.name} {part.observed}" for part in (boot_part, before_part))
        return outcome.model_copy(update={"observed": said})

    def _boot(self, booted: datetime, up: float, marks: Sequence[float], missing: str) -> Part:
        told = f"{booted.isoformat(timespec='seconds')} ({span(up)} ago)"
        if not marks:
            return _part(
                "booted", Conclusion.UNOBSERVED, Reason.NO_EVIDENCE, f"{told} by uptime; no record of it: {missing}"
            )
        off = min((mark - booted.timestamp() for mark in marks), key=abs)
        # who -b has whole minutes only
        if abs(off) <= self.tolerance + _MINUTE:
            return _part("booted", Conclusion.MET, Reason.OK, told)
        record = _local(booted.timestamp() + off, booted)
        return _part(
            "booted",
            Conclusion.UNMET,
            Reason.WRONG_VALUE,
            f"{told} by uptime, but {record} on record: {span(abs(off))} apart (was the clock set since?)",
        )

    def _before(self, rows: Sequence[_Row], booted: datetime, missing: str) -> tuple[Part, bool | None]:
        """How the host went down before this boot; the newest row must be this boot, and the one below it says."""
        problem = missing
        if rows and (rows[0].what != "reboot" or abs(rows[0].at - booted.timestamp()) > self.tolerance + _MINUTE):
            problem = "the newest record is not of this boot (clock set since, or /var/log not writable)"
        elif len(rows) == 1:
            problem = "the record begins with this boot"
        if not problem:
            if rows[1].what == "shutdown":
                return _part("before it", Conclusion.MET, Reason.OK, "a clean shutdown"), True
            ran = f"an unclean shutdown (none on record since the boot of {_local(rows[1].at, booted)})"
            if self.unclean == "caution":
                return _part("before it", Conclusion.CAUTION, Reason.WRONG_VALUE, ran), False
            return _part("before it", Conclusion.MET, Reason.OK, ran), False
        if self.history == "optional":
            return _part("before it", Conclusion.MET, Reason.OK, f"not known: {problem}"), None
        return _part("before it", Conclusion.UNOBSERVED, Reason.NO_EVIDENCE, f"not known: {problem}"), None

    def _lines(self, replies: Replies) -> list[str]:
        """What each command printed, for people: the raw lines that the SOP asks to be kept."""
        lines: list[str] = []
        for read in self.reads(replies.target):
            reply = replies.raw(read)
            if isinstance(reply, CommandReply):
                printed = [line for line in decoded(reply.stdout or reply.stderr).splitlines() if line.strip()]
                lines += [f"{read.argv[0]}: {line.strip()}" for line in printed]
        return lines


def _part(name: str, conclusion: Conclusion, reason: Reason, observed: str) -> Part:
    return Part(name=name, conclusion=conclusion, reason=reason, observed=observed)


def _attempt(replies: Replies, read: Command, parse: Callable[[CommandReply], list[T]]) -> tuple[list[T], str]:
    """What `parse` makes of the reply, and no problem; or nothing, and what kept it from being read."""
    try:
        return parse(replies.command(read)), ""
    except ReadError as error:
        return [], f"{read.argv[0]}: {error.detail or error.reason.says}"


def _now(reply: CommandReply) -> datetime:
    text = reply.expect_exit().text
    if not re.fullmatch(_ISO + r"\n", text):
        raise Unparsable(f"not a time: {one_line(text, 80)!r}", evidence=text)
    return _time(text.strip())


def _uptime(reply: CommandReply) -> float:
    """proc(5): seconds since boot, then seconds idle."""
    text = reply.expect_exit().text
    match = re.fullmatch(r"([0-9]{1,10}(?:\.[0-9]{1,9})?) [0-9.]+\n", text)
    if not match:
        raise Unparsable(f"not an uptime: {one_line(text, 80)!r}", evidence=text)
    return float(match[1])


def _who(reply: CommandReply, near: datetime) -> float:
    """The boot that utmp has on record, to the minute, in the zone of `near`.

    who(1) prints ``2026-11-20 08:12``, in the C locale ``Nov 20 08:12``: then the year is the one nearest to `near`.
    """
    lines = [line for line in reply.expect_exit().text.splitlines() if line.strip()]
    if not lines:
        raise NoEvidence("it prints no boot: this system keeps no utmp")
    match = _WHO.fullmatch(lines[0]) if len(lines) == 1 else None
    if not match or (match[2] and match[2] not in _MONTHS):
        raise Unparsable(f"not a boot record: {one_line(lines[0], 80)!r}")
    day, month, of_month, hour, minute = match.groups()
    if day:
        days = [day]
    else:
        days = [
            f"{year}-{_MONTHS.index(month) + 1:02}-{int(of_month):02}"
            for year in (near.year - 1, near.year, near.year + 1)
        ]
    times: list[float] = []
    for candidate in days:
        with contextlib.suppress(Unparsable):  # 29 February is not in every year
            times.append(_time(f"{candidate}T{hour}:{minute}:00{near.strftime('%z')}").timestamp())
    if not times:
        raise Unparsable(f"not a boot record: {one_line(lines[0], 80)!r}")
    return min(times, key=lambda at: abs(at - near.timestamp()))


def _rows(reply: CommandReply) -> list[_Row]:
    """The boots and shutdowns on record, newest first."""
    rows: list[_Row] = []
    for line in reply.expect_exit().text.splitlines():
        if not line.strip() or re.match(r"\S+ begins ", line):
            continue
        match = _ROW.fullmatch(line)
        if not match:
            raise Unparsable(f"not a record: {one_line(line, 80)!r}", evidence=reply.text)
        rows.append(_Row(match[1], _time(match[2]).timestamp()))
    if not rows:
        raise NoEvidence("no boot is on record")
    return rows


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise Unparsable(f"not a time: {text!r}: {error}") from None


def _local(at: float, like: datetime) -> str:
    return datetime.fromtimestamp(at, like.tzinfo).isoformat(timespec="seconds")
