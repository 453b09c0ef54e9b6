"""What Prometheus has on record of a check's past, for conditions that must hold for a while (SOP 5.3, 11, 12.1)."""

import math
import sys
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Annotated, Any, NamedTuple, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from coldstart.errors import NoEvidence, ReadError, Unparsable
from coldstart.outcome import Point
from coldstart.probes import prometheus_api
from coldstart.probes.base import Place
from coldstart.probes.bounds import Bounds
from coldstart.probes.http import ADDRESS
from coldstart.probes.params import Duration, LocalFile, core_scalar
from coldstart.probes.prometheus_api import BaseUrl, Result
from coldstart.probes.prometheus_query import SELECTOR, PromQL, sample
from coldstart.reads import HttpGet
from coldstart.reason import Reason
from coldstart.replies import HttpReply
from coldstart.text import span

SHORTEST = 900.0
"""Seconds: no shorter past is asked for, so that an operator sees how a check came to be as it is."""
_FINEST = 30.0
_MOST = 1000
"""Points that are asked for: a longer past is looked at less closely."""
_FRESH = 300.0
"""Seconds: Prometheus' own lookback, after which it counts a series as gone."""
_GREATEST = sys.float_info.max
"""Instead of an infinity, which JSON has no word for; it is never within the limits."""
_MARK, _SEEN = "coldstart", "seen"


def _via(value: Any) -> Any:
    typed = core_scalar(value)
    return typed if isinstance(typed, bool) else value


def _plain(value: str) -> str:
    if not SELECTOR.fullmatch(value.replace(ADDRESS, "address")):
        raise ValueError('it must be a plain selector, like up{job="node"}: others have no sample times')
    return value


Via = Annotated[bool | str, BeforeValidator(_via), WithJsonSchema({"type": ["boolean", "string", "integer"]})]


class _Series(NamedTuple):
    """`seen`: these are the times at which something was measured, not the values."""

    seen: bool
    labels: tuple[tuple[str, str], ...]
    values: dict[float, float]


