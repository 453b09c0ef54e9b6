"""Metrics files of a host: when each was written, and the samples of one that came as a whole."""

import re
from collections.abc import Mapping, Sequence

from coldstart.errors import NoEvidence, NotAllowed, ReadError, UnexpectedExit, Unparsable
from coldstart.probes import exposition
from coldstart.probes.exposition import Sample
from coldstart.probes.text_file import FileState, whole_text
from coldstart.reason import Reason
from coldstart.replies import CommandReply
from coldstart.text import decoded, one_line

_STAT = re.compile(r"(-?\d{1,18}) (\d{1,18}) ([0-9a-f]{1,8}) (/.*)")
_COMPLAINT = re.compile(r"stat: cannot statx? '(/.*)': (.+)")
_ABSENT = re.compile("No such file or directory|Not a directory")

Written = tuple[int, FileState]
"""When it was last written (seconds since the epoch, by the host's clock), and its state."""


def states(reply: CommandReply, paths: Sequence[str]) -> dict[str, Written | ReadError]:
    """What stat(1) says of each file, or the reason why it says nothing of it. It exits 1 when that is so for one.

    Raises `Unparsable` unless each file is accounted for, and for any other end of the command.
    """
    complaints = [_COMPLAINT.fullmatch(line) for line in decoded(reply.stderr).splitlines()]
    if reply.exit_status != 1 or not complaints or not all(complaints):
        reply.expect_exit()
    text = reply.text
    if text and not text.endswith("\n"):
        raise Unparsable("the last line of stat has no end", evidence=text)
    found: dict[str, Written | ReadError] = {match[1]: _refused(match[2]) for match in complaints if match}
    for line in text.splitlines():
        match = _STAT.fullmatch(line)
        if not match or match[4] in found:
            raise Unparsable(f"stat printed {one_line(line, 120)!r}", evidence=text)
        state = FileState(identity="", size=int(match[2]), owner=0, mode=int(match[3], 16))
        found[match[4]] = (int(match[1]), state)
    if set(found) != set(paths):
        raise Unparsable("stat does not speak of the files that it was asked for", evidence=text)
    return found


def _refused(why: str) -> ReadError:
    if _ABSENT.fullmatch(why):
        return ReadError("does not exist", reason=Reason.ABSENT)
    if why == "Permission denied":
        return NotAllowed("the SSH user may not look into its directory")
    return UnexpectedExit(f"stat: {one_line(why, 120)}")


def of(found: Mapping[str, Written | ReadError], path: str) -> Written:
    """The state of one file. Raises the reason why there is none."""
    state = found[path]
    if isinstance(state, ReadError):
        raise state
    return state


def samples(reply: CommandReply, state: FileState, path: str) -> tuple[Sample, ...]:
    """The samples of the file. Raises `NoEvidence` where there is none, and for what the exporter would drop."""
    if state.size == 0:
        raise NoEvidence("is empty")
    text = whole_text(reply, state, path)
    try:
        found = exposition.parse(text)
    except Unparsable as error:
        detail = f"the exporter does not take it as it is: {error.detail}"
        raise Unparsable(detail, evidence=error.evidence) from error
    if not found:
        raise NoEvidence("holds no sample")
    return found
