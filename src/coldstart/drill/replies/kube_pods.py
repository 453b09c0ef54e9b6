"""The pods, and what each is made to say of itself by the parts of the stack. Names and ids are the lab's."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from coldstart.drill.inventory import PARTS
from coldstart.drill.replies import kube_life
from coldstart.drill.replies.kube_container import CREATING, Container, Place, container
from coldstart.drill.state import Phase
from coldstart.drill.view import View

PROD, SYSTEM = "awoooi-prod", "kube-system"
_AGE = 6 * 86400.0 + 4210
"""How long before the start of the scenario the pods were made, s."""


class Pod(NamedTuple):
    """`app` is also the name of its only container, and of the part of the stack that it is, if it is one."""

    app: str
    name: str
    namespace: str
    node: str
    image: str
    uid: str

    @property
    def part(self) -> str | None:
        name = f"k8s/{self.app}"
        return name if name in PARTS else None

    @property
    def owner(self) -> str:
        return self.name.rpartition("-")[0]


_OURS, _RANCHER = "192.168.0.110:5000/awoooi", "rancher"
PODS = (
    Pod(
        *("awoooi-api", "awoooi-api-2b27770a6-65348", PROD, "121", f"{_OURS}/api:v7"),
        uid="33e7f895-b22d-4180-92d7-7aee92f40512",
    ),
    Pod(
        *("awoooi-api", "awoooi-api-8b1c08d9c-71e88", PROD, "120", f"{_OURS}/api:v7"),
        uid="98708928-3490-4802-83ad-a7b283b79435",
    ),
    Pod(
        *("awoooi-web", "awoooi-web-0fa0f8f62-5b6c4", PROD, "121", f"{_OURS}/web:v7"),
        uid="d20d3b10-ea3a-4ac3-8537-f53402eed3b3",
    ),
    Pod(
        *("awoooi-web", "awoooi-web-7ba065fef-2c538", PROD, "120", f"{_OURS}/web:v7"),
        uid="746e2c27-92a4-4a7a-a186-36847d6928a9",
    ),
    Pod(
        *("awoooi-worker", "awoooi-worker-d0e27753d-bf225", PROD, "120", f"{_OURS}/worker:v7"),
        uid="cf72ea9e-b760-40af-bc87-5cbaabfa1124",
    ),
    Pod(
        *("coredns", "coredns-ef8c5845c-b2b62", SYSTEM, "120", f"{_RANCHER}/mirrored-coredns-coredns:1.10.1"),
        uid="3c373e71-3cbd-4057-97ac-6a04675e9f1c",
    ),
    Pod(
        *("local-path-provisioner", "local-path-provisioner-a77fc4d53-987ea", SYSTEM, "120"),
        *(f"{_RANCHER}/local-path-provisioner:v0.0.28", "df7e87a0-a0b1-4a1a-8112-9a818b69c43a"),
    ),
    Pod(
        *("metrics-server", "metrics-server-3b2861004-5f971", SYSTEM, "120"),
        *(f"{_RANCHER}/mirrored-metrics-server:v0.7.0", "8f2da522-319d-42d8-a830-cc58126e9146"),
    ),
    Pod(
        *("svclb-traefik", "svclb-traefik-5729c", SYSTEM, "120", f"{_RANCHER}/klipper-lb:v0.4.9"),
        uid="1d14d078-ec6b-41e4-b8f5-b82845cd018c",
    ),
    Pod(
        *("svclb-traefik", "svclb-traefik-d6c6f", SYSTEM, "121", f"{_RANCHER}/klipper-lb:v0.4.9"),
        uid="04d979d4-344d-443a-a8d1-006bb54fa2e8",
    ),
    Pod(
        *("traefik", "traefik-fa2edcd32-704a3", SYSTEM, "120", f"{_RANCHER}/mirrored-library-traefik:2.10.7"),
        uid="59b1ac45-0c9d-41aa-9c70-712c8d8e5bed",
    ),
)


@dataclass(frozen=True)
class Seen:
    """A pod as the API server has it."""

    pod: Pod
    container: Container
    ready: bool
    """Its Ready condition: not that of a pod whose node is taken for dead."""


def scaled_down(view: View, app: str) -> bool:
    """Say whether somebody has scaled a Deployment to nothing: that is how a part of the cluster is stopped."""
    part = f"k8s/{app}"
    return part in PARTS and view.stack.parts[part].phase is Phase.BROKEN and view.stack.parts[part].fault == "stopped"


def pods(view: View) -> Iterator[Seen]:
    """Every pod that there is, in kubectl's order."""
    for pod in PODS:
        if not scaled_down(view, pod.app):
            who = f"container={pod.app} pod={pod.name}_{pod.namespace}({pod.uid})"
            found = container(view, pod.part, Place(pod.node, pod.image, who))
            ready = found.ready and kube_life.node_ready(view.stack, pod.node) == "True"
            yield Seen(pod, found, ready)


def pod_object(view: View, seen: Seen) -> dict[str, Any]:
    pod, one = seen.pod, seen.container
    why = None if one.ready else "ContainersNotReady"
    message = None if one.ready else f"containers with unready status: [{pod.app}]"
    held = {"PodScheduled": True, "Initialized": True, "ContainersReady": one.ready, "Ready": seen.ready}
    waits = one.waiting[0] if one.waiting else None
    return {
        "metadata": {
            "name": pod.name,
            "namespace": pod.namespace,
            "uid": pod.uid,
            "creationTimestamp": stamp(view, -_AGE),
            "deletionTimestamp": None,
            "ownerReferences": [
                {"kind": "DaemonSet" if pod.app == "svclb-traefik" else "ReplicaSet", "name": pod.owner}
            ],
        },
        "spec": {"nodeName": pod.node},
        "status": {
            "phase": "Pending" if waits in {CREATING, "ErrImagePull", "ImagePullBackOff"} else "Running",
            "reason": None,
            "message": None,
            "conditions": [
                {
                    "type": kind,
                    "status": str(holds),
                    "reason": None if holds else why,
                    "message": None if holds else message,
                }
                for kind, holds in held.items()
            ],
            "initContainerStatuses": [],
            "containerStatuses": [_container_object(view, pod, one)],
        },
    }


def _container_object(view: View, pod: Pod, one: Container) -> dict[str, Any]:
    waiting = {"reason": one.waiting[0], "message": one.waiting[1]} if one.waiting else None
    running = {"startedAt": stamp(view, one.began)} if one.began is not None else None
    last = None
    if one.last:
        at, reason, code = one.last
        last = {"terminated": {"reason": reason, "exitCode": code, "finishedAt": stamp(view, at)}}
    return {
        "name": pod.app,
        "image": pod.image,
        "ready": one.ready,
        "started": one.began is not None,
        "restartCount": one.restarts,
        "state": {"waiting": waiting, "running": running, "terminated": None},
        "lastState": last,
    }


def stamp(view: View, at: float, *, micro: bool = False) -> str:
    """A moment of the scenario as Kubernetes writes times (metav1.Time, MicroTime)."""
    return view.time(at).strftime("%Y-%m-%dT%H:%M:%S.%fZ" if micro else "%Y-%m-%dT%H:%M:%SZ")
