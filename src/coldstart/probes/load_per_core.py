"""Is the load of a host low enough to release heavy work?"""

import re
from typing import ClassVar, Literal

from pydantic import Field

from coldstart import errors
from coldstart.outcome import Outcome
from coldstart.probes.base import Probe, Replies, Target
from coldstart.reads import Command, Read
from coldstart.reason import Reason

_LOADAVG = re.compile(r"(\d+\.\d\d) (\d+\.\d\d) (\d+\.\d\d) \d+/\d+ \d+\n")
_UPTIME = re.compile(r"(\d+\.\d\d) \d+\.\d\d\n")
_CORES = re.compile(r"([1-9]\d{0,4})\n")
_WINDOWS = {"1m": 60, "5m": 300, "15m": 900}


class LoadPerCoreProbe(Probe):
    """The load per core is below the limit, and has been for the whole window.

    Reads the load averages (``/proc/loadavg``, proc(5)), the number of cores (nproc(1)) and how long the host has been
    up (``/proc/uptime``).

    Bad: load divided by cores is at the limit or above.

    Not observed: a low average on a host that has been up for less than the window. The kernel starts the averages at
    zero, so that a minute after boot the 15-minute one shows about a fifteenth of the true load: it would release
    crawlers and runners in the middle of the start. Also anything that is not exactly in the kernel's format.

    Example:
        probe: load_per_core
        with:
          below: 1.0
          window: 15m

    SOP: 5.3, 11, 12.1, 12.2.

    """

    kind: ClassVar[str] = "load_per_core"
    measured: ClassVar[str | None] = "load_per_core"

    below: float = Field(default=1.0, gt=0, le=1000, allow_inf_nan=False, description="Load per core must be below it.")
    window: Literal["1m", "5m", "15m"] = Field(default="15m", description="Which of the kernel's averages is judged.")

    def _reads(self, target: Target) -> tuple[Command, Command, Command]:
        return (target.command("cat", "/proc/loadavg"), target.command("cat", "/proc/uptime"), target.command("nproc"))

    def reads(self, target: Target) -> tuple[Read, ...]:
        return self._reads(target)

    def judge(self, replies: Replies) -> Outcome:
        load_read, uptime_read, cores_read = self._reads(replies.target)
        averages = [float(number) for number in _match(replies, load_read, _LOADAVG).groups()]
        uptime = float(_match(replies, uptime_read, _UPTIME)[1])
        cores = int(_match(replies, cores_read, _CORES)[1])
        loads = dict(zip(_WINDOWS, averages, strict=True))
        per_core = loads[self.window] / cores
        facts = {
            "load_per_core": round(per_core, 4),
            "cores": cores,
            "uptime_seconds": uptime,
            **{f"load_{window}": load for window, load in loads.items()},
        }
        shown = f"load {loads[self.window]:g} over {self.window} on {cores} cores: {per_core:.2f} per core"
        expected = f"load per core below {self.below:g} over {self.window}"
        if per_core >= self.below:
            return Outcome.unmet(Reason.OVER_LIMIT, shown, expected=expected, facts=facts)
        if uptime < _WINDOWS[self.window]:
            seen = f"{shown}, but the host has been up for {uptime:.0f} s only, less than the window"
            return Outcome.unobserved(Reason.TOO_EARLY, seen, expected=expected, facts=facts)
        return Outcome.met(shown, expected=expected, facts=facts)


def _match(replies: Replies, read: Command, pattern: re.Pattern[str]) -> re.Match[str]:
    """The whole output as `pattern`; a cut number is no number, so the final newline is part of it."""
    text = replies.command(read).expect_exit().text
    if match := pattern.fullmatch(text):
        return match
    raise errors.Unparsable(f"{read.describe()} printed something else than expected", evidence=text[:2000])
