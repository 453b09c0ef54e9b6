"""CronJobs and their last Jobs. What was due while the cluster was down is run once, as soon as it is back."""

from typing import Any, NamedTuple

from coldstart.drill.replies import kube_life
from coldstart.drill.replies.kube_pods import PROD, stamp
from coldstart.drill.view import View

Json = dict[str, Any]

_AGE = 41 * 86400.0
"""How long before the start of the scenario they were made, s."""
_MADE_UP = 15.0
"""Seconds after the cluster is back when the controller makes up for a start that it missed."""
_NODE = kube_life.part_of("120")
_DAY = 86400


class CronJob(NamedTuple):
    """Due every `period` s, `offset` s after midnight in UTC; a run takes `takes` s."""

    name: str
    schedule: str
    period: int
    offset: int
    takes: float


CRONJOBS = (
    CronJob("backup", "0 2 * * *", _DAY, 2 * 3600, 40.0),
    CronJob("import", "0 * * * *", 3600, 0, 5.0),
    CronJob("report", "30 */6 * * *", 6 * 3600, 1800, 12.0),
)


class Run(NamedTuple):
    """Moments of the scenario, s."""

    due: float
    began: float
    done: float


def runs(view: View, job: CronJob) -> list[Run]:
    """The last run that has begun, and the one before it, the newest first."""
    found: list[Run] = []
    due = (view.wall() - job.offset) // job.period * job.period + job.offset - view.epoch
    for _ in range(1 + 40 * _DAY // job.period):
        back = kube_life.next_up(view.stack, _NODE, due)
        began = None if back is None else due if back == due else back + _MADE_UP
        # Of several that were missed only the last is made up for.
        if began is not None and began <= view.now and not (found and found[-1].began <= began):
            found.append(Run(due, began, began + job.takes))
        if len(found) == 2:  # noqa: PLR2004 - no more is kept
            break
        due -= job.period
    return found


def cronjobs(view: View) -> list[Json]:
    return [_cronjob(view, job) for job in CRONJOBS]


def _cronjob(view: View, job: CronJob) -> Json:
    last = runs(view, job)
    done = next((run.done for run in last if run.done <= view.now), None)
    return {
        "metadata": {"name": job.name, "namespace": PROD, "creationTimestamp": stamp(view, -_AGE)},
        "spec": {"schedule": job.schedule, "suspend": False, "concurrencyPolicy": "Forbid"},
        "status": {
            "lastScheduleTime": stamp(view, last[0].due) if last else None,
            "lastSuccessfulTime": None if done is None else stamp(view, done),
            "active": [{"name": _name(view, job, run)} for run in last if run.done > view.now],
        },
    }


def jobs(view: View) -> list[Json]:
    """The last Job of each that is done (successfulJobsHistoryLimit: 1), and those that run."""
    found: list[Json] = []
    for job in CRONJOBS:
        last = runs(view, job)
        kept = last if last and last[0].done > view.now else last[:1]
        found += [_job(view, job, run) for run in reversed(kept)]
    return found


def _name(view: View, job: CronJob, run: Run) -> str:
    return f"{job.name}-{int(view.wall(run.due)) // 60}"


def _job(view: View, job: CronJob, run: Run) -> Json:
    done = run.done <= view.now
    complete = {"type": "Complete", "status": "True", "reason": None, "message": None}
    return {
        "metadata": {
            "name": _name(view, job, run),
            "namespace": PROD,
            "creationTimestamp": stamp(view, run.began),
            "ownerReferences": [{"kind": "CronJob", "name": job.name}],
        },
        "spec": {"suspend": None, "activeDeadlineSeconds": None},
        "status": {
            "active": None if done else 1,
            "succeeded": 1 if done else None,
            "failed": None,
            "startTime": stamp(view, run.began),
            "conditions": [{**complete, "lastTransitionTime": stamp(view, run.done)}] if done else [],
        },
    }
