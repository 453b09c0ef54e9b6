"""The YAML of accepted warnings: in `accepts:` of a baseline, and in a file of their own."""

import datetime as dt
import difflib
import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from coldstart.baseline.accepts import NEVER_ACCEPTED
from coldstart.baseline.form_types import CHECK_ID, GATE_NAME, Form, Words, list_of, matches
from coldstart.reason import Reason
from coldstart.shapes import NAME

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,6})?([Zz]|[+-]\d{2}:\d{2})")
CHECK_KEY = rf"{GATE_NAME}/{CHECK_ID}(\.{CHECK_ID})?(@({NAME}))?"
_BAD_REASONS = {one.value: one for one in Reason if one is not Reason.OK and one not in NEVER_ACCEPTED}
_WRITE_IT = "write a day, like 2026-12-31, or a time with its zone, like 2026-12-31T18:00:00+08:00"


def moment(value: str) -> float:
    """A time as RFC 3339 has it, or a date, which means its end in local time; s since the epoch.

    Raises `ValueError`, which says how to write it.
    """
    try:
        if _DATE.fullmatch(value):
            day = dt.date.fromisoformat(value) + dt.timedelta(days=1)
            return dt.datetime.combine(day, dt.time()).astimezone().timestamp()
        if _TIME.fullmatch(value):
            return dt.datetime.fromisoformat(value.upper()).timestamp()
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"there is no such time: {_WRITE_IT}") from None
    raise ValueError(f"it is no time: {_WRITE_IT}")


def _until(value: Any) -> Any:
    return moment(value) if isinstance(value, str) else value


def _why(value: str) -> str:
    if not value.strip():
        raise ValueError("it is blank: say why this warning may stand, or remove the accept")
    return value


def _bad_reason(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("it is no reason code: write one word")  # noqa: TRY004 - pydantic takes a ValueError
    if value == Reason.OK:
        raise ValueError("it is the reason of a pass: only a warning can be accepted")
    if value in NEVER_ACCEPTED:
        raise ValueError("nobody can accept that: mend it, then run again")
    if value not in _BAD_REASONS:
        near = difflib.get_close_matches(str(value)[:64], _BAD_REASONS, n=1)
        meant = f"did you mean {near[0]!r}?" if near else "-o accepts and -o json print the right one"
        raise ValueError(f"it is no reason code: {meant}")
    return _BAD_REASONS[value]


def _named(value: Any) -> Any:
    """A text stands for the part of that name, bad for the reason of the whole."""
    return {"name": value} if isinstance(value, str) else value


CheckKey = Annotated[
    str,
    matches(CHECK_KEY, "a check is written like P0-188-DATA/postgresql, on one host P0-188-DATA/postgresql@188"),
    WithJsonSchema({"type": "string", "pattern": f"^{CHECK_KEY}$"}),
]
Why = Annotated[str, AfterValidator(_why), WithJsonSchema({"type": ["string", "number"], "minLength": 1})]
Until = Annotated[float, BeforeValidator(_until), WithJsonSchema({"type": "string"})]
BadReason = Annotated[Reason, BeforeValidator(_bad_reason), WithJsonSchema({"enum": list(_BAD_REASONS)})]


class SawPartForm(Form):
    """One bad part; what it does not say is as it is of the whole."""

    name: str = Field(description="Of the unit, container, file system.")
    reason: BadReason | None = Field(default=None, description="Why it was bad; without it, the reason of the whole.")
    caution: bool | None = Field(default=None, description="It had not failed; without it, as the whole.")
    at_most: float | None = Field(
        default=None, ge=-1e300, le=1e300, description="The most that the number of an alternative may be, if any."
    )


class SawForm(Form):
    """What was seen when it was accepted; `-o accepts` writes it. Void when the check comes to see anything worse."""

    reason: BadReason = Field(description="The reason code of the warning, as in JSON and JUnit.")
    caution: bool = Field(default=False, description="It had not failed: void when it does, for the same reason, too.")
    at_most: float | None = Field(
        default=None, ge=-1e300, le=1e300, description="The most that the number may be which it judges, if any."
    )
    parts: list[
        Annotated[
            SawPartForm,
            BeforeValidator(_named),
            WithJsonSchema({"anyOf": [{"type": ["string", "number"]}, {"x-form": "SawPartForm"}]}),
        ]
    ] = Field(default_factory=list, description="Every bad part, by its name: any other one voids the accept.")


class AcceptForm(Form):
    """A warning that somebody took responsibility for; it is still asked, still a warning, and still shown."""

    check: CheckKey = Field(description="GATE/check, which is all of its hosts, or GATE/check@host.")
    reason: Why = Field(description="Why this warning may stand.")
    by: Words = Field(default="", description="Who accepted it.")
    until: Until | None = Field(
        default=None, description="When it expires: a day (to its end, local time) or a time with its zone."
    )
    saw: Annotated[SawForm, WithJsonSchema({"x-form": "SawForm"})] = Field(description="What was accepted.")


class AcceptsForm(Form):
    """A file of accepted warnings (--accepts FILE)."""

    accepts: Annotated[list[Any], list_of("AcceptForm")] = Field(description="Each of them.")
