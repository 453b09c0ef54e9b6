"""Are CronJobs there, not suspended, and do they come to an end as often as they should?"""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from coldstart.errors import ReadError
from coldstart.outcome import Conclusion, Outcome, Part
from coldstart.probes.base import Replies, Target
from coldstart.probes.host_clock import ask_date
from coldstart.probes.kube_named import Named, absent, distinct
from coldstart.probes.kubectl import KubeObject, Moment, NamespacedProbe, TimedProbe, age, answered, items, part, unseen
from coldstart.probes.params import Duration
from coldstart.reads import Command
from coldstart.reason import Reason
from coldstart.text import plural, span

Finding = tuple[Conclusion, Reason, str]

_GRAVEST = (Conclusion.UNMET, Conclusion.UNOBSERVED, Conclusion.CAUTION)


class CronJobMetadata(KubeObject):
    name: str
    namespace: str
    creation_timestamp: str


class CronJobSpec(KubeObject):
    schedule: str
    suspend: bool | None
    concurrency_policy: str | None


class Active(KubeObject):
    name: str | None


class CronJobStatus(KubeObject):
    last_schedule_time: str | None
    last_successful_time: str | None
    active: tuple[Active, ...]


class CronJob(KubeObject):
    metadata: CronJobMetadata
    spec: CronJobSpec
    status: CronJobStatus | None


class Declared(Named):
    """A CronJob of the baseline."""

    fresh_within: Duration | None = Field(
        default=None, description="Its last success may be so old: its interval, and time for one run."
    )
    runs_within: Duration = Field(default=3600.0, description="How long one run of it may take.")
    suspended: bool = Field(default=False, description="True: it is suspended on purpose.")


class K8sCronjobsProbe(NamespacedProbe, TimedProbe):
    """The CronJobs are there, unsuspended, and succeed as often as they should.

    Asks ``kubectl get cronjobs`` of the namespace (named fields only), and ``date`` for the host's clock. Declared ones
    are judged by what the baseline says of them, all others by what holds for every one:

    | seen | means |
    |---|---|
    | last success within `fresh_within` | as required |
    | last success is older, or there was none | bad: stale; a caution while the CronJob itself is younger than that |
    | without `fresh_within`: it was scheduled, and succeeded since | as required; nothing is said about when |
    | without `fresh_within`: never scheduled | not observed; never succeeded: bad |
    | the last run did not succeed, an earlier one did | a caution; `k8s_jobs` says what became of it |
    | a run takes longer than `runs_within` | bad with concurrencyPolicy Forbid: no other one starts; else a caution |
    | several runs at once | a caution |
    | suspended, unless declared with `suspended: true` | bad |
    | a declared one is not there; no CronJob at all | bad |

    The schedule is not computed here: which starts were missed while the cluster was down depends on the controller's
    zone, deadline and version. What counts is that the work was done, so say how old the last success may be. A
    controller that has counted more than 100 missed starts says so in an event, TooManyMissedTimes, and older ones then
    start nothing until startingDeadlineSeconds is set: see `k8s_events`. Needs Kubernetes 1.21 (lastSuccessfulTime).

    Example:
    ```yaml
    probe: k8s_cronjobs
    with:
      namespace: awoooi-prod
      fresh_within: 25h
      cronjobs:
        - {name: hourly-sync, fresh_within: 70m}
        - {name: old-import, suspended: true}
    ```

    SOP sections 9, 12.1 and 14; https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/.

    """

    kind: ClassVar[str] = "k8s_cronjobs"

    cronjobs: tuple[Declared, ...] = Field(
        default=(), max_length=100, description="CronJobs that must be there: names, or `{name, fresh_within, …}`."
    )
    fresh_within: Duration | None = Field(
        default=None, description="The same for every CronJob that does not say it for itself, declared or not."
    )
    others: Literal["judge", "ignore"] = Field(
        default="judge", description="Whether CronJobs of the namespace that are not declared are judged, too."
    )

    @model_validator(mode="after")
    def _something(self) -> Self:
        distinct(self.cronjobs)
        if self.others == "ignore" and not self.cronjobs:
            raise ValueError("nothing to check: declare `cronjobs`, or leave `others` on judge")
        return self

    @property
    def expectation(self) -> str:
        rules = [
            f"{one.name} suspended"
            if one.suspended
            else one.name + (f" succeeded within {span(one.fresh_within)}" if one.fresh_within else "")
            for one in self.cronjobs
        ]
        fresh = f" within {span(self.fresh_within)}" if self.fresh_within else ""
        every = [f"every CronJob unsuspended, its last run successful{fresh}"] if self.others == "judge" else []
        return f"in {self.namespace}: {'; '.join((*rules, *every))}"

    def reads(self, target: Target) -> tuple[Command, ...]:
        return self.get(target, "cronjobs.batch", self.within), ask_date(target)

    def conclude(self, replies: Replies) -> Outcome:
        asked, _ = self.reads(replies.target)
        found = {one.metadata.name: one for one in items(answered(replies, asked), CronJob)}
        now = self.time(replies, asked)
        parts = [
            self._part(one, found[one.name], now) if one.name in found else absent(one.name, "CronJob", self.namespace)
            for one in self.cronjobs
        ]
        if self.others == "judge":
            named = {one.name for one in self.cronjobs}
            parts += [self._part(Declared(name=name), found[name], now) for name in sorted(set(found) - named)]
        if not found:
            parts.append(part("cronjobs", Conclusion.UNMET, Reason.TOO_FEW, "expected at least 1, saw 0"))
        facts = {
            "cronjobs": len(found),
            "cronjobs_suspended": sum(bool(one.spec.suspend) for one in found.values()),
            "cronjobs_active": sum(len(one.status.active) for one in found.values() if one.status),
        }
        return Outcome.of_parts(parts, expected=self.expectation, facts=facts)

    def _part(self, declared: Declared, job: CronJob, now: Moment) -> Part:
        rule = declared.model_copy(update={"fresh_within": declared.fresh_within or self.fresh_within})
        try:
            return part(declared.name, *_find(rule, job, now))
        except ReadError as error:
            return unseen(declared.name, error)


