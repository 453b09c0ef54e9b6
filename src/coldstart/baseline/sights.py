"""How a level of the alert chain beyond "accepted" is seen: a page that shows it, or a counter that rises. All frozen.

`RUN` stands in them for the label of the run. It is no ``${variable}``: its value is only known when the alert is sent.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from coldstart.probes.base import Place, Target
from coldstart.probes.json_value import JsonValue
from coldstart.probes.params import Scalar
from coldstart.probes.prometheus_query import PrometheusQueryProbe
from coldstart.reads import HttpGet
from coldstart.text import one_line

RUN = "{run}"
"""Stands for the value of the run's own label, 12 hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class PageSight:
    """A GET whose JSON shows the alert of this run: `RUN` is in the URL, or in what is expected. Times in seconds."""

    url: str
    """http or https; `RUN` only in its path and query."""
    via: str | None
    """Name of the host through whose SSH connection it is asked; None: directly."""
    ca: str | None
    """PEM file of issuers to trust instead of the system's."""
    path: str
    """Where in the document, as the http probe has it (`probes/json_value.py`)."""
    equals: Scalar
    """Every value found is this; None: nothing is demanded."""
    contains: str
    """A text found has this in it; empty: nothing is demanded."""
    at_least: float | None
    """Every value found is a number from here on."""
    within: float
    """How long it is looked for after the alert was sent."""
    every: float
    """From the end of one look to the next."""

    @property
    def own(self) -> bool:
        """Whether it shows the alert of this run and no other. Always: the form sees to it."""
        return True

    def read(self, run: str, timeout: float) -> HttpGet:
        """The GET of one look, the label percent-encoded (RFC 3986); `run` may be `RUN` itself, for people."""
        url = self.url.replace(RUN, run if run == RUN else quote(run, safe=""))
        return HttpGet(url=url, via=self.via, ca=self.ca, timeout=timeout)

    def value(self, run: str) -> JsonValue | None:
        """What is expected of every value at the path; None: nothing but that one of them contains the text."""
        if self.equals is None and self.at_least is None:
            return None
        equals = self.equals.replace(RUN, run) if isinstance(self.equals, str) else self.equals
        return JsonValue(path=self.path, equals=equals, at_least=self.at_least)

    def asks(self, run: str) -> str:
        """What is asked and looked for, as a person would write it down."""
        wanted = self.value(run)
        words = [wanted.words] if wanted else []
        words += [f'with "{self.contains.replace(RUN, run)}" in it'] if self.contains else []
        return f"{self.read(run, 1.0).describe()}, {self.path} {' and '.join(words)}"


@dataclass(frozen=True, slots=True)
class CounterSight:
    """A counter of Prometheus that is greater after the alert than before it. Times in seconds."""

    url: str
    """Of Prometheus, without /api/v1."""
    via: str | None
    ca: str | None
    query: str
    """PromQL that gives one series, or a scalar; `RUN` may be in it."""
    within: float
    """How long it is looked for: longer than Prometheus' scrape interval."""
    every: float

    @property
    def own(self) -> bool:
        """Whether only the alert of this run can raise it: its label is in the query."""
        return RUN in self.query

    def probe(self, run: str) -> PrometheusQueryProbe:
        """The query, asked and read as the probe of that kind does it."""
        query = self.query.replace(RUN, run)
        return PrometheusQueryProbe(url=self.url, via=self.via is not None, ca=self.ca, query=query)

    def target(self, timeout: float) -> Target:
        """Whom the probe asks."""
        return Target(hosts=(Place(name=self.via or "", address=""),), timeout=timeout)

    def read(self, run: str, timeout: float) -> HttpGet:
        """The GET of one look; `run` may be `RUN` itself."""
        (read,) = self.probe(run).reads(self.target(timeout))
        return read

    def asks(self, run: str) -> str:
        """What is asked and looked for, as a person would write it down."""
        via = f" (via {self.via})" if self.via else ""
        return f"GET {self.url}/api/v1/query{via}, {one_line(self.query.replace(RUN, run))} rises"


Sight = PageSight | CounterSight

LEVELS = ("sent", "received")
"""Beyond "accepted", in the order in which an alert reaches them."""


def named(sent: Sight | None, received: Sight | None) -> Iterator[tuple[str, Sight]]:
    """Each level that has a way to be seen, with it."""
    for level, sight in zip(LEVELS, (sent, received), strict=True):
        if sight:
            yield level, sight
