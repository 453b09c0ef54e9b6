"""How a verdict looks: a glyph with an ASCII form, and a colour that only repeats what the glyph says."""

from dataclasses import dataclass

from coldstart.outcome import Verdict

COLORS: dict[Verdict | None, str] = {
    Verdict.PASS: "green",
    Verdict.WARN: "yellow",
    Verdict.BLOCKED: "bold red",
    Verdict.HELD: "dim",
    None: "dim",
}
QUIET = "dim"
"""Not a grey of its own: several popular colour schemes draw bright black in the colour of the background."""
STRONG = "bold"
UNSEEN = "bold magenta"
"""Of the words NOT OBSERVED, which must not look like a service that is down."""


@dataclass(frozen=True)
class Marks:
    """The characters of a report that are not words."""

    glyphs: dict[Verdict | None, str]
    dash: str
    dot: str
    more: str

    def glyph(self, verdict: Verdict | None) -> str:
        """The mark of a verdict; None: not asked here, and nothing lost by it."""
        return self.glyphs[verdict]


UNICODE = Marks(
    glyphs={Verdict.PASS: "√", Verdict.WARN: "‼", Verdict.BLOCKED: "×", Verdict.HELD: "·", None: "-"},
    dash="—",
    dot="·",
    more="…",
)
ASCII = Marks(
    glyphs={
        Verdict.PASS: "[PASS]",
        Verdict.WARN: "[WARN]",
        Verdict.BLOCKED: "[FAIL]",
        Verdict.HELD: "[HELD]",
        None: "[ -- ]",
    },
    dash="-",
    dot="|",
    more="...",
)


def marks(*, ascii_only: bool) -> Marks:
    """The marks for a terminal; `ascii_only` for one that has no others."""
    return ASCII if ascii_only else UNICODE
