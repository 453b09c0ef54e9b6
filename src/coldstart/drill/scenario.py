"""A scenario: what happens to the stack, when, what it teaches, and what coldstart must make of it."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from coldstart.drill.inventory import HOSTS, PARTS
from coldstart.outcome import Result
from coldstart.probes.params import Duration, Moment


def _one_of(kind: str, known: Any) -> AfterValidator:
    def check(name: str) -> str:
        if name not in known:
            raise ValueError(f"no {kind} of that name; there are {', '.join(known)}")
        return name

    return AfterValidator(check)


HostName = Annotated[str, _one_of("host", HOSTS)]
PartName = Annotated[str, _one_of("part", PARTS)]
Fault = Literal["stopped", "damaged", "failing", "frozen"]
"""`stopped`: somebody or nothing started it; `damaged`: it cannot start; `failing`: it runs, and answers with errors;
`frozen`: it runs, and does not answer."""


def _range(value: Any) -> Any:
    """``3`` or ``3-5``."""
    if isinstance(value, str):
        first, _, last = value.partition("-")
        return first, last or first
    return value


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Facts(_Strict):
    """What is so or not, without any service being up or down. The defaults are those of a healthy stack."""

    backup_age: Duration = 5 * 3600.0
    """How long before the start of the scenario 188 last backed up 110 (SOP 9), s."""
    momo_rows_missing: int = Field(default=0, ge=0)
    """Rows of three days that did not reach momo's second table (SOP 13.7)."""
    runner_watchdog: bool = False
    """A runner of 110 has WatchdogSec=60 (SOP 5.3)."""
    rules_drifted: bool = False
    """110's alerts.yml is not its canonical copy (SOP 13.6)."""
    vrrp_heard: bool = True
    """120 and 121 hear each other's VRRP; else both take the VIP."""
    orphan: bool = False
    """A container of 110 was left Exited (137) by the crash (SOP 5.1)."""


class Event(_Strict):
    """What happens at one moment, `at` s after the start. `say`: in words, for whoever watches."""

    at: Moment
    say: str
    power: dict[HostName, Literal["on", "off"]] = {}
    cable: dict[HostName, Literal["in", "out"]] = {}
    parts: dict[PartName, Fault | Literal["well"]] = {}
    slow: dict[HostName, Moment] = {}
    """How long the host takes for any command, s."""
    load: dict[HostName, Annotated[float, Field(ge=0)]] = {}
    """What runs on the host beside what it is there for, a core."""
    facts: dict[str, str] = {}


class Stage(_Strict):
    """What some attempts in a row must find. `gate`: the first that is not green; none where all are."""

    attempts: Annotated[tuple[int, int], BeforeValidator(_range)]
    result: Result
    gate: str | None = None
    check: str | None = None
    """Its first check that is not good, without the host."""


class Scenario(_Strict):
    """`begins`: with all hosts without power (`cold`), or with the stack up for two hours (`settled`)."""

    name: str = ""
    title: str
    teaches: str
    answer: str
    """What the operator has to do, or to leave alone."""
    sop: str
    begins: Literal["cold", "settled"]
    interval: Duration = 60.0
    attempts: int = Field(default=30, ge=1)
    keep_going: bool = False
    timeline: tuple[Event, ...] = ()
    course: tuple[Stage, ...] = Field(min_length=1)
    """From the first attempt to the last, without a gap: the right answer at each."""
    headline: str = ""
    """What the last report's first line must say, literally."""

    @model_validator(mode="after")
    def _whole(self) -> "Scenario":
        expected = 1
        for stage in self.course:
            first, last = stage.attempts
            if first != expected or last < first:
                raise ValueError(f"course: attempts {first}-{last} do not follow attempt {expected - 1}")
            expected = last + 1
        if expected - 1 > self.attempts:
            raise ValueError(f"course: {expected - 1} attempts, and the watch has {self.attempts}")
        if [event.at for event in self.timeline] != sorted(event.at for event in self.timeline):
            raise ValueError("timeline: its moments are not in order")
        for event in self.timeline:
            Facts.model_validate(event.facts)
        return self

    @property
    def last(self) -> Stage:
        return self.course[-1]

    def stage(self, attempt: int) -> Stage | None:
        """What attempt `attempt`, counted from 1, must find; None: there must be no such attempt."""
        return next((stage for stage in self.course if stage.attempts[0] <= attempt <= stage.attempts[1]), None)
