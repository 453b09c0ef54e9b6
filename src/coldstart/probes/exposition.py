"""The Prometheus text format, read as strictly as node_exporter's textfile collector reads it (text format 0.0.4).

What the collector refuses it drops as a whole file, so nothing here is lenient: the parser of prometheus-client takes
a cut last line, timestamps and stray words for good samples. Checked case by case against node_exporter 1.5
(tests/probes/test_exposition.py).
"""

import math
import re
from dataclasses import dataclass, field

from coldstart.errors import Unparsable
from coldstart.text import one_line

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*[ \t]*=[ \t]*"(?:[^"\\]|\\[\\"n])*"'
_LABELS = rf"\{{[ \t]*(?:{_LABEL}[ \t]*(?:,[ \t]*{_LABEL}[ \t]*)*(?:,[ \t]*)?)?\}}"
_VALUE = (
    r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[-+]?[iI][nN][fF](?:[iI][nN][iI][tT][yY])?|[nN][aA][nN]"
)
_SAMPLE = re.compile(
    rf"[ \t]*(?P<name>{_NAME})(?:[ \t]*(?P<labels>{_LABELS})[ \t]*|[ \t]+)(?P<value>{_VALUE})(?P<rest>[ \t].*)?"
)
_ONE_LABEL = re.compile(r'([a-zA-Z0-9_]+)[ \t]*=[ \t]*"((?:[^"\\]|\\[\\"n])*)"')
_COMMENT = re.compile(rf"[ \t]*#[ \t]*(?:(?P<keyword>HELP|TYPE)[ \t]+(?P<name>{_NAME})(?:[ \t]+(?P<text>.*))?)?")
_ANY_COMMENT = re.compile(r"[ \t]*#(?![ \t]*(?:HELP|TYPE)[ \t]+[^ \t]).*", re.DOTALL)
_HELP = re.compile(r"(?:[^\\]|\\[\\n])*", re.DOTALL)
_TIMESTAMP = re.compile(r"[ \t]+-?[0-9]+[ \t]*")
_TYPES = frozenset({"COUNTER", "GAUGE", "SUMMARY", "UNTYPED", "HISTOGRAM"})
_ESCAPES = {r"\\": "\\", r"\"": '"', r"\n": "\n"}


@dataclass(frozen=True)
class Sample:
    """One line: a series, and its value (NaN and infinities are values of this format)."""

    name: str
    labels: tuple[tuple[str, str], ...]
    """Sorted by name."""
    value: float

    @property
    def series(self) -> str:
        """How it is written: ``name{a="b"}``."""
        inner = ",".join(f'{name}="{value}"' for name, value in self.labels)
        return f"{self.name}{{{inner}}}" if inner else self.name


@dataclass
class _File:
    """What has been read so far."""

    samples: dict[tuple[str, tuple[tuple[str, str], ...]], Sample] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    helped: set[str] = field(default_factory=set)
    types: dict[str, str] = field(default_factory=dict)

    def comment(self, line: str) -> None:
        """Take a line that begins with ``#``. Raises ValueError with what is wrong with it."""
        if _ANY_COMMENT.fullmatch(line):
            return
        match = _COMMENT.fullmatch(line)
        if not match:
            raise ValueError("HELP or TYPE without the name of a metric")
        name, text = match["name"], match["text"]
        if text and match["keyword"] == "HELP":
            if name in self.helped or not _HELP.fullmatch(text):
                raise ValueError("a second HELP, or an escape in it that is none")
            self.helped.add(name)
        elif text:
            if name in self.types or name in self.names or text.upper() not in _TYPES:
                raise ValueError("an unknown TYPE, a second one, or one after a sample")
            self.types[name] = text.upper()

    def sample(self, line: str) -> None:
        """Take a line that must be a sample. Raises ValueError with what is wrong with it."""
        match = _SAMPLE.fullmatch(line)
        if not match:
            raise ValueError("neither a sample nor a comment")
        if match["rest"] is not None:
            raise ValueError("a timestamp" if _TIMESTAMP.fullmatch(match["rest"]) else "something behind the value")
        sample = Sample(match["name"], _labels(match["labels"] or ""), _number(match["value"]))
        self._require_bound(sample.name, dict(sample.labels))
        if (sample.name, sample.labels) in self.samples:
            raise ValueError("a series that was there before: the exporter keeps one of the two")
        self.samples[sample.name, sample.labels] = sample
        self.names.add(sample.name)

    def _require_bound(self, name: str, labels: dict[str, str]) -> None:
        histogram = self.types.get(name.removesuffix("_bucket")) == "HISTOGRAM" and "le" in labels
        summary = self.types.get(name) == "SUMMARY" and "quantile" in labels
        bound = labels["le"] if histogram else labels["quantile"] if summary else "0"
        if not re.fullmatch(_VALUE, bound):
            raise ValueError("a bound that is no number")


def _labels(text: str) -> tuple[tuple[str, str], ...]:
    pairs = [(name, _unescaped(value)) for name, value in _ONE_LABEL.findall(text)]
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a label twice")
    if any(name.startswith("__") for name, _ in pairs):
        raise ValueError("a label that begins with __, of which node_exporter 1.5 dies")
    return tuple(sorted(pairs))


def _number(text: str) -> float:
    value = float(text)
    if math.isinf(value) and text.lstrip("+-")[0] not in "iI":
        raise ValueError("a number that is too large")
    return value


def parse(text: str) -> tuple[Sample, ...]:
    """Return every sample of a whole file, in its order; none at all for a file of nothing but comments.

    Raises `Unparsable`, with the line, where the collector would drop the whole file, and for a series that stands in
    it twice, of which the collector keeps one and drops the other.
    """
    file = _File()
    *lines, rest = text.split("\n")
    for number, line in enumerate(lines, start=1):
        bare = line.lstrip(" \t")
        try:
            if bare.startswith("#"):
                file.comment(line)
            elif bare:
                file.sample(line)
        except ValueError as error:
            raise Unparsable(f"line {number}: {error}: {one_line(line, 120)!r}", evidence=line[:2000]) from error
    if rest:
        raise Unparsable(f"the last line has no end: {one_line(rest, 120)!r}", evidence=rest[:2000])
    return tuple(file.samples.values())


def _unescaped(text: str) -> str:
    return re.sub(r"\\.", lambda match: _ESCAPES[match.group()], text)
