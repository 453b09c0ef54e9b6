"""The container of a pod: what it does, since when, and how it ended before, as its node has last reported it.

A container goes on when K3s does not, and begins anew when its host boots or when it ends for want of a database.
"""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

from coldstart.drill.replies import kube_life
from coldstart.drill.stack import Stack
from coldstart.drill.state import Boot, PartState, Phase
from coldstart.drill.view import View

REGISTRY = "110/harbor"
CREATING = "ContainerCreating"
BACK_OFF = (10.0, 20.0, 40.0, 80.0, 160.0, 300.0)
"""Seconds between the tries of a kubelet; the last of them from then on."""

_RUNS_FOR = 2.0
"""Seconds after which a container that cannot start ends."""
_TRIES_FOR = 2.0
"""Seconds that a kubelet takes to see that a registry gives it nothing."""
_UP_IN = 160.0
"""Seconds after the boot in which a container began of which nothing else is on record."""
_SYSTEM_BEGINS, _SYSTEM_READY = 4.0, 11.0
"""Seconds after which a pod that is no part of the stack begins once its node is up, and then is ready."""

End = tuple[float, str, int]
"""When, why, and with which exit code."""
Episode = tuple[float, float]
"""From when to when (for now) something was the matter."""


class Place(NamedTuple):
    """Where a container is: its node, its image, and how a kubelet names it and its pod."""

    node: str
    image: str
    who: str


@dataclass(frozen=True)
class Container:
    """`waiting`: reason and message; `began`: of one that runs."""

    ready: bool
    restarts: int
    waiting: tuple[str, str | None] | None = None
    began: float | None = None
    last: End | None = None


def tries(since: float, until: float, first: float = 0.0) -> list[float]:
    """The moments up to `until` when a kubelet tries again what does not work, the first of them `first` s after."""
    found, at, number = [], since + first, 0
    while at <= until:
        found.append(at)
        at += BACK_OFF[min(number, len(BACK_OFF) - 1)]
        number += 1
    return found


def faults(stack: Stack, part: PartState, node: str, *kinds: str) -> list[Episode]:
    """When the part had one of these faults while its node was up."""
    found = []
    for (at, fault), (until, _) in pairwise([*part.faulted, (stack.now, None)]):
        since = kube_life.next_up(stack, kube_life.part_of(node), at) if fault in kinds else None
        if since is not None and since <= until:
            found.append((since, until))
    return found


def crashes(stack: Stack, part: PartState, node: str) -> list[float]:
    """Each end of its container by its own doing: for want of what it needs, or because it is damaged."""
    damaged = [
        at for since, until in faults(stack, part, node, "damaged") for at in tries(since, until, first=_RUNS_FOR)
    ]
    return sorted((*part.ended, *damaged))


def began(stack: Stack, part: PartState | None, node: str, boot: Boot, until: float) -> float | None:
    """When the container began that was the last to begin in `boot`, up to `until`; None when none did."""
    if boot is stack.hosts[node].boots[0] and boot.ended is not None:
        return boot.at + _UP_IN
    if part is None:
        ups = [one.at for one in kube_life.changes(stack, kube_life.part_of(node)) if one.phase is Phase.UP]
        return next((at + _SYSTEM_BEGINS for at in ups if at >= boot.at and at + _SYSTEM_BEGINS <= until), None)
    found: float | None = None
    ends = crashes(stack, part, node)
    for one in kube_life.changes(stack, part.spec.name):
        begins = one.at + pulling(part)
        if one.phase is Phase.STARTING and one.at >= boot.at and begins <= until:
            anew = found is None or any(found < end <= one.at for end in ends)
            found = begins if anew else found
    return found


def pulling(part: PartState) -> float:
    """Seconds until its image is there and its container begins."""
    return min(0.4 * part.takes, 12.0)


def container(view: View, name: str | None, place: Place) -> Container:
    """The container of a pod that is part `name` of the stack, or none of its parts."""
    stack, node = view.stack, place.node
    part = stack.parts[name] if name else None
    index, boot = kube_life.reported_boot(stack, node)
    until = kube_life.last_posted(stack, node)
    ends = [at for at in crashes(stack, part, node) if at <= until] if part else []
    known: list[End] = [(at, "Error", 1) for at in ends]
    known += [(kube_life.noticed(stack, node, boot), "Unknown", 255)] if index else []
    start = began(stack, part, node, boot, until)
    seen = Container(ready=False, restarts=index + len(ends), last=max(known, default=None))
    if start is None or any(end > start for end in ends):
        if part is None or not kube_life.posts(stack, node):
            return replace(seen, waiting=(CREATING, None))
        crashed = bool(ends) and ends[-1] >= (boot.at if start is None else start)
        return _not_running(seen, part, place, stack, crashed=crashed)
    if not kube_life.posts(stack, node):
        return replace(seen, began=start, ready=True)
    up = stack.up(part.spec.name) if part else kube_life.posts_well(stack, node) and until >= start + _SYSTEM_READY
    return replace(seen, began=start, ready=up)


def _not_running(seen: Container, part: PartState, place: Place, stack: Stack, *, crashed: bool) -> Container:
    """What it waits for on a node that reports. Without a database it does run at first, for some seconds."""
    now, lacks = stack.now, part.lacks if part.phase is Phase.WAITING else ()
    since = part.lacked[-1][0] if part.lacked else part.since
    if kube_life.part_of(place.node) in lacks:
        return replace(seen, waiting=(CREATING, None))
    if REGISTRY in lacks:
        tried = "ErrImagePull", pull_error(stack, place.image, since)
        backs_off = "ImagePullBackOff", f'Back-off pulling image "{place.image}"'
        return replace(seen, waiting=tried if now - since < _TRIES_FOR else backs_off)
    if crashed:
        delay = BACK_OFF[min(max(seen.restarts - 1, 0), len(BACK_OFF) - 1)]
        return replace(seen, waiting=("CrashLoopBackOff", f"back-off {_span(delay)} restarting failed {place.who}"))
    if now >= since + pulling(part) and any(not name.startswith("k8s/") for name in lacks):
        return replace(seen, began=since + pulling(part))
    return replace(seen, waiting=(CREATING, None))


def pull_error(stack: Stack, image: str, at: float) -> str:
    """What containerd said, at a moment when 110 did not give it an image."""
    registry, _, rest = image.partition("/")
    name, _, tag = rest.rpartition(":")
    url = f"https://{registry}/v2/{name}/manifests/{tag}"
    boots = stack.hosts["110"].boots
    powered = any(boot.at <= at and (boot.ended is None or at < boot.ended) for boot in boots)
    fault = next((kind for since, kind in reversed(stack.parts[REGISTRY].faulted) if since <= at), None)
    why = f'failed to do request: Head "{url}": dial tcp {registry}: connect: connection refused'
    if not powered:
        why = f'failed to do request: Head "{url}": dial tcp {registry}: connect: no route to host'
    elif fault == "failing":
        why = f"unexpected status from HEAD request to {url}: 500 Internal Server Error"
    elif fault == "frozen":
        why = f'failed to do request: Head "{url}": net/http: timeout awaiting response headers'
    return (
        f'rpc error: code = Unknown desc = failed to pull and unpack image "{image}": '
        f'failed to resolve reference "{image}": {why}'
    )


def _span(seconds: float) -> str:
    """As Go prints a duration: ``40s``, ``1m20s``."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
