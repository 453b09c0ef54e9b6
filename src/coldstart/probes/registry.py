"""Every kind of probe: the built-in ones in one tuple, others by the entry point group ``coldstart.probes``.

Modules are imported when their kind is first asked for: a baseline that uses four kinds builds four models.
"""

from functools import cache
from importlib import import_module
from importlib.metadata import entry_points

from coldstart.probes.base import Probe

GROUP = "coldstart.probes"

BUILT_IN: tuple[tuple[str, str], ...] = (
    ("ping", "coldstart.probes.ping:PingProbe"),
    ("neighbour", "coldstart.probes.neighbour:NeighbourProbe"),
    ("tcp", "coldstart.probes.tcp:TcpProbe"),
    ("ssh_login", "coldstart.probes.ssh_login:SshLoginProbe"),
    ("clock", "coldstart.probes.clock:ClockProbe"),
    ("reboot_evidence", "coldstart.probes.reboot_evidence:RebootEvidenceProbe"),
    ("systemd_units", "coldstart.probes.systemd_units:SystemdUnitsProbe"),
    ("systemd_failed", "coldstart.probes.systemd_failed:SystemdFailedProbe"),
    ("systemd_disabled", "coldstart.probes.systemd_disabled:SystemdDisabledProbe"),
    ("systemd_properties", "coldstart.probes.systemd_properties:SystemdPropertiesProbe"),
    ("crontab", "coldstart.probes.crontab:CrontabProbe"),
    ("vip_holder", "coldstart.probes.vip_holder:VipHolderProbe"),
    ("files_identical", "coldstart.probes.files_identical:FilesIdenticalProbe"),
    ("file_contains", "coldstart.probes.file_contains:FileContainsProbe"),
    ("pg_isready", "coldstart.probes.pg_isready:PgIsReadyProbe"),
    ("sql_table", "coldstart.probes.sql_table:SqlTableProbe"),
    ("sql_tables_agree", "coldstart.probes.sql_tables_agree:SqlTablesAgreeProbe"),
    ("redis", "coldstart.probes.redis:RedisProbe"),
    ("docker_containers", "coldstart.probes.docker_containers:DockerContainersProbe"),
    ("k8s_nodes", "coldstart.probes.k8s_nodes:K8sNodesProbe"),
    ("k8s_pods", "coldstart.probes.k8s_pods:K8sPodsProbe"),
    ("k8s_deployments", "coldstart.probes.k8s_deployments:K8sDeploymentsProbe"),
    ("k8s_services", "coldstart.probes.k8s_services:K8sServicesProbe"),
    ("k8s_secrets", "coldstart.probes.k8s_secrets:K8sSecretsProbe"),
    ("k8s_cronjobs", "coldstart.probes.k8s_cronjobs:K8sCronjobsProbe"),
    ("k8s_jobs", "coldstart.probes.k8s_jobs:K8sJobsProbe"),
    ("k8s_events", "coldstart.probes.k8s_events:K8sEventsProbe"),
    ("log_signatures", "coldstart.probes.log_signatures:LogSignaturesProbe"),
    ("log_lines", "coldstart.probes.log_lines:LogLinesProbe"),
    ("textfile_metrics", "coldstart.probes.textfile_metrics:TextfileMetricsProbe"),
    ("http", "coldstart.probes.http:HttpProbe"),
    ("prometheus_rules", "coldstart.probes.prometheus_rules:PrometheusRulesProbe"),
    ("prometheus_query", "coldstart.probes.prometheus_query:PrometheusQueryProbe"),
    ("load_per_core", "coldstart.probes.load_per_core:LoadPerCoreProbe"),
    ("memory_available", "coldstart.probes.memory_available:MemoryAvailableProbe"),
    ("filesystems", "coldstart.probes.filesystems:FilesystemsProbe"),
    ("command", "coldstart.probes.command:CommandProbe"),
)
"""Kind and ``module:class``, in the order of the documentation."""


@cache
def _places() -> dict[str, str]:
    found = {point.name: point.value for point in entry_points(group=GROUP)}
    return {**found, **dict(BUILT_IN)}


def kinds() -> tuple[str, ...]:
    """Every known kind: built-ins first, in their order, then others by name. A built-in cannot be replaced."""
    built_in = tuple(kind for kind, _ in BUILT_IN)
    return built_in + tuple(sorted(set(_places()) - set(built_in)))


@cache
def probe_class(kind: str) -> type[Probe]:
    """The class of a kind. Raises KeyError when there is none."""
    module, _, name = _places()[kind].partition(":")
    found = getattr(import_module(module), name)
    if not (isinstance(found, type) and issubclass(found, Probe)):
        raise TypeError(f"{module}:{name} is not a Probe")
    return found
