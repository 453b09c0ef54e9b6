"""A file from disk to a tree: size, encoding and characters are looked at before the YAML is."""

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from coldstart.baseline.nodes import Composer, Entries, Node, Unusable
from coldstart.baseline.problems import Problems
from coldstart.text import visible

MOST_BYTES = 1 << 20
"""1 MiB: about 2000 hosts with their checks."""

_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Source:
    """The bytes of a file, and the name that its problems carry."""

    file: str
    content: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def read(path: str | os.PathLike[str], problems: Problems) -> Source | None:
    """Read a regular file, at most one byte more than is allowed. None: it cannot be read, and why was reported."""
    file = os.fspath(path)
    try:
        mode = Path(path).stat().st_mode
        if stat.S_ISDIR(mode):
            problems.add((file, 0, 0), "is a directory: name a baseline file in it")
        elif not stat.S_ISREG(mode):  # opening a pipe that nobody writes to would wait for ever
            problems.add((file, 0, 0), "is not a regular file: write the baseline to a file first")
        else:
            with Path(path).open("rb") as opened:
                return Source(file, opened.read(MOST_BYTES + 1))
    except OSError as error:
        problems.add((file, 0, 0), f"cannot be read: {error.strerror or error}: check the path and its permissions")
    except ValueError as error:
        problems.add((file, 0, 0), f"cannot be read: {error}: check the path")
    return None


def tree(source: Source, problems: Problems) -> Entries | None:
    """Return the mapping that the file holds, its bad parts marked as broken. None: nothing can be made of it."""
    text = _text(source, problems)
    if text is None:
        return None
    try:
        root = Composer(text, source.file, problems).compose()
    except Unusable:
        return None
    return _mapping(root, source, problems)


def _mapping(root: Node | None, source: Source, problems: Problems) -> Entries | None:
    if root is None:
        problems.add((source.file, 1, 1), "the file is empty: there is nothing to judge")
    elif isinstance(root, Entries):
        return root
    elif not root.broken:
        problems.add(root.place, f"{root.show()}, where the file must be a mapping: write 'key: value' lines")
    return None


def _text(source: Source, problems: Problems) -> str | None:
    file, content = source.file, source.content
    if len(content) > MOST_BYTES:
        problems.add((file, 1, 1), f"larger than {MOST_BYTES} bytes: split the baseline")
    elif content.startswith(_BOMS):
        problems.add((file, 1, 1), "begins with a byte order mark: save the file as UTF-8 without one")
    else:
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError as error:
            before = content[: error.start].decode("utf-8")
            what = f"byte 0x{content[error.start]:02x} is not UTF-8: save the file as UTF-8"
            problems.add((file, *_line_column(before)), what)
        else:
            text = text.replace("\r\n", "\n")
            return text if _characters(text, file, problems) else None
    return None


def _characters(text: str, file: str, problems: Problems) -> bool:
    """Report the first control, bidi or invisible character of each line: they hide or reorder what a reviewer sees."""
    if visible(text) == text:
        return True
    for number, line in enumerate(text.split("\n"), start=1):
        bad = next((index for index, character in enumerate(line) if visible(character) != character), None)
        if bad is not None:
            what = f"control or invisible character U+{ord(line[bad]):04X}: remove it"
            problems.add((file, number, bad + 1), what)
    return False


def _line_column(before: str) -> tuple[int, int]:
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
