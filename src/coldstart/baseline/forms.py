"""The YAML of a baseline as it is written: which keys there are, and the type of each; the schema is made from these.

Names are looked up and defaults applied in `build`; a form only knows what one mapping may hold.
"""

from typing import Annotated, Any

from pydantic import AfterValidator, Field, WithJsonSchema

from coldstart import shapes
from coldstart.baseline.form_types import (
    GATE_NAME,
    RELEASE_NAME,
    CheckId,
    Form,
    Members,
    Names,
    Needs,
    Phrases,
    Reasons,
    TierName,
    UserName,
    Words,
    list_of,
    named,
)
from coldstart.baseline.runbook import TIERS
from coldstart.baseline.sustain_forms import SustainForm
from coldstart.outcome import Severity
from coldstart.probes.params import Duration, HostAddress, Port

VERSION = 1


class VariableForm(Form):
    """A variable that says what it is for; without a default it must be set by --set or --vars where it is used."""

    default: str | None = Field(default=None, description="Its value, unless --vars or --set gives another.")
    about: Words = Field(default="", description="What it is for.")


class DefaultsForm(Form):
    """What holds where a check or a host says nothing."""

    timeout: Duration = Field(default=10.0, description="Of one read, counted from when it is sent.")
    check_deadline: Duration = Field(default=60.0, description="Of a check with all of its reads.")
    run_deadline: Duration = Field(default=300.0, description="Of the whole run.")
    connect_timeout: Duration = Field(default=5.0, description="Of a TCP connect.")
    login_timeout: Duration = Field(default=10.0, description="Of an SSH login.")
    channels: int = Field(default=4, ge=1, le=8, description="Commands at once on one SSH connection.")
    hosts_at_once: int = Field(default=48, ge=1, le=1024, description="Hosts that are asked at the same time.")
    severity: Severity = Field(default=Severity.BLOCKED, description="What a failed check costs.")


class HostForm(Form):
    """A machine."""

    address: HostAddress = Field(description="Name or IP address.")
    user: UserName | None = Field(default=None, description="SSH user; without it, as the operator's ssh has it.")
    port: Port | None = Field(default=None, description="SSH port; without it, as the operator's ssh has it, else 22.")
    role: Words = Field(default="", description="What it is for, in a word.")
    optional: bool = Field(default=False, description="It may be absent: checks that name it can only warn.")
    local: bool = Field(default=False, description="It is this machine: commands are executed here, not by SSH.")
    about: Words = Field(default="", description="What a reader should know.")


class _Asked(Form):
    id: CheckId = Field(description="Stable and unique in its gate: output, JSON, metrics and --skip use it.")
    claim: Words = Field(description="What holds when it passes, as a positive sentence.")
    hosts: Names | None = Field(default=None, description="One name, a list, or all (every host that is not optional).")
    timeout: Duration | None = Field(default=None, description="Of one read.")
    deadline: Duration | None = Field(default=None, description="Of the check with all of its reads.")
    sudo: bool = Field(default=False, description="Commands are sent with sudo -n.")
    hint: Words = Field(default="", description="What to do when it fails.")
    sop: Words = Field(default="", description="Section of the SOP that it comes from.")
    covers: Phrases = Field(default=(), description="Rows of the SOP that it covers, beside sop, like 9/188 cron.")


class MemberForm(_Asked):
    """One alternative of a group."""

    probe: str = Field(description="Kind of probe.")
    parameters: dict[str, Any] = Field(default_factory=dict, alias="with", description="Parameters of the probe.")


class CheckForm(SustainForm, MemberForm):
    """One probe on one or more hosts."""

    not_on: Reasons = Field(default_factory=dict)
    severity: Severity | None = Field(default=None, description="What a failure costs.")
    tier: TierName = Field(default="", description="Protection tier of what it checks (SOP 10).")


class AnyOfForm(_Asked):
    """Alternatives, one of which must be good."""

    any_of: Members = Field(description="The alternatives; where each has hosts of its own, the group has none.")
    not_on: Reasons = Field(default_factory=dict)
    severity: Severity | None = Field(default=None, description="What it costs when no alternative is good.")
    tier: TierName = Field(default="", description="Protection tier of what it checks (SOP 10), alternatives included.")


class GateForm(Form):
    """A node of the phase DAG: its verdict is that of its worst check."""

    title: Words = Field(description="What it is, for people.")
    sop: Words = Field(default="", description="Section of the SOP.")
    needs: Needs = Field(
        default_factory=dict,
        description="Gates it stands on: a list (a parent may warn), or a mapping to the worst verdict that suffices.",
    )
    blocks: Phrases = Field(default=(), description="What it holds back, in words.")
    hosts: Names | None = Field(default=None, description="Hosts of its checks that name none.")
    checks: Annotated[list[Any], list_of("AnyCheck")] = Field(min_length=1, description="What is asked, in order.")


def _version(value: int) -> int:
    if value != VERSION:
        raise ValueError(f"this program reads schema version {VERSION}: use a baseline of that version")
    return value


class BaselineForm(Form):
    """The one source of truth of what must hold after a cold start."""

    coldstart: Annotated[int, AfterValidator(_version), WithJsonSchema({"const": VERSION})] = Field(
        description="Version of this schema."
    )
    name: Words = Field(description="What it is for, in one line.")
    about: Words = Field(default="", description="What a reader should know.")
    partial: Words = Field(default="", description="Why it does not cover the stack: a run of it is never GREEN.")
    variables: Annotated[
        dict[str, Any],
        WithJsonSchema({"type": "object", "additionalProperties": {"x-form": "AnyVariable"}}),
    ] = Field(default_factory=dict, description="${name} in string values; a value, or a mapping of default and about.")
    defaults: Annotated[dict[str, Any], WithJsonSchema({"x-form": "DefaultsForm"})] = Field(
        default_factory=dict, description="What holds where a check or a host says nothing."
    )
    hosts: Annotated[dict[str, Any], named("HostForm", shapes.NAME)] = Field(
        min_length=1, description="The machines, by name."
    )
    gates: Annotated[dict[str, Any], named("GateForm", GATE_NAME)] = Field(
        min_length=1, description="The gates, by name."
    )
    freeze: Annotated[list[Any], list_of("FreezeForm")] = Field(
        default_factory=list, min_length=1, description="Automation that stays held during recovery."
    )
    protection: Annotated[dict[str, Any], named("TierForm", f"({'|'.join(TIERS)})")] = Field(
        default_factory=dict, min_length=1, description="What automation may do, by protection tier."
    )
    releases: Annotated[dict[str, Any], named("ReleaseForm", RELEASE_NAME)] = Field(
        default_factory=dict, min_length=1, description="What may start only after gates are green, by name."
    )
    monitor: Annotated[dict[str, Any], WithJsonSchema({"x-form": "MonitorForm"})] | None = Field(
        default=None, description="The persistent read-only monitor."
    )
    watch: Annotated[dict[str, Any], WithJsonSchema({"x-form": "WatchForm"})] | None = Field(
        default=None, description="How a watch ends."
    )
    done: Annotated[list[Any], list_of("DoneForm")] = Field(
        default_factory=list, min_length=1, description="Criteria of a finished recovery."
    )
    accepts: Annotated[list[Any], list_of("AcceptForm")] = Field(
        default_factory=list, min_length=1, description="Warnings that somebody took responsibility for."
    )
    drift: Phrases = Field(default=(), description="What is known to be out of step, to be mended afterwards.")
