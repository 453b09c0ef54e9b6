"""Faults of what holds data: PostgreSQL, the backup, the tables of momo."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from lab.faults.host import changed
from lab.machine import Machine
from lab.process import wait_until

POSTGRESQL = "postgresql@15-main"

_TAKE_AWAY = """
    CREATE TABLE lost AS SELECT * FROM public.realtime_sales_monthly WHERE "日期"::date > current_date - 3;
    DELETE FROM public.realtime_sales_monthly WHERE "日期"::date > current_date - 3;
"""


@contextmanager
def wal_zeroed(machine: Machine) -> Iterator[None]:
    """The newest WAL of PostgreSQL is zeros, as after a power loss with a lying disk (SOP 4.3)."""
    data, keep = "/var/lib/postgresql/15/main", "/root/pg_wal"
    machine.sh(
        f"""
        systemctl stop {POSTGRESQL}
        cp -a {data}/pg_wal {keep}
        for segment in {data}/pg_wal/0*; do dd if=/dev/zero of="$segment" bs=1M count=16 conv=notrunc status=none; done
        systemctl start --no-block {POSTGRESQL}
        """,
        timeout=60,
    )
    seen = ("journalctl", "-b", "-q", "-u", POSTGRESQL, "--grep=could not locate a valid checkpoint record")
    wait_until(lambda: machine.attempt(*seen).stdout, 30, "PostgreSQL did not notice")
    try:
        yield
    finally:
        machine.sh(
            f"""
            systemctl stop {POSTGRESQL} || true
            systemctl reset-failed {POSTGRESQL} || true
            rm -rf {data}/pg_wal && mv {keep} {data}/pg_wal
            # What the damage left in the log belongs to the damage.
            find /var/log/postgresql -name '*.log' -exec truncate --no-create --size=0 {{}} +
            """,
            timeout=60,
        )
        # The journal of this boot will always tell of the damage, and coldstart will always warn of it.
        machine.reboot()
        machine.wait()


@contextmanager
def old_backup(machine: Machine, hours: float) -> Iterator[None]:
    """The last backup that worked is `hours` old, and so says the metric; the exporter itself is alive."""
    file = "/home/ollama/node_exporter_textfiles/backup_110.prom"
    then = int(time.time() - hours * 3600)
    with changed(machine, file, rf"s/^\(backup_110_last_success_timestamp\S*\) .*/\1 {then}/"):
        yield


@contextmanager
def momo_rows_missing(machine: Machine) -> Iterator[None]:
    """Rows of the last days did not reach the second table (SOP 13.7)."""
    psql = (
        "docker",
        "exec",
        "-i",
        "momo-db",
        "psql",
        "-X",
        "-q",
        "-v",
        "ON_ERROR_STOP=1",
        "-U",
        "momo",
        "-d",
        "momo",
    )
    machine.run(*psql, stdin=_TAKE_AWAY)
    try:
        yield
    finally:
        machine.run(*psql, stdin="INSERT INTO public.realtime_sales_monthly SELECT * FROM lost; DROP TABLE lost;")
