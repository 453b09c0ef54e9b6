"""The YAML of how the further levels of the alert chain are seen: `sent:` and `received:` of an alert test."""

from typing import Annotated, Any, ClassVar, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
    model_validator,
)

from coldstart import shapes
from coldstart.baseline.form_types import Form, Words, matches
from coldstart.baseline.sights import RUN
from coldstart.probes.http import ADDRESS, Url
from coldstart.probes.json_value import JsonPath, Typed
from coldstart.probes.params import Duration, LocalFile
from coldstart.probes.prometheus_api import BaseUrl
from coldstart.probes.prometheus_query import PromQL

_ANY_RUN = "0" * 12

HostName = Annotated[
    str,
    matches(shapes.NAME, "a host's name is letters, digits, '.', '_' and '-'"),
    WithJsonSchema({"type": ["string", "integer"]}),
]
Every = Annotated[Duration, Field(ge=1)]


def _page(value: str, right: ValidatorFunctionWrapHandler) -> str:
    _fixed(value)
    right(value.replace(RUN, _ANY_RUN))
    if RUN in urlsplit(value).netloc:
        raise ValueError(f"{RUN} stands in the path or the query of a url, not in its host")
    return value


def _fixed(value: str) -> str:
    if ADDRESS in value:
        raise ValueError(f"{ADDRESS} has no meaning here: an alert test has no host, write the address out")
    return value


def _quoted(value: Any) -> Any:
    if isinstance(value, dict) and [*value] == ["run"]:
        raise ValueError(f'without quotes, {RUN} is a mapping to YAML: write "{RUN}"')
    return value


class _SightForm(Form):
    via: HostName | None = Field(default=None, description="Host through whose SSH connection it is asked.")
    ca: LocalFile | None = Field(default=None, description="PEM file of issuers to trust instead of the system's.")
    within: Duration = Field(default=30.0, description="How long it is looked for after the alert was sent.")
    every: Every = Field(default=2.0, description="Time between two looks, 1s at least.")

    _ADDRESS: ClassVar[str]
    """The key that says where it is asked."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.ca and not getattr(self, self._ADDRESS).startswith("https:"):
            raise ValueError("ca is for an https url: remove it, or use https")
        if "every" in self.model_fields_set and self.every > self.within:
            raise ValueError("every is longer than within, so that it would look only once: make it shorter")
        return self


class PageForm(_SightForm):
    """A page that shows the alert of this run: a GET, and what holds of a value in its JSON."""

    url: Annotated[Url, WrapValidator(_page)] = Field(
        description="http or https, no user and password; {run} in it stands for the label of the run."
    )
    path: JsonPath = Field(alias="json", description="Where in the document: status, alerts[0].state, items[*].text.")
    equals: Annotated[Typed, BeforeValidator(_quoted)] = Field(
        default=None, description='The value; its type counts. "{run}" in it stands for the label of the run.'
    )
    contains: Annotated[Words, BeforeValidator(_quoted)] = Field(
        default="", description='A text found has this in it, like "coldstart_run={run}".'
    )
    at_least: float | None = Field(default=None, allow_inf_nan=False, description="The value is a number from here on.")

    _ADDRESS: ClassVar[str] = "url"

    @model_validator(mode="after")
    def _of_this_run(self) -> Self:
        if self.equals is None and not self.contains and self.at_least is None:
            raise ValueError("nothing says what is seen there: give one of equals, contains, at_least")
        if not any(RUN in text for text in (self.url, str(self.equals), self.contains)):
            raise ValueError(
                f"an alert of an earlier run would do as well: write {RUN} in the url, in equals or in contains"
            )
        return self


class CounterForm(_SightForm):
    """A counter of Prometheus that must be greater after the alert than before it."""

    prometheus: Annotated[BaseUrl, AfterValidator(_fixed)] = Field(description="Of Prometheus, without /api/v1.")
    counter: PromQL = Field(
        description="PromQL that gives one series: how many alerts were handed on; {run} is the label of the run."
    )

    _ADDRESS: ClassVar[str] = "prometheus"


AnySight = Annotated[dict[str, Any], WithJsonSchema({"x-form": "AnySight"})]
"""Of the form `CounterForm` where it has the key `prometheus` or `counter`, else `PageForm`."""
