"""What can go wrong on purpose: each fault is a context manager that breaks something real and puts it back.

`FAULTS` names those that the corpus is recorded from.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from lab.faults import containers, data, host, network
from lab.fleet import Fleet

DATA, REGISTRY, K3S = "P0-188-DATA", "P0-110-REGISTRY-OBSERVABILITY", "P1-K3S"
WORKLOAD, SCHEDULES = "P2-WORKLOAD-ALERTCHAIN", "P2-SCHEDULES"


@dataclass(frozen=True)
class Fault:
    """A fault that the corpus is recorded from; `keep` are the checks that it touches directly."""

    about: str
    keep: tuple[str, ...]
    hold: Callable[[Fleet], AbstractContextManager[None]]


FAULTS = {
    "cable-of-120-cut": Fault(
        "the cable of 120 is out",
        ("P0-NETWORK/ping", "P0-NETWORK/arp", "P0-NETWORK/ssh-port", "P0-NETWORK/login"),
        lambda fleet: network.cable_cut(fleet, "120"),
    ),
    "wal-zeroed": Fault(
        "the newest WAL of PostgreSQL on 188 is zeros",
        (f"{DATA}/postgresql-wal", f"{DATA}/postgresql-log", f"{DATA}/units", f"{DATA}/postgresql", f"{K3S}/datastore"),
        lambda fleet: data.wal_zeroed(fleet["188"]),
    ),
    "redis-stopped": Fault(
        "Redis on 188 is stopped",
        (f"{DATA}/units", f"{DATA}/redis", f"{WORKLOAD}/api"),
        lambda fleet: host.stopped(fleet["188"], "redis-server"),
    ),
    "docker-stopped": Fault(
        "Docker on 188 is stopped",
        (f"{DATA}/units", f"{DATA}/containers", f"{DATA}/momo", f"{SCHEDULES}/momo-in-step"),
        lambda fleet: containers.docker_stopped(fleet["188"]),
    ),
    "docker-frozen": Fault(
        "dockerd on 188 is there and does not answer",
        (f"{DATA}/containers",),
        lambda fleet: containers.docker_frozen(fleet["188"]),
    ),
    "restart-loop": Fault(
        "a container on 110 ends as soon as it was started",
        (f"{REGISTRY}/containers",),
        lambda fleet: containers.restart_loop(fleet["110"]),
    ),
    "orphan": Fault(
        "a container on 110 is Exited (137), and nobody starts it again",
        (f"{REGISTRY}/containers",),
        lambda fleet: containers.orphan(fleet["110"]),
    ),
    "vip-nowhere": Fault(
        "keepalived is stopped on 120 and 121",
        (f"{K3S}/keepalived", f"{K3S}/vip", f"{WORKLOAD}/api"),
        network.vip_nowhere,
    ),
    "vip-twice": Fault("120 and 121 do not hear each other's VRRP", (f"{K3S}/vip",), network.vip_twice),
    "cron-stopped": Fault(
        "cron on 188 is stopped", (f"{SCHEDULES}/cron",), lambda fleet: host.stopped(fleet["188"], "cron")
    ),
    "backup-of-yesterday": Fault(
        "the last good backup is 26 hours old",
        (f"{SCHEDULES}/backup",),
        lambda fleet: data.old_backup(fleet["188"], 26),
    ),
    "failed-unit": Fault(
        "a unit of 110 has failed", (f"{SCHEDULES}/failed-units",), lambda fleet: host.failed_unit(fleet["110"])
    ),
    "momo-rows-missing": Fault(
        "rows of three days did not reach momo's second table",
        (f"{SCHEDULES}/momo-in-step",),
        lambda fleet: data.momo_rows_missing(fleet["188"]),
    ),
    "rules-drifted": Fault(
        "110's alerts.yml is not its canonical copy any more",
        (f"{REGISTRY}/rules-canonical",),
        lambda fleet: host.changed(fleet["110"], "/home/wooo/monitoring/alerts.yml", "$ s/$/ # edited by hand/"),
    ),
    "journal-unreadable": Fault(
        "ollama may not read the journal of 188",
        (f"{DATA}/storage-corruption", f"{DATA}/postgresql-wal", f"{DATA}/postgresql-log"),
        lambda fleet: host.journal_unreadable(fleet["188"]),
    ),
}
