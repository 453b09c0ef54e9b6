"""Which days of which column: the parameters of a check that compares dated rows."""

import datetime as dt
import re
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from coldstart.probes.sql_session import Identifier, TableName
from coldstart.text import plural


def _days(value: Any) -> Any:
    if isinstance(value, str):
        if not re.fullmatch(r"[0-9]{1,4}d", value.strip()):
            raise ValueError("a number of days is written like 28d")
        return int(value.strip()[:-1])
    return value


def _date(value: str) -> str:
    try:
        return dt.date.fromisoformat(value).isoformat()
    except ValueError:
        raise ValueError(f"{value!r} is not a date: write it like 2026-05-28") from None


Days = Annotated[
    int,
    BeforeValidator(_days),
    Field(ge=1, le=3660),
    WithJsonSchema({"type": "string", "pattern": r"^\d{1,4}d$", "examples": ["28d"]}),
]
Date = Annotated[str, AfterValidator(_date), WithJsonSchema({"type": "string", "format": "date"})]


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)


class DatedTable(_Form):
    """A table, and the column with the day of each row."""

    table: TableName = Field(description="Schema and table, `public.daily_sales_snapshot`, exactly as created.")
    column: Identifier = Field(description="Its column of type date, timestamp or text (with ISO dates in it).")

    @property
    def shown(self) -> str:
        return self.table.removeprefix("public.")

    def values(self, number: int) -> dict[str, str]:
        """The values of a statement."""
        schema, _, table = self.table.partition(".")
        return {f"schema{number}": schema, f"table{number}": table, f"column{number}": self.column}


class DayRange(_Form):
    """One of `latest`, `last`, or `from` with `to`."""

    latest: Days | None = Field(default=None, description="So many days up to the newest one in the first table.")
    last: Days | None = Field(default=None, description="So many days up to today, today included.")
    first_day: Date | None = Field(default=None, alias="from", description="First day, like 2026-05-01.")
    last_day: Date | None = Field(default=None, alias="to", description="Last day, like 2026-05-28.")

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        dated = (self.first_day is not None, self.last_day is not None)
        if dated[0] is not dated[1] or sum((self.latest is not None, self.last is not None, all(dated))) != 1:
            raise ValueError("give one of `latest: 28d`, `last: 28d`, or `from:` with `to:`")
        if self.first_day and self.last_day and self.first_day > self.last_day:
            raise ValueError("`from` is after `to`")
        return self

    @property
    def words(self) -> str:
        if self.latest:
            return f"the newest {plural(self.latest, 'day')}"
        return f"the last {plural(self.last, 'day')}" if self.last else f"{self.first_day} to {self.last_day}"
