"""Do Deployments have all of their replicas?"""

from typing import ClassVar, Self

from pydantic import Field, model_validator

from coldstart.outcome import Conclusion, Outcome, Part
from coldstart.probes.base import Replies, Target
from coldstart.probes.kube_named import Named, absent, distinct
from coldstart.probes.kubectl import Condition, KubeObject, NamespacedProbe, answered, items, part
from coldstart.reads import Command
from coldstart.reason import Reason


class DeploymentMetadata(KubeObject):
    name: str
    namespace: str
    generation: int | None


class DeploymentSpec(KubeObject):
    replicas: int | None
    paused: bool | None


class DeploymentStatus(KubeObject):
    observed_generation: int | None
    replicas: int | None
    updated_replicas: int | None
    available_replicas: int | None
    conditions: tuple[Condition, ...]


class Deployment(KubeObject):
    metadata: DeploymentMetadata
    spec: DeploymentSpec
    status: DeploymentStatus | None


class Declared(Named):
    """A Deployment of the baseline."""

    replicas: int | None = Field(
        default=None, ge=0, description="At least so many replicas are wanted; 0: it is scaled down on purpose."
    )


class K8sDeploymentsProbe(NamespacedProbe):
    """The Deployments are available, with all of their replicas.

    Asks ``kubectl get deployments`` of the namespace (named fields only). Each named one is judged alone:

    | seen | means |
    |---|---|
    | condition Available, as many available replicas as its spec wants, at least one | as required |
    | the same, but the new version is not out yet, stuck (ProgressDeadlineExceeded), or paused | a caution |
    | fewer available than its spec wants, or fewer than `replicas` here | bad |
    | not Available, with reason and message | bad |
    | scaled to 0, unless declared with `replicas: 0` | bad |
    | the controller has not looked at its newest spec yet (observedGeneration) | bad: its status is of an older one |
    | not there | bad |

    The numbers are what the controller wrote last. On a node that has died they stay as they were until it is noticed:
    ask `k8s_pods` too. What it means when the API server does not serve: see `k8s_nodes`.

    Example:
    ```yaml
    probe: k8s_deployments
    with:
      namespace: awoooi-prod
      deployments: [awoooi-api, {name: awoooi-web, replicas: 2}]
    ```

    SOP sections 7 and 12.1; https://kubernetes.io/docs/concepts/workloads/controllers/deployment/.

    """

    kind: ClassVar[str] = "k8s_deployments"

    deployments: tuple[Declared, ...] = Field(
        min_length=1, max_length=100, description="The Deployments: names, or `{name, replicas}`."
    )

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        distinct(self.deployments)
        return self

    @property
    def expectation(self) -> str:
        named = ", ".join(
            one.name + (f" ({one.replicas})" if one.replicas is not None else "") for one in self.deployments
        )
        return f"{named}: available with all replicas in {self.namespace}"

    def reads(self, target: Target) -> tuple[Command, ...]:
        return (self.get(target, "deployments.apps", self.within),)

    def conclude(self, replies: Replies) -> Outcome:
        (asked,) = self.reads(replies.target)
        found = {one.metadata.name: one for one in items(answered(replies, asked), Deployment)}
        parts = [
            _part(one, found[one.name]) if one.name in found else absent(one.name, "Deployment", self.namespace)
            for one in self.deployments
        ]
        statuses = [found[one.name].status for one in self.deployments if one.name in found]
        facts = {
            "deployments": len(found),
            "available_replicas": sum(status.available_replicas or 0 for status in statuses if status),
        }
        return Outcome.of_parts(parts, expected=self.expectation, facts=facts)


def _part(declared: Declared, now: Deployment) -> Part:
    return part(declared.name, *_find(declared, now))


def _find(declared: Declared, now: Deployment) -> tuple[Conclusion, Reason, str]:
    status, wanted, generation = now.status, now.spec.replicas, now.metadata.generation
    if wanted is None or generation is None:
        return Conclusion.UNOBSERVED, Reason.UNPARSABLE, "the answer does not say how many replicas it wants"
    if status is None or (status.observed_generation or 0) < generation:
        return Conclusion.UNMET, Reason.STARTING, "the controller has not looked at its newest spec yet"
    available = status.available_replicas or 0
    counts = f"{available} of {wanted} replicas available"
    if wanted == 0:
        return _scaled_down(declared, status)
    available_condition = next((one for one in status.conditions if one.type == "Available"), None)
    if available_condition is None or available_condition.status != "True":
        why = available_condition.why if available_condition else "no Available condition"
        return Conclusion.UNMET, Reason.UNHEALTHY, f"{counts}; {why}"
    if available < max(wanted, declared.replicas or 1):
        least = f", at least {declared.replicas} expected" if (declared.replicas or 0) > wanted else ""
        return Conclusion.UNMET, Reason.TOO_FEW, f"{counts}{least}"
    return _cautions(declared, now, status, counts)


def _scaled_down(declared: Declared, status: DeploymentStatus) -> tuple[Conclusion, Reason, str]:
    if declared.replicas != 0:
        return Conclusion.UNMET, Reason.NOT_RUNNING, "scaled to 0 replicas"
    if status.replicas:
        return Conclusion.CAUTION, Reason.STARTING, f"scaled to 0 replicas, {status.replicas} still there"
    return Conclusion.MET, Reason.OK, "scaled to 0 replicas, as declared"


def _cautions(
    declared: Declared, now: Deployment, status: DeploymentStatus, counts: str
) -> tuple[Conclusion, Reason, str]:
    """What a Deployment that is good enough still has to tell."""
    wanted = now.spec.replicas or 0
    progress = next((one for one in status.conditions if one.type == "Progressing"), None)
    if progress and progress.status == "False":
        return Conclusion.CAUTION, Reason.FAILED, f"{counts}, of an old version: {progress.why}"
    if (status.updated_replicas or 0) < wanted or (status.replicas or 0) > wanted:
        said = f"{counts}, {status.updated_replicas or 0} of the new version, {status.replicas or 0} in all"
        return Conclusion.CAUTION, Reason.STARTING, said
    if now.spec.paused:
        return Conclusion.CAUTION, Reason.PAUSED, f"{counts}, paused: a new version would not be rolled out"
    if declared.replicas == 0:
        return Conclusion.CAUTION, Reason.WRONG_VALUE, f"{counts}, declared to be scaled to 0"
    return Conclusion.MET, Reason.OK, counts
