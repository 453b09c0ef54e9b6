"""When each read of a run was sent and answered: what a time line is drawn from. Pure; all times are of the report."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from coldstart.outcome import CheckResult, Exchange, GateResult, Report
from coldstart.replies import NoReply


@dataclass(frozen=True)
class Span:
    """One read, drawn once however many checks used its reply; `gate` and `check` are the first of them.

    Seconds since the start of the run; `end` is never before `start`, whatever this machine's clock did.
    """

    gate: str
    check: str
    exchange: Exchange = field(hash=False)
    start: float
    end: float

    @property
    def place(self) -> str:
        """The host that it was sent from, or the operator's machine."""
        return self.exchange.read.place

    @property
    def took(self) -> float:
        return self.end - self.start

    @property
    def answered(self) -> bool:
        """Whether anything usable came back."""
        return not isinstance(self.exchange.reply, NoReply)


Spans = Mapping[str, tuple[Span, ...]]
"""By gate: every read that its checks were judged by, earliest first; a shared one is the same object in each."""


def used_by_gate(report: Report) -> Spans:
    """Return the reads of each gate, those among them that an earlier gate had asked already."""
    known: dict[tuple[object, float, float], Span] = {}
    found: dict[str, tuple[Span, ...]] = {}
    for gate in report.gates:
        used: dict[int, Span] = {}
        for check, exchange in _asked(gate):
            reply = exchange.reply
            span = known.setdefault(
                (exchange.read, reply.started, reply.ended), _span(report, gate.name, check.key, exchange)
            )
            used[id(span)] = span
        found[gate.name] = tuple(sorted(used.values(), key=_order))
    return found


def own(spans: Spans, gate: str) -> tuple[Span, ...]:
    """Return the reads that `gate` was the first to ask: its own time, and none of an earlier gate's."""
    return tuple(span for span in spans.get(gate, ()) if span.gate == gate)


def _asked(gate: GateResult) -> Iterator[tuple[CheckResult, Exchange]]:
    for check in gate.checks:
        for one in (check, *check.members):
            yield from ((one, exchange) for exchange in one.exchanges)


def _span(report: Report, gate: str, check: str, exchange: Exchange) -> Span:
    start = max(exchange.reply.started - report.started, 0.0)
    return Span(gate, check, exchange, start, max(exchange.reply.ended - report.started, start))


def _order(span: Span) -> tuple[float, float, str, str]:
    return (span.start, span.end, span.check, span.exchange.read.describe())
