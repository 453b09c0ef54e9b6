"""The monitor as a marked block of a user's crontab (SOP 13.3; crontab(5))."""

import shlex
from collections.abc import Sequence

from coldstart.errors import UsageError
from coldstart.render.monitor_job import Job
from coldstart.text import span

BEGIN, END = "# BEGIN coldstart monitor", "# END coldstart monitor"
_HOUR, _DAY = 60, 24


def render(job: Job, again: Sequence[str]) -> str:
    """Return the block, with how to put it into a crontab; `again` is the command that prints it.

    Raises `UsageError` for a time between runs that cron cannot keep, and for a word that it would change.
    """
    when = schedule(job.every)
    if broken := next((word for word in job.bounded if "\\" in word), None):
        raise UsageError(f"{broken}: crons differ in what they make of a backslash: take the systemd timer (--systemd)")
    remove = f"sed '/^{BEGIN}$/,/^{END}$/d'"
    lines = (
        BEGIN,
        f"# One read-only pass over every gate, every {span(job.every)}, on {job.host} as {job.user} (SOP 13.3).",
        "# It sends nothing, and only one runs at a time. Exit 1 and 2 are verdicts; what it cannot do is mailed.",
        "# To install it, or to replace what stands between these marks:",
        f"#   (crontab -l | {remove}; {shlex.join(again)}) | crontab -",
        f"# To remove it: crontab -l | {remove} | crontab -",
        f"{when} {_escaped(shlex.join(('/usr/bin/env', *job.environment, *job.bounded)))} >/dev/null",
        END,
    )
    return "\n".join(lines) + "\n"


def schedule(every: float) -> str:
    """Return the first five fields for a run every `every` seconds. Raises `UsageError` where cron has none."""
    minutes = round(every / 60)
    if minutes == 1:
        return "* * * * *"
    if minutes < _HOUR and _HOUR % minutes == 0:
        return f"*/{minutes} * * * *"
    hours, rest = divmod(minutes, _HOUR)
    if rest == 0 and _DAY % hours == 0:
        return {1: "0 * * * *", _DAY: "0 0 * * *"}.get(hours, f"0 */{hours} * * *")
    raise UsageError(
        f"cron cannot run the monitor every {span(every)}: choose a part of an hour or of a day (10m, 15m, 2h) in the "
        "baseline, or take the systemd timer (--systemd)"
    )


def _escaped(command: str) -> str:
    """A percent sign is a line feed to cron."""
    return command.replace("%", r"\%")
