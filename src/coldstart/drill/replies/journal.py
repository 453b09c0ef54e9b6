"""journalctl(1) as the drill's hosts have it, for the kernel and PostgreSQL; and the log file of the latter."""

import re
from collections.abc import Sequence

from coldstart.drill.replies.postgres_story import UNIT, Entry, Story, told
from coldstart.drill.view import Said, View
from coldstart.probes.systemd_show import full_name

_KERNEL = (
    (0.0, "Linux version 6.18.44-fc-v595 (the lab's stand-in of a kernel log)"),
    (1.4, "EXT4-fs (vda1): mounted filesystem with ordered data mode. Quota mode: none."),
)
"""Moments after the boot, s, and messages, as recorded."""
_OPTIONS = r"--(?:no-pager|boot|all|reverse|dmesg|output=short-iso|lines=\d{1,6}|unit=\S+)"
_FEW = "Failed to open journal: Input/output error\n"


def journalctl(view: View, argv: Sequence[str]) -> Said:
    """What it prints for `--dmesg` or `--unit`. For a unit without entries that is ``-- No entries --``, and exit 0."""
    options = argv[1:]
    for option in options:
        if not re.fullmatch(_OPTIONS, option):
            return Said(stderr=f"journalctl: unrecognized option '{option}'\n", status=1)
    units = [full_name(option.partition("=")[2]) for option in options if option.startswith("--unit=")]
    if not {"--boot", "--output=short-iso"} <= set(options) or not (units or "--dmesg" in options):
        return Said(stderr=_FEW, status=1)  # of all entries and of other boots, nothing is modelled
    entries = [] if units and "--dmesg" in options else _of_units(view, units) if units else _of_kernel(view)
    most = [int(option.partition("=")[2]) for option in options if option.startswith("--lines=")]
    entries = entries[max(0, len(entries) - most[-1]) :] if most else entries
    lines = [_line(view, entry) for entry in entries]
    return Said("".join(reversed(lines) if "--reverse" in options else lines) or "-- No entries --\n")


def postgresql_log(view: View) -> str:
    """The text of /var/log/postgresql/postgresql-14-main.log, which outlives a boot; else empty."""
    return "".join(f"{line}\n" for _, line in _story(view).log)


def _story(view: View) -> Story:
    return told(view) if view.host == "188" else Story(view)


def _of_units(view: View, units: Sequence[str]) -> list[Entry]:
    return [entry for entry in _story(view).journal if entry.at >= view.boot.at] if UNIT in units else []


def _of_kernel(view: View) -> list[Entry]:
    return [Entry(view.boot.at + after, "kernel", text) for after, text in _KERNEL]


def _line(view: View, entry: Entry) -> str:
    return f"{view.time(entry.at):%Y-%m-%dT%H:%M:%S+0000} host{view.host} {entry.who}: {entry.text}\n"
