"""What the stack is made of, and what waits for what (SOP 4.1, 5.1, 6.1, 7, 11).

Times are seconds, as a real boot has them.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class HostSpec:
    """`network`, `ssh`: from power on until it answers ping, and SSH; `busy`: how long it is loaded after its boot."""

    name: str
    address: str
    user: str
    network: float
    ssh: float
    busy: float
    cores: int = 8
    memory_kib: int = 32 * 1024 * 1024


@dataclass(frozen=True)
class PartSpec:
    """A part of the stack. It needs `needs` for as long as it runs, and `to_start` until it is up.

    `takes`: seconds from when everything that it waits for is there. `retry`: while it waits it ends and is started
    again every so many seconds, and each time counts as a restart; None: it waits quietly.
    """

    name: str
    takes: float
    needs: tuple[str, ...] = ()
    to_start: tuple[str, ...] = ()
    retry: float | None = None

    @property
    def host(self) -> str | None:
        """The host that it runs on; None for what runs in the cluster."""
        place = self.name.partition("/")[0]
        return place if place in HOSTS else None


HOSTS: Mapping[str, HostSpec] = {
    spec.name: spec
    for spec in (
        HostSpec("110", "192.168.0.110", "wooo", network=35, ssh=50, busy=330, cores=12, memory_kib=64 * 1024 * 1024),
        HostSpec("120", "192.168.0.120", "wooo", network=25, ssh=38, busy=150),
        HostSpec("121", "192.168.0.121", "wooo", network=25, ssh=40, busy=150),
        HostSpec("188", "192.168.0.188", "ollama", network=30, ssh=44, busy=270),
    )
}
VIP = "192.168.0.125"

PARTS: Mapping[str, PartSpec] = {
    spec.name: spec
    for spec in (
        # 188: containerd, docker, PostgreSQL, Redis, nginx, in this order (SOP 4.1).
        PartSpec("188/cron", 40),
        PartSpec("188/containerd", 42),
        PartSpec("188/docker", 8, needs=("188/containerd",)),
        PartSpec("188/postgresql", 95),  # it recovers from its WAL first
        PartSpec("188/redis", 60),
        PartSpec("188/nginx", 48),
        PartSpec("188/ollama", 70),
        PartSpec("188/litellm", 40, needs=("188/docker",)),
        PartSpec("188/momo-db", 20, needs=("188/docker",)),
        PartSpec("188/momo", 25, needs=("188/docker", "188/postgresql")),
        PartSpec("188/momo-scheduler", 30, needs=("188/docker", "188/momo-db")),
        PartSpec("188/signoz", 68, needs=("188/docker",)),
        # 110 (SOP 5.1).
        PartSpec("110/cron", 40),
        PartSpec("110/docker", 55),
        PartSpec("110/harbor", 50, needs=("110/docker",)),
        PartSpec("110/gitea", 35, needs=("110/docker",)),
        PartSpec("110/prometheus", 110),  # it replays its WAL first
        PartSpec("110/alertmanager", 60),
        PartSpec("110/sentry-postgres", 30, needs=("110/docker",)),
        PartSpec("110/clickhouse", 60, needs=("110/docker",)),
        PartSpec("110/kafka", 50, needs=("110/docker",)),
        PartSpec(
            "110/sentry", 60, needs=("110/docker", "110/sentry-postgres"), to_start=("110/clickhouse", "110/kafka")
        ),
        # The runners are held until they are released (SOP 2, 5.3): not part of what comes up by itself.
        # 120 and 121 (SOP 6.1). K3s gives up and is started again for as long as its datastore does not answer.
        PartSpec("120/cron", 38),
        PartSpec("121/cron", 38),
        PartSpec("120/keepalived", 42),
        PartSpec("121/keepalived", 42),
        PartSpec("120/k3s", 20, needs=("188/postgresql",), retry=28),
        PartSpec("121/k3s-agent", 15, to_start=("120/k3s",), retry=28),
        # The cluster (SOP 7). Images come from Harbor when a pod is made anew.
        PartSpec("k8s/node-120", 15, needs=("120/k3s",)),
        PartSpec("k8s/node-121", 15, needs=("121/k3s-agent",), to_start=("120/k3s",)),
        PartSpec("k8s/coredns", 20, needs=("k8s/node-120",)),
        PartSpec(
            "k8s/awoooi-api",
            50,
            needs=("k8s/node-120", "k8s/node-121", "188/postgresql", "188/redis"),
            to_start=("110/harbor",),
            retry=60,
        ),
        PartSpec("k8s/awoooi-web", 25, needs=("k8s/node-120", "k8s/node-121"), to_start=("110/harbor",)),
        PartSpec("k8s/awoooi-worker", 25, needs=("k8s/node-120", "188/redis"), to_start=("110/harbor",), retry=60),
        # What an alert has to get through once the API has it (SOP 8).
        PartSpec("k8s/webhook", 1, needs=("k8s/awoooi-api",)),
    )
}
"""Parts in an order in which each comes after everything that it waits for."""
