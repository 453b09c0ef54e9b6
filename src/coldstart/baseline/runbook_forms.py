"""The YAML of what people and programs do with a verdict: freeze, tiers, releases, monitor, done, alert test."""

import re
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from coldstart import shapes
from coldstart.baseline.form_types import (
    CHECK_ID,
    GATE_NAME,
    CheckId,
    Form,
    Names,
    Phrases,
    TierName,
    Words,
    list_of,
    matches,
    one_or_many,
)
from coldstart.baseline.sight_forms import AnySight
from coldstart.baseline.sustain_forms import TrendText
from coldstart.outcome import Severity
from coldstart.probes.http import ADDRESS, Url
from coldstart.probes.params import AbsolutePath, Duration, LocalFile

_REFERENCE = {"type": "string", "pattern": rf"^{GATE_NAME}/{CHECK_ID}(\.{CHECK_ID})?$"}
_MINUTE = 60


def _fixed_url(value: str) -> str:
    if ADDRESS in value:
        raise ValueError(f"{ADDRESS} has no meaning here: an alert test has no host, write the address out")
    return value


def _label_name(value: str) -> str:
    if value == "alertname":
        raise ValueError("alertname is a key of the alert test: remove it from the labels")
    if not re.fullmatch(r"(?!__)[A-Za-z_][A-Za-z0-9_]{0,127}", value):
        raise ValueError("a label's name is letters, digits and '_', and does not begin with a digit or '__'")
    return value


def _prom(value: str) -> str:
    if not value.endswith(".prom"):
        raise ValueError("the textfile collector reads only names that end with .prom: rename the file")
    return value


def _whole_minutes(value: float) -> float:
    if value % _MINUTE:
        raise ValueError("a monitor runs by the minute: write it like 10m or 1h")
    return value


References = Annotated[
    tuple[str, ...],
    BeforeValidator(one_or_many),
    Field(min_length=1),
    WithJsonSchema({"anyOf": [_REFERENCE, {"type": "array", "items": _REFERENCE, "minItems": 1}]}),
]
"""Checks by GATE/check, alternatives of a group by GATE/group.member."""
HostName = Annotated[
    str,
    matches(shapes.NAME, "a host's name is letters, digits, '.', '_' and '-'"),
    WithJsonSchema({"type": ["string", "integer"]}),
]
Accepted = Annotated[
    str,
    matches(r"2(?:\d\d|xx)", "an alert is accepted by a 2xx: write 200, or 2xx for all of them"),
    WithJsonSchema({"type": ["string", "integer"], "pattern": r"^2(\d\d|xx)$", "minimum": 200, "maximum": 299}),
]
MetricPrefix = Annotated[
    str,
    matches(
        r"[A-Za-z_][A-Za-z0-9_]{0,63}(?<!_)",
        "a prefix is letters, digits and '_', and does not begin with a digit or end with '_'",
    ),
]


class FreezeForm(Form):
    """Automation that stays held or limited while the stack recovers."""

    item: Words = Field(description="What is frozen.")
    policy: Words = Field(description="What holds for it during a cold start: last, gate, observe-only …")
    reason: Words = Field(description="What would go wrong without.")


class TierForm(Form):
    """What automation may do to the services of one protection tier."""

    automation: Words = Field(description="What it may do, and who must approve.")
    examples: Phrases = Field(description="Services of this tier.")


class _SeenForm(Form):
    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["checks"]}, {"required": ["by_hand"]}]})

    claim: Words = Field(description="What must hold, as a positive sentence.")
    checks: References = Field(
        default=(), description="Checks that see it, like P0-188-DATA/postgresql; all must pass."
    )
    by_hand: Words = Field(default="", description="What an operator must do or see, because no check can.")

    @model_validator(mode="after")
    def _seen_somehow(self) -> Self:
        if not self.checks and not self.by_hand:
            raise ValueError("nothing says how it is seen: add checks: or by_hand:")
        return self


