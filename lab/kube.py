"""The lab's cluster, from outside: change its objects for a test and put them back; read what reached the API."""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from lab.fleet import Fleet
from lab.place import LabError
from lab.process import wait_until

Object = dict[str, Any]
PROD = "awoooi-prod"
CNI = "/var/lib/rancher/k3s/agent/etc/cni/net.d/10-flannel.conflist"
"""What flannel leaves on a node when the pod network is up. Without it a kubelet says NotReady."""


class Cluster:
    """The objects of the cluster, as rows of `kine` on 188."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet, self._data = fleet, fleet["188"]

    def get(self, key: str) -> Object:
        """Return the object of a row: ``/registry/pods/NAMESPACE/NAME``."""
        query = f"SELECT convert_from(value, 'UTF8')::json FROM kine WHERE name = {_text(key)}"  # noqa: S608 - quoted
        rows = self._ask("k3s_datastore", query)
        if not rows:
            raise LabError(f"the cluster has no {key}")
        found: Object = rows[0]
        return found

    def put(self, key: str, value: Object) -> None:
        """Write an object, new or in place of the one that is there; its revision is a new one."""
        name, data = _text(key), f"convert_to({_text(json.dumps(value))}, 'UTF8')"
        update = "UPDATE kine SET id = nextval('kine_id_seq'), prev_revision = id, old_value = value, value"
        columns = "(name, created, deleted, create_revision, prev_revision, lease, value, old_value)"
        new = f"SELECT {name}, 1, 0, 0, 0, 0, {data}, '' WHERE NOT EXISTS (SELECT FROM kine WHERE name = {name})"  # noqa: S608
        text = f"{update} = {data} WHERE name = {name};\nINSERT INTO kine {columns} {new};\n"
        self._sql("k3s_datastore", text)

    def delete(self, key: str) -> None:
        """Remove an object."""
        self._sql("k3s_datastore", f"DELETE FROM kine WHERE name = {_text(key)};\n")  # noqa: S608 - quoted

    def keys(self, pattern: str) -> list[str]:
        """Return the rows whose name matches a regular expression from its beginning."""
        return [key for key in self.resource_versions() if re.match(pattern, key)]

    def resource_versions(self) -> dict[str, int]:
        """Return the revision of every object, by its row."""
        rows = self._ask("k3s_datastore", "SELECT json_build_array(name, id) FROM kine WHERE name LIKE '/registry/%'")
        return {name: int(revision) for name, revision in rows}

    def alerts(self, label: str | None = None) -> list[Object]:
        """Return what the API recorded, oldest first; with `label`, only alerts that have this value in a label."""
        rows = self._ask("awoooi", "SELECT json_build_object('node', node, 'body', body) FROM alerts ORDER BY id")
        return [row for row in rows if label is None or label in row["body"].get("commonLabels", {}).values()]

    @contextmanager
    def changed(self, key: str, change: Callable[[Object], object]) -> Iterator[None]:
        """Hold an object changed; what the cluster itself did to it meanwhile is lost when it is put back."""
        old = self.get(key)
        new: Object = json.loads(json.dumps(old))
        change(new)
        self.put(key, new)
        try:
            yield
        finally:
            self.put(key, old)

    @contextmanager
    def not_ready(self, node: str) -> Iterator[None]:
        """The pod network of a node is not up: its kubelet says NotReady, and goes on renewing its lease."""
        machine = self._fleet[node]
        machine.run("mv", CNI, f"{CNI}.away")
        try:
            self.wait_for_node(node, "False")
            yield
        finally:
            machine.run("mv", f"{CNI}.away", CNI)
            self.wait_for_node(node, "True")

    def wait_for_node(self, node: str, ready: str, within: float = 30) -> None:
        """Wait until a node's Ready condition is ``True``, ``False`` or ``Unknown``."""
        key = f"/registry/nodes/{node}"
        wait_until(lambda: _ready(self.get(key)) == ready, within, f"node {node}: Ready is not {ready}", every=0.3)

    @contextmanager
    def image_pull_back_off(self, app: str) -> Iterator[None]:
        """A pod of `app` cannot pull its image: Harbor does not have it."""
        key = self.keys(f"/registry/pods/{PROD}/{app}-")[0]

        def unpulled(pod: Object) -> None:
            container = pod["status"]["containerStatuses"][0]
            image = container["image"].rpartition(":")[0] + ":v8"
            pod["spec"]["containers"][0]["image"] = container["image"] = image
            said = {"reason": "ImagePullBackOff", "message": f'Back-off pulling image "{image}"'}
            container |= {"state": {"waiting": said}, "ready": False, "started": False}
            pod["status"]["phase"] = "Pending"

        with self.changed(key, unpulled):
            wait_until(lambda: not _is_ready(self.get(key)), 15, key)
            yield
        wait_until(lambda: _is_ready(self.get(key)), 15, key)

    @contextmanager
    def suspended(self, cronjob: str) -> Iterator[None]:
        """A CronJob is suspended."""
        with self.changed(f"/registry/cronjobs/{PROD}/{cronjob}", lambda one: one["spec"].update(suspend=True)):
            yield

    @contextmanager
    def failed_job(self, name: str) -> Iterator[None]:
        """A Job that belongs to no CronJob has failed for good."""
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        why = {"reason": "BackoffLimitExceeded", "message": "Job has reached the specified backoff limit"}
        job = {
            "metadata": {"name": name, "namespace": PROD, "uid": f"uid-of-{name}", "creationTimestamp": now},
            "spec": {"backoffLimit": 6, "completions": 1, "parallelism": 1},
            "status": {
                "startTime": now,
                "failed": 7,
                "conditions": [{"type": "Failed", "status": "True", "lastTransitionTime": now, **why}],
            },
        }
        key = f"/registry/jobs/{PROD}/{name}"
        self.put(key, job)
        try:
            yield
        finally:
            self.delete(key)

    def _ask(self, database: str, query: str) -> list[Any]:
        """Return the rows of a query that gives one JSON value a row."""
        return [json.loads(line) for line in self._sql(database, query + ";\n").splitlines()]

    def _sql(self, database: str, text: str) -> str:
        plain = ("--no-psqlrc", "--quiet", "--tuples-only", "--no-align")
        whole = ("--set=ON_ERROR_STOP=1", "--single-transaction", f"--dbname={database}", "--file=-")
        return self._data.run("psql", *plain, *whole, user="postgres", stdin=text)


def _ready(one: Object) -> str:
    return next((str(at["status"]) for at in one["status"]["conditions"] if at["type"] == "Ready"), "")


def _is_ready(pod: Object) -> bool:
    return _ready(pod) == "True"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
