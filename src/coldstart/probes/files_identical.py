"""Are two files of a host the same?"""

import re
from typing import ClassVar, Self

from pydantic import Field, model_validator

from coldstart.errors import Unparsable
from coldstart.outcome import Outcome
from coldstart.probes import text_file
from coldstart.probes.base import Probe, Replies, Target
from coldstart.probes.params import TextPath
from coldstart.probes.stating import stating
from coldstart.probes.text_file import FileState
from coldstart.reads import Command
from coldstart.reason import Reason
from coldstart.replies import CommandReply
from coldstart.text import one_line, plural

_LINE = re.compile(r"([0-9a-f]{64})  (/.*)")
_OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
_SHOWN = 12


class FilesIdenticalProbe(Probe):
    """The two files are identical.

    Where a guard copies one file over the other, a difference means that the next run of it may bring an old version
    back: the live alert rules and their canonical copy, for one.

    Asks ``sha256sum A B`` and ``stat --dereference A B``; nothing of the files themselves is read from the host.

    Bad: they differ (both sizes and the beginnings of both checksums are shown); one of them does not exist; one is no
    regular file; both are empty, for two empty files hold no rules. A caution: both names lead to one file (a link),
    which is trivially identical and proves nothing.

    Not observed: a file that may not be read; sums and sizes that do not fit each other (it was written meanwhile).

    Example:
    ```yaml
    probe: files_identical
    with:
      a: /home/wooo/monitoring/alerts.yml
      b: /home/wooo/monitoring/alerts-unified.canonical.yml
    ```

    SOP section 13.6; sha256sum(1), stat(1).

    """

    kind: ClassVar[str] = "files_identical"

    a: TextPath = Field(description="One file.")
    b: TextPath = Field(description="The other one.")

    @model_validator(mode="after")
    def _two(self) -> Self:
        if self.a == self.b:
            raise ValueError(f"{self.a} is compared with itself: name two files")
        return self

    def reads(self, target: Target) -> tuple[Command, ...]:
        return (text_file.ask_states(target, self.a, self.b), target.command("sha256sum", self.a, self.b))

    def judge(self, replies: Replies) -> Outcome:
        expected = f"{self.a} and {self.b} are identical"
        return stating(expected, lambda: self._judge(replies, expected))

    def _judge(self, replies: Replies, expected: str) -> Outcome:
        asked, hashed = self.reads(replies.target)
        paths = (self.a, self.b)
        states = text_file.states(replies.command(asked), paths)
        present = {path: state for path, state in states.items() if state is not None}
        if missing := [path for path in paths if path not in present]:
            said = f"{' and '.join(missing)} {'do' if len(missing) > 1 else 'does'} not exist"
            return Outcome.unmet(Reason.ABSENT, said, expected=expected, facts={"missing": len(missing)})
        if odd := [path for path in paths if not present[path].regular]:
            return Outcome.unmet(Reason.WRONG_VALUE, f"{' and '.join(odd)}: no regular file", expected=expected)
        a, b = present[self.a], present[self.b]
        sums = _sums(replies.command(hashed), paths)
        _must_fit(sums, present)
        facts = {"a_bytes": a.size, "b_bytes": b.size, "identical": sums[self.a] == sums[self.b]}
        evidence = tuple(f"{path}: {present[path].size} bytes, sha256 {sums[path]}" for path in paths)
        if sums[self.a] != sums[self.b]:
            said = (
                f"they differ: {a.size} and {plural(b.size, 'byte')}, sha256 {sums[self.a][:_SHOWN]}…"
                f" and {sums[self.b][:_SHOWN]}…"
            )
            return Outcome.unmet(Reason.WRONG_VALUE, said, expected=expected, evidence=evidence, facts=facts)
        if a.size == 0:
            return Outcome.unmet(
                Reason.WRONG_VALUE, "both are empty", expected=expected, evidence=evidence, facts=facts
            )
        if a.identity == b.identity:
            said = "both names lead to one and the same file (a link): that they are identical proves nothing"
            return Outcome.caution(Reason.SAME_FILE, said, expected=expected, evidence=evidence, facts=facts)
        said = f"identical, {plural(a.size, 'byte')}, sha256 {sums[self.a][:_SHOWN]}…"
        return Outcome.met(said, expected=expected, evidence=evidence, facts=facts)


def _sums(reply: CommandReply, paths: tuple[str, str]) -> dict[str, str]:
    """The checksums by path; raises `Unparsable` unless there is exactly one whole line for each, in their order."""
    text = reply.expect_exit().text
    rows = [_LINE.fullmatch(line) for line in text.removesuffix("\n").split("\n")]
    if not text.endswith("\n") or tuple(row[2] if row else "" for row in rows) != paths:
        raise Unparsable(f"sha256sum printed {one_line(text, 200)!r}", evidence=text)
    return {row[2]: row[1] for row in rows if row}


def _must_fit(sums: dict[str, str], states: dict[str, FileState]) -> None:
    """Raise when sums and sizes contradict each other: then they are not of one moment."""
    (a, b), (one, other) = sums.values(), (states[path] for path in sums)
    empty = any((states[path].size == 0) != (found == _OF_NOTHING) for path, found in sums.items())
    if empty or (a == b and one.size != other.size) or (a != b and one.identity == other.identity):
        raise Unparsable("checksums and sizes do not fit each other: a file was written meanwhile")
