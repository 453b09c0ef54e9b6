"""One container that must be running: what a baseline says of it, and what its state comes to."""

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from coldstart.outcome import Conclusion, Part
from coldstart.probes.docker_cli import Inspected
from coldstart.probes.params import ContainerName
from coldstart.reason import Reason
from coldstart.text import plural

_NO_HEALTH = (None, "", "none")


class HealthRule(StrEnum):
    """How much a container's own health check counts."""

    REQUIRED = "required"
    IF_PRESENT = "if-present"
    NONE = "none"


class Container(BaseModel):
    """A container that must be running; a name alone means that its health is required."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    name: ContainerName = Field(description="Its exact name.")
    health: HealthRule = Field(
        default=HealthRule.REQUIRED,
        description="required: must report healthy. if-present: that, when it declares a health check; running is"
        " enough when it declares none. none: running is enough, unhealthy is a caution.",
    )

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str | int) and not isinstance(value, bool) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"type": ["string", "integer"]}, handler.resolve_ref_schema(handler(core))]}


def part(name: str, conclusion: Conclusion, reason: Reason, observed: str) -> Part:
    return Part(name=name, conclusion=conclusion, reason=reason, observed=observed)


def absent(name: str, *, listed: bool) -> Part:
    """A name that ``docker inspect`` does not know; `listed` says that ``docker ps`` does."""
    if listed:
        seen = "docker ps lists it, docker inspect does not know it: it changed in between"
        return part(name, Conclusion.UNOBSERVED, Reason.NO_EVIDENCE, seen)
    return part(name, Conclusion.UNMET, Reason.ABSENT, "no container of this name")


def state(container: Container, now: Inspected, before: Inspected | None, *, allow_restarts: int) -> Part:
    """Judge one container. `before` is its state in the attempt before this one.

    First whether it stays up, then whether it runs, then its health, then what an operator should know.
    """
    before = before if before and before.id == now.id else None
    bad = _not_up(now, before) or _not_healthy(now, container.health)
    conclusion, reason, seen = bad or _cautions(now, before, container.health, allow_restarts)
    return part(container.name, conclusion, reason, seen)


_Judged = tuple[Conclusion, Reason, str]


def _not_up(now: Inspected, before: Inspected | None) -> _Judged | None:
    counted = f"{plural(now.restarts, 'restart')} since its start"
    memory = ", out of memory" if now.oom_killed else ""
    if now.state == "restarting":
        seen = f"restarting after exit code {now.exit_code}{memory}, {counted}"
        return Conclusion.UNMET, Reason.RESTART_LOOP, seen
    if before and now.restarts > before.restarts:
        seen = f"{plural(now.restarts - before.restarts, 'restart')} since the attempt before, {counted}{memory}"
        return Conclusion.UNMET, Reason.RESTART_LOOP, seen
    if now.state in ("exited", "dead"):
        return Conclusion.UNMET, Reason.NOT_RUNNING, f"{now.state} with exit code {now.exit_code}{memory}"
    if now.state in ("paused", "created", "removing"):
        return Conclusion.UNMET, Reason.NOT_RUNNING, f"{now.state}{_could_not_start(now)}"
    if now.state != "running":
        return Conclusion.UNOBSERVED, Reason.UNPARSABLE, f"unknown state {now.state!r}"
    return None


def _could_not_start(now: Inspected) -> str:
    return f", its start failed with exit code {now.exit_code}" if now.state == "created" and now.exit_code else ""


def _not_healthy(now: Inspected, rule: HealthRule) -> _Judged | None:
    if now.health not in (*_NO_HEALTH, "healthy", "starting", "unhealthy"):
        return Conclusion.UNOBSERVED, Reason.UNPARSABLE, f"running, unknown health {now.health!r}"
    if rule is HealthRule.REQUIRED and now.health in _NO_HEALTH:
        seen = "running, but declares no health check (say `health: none` if running is enough)"
        return Conclusion.UNOBSERVED, Reason.NO_EVIDENCE, seen
    if rule is not HealthRule.NONE and now.health == "starting":
        return Conclusion.UNMET, Reason.STARTING, "running, health check still starting"
    if rule is not HealthRule.NONE and now.health == "unhealthy":
        return Conclusion.UNMET, Reason.UNHEALTHY, "running, unhealthy"
    return None


def _cautions(now: Inspected, before: Inspected | None, rule: HealthRule, allow_restarts: int) -> _Judged:
    """What a container that is good enough still has to tell; the first thing of these."""
    health = "no health check" if now.health in _NO_HEALTH else str(now.health)
    seen = f"running, {health}"
    if rule is HealthRule.NONE and now.health == "unhealthy":
        return Conclusion.CAUTION, Reason.UNHEALTHY, f"{seen} (its health does not count here)"
    if now.restarts > allow_restarts:
        memory = ", out of memory" if now.oom_killed else ""
        counted = f"{seen}, {plural(now.restarts, 'restart')} since its start{memory}, up since {now.started}"
        return Conclusion.CAUTION, Reason.RESTARTED, counted
    if before and before.started != now.started:
        return Conclusion.CAUTION, Reason.RESTARTED, f"{seen}, started anew at {now.started}"
    if now.oom_killed:
        return Conclusion.CAUTION, Reason.OVER_LIMIT, f"{seen}, but a process in it was killed for want of memory"
    return Conclusion.MET, Reason.OK, seen
