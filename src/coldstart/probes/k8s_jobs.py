"""Did any Job fail that no later run has made up for?"""

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from coldstart.errors import ReadError
from coldstart.outcome import Conclusion, Outcome, Part
from coldstart.probes.base import Replies, Target
from coldstart.probes.host_clock import ask_date
from coldstart.probes.kubectl import (
    Condition,
    KubeObject,
    Moment,
    NamespacedProbe,
    Owner,
    TimedProbe,
    age,
    answered,
    epoch,
    items,
    names,
    part,
    unseen,
)
from coldstart.probes.params import Duration
from coldstart.reads import Command
from coldstart.reason import Reason
from coldstart.text import plural, span

Finding = tuple[Conclusion, Reason, str]

_DEADLINE_SLACK = 60.0
"""Seconds that the controller may take to end a Job after its own deadline."""


class JobMetadata(KubeObject):
    name: str
    namespace: str
    creation_timestamp: str
    owner_references: tuple[Owner, ...]


class JobSpec(KubeObject):
    suspend: bool | None
    active_deadline_seconds: int | None


class JobCondition(Condition):
    last_transition_time: str | None


class JobStatus(KubeObject):
    active: int | None
    succeeded: int | None
    failed: int | None
    start_time: str | None
    conditions: tuple[JobCondition, ...]


class Job(KubeObject):
    metadata: JobMetadata
    spec: JobSpec
    status: JobStatus | None

    @property
    def cronjob(self) -> str | None:
        """The CronJob that made it."""
        return next((owner.name for owner in self.metadata.owner_references if owner.kind == "CronJob"), None)

    @property
    def created(self) -> float:
        return epoch(self.metadata.creation_timestamp, "a Job's creation")

    def condition(self, kind: str) -> JobCondition | None:
        """A condition that holds."""
        conditions = self.status.conditions if self.status else ()
        return next((one for one in conditions if one.type == kind and one.status == "True"), None)


