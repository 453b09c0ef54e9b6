"""Has a host memory left to start something?"""

import re
from typing import Annotated, ClassVar

from pydantic import Field

from coldstart import errors
from coldstart.outcome import Outcome
from coldstart.probes.base import Probe, Replies, Target
from coldstart.probes.params import Percent, Size
from coldstart.reads import Command, Read
from coldstart.reason import Reason

_LINE = re.compile(r"^(MemTotal|MemAvailable): +(\d{1,15}) kB\n", re.MULTILINE)
_DEFAULT_PERCENT = 5.0
_MIB = 1 << 20


class MemoryAvailableProbe(Probe):
    """The host has enough memory available.

    Reads ``MemAvailable`` and ``MemTotal`` of ``/proc/meminfo`` (proc(5)): the kernel's own estimate of what can be
    given to new work without swapping, the column *available* of ``free -h``.

    Bad: less is available than asked for. Where both limits are given, both must hold.

    Not observed: one of the two lines is missing, stands there twice, or makes no sense.

    Example:
        probe: memory_available
        with:
          at_least: 1GiB

    SOP: 4.2, 5.2.

    """

    kind: ClassVar[str] = "memory_available"
    measured: ClassVar[str | None] = "used_percent"

    at_least: Annotated[Size, Field(gt=0)] | None = Field(default=None, description="Least memory, such as 1GiB.")
    at_least_percent: Annotated[Percent, Field(gt=0)] | None = Field(
        default=None, description="Least share of all memory, such as 10%; 5% where neither limit is given."
    )

    def _read(self, target: Target) -> Command:
        return target.command("cat", "/proc/meminfo")

    def reads(self, target: Target) -> tuple[Read, ...]:
        return (self._read(target),)

    def judge(self, replies: Replies) -> Outcome:
        text = replies.command(self._read(replies.target)).expect_exit().text
        lines = _LINE.findall(text)
        values = {name: int(kilobytes) * 1024 for name, kilobytes in lines}
        if len(lines) != 2 or len(values) != 2:  # noqa: PLR2004 - each of the two names once
            raise errors.Unparsable("/proc/meminfo has not MemTotal and MemAvailable once each", evidence=text[:2000])
        total, available = values["MemTotal"], values["MemAvailable"]
        if not 0 <= available <= total or not total:
            raise errors.Unparsable(f"{available} of {total} bytes available makes no sense", evidence=text[:2000])
        share = 100 * available / total
        percent = self.at_least_percent or (None if self.at_least else _DEFAULT_PERCENT)
        limits = (
            *([f"{self.at_least / _MIB:.0f} MiB"] if self.at_least else []),
            *([f"{percent:g}% of all memory"] if percent else []),
        )
        fields = {
            "expected": f"at least {' and '.join(limits)} available",
            "facts": {
                "available_bytes": available,
                "total_bytes": total,
                "available_percent": round(share, 2),
                "used_percent": round(100 - share, 2),
            },
        }
        shown = f"{available / _MIB:.0f} of {total / _MIB:.0f} MiB available ({share:.1f}%)"
        if available < (self.at_least or 0) or share < (percent or 0):
            return Outcome.unmet(Reason.TOO_FEW, shown, **fields)
        return Outcome.met(shown, **fields)
