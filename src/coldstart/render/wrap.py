"""Lines of a given width on a terminal: counted in cells, Chinese and Japanese broken between characters.

rich folds a URL in the middle and moves a Chinese sentence to the next line as one word; a report must do neither: what
an operator copies stays whole, and prose without spaces still fills its column.
"""

import re
from collections.abc import Iterable, Iterator

from rich.cells import cell_len

_NO_LINE_STARTS_WITH = frozenset("、。，．：；！？）」』】》〉〕…ー々%％")
_NO_LINE_ENDS_WITH = frozenset("（「『【《〈〔")
_SHELL_WORD = re.compile(r"(?:'[^']*'|\S)+")


def width_of(text: str) -> int:
    """Return how many terminal cells `text` takes."""
    return cell_len(text)


def wrapped(text: str, width: int, *, fold: bool = False) -> list[str]:
    """Return the lines of `text`, each at most `width` cells, at least one line.

    A word that is longer (a URL, a path) keeps a line of its own and stands over, unless `fold` cuts it.
    """
    return [line for part in text.split("\n") for line in _filled(_atoms(part, width if fold else None), width)]


def wrapped_command(text: str, width: int) -> list[str]:
    """Return a shell command over several lines, each but the last ending in a backslash: it can be pasted as it is."""
    words = (word if not at else f" {word}" for at, word in enumerate(_SHELL_WORD.findall(text)))
    lines = _filled(words, width - len(" \\"))
    return [f"{line} \\" for line in lines[:-1]] + lines[-1:]


def _filled(atoms: Iterable[str], width: int) -> list[str]:
    """Fill lines greedily; an atom's leading space is dropped where a line begins with it."""
    lines, line = [], ""
    for atom in atoms:
        if line and cell_len(line) + cell_len(atom) > width:
            lines.append(line.rstrip())
            line = atom.lstrip(" ")
        else:
            line += atom if line or cell_len(atom) <= width else atom.lstrip(" ")
    return [*lines, line.rstrip()]


def _atoms(text: str, fold: int | None) -> Iterator[str]:
    """What may not be broken: words with the space before them, and single wide characters."""
    for at, word in enumerate(text.split(" ")):
        lead = " " if at else ""
        for atom in _between_wide(word) if word else ("",):
            for piece in _folded(atom, fold) if fold else (atom,):
                yield lead + piece
                lead = ""


def _between_wide(word: str) -> Iterator[str]:
    start = 0
    for at in range(1, len(word)):
        left, right = word[at - 1], word[at]
        breakable = cell_len(left) > 1 or cell_len(right) > 1
        if breakable and cell_len(right) and right not in _NO_LINE_STARTS_WITH and left not in _NO_LINE_ENDS_WITH:
            yield word[start:at]
            start = at
    yield word[start:]


def _folded(atom: str, width: int) -> Iterator[str]:
    piece = ""
    for char in atom:
        if piece and cell_len(piece + char) > width:
            yield piece
            piece = ""
        piece += char
    yield piece
