"""Rows of cells on a page of a given width: the one door through which text reaches a terminal or a text file."""

from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from itertools import zip_longest

from rich.console import Console
from rich.text import Text

from coldstart.render.wrap import width_of, wrapped, wrapped_command
from coldstart.text import visible

MIN_WIDTH = 40
"""Narrower pages are laid out as if they had these many cells: columns need some room."""

_TAB = "    "


def clean(text: str) -> str:
    """Return `text` fit for a terminal, once more: ids, argvs and URLs did not pass `Shown` on their way in."""
    return visible(text).replace("\t", _TAB)


@dataclass(frozen=True)
class Cell:
    """Text in a column of `width` cells (None: the rest of the line), in a rich style, with `gap` cells after it.

    `keep` says what happens to what is too long: "words" stay whole (URLs), "command" goes on after a backslash,
    "nothing" is cut where the column ends, "line" is never broken.
    """

    text: str
    width: int | None = None
    style: str = ""
    keep: str = "words"
    gap: int = 2

    def lines(self, width: int) -> list[str]:
        return _BREAK[self.keep](clean(self.text), width)


_BREAK: dict[str, Callable[[str, int], list[str]]] = {
    "words": wrapped,
    "command": wrapped_command,
    "nothing": lambda text, width: wrapped(text, width, fold=True),
    "line": lambda text, _: text.split("\n"),
}


class Page:
    """Collects rows; `str()` of it is the text. No markup is read from a cell, no line has trailing spaces."""

    def __init__(self, *, width: int, color: bool) -> None:
        self.width = max(width, MIN_WIDTH)
        self._lines: list[Text] = []
        self._color = color

    def blank(self) -> None:
        """Leave one line empty, never two, and none at the top."""
        if self._lines and self._lines[-1].plain:
            self._lines.append(Text())

    def paragraph(self, text: str, style: str = "", *, hang: int = 2) -> None:
        """Write text over the whole width; its second and further lines are indented."""
        for at, line in enumerate(Cell(text).lines(self.width - hang)):
            self._lines.append(Text(" " * hang if at else "").append(line, style=style))

    def row(self, *cells: Cell, indent: int = 0) -> None:
        """Put cells side by side; each wraps within its own column."""
        columns, at = [], indent
        for cell in cells:
            width = self.width - at if cell.width is None else cell.width
            columns.append((cell, at, cell.lines(max(width, 1))))
            at += width + cell.gap
        for texts in zip_longest(*(lines for _, _, lines in columns), fillvalue=""):
            line = Text()
            for (cell, start, _), text in zip(columns, texts, strict=True):
                if text:
                    line.append(" " * max(start - width_of(line.plain), 1 if line.plain else 0))
                    line.append(text, style=cell.style)
            line.rstrip()
            self._lines.append(line)

    def __str__(self) -> str:
        out = StringIO()
        console = Console(
            file=out,
            width=self.width,
            force_terminal=self._color,
            color_system="standard" if self._color else None,
            no_color=not self._color,
            legacy_windows=False,
            highlight=False,
            markup=False,
            emoji=False,
        )
        while self._lines and not self._lines[-1].plain:
            self._lines.pop()
        for line in self._lines:
            console.print(line, soft_wrap=True)
        return out.getvalue()


def column(texts: list[str], most: int) -> int:
    """The width of a column that holds `texts`, at most `most` cells."""
    return min(max((width_of(clean(text)) for text in texts), default=0), most)
