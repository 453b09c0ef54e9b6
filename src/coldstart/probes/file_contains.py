"""Does a configuration file say what it must, and not what it must not?"""

import re
from itertools import islice
from typing import ClassVar, NamedTuple, Self

from pydantic import Field, model_validator

from coldstart.outcome import Outcome
from coldstart.probes import text_file
from coldstart.probes.base import Probe, Replies, Target
from coldstart.probes.params import TextPath
from coldstart.probes.pattern import Pattern
from coldstart.probes.stating import stating
from coldstart.reads import Command
from coldstart.reason import Reason
from coldstart.text import one_line, plural

_LONGEST = 200
_SHOWN = 8


class _Hit(NamedTuple):
    pattern: str
    line: int
    text: str

    @property
    def words(self) -> str:
        return f"line {self.line}: {self.text}"


class FileContainsProbe(Probe):
    r"""The file says what it must, and nothing that it must not.

    A gateway that still names one node by its address answers 502 as soon as that node is gone, however well the
    cluster is.

    Asks ``stat`` for the size and ``head --bytes=262144`` for the text; it is judged only if it came as a whole. With
    ``sudo: true`` only nginx's own files can be read: ``/etc/nginx/nginx.conf``, ``conf.d/*.conf``, ``sites-enabled/*``
    and ``sites-available/*``. Never a hidden file, nor one that is named like a key.

    Patterns are regular expressions of Python (re), searched in the whole text, so that one may span lines; ``^`` and
    ``$`` match at each line. With `comment`, what stands behind that mark at the beginning of a line is left out, and
    for `must_match` also what stands behind it later in a line: an address in a remark is no proof.

    Bad: a pattern of `must_match` is not found, one of `must_not_match` is, the file is empty or does not exist.

    Not observed: it may not be read, is longer than 256 KiB, not UTF-8, or was written while it was read. What a
    program made of the file is not asked here: nginx may not have been reloaded since.

    Reports show only the lines that match; a recording keeps the whole file: name none that holds a secret.

    Example:
    ```yaml
    probe: file_contains
    with:
      path: /etc/nginx/sites-enabled/188-all-sites.conf
      comment: "#"
      must_match: ['location /api/ \{\s*proxy_pass http://192\.168\.0\.125:32334/api/;']
      must_not_match: ['192\.168\.0\.120:3123[45]']
    ```

    SOP section 13.6 (188 public gateway by way of the VIP); stat(1), head(1).

    """

    kind: ClassVar[str] = "file_contains"

    path: TextPath = Field(description="The file.")
    must_match: tuple[Pattern, ...] = Field(default=(), max_length=16, description="Each of these must be found.")
    must_not_match: tuple[Pattern, ...] = Field(default=(), max_length=16, description="None of these may be found.")
    comment: str | None = Field(
        default=None, min_length=1, max_length=3, pattern=r"^[^\sA-Za-z0-9]+$", description="Mark of a comment, like #."
    )

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.must_match and not self.must_not_match:
            raise ValueError("give patterns in `must_match` or `must_not_match`: else nothing is judged")
        return self

    def reads(self, target: Target) -> tuple[Command, ...]:
        return (text_file.ask_states(target, self.path), text_file.ask_text(target, self.path))

    def judge(self, replies: Replies) -> Outcome:
        wanted = [f"{one_line(pattern, 80)!r} is found" for pattern in self.must_match]
        wanted += [f"{one_line(pattern, 80)!r} is not found" for pattern in self.must_not_match]
        expected = f"in {self.path} {', '.join(wanted)}"
        return stating(expected, lambda: self._judge(replies, expected))

    def _judge(self, replies: Replies, expected: str) -> Outcome:
        asked, read = self.reads(replies.target)
        state = text_file.states(replies.command(asked), (self.path,))[self.path]
        if state is None:
            return Outcome.unmet(Reason.ABSENT, f"{self.path} does not exist", expected=expected)
        if not state.regular:
            return Outcome.unmet(Reason.WRONG_VALUE, f"{self.path} is no regular file", expected=expected)
        text = text_file.whole_text(replies.command(read), state, self.path)
        said = self._without_comments(text, everywhere=True)
        if not said.strip():
            empty = f"{self.path} is empty" if not text.strip() else f"{self.path} holds nothing but comments"
            return Outcome.unmet(Reason.WRONG_VALUE, empty, expected=expected, facts={"bytes": state.size})
        found = {pattern: _hits(pattern, said) for pattern in self.must_match}
        wrong = [hit for pattern in self.must_not_match for hit in _hits(pattern, self._without_comments(text))]
        missing = [pattern for pattern, hits in found.items() if not hits]
        right = [hit for hits in found.values() for hit in hits]
        common = {
            "expected": expected,
            "evidence": tuple(f"{hit.words}  (as {one_line(hit.pattern, 60)!r})" for hit in [*wrong, *right])[:_SHOWN],
            "facts": {"bytes": state.size, "found": len(found) - len(missing), "missing": len(missing)},
        }
        if wrong or missing:
            words = [f"must not be there: {hit.words}" for hit in wrong[:_SHOWN]]
            words += [f"not found: {one_line(pattern, 120)!r}" for pattern in missing]
            return Outcome.unmet(Reason.WRONG_VALUE, "; ".join(words), **common)
        here = f" ({', '.join(hit.words for hit in right[:_SHOWN])})" if right else ""
        return Outcome.met(f"as required in {plural(len(text.splitlines()), 'line')}{here}", **common)

    def _without_comments(self, text: str, *, everywhere: bool = False) -> str:
        """The text with the same lines, comments left out; `everywhere`: also those that follow something."""
        if self.comment is None:
            return text
        mark = re.escape(self.comment)
        pattern = rf"(?m)(?:^|(?<=\s)){mark}[^\n]*" if everywhere else rf"(?m)^[ \t]*{mark}[^\n]*"
        return re.sub(pattern, "", text)


def _hits(pattern: str, text: str) -> list[_Hit]:
    """The first places where it is found: the line on which a match begins, and the match itself on one line."""
    return [
        _Hit(pattern, text.count("\n", 0, match.start()) + 1, one_line(" ".join(match.group().split()), _LONGEST))
        for match in islice(re.finditer(pattern, text, re.MULTILINE), _SHOWN)
    ]
