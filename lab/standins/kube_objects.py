"""What the lab's cluster consists of: objects as a K3s of two nodes has them, with AWOOOI's workload on it."""

import base64
import secrets
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

Object = dict[str, Any]

NODES = ("120", "121")
PROD, SYSTEM, LEASES = "awoooi-prod", "kube-system", "kube-node-lease"
HARBOR = "192.168.0.110:5000/awoooi"
NODE_PORTS = {"awoooi-api": 32334, "awoooi-web": 32335}
PRESSURES = {
    "MemoryPressure": ("KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    "DiskPressure": ("KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    "PIDPressure": ("KubeletHasSufficientPID", "kubelet has sufficient PID available"),
}


def stamp(at: float | None = None, *, micro: bool = False) -> str:
    """Return a time as Kubernetes writes it; without one, now."""
    when = datetime.now(UTC) if at is None else datetime.fromtimestamp(at, UTC)
    return when.strftime("%Y-%m-%dT%H:%M:%S.%fZ" if micro else "%Y-%m-%dT%H:%M:%SZ")


def condition(kind: str, *, holds: bool, reason: str = "", message: str = "") -> Object:
    """Return a condition that became so now."""
    said = {name: text for name, text in (("reason", reason), ("message", message)) if text}
    return {"type": kind, "status": str(holds), "lastTransitionTime": stamp(), **said}


def metadata(name: str, namespace: str = "", **more: Any) -> Object:
    where = {"namespace": namespace} if namespace else {}
    return {"name": name, **where, "uid": str(uuid4()), "creationTimestamp": stamp(), **more}


def owned(kind: str, name: str, uid: str = "") -> list[Object]:
    """Return what says who made an object."""
    api = "batch/v1" if kind in ("CronJob", "Job") else "apps/v1"
    return [{"apiVersion": api, "kind": kind, "name": name, "uid": uid or str(uuid4()), "controller": True}]


def node(name: str) -> Object:
    server = name == "120"
    labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux"}
    roles = {"node-role.kubernetes.io/control-plane": "true", "node-role.kubernetes.io/master": "true"}
    return {
        "metadata": metadata(name, labels=labels | (roles if server else {})),
        "spec": {"podCIDR": f"10.42.{NODES.index(name)}.0/24", "providerID": f"k3s://{name}"},
        "status": {
            "addresses": [
                {"type": "InternalIP", "address": f"192.168.0.{name}"},
                {"type": "Hostname", "address": name},
            ],
            "conditions": [
                condition(kind, holds=False, reason=reason, message=message)
                for kind, (reason, message) in PRESSURES.items()
            ],
            "nodeInfo": {
                "kubeletVersion": "v1.30.5+k3s1",
                "bootID": "",
                "containerRuntimeVersion": "containerd://1.7.21",
            },
        },
    }


def lease(name: str) -> Object:
    spec = {"holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": stamp(micro=True)}
    return {"metadata": metadata(name, LEASES), "spec": spec}


def pod(app: str, namespace: str, on: str, image: str, owner: str = "ReplicaSet") -> Object:
    """Return a pod that its node's kubelet has not started yet."""
    suffix, template = secrets.token_hex(3)[:5], secrets.token_hex(5)[:9]
    of = app if owner == "DaemonSet" else f"{app}-{template}"
    return {
        "metadata": metadata(f"{of}-{suffix}", namespace, labels={"app": app}, ownerReferences=owned(owner, of)),
        "spec": {"nodeName": on, "containers": [{"name": app, "image": image}], "restartPolicy": "Always"},
        "status": {
            "phase": "Pending",
            "conditions": [condition("PodScheduled", holds=True), condition("Initialized", holds=True)],
            "containerStatuses": [
                {
                    "name": app, "image": image, "imageID": "", "ready": False, "started": False, "restartCount": 0,
                    "state": {"waiting": {"reason": "ContainerCreating"}}, "lastState": {},
                }
            ],
        },
    }  # fmt: skip


def deployment(app: str, namespace: str, replicas: int, image: str) -> Object:
    template = {"metadata": {"labels": {"app": app}}, "spec": {"containers": [{"name": app, "image": image}]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": app}}, "template": template}
    return {
        "metadata": metadata(app, namespace, generation=1, labels={"app": app}),
        "spec": spec,
        "status": {
            "observedGeneration": 1,
            "conditions": [
                condition("Available", holds=False, reason="MinimumReplicasUnavailable"),
                condition("Progressing", holds=True, reason="NewReplicaSetAvailable"),
            ],
        },
    }


def service(app: str, namespace: str, port: int, node_port: int = 0) -> Object:
    ports = [{"name": "http", "port": port, "protocol": "TCP"} | ({"nodePort": node_port} if node_port else {})]
    kind = "NodePort" if node_port else "ClusterIP"
    return {"metadata": metadata(app, namespace), "spec": {"type": kind, "selector": {"app": app}, "ports": ports}}


def endpointslice(app: str, namespace: str) -> Object:
    labels = {
        "kubernetes.io/service-name": app,
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
    }
    where = metadata(f"{app}-{secrets.token_hex(3)[:5]}", namespace, labels=labels)
    return {"metadata": where, "addressType": "IPv4", "ports": [{"name": "http", "protocol": "TCP"}], "endpoints": []}


def cronjob(name: str, schedule: str) -> Object:
    spec = {"schedule": schedule, "suspend": False, "concurrencyPolicy": "Forbid", "successfulJobsHistoryLimit": 3}
    return {"metadata": metadata(name, PROD), "spec": spec, "status": {}}


def event(kind: str, name: str, reason: str, message: str) -> Object:
    about = {"kind": kind, "name": name, "namespace": PROD}
    times = {"firstTimestamp": stamp(), "lastTimestamp": stamp(), "eventTime": None, "count": 1}
    where = metadata(f"{name}.{secrets.token_hex(8)}", PROD)
    return {"metadata": where, "involvedObject": about, "type": "Normal", "reason": reason, "message": message, **times}


def secret(name: str) -> Object:
    value = base64.b64encode(secrets.token_bytes(24)).decode()
    return {"metadata": metadata(name, PROD), "type": "Opaque", "data": {"DATABASE_PASSWORD": value}}


def cluster() -> dict[str, list[Object]]:
    """Return every object of a new cluster, by its plural."""
    system = {
        "coredns": "rancher/mirrored-coredns-coredns:1.10.1",
        "traefik": "rancher/mirrored-library-traefik:2.10.7",
        "metrics-server": "rancher/mirrored-metrics-server:v0.7.0",
        "local-path-provisioner": "rancher/local-path-provisioner:v0.0.28",
    }
    apps = {"awoooi-api": NODES, "awoooi-web": NODES, "awoooi-worker": ("121",)}
    images = {app: f"{HARBOR}/{app.removeprefix('awoooi-')}:v7" for app in apps}
    daemons = [pod("svclb-traefik", SYSTEM, on, "rancher/klipper-lb:v0.4.9", "DaemonSet") for on in NODES]
    return {
        "namespaces": [
            {"metadata": metadata(name), "spec": {}, "status": {"phase": "Active"}}
            for name in ("default", SYSTEM, LEASES, "kube-public", PROD)
        ],
        "nodes": [node(name) for name in NODES],
        "leases": [lease(name) for name in NODES],
        "pods": [pod(app, PROD, on, images[app]) for app, nodes in apps.items() for on in nodes]
        + [pod(app, SYSTEM, "120", image) for app, image in system.items()] + daemons,
        "deployments": [deployment(app, PROD, len(nodes), images[app]) for app, nodes in apps.items()]
        + [deployment(app, SYSTEM, 1, image) for app, image in system.items()],
        "services": [service(app, PROD, 80, port) for app, port in NODE_PORTS.items()]
        + [service("kubernetes", "default", 443), service("coredns", SYSTEM, 53)],
        "endpointslices": [endpointslice(app, PROD) for app in NODE_PORTS] + [endpointslice("coredns", SYSTEM)],
        "secrets": [secret("awoooi-secrets"), secret("harbor-registry")],
        "cronjobs": [cronjob("backup", "0 2 * * *"), cronjob("import", "0 * * * *"), cronjob("report", "30 */6 * * *")],
        "events": [event("Deployment", "awoooi-api", "ScalingReplicaSet", "Scaled up replica set to 2")],
    }  # fmt: skip
