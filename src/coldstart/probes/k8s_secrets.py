"""Do the Secrets that a workload needs exist? Their names, never their values."""

from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from coldstart.outcome import Conclusion, Outcome
from coldstart.probes.base import Replies, Target
from coldstart.probes.kube_named import absent
from coldstart.probes.kubectl import KubeName, NamespacedProbe, answered, names, part
from coldstart.reads import Command
from coldstart.reason import Reason


def _distinct(value: tuple[str, ...]) -> tuple[str, ...]:
    if doubled := sorted({name for name in value if value.count(name) > 1}):
        raise ValueError(f"named twice: {', '.join(doubled)}")
    return value


class K8sSecretsProbe(NamespacedProbe):
    """The Secrets that the workload needs exist.

    Asks ``kubectl get secrets --output=name``: kubectl prints the names, and nothing else leaves the host. No shape of
    this program can print a value. (kubectl itself reads whole Secrets from the API server, on the host, and forgets
    them; the right that it needs for that, to list Secrets, is the right to read them.)

    A Secret that is not there is bad: pods that need it stay in CreateContainerConfigError. That its values are the
    right ones is not asked here. What it means when the API server does not serve: see `k8s_nodes`.

    Example:
    ```yaml
    probe: k8s_secrets
    with:
      namespace: awoooi-prod
      secrets: [awoooi-secrets, harbor-registry]
    ```

    SOP sections 1.1 and 7.

    """

    kind: ClassVar[str] = "k8s_secrets"

    secrets: Annotated[tuple[KubeName, ...], AfterValidator(_distinct)] = Field(
        min_length=1, max_length=100, description="Names of the Secrets."
    )

    @property
    def expectation(self) -> str:
        return f"Secrets in {self.namespace}: {', '.join(self.secrets)}"

    def reads(self, target: Target) -> tuple[Command, ...]:
        return (self.get(target, "secrets", self.within),)

    def conclude(self, replies: Replies) -> Outcome:
        (asked,) = self.reads(replies.target)
        found = names(answered(replies, asked), "secret")
        parts = [
            part(name, Conclusion.MET, Reason.OK, "there") if name in found else absent(name, "Secret", self.namespace)
            for name in self.secrets
        ]
        return Outcome.of_parts(parts, expected=self.expectation, facts={"secrets": len(found)})
