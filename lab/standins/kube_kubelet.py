"""The kubelet of a node: renews its lease, says how the node is, starts its pods and probes them."""

import copy
import logging
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

from .kube_client import Client, Unavailable
from .kube_containers import Containers
from .kube_objects import LEASES, NODE_PORTS, PRESSURES, condition, stamp

RENEW_EVERY = 10.0
FAILURES = 3
"""Probes that must fail before a pod that was ready is not any more; one good one makes it ready again."""

CNI = Path("/var/lib/rancher/k3s/agent/etc/cni/net.d/10-flannel.conflist")
NO_CNI = (
    "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady "
    "message:Network plugin returns error: cni plugin not initialized"
)
HEALTH = {"awoooi-api": "/api/v1/health", "awoooi-web": "/"}
log = logging.getLogger("kubelet")


class Kubelet:
    """Runs in two threads: a slow probe must not keep the lease from being renewed."""

    def __init__(self, node: str, client: Client) -> None:
        self.node, self.client = node, client
        self.containers = Containers()
        self._failures: dict[str, int] = {}

    def start(self) -> None:
        """Begin, in the background."""
        for work, every in ((self._heartbeat, RENEW_EVERY), (self._say_node, 1.0), (self._sync_pods, 1.0)):
            threading.Thread(target=self._forever, args=(work, every), daemon=True).start()

    def _forever(self, work: Any, every: float) -> None:
        said = ""
        while True:
            try:
                work()
                said, wait = "", every
            except Unavailable as error:
                if str(error) != said:
                    log.warning("%s", error)
                said, wait = str(error), 1.0
            except Exception:  # a kubelet does not end over one pod
                log.exception("kubelet")
                wait = 1.0
            time.sleep(wait)

    def _heartbeat(self) -> None:
        lease = self.client.get("leases", self.node, LEASES)
        lease["spec"] |= {"holderIdentity": self.node, "renewTime": stamp(micro=True)}
        del lease["metadata"]["resourceVersion"]
        self.client.put("leases", lease)

    def _say_node(self) -> None:
        """Say that the node is Ready, or why not. Only what changed is written."""
        node = self.client.get("nodes", self.node)
        status = copy.deepcopy(node["status"])
        wanted = [condition(kind, holds=False, reason=why, message=text) for kind, (why, text) in PRESSURES.items()]
        ready = CNI.exists()
        wanted.append(
            condition(
                "Ready",
                holds=ready,
                reason="KubeletReady" if ready else "KubeletNotReady",
                message="kubelet is posting ready status" if ready else NO_CNI,
            )
        )
        for one in wanted:
            become(status["conditions"], one)
        status["nodeInfo"]["bootID"] = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        if status != node["status"]:
            self.client.put("nodes", {**node, "status": status}, "status")

    def _sync_pods(self) -> None:
        for pod in self.client.pods_on(self.node):
            status = self._status(pod)
            if status != pod["status"]:
                # Somebody may have changed it in between: then it is looked at again in a second.
                with suppress(Unavailable):
                    self.client.put("pods", {**pod, "status": status}, "status")

    def _status(self, pod: dict[str, Any]) -> dict[str, Any]:
        status: dict[str, Any] = copy.deepcopy(pod["status"])
        name, container = pod["metadata"]["name"], status["containerStatuses"][0]
        app, waiting = container["name"], container["state"].get("waiting", {})
        if waiting and waiting["reason"] != "ContainerCreating":
            ready = False  # an image that cannot be pulled: nothing to start
        else:
            self._run(name, app, container)
            ready = self._probe(name, app, was=container["ready"])
            status["phase"] = "Running"
        status.setdefault("startTime", stamp())
        container |= {"ready": ready, "started": "running" in container["state"]}
        message = "" if ready else f"containers with unready status: [{app}]"
        for kind in ("ContainersReady", "Ready"):
            reason = "" if ready else "ContainersNotReady"
            become(status["conditions"], condition(kind, holds=ready, reason=reason, message=message))
        return status

    def _run(self, pod: str, app: str, container: dict[str, Any]) -> None:
        identity, began = self.containers.run(pod, app)
        if container.get("containerID") == identity:
            return
        if container.get("containerID"):
            ended = {"reason": "Unknown", "exitCode": 255, "finishedAt": began, "containerID": container["containerID"]}
            container |= {"restartCount": container["restartCount"] + 1, "lastState": {"terminated": ended}}
        container |= {"containerID": identity, "state": {"running": {"startedAt": began}}, "ready": False}

    def _probe(self, pod: str, app: str, *, was: bool) -> bool:
        if app not in HEALTH or _healthy(f"http://127.0.0.1:{NODE_PORTS[app]}{HEALTH[app]}"):
            self._failures[pod] = 0
            return True
        self._failures[pod] = self._failures.get(pod, 0) + 1
        return was and self._failures[pod] < FAILURES


def become(conditions: list[dict[str, Any]], new: dict[str, Any]) -> None:
    """Put a condition in the place of the one of its type; it keeps its time when it says the same."""
    for index, old in enumerate(conditions):
        if old["type"] == new["type"]:
            kept = "lastTransitionTime"
            conditions[index] = {**new, kept: old[kept] if old["status"] == new["status"] else new[kept]}
            return
    conditions.append(new)


def _healthy(url: str) -> bool:
    try:
        with urlopen(url, timeout=1):  # noqa: S310 - our own address
            return True
    except (HTTPError, OSError):
        return False
