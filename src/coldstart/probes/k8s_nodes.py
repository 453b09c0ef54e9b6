"""Are the nodes of a Kubernetes cluster Ready, and is that still true?"""

from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from coldstart.outcome import Conclusion, Outcome, Part
from coldstart.probes import kube_nodes
from coldstart.probes.base import Replies, Target
from coldstart.probes.kube_nodes import LEASE_DURATION, Life
from coldstart.probes.kubectl import KubeName, TimedProbe, part
from coldstart.probes.params import Duration
from coldstart.reads import Command
from coldstart.reason import Reason
from coldstart.text import plural

_PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")


def _distinct(value: int | tuple[str, ...]) -> int | tuple[str, ...]:
    if isinstance(value, tuple) and len(set(value)) != len(value):
        raise ValueError("a node is named twice")
    return value


Names = Annotated[tuple[KubeName, ...], Field(min_length=1, max_length=200)]
Count = Annotated[int, Field(ge=1, le=200)]


class K8sNodesProbe(TimedProbe):
    """The Kubernetes nodes are Ready, by fresh word of each.

    Asks ``kubectl get`` for the nodes and for their leases in ``kube-node-lease`` (named fields only), and ``date`` for
    the host's clock. A node's Ready is only what it said last: a kubelet that lives renews its lease every ten seconds,
    so a Ready beside an old lease is stale, however green it looks. Ages are told by the clock of the host that is
    asked; the lease was written by the node's own.

    | seen | means |
    |---|---|
    | Ready, lease renewed within `max_lease_age` | as required |
    | the same, but cordoned, tainted, or MemoryPressure, DiskPressure, PIDPressure, NetworkUnavailable | a caution |
    | NotReady, with the kubelet's reason and message | bad |
    | Ready is Unknown ("Kubelet stopped posting node status"), or Ready with an old lease | bad: stale |
    | a node of `expected` that is not there, fewer than `expected`, no node at all | bad |
    | a node that `expected` does not name, more than `expected` | a caution; it is judged like the others |
    | Ready, but no lease, or a lease from the future; the host's clock is wrong | not observed |

    The API server answers with an error, nothing listens on its port, or its certificate is not valid: bad, it is
    unavailable. It does not answer in time, or refuses this kubeconfig: not observed. kubectl repeats a request that is
    answered with 503 *and* Retry-After until its time is up, which then looks like no answer.

    Example:
    ```yaml
    probe: k8s_nodes
    with:
      expected: 2
    sudo: true
    hint: Fix PostgreSQL on 188 first; restarting K3s does not help while it is down
    ```

    SOP sections 6.1, 6.2, 7 and 12.1; https://kubernetes.io/docs/reference/node/node-status/.

    """

    kind: ClassVar[str] = "k8s_nodes"

    expected: Annotated[Count | Names, AfterValidator(_distinct)] = Field(
        description="The nodes that must be there: their names, or how many."
    )
    max_lease_age: Duration = Field(
        default=LEASE_DURATION, description="How old the last renewal of a node's lease may be."
    )
    allowed_taints: tuple[Annotated[str, Field(max_length=300)], ...] = Field(
        default=("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"),
        description="Keys of taints that belong there.",
    )

    @property
    def expectation(self) -> str:
        named = plural(self.expected, "node") if isinstance(self.expected, int) else ", ".join(self.expected)
        return f"{named} Ready, schedulable, lease renewed within {self.max_lease_age:g} s"

    def reads(self, target: Target) -> tuple[Command, ...]:
        return kube_nodes.reads(self, target)

    def conclude(self, replies: Replies) -> Outcome:
        nodes = kube_nodes.alive(self, replies, self.max_lease_age)
        parts = [life.problem or self._part(life) for life in nodes.values()] + self._missing(set(nodes))
        ages = [life.lease_age for life in nodes.values() if life.lease_age is not None]
        facts = {
            "nodes": len(nodes),
            "nodes_ready": sum(life.problem is None for life in nodes.values()),
            "oldest_lease": round(max(ages), 1) if ages else None,
        }
        return Outcome.of_parts(parts, expected=self.expectation, facts=facts)

    def _missing(self, found: set[str]) -> list[Part]:
        if not isinstance(self.expected, int):
            absent = sorted(set(self.expected) - found)
            return [part(name, Conclusion.UNMET, Reason.ABSENT, "no node of this name") for name in absent]
        if len(found) < self.expected:
            seen = f"expected {self.expected}, saw {len(found)}"
            return [part("nodes", Conclusion.UNMET, Reason.TOO_FEW, seen)]
        if len(found) > self.expected:
            seen = f"expected {self.expected}, saw {len(found)}"
            return [part("nodes", Conclusion.CAUTION, Reason.WRONG_VALUE, seen)]
        return []

    def _part(self, life: Life) -> Part:
        """A node that is alive: as required, or with something that an operator must know."""
        node, name = life.node, life.node.name
        taints = sorted(
            f"{taint.key}:{taint.effect}"
            for taint in (node.spec.taints if node.spec else ())
            if taint.key not in self.allowed_taints and taint.key != "node.kubernetes.io/unschedulable"
        )
        conditions = node.conditions()
        pressed = [
            f"{kind}: {conditions[kind].why}"
            for kind in _PRESSURES
            if kind in conditions and conditions[kind].status != "False"
        ]
        said = [
            *(["cordoned: nothing new is scheduled on it"] if node.spec and node.spec.unschedulable else []),
            *([f"tainted {', '.join(taints)}"] if taints else []),
            *pressed,
            *([] if isinstance(self.expected, int) or name in self.expected else ["not declared in the baseline"]),
        ]
        if said:
            reason = Reason.OVER_LIMIT if pressed else Reason.WRONG_VALUE
            return part(name, Conclusion.CAUTION, reason, f"Ready, but {'; '.join(said)}")
        return part(name, Conclusion.MET, Reason.OK, "Ready")
