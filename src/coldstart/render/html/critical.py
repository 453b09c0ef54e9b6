"""The critical path of a run: the chain of reads that it could not have ended without. Pure."""

from dataclasses import dataclass

from coldstart.outcome import Report
from coldstart.render.spans import Span, Spans, used_by_gate

_SLACK = 0.001
"""Seconds. A read that was sent this little before another ended may still have waited for it: clocks are rounded."""


@dataclass(frozen=True)
class Step:
    """One read of the path, and the seconds that passed between the one before it (or the run's start) and it."""

    span: Span
    waited: float


def critical_path(report: Report, spans: Spans | None = None) -> tuple[Step, ...]:
    """Return the reads that the end of the run waited for, first to last; empty when nothing was asked.

    From the read that ended last, backwards: within a gate to the read on the same host that ended last before it was
    sent (a host answers only so many at once), from the first of them to the gate above that ended last. A gate whose
    reads had all come back before the gates above it had ended cost no time, and is left out.
    """
    spans = used_by_gate(report) if spans is None else spans
    above = {gate.name: tuple(gate.needs) for gate in report.gates}
    gate = _ended_last([name for name in above if spans.get(name)], spans)
    path: list[Span] = []
    seen: set[str] = set()
    while gate is not None:
        seen.add(gate)
        before = _ended_last(_asked_above(gate, above, spans, seen), spans)
        path += _chain(spans[gate], _end(before, spans) if before else 0.0)
        gate = before
    path.reverse()
    ends = [0.0, *(span.end for span in path)]
    return tuple(Step(span, max(span.start - end, 0.0)) for span, end in zip(path, ends, strict=False))


def _end(gate: str, spans: Spans) -> float:
    return max(span.end for span in spans[gate])


def _ended_last(gates: list[str], spans: Spans) -> str | None:
    """The gate that ended last; of several that ended together the first in the order of the DAG."""
    return max(gates, key=lambda name: _end(name, spans), default=None)


def _asked_above(gate: str, above: dict[str, tuple[str, ...]], spans: Spans, seen: set[str]) -> list[str]:
    """The nearest gates above that asked anything; a gate that did not is looked through.

    A report that somebody wrote may have a cycle: `seen` ends it.
    """
    found: dict[str, None] = {}
    todo, looked = list(above.get(gate, ())), set(seen)
    while todo:
        name = todo.pop()
        if name in looked or name not in above:
            continue
        looked.add(name)
        if spans.get(name):
            found[name] = None
        else:
            todo += above[name]
    return [name for name in above if name in found]


def _chain(spans: tuple[Span, ...], since: float) -> list[Span]:
    """The reads of one gate that its end waited for, last first, as far back as `since`."""
    chain: list[Span] = []
    left = [span for span in spans if span.end > since]
    latest = max(left, key=lambda span: span.end, default=None)
    while latest is not None:
        chain.append(latest)
        sent, place = latest.start, latest.place
        left = [
            span
            for span in left
            if span.place == place and span not in chain and span.end <= sent + _SLACK and span.start < sent
        ]
        latest = max(left, key=lambda span: span.end, default=None)
    return chain
