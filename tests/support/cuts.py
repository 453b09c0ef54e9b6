"""Replies cut short, byte by byte: what a probe concludes from a part must never be better than from the whole."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tests.probes.test_corpus import CASES, load

from coldstart.engine.judging import conclude
from coldstart.outcome import Conclusion, Outcome
from coldstart.probes.base import Probe, Replies

_FIELDS = ("stdout", "body", "route", "entry")


def recorded(kind: str) -> list[Path]:
    """The corpus files of a kind whose replies are as a tool prints them, not already cut or changed by hand.

    Raises when there is none: a test over nothing proves nothing.
    """
    found = [path for path in CASES if path.parent.name == kind and "by hand" not in load(path)[0]["source"]]
    if not found:
        raise LookupError(f"no corpus for {kind}")
    return found


def cuts(replies: Replies) -> Iterator[Replies]:
    """The same replies with one output of one of them cut: every length, as if its end had been lost."""
    for read, reply in replies.by_read.items():
        for name in _FIELDS:
            whole = getattr(reply, name, b"")
            for length in range(len(whole)):
                part = reply.model_copy(update={name: whole[:length]})
                yield replace(replies, by_read={**replies.by_read, read: part})


def better(probe: Probe, whole: Outcome, replies: Replies) -> list[Outcome]:
    """Outcomes that are MET for cut replies, and say something else than the whole ones do."""
    found = (conclude(probe, cut) for cut in cuts(replies))
    return [
        outcome
        for outcome in found
        if outcome.conclusion is Conclusion.MET and (outcome.facts, outcome.parts) != (whole.facts, whole.parts)
    ]


def better_when_cut(path: Path) -> list[Outcome]:
    """`better` for a file of the corpus."""
    _, probe, _, replies = load(path)
    return better(probe, conclude(probe, replies), replies)