def _find(declared: Declared, job: CronJob, now: Moment) -> Finding:
    if job.spec.suspend:
        conclusion = Conclusion.MET if declared.suspended else Conclusion.UNMET
        reason = Reason.OK if declared.suspended else Reason.PAUSED
        return conclusion, reason, "suspended" + (", as declared" if declared.suspended else "")
    if declared.suspended:
        return Conclusion.CAUTION, Reason.WRONG_VALUE, f"not suspended ({job.spec.schedule}), though declared to be"
    scheduled = _age(job.status.last_schedule_time if job.status else None, now, "its last start")
    succeeded = _age(job.status.last_successful_time if job.status else None, now, "its last success")
    seen = ", ".join(
        (
            f"last scheduled {span(scheduled)} ago" if scheduled is not None else "never scheduled",
            f"last succeeded {span(succeeded)} ago" if succeeded is not None else "never succeeded",
        )
    )
    found = (
        _stuck(declared, job, scheduled),
        _stale(declared, job, now, succeeded, seen),
        _unproven(declared, job, scheduled, succeeded, seen),
    )
    bad = sorted((one for one in found if one), key=lambda one: _GRAVEST.index(one[0]))
    return bad[0] if bad else (Conclusion.MET, Reason.OK, seen)


def _age(at: str | None, now: Moment, what: str) -> float | None:
    return None if at is None else age(at, now, what)


def _stuck(declared: Declared, job: CronJob, scheduled: float | None) -> Finding | None:
    """A run that does not end; under Forbid, lastScheduleTime is that run's own."""
    active = len(job.status.active) if job.status else 0
    if not active or scheduled is None or scheduled <= declared.runs_within:
        return None
    said = f"{plural(active, 'run')} active, scheduled {span(scheduled)} ago, over {span(declared.runs_within)}"
    if job.spec.concurrency_policy == "Forbid":
        return Conclusion.UNMET, Reason.OVER_LIMIT, f"{said}: no other one starts while it lasts (Forbid)"
    return Conclusion.CAUTION, Reason.OVER_LIMIT, said


def _stale(declared: Declared, job: CronJob, now: Moment, succeeded: float | None, seen: str) -> Finding | None:
    limit = declared.fresh_within
    if limit is None or (succeeded is not None and succeeded <= limit):
        return None
    young = age(job.metadata.creation_timestamp, now, "its creation")
    if succeeded is None and young <= limit:
        return Conclusion.CAUTION, Reason.STARTING, f"{seen}; created {span(young)} ago"
    return Conclusion.UNMET, Reason.STALE, f"{seen}, over {span(limit)}"


def _unproven(
    declared: Declared, job: CronJob, scheduled: float | None, succeeded: float | None, seen: str
) -> Finding | None:
    """A last run that did not succeed (yet), and what else is no clean record."""
    active = len(job.status.active) if job.status else 0
    if scheduled is None:
        judged = succeeded is not None or declared.fresh_within is not None
        return None if judged else (Conclusion.UNOBSERVED, Reason.NO_EVIDENCE, seen)
    if succeeded is None:
        if active:
            return Conclusion.CAUTION, Reason.STARTING, f"{seen}, {plural(active, 'run')} active"
        return Conclusion.UNMET, Reason.FAILED, seen
    if active > 1:
        return Conclusion.CAUTION, Reason.OVER_LIMIT, f"{seen}, {active} runs active at once"
    if active == 0 and succeeded > scheduled:
        return Conclusion.CAUTION, Reason.FAILED, f"{seen}: the last run did not succeed"
    return None