class PrometheusRange(Bounds):
    """Who has the past of a check on record: a Prometheus server, and what to ask it.

    One instant query, without a time in its URL: ``GET /api/v1/query?query=(QUERY or TIMES)[18m:30s]``, a subquery,
    whose answer is a matrix. A point is good when every series that `query` gives is within the limits then.

    At each step Prometheus gives the last sample of the five minutes before, so that after an outage of its own it
    repeats what it knew from before. That is no evidence. So the query also asks, by ``timestamp(SELECTOR)``, when the
    sample was taken that stands behind each value, and a point lies where its sample was taken, once: between two
    samples there is nothing. `seen` names the selector; a plain selector in `query` says so by itself.
    """

    url: BaseUrl = Field(description="Of Prometheus, without /api/v1; {address} in it stands for the host's address.")
    via: Via = Field(
        default=False, description="Ask through the host's SSH connection (true), or through that of another host."
    )
    ca: LocalFile | None = Field(default=None, description="PEM file of issuers to trust instead of the system's.")
    query: PromQL = Field(description="PromQL; {address} in it stands for the host's address.")
    seen: Annotated[PromQL, AfterValidator(_plain)] | None = Field(
        default=None, description="Plain selector of the samples that the query rests on; the query, where it is one."
    )
    below: float | None = Field(default=None, allow_inf_nan=False, description="Less than this number.")
    step: Duration | None = Field(
        default=None, description="Time between two points: 30s, or 5m where only a trend is judged."
    )
    max_clock_offset: Duration = Field(
        default=5.0, description="How far the server's clock may be from ours for its times to count."
    )

    @model_validator(mode="after")
    def _has_sample_times(self) -> Self:
        if self.seen is None and not SELECTOR.fullmatch(self.query.replace(ADDRESS, "address")):
            raise ValueError(
                "the query is no plain selector, so that nothing says when its samples were taken: add seen: with the "
                'selector of the samples that it rests on, like node_load1{instance="a:9100"}'
            )
        return self

    def hold(self, value: float) -> bool:
        """Say whether a value is within every limit, `below` among them."""
        return math.isfinite(value) and super().hold(value) and (self.below is None or value < self.below)

    def resolution(self, window: float, step: float) -> float:
        """Seconds between two looks at a past of `window` s of which a point every `step` s is wanted."""
        return float(math.ceil(max(min(step, _FINEST), window / _MOST)))

    def read(self, host: Place, window: float, step: float, *, timeout: float) -> HttpGet:
        """Return the query for the `window` s before now."""
        address = prometheus_api.written(host.address)
        values, times = (one.replace(ADDRESS, address) for one in (self.query, self.seen or self.query))
        marked = f'label_replace(timestamp({times}), "{_MARK}", "{_SEEN}", "", "")'
        length, every = _promql(math.ceil(window)), _promql(int(self.resolution(window, step)))
        via = self.via if isinstance(self.via, str) else host.name if self.via else None
        asked = {"query": f"(({values}) or {marked})[{length}:{every}]"}
        url = prometheus_api.below(self.url.replace(ADDRESS, address), "query", asked)
        return HttpGet(url=url, via=via, ca=self.ca, timeout=timeout)

    def points(self, reply: HttpReply, *, booted: float, step: float) -> tuple[Point, ...]:
        """Return the points since `booted` (s since the epoch), oldest first, at least `step` s apart.

        A point is good when all that was seen since the one before it was; its measure is the greatest value of its
        moment. Raises a `ReadError` for what is no such record, or one that nothing was added to lately.
        """
        answer = prometheus_api.answer(reply)
        now = self._clock(reply)
        series = list(_series(answer.as_a(Result)))
        if not any(not one.seen for one in series) or not any(one.seen for one in series):
            raise NoEvidence("it has no such series on record")
        looks = self._looks(series)
        found = [look for at, look in sorted(looks.items()) if at >= booted + self.max_clock_offset]
        if found and found[-1].at > now + self.max_clock_offset:
            raise ReadError("it has samples from the future on record", reason=Reason.CLOCK)
        if not found:
            raise NoEvidence("it has nothing on record since the boot")
        if now - found[-1].at > _FRESH:
            raise NoEvidence(f"its newest sample is {span(now - found[-1].at)} old")
        return _apart(found, step) if step > _FINEST else tuple(found)

    def _clock(self, reply: HttpReply) -> float:
        server = prometheus_api.server_clock(reply)
        if server is None:
            raise ReadError("the answer does not say what time it is there", reason=Reason.CLOCK)
        if trouble := prometheus_api.clock_trouble(server, reply, self.max_clock_offset, precision=1.0):
            raise ReadError(trouble, reason=Reason.CLOCK)
        return server

    def _looks(self, series: list[_Series]) -> dict[float, Point]:
        """By the time at which each was measured: what was seen. No number, and no time, is no evidence.

        Of several samples that a value rests on, the oldest counts: it may be what is left of a series that is gone.
        """
        times = [one.values for one in series if one.seen]
        values = [one.values for one in series if not one.seen]
        found: dict[float, Point] = {}
        for step in sorted({step for one in times for step in one}):
            at = min(one[step] for one in times if step in one)
            numbers = [one[step] for one in values if step in one and not math.isnan(one[step])]
            if not math.isfinite(at) or not numbers:
                continue
            good = all(self.hold(number) for number in numbers)
            before = found.get(at)
            measure = before.measure if before else max(-_GREATEST, min(max(numbers), _GREATEST))
            found[at] = Point(at=at, measure=measure, good=good and (before is None or before.good))
        return found


def _promql(seconds: int) -> str:
    return f"{seconds // 60}m" if seconds % 60 == 0 else f"{seconds}s"


def _series(result: Result) -> Iterator[_Series]:
    if result.kind != "matrix":
        raise Unparsable(f"the answer is a {result.kind[:40]}, not a matrix")
    known: set[tuple[tuple[str, str], ...]] = set()
    for row in result.result:
        if not isinstance(row, dict) or not isinstance(row.get("metric"), dict):
            raise Unparsable("not a series")
        if not isinstance(row.get("values"), list) or "histograms" in row:
            raise Unparsable("a series without numbers")
        labels = tuple(sorted((str(name), str(text)) for name, text in row["metric"].items()))
        if labels in known:
            raise Unparsable("the same series stands twice in the answer")
        known.add(labels)
        values = [sample(value) for value in row["values"]]
        if any(later <= earlier for (earlier, _), (later, _) in pairwise(values)):
            raise Unparsable("the moments of a series are not in order")
        yield _Series((_MARK, _SEEN) in labels, labels, dict(values))


def _apart(looks: Iterable[Point], step: float) -> tuple[Point, ...]:
    """Points at least `step` s apart, counted from the newest; each answers for what lies before it."""
    kept: list[Point] = []
    for look in reversed(list(looks)):
        if kept and kept[-1].at - look.at < step:
            kept[-1] = kept[-1].model_copy(update={"good": kept[-1].good and look.good})
        else:
            kept.append(look)
    return tuple(reversed(kept))
