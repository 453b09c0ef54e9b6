"""Is the clock of a host right: in sync with NTP, and not far from ours?"""

from typing import ClassVar

from pydantic import Field

from coldstart.errors import ReadError
from coldstart.outcome import Conclusion, Outcome, Part
from coldstart.probes import host_clock
from coldstart.probes.base import Probe, Replies, Target
from coldstart.probes.host_clock import HostClock
from coldstart.probes.params import Duration
from coldstart.probes.stating import stating
from coldstart.reads import Command
from coldstart.reason import Reason


class ClockProbe(Probe):
    """The clock is in sync with NTP, and agrees with this machine's.

    Every age (of a backup, a metrics file, a rule's evaluation) is a difference of two clocks. After a power cut a host
    with an empty battery begins in the past, and what is hours old looks as if it was written a moment ago.

    Asks ``date +%s.%N``, which is compared with this machine's clock in the middle of the exchange, and ``timedatectl
    show`` for the kernel's own "in sync" flag: chrony, ntpd and systemd-timesyncd all set it. timedatectl starts
    systemd-timedated for a moment, as it does for everybody.

    A caution, or with `required` bad: the clocks differ by more than `max_clock_offset` and the half round trip within
    which that cannot be told; the clock is not in sync. In the first minutes of a boot it is not in sync yet.

    Not observed: no such answers, or anything else in them; an answer that took too long to tell the offset. A host
    without systemd has no timedatectl.

    When two clocks differ one of them is wrong, and it may be this machine's.

    Example:
    ```yaml
    probe: clock
    with:
      max_clock_offset: 2s
    ```

    SOP sections 9 and 12 (ages of backups and textfiles); timedatectl(1), date(1), adjtimex(2).

    """

    kind: ClassVar[str] = "clock"

    max_clock_offset: Duration = Field(default=5.0, description="How far the host's clock may be from this machine's.")
    required: bool = Field(default=False, description="Whether a wrong or unsynchronised clock is bad, not a caution.")

    def reads(self, target: Target) -> tuple[Command, ...]:
        return (host_clock.ask_date(target), host_clock.ask_sync(target))

    def judge(self, replies: Replies) -> Outcome:
        expected = f"in sync, and within {self.max_clock_offset:g} s of this machine's clock"
        return stating(expected, lambda: self._judge(replies, expected))

    def _judge(self, replies: Replies, expected: str) -> Outcome:
        date, show = self.reads(replies.target)
        clock = host_clock.clock(replies.command(date))
        facts: dict[str, float | int | str | bool | None] = {
            "clock_offset": round(clock.offset, 3),
            "clock_uncertainty": round(clock.uncertainty, 3),
        }
        try:
            sync = host_clock.sync(replies.command(show))
        except ReadError as error:
            said = error.detail or error.reason.says
            ntp = Part(name="NTP", conclusion=Conclusion.UNOBSERVED, reason=error.reason, observed=said)
        else:
            facts["synchronized"] = sync.synced
            ntp = self._part("NTP", sync.words, None if sync.synced else Reason.CLOCK_NOT_SYNCED)
        parts = (self._offset(clock), ntp)
        outcome = Outcome.of_parts(parts, expected=expected, facts=facts)
        if outcome.conclusion is Conclusion.MET:
            return outcome.model_copy(update={"observed": f"{clock.words}; {ntp.observed}"})
        return outcome

    def _offset(self, clock: HostClock) -> Part:
        trouble = clock.trouble(self.max_clock_offset)
        if trouble and not clock.off(self.max_clock_offset):
            return Part(name="offset", conclusion=Conclusion.UNOBSERVED, reason=Reason.CLOCK, observed=trouble)
        return self._part("offset", trouble or clock.words, Reason.CLOCK_SKEW if trouble else None)

    def _part(self, name: str, observed: str, reason: Reason | None) -> Part:
        bad = Conclusion.UNMET if self.required else Conclusion.CAUTION
        conclusion = Conclusion.MET if reason is None else bad
        return Part(name=name, conclusion=conclusion, reason=reason or Reason.OK, observed=observed)
