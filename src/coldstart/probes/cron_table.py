"""A crontab as data: what cron(8) would run, what is commented out (crontab(5), Debian's cron 3.0)."""

import re
from typing import NamedTuple

from coldstart.errors import Unparsable
from coldstart.text import one_line

KEYWORDS = ("@reboot", "@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
FIELD = r"[0-9*/,A-Za-z~-]{1,60}"
SCHEDULE = rf"(?:{'|'.join(KEYWORDS)})|{FIELD}(?: {FIELD}){{4}}"
"""Five fields with one space between them, or a keyword."""

_VARIABLE = re.compile(r"""(?:"[^"]*"|'[^']*'|[^\s="']+)[ \t]*=""")
_LINE = re.compile(rf"({'|'.join(KEYWORDS)}|-?{FIELD}(?:[ \t]+{FIELD}){{4}})[ \t]+(\S.*)")
_STDIN = re.compile(r"(?<!\\)%")


class Job(NamedTuple):
    """A line that cron runs: its schedule, the command as far as a shell gets it, and where it stands."""

    schedule: str
    command: str
    place: str


class Comment(NamedTuple):
    """A comment, and the comment right above it (empty when there is none)."""

    text: str
    above: str
    place: str


class Table(NamedTuple):
    """Jobs and comments of one or several crontabs, in their order."""

    jobs: tuple[Job, ...]
    comments: tuple[Comment, ...]


def parse(text: str, place: str, *, with_user: bool = False) -> Table:
    """Read a crontab; `with_user`: of the system, with a user before the command.

    Raises `Unparsable` for a line that is none of job, variable, comment or blank, and for a last line without end:
    cron ignores such a file of the system as a whole, and crontab(1) never installs it.
    """
    if text and not text.endswith("\n"):
        raise Unparsable(f"the last line of {place} has no end: it is cut, or cron ignores it", evidence=text[-300:])
    jobs: list[Job] = []
    comments: list[Comment] = []
    above = ""
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.strip(" \t")
        where = f"{place}, line {number}"
        if line.startswith("#"):
            comments.append(Comment(line, above, where))
            above = line
            continue
        above = ""
        if line and not _VARIABLE.match(line):
            jobs.append(_job(line, where, with_user=with_user))
    return Table(tuple(jobs), tuple(comments))


def _job(line: str, where: str, *, with_user: bool) -> Job:
    match = _LINE.fullmatch(line)
    rest = match[2] if match else ""
    if match and with_user:
        _, _, rest = rest.replace("\t", " ").partition(" ")
    command = _STDIN.split(rest.strip(), maxsplit=1)[0].replace("\\%", "%")
    if not match or not command:
        raise Unparsable(f"{where}: not a schedule and a command: {one_line(line, 60)!r}")
    return Job(" ".join(match[1].split()), command, where)
