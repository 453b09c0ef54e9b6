"""The systemd units of the drill's hosts: which part each runs, and what its unit file says."""

from collections.abc import Mapping
from dataclasses import dataclass

from coldstart.drill.inventory import HOSTS, PARTS


@dataclass(frozen=True)
class UnitSpec:
    """A service. `part`: what it runs, without the host; None: it runs nothing, it is held back or left over.

    `stopped`: ExecMainCode and ExecMainStatus after a stop. `result`: of a start that fails, which is tried again after
    `pause` s (RestartSec), until `tries` restarts did not help either (None: for ever).
    """

    name: str
    description: str
    part: str | None = None
    type: str = "notify"
    alias: str | None = None
    stopped: tuple[int, int] = (1, 0)
    result: str = "exit-code"
    tries: int | None = 0
    pause: float = 0.1
    file_state: str = "enabled"
    loaded: bool = True
    """Whether systemd has it in memory without being asked for it by name: `list-units` knows no others."""
    cpu: str = "infinity"
    memory: str = "infinity"

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, self.alias) if self.alias else (self.name,)

    @property
    def forks_at_once(self) -> bool:
        """Type=simple: it counts as active from the moment that its process is there, and is never `activating`."""
        return self.type == "simple"


_RUNNING = (
    UnitSpec("containerd.service", "containerd container runtime", "containerd", tries=None, pause=5.0),
    UnitSpec("docker.service", "Docker Application Container Engine", "docker", tries=3, pause=2.0),
    UnitSpec(
        "postgresql@14-main.service", "PostgreSQL Cluster 14-main", "postgresql", type="forking", result="protocol"
    ),
    UnitSpec("redis-server.service", "Advanced key-value store", "redis", alias="redis.service", tries=5),
    UnitSpec("nginx.service", "A high performance web server and a reverse proxy server", "nginx", type="forking"),
    UnitSpec("ollama.service", "Ollama Service", "ollama", type="simple", tries=None, pause=3.0),
    UnitSpec(
        "cron.service",
        "Regular background program processing daemon",
        "cron",
        type="simple",
        stopped=(2, 15),  # cron(8) has no handler for SIGTERM
        tries=5,
    ),
    UnitSpec("prometheus.service", "Monitoring system and time series database", "prometheus", type="simple", tries=5),
    UnitSpec("prometheus-alertmanager.service", "Alertmanager for prometheus", "alertmanager", type="simple", tries=5),
    UnitSpec("keepalived.service", "Keepalive Daemon (LVS and VRRP)", "keepalived"),
    UnitSpec("k3s.service", "Lightweight Kubernetes", "k3s", tries=None, pause=5.0),
    UnitSpec("k3s-agent.service", "Lightweight Kubernetes", "k3s-agent", tries=None, pause=5.0),
)

_HELD = (
    *(
        UnitSpec(
            f"actions.runner.awoooi.{name}.service",
            f"Actions runner (awoooi.{name})",
            type="simple",
            file_state="disabled",
            cpu="2s",
            memory="2147483648",
        )
        for name in ("110-1", "110-2")
    ),
    UnitSpec(
        "gitea-act-runner-host.service",
        "Gitea act runner on the host",
        type="simple",
        file_state="disabled",
        cpu="2s",
        memory="2147483648",
    ),
    *(
        UnitSpec(
            f"{name}.service",
            f"Start everything in the old order ({name})",
            type="oneshot",
            file_state="disabled",
            loaded=False,
        )
        for name in ("momo-startup-complete", "wooo-staggered-startup")
    ),
)
"""Of 110: runners, which wait for their release (SOP 5.3), and units of an older design (SOP 9)."""

UNITS: Mapping[str, tuple[UnitSpec, ...]] = {
    host: (
        *(unit for unit in _RUNNING if f"{host}/{unit.part}" in PARTS),
        *(_HELD if host == "110" else ()),
    )
    for host in HOSTS
}
"""By host."""

WATCHED = "actions.runner.awoooi.110-1.service"
"""The runner that has a watchdog where the facts say that one has."""


def unit_of(host: str, name: str) -> UnitSpec | None:
    """The unit that systemd finds under a whole name, its own or an alias; None where there is none."""
    return next((unit for unit in UNITS[host] if name in unit.names), None)
