"""Kubernetes objects as the API serves them: whole, with what must never leave a host in them."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]
NOW = 1795428000.0
"""2026-11-23T10:00:00Z: the time at which these objects are looked at."""

CANARY = "hunter2-canary"
"""In the environment, annotations, Secrets and termination messages of these objects; it must not be printed."""

NS = "awoooi-prod"
HARBOR = "192.168.0.110:5000/awoooi"


def ago(seconds: float, *, micro: bool = False) -> str:
    """RFC 3339, so many seconds before `NOW`."""
    at = datetime.fromtimestamp(NOW - seconds, UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ" if micro else "%Y-%m-%dT%H:%M:%SZ")


def metadata(name: str, namespace: str | None = NS, created: float = 86400, **more: Any) -> Json:
    applied = json.dumps({"spec": {"env": [{"name": "DB_PASSWORD", "value": CANARY}]}})
    return {
        "name": name,
        **({"namespace": namespace} if namespace else {}),
        "uid": f"uid-of-{name}",
        "resourceVersion": "4711",
        "generation": 3,
        "creationTimestamp": ago(created),
        "labels": {"app": name.partition("-")[0]},
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": applied},
        "managedFields": [{"manager": "k3s", "operation": "Update", "fieldsV1": {"f:metadata": {"f:x": {}}}}],
        **more,
    }


def condition(kind: str, status: str = "True", reason: str = "", message: str = "", since: float = 7200) -> Json:
    return {
        "type": kind,
        "status": status,
        "lastTransitionTime": ago(since),
        "lastHeartbeatTime": ago(200),
        **({"reason": reason} if reason else {}),
        **({"message": message} if message else {}),
    }


def node(name: str, *conditions: Json, **spec: Any) -> Json:
    """A node; given conditions stand in place of those of the same type of a healthy one."""
    healthy = [
        condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        condition("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
    ]
    given = {one["type"]: one for one in conditions}
    return {
        "metadata": metadata(name, None),
        "spec": {"podCIDR": "10.42.0.0/24", "providerID": f"k3s://{name}", **spec},
        "status": {
            "addresses": [{"type": "InternalIP", "address": "192.168.0.120"}],
            "conditions": [given.pop(one["type"], one) for one in healthy] + list(given.values()),
            "nodeInfo": {"kubeletVersion": "v1.30.5+k3s1", "bootID": "b"},
        },
    }


def lease(name: str, renewed: float = 3.2) -> Json:
    return {
        "metadata": metadata(name, "kube-node-lease"),
        "spec": {"holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": ago(renewed, micro=True)},
    }


def ended(reason: str, code: int, since: float = 600) -> Json:
    return {
        "terminated": {
            "reason": reason,
            "exitCode": code,
            "message": f"last words with {CANARY}",
            "startedAt": ago(since + 5),
            "finishedAt": ago(since),
            "containerID": "containerd://c",
        }
    }


def waiting(reason: str, message: str = "") -> Json:
    return {"waiting": {"reason": reason, **({"message": message} if message else {})}}


def container(name: str, state: Json | None = None, **more: Any) -> Json:
    """A container's status: running and ready since an hour, unless `state` says otherwise."""
    runs = state is None or "running" in state
    return {
        "name": name,
        "image": f"{HARBOR}/{name}:v7",
        "imageID": "sha256:0",
        "containerID": "containerd://c",
        "ready": runs,
        "started": runs,
        "restartCount": 0,
        "state": state or {"running": {"startedAt": ago(3600)}},
        "lastState": {},
        **more,
    }


def pod(name: str, *containers: Json, phase: str = "Running", on: str | None = "k3s-120", **more: Any) -> Json:
    """A pod; `more` goes into its status, but for `meta`, which goes into its metadata."""
    statuses = list(containers) or [container(name.partition("-")[0])]
    ready = phase == "Running" and all(one["ready"] for one in statuses)
    meta = {"ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": f"{name}-rs", "uid": "u"}]}
    return {
        "metadata": metadata(name, **{**meta, **more.pop("meta", {})}),
        "spec": {
            **({"nodeName": on} if on else {}),
            "containers": [
                {
                    "name": one["name"],
                    "image": one["image"],
                    "args": [f"--password={CANARY}"],
                    "env": [{"name": "DB_PASSWORD", "value": CANARY}],
                }
                for one in statuses
            ],
        },
        "status": {
            "phase": phase,
            "podIP": "10.42.0.7",
            "startTime": ago(7200),
            "conditions": [
                condition("PodScheduled"),
                condition("Initialized"),
                condition("ContainersReady", str(ready)),
                condition("Ready", str(ready), "" if ready else "ContainersNotReady"),
            ],
            "containerStatuses": statuses,
            **more,
        },
    }


