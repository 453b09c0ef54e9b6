"""Do the pods of a namespace run, are they ready, and is that still true?"""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from coldstart.outcome import Conclusion, Outcome, Part
from coldstart.probes import kube_nodes, kube_pods
from coldstart.probes.base import Replies, Target
from coldstart.probes.kube_nodes import LEASE_DURATION, Life
from coldstart.probes.kube_pods import Finding, Look, Pod
from coldstart.probes.kubectl import (
    AnyNamespace,
    Selector,
    TimedProbe,
    answered,
    before,
    epoch,
    items,
    part,
)
from coldstart.probes.params import Duration
from coldstart.reads import Command
from coldstart.reason import Reason
from coldstart.text import one_line, plural, span

_SHOWN = 4


class K8sPodsProbe(TimedProbe):
    """The pods of a namespace run and are ready, on nodes that are alive.

    ``kubectl get pods`` shows Running for every pod of a node that has lost its power, until somebody tells the API
    otherwise. So the nodes and their leases are asked too (as `k8s_nodes` does; asked once for both), and a pod is as
    good as its node. Only named fields of a pod leave the host: its environment may hold secrets.

    | seen | means |
    |---|---|
    | Running, every container ready | as required |
    | the same, a container restarted within `restarts_within` | a caution, with how it ended |
    | restart count risen since the attempt before, CrashLoopBackOff | bad: restart loop, with how it ended last |
    | on a node that is NotReady, gone, or whose lease is old | bad: its status is stale |
    | ErrImagePull, ImagePullBackOff | bad, with the image: see SOP 7 (110 Harbor) |
    | Pending: not scheduled, Init:n/m, ContainerCreating | bad, with the message |
    | running, not ready; ended (OOMKilled, Error, ContainerStatusUnknown); Failed (Evicted, NodeShutdown …) | bad |
    | Terminating | a caution; bad once it is `terminating_for` past its time |
    | Succeeded | fine; counted only with `completed: count` |
    | Failed, and owned by a Job | bad; with `job_pods: ignore` left to `k8s_jobs` |
    | fewer than `at_least`, none at all, no such namespace | bad |

    Nodes or leases that cannot be read make the pods not observed: a status that may be stale proves nothing. What it
    means when the API server does not serve: see `k8s_nodes`.

    Example:
    ```yaml
    probe: k8s_pods
    with:
      namespace: awoooi-prod
      at_least: 2
    hint: ImagePullBackOff is 110 Harbor; a database error is 188
    ```

    SOP sections 6.1, 6.2 and 7; https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/.

    """

    kind: ClassVar[str] = "k8s_pods"
    measured: ClassVar[str | None] = "restarts"

    namespace: AnyNamespace = Field(description="The namespace; '*' (in quotes) for all of them.")
    selector: Selector | None = Field(default=None, description="Only pods with these labels: app=api,tier=web.")
    at_least: int = Field(default=1, ge=1, le=5000, description="How many pods there must be that run on.")
    completed: Literal["ignore", "count"] = Field(
        default="ignore", description="Whether pods that ran to their end (Succeeded) count for `at_least`."
    )
    job_pods: Literal["judge", "ignore"] = Field(
        default="judge", description="Whether failed pods of Jobs are bad here, or left to `k8s_jobs`."
    )
    restarts_within: Duration = Field(
        default=900.0, description="A container that restarted within this time is a caution."
    )
    terminating_for: Duration = Field(
        default=300.0, description="How long after its grace period a pod may still be Terminating."
    )
    max_lease_age: Duration = Field(
        default=LEASE_DURATION, description="How old the last renewal of a node's lease may be."
    )

    @property
    def expectation(self) -> str:
        where = "all namespaces" if self.namespace == "*" else self.namespace
        which = f" with {self.selector}" if self.selector else ""
        return f"at least {plural(self.at_least, 'pod')} in {where}{which}, all running and ready on nodes that live"

    def _pods(self, target: Target) -> Command:
        where = "--all-namespaces" if self.namespace == "*" else f"--namespace={self.namespace}"
        return self.get(target, "pods", where, *([f"--selector={self.selector}"] if self.selector else []))

    def reads(self, target: Target) -> tuple[Command, ...]:
        return (self._pods(target), *kube_nodes.reads(self, target))

    def conclude(self, replies: Replies) -> Outcome:
        asked = self._pods(replies.target)
        pods = sorted(items(answered(replies, asked), Pod), key=lambda pod: (pod.metadata.namespace, pod.metadata.name))
        nodes = kube_nodes.alive(self, replies, self.max_lease_age) if pods else {}
        counts = {key: count for pod in before(replies, asked, Pod) for key, count in pod.restarts().items()}
        look = Look(self.time(replies, asked), counts, self.restarts_within)
        found = [(pod, self._find(pod, nodes, look)) for pod in pods if not self._left_out(pod)]
        parts = self._not_good(found)
        parts += self._counted([pod for pod, _ in found], sum(finding[0] is Conclusion.MET for _, finding in found))
        return Outcome.of_parts(
            parts,
            expected=self.expectation,
            facts={
                "pods": len(pods),
                "pods_ready": sum(finding[0] in (Conclusion.MET, Conclusion.CAUTION) for _, finding in found),
                "pods_completed": sum(pod.phase == "Succeeded" for pod in pods),
                "restarts": sum(one.restarts for pod in pods for one in pod.containers),
            },
        )

    def _not_good(self, found: list[tuple[Pod, Finding]]) -> list[Part]:
        """One part for all pods of which the same is to be said: those of a dead node would fill a page."""
        alike: dict[Finding, list[str]] = {}
        for pod, finding in found:
            if finding[0] is not Conclusion.MET:
                alike.setdefault(finding, []).append(self._name(pod))
        return [part(_some(names), *finding) for finding, names in alike.items()]

    def _name(self, pod: Pod) -> str:
        return f"{pod.metadata.namespace}/{pod.metadata.name}" if self.namespace == "*" else pod.metadata.name

    def _left_out(self, pod: Pod) -> bool:
        if pod.phase == "Succeeded":
            return self.completed == "ignore"
        return pod.phase == "Failed" and pod.of_job and self.job_pods == "ignore"

    def _counted(self, judged: list[Pod], good: int) -> list[Part]:
        """Whether there are enough of them; those that are being removed do not count."""
        staying = [pod for pod in judged if not pod.metadata.deletion_timestamp]
        if len(staying) < self.at_least:
            seen = f"expected at least {self.at_least}, saw {len(staying)}"
            return [part("pods", Conclusion.UNMET, Reason.TOO_FEW, seen)]
        if good:
            return [part("pods", Conclusion.MET, Reason.OK, f"{good} running and ready")]
        return []

    def _find(self, pod: Pod, nodes: Mapping[str, Life], look: Look) -> Finding:
        if pod.metadata.deletion_timestamp and pod.phase not in ("Succeeded", "Failed"):
            return self._terminating(pod.metadata.deletion_timestamp, _on(pod, nodes), look)
        if pod.phase == "Succeeded":
            return Conclusion.MET, Reason.OK, "Completed"
        if pod.phase == "Failed":
            return Conclusion.UNMET, Reason.FAILED, _failed(pod)
        if stale := _stale(pod, nodes):
            return (_bad(pod, look) or stale) if stale[0] is Conclusion.UNOBSERVED else stale
        return _bad(pod, look) or kube_pods.restarted(pod, look) or (Conclusion.MET, Reason.OK, "running and ready")

    def _terminating(self, due: str, on: str, look: Look) -> Finding:
        """`due` is when it should be gone: mostly in the future, for that is when its grace period ends."""
        late = look.at.now - epoch(due, "a deletion's time")
        if look.at.trouble:
            return Conclusion.UNOBSERVED, Reason.CLOCK, f"Terminating, since when is not known: {look.at.trouble}"
        if late > self.terminating_for:
            return Conclusion.UNMET, Reason.STALE, f"Terminating, {span(late)} over its time{on}"
        return Conclusion.CAUTION, Reason.NOT_RUNNING, "Terminating"


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _on(pod: Pod, nodes: Mapping[str, Life]) -> str:
    """What is wrong with the node that it is on, in words; empty when nothing is, or when it is on none."""
    if pod.node is None:
        return ""
    if pod.node not in nodes:
        return f", on node {pod.node}, which does not exist"
    problem = nodes[pod.node].problem
    return f", on node {pod.node}: {problem.observed}" if problem else ""


