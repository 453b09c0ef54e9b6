"""What a baseline says of a metrics file and of the metrics in it, and what a sample comes to."""

import math
import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from coldstart import shapes
from coldstart.outcome import Conclusion, Part
from coldstart.probes.bounds import Bounds, shown
from coldstart.probes.exposition import Sample
from coldstart.probes.params import Duration
from coldstart.reason import Reason
from coldstart.text import plural, span

_SHOWN = 5
_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]{0,199}")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,99}")


def _prom_name(value: str) -> str:
    if not re.fullmatch(rf"{shapes.NAME}\.prom", value):
        raise ValueError("a name in `directory`, which ends in .prom: the collector reads no other files")
    return value


def _prom_path(value: str) -> str:
    if not re.fullmatch(shapes.PROM_PATH, value):
        raise ValueError("an absolute path that ends in .prom: the collector reads no other files")
    return value


def _metric_name(value: str) -> str:
    if not _METRIC.fullmatch(value):
        raise ValueError(f"{value!r} is not the name of a metric")
    return value


def _labels(value: dict[str, str]) -> dict[str, str]:
    if wrong := [name for name in value if not _LABEL.fullmatch(name) or name.startswith("__")]:
        raise ValueError(f"{wrong[0]!r} is not the name of a label")
    return value


PromName = Annotated[str, AfterValidator(_prom_name)]
PromPath = Annotated[str, AfterValidator(_prom_path)]


class Metric(Bounds):
    """What must hold of every series of a metric (in the file) that has these labels."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    name: Annotated[str, AfterValidator(_metric_name)] = Field(description="Its name, as it stands in the file.")
    labels: Annotated[dict[str, str], Field(max_length=16), AfterValidator(_labels)] = Field(
        default_factory=dict, description="Labels that a series must have to be meant; others may stand beside them."
    )
    age_within: Duration | None = Field(
        default=None, description="The value is a time in seconds since the epoch, and no longer ago than this."
    )
    optional: bool = Field(default=False, description="Whether it is fine that no such series is there.")

    @model_validator(mode="after")
    def _age_or_number(self) -> Self:
        if self.age_within is not None and self.given:
            raise ValueError("age_within is for a time: leave at_least, at_most and equals out")
        return self

    @property
    def words(self) -> str:
        """The rule, for people."""
        limits = "is there" if self.age_within is None else f"is a time within the last {span(self.age_within)}"
        return f"{self._wanted} {super().words or limits}" + (" where it is there" if self.optional else "")

    @property
    def _wanted(self) -> str:
        return Sample(self.name, tuple(sorted(self.labels.items())), 0.0).series

    def among(self, samples: Sequence[Sample]) -> list[Sample]:
        """The series that are meant."""
        wanted = self.labels.items()
        return [sample for sample in samples if sample.name == self.name and wanted <= dict(sample.labels).items()]

    def parts(self, samples: Sequence[Sample], *, now: float, tolerance: float) -> Iterator[Part]:
        """Judge each series that is meant; one part a series that is not as required, or one for all of them.

        `now`: by the clock of the host, s since the epoch; a time may be `tolerance` s after it.
        """
        found = self.among(samples)
        if not found:
            if not self.optional:
                seen = "no such series is in the file"
                yield Part(
                    name=self._wanted, conclusion=Conclusion.UNOBSERVED, reason=Reason.NO_EVIDENCE, observed=seen
                )
            return
        judged = [(sample, *self._judged(sample.value, now, tolerance)) for sample in found]
        bad = [row for row in judged if row[1] is not Conclusion.MET]
        for sample, conclusion, reason, observed in sorted(bad, key=lambda row: row[0].series):
            yield Part(name=sample.series, conclusion=conclusion, reason=reason, observed=observed)
        if not bad:
            seen = ", ".join(row[3] for row in judged[:_SHOWN]) if len(found) <= _SHOWN else plural(len(found), "value")
            yield Part(name=self._wanted, conclusion=Conclusion.MET, reason=Reason.OK, observed=seen)

    def _judged(self, value: float, now: float, tolerance: float) -> tuple[Conclusion, Reason, str]:
        if math.isnan(value):
            return Conclusion.UNOBSERVED, Reason.NO_EVIDENCE, "is NaN, which is no value"
        if self.age_within is not None:
            return _aged(value, self.age_within, now, tolerance)
        if self.hold(value):
            return Conclusion.MET, Reason.OK, shown(value)
        return Conclusion.UNMET, Reason.WRONG_VALUE, f"is {shown(value)}, not {super().words}"


def _aged(value: float, within: float, now: float, tolerance: float) -> tuple[Conclusion, Reason, str]:
    """Judge a time, seconds since the epoch; 0 is how scripts write that there was none yet."""
    if value <= 0:
        return Conclusion.UNMET, Reason.STALE, f"is {shown(value)}: never"
    age = now - value
    if age < -tolerance:
        ahead = f"{span(-age)} in the future" if math.isfinite(age) else "no time"
        return Conclusion.UNOBSERVED, Reason.CLOCK, f"is {shown(value)}: {ahead} by the host's own clock"
    if age > within:
        return Conclusion.UNMET, Reason.STALE, f"was {span(age)} ago, not within {span(within)}"
    return Conclusion.MET, Reason.OK, f"{span(age)} ago"


class TextFile(BaseModel):
    """One metrics file; a name alone: it must be fresh, and such that the exporter takes it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: PromName = Field(description="Its name in `directory`, with .prom.")
    fresh_within: Duration | None = Field(default=None, description="Another limit than the check's, for this file.")
    metrics: tuple[Metric, ...] = Field(default=(), max_length=64, description="What must hold of metrics in it.")

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"type": "string"}, handler.resolve_ref_schema(handler(core))]}