def deployment(name: str, wanted: int = 2, *conditions: Json, **status: Any) -> Json:
    """A Deployment, complete unless `status` says otherwise; `paused` goes into its spec."""
    paused = {"paused": True} if status.pop("paused", False) else {}
    given = {one["type"]: one for one in conditions}
    healthy = [
        condition("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability."),
        condition("Progressing", "True", "NewReplicaSetAvailable", "ReplicaSet has successfully progressed."),
    ]
    counts = {f"{word}eplicas": wanted for word in ("r", "updatedR", "readyR", "availableR")} if wanted else {}
    template = {"spec": {"containers": [{"name": name, "env": [{"name": "K", "value": CANARY}]}]}}
    return {
        "metadata": metadata(name),
        "spec": {"replicas": wanted, **paused, "template": template},
        "status": {
            "observedGeneration": 3,
            **counts,
            "conditions": [given.get(one["type"], one) for one in healthy],
            **status,
        },
    }


def service(name: str, kind: str = "NodePort", *node_ports: int) -> Json:
    ports = [{"name": "http", "port": 80, "targetPort": 8000, "protocol": "TCP"}]
    ports = [{**ports[0], "nodePort": port} for port in node_ports] or ports
    return {"metadata": metadata(name), "spec": {"type": kind, "clusterIP": "10.43.0.9", "ports": ports}}


def endpointslice(service_name: str, *ready: bool | None) -> Json:
    """A slice of a Service, an endpoint for each of `ready`; None is not given, which counts as ready."""
    labels = {"kubernetes.io/service-name": service_name, "endpointslice.kubernetes.io/managed-by": "x"}
    return {
        "metadata": metadata(f"{service_name}-x7k2p", labels=labels),
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": 8000, "protocol": "TCP"}],
        "endpoints": [
            {
                "addresses": [f"10.42.0.{number + 7}"],
                "conditions": {} if one is None else {"ready": one, "serving": one, "terminating": False},
                "targetRef": {"kind": "Pod", "name": f"{service_name}-{number}", "namespace": NS},
            }
            for number, one in enumerate(ready)
        ],
    }


def secret(name: str, namespace: str = NS) -> Json:
    value = base64.b64encode(CANARY.encode()).decode()
    return {"metadata": metadata(name, namespace), "type": "Opaque", "data": {"DB_PASSWORD": value}}


def namespace(name: str) -> Json:
    return {"metadata": metadata(name, None), "status": {"phase": "Active"}}


def cronjob(name: str, scheduled: float | None = 600, succeeded: float | None = 540, **more: Any) -> Json:
    """A CronJob; `more`: active (names), created (s ago), and what else stands in its spec."""
    active, created = more.pop("active", ()), more.pop("created", 86400 * 30)
    return {
        "metadata": metadata(name, created=created),
        "spec": {"schedule": "0 * * * *", "suspend": False, "concurrencyPolicy": "Allow", "jobTemplate": {}, **more},
        "status": {
            **({"lastScheduleTime": ago(scheduled)} if scheduled is not None else {}),
            **({"lastSuccessfulTime": ago(succeeded)} if succeeded is not None else {}),
            **({"active": [{"kind": "Job", "namespace": NS, "name": one} for one in active]} if active else {}),
        },
    }


def job(name: str, *conditions: Json, created: float = 600, of: str | None = None, **more: Any) -> Json:
    """A Job; `more`: spec (a dict), and what else stands in its status."""
    owner = [{"apiVersion": "batch/v1", "kind": "CronJob", "name": of, "uid": f"uid-of-{of}", "controller": True}]
    spec = {"backoffLimit": 6, "completions": 1, "template": {"env": CANARY}, **more.pop("spec", {})}
    return {
        "metadata": metadata(name, NS, created, ownerReferences=owner if of else []),
        "spec": spec,
        "status": {"startTime": ago(created), **({"conditions": list(conditions)} if conditions else {}), **more},
    }


def event(reason: str, message: str, last: float = 120, count: int = 1, **more: Any) -> Json:
    return {
        "metadata": metadata(f"awoooi-api.{reason.lower()}", created=last + 30),
        "involvedObject": {"kind": "Pod", "namespace": NS, "name": "awoooi-api-1", "uid": "u"},
        "type": "Warning",
        "reason": reason,
        "message": message,
        "source": {"component": "kubelet", "host": "k3s-120"},
        "firstTimestamp": ago(last + 30),
        "lastTimestamp": ago(last),
        "eventTime": None,
        "count": count,
        **more,
    }


def healthy() -> dict[str, list[Json]]:
    """A cluster of two nodes in which all is well."""
    names = ("awoooi-api", "awoooi-web")
    return {
        "nodes": [node("k3s-120"), node("k3s-121")],
        "leases": [lease("k3s-120"), lease("k3s-121", 8.9)],
        "namespaces": [namespace(name) for name in ("default", "kube-system", NS)],
        "pods": [
            pod("awoooi-api-7c9d-x2x4p"),
            pod("awoooi-web-5f6b-k9q2m", on="k3s-121"),
        ],
        "deployments": [deployment(name, 1) for name in names],
        "services": [service("awoooi-api", "NodePort", 32334), service("awoooi-web", "NodePort", 32335)],
        "endpointslices": [endpointslice("awoooi-api", *[True]), endpointslice("awoooi-web", None)],
        "secrets": [secret("awoooi-secrets"), secret("harbor-registry"), secret("other", "kube-system")],
        "cronjobs": [cronjob("daily-report")],
        "jobs": [job("daily-report-29000000", condition("Complete"), of="daily-report", succeeded=1)],
        "events": [],
    }
