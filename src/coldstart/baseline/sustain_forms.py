"""The YAML of what a check must have been before (`for`, `gap`, `trend`, `range`), and what that needs of its probe."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from coldstart.baseline.form_types import Form
from coldstart.baseline.problems import shown
from coldstart.baseline.sustain import Sustain, Trend, Way
from coldstart.probes.base import Probe
from coldstart.probes.http import ADDRESS
from coldstart.probes.params import Duration
from coldstart.probes.prometheus_range import PrometheusRange

_TREND = re.compile(r"(not rising for|falling over) ([1-9]\d?) checks?")


def _trend(value: Any) -> Any:
    """Return the trend that a text says. Raises ValueError for any other text."""
    if not isinstance(value, str):
        return value
    if match := _TREND.fullmatch(" ".join(value.split())):
        way = Way.NOT_RISING if match[1].startswith("not") else Way.FALLING
        return Trend(way, int(match[2]))
    raise ValueError("a trend is written like 'not rising for 2 checks' or 'falling over 2 checks'")


TrendText = Annotated[
    Trend,
    BeforeValidator(_trend),
    WithJsonSchema({"type": "string", "pattern": f"^{_TREND.pattern}$", "examples": ["not rising for 2 checks"]}),
]


class SustainForm(Form):
    """What a check must have been before, beside what it is now."""

    model_config = ConfigDict(json_schema_extra={"dependentRequired": {"gap": ["for"]}})

    hold_for: Duration | None = Field(
        default=None, alias="for", description="It must have been good for so long without a break."
    )
    gap: Duration | None = Field(
        default=None,
        description="Longest time between two samples that counts as seen: a fifth of for, 90s at least.",
    )
    trend: TrendText | None = Field(
        default=None, description="Where its number must go: not rising for 2 checks, falling over 2 checks."
    )
    range: PrometheusRange | None = Field(
        default=None, description="Who has its past on record; without it, only earlier runs have."
    )

    @model_validator(mode="after")
    def _can_be_held(self) -> Self:
        if self.gap and not self.hold_for:
            raise ValueError("gap: without for: nothing is held: add for:, or remove gap:")
        if self.gap and self.hold_for and self.gap > self.hold_for:
            raise ValueError("gap is longer than for, so that one look would be enough: make it shorter")
        if self.gap and self.hold_for and self.range:
            step = self.range.step or 0.0
            if max(step, self.range.resolution(self.hold_for + self.gap, step)) >= self.gap:
                raise ValueError("the points of the range are as far apart as gap: lengthen gap, or shorten their step")
        return self


def sustain(form: SustainForm) -> Sustain | None:
    """Return what a check must have been; None: it says nothing of its past."""
    if form.hold_for is None and form.trend is None and form.range is None:
        return None
    return Sustain(hold_for=form.hold_for, gap=form.gap, trend=form.trend, range=form.range)


def faults(form: SustainForm, probe: Probe, hosts: Sequence[str], known: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Say what the probe or the hosts of a check do not allow, each with the key that says it.

    `hosts`: those that it is asked on; `known`: every host of the baseline.
    """
    given = {"for": form.hold_for, "trend": form.trend, "range": form.range}
    if probe.spans_hosts and (keys := [key for key, value in given.items() if value]):
        text = f"{probe.kind} looks at all of its hosts at once, and boots are told apart host by host: remove "
        yield keys[0], text + " and ".join(f"{key}:" for key in keys)
        return
    if form.trend and not form.range and probe.measure is None:
        yield "trend", f"{probe.kind} has no one number that could rise or fall: add range:, or remove trend:"
    if form.range and len(hosts) > 1 and ADDRESS not in form.range.query:
        yield "range", f"it says the same of every host: write {ADDRESS} in its query, or name one host"
    via = form.range.via if form.range else False
    if isinstance(via, str) and via not in (names := tuple(known)):
        yield "range", f"it asks by way of an unknown host {shown(via)}: name one of {', '.join(names)}"
