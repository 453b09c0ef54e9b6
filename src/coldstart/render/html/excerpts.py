"""How much of what came back a page shows: enough to see by, little enough to open at once. The JSON report has all."""

from collections.abc import Sequence
from dataclasses import dataclass

from coldstart.outcome import Exchange, Report
from coldstart.render.explain import streams
from coldstart.text import decoded, plural

_WHOLE_PAGE = 1_200_000
"""Characters of output that a page holds in all, about."""
_LEAST, _MOST = 300, 3_000
"""Characters of one stream, however many or few there are."""
_SHORT, _FEW_LINES = 600, 8


@dataclass(frozen=True)
class Excerpt:
    """The beginning of a stream; `rest` says how much is left out, empty when nothing is."""

    name: str
    text: str
    rest: str
    size: str

    @property
    def short(self) -> bool:
        """Whether it may stand unfolded: a few lines."""
        return len(self.text) <= _SHORT and self.text.count("\n") < _FEW_LINES


@dataclass(frozen=True)
class Excerpts:
    """Cuts every stream of one report to the same length, which depends on how many there are."""

    most: int

    @classmethod
    def of(cls, report: Report) -> "Excerpts":
        checks = [one for gate in report.gates for check in gate.checks for one in (check, *check.members)]
        count = sum(1 for check in checks for exchange in check.exchanges for _ in streams(exchange))
        count += sum(1 for check in checks if check.outcome and check.outcome.evidence)
        return cls(min(_MOST, max(_LEAST, _WHOLE_PAGE // max(count, 1))))

    def of_exchange(self, exchange: Exchange) -> tuple[Excerpt, ...]:
        """Each output of a read."""
        return tuple(self._of_bytes(name, data) for name, data in streams(exchange))

    def of_evidence(self, texts: Sequence[str]) -> Excerpt:
        """The pieces of evidence of an outcome, below each other."""
        return self._of_bytes("the lines that decided", "\n".join(texts).encode("utf-8", "backslashreplace"))

    def _of_bytes(self, name: str, data: bytes) -> Excerpt:
        shown = _whole_characters(data[: self.most])
        # Made visible it may be longer: "\x00" for one byte. It is what is read that must be short.
        text = decoded(shown).rstrip("\n")
        cut = len(shown) < len(data) or len(text) > self.most
        rest = f"cut here; the JSON report has all {len(data):,} bytes" if cut else ""
        lines = data.rstrip(b"\n").count(b"\n") + 1
        size = f"{len(data):,} bytes in {plural(lines, 'line')}"
        return Excerpt(name, text[: self.most], rest, size)


def _whole_characters(data: bytes) -> bytes:
    """Drop a UTF-8 character that the cut left unfinished, so that it is not shown as bad bytes."""
    for back in range(1, min(4, len(data)) + 1):
        lead = data[-back]
        if lead & 0xC0 != 0x80:  # not a continuation: the first byte of the last character  # noqa: PLR2004
            length = 4 if lead >= 0xF0 else 3 if lead >= 0xE0 else 2 if lead >= 0xC0 else 1  # noqa: PLR2004
            return data[:-back] if length > back else data
    return data
