"""A small file of a host, read as a whole or not at all: stat(1) says how long it is, head(1) gives its text."""

import re
import stat
from collections.abc import Sequence
from typing import NamedTuple

from coldstart import shapes
from coldstart.errors import OverCap, UnexpectedExit, Unparsable
from coldstart.probes.base import Target
from coldstart.reads import Command
from coldstart.replies import CommandReply
from coldstart.text import decoded, one_line, plural

_STAT = re.compile(r"(\d{1,20}:\d{1,20}) (\d{1,18}) (\d{1,10}) ([0-9a-f]{1,8}) (/.*)")
_MISSING = re.compile(r"stat: cannot statx? '(/.*)': (?:No such file or directory|Not a directory)")


class FileState(NamedTuple):
    """What stat(1) says: `identity` is device and inode, `size` in bytes, `owner` a uid, `mode` as in st_mode."""

    identity: str
    size: int
    owner: int
    mode: int

    @property
    def regular(self) -> bool:
        """Neither a directory, nor a device, nor a pipe."""
        return stat.S_ISREG(self.mode)


def ask_states(target: Target, *paths: str) -> Command:
    """Ask for the state of files, with links followed."""
    return target.command("stat", "--dereference", f"--format={shapes.STAT_FORMAT}", *paths)


def ask_text(target: Target, path: str) -> Command:
    """Ask for the text of a file, up to `shapes.HEAD_BYTES`."""
    return target.command("head", f"--bytes={shapes.HEAD_BYTES}", path)


def states(reply: CommandReply, paths: Sequence[str]) -> dict[str, FileState | None]:
    """The state of each file; None: it does not exist, or a link to it leads nowhere.

    stat(1) exits 1 when it could not look at one of them. Raises `NotAllowed`, `UnexpectedExit`, and `Unparsable`
    unless every file is accounted for.
    """
    complaints = decoded(reply.stderr).splitlines()
    missing = {match[1] for line in complaints if (match := _MISSING.fullmatch(line))}
    if reply.exit_status != 1 or len(missing) != len(complaints):
        reply.expect_exit()
    text = reply.text
    if text and not text.endswith("\n"):
        raise Unparsable("the last line of stat has no end", evidence=text)
    found: dict[str, FileState | None] = dict.fromkeys(missing)
    for line in text.splitlines():
        match = _STAT.fullmatch(line)
        if not match or match[5] in found:
            raise Unparsable(f"stat printed {one_line(line, 120)!r}", evidence=text)
        found[match[5]] = FileState(match[1], int(match[2]), int(match[3]), int(match[4], 16))
    if set(found) != set(paths):
        raise Unparsable(f"asked for {plural(len(paths), 'file')}, stat speaks of {sorted(found)}", evidence=text)
    return found


def whole_text(reply: CommandReply, state: FileState, path: str) -> str:
    """The text of a regular file. Raises `OverCap`, `NotUtf8`, and `Unparsable` when it is not as long as stat says."""
    if not state.regular:
        raise UnexpectedExit(f"{path} is no regular file")
    if state.size > shapes.HEAD_BYTES:
        raise OverCap(f"{path} has {state.size} bytes, more than are read ({shapes.HEAD_BYTES})")
    size = len(reply.expect_exit().stdout)
    if size != state.size:
        raise Unparsable(f"{path} has {state.size} bytes, {size} came: it was written meanwhile, or cut")
    return reply.text
