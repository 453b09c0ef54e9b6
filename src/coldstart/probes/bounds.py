"""What a number must be, for probes that judge metrics."""

import math
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Bounds(BaseModel):
    """Limits of a number; all that are given must hold. Infinities and NaN are within no limits."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at_least: float | None = Field(default=None, allow_inf_nan=False, description="From here on.")
    at_most: float | None = Field(default=None, allow_inf_nan=False, description="Up to here.")
    equals: float | None = Field(default=None, allow_inf_nan=False, description="Exactly this number.")

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.equals is not None and (self.at_least is not None or self.at_most is not None):
            raise ValueError("equals says it all: leave at_least and at_most out")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError("at_least is greater than at_most: no number is")
        return self

    @property
    def given(self) -> bool:
        """Whether there is any limit."""
        return any(limit is not None for limit in (self.at_least, self.at_most, self.equals))

    @property
    def words(self) -> str:
        """The limits, for people; empty where there are none."""
        limits = ((self.equals, "exactly"), (self.at_least, "at least"), (self.at_most, "at most"))
        return " and ".join(f"{word} {limit:.15g}" for limit, word in limits if limit is not None)

    def hold(self, value: float) -> bool:
        """Say whether every limit holds."""
        return (not self.given or math.isfinite(value)) and all(
            (
                self.equals is None or value == self.equals,
                self.at_least is None or value >= self.at_least,
                self.at_most is None or value <= self.at_most,
            )
        )


def shown(value: float) -> str:
    """Write a number as Prometheus does where it is none: NaN, +Inf, -Inf."""
    if math.isnan(value):
        return "NaN"
    return f"{value:.15g}" if math.isfinite(value) else "+Inf" if value > 0 else "-Inf"
