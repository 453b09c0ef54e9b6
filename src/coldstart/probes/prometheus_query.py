"""Does an instant query of Prometheus give the values that it must?"""

import math
import re
from typing import Annotated, Any, ClassVar, NamedTuple, Self
from urllib.parse import quote

from pydantic import AfterValidator, Field, model_validator

from coldstart.errors import NoEvidence, ReadError, Unparsable
from coldstart.outcome import Outcome
from coldstart.probes import prometheus_api
from coldstart.probes.base import Replies, Target
from coldstart.probes.bounds import Bounds, shown
from coldstart.probes.params import Duration
from coldstart.probes.prometheus_api import Answer, Result, ServerProbe
from coldstart.probes.stating import stating
from coldstart.reads import HttpGet
from coldstart.reason import Reason
from coldstart.text import one_line, plural, span

_LONGEST = 4000
_SHOWN = 5
SELECTOR = re.compile(
    r"[a-zA-Z_:][a-zA-Z0-9_:]*\s*(?:\{(?:[^{}\"'`]|\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')*\})?", re.DOTALL
)
"""A plain selector of series, the only kind of query whose samples have times of their own."""
_NUMBER = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]+)?(?:e[-+]?[0-9]+)?|Inf)|NaN")


def _promql(value: str) -> str:
    text = value.strip()
    if not text or re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text):
        raise ValueError("a query is PromQL, without control characters")
    if len(quote(text, safe="")) > _LONGEST:
        raise ValueError(
            f"percent-encoded, the query is longer than {_LONGEST} characters: make a recording rule of it"
        )
    return text


PromQL = Annotated[str, AfterValidator(_promql)]


class _Series(NamedTuple):
    """`labels`: without the metric's name, sorted; `name`: as it is written; `at`: when it was evaluated, s."""

    labels: tuple[tuple[str, str], ...]
    name: str
    at: float
    value: float


class PrometheusQueryProbe(ServerProbe):
    """Every series that the query gives is as it must be, and there is at least one.

    An empty result is how PromQL says both "nothing is wrong" and "nobody has measured": it is never good here. Where
    none is what you want, ask for a number: ``count(ALERTS{alertstate="firing"}) or vector(0)``, ``at_most: 0``.

    Asks ``GET /api/v1/query?query=…``; with `fresh_within` also for ``timestamp(QUERY)``.

    | seen | means |
    |---|---|
    | at least `min_series` series (a scalar counts as one), each within the limits of `each` | as required |
    | fewer; a value outside, as infinities are; a sample older than `fresh_within` | bad |
    | that, and the server warns of something (``warnings``, ``infos``) | a caution |
    | NaN; a range, a string or a histogram; an error of the API, with its words | not observed |
    | the server's clock is off by more than `max_clock_offset` | not observed: clock |
    | 503 Service Unavailable | bad: still starting |

    `fresh_within` is needed after a reboot: Prometheus goes on giving the last sample from before it for five minutes,
    so that for so long everything looks as it did before the power went. Only a plain selector like
    ``probe_success{job="blackbox"}`` has sample times. In other queries use ``min_over_time(probe_success[15m])`` for
    results that are stable, or ``time() - x`` for ages.

    Example:
    ```yaml
    probe: prometheus_query
    with:
      url: http://127.0.0.1:9090
      via: true
      query: probe_success{job="blackbox"}
      each: {equals: 1}
      min_series: 2
      fresh_within: 2m
    ```

    SOP sections 12.1 and 12.2 (backlog, blackbox probes), 13.3; Prometheus HTTP API, instant queries.

    """

    kind: ClassVar[str] = "prometheus_query"
    measured: ClassVar[str | None] = "greatest"

    query: PromQL = Field(description="PromQL.")
    each: Bounds = Field(default=Bounds(), description="Limits of every value: at_least, at_most or equals.")
    min_series: int = Field(default=1, ge=1, le=100_000, description="How many series there must be, at least.")
    fresh_within: Duration | None = Field(
        default=None, description="How old the newest sample of each series may be; for a plain selector."
    )

    @model_validator(mode="after")
    def _has_sample_times(self) -> Self:
        if self.fresh_within is not None and not SELECTOR.fullmatch(self.query):
            raise ValueError('fresh_within needs a plain selector, like up{job="node"}: others have no sample times')
        return self

    @property
    def measure(self) -> str | None:
        """Where a number must be high, or one exactly, less of it is not better."""
        return self.measured if self.each.at_least is None and self.each.equals is None else None

    def reads(self, target: Target) -> tuple[HttpGet, ...]:
        value = self.ask(target, "query", query=self.query)
        if self.fresh_within is None:
            return (value,)
        return (value, self.ask(target, "query", query=f"timestamp({self.query})"))

    def judge(self, replies: Replies) -> Outcome:
        expected = f"{one_line(self.query, 300)}: at least {self.min_series} series"
        expected += f", each {self.each.words}" if self.each.given else ""
        expected += f", sampled within {span(self.fresh_within)}" if self.fresh_within is not None else ""
        return stating(expected, lambda: self._judge(replies, expected))

    def _judge(self, replies: Replies, expected: str) -> Outcome:
        asked, *timed = self.reads(replies.target)
        reply = replies.http(asked)
        answer = prometheus_api.answer(reply)
        series = _series(answer)
        if series and (trouble := prometheus_api.clock_trouble(series[0].at, reply, self.max_clock_offset)):
            raise ReadError(f"evaluated at the wrong time: {trouble}", reason=Reason.CLOCK)
        values = [one.value for one in series if math.isfinite(one.value)]
        facts: dict[str, float | int | str | bool | None] = {"series": len(series)}
        facts |= {"least": min(values), "greatest": max(values)} if values else {}
        lines = tuple(f"{one.name or 'value'}: {shown(one.value)}" for one in series)[:_SHOWN]
        common: dict[str, Any] = {"expected": expected, "evidence": answer.warnings + lines, "facts": facts}
        if len(series) < self.min_series:
            said = f"{plural(len(series), 'series', 'series')}, not {self.min_series}" if series else "no series at all"
            return Outcome.unmet(Reason.TOO_FEW, said, **common)
        bad = [one for one in series if not self.each.hold(one.value) and not math.isnan(one.value)]
        if bad:
            return Outcome.unmet(Reason.WRONG_VALUE, f"not {self.each.words}: {_told(bad)}", **common)
        if empty := [one for one in series if math.isnan(one.value)]:
            return Outcome.unobserved(Reason.NO_EVIDENCE, f"no number: {_told(empty)}", **common)
        ages = self._ages(series, prometheus_api.answer(replies.http(timed[0]))) if timed else {}
        if ages:
            facts["oldest_sample"] = round(max(ages.values()), 3)
            if old := sorted(name for name, age in ages.items() if age > (self.fresh_within or 0.0)):
                told = ", ".join(f"{name or 'value'} {span(ages[name])} ago" for name in old[:_SHOWN])
                return Outcome.unmet(Reason.STALE, f"sampled too long ago: {told}", **common)
        said = f"{plural(len(series), 'series', 'series')}: {_told(series)}"
        if answer.warnings:
            return Outcome.caution(Reason.WARNED, f"{said}; {'; '.join(answer.warnings)}", **common)
        return Outcome.met(said, **common)

    def _ages(self, series: list[_Series], answer: Answer) -> dict[str, float]:
        """How old the newest sample of each series is, by the server's own clock.

        Raises `NoEvidence` for a series without one, and with `Reason.CLOCK` for one from the future.
        """
        times = {one.labels: one for one in _series(answer)}
        ages: dict[str, float] = {}
        for one in series:
            found = times.get(one.labels)
            if found is None or not math.isfinite(found.value):
                raise NoEvidence(f"no sample time for {one.name}: the series changed between two queries")
            age = found.at - found.value
            if age < -self.max_clock_offset:
                said = f"{one.name} was sampled {span(-age)} in the future, by the server's own clock"
                raise ReadError(said, reason=Reason.CLOCK)
            ages[one.name] = max(age, 0.0)
        return ages


