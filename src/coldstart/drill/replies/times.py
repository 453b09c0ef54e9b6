"""The clock of a host, its name, and its boots: date(1), hostname(1), who(1), last(1), timedatectl(1)."""

from collections.abc import Sequence

from coldstart.drill.replies.refusal import unexpected, unknown_option
from coldstart.drill.view import Said, View

KERNEL = "6.18.44-fc-v595"
"""Its release, the lab's; last(1) shows it beside each boot."""

_ROWS = 20
_LAST = ["-x", "--time-format", "iso", "-n", str(_ROWS), "reboot", "shutdown"]
_SHOWN_BY_TIMEDATECTL = {"NTP": "no", "NTPSynchronized": "yes"}
"""In its own order, whatever the order in which they are asked for. The kernel is in sync before sshd is
there, and stays so for hours without a network; by which daemon, timedatectl does not know."""


def date(view: View, argv: Sequence[str]) -> Said:
    """``date +%s.%N`` and ``date --iso-8601=seconds``."""
    match list(argv[1:]):
        case ["+%s.%N"]:
            return Said(f"{view.wall():.9f}\n")
        case ["--iso-8601=seconds"]:
            return Said(f"{_iso(view)}\n")
        case [word, *_] if not word.startswith("-"):
            return Said(stderr=f"date: invalid date '{word}'\n", status=1)
        case words:
            return unexpected("date", tuple(words))


def hostname(view: View, argv: Sequence[str]) -> Said:
    """``hostname``; to change it takes a right that nobody here has."""
    if argv[1:]:
        return Said(stderr="hostname: you must be root to change the host name\n", status=1)
    return Said(f"host{view.host}\n")


def who(view: View, argv: Sequence[str]) -> Said:
    """``who -b``: utmp's record of this boot, to the minute, in the C locale without the year."""
    if list(argv[1:]) != ["-b"]:
        return unexpected("who", tuple(argv[1:]) or ("-",))
    booted = view.time(view.boot.at)
    return Said(f"         system boot  {booted:%b} {booted.day:2} {booted:%H:%M}\n")


def last(view: View, argv: Sequence[str]) -> Said:
    """The boots that wtmp has on record, newest first.

    A power loss writes no record. last(1) ends a boot at the shutdown that it finds above it, so that without one the
    boot before a power loss is "still running", too (util-linux 2.38.1, seen with a wtmp of two boots).
    """
    if list(argv[1:]) != _LAST:
        return unexpected("last", tuple(argv[1:]) or ("-",))
    boots = [_iso(view, boot.at) for boot in view.state.boots]
    rows = [f"reboot   system boot  {KERNEL:16} {at}   still running\n" for at in reversed(boots[-_ROWS:])]
    return Said(f"{''.join(rows)}\nwtmp begins {boots[0]}\n")


def timedatectl(view: View, argv: Sequence[str]) -> Said:  # noqa: ARG001 - a tool is given its view, looked at or not
    """``timedatectl show --property=…``: the kernel's flag that says "in sync", and whether systemd sees to it."""
    if list(argv[1:2]) != ["show"]:
        word = argv[1] if argv[1:] else ""
        return Said(stderr=f"Unknown command verb {word}.\n", status=1)
    asked = [word.removeprefix("--property=") for word in argv[2:]]
    if strange := [word for word in asked if word not in _SHOWN_BY_TIMEDATECTL]:
        return unknown_option("timedatectl", strange[0])
    return Said("".join(f"{name}={value}\n" for name, value in _SHOWN_BY_TIMEDATECTL.items() if name in asked))


def _iso(view: View, at: float | None = None) -> str:
    return view.time(at).isoformat(timespec="seconds")
