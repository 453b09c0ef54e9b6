"""Do Services exist as declared, with something behind them?"""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import AliasChoices, Field, model_validator

from coldstart.outcome import Conclusion, Outcome, Part
from coldstart.probes.base import Replies, Target
from coldstart.probes.kube_named import Named, absent, distinct
from coldstart.probes.kubectl import KubeObject, Metadata, NamespacedProbe, answered, items, part
from coldstart.probes.params import Port
from coldstart.reads import Command
from coldstart.reason import Reason
from coldstart.text import plural


class ServicePort(KubeObject):
    name: str | None
    port: int | None
    node_port: int | None


class ServiceSpec(KubeObject):
    type: str | None
    ports: tuple[ServicePort, ...]


class Service(KubeObject):
    metadata: Metadata
    spec: ServiceSpec


class SliceLabels(KubeObject):
    service: str | None = Field(validation_alias=AliasChoices("kubernetes.io/service-name"))


class SliceMetadata(KubeObject):
    name: str
    namespace: str
    labels: SliceLabels | None


class EndpointConditions(KubeObject):
    ready: bool | None


class EndpointTarget(KubeObject):
    kind: str | None
    name: str | None


class Endpoint(KubeObject):
    conditions: EndpointConditions | None
    target_ref: EndpointTarget | None

    @property
    def ready(self) -> bool:
        """A condition that is not given counts as ready (EndpointConditions in the API reference)."""
        return self.conditions is None or self.conditions.ready is not False


class EndpointSlice(KubeObject):
    metadata: SliceMetadata
    endpoints: tuple[Endpoint, ...]


class Declared(Named):
    """A Service of the baseline."""

    type: Literal["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"] | None = Field(
        default=None, description="Its type."
    )
    node_ports: tuple[Port, ...] = Field(default=(), max_length=32, description="NodePorts that it must have.")
    endpoints: Annotated[int, Field(ge=0, le=5000)] = Field(
        default=1, description="At least so many ready endpoints; 0: none are needed (ExternalName)."
    )


class K8sServicesProbe(NamespacedProbe):
    """The Services exist as declared, and have ready endpoints behind them.

    A Service without endpoints exists, has its NodePort, and refuses every connection. Asks ``kubectl get services``
    and ``endpointslices`` of the namespace (named fields only). Each named one is judged alone:

    | seen | means |
    |---|---|
    | of the declared type, with each of `node_ports`, and at least `endpoints` ready endpoints | as required |
    | of another type, without one of `node_ports` | bad: what is configured to go there does not arrive |
    | too few ready endpoints; how many are not ready | bad |
    | not there | bad |

    Whether a NodePort answers is asked by `http` or `tcp`, at the VIP. Endpoints of a node that died stay ready until
    that is noticed: ask `k8s_nodes` too, where it is also said what it means when the API server does not serve.

    Example:
    ```yaml
    probe: k8s_services
    with:
      namespace: awoooi-prod
      services:
        - {name: awoooi-api, type: NodePort, node_ports: [32334]}
        - {name: awoooi-web, type: NodePort, node_ports: [32335]}
    ```

    SOP sections 6.1 and 7; https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/.

    """

    kind: ClassVar[str] = "k8s_services"

    services: tuple[Declared, ...] = Field(
        min_length=1, max_length=100, description="The Services: names, or `{name, type, node_ports, endpoints}`."
    )

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        distinct(self.services)
        return self

    @property
    def expectation(self) -> str:
        return "; ".join(
            f"{one.name}{f' {one.type}' if one.type else ''}"
            + (f" with NodePort {', '.join(map(str, one.node_ports))}" if one.node_ports else "")
            + (f", at least {plural(one.endpoints, 'ready endpoint')}" if one.endpoints else "")
            for one in self.services
        )

    def reads(self, target: Target) -> tuple[Command, ...]:
        services = self.get(target, "services", self.within)
        return (services, self.get(target, "endpointslices.discovery.k8s.io", self.within))

    def conclude(self, replies: Replies) -> Outcome:
        services, slices = self.reads(replies.target)
        found = {one.metadata.name: one for one in items(answered(replies, services), Service)}
        behind: dict[str, list[Endpoint]] = {}
        for one in items(answered(replies, slices), EndpointSlice):
            if one.metadata.labels and one.metadata.labels.service:
                behind.setdefault(one.metadata.labels.service, []).extend(one.endpoints)
        parts = [
            _part(one, found[one.name], behind.get(one.name, []))
            if one.name in found
            else absent(one.name, "Service", self.namespace)
            for one in self.services
        ]
        named = {one.name for one in self.services}
        facts = {
            "services": len(found),
            "ready_endpoints": sum(_count([end for end in behind.get(name, []) if end.ready]) for name in named),
        }
        return Outcome.of_parts(parts, expected=self.expectation, facts=facts)


def _part(declared: Declared, now: Service, ends: list[Endpoint]) -> Part:
    kind = now.spec.type or "ClusterIP"
    ports = sorted(port.node_port for port in now.spec.ports if port.node_port)
    missing = [port for port in declared.node_ports if port not in ports]
    ready, not_ready = (_count([end for end in ends if end.ready is wanted]) for wanted in (True, False))
    if declared.type and kind != declared.type:
        return part(declared.name, Conclusion.UNMET, Reason.WRONG_VALUE, f"is of type {kind}, not {declared.type}")
    if missing:
        has = f"NodePort {', '.join(map(str, ports))}" if ports else "no NodePort"
        seen = f"{kind} with {has}, without {', '.join(map(str, missing))}"
        return part(declared.name, Conclusion.UNMET, Reason.WRONG_VALUE, seen)
    if ready < declared.endpoints:
        others = f", {not_ready} not ready" if not_ready else ""
        seen = f"{kind}, {plural(ready, 'ready endpoint')} of at least {declared.endpoints}{others}"
        return part(declared.name, Conclusion.UNMET, Reason.TOO_FEW, seen)
    shown = f" {', '.join(map(str, ports))}" if ports else ""
    return part(declared.name, Conclusion.MET, Reason.OK, f"{kind}{shown}, {plural(ready, 'ready endpoint')}")


def _count(ends: list[Endpoint]) -> int:
    """How many there are, each pod once: it stands in a slice for each address family, and for each set of ports."""
    pods = {end.target_ref.name for end in ends if end.target_ref and end.target_ref.name}
    return len(pods) + sum(not (end.target_ref and end.target_ref.name) for end in ends)
