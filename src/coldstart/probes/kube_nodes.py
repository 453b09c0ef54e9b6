"""Nodes and their leases: whether what is on record of a node is also true now.

The Ready condition is what a node said last. A control plane that has only just come back, or that is too busy, shows
Ready for a node that is long gone; the lease that a living kubelet renews every ten seconds does not lie about that.
"""

from collections.abc import Mapping
from typing import NamedTuple

from coldstart import errors
from coldstart.outcome import Conclusion, Part
from coldstart.probes.base import Replies, Target
from coldstart.probes.host_clock import ask_date
from coldstart.probes.kubectl import (
    Condition,
    KubeObject,
    Moment,
    TimedProbe,
    age,
    answered,
    items,
    part,
    unseen,
)
from coldstart.reads import Command
from coldstart.reason import Reason
from coldstart.text import span

LEASE_DURATION = 40.0
"""Seconds after which the node controller takes a node for dead (--node-monitor-grace-period; the lease's own time)."""


class _Name(KubeObject):
    name: str


class Taint(KubeObject):
    key: str
    effect: str | None


class NodeSpec(KubeObject):
    unschedulable: bool | None
    taints: tuple[Taint, ...]


class NodeStatus(KubeObject):
    conditions: tuple[Condition, ...]


class Node(KubeObject):
    metadata: _Name
    spec: NodeSpec | None
    status: NodeStatus | None

    @property
    def name(self) -> str:
        return self.metadata.name

    def conditions(self) -> dict[str, Condition]:
        return {condition.type: condition for condition in self.status.conditions} if self.status else {}


class LeaseSpec(KubeObject):
    renew_time: str | None


class Lease(KubeObject):
    metadata: _Name
    spec: LeaseSpec | None


class Life(NamedTuple):
    """A node, how long ago its lease was renewed (s; None: not known), and what is wrong with its being alive."""

    node: Node
    lease_age: float | None
    problem: Part | None


def reads(probe: TimedProbe, target: Target) -> tuple[Command, ...]:
    """The nodes, their leases, and the host's clock to tell the age of these."""
    return probe.get(target, "nodes"), probe.get(target, "leases.coordination.k8s.io"), ask_date(target)


def alive(probe: TimedProbe, replies: Replies, max_lease_age: float) -> dict[str, Life]:
    """Every node by name: Ready, with a lease that was renewed within `max_lease_age` (s), or why not."""
    asked_nodes, asked_leases, _ = reads(probe, replies.target)
    nodes = items(answered(replies, asked_nodes), Node)
    leases = {lease.metadata.name: lease for lease in items(answered(replies, asked_leases), Lease)}
    now = probe.time(replies, asked_leases)
    return {node.name: _life(node, leases, now, max_lease_age) for node in sorted(nodes, key=lambda node: node.name)}


def _life(node: Node, leases: Mapping[str, Lease], now: Moment, limit: float) -> Life:
    try:
        old = _lease_age(node.name, leases, now)
    except errors.ReadError as error:
        return Life(node, None, _not_ready(node) or unseen(node.name, error))
    problem = _not_ready(node)
    if problem is None and old > limit:
        seen = f"Ready by its last status, but its lease was last renewed {span(old)} ago"
        problem = part(node.name, Conclusion.UNMET, Reason.STALE, seen)
    return Life(node, old, problem)


def _lease_age(name: str, leases: Mapping[str, Lease], now: Moment) -> float:
    lease = leases.get(name)
    if lease is None or lease.spec is None or lease.spec.renew_time is None:
        raise errors.NoEvidence("Ready by its last status, but it has no lease that shows how old that is")
    return age(lease.spec.renew_time, now, "its lease's last renewal")


def _not_ready(node: Node) -> Part | None:
    ready = node.conditions().get("Ready")
    if ready is None:
        return part(node.name, Conclusion.UNMET, Reason.STARTING, "reports no Ready condition")
    if ready.status == "True":
        return None
    if ready.status == "Unknown":
        return part(node.name, Conclusion.UNMET, Reason.STALE, f"NotReady, its state is unknown: {ready.why}")
    return part(node.name, Conclusion.UNMET, Reason.UNHEALTHY, f"NotReady: {ready.why}")