def _stale(pod: Pod, nodes: Mapping[str, Life]) -> Finding | None:
    """Why its status proves nothing: its node is dead, or whether it lives could not be seen."""
    on = _on(pod, nodes)
    if not on:
        return None
    life = nodes.get(pod.node or "")
    said = f"{pod.phase} by its last status{on}"
    if life and life.problem and life.problem.conclusion is Conclusion.UNOBSERVED:
        return Conclusion.UNOBSERVED, life.problem.reason, said
    return Conclusion.UNMET, Reason.STALE, said


def _failed(pod: Pod) -> str:
    status = pod.status
    why = ": ".join(filter(None, (status.reason, status.message))) if status else ""
    ended = [f"{one.name}: {one.state.terminated.how}" for one in pod.containers if one.state and one.state.terminated]
    return one_line("; ".join(["Failed" + (f" ({why})" if why else ""), *ended]))


def _bad(pod: Pod, look: Look) -> Finding | None:
    """The first thing that keeps a pod on a living node from being good."""
    conditions = {one.type: one for one in pod.status.conditions} if pod.status else {}
    scheduled, ready = conditions.get("PodScheduled"), conditions.get("Ready")
    if scheduled and scheduled.status != "True":
        return Conclusion.UNMET, Reason.NOT_RUNNING, f"{pod.phase}, not scheduled: {scheduled.why}"
    if found := kube_pods.restarting(pod, look) or kube_pods.starting(pod, look):
        return found
    statuses = pod.status.container_statuses if pod.status else ()
    wrong = [found for one in statuses if (found := kube_pods.container(one, look))]
    if wrong:
        return wrong[0][0], wrong[0][1], "; ".join(said for _, _, said in wrong)
    if pod.phase != "Running" or not statuses:
        return Conclusion.UNMET, Reason.STARTING, f"{pod.phase}: no container of it is reported to run"
    if ready is None or ready.status != "True":
        return Conclusion.UNMET, Reason.UNHEALTHY, f"its containers run, it is not Ready: {ready.why if ready else '-'}"
    return None
