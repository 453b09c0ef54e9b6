"""Since when what of the cluster lives, told from the stack's history: the API server, nodes, leases, containers.

Kubernetes shows what was said last, not what is so: a kubelet that is gone leaves its record behind, as it was.
"""

from itertools import pairwise

from coldstart.drill.stack import Stack
from coldstart.drill.state import Boot, Change, Phase

SERVER = "120/k3s"
KUBELETS = {"120": SERVER, "121": "121/k3s-agent"}
"""The nodes, and which part of the stack is the kubelet of each."""

GRACE = 40.0
"""Seconds of silence after which the node controller takes a node for dead (--node-monitor-grace-period)."""
RENEWED_EVERY = 10.0
"""Seconds between two renewals of a node's lease."""

_LIVES = (Phase.STARTING, Phase.UP)


def part_of(node: str) -> str:
    """The part of the stack that a node is."""
    return f"k8s/node-{node}"


def changes(stack: Stack, part: str) -> list[Change]:
    return [change for change in stack.history if change.part == part]


def was_up(stack: Stack, part: str, at: float) -> bool:
    """Say whether a part was up at a moment. Before everything that is on record it was, until 120 lost its power."""
    known = [change.phase for change in changes(stack, part) if change.at <= at]
    outage = stack.hosts["120"].boots[0].ended
    return known[-1] is Phase.UP if known else outage is None or at < outage


def next_up(stack: Stack, part: str, at: float) -> float | None:
    """The first moment from `at` on when a part was up; None when it has not been, so far."""
    if was_up(stack, part, at):
        return at
    return next((one.at for one in changes(stack, part) if one.phase is Phase.UP and one.at > at), None)


def posts(stack: Stack, node: str) -> bool:
    """Say whether the kubelet of a node reports to the API server now; a damaged node does, that it is not ready."""
    state = stack.parts[part_of(node)]
    if state.phase is Phase.BROKEN:
        return state.fault == "damaged" and stack.serves(KUBELETS[node], None) and stack.up(SERVER)
    return state.phase in _LIVES and state.fault != "frozen"


def posts_well(stack: Stack, node: str) -> bool:
    """Say whether the kubelet of a node reports, and that the node is ready."""
    return posts(stack, node) and stack.up(part_of(node))


def last_posted(stack: Stack, node: str) -> float:
    """Until when the kubelet of a node has reported."""
    if posts(stack, node):
        return stack.now
    state = stack.parts[part_of(node)]
    if state.phase in _LIVES:
        return state.faulted[-1][0]
    lived = [after.at for before, after in pairwise(changes(stack, part_of(node))) if before.phase in _LIVES]
    before = stack.hosts[node].boots[0]
    return lived[-1] if lived else before.at if before.ended is None else before.ended


def renewed(stack: Stack, node: str) -> float:
    """When the lease of a node was last renewed."""
    until = last_posted(stack, node)
    grid = reported_boot(stack, node)[1].at + (0.319052 if node == "120" else 0.315964)
    return until - (until - grid) % RENEWED_EVERY


def node_ready(stack: Stack, node: str) -> str:
    """The status of its Ready condition, as the API server has it: ``True``, ``False``, or ``Unknown``.

    The silence of a node counts from when a controller could first notice it; until it has, the old word stands.
    """
    if posts(stack, node):
        return str(posts_well(stack, node))
    silent = stack.now - max(renewed(stack, node), stack.parts[SERVER].since)
    return "Unknown" if silent > GRACE else "True"


def reported_boot(stack: Stack, node: str) -> tuple[int, Boot]:
    """The boot of its host from which the last report of a node is, and how many there were before it."""
    until, boots = last_posted(stack, node), stack.hosts[node].boots
    index = max((number for number, boot in enumerate(boots) if boot.at <= until), default=0)
    return index, boots[index]


def noticed(stack: Stack, node: str, boot: Boot) -> float:
    """When the kubelet found, in a boot, that the containers of the one before are gone."""
    found = [one.at for one in changes(stack, part_of(node)) if one.phase in _LIVES and one.at >= boot.at]
    return found[0] if found else boot.at
