"""Synthetic plans."""

from coldstart.plan import Plan, PlannedCheck, PlannedGate, PlannedHost, PlannedRead
from coldstart.reads import BootId, Command, HttpGet, Ping, Read, SshLogin, TcpDial


def planned(read: Read) -> PlannedRead:
    return PlannedRead(place=read.place, asks=read.describe(), read=read)


def check(name: str, host: str | None, *reads: Read, left_out: str = "") -> PlannedCheck:
    return PlannedCheck(
        id=name,
        host=host,
        probe="command",
        claim="holds",
        severity="blocked",
        reads=tuple(planned(read) for read in reads),
        not_applicable=left_out,
    )


UNITS = "Id,LoadState,ActiveState,SubState,NRestarts,StateChangeTimestamp"


def full() -> Plan:
    """Four hosts, three gates: a read shared by two checks, reads from here and from a host, checks left out."""
    show = Command(host="188", argv=("systemctl", "show", "--property", UNITS, "docker.service", "nginx.service"))
    ready = Command(host="188", argv=("pg_isready", "-h", "localhost", "-p", "5432"))
    sql = "SELECT count(*) FROM public.daily_sales_snapshot WHERE snapshot_date BETWEEN DATE '2026-05-01' AND now()"
    psql = Command(host="188", argv=("psql", "-X", "-v", "ON_ERROR_STOP=1", "-h", "localhost", "-d", "momo", "-c", sql))
    network = [
        read_check
        for name in ("110", "188")
        for read_check in (
            check("P0-NETWORK/ping", name, Ping(address=f"192.168.0.{name}")),
            check("P0-NETWORK/ssh-port", name, TcpDial(address=f"192.168.0.{name}", port=22)),
            check("P0-NETWORK/ssh", name, SshLogin(host=name)),
        )
    ]
    data = (
        check("P0-188-DATA/units", "188", show),
        check("P0-188-DATA/nginx-is-stable", "188", show),
        check("P0-188-DATA/postgresql", "188", ready),
        check("P0-188-DATA/momo-rows", "188", psql),
        check("P0-188-DATA/ollama", "188", left_out="left out by --skip P0-188-DATA/ollama"),
    )
    alerts = (
        check("P2-WORKLOAD-ALERTCHAIN/api", None, HttpGet(url="http://192.168.0.125:32334/api/v1/health")),
        check("P2-WORKLOAD-ALERTCHAIN/prometheus", "110", HttpGet(url="http://127.0.0.1:9090/-/ready", via="110")),
    )
    hosts = (
        PlannedHost(name="110", address="192.168.0.110", user="wooo", port=22, local=True, role="registry"),
        PlannedHost(name="188", address="fd00::188", user="ollama", port=2222, local=False, role="資料層 data layer"),
    )
    own = [BootId(host=name, moment=moment) for name in ("110", "188") for moment in ("start", "end")]
    return Plan(
        baseline="baselines/full-stack-cold-start.yml",
        hosts=hosts,
        every_host=tuple(planned(read) for read in own),
        gates=(
            PlannedGate(name="P0-NETWORK", title="LAN, ARP and SSH", needs={}, checks=tuple(network)),
            PlannedGate(name="P0-188-DATA", title="188 data layer", needs={"P0-NETWORK": "PASS"}, checks=data),
            PlannedGate(
                name="P2-WORKLOAD-ALERTCHAIN",
                title="AWOOOI workload and alert chain",
                needs={"P0-188-DATA": "WARN", "P0-NETWORK": "PASS"},
                checks=alerts,
            ),
        ),
        distinct_reads=15,
        wrapped_in="env LC_ALL=C timeout N ARGV…",
    )
