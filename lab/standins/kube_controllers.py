"""The controllers: what they see of nodes and pods they write into nodes, Deployments and EndpointSlices."""

import copy
import re
import time
from pathlib import Path
from typing import Any

from .kube_kubelet import become
from .kube_objects import LEASES, condition, stamp
from .kube_store import Object, Store, key, key_of

CONFIG = Path("/etc/rancher/k3s/config.yaml")
_GRACE = re.compile(r"node-monitor-grace-period=(\d+)s")
UNREACHABLE = "node.kubernetes.io/unreachable"


def grace() -> float:
    """Return how long a node may be silent (s), from K3s's own configuration file; read again each time.

    Kubelets renew their leases every ten seconds: with less than that, nodes come and go.
    """
    found = _GRACE.search(CONFIG.read_text())
    return float(found[1]) if found else 40.0


class Nodes:
    """The node lifecycle controller: a node whose lease is not renewed is Unknown, and its pods not ready."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen: dict[str, tuple[str, float]] = {}

    def look(self) -> None:
        """Look at every node once. As there, the silence is counted from when this controller first saw it."""
        leases = {one["metadata"]["name"]: one["spec"]["renewTime"] for one in self._store.list("leases", LEASES)}
        for node in self._store.list("nodes"):
            name = node["metadata"]["name"]
            renewed, since = self._seen.get(name, ("", 0.0))
            if leases.get(name) != renewed:
                since = time.monotonic()
                self._seen[name] = leases.get(name, ""), since
            if time.monotonic() - since > grace():
                self._store.change(key("nodes", name), _unknown)
                for pod in self._store.list("pods"):
                    if pod["spec"].get("nodeName") == name:
                        self._store.change(key_of("pods", pod), _not_ready)
            elif node["spec"].get("taints") and not _is_unknown(node):
                self._store.change(key("nodes", name), _reachable)


def _is_unknown(node: Object) -> bool:
    return any(one["type"] == "Ready" and one["status"] == "Unknown" for one in node["status"]["conditions"])


def _unknown(node: Object) -> Object:
    for one in copy.deepcopy(node["status"]["conditions"]):
        said = {"reason": "NodeStatusUnknown", "message": "Kubelet stopped posting node status."}
        become(node["status"]["conditions"], {**one, **said, "status": "Unknown", "lastTransitionTime": stamp()})
    node["spec"]["taints"] = [{"key": UNREACHABLE, "effect": effect} for effect in ("NoSchedule", "NoExecute")]
    return node


def _reachable(node: Object) -> Object:
    taints = [one for one in node["spec"].pop("taints") if one["key"] != UNREACHABLE]
    return {**node, "spec": {**node["spec"], **({"taints": taints} if taints else {})}}


def _not_ready(pod: Object) -> Object:
    become(pod["status"]["conditions"], condition("Ready", holds=False))
    return pod


def is_ready(pod: Object) -> bool:
    return any(one["type"] == "Ready" and one["status"] == "True" for one in pod["status"]["conditions"])


def replicas(store: Store) -> None:
    """Count the replicas of each Deployment."""
    pods = store.list("pods")
    for one in store.list("deployments"):
        labels, where = one["spec"]["selector"]["matchLabels"], one["metadata"]["namespace"]
        own = [pod for pod in pods if _belongs(pod, labels, where)]
        status = _counted(one, len(own), sum(map(is_ready, own)))
        if status != one["status"]:
            store.change(key_of("deployments", one), lambda now, status=status: {**now, "status": status})  # type: ignore[misc]


def _belongs(pod: Object, labels: dict[str, str], namespace: str) -> bool:
    own: dict[str, str] = pod["metadata"]["labels"]
    return bool(pod["metadata"]["namespace"] == namespace) and labels.items() <= own.items()


def _counted(deployment: Object, there: int, ready: int) -> Object:
    """Return the status. Of less than four replicas none may be missing (maxUnavailable 25 %, rounded down)."""
    wanted = deployment["spec"]["replicas"]
    status: dict[str, Any] = {
        "observedGeneration": deployment["metadata"]["generation"],
        "replicas": there,
        "updatedReplicas": there,
        "conditions": copy.deepcopy(deployment["status"]["conditions"]),
    }
    if ready:
        status |= {"readyReplicas": ready, "availableReplicas": ready}
    if ready < wanted:
        status["unavailableReplicas"] = wanted - ready
    available = ready >= wanted - wanted // 4
    words = ("MinimumReplicasAvailable", "Deployment has minimum availability.")
    if not available:
        words = ("MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    become(status["conditions"], condition("Available", holds=available, reason=words[0], message=words[1]))
    return status


def endpoints(store: Store) -> None:
    """Put the pods of each Service into its EndpointSlice, ready or not."""
    pods = store.list("pods")
    slices = {one["metadata"]["labels"]["kubernetes.io/service-name"]: one for one in store.list("endpointslices")}
    for service in store.list("services"):
        slice_ = slices.get(service["metadata"]["name"])
        if slice_ is None or "selector" not in service["spec"]:
            continue
        own = [pod for pod in pods if _belongs(pod, service["spec"]["selector"], service["metadata"]["namespace"])]
        found = [
            {
                "addresses": [f"10.42.{int(pod['spec']['nodeName']) - 120}.{index + 10}"],
                "conditions": {"ready": is_ready(pod), "serving": is_ready(pod), "terminating": False},
                "nodeName": pod["spec"]["nodeName"],
                "targetRef": {
                    "kind": "Pod",
                    "name": pod["metadata"]["name"],
                    "namespace": pod["metadata"]["namespace"],
                },
            }
            for index, pod in enumerate(own)
        ]
        if found != slice_["endpoints"]:
            store.change(key_of("endpointslices", slice_), lambda now, found=found: {**now, "endpoints": found})  # type: ignore[misc]
