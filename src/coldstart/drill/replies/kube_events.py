"""Warning events of pods, with the times of each: they fade because they grow old, not because all is well.

Nothing is on record of a time when the API server did not serve.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from coldstart.drill.replies import kube_container, kube_life
from coldstart.drill.replies.kube_container import REGISTRY, Episode
from coldstart.drill.replies.kube_pods import PODS, Pod, scaled_down, stamp
from coldstart.drill.state import PartState
from coldstart.drill.view import View

Json = dict[str, Any]
Told = tuple[str, str, list[float]]
"""Reason, message, and when."""

_KEPT = 3600.0
"""Seconds for which the API server keeps an event after its last time (--event-ttl)."""
_AGAIN, _PROBED = 12.0, 10.0
"""Seconds between two looks of a kubelet: at a container that it does not start yet, at the health of one that runs."""


def events(view: View) -> list[Json]:
    """The events of every pod of which there is something to warn of, in the order of their names."""
    found = [
        event
        for pod in PODS
        if pod.part and not scaled_down(view, pod.app)
        for told in _of_pod(view, pod, view.stack.parts[pod.part])
        if (event := _event(view, pod, *told))
    ]
    return sorted(found, key=lambda event: str(event["metadata"]["name"]))


def _event(view: View, pod: Pod, reason: str, message: str, moments: list[float]) -> Json | None:
    seen = [at for at in moments if at <= view.now and kube_life.was_up(view.stack, kube_life.SERVER, at)]
    if not seen or seen[-1] < view.now - _KEPT:
        return None
    return {
        "metadata": {
            "name": f"{pod.name}.{_suffix(view, seen[0], message)}",
            "namespace": pod.namespace,
            "creationTimestamp": stamp(view, seen[0]),
        },
        "involvedObject": {"kind": "Pod", "name": pod.name},
        "reason": reason,
        "message": message,
        "count": len(seen),
        "lastTimestamp": stamp(view, seen[-1]),
        "eventTime": None,
        "series": None,
    }


def _suffix(view: View, at: float, message: str) -> str:
    """The first time in nanoseconds, as client-go names an event; two events of one second differ."""
    return f"{int(view.wall(at)) * 10**9 + sum(message.encode()) * 10**4:x}"


def _of_pod(view: View, pod: Pod, part: PartState) -> Iterator[Told]:
    """What its kubelet warns of: images that it does not get, ends of the container, probes that fail."""
    pulls = [at for span in _pulling(view, pod, part) for at in kube_container.tries(*span)]
    waits = [at for span in _pulling(view, pod, part) for at in _every(_AGAIN, *span, first=_AGAIN)]
    said = {at: kube_container.pull_error(view.stack, pod.image, at) for at in pulls}
    for why in sorted(set(said.values())):
        yield "Failed", f'Failed to pull image "{pod.image}": {why}', [at for at in pulls if said[at] == why]
    yield "Failed", "Error: ErrImagePull", pulls
    yield "Failed", "Error: ImagePullBackOff", waits
    backs_off = [at for span in _ending(view, pod, part) for at in _every(_AGAIN, *span, first=2.0)]
    who = f"container {pod.app} in pod {pod.name}_{pod.namespace}({pod.uid})"
    yield "BackOff", f"Back-off restarting failed {who}", backs_off
    for fault, why in (
        ("failing", "HTTP probe failed with statuscode: 500"),
        ("frozen", "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"),
    ):
        spans = kube_container.faults(view.stack, part, pod.node, fault)
        failed = [at for span in spans for at in _every(_PROBED, *span, first=_PROBED)]
        yield "Unhealthy", f"Readiness probe failed: {why}", failed


def _every(seconds: float, since: float, until: float, *, first: float) -> list[float]:
    return [since + first + seconds * number for number in range(1 + int((until - since - first) // seconds))]


def _lacking(view: View, pod: Pod, part: PartState) -> Iterator[tuple[float, float, tuple[str, ...]]]:
    """From when to when the pod's node was there, and something else was not; what."""
    for (at, lacks), (until, _) in pairwise([*part.lacked, (view.now, ())]):
        if lacks and kube_life.part_of(pod.node) not in lacks:
            yield at, until, lacks


def _joined(spans: list[Episode]) -> list[Episode]:
    found: list[Episode] = []
    for since, until in spans:
        if found and found[-1][1] == since:
            since = found.pop()[0]  # noqa: PLW2901 - the episode before goes on
        found.append((since, until))
    return found


def _pulling(view: View, pod: Pod, part: PartState) -> list[Episode]:
    """When it had no container, and 110 did not give it the image."""
    ends = kube_container.crashes(view.stack, part, pod.node)
    found = []
    for at, until, lacks in _lacking(view, pod, part):
        boot = max((one for one in view.stack.hosts[pod.node].boots if one.at <= at), key=lambda one: one.at)
        start = kube_container.began(view.stack, part, pod.node, boot, at)
        runs = start is not None and not any(start < end <= at for end in ends)
        if REGISTRY in lacks and not runs:
            found.append((at, until))
    return _joined(found)


def _ending(view: View, pod: Pod, part: PartState) -> list[Episode]:
    """From its first end to when it had what it wanted."""
    wanting = _joined(
        [
            (at, until)
            for at, until, lacks in _lacking(view, pod, part)
            if REGISTRY not in lacks and any(not name.startswith("k8s/") for name in lacks)
        ]
    )
    spans = []
    for since, until in wanting:
        first = next((end for end in part.ended if since <= end <= until), None)
        spans += [] if first is None else [(first, until)]
    return sorted((*spans, *kube_container.faults(view.stack, part, pod.node, "damaged")))