class K8sJobsProbe(NamespacedProbe, TimedProbe):
    """No Job of the namespace is left failed, and none runs over its time.

    Asks ``kubectl get jobs`` of the namespace (named fields only), and ``date`` for the host's clock. A failed Job
    stays in the list until it is deleted; of a CronJob's, one that a later run has made up for is history:

    | seen | means |
    |---|---|
    | Complete; active for no longer than `runs_within` | as required |
    | Failed (BackoffLimitExceeded, DeadlineExceeded …), and no later Job of the same CronJob is Complete | bad |
    | Failed, and a later Job of the same CronJob is Complete | as required: superseded |
    | active for longer than `runs_within`, or over its own activeDeadlineSeconds | bad |
    | active, and some of its pods failed so far; suspended; not started yet | a caution |
    | fewer than `at_least`; no such namespace | bad |

    With `at_least: 0` no Job at all is fine too; then the list of namespaces is asked for as well, for an empty list is
    also what a namespace that does not exist gives. What it means when the API server does not serve: see `k8s_nodes`.

    Example:
    ```yaml
    probe: k8s_jobs
    with: {namespace: awoooi-prod, runs_within: 30m}
    hint: Run the failed job again, then delete the failed one (ask first)
    ```

    SOP sections 9 and 12.1; https://kubernetes.io/docs/concepts/workloads/controllers/job/.

    """

    kind: ClassVar[str] = "k8s_jobs"
    measured: ClassVar[str | None] = "jobs_failed"

    at_least: int = Field(default=1, ge=0, le=5000, description="How many Jobs there must be, however they ended.")
    runs_within: Duration = Field(default=3600.0, description="How long a Job may be active.")

    @property
    def expectation(self) -> str:
        return f"at least {plural(self.at_least, 'Job')} in {self.namespace}, none failed, none over its time"

    def reads(self, target: Target) -> tuple[Command, ...]:
        namespaces = () if self.at_least else (self.get(target, "namespaces"),)
        return (self.get(target, "jobs.batch", self.within), ask_date(target), *namespaces)

    def conclude(self, replies: Replies) -> Outcome:
        asked, _, *namespaces = self.reads(replies.target)
        jobs = sorted(items(answered(replies, asked), Job), key=lambda job: job.metadata.name)
        now = self.time(replies, asked)
        judged = [self._part(job, jobs, now) for job in jobs]
        good = sum(one.conclusion is Conclusion.MET for one in judged)
        failed = [job for job in jobs if job.condition("Failed")]
        superseded = sum(_superseded(job, jobs) for job in failed)
        parts = [one for one in judged if one.conclusion is not Conclusion.MET]
        if len(jobs) < self.at_least:
            seen = f"expected at least {self.at_least}, saw {len(jobs)}"
            parts.append(part("jobs", Conclusion.UNMET, Reason.TOO_FEW, seen))
        elif any(self.namespace not in names(answered(replies, read), "namespace") for read in namespaces):
            parts.append(part("jobs", Conclusion.UNMET, Reason.ABSENT, f"there is no namespace {self.namespace}"))
        elif good or not jobs:
            past = f", {superseded} failed and superseded by a later one" if superseded else ""
            seen = f"{plural(good - superseded, 'Job')} complete or active in time{past}"
            parts.append(part("jobs", Conclusion.MET, Reason.OK, seen))
        facts = {
            "jobs": len(jobs),
            "jobs_failed": len(failed),
            "jobs_superseded": superseded,
            "jobs_active": sum((job.status.active or 0) > 0 for job in jobs if job.status),
        }
        return Outcome.of_parts(parts, expected=self.expectation, facts=facts)

    def _part(self, job: Job, jobs: Sequence[Job], now: Moment) -> Part:
        try:
            return part(job.metadata.name, *self._find(job, jobs, now))
        except ReadError as error:
            return unseen(job.metadata.name, error)

    def _find(self, job: Job, jobs: Sequence[Job], now: Moment) -> Finding:
        if failed := job.condition("Failed"):
            if _superseded(job, jobs):
                return Conclusion.MET, Reason.OK, "failed, a later run succeeded"
            at = failed.last_transition_time
            since = f" at {at}" if at and now.trouble else f" {span(age(at, now, 'its failure'))} ago" if at else ""
            return Conclusion.UNMET, Reason.FAILED, f"failed{since}: {failed.why}"
        if job.condition("Complete"):
            return Conclusion.MET, Reason.OK, "complete"
        if job.spec.suspend:
            return Conclusion.CAUTION, Reason.PAUSED, "suspended"
        return self._active(job, now)

    def _active(self, job: Job, now: Moment) -> Finding:
        began = job.status.start_time if job.status else None
        if began is None:
            waits = age(job.metadata.creation_timestamp, now, "its creation")
            conclusion = Conclusion.UNMET if waits > self.runs_within else Conclusion.CAUTION
            return conclusion, Reason.STARTING, f"not started yet, created {span(waits)} ago"
        runs = age(began, now, "its start")
        deadline = job.spec.active_deadline_seconds
        if deadline is not None and runs > deadline + _DEADLINE_SLACK:
            said = f"active for {span(runs)}, over its own deadline of {span(deadline)}: the controller does not end it"
            return Conclusion.UNMET, Reason.OVER_LIMIT, said
        if runs > self.runs_within:
            return Conclusion.UNMET, Reason.OVER_LIMIT, f"active for {span(runs)}, over {span(self.runs_within)}"
        if failures := (job.status.failed if job.status else None):
            said = f"active for {span(runs)}, {plural(failures, 'pod')} of it failed so far"
            return Conclusion.CAUTION, Reason.RESTARTED, said
        return Conclusion.MET, Reason.OK, f"active for {span(runs)}"


def _superseded(failed: Job, jobs: Sequence[Job]) -> bool:
    """Whether a later Job of the same CronJob has succeeded."""
    return failed.cronjob is not None and any(
        other.cronjob == failed.cronjob and other.created > failed.created and other.condition("Complete")
        for other in jobs
    )
