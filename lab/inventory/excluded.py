"""What a snapshot leaves out, with the reason: logs, records of sessions, caches, what a service writes by itself.

A pattern is a path or a name in which ``*`` stands for anything but a slash. What is below a folder goes with it.
"""

FILES = {
    "/var/log/journal/*": "log: journald's ring of files; the journal only ever gets longer, until it drops its oldest",
    "/var/cache": "cache: by definition what can be thrown away (FHS 5.5)",
    "/home/*/node_exporter_textfiles/*": "written by cron every few minutes",
    "/home/*/reboot-recovery/cold-start-last.log": "as above: 110's own monitor, which a check from elsewhere never is",
    "/home/*/.local/state/coldstart": "as above: the history and the lock of that monitor",
    "/var/lib/systemd/timers": "systemd's own stamps of timers that elapsed",
    "/var/lib/prometheus/metrics2": "samples, which Prometheus takes all the time",
    "/var/lib/prometheus/alertmanager": "written every 15 minutes; its silences are compared by its API",
    "/var/lib/postgresql/*/*/base": "checkpoints and autovacuum write there; rows and catalogues are compared instead",
    "/var/lib/postgresql/*/*/global": "as base",
    "/var/lib/postgresql/*/*/pg_*": "as base: WAL, transaction status, statistics",
    "/var/lib/redis/dump.rdb": "saved by Redis itself; keys and settings are compared instead",
    "/var/lib/docker/containers/*/config.v2.json": "rewritten at each health check; docker inspect is compared",
    "/var/lib/docker/containers/*/.tmp-config.v2.json*": "the same, while it is written",
    "/var/lib/docker/volumes/*/_data/base": "a PostgreSQL in a container, as above",
    "/var/lib/docker/volumes/*/_data/global": "as above",
    "/var/lib/docker/volumes/*/_data/pg_*": "as above",
    "/var/lib/lab/*/base": "as above, of a PostgreSQL whose folder is mounted into a container",
    "/var/lib/lab/*/global": "as above",
    "/var/lib/lab/*/pg_*": "as above",
    "/tmp/runc-process*": "of runc, while it starts the process of a health check",  # noqa: S108 - a name
    "/var/lib/containerd/io.containerd.metadata.v1.bolt": "containerd's book of tasks, a health check is one",
    "/tmp/systemd-private-*-systemd-timedated.service-*": "of the helper of timedatectl (UNITS)",  # noqa: S108 - a name
    "/var/tmp/systemd-private-*-systemd-timedated.service-*": "as above",  # noqa: S108 - a name
}

TIMES = {
    "/var/lib/docker/containers/*/hostconfig.json": "written anew, the same, at each health check",
    "/var/lib/docker/vfs/dir/*/var/lib/alive": "a container's own sign of life",
}
"""Files whose times change by themselves: all else of them, the contents included, is compared."""

LOGS = {
    "/var/log": "logs and session records (wtmp, btmp, lastlog): they may begin and grow, and nothing else",
    "/var/lib/docker/containers/*/*-json.log": "the log of a container",
}

UNITS = {
    "session-*.scope": "session record: a login",
    "user@*.service": "session record: the service manager of an account while it is logged in",
    "user-*.slice": "session record: as above",
    "user-runtime-dir@*.service": "session record: as above",
    "run-user-*.mount": "session record: as above",
    "systemd-timedated.service": "started by D-Bus to answer timedatectl, ends 30 s later; writes only when told to",
    "run-docker-runtime*.mount": "of runc, for as long as it starts the process of a health check",
}

PROCESSES = {
    "/user.slice/*": "session record: what a login runs",
    "/..*": "started by the lab from outside, this script among them",
    "/system.slice/ssh.service": "one for each connection; the listener is compared with its unit",
    "/system.slice/cron.service": "one for each job; cron itself is compared with its unit",
    "/system.slice/docker-*.scope": "of a container; its first process is compared with the container",
    "/system.slice/systemd-timedated.service": "see UNITS",
    "/system.slice/systemd-udevd.service*": "workers, which come and go",
}
"""By cgroup. The main process of each unit, and the first one of each container, are compared in any case."""

TITLES = {
    "runc*": "starts the process of a health check, and ends",
    "postgres: */*: * * *": "one for each client, or one of autovacuum's workers; both come and go",
}
"""By command line."""

MOUNTS = {
    "/run/user/*": "session record: see UNITS",
    "/run/docker/runtime-runc*": "see UNITS",
    "/run/credentials/*": "systemd's own for each unit that starts, for as long as it runs",
}

KUBERNETES = {
    "/registry/leases/*": "heartbeats: each node renews its own every few seconds",
    "compact_rev_key": "the clock of kine's own clean-up",
}
