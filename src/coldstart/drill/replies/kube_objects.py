"""Nodes, leases, Deployments, Services, EndpointSlices: the fields that coldstart asks for, in its order."""

from typing import Any

from coldstart.drill.replies import kube_life
from coldstart.drill.replies.kube_pods import PODS, PROD, Seen, pods, scaled_down, stamp
from coldstart.drill.view import View

Json = dict[str, Any]

NAMESPACES = (PROD, "default", "kube-node-lease", "kube-public", "kube-system")
SECRETS = {PROD: ("awoooi-secrets", "harbor-registry")}

_SLICES = {"awoooi-api": ("awoooi-api-e51aa", 32334), "awoooi-web": ("awoooi-web-1733e", 32335)}
"""The EndpointSlice and the NodePort of each Service."""
_FINE = (
    ("MemoryPressure", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
)
_NO_CNI = (
    "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady "
    "message:Network plugin returns error: cni plugin not initialized"
)
_READY = {
    "True": ("KubeletReady", "kubelet is posting ready status"),
    "False": ("KubeletNotReady", _NO_CNI),
}


def _condition(kind: str, status: str, reason: str, message: str | None) -> Json:
    return {"type": kind, "status": status, "reason": reason, "message": message}


def nodes(view: View) -> list[Json]:
    return [_node(view, name) for name in kube_life.KUBELETS]


def _node(view: View, name: str) -> Json:
    ready = kube_life.node_ready(view.stack, name)
    taints: list[Json] = []
    if ready == "Unknown":
        said = "NodeStatusUnknown", "Kubelet stopped posting node status."
        conditions = [_condition(kind, ready, *said) for kind in (*(kind for kind, _, _ in _FINE), "Ready")]
        key = "node.kubernetes.io/unreachable"
        taints = [{"key": key, "effect": effect} for effect in ("NoSchedule", "NoExecute")]
    else:
        conditions = [_condition(kind, "False", reason, message) for kind, reason, message in _FINE]
        conditions.append(_condition("Ready", ready, *_READY[ready]))
    return {
        "metadata": {"name": name},
        "spec": {"unschedulable": None, "taints": taints},
        "status": {"conditions": conditions},
    }


def leases(view: View) -> list[Json]:
    return [
        {
            "metadata": {"name": name},
            "spec": {"renewTime": stamp(view, kube_life.renewed(view.stack, name), micro=True)},
        }
        for name in kube_life.KUBELETS
    ]


def deployments(view: View) -> list[Json]:
    """Those of AWOOOI; K3s' own are not asked for."""
    seen = list(pods(view))
    return [_deployment(view, app, seen) for app in dict.fromkeys(pod.app for pod in PODS if pod.namespace == PROD)]


def _deployment(view: View, app: str, seen: list[Seen]) -> Json:
    own = [one for one in seen if one.pod.app == app]
    down = scaled_down(view, app)
    wanted = 0 if down else sum(pod.app == app for pod in PODS)
    ready = sum(one.ready for one in own)
    # Of less than four replicas none may be missing: maxUnavailable is 25 %, rounded down.
    enough = ready >= wanted - wanted // 4
    available = _condition(
        "Available",
        str(enough),
        f"MinimumReplicas{'Available' if enough else 'Unavailable'}",
        f"Deployment {'has' if enough else 'does not have'} minimum availability.",
    )
    generation = 2 if down else 1
    return {
        "metadata": {"name": app, "namespace": PROD, "generation": generation},
        "spec": {"replicas": wanted, "paused": None},
        "status": {
            "observedGeneration": generation,
            "replicas": len(own) or None,
            "updatedReplicas": len(own) or None,
            "availableReplicas": ready or None,
            "conditions": [available, _condition("Progressing", "True", "NewReplicaSetAvailable", None)],
        },
    }


def services(_view: View) -> list[Json]:
    return [
        {
            "metadata": {"name": name, "namespace": PROD},
            "spec": {"type": "NodePort", "ports": [{"name": "http", "port": 80, "nodePort": port}]},
        }
        for name, (_, port) in _SLICES.items()
    ]


def slices(view: View) -> list[Json]:
    """The pods behind each Service, ready or not."""
    seen = list(pods(view))
    return [
        {
            "metadata": {"name": slice_, "namespace": PROD, "labels": {"kubernetes.io/service-name": name}},
            "endpoints": [
                {"conditions": {"ready": one.ready}, "targetRef": {"kind": "Pod", "name": one.pod.name}}
                for one in seen
                if one.pod.app == name
            ],
        }
        for name, (slice_, _) in _SLICES.items()
    ]
