"""The CronJob controller: starts what is due, makes up for the last start that was missed, and keeps three Jobs."""

from datetime import UTC, datetime, timedelta
from typing import Any

from .kube_objects import condition, metadata, owned, stamp
from .kube_store import Object, Store, key_of

RUNS_FOR = 2.0
"""Seconds that a Job of the lab takes."""


def last_due(schedule: str, now: datetime) -> datetime:
    """Return the last minute, up to `now`, that a schedule names: ``*``, numbers and ``*/N``, on every day."""
    minute, hour, *days = schedule.split()
    if days != ["*", "*", "*"]:
        raise ValueError(f"{schedule!r}: the lab has no calendar")
    at = now.replace(second=0, microsecond=0)
    while not (_names(minute, at.minute) and _names(hour, at.hour)):
        at -= timedelta(minutes=1)
    return at


def _names(field: str, value: int) -> bool:
    every, _, step = field.partition("/")
    return value % int(step or 1) == 0 if every == "*" else int(field) == value


class Cron:
    """The CronJobs of the cluster, in UTC."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def look(self) -> None:
        """Look at every CronJob once."""
        now = datetime.now(UTC)
        jobs = self._store.list("jobs")
        for one in self._store.list("cronjobs"):
            own = [job for job in jobs if _owner(job) == one["metadata"]["uid"]]
            for job in own:
                self._end(one, job, now)
            self._start(one, own, now)
            done = sorted((job for job in own if _complete(job)), key=lambda job: str(job["metadata"]["name"]))
            for job in done[: -one["spec"]["successfulJobsHistoryLimit"]]:
                self._store.delete(key_of("jobs", job))

    def _start(self, one: Object, own: list[Object], now: datetime) -> None:
        due = last_due(one["spec"]["schedule"], now)
        last = one["status"].get("lastScheduleTime")
        active = [job for job in own if not job["status"].get("conditions")]
        if one["spec"]["suspend"] or active or (last and datetime.fromisoformat(last) >= due):
            return
        name = f"{one['metadata']['name']}-{int(due.timestamp()) // 60}"
        where = one["metadata"]
        owners = owned("CronJob", where["name"], where["uid"])
        job = {
            "metadata": metadata(name, where["namespace"], ownerReferences=owners),
            "spec": {"backoffLimit": 6, "completions": 1, "parallelism": 1},
            "status": {"active": 1, "startTime": stamp()},
        }
        if name not in (job["metadata"]["name"] for job in own):
            self._store.create("jobs", job)
        reference = {"kind": "Job", "namespace": where["namespace"], "name": name}
        self._say(one, lastScheduleTime=stamp(due.timestamp()), active=[reference])

    def _end(self, one: Object, job: Object, now: datetime) -> None:
        began = datetime.fromisoformat(job["status"]["startTime"])
        if job["status"].get("conditions") or (now - began).total_seconds() < RUNS_FOR:
            return
        status = {
            "succeeded": 1,
            "startTime": job["status"]["startTime"],
            "completionTime": stamp(),
            "conditions": [condition("Complete", holds=True)],
        }
        self._store.change(key_of("jobs", job), lambda now: {**now, "status": status})
        self._say(one, lastSuccessfulTime=stamp(), active=None)

    def _say(self, one: Object, **words: Any) -> None:
        def changed(now: Object) -> Object:
            status = {**now["status"], **words}
            return {**now, "status": {name: value for name, value in status.items() if value is not None}}

        one["status"] = self._store.change(key_of("cronjobs", one), changed)["status"]


def _owner(job: Object) -> str:
    return next((str(one["uid"]) for one in job["metadata"].get("ownerReferences", ())), "")


def _complete(job: Object) -> bool:
    return any(one["type"] == "Complete" for one in job["status"].get("conditions", ()))
