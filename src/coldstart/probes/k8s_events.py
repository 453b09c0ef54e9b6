"""What does Kubernetes itself warn of, just now?"""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, ClassVar, NamedTuple

from pydantic import Field

from coldstart.errors import ReadError
from coldstart.outcome import Conclusion, Outcome, Part
from coldstart.probes.base import Replies, Target
from coldstart.probes.host_clock import ask_date
from coldstart.probes.kubectl import (
    AnyNamespace,
    KubeObject,
    Reported,
    TimedProbe,
    answered,
    epoch,
    items,
    names,
    part,
)
from coldstart.probes.params import Duration
from coldstart.reads import Command
from coldstart.reason import Reason
from coldstart.text import one_line, plural, span

_KEPT = 3600
"""Seconds for which the API server keeps an event (--event-ttl, by default)."""


class EventMetadata(KubeObject):
    name: str
    namespace: str | None
    creation_timestamp: str | None


class Involved(KubeObject):
    kind: str | None
    name: str | None


class Series(KubeObject):
    count: int | None
    last_observed_time: str | None


class Event(KubeObject):
    metadata: EventMetadata
    involved_object: Involved | None
    reason: str | None
    message: str | None
    count: int | None
    last_timestamp: str | None
    event_time: str | None
    series: Series | None

    @property
    def last(self) -> float | None:
        """When it was last seen, by whichever of the fields its author fills; None when by none."""
        given = (
            self.series.last_observed_time if self.series else None,
            self.last_timestamp,
            self.event_time,
            self.metadata.creation_timestamp,
        )
        times = [epoch(at, "an event's time") for at in given if at is not None]
        return max(times, default=None)

    @property
    def times(self) -> int:
        return max(1, (self.series.count if self.series else None) or self.count or 1)

    @property
    def about(self) -> str:
        who = self.involved_object
        return f"{who.kind or '?'}/{who.name or '?'}" if who else "?"


class _Recent(NamedTuple):
    event: Event
    ago: float


class K8sEventsProbe(TimedProbe):
    """Kubernetes has warned of nothing in the last minutes.

    Asks ``kubectl get events`` for the Warning events of the namespace (named fields only), for the names of the
    namespaces, and ``date`` for the host's clock. Events are hints, not states: what is wrong now is judged by
    `k8s_pods` and the others, so a warning is a caution, and it goes away by itself.

    | seen | means |
    |---|---|
    | no Warning event within `within` | as required |
    | some, by reason, with the newest of each; those in `ignore` are left out | a caution |
    | some with one of `bad_reasons` | bad |
    | no such namespace | bad |

    Events are kept for one hour. An event without any time counts as recent; one from the future does, too.
    What it means when the API server does not serve: see `k8s_nodes`.

    Example:
    ```yaml
    probe: k8s_events
    with:
      namespace: awoooi-prod
      within: 15m
      bad_reasons: [TooManyMissedTimes, FailedNeedsStart, FailedMount]
    severity: warn
    ```

    SOP section 7; https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/.

    """

    kind: ClassVar[str] = "k8s_events"
    measured: ClassVar[str | None] = "warnings_times"

    namespace: AnyNamespace = Field(description="The namespace; '*' (in quotes) for all of them.")
    within: Annotated[Duration, Field(le=_KEPT)] = Field(default=900.0, description="How far back to look; 1h at most.")
    bad_reasons: tuple[Reported, ...] = Field(
        default=(), max_length=50, description="Reasons that are bad, not only a caution."
    )
    ignore: tuple[Reported, ...] = Field(default=(), max_length=50, description="Reasons that do not matter here.")

    @property
    def expectation(self) -> str:
        where = "all namespaces" if self.namespace == "*" else self.namespace
        return f"no Warning event in {where} in the last {span(self.within)}"

    def reads(self, target: Target) -> tuple[Command, ...]:
        where = "--all-namespaces" if self.namespace == "*" else f"--namespace={self.namespace}"
        return self.get(target, "events", where), self.get(target, "namespaces"), ask_date(target)

    def conclude(self, replies: Replies) -> Outcome:
        asked, namespaces, _ = self.reads(replies.target)
        events = items(answered(replies, asked), Event)
        there = names(answered(replies, namespaces), "namespace")
        moment = self.time(replies, asked)
        if not there or (self.namespace != "*" and self.namespace not in there):
            seen = f"there is no namespace {self.namespace}" if there else "there is no namespace at all"
            return Outcome.unmet(Reason.ABSENT, seen, expected=self.expectation)
        if moment.trouble and events:
            raise ReadError(
                f"{plural(len(events), 'Warning event')}, how old is not known: {moment.trouble}", reason=Reason.CLOCK
            )
        recent = sorted(_recent(events, moment.now, self.within), key=lambda one: (one.ago, one.event.metadata.name))
        counted = [one for one in recent if one.event.reason not in self.ignore]
        parts = self._parts(counted)
        old = f" ({plural(len(events) - len(recent), 'older one')})" if len(events) > len(recent) else ""
        left_out = f", {plural(len(recent) - len(counted), 'ignored one')}" if len(recent) > len(counted) else ""
        said = f"no Warning event{left_out}{old}"
        return Outcome.of_parts(
            parts or [part("events", Conclusion.MET, Reason.OK, said)],
            expected=self.expectation,
            facts={"warnings": len(counted), "warnings_times": sum(one.event.times for one in counted)},
        )

    def _parts(self, recent: Sequence[_Recent]) -> list[Part]:
        """One part a reason, the most frequent first; `recent` begins with the newest."""
        counts: Counter[str] = Counter()
        newest: dict[str, _Recent] = {}
        for one in recent:
            reason = one.event.reason or "no reason given"
            counts[reason] += one.event.times
            newest.setdefault(reason, one)
        parts = []
        for reason, count in sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])):
            last = newest[reason]
            message = one_line(last.event.message or "", 200)
            said = f"{plural(count, 'time')}, last {span(last.ago)} ago: {last.event.about}: {message}"
            bad = reason in self.bad_reasons
            parts.append(part(reason, Conclusion.UNMET if bad else Conclusion.CAUTION, Reason.FAILED, said))
        return parts


def _recent(events: Sequence[Event], now: float, within: float) -> list[_Recent]:
    ages = ((event, max(0.0, now - event.last) if event.last is not None else 0.0) for event in events)
    return [_Recent(event, ago) for event, ago in ages if ago <= within]
