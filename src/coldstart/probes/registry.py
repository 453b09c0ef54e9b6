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
    ("reboot_evidence", "coldstart.probes.reboot_evidence:RebootEvidenceProbe"),
    ("systemd_units", "coldstart.probes.systemd_units:SystemdUnitsProbe"),
    ("pg_isready", "coldstart.probes.pg_isready:PgIsReadyProbe"),
    ("redis", "coldstart.probes.redis:RedisProbe"),
    ("docker_containers", "coldstart.probes.docker_containers:DockerContainersProbe"),
    ("log_signatures", "coldstart.probes.log_signatures:LogSignaturesProbe"),
    ("http", "coldstart.probes.http:HttpProbe"),
    ("load_per_core", "coldstart.probes.load_per_core:LoadPerCoreProbe"),
    ("memory_available", "coldstart.probes.memory_available:MemoryAvailableProbe"),
    ("filesystems", "coldstart.probes.filesystems:FilesystemsProbe"),
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
