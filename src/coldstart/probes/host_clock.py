"""The clock of a host beside ours: what every age that is judged there stands on (faults.md 37)."""

import re
from dataclasses import dataclass, replace

from coldstart.errors import Unparsable
from coldstart.probes.base import Target
from coldstart.reads import Command
from coldstart.replies import CommandReply
from coldstart.text import one_line

_DATE = re.compile(r"([0-9]{1,12}\.[0-9]{9})\n")
_SYNC = re.compile(r"([A-Za-z]{1,64})=(yes|no)")


@dataclass(frozen=True)
class HostClock:
    """`now`: by the host's clock, s since the epoch, within `uncertainty` s; `offset`: how far ahead of ours it is."""

    now: float
    offset: float
    uncertainty: float

    def at(self, moment: float) -> "HostClock":
        """Return what it said at a later `moment` of ours: one answer serves a run, and files are looked at later."""
        return replace(self, now=max(self.now, moment + self.offset))

    def off(self, limit: float) -> bool:
        """Say whether it surely differs from ours by more than `limit` s."""
        return abs(self.offset) > limit + self.uncertainty

    def trouble(self, limit: float) -> str:
        """Why no age can be judged by it, in words; nothing where it is known to be about `limit` s from ours."""
        if self.off(limit):
            return f"{self.words}: more than {limit:g} s"
        if self.uncertainty > limit:
            return f"{self.words}: the answer took too long to tell within {limit:g} s"
        return ""

    @property
    def words(self) -> str:
        way = "ahead of" if self.offset > 0 else "behind"
        return f"the clock is {abs(self.offset):.1f} s (±{self.uncertainty:.1f} s) {way} this machine's"


@dataclass(frozen=True)
class Sync:
    """What systemd-timedated says: `synced` is the kernel's flag, whoever sets it; `service`: an NTP service is on."""

    synced: bool
    service: bool

    @property
    def words(self) -> str:
        if self.synced:
            return "the kernel's clock is in sync"
        return "not in sync" + (" yet: its NTP service runs" if self.service else ": no NTP service is switched on")


def ask_date(target: Target) -> Command:
    """Ask for the time, to the nanosecond; without sudo, whatever the check says."""
    return target.command("date", "+%s.%N").model_copy(update={"sudo": False})


def ask_sync(target: Target) -> Command:
    """Ask whether the kernel calls its clock synchronised. timedatectl(1) takes no list: a property an option."""
    argv = ("timedatectl", "show", "--property=NTPSynchronized", "--property=NTP")
    return target.command(*argv).model_copy(update={"sudo": False})


def clock(reply: CommandReply) -> HostClock:
    """Compare with our own clock in the middle of the exchange. Raises `Unparsable`, and for a failed command."""
    text = reply.expect_exit().text
    match = _DATE.fullmatch(text)
    if not match:
        raise Unparsable(f"date printed {one_line(text, 80)!r}", evidence=text)
    now, spent = float(match[1]), abs(reply.ended - reply.started)
    return HostClock(now, now - (reply.started + reply.ended) / 2, spent / 2)


def sync(reply: CommandReply) -> Sync:
    """Raises `Unparsable` unless both properties are there, once, and nothing else; and for a failed command."""
    text = reply.expect_exit().text
    lines = [_SYNC.fullmatch(line) for line in text.removesuffix("\n").split("\n")]
    found = {match[1]: match[2] == "yes" for match in lines if match}
    if not text.endswith("\n") or len(lines) != len(found) or set(found) != {"NTPSynchronized", "NTP"}:
        raise Unparsable(f"timedatectl printed {one_line(text, 120)!r}", evidence=text)
    return Sync(found["NTPSynchronized"], found["NTP"])