def _series(answer: Answer) -> list[_Series]:
    """Every series of a vector, in the order of their names; a scalar as one without labels. Raises `Unparsable`."""
    result = answer.as_a(Result)
    if result.kind == "scalar":
        return [_one({}, result.result)]
    if result.kind != "vector":
        raise Unparsable(f"the query gives a {one_line(result.kind, 40)}, not one number a series")
    found = []
    for row in result.result:
        if not isinstance(row, dict) or not isinstance(row.get("metric"), dict):
            raise Unparsable(f"not a series: {one_line(str(row), 120)}")
        if "value" not in row:
            raise Unparsable("a series of histograms, not of numbers")
        found.append(_one(row["metric"], row["value"]))
    if len({one.name for one in found}) < len(found):
        raise Unparsable("the same series stands twice in the answer")
    return sorted(found, key=lambda one: one.name)


def sample(value: Any) -> tuple[float, float]:
    """Return a moment (s since the epoch) and the number there, which may be NaN or infinite. Raises `Unparsable`."""
    whole = isinstance(value, list) and len(value) == 2  # noqa: PLR2004 - a time and a number
    if (
        not whole
        or isinstance(value[0], bool)
        or not isinstance(value[0], int | float)
        or not isinstance(value[1], str)
    ):
        raise Unparsable(f"not a sample: {one_line(str(value), 120)}")
    if not _NUMBER.fullmatch(value[1]):
        raise Unparsable(f"not a number: {one_line(value[1], 80)!r}")
    return float(value[0]), float(value[1])


def _one(metric: dict[str, Any], value: Any) -> _Series:
    at, number = sample(value)
    labels = tuple(sorted((str(name), str(text)) for name, text in metric.items() if name != "__name__"))
    inner = ",".join(f'{name}="{text}"' for name, text in labels)
    name = str(metric.get("__name__", "")) + (f"{{{inner}}}" if inner else "")
    return _Series(labels, one_line(name, 200), at, number)


def _told(series: list[_Series]) -> str:
    told = ", ".join(
        f"{one.name} is {shown(one.value)}" if one.name else f"{shown(one.value)}" for one in series[:_SHOWN]
    )
    return told + (f" and {len(series) - _SHOWN} more" if len(series) > _SHOWN else "")