class ConditionForm(_SeenForm):
    """One thing that must hold before a release."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [{"required": ["checks"]}, {"required": ["by_hand"]}],
            "dependentRequired": {"for": ["checks"], "trend": ["checks"]},
        }
    )

    hold_for: Duration | None = Field(
        default=None, alias="for", description="The checks must have passed for so long without a break."
    )
    trend: TrendText | None = Field(
        default=None, description="Where the numbers of the checks must go: falling over 2 checks."
    )

    @model_validator(mode="after")
    def _sustained_by_checks(self) -> Self:
        if self.hold_for and not self.checks:
            raise ValueError("for: without checks: nothing measures the time: add checks:, or say it in by_hand:")
        if self.trend and not self.checks:
            raise ValueError("trend: without checks: nothing has a number: add checks:, or say it in by_hand:")
        return self


class ReleaseForm(Form):
    """Something that may start only after gates are green."""

    title: Words = Field(description="What it is, for people.")
    hosts: Names | None = Field(default=None, description="Where it runs: one name, a list, or all.")
    needs: Names = Field(description="Gates that must pass, a WARN holds it: one name, a list, or all.")
    conditions: Annotated[list[Any], list_of("ConditionForm")] = Field(
        default_factory=list, min_length=1, description="What else must hold."
    )
    active: Annotated[str, WithJsonSchema(_REFERENCE)] = Field(
        default="", description="A check that counts how many of its units are active: before the release, a WARN."
    )
    hint: Words = Field(default="", description="How to release it, and what to watch.")
    sop: Words = Field(default="", description="Section of the SOP that it comes from.")


class MonitorForm(Form):
    """The persistent read-only monitor."""

    host: HostName = Field(description="Where it runs.")
    textfile: Annotated[AbsolutePath, AfterValidator(_prom)] = Field(
        description="File for node_exporter's textfile collector; it ends with .prom."
    )
    log: AbsolutePath = Field(description="File for the output of the last run.")
    metric_prefix: MetricPrefix = Field(description="What the names of its metrics begin with.")
    every: Annotated[Duration, AfterValidator(_whole_minutes)] = Field(description="Time between runs.")
    sop: Words = Field(default="", description="Section of the SOP that it comes from.")


class WatchForm(Form):
    """How a watch ends."""

    stable_for: int = Field(default=1, ge=1, le=100, description="Attempts in a row that must be GREEN.")
    stuck_after: int = Field(
        default=5, ge=2, le=1000, description="Attempts without any change after which a check counts as stuck."
    )


class DoneForm(_SeenForm):
    """One criterion of a finished recovery."""

    id: CheckId = Field(description="Stable and unique among the criteria.")
    sop: Words = Field(default="", description="Section of the SOP that it comes from.")


class AlertForm(Form):
    """The alert that is sent, in the form that Alertmanager's webhook receivers take."""

    url: Annotated[Url, AfterValidator(_fixed_url)] = Field(
        description="Where Alertmanager would send it; http or https, no user and password."
    )
    via: HostName | None = Field(default=None, description="Host through whose SSH connection it is sent.")
    receiver: Words = Field(description="Name of the receiver in the message.")
    alertname: Words = Field(description="Name of the alert.")
    labels: dict[Annotated[str, AfterValidator(_label_name)], Words] = Field(
        default_factory=dict, description="Its labels beside alertname."
    )
    summary: Words = Field(description="What people read: say that it is a test.")
    resolves_after: Duration = Field(default=300.0, description="The alert ends so long after it began.")
    status: tuple[Accepted, ...] = Field(
        default=("2xx",), min_length=1, description="HTTP statuses that count as accepted: [200] or [2xx]."
    )
    ca: LocalFile | None = Field(default=None, description="PEM file of issuers to trust instead of the system's.")
    sent: AnySight | None = Field(default=None, description="How it is seen that the webhook handed the alert on.")
    received: AnySight | None = Field(default=None, description="How it is seen that the alert arrived.")

    @model_validator(mode="after")
    def _ca_for_tls(self) -> Self:
        if self.ca and not self.url.startswith("https:"):
            raise ValueError("ca is for an https url: remove it, or use https")
        return self


class AlertTestForm(Form):
    """One real alert, sent only when the operator asks for it; a baseline has at most one."""

    id: CheckId = Field(description="Stable and unique in its gate: output, JSON, metrics and --skip use it.")
    claim: Words = Field(description="What holds when the alert was accepted, as a positive sentence.")
    alert_test: Annotated[dict[str, Any], WithJsonSchema({"x-form": "AlertForm"})] = Field(description="The alert.")
    timeout: Duration | None = Field(default=None, description="Of sending it.")
    severity: Severity | None = Field(default=None, description="What it costs when it is not accepted.")
    tier: TierName = Field(default="", description="Protection tier of what it checks (SOP 10).")
    hint: Words = Field(default="", description="What to do when it fails.")
    sop: Words = Field(default="", description="Section of the SOP that it comes from.")
    covers: Phrases = Field(default=(), description="Rows of the SOP that it covers, beside sop.")
