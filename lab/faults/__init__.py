"""What can go wrong on purpose: each fault is a context manager that breaks something real and puts it back.

`FAULTS` names those that the corpus is recorded from.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from lab.faults import containers, data, host, network
from lab.fleet import Fleet
from lab.kube import Cluster

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
    "sshd-of-121-frozen": Fault(
        "sshd of 121 takes connections and never speaks",
        ("P0-NETWORK/login",),
        lambda fleet: host.sshd_frozen(fleet, "121"),
    ),
    "ssh-of-110-dropped": Fault(
        "a firewall drops what comes for port 22 of 110",
        ("P0-NETWORK/ssh-port", "P0-NETWORK/login"),
        lambda fleet: network.port_dropped(fleet["110"], 22),
    ),
    "host-key-of-188-changed": Fault(
        "188 has another host key", ("P0-NETWORK/login",), lambda fleet: host.host_key_changed(fleet["188"])
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
    "harbor-failing": Fault(
        "Harbor on 110 has lost its storage",
        (f"{REGISTRY}/harbor",),
        lambda fleet: containers.harbor_failing(fleet["110"]),
    ),
    "runner-watchdog": Fault(
        "a runner has a watchdog",
        (f"{REGISTRY}/runner-guardrails",),
        lambda fleet: host.dropped_in(fleet["110"], "actions.runner.awoooi.110-1.service", "WatchdogSec=60"),
    ),
    "node-not-ready": Fault(
        "the pod network of 121 is not up",
        (f"{K3S}/nodes", f"{K3S}/pods"),
        lambda fleet: Cluster(fleet).not_ready("121"),
    ),
    "image-pull": Fault(
        "a pod cannot pull its image",
        (f"{K3S}/pods", f"{WORKLOAD}/pods"),
        lambda fleet: Cluster(fleet).image_pull_back_off("awoooi-worker"),
    ),
    "cronjob-suspended": Fault(
        "a CronJob is suspended", (f"{SCHEDULES}/cronjobs",), lambda fleet: Cluster(fleet).suspended("backup")
    ),
    "job-failed": Fault(
        "a Job has failed", (f"{SCHEDULES}/jobs",), lambda fleet: Cluster(fleet).failed_job("import-by-hand")
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
