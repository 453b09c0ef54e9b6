"""Synthetic reports, one for each thing that a renderer must show; the engine's decisions are written by hand."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from coldstart.decisions import Accepted, AcceptItem, AcceptState, ConditionItem, Decision, ReleaseItem
from coldstart.outcome import (
    CheckResult,
    Conclusion,
    DoneItem,
    Exchange,
    GateResult,
    HostFacts,
    Outcome,
    Part,
    Report,
    Result,
    Root,
    Severity,
    Verdict,
)
from coldstart.reads import Command, HttpGet, Ping, Read, SshLogin
from coldstart.reason import Reason
from coldstart.replies import CommandReply, HttpReply, NoReply, PingReply, Reply

AT = 1_780_000_000.0
HOSTS = ("110", "120", "121", "188")
HELD_GATES = ("P1-K3S", "P2-WORKLOAD-ALERTCHAIN", "P2-PUBLIC-ROUTES", "P2-SCHEDULES")

PG_CLAIM = "PostgreSQL accepts connections"
PG_HINT = "Do not restart K3s: it waits for this database. Look for WAL damage in the log of postgresql@14-main first."

Scenario = Callable[[], Report]
SCENARIOS: dict[str, Scenario] = {}


def scenario(make: Scenario) -> Scenario:
    SCENARIOS[make.__name__] = make
    return make


# --- builders


def command(host: str, *argv: str, sudo: bool = False) -> Command:
    return Command(host=host, argv=argv, sudo=sudo)


def ran(read: Read, stdout: str = "", exit_status: int = 0, stderr: str = "") -> Exchange:
    reply: Reply = CommandReply(
        started=AT, ended=AT + 0.25, exit_status=exit_status, stdout=stdout.encode(), stderr=stderr.encode()
    )
    return Exchange(read=read, reply=reply)


def silent(read: Read, reason: Reason, detail: str = "", evidence: str = "") -> Exchange:
    return Exchange(read=read, reply=NoReply(started=AT, ended=AT + 5, reason=reason, detail=detail, evidence=evidence))


def pinged(host: str, exit_status: int = 0) -> Exchange:
    return Exchange(
        read=Ping(address=f"192.168.0.{host}"), reply=PingReply(started=AT, ended=AT + 1, exit_status=exit_status)
    )


def check(name: str, host: str | None, claim: str, outcome: Outcome | None = None, **fields: Any) -> CheckResult:
    """A check of `GATE/name`; its verdict follows from the outcome and the severity unless it is given."""
    severity = fields.pop("severity", Severity.BLOCKED)
    verdict = fields.pop("verdict", None)
    if outcome and verdict is None:
        cost = {Severity.BLOCKED: Verdict.BLOCKED, Severity.WARN: Verdict.WARN}[severity]
        costs = {Conclusion.MET: Verdict.PASS, Conclusion.CAUTION: Verdict.WARN}
        verdict = costs.get(outcome.conclusion, cost)
    fields.setdefault("source", "full-stack-cold-start.yml:42")
    fields.setdefault("probe", "command")
    return CheckResult(id=name, host=host, claim=claim, severity=severity, verdict=verdict, outcome=outcome, **fields)


def passing(
    name: str, claim: str, hosts: Sequence[str | None] = HOSTS, observed: str = "as expected"
) -> list[CheckResult]:
    return [check(name, host, claim, Outcome.met(observed)) for host in hosts]


def gate(
    name: str, title: str, checks: Iterable[CheckResult], *, verdict: Verdict | None = None, **fields: Any
) -> GateResult:
    order = (Verdict.BLOCKED, Verdict.HELD, Verdict.WARN, Verdict.PASS)
    checks = tuple(checks)
    own = [result.verdict for result in checks if result.verdict]
    verdict = verdict or min(own, key=order.index, default=None)
    return GateResult(name=name, title=title, needs={}, verdict=verdict, checks=tuple(checks), **fields)


def held(name: str, title: str, by: str, count: int = 3) -> GateResult:
    checks = [check(f"{name}/check-{at}", "120", "holds", verdict=Verdict.HELD, held_by=by) for at in range(count)]
    return gate(name, title, checks, held_by=by)


def held_below(by: str) -> list[GateResult]:
    titles = ("120/121 K3s", "AWOOOI workload and alert chain", "public routes", "schedules and delayed work")
    return [held(name, title, by, at + 3) for at, (name, title) in enumerate(zip(HELD_GATES, titles, strict=True))]


def root_of(result: CheckResult, *, also: int = 0, holds: Sequence[str] = HELD_GATES) -> Root:
    outcome = result.outcome
    assert outcome
    assert result.verdict
    return Root(
        gate=result.id.partition("/")[0],
        check=result.id,
        host=result.host,
        verdict=result.verdict,
        observed_bad=outcome.conclusion is not Conclusion.UNOBSERVED,
        reason=outcome.reason,
        claim=result.claim,
        observed=outcome.observed,
        also=also,
        holds=tuple(holds),
        hint=result.hint,
        sop=result.sop,
    )


def report(
    gates: Sequence[GateResult],
    *,
    result: Result,
    headline: str,
    root: Root | None = None,
    narrowed: Sequence[str] = (),
    **fields: Any,
) -> Report:
    counts = dict.fromkeys(("PASS", "WARN", "BLOCKED", "HELD", "NOT_APPLICABLE"), 0)
    counts |= Counter(
        check.verdict.value if check.verdict else "NOT_APPLICABLE" for one in gates for check in one.checks
    )
    codes = {Result.GREEN: 0, Result.DEGRADED: 1, Result.BLOCKED: 2, Result.CHECK_FAILED: 3}
    fields.setdefault("hosts", tuple(HostFacts(name=name, address=f"192.168.0.{name}") for name in HOSTS))
    return Report(
        version="0.1.0",
        baseline="baselines/full-stack-cold-start.yml",
        baseline_name="full-stack-cold-start",
        baseline_sha256="5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8",
        started=AT,
        ended=AT + 4.2,
        result=result,
        exit_code=codes[result],
        headline=headline,
        root=root,
        narrowed=tuple(narrowed),
        counts=counts,
        gates=tuple(gates),
        **fields,
    )


def network() -> GateResult:
    checks = [
        *passing("P0-NETWORK/ping", "answers ping"),
        *passing("P0-NETWORK/neighbour", "answers ARP on this segment"),
        *passing("P0-NETWORK/ssh", "accepts an SSH login"),
    ]
    return gate("P0-NETWORK", "LAN, ARP and SSH", checks)


def pg_ready(outcome: Outcome, **fields: Any) -> CheckResult:
    fields.setdefault("exchanges", (ran(command("188", "pg_isready", "-h", "localhost", "-p", "5432"), exit_status=2),))
    return check(
        "P0-188-DATA/postgresql", "188", PG_CLAIM, outcome, hint=PG_HINT, sop="4.3", probe="pg_isready", **fields
    )


def pg_down() -> CheckResult:
    return pg_ready(
        Outcome.unmet(
            Reason.REJECTING, "no response on localhost:5432", expected="accepting connections on localhost:5432"
        )
    )


def data(*first: CheckResult) -> GateResult:
    checks = [
        *first,
        *passing("P0-188-DATA/units", "containerd, docker, redis-server and nginx are active", ("188",)),
        *passing("P0-188-DATA/redis", "Redis answers PONG", ("188",)),
    ]
    return gate("P0-188-DATA", "188 data layer", checks)


# --- scenarios


@scenario
def all_green() -> Report:
    gates = [
        network(),
        data(*passing("P0-188-DATA/postgresql", PG_CLAIM, ("188",))),
        gate(
            "P1-K3S",
            "120/121 K3s",
            [
                *passing("P1-K3S/nodes", "every node is Ready and its lease is fresh", ("120",)),
                *passing("P1-K3S/vip", "exactly one host holds 192.168.0.125", (None,)),
                check(
                    "P1-K3S/agent", "120", "k3s-agent is active", not_applicable="120 runs the server, not the agent"
                ),
                *passing("P1-K3S/agent", "k3s-agent is active", ("121",)),
            ],
        ),
    ]
    return report(
        gates,
        result=Result.GREEN,
        headline="GREEN: 18 checks of 3 gates passed, each on one boot of its host",
    )


@scenario
def narrowed_all_passed() -> Report:
    left_out = [
        check(f"P2-SCHEDULES/{name}", "188", "runs", not_applicable="left out by --only P0-NETWORK")
        for name in ("cron", "backup")
    ]
    gates = [network(), gate("P2-SCHEDULES", "schedules", left_out)]
    return report(
        gates,
        result=Result.DEGRADED,
        headline="DEGRADED: what was asked passed, but this run cannot speak for the stack: --only P0-NETWORK",
        narrowed=["--only P0-NETWORK"],
    )


@scenario
def blocked_at_data() -> Report:
    down = pg_down()
    momo = check(
        "P0-188-DATA/momo-db",
        "188",
        "momo-db is running and healthy",
        Outcome.unmet(Reason.NOT_RUNNING, "exited (137) 12 minutes ago", expected="running, healthy"),
        hint="Start it by its compose file; do not delete its volume.",
        sop="4.1",
        exchanges=(ran(command("188", "docker", "ps", "-a", "--no-trunc", "--format", "{{json .}}"), "{}"),),
    )
    gates = [network(), data(down, momo), *held_below("P0-188-DATA")]
    return report(gates, result=Result.BLOCKED, headline="BLOCKED at P0-188-DATA", root=root_of(down, also=1))


@scenario
def blocked_at_network() -> Report:
    checks = []
    for host in HOSTS:
        outcome = Outcome.met("2 of 2 answers")
        if host == "121":
            outcome = Outcome.unmet(Reason.NO_ANSWER, "0 of 2 answers", expected="at least 1 of 2 answers")
        exchange = pinged(host, 1 if host == "121" else 0)
        checks.append(check("P0-NETWORK/ping", host, "answers ping", outcome, exchanges=(exchange,), sop="3"))
    checks += passing("P0-NETWORK/ssh", "accepts an SSH login", ("110", "120", "188"))
    gates = [
        gate("P0-NETWORK", "LAN, ARP and SSH", checks, holds=("P0-188-DATA", *HELD_GATES)),
        held("P0-188-DATA", "188 data layer", "P0-NETWORK", 8),
        *held_below("P0-NETWORK"),
    ]
    root = root_of(checks[2], holds=("P0-188-DATA", *HELD_GATES))
    return report(gates, result=Result.BLOCKED, headline="BLOCKED at P0-NETWORK", root=root)


@scenario
def unreachable_host() -> Report:
    names = ("ssh", "k3s-unit", "keepalived", "nodes", "pods", "cronjobs", "load", "memory", "root-fs", "journal")
    lost = [
        check(
            f"P1-K3S/{name}",
            "120",
            f"{name} is as it should be",
            Outcome.unobserved(Reason.CONNECT_TIMEOUT, "192.168.0.120:22 did not answer within 5 s"),
            severity=Severity.WARN if name in ("load", "memory") else Severity.BLOCKED,
            hint="Is it powered on? Look at its console." if name == "ssh" else "",
            sop="3",
            exchanges=(silent(SshLogin(host="120"), Reason.CONNECT_TIMEOUT),),
        )
        for name in names
    ]
    rest = [*passing("P1-K3S/k3s-unit", "k3s-unit is as it should be", ("121",))]
    gates = [network(), gate("P1-K3S", "120/121 K3s", [*lost, *rest]), held("P2-SCHEDULES", "schedules", "P1-K3S", 6)]
    root = root_of(lost[0], also=7, holds=("P2-SCHEDULES",))
    return report(gates, result=Result.BLOCKED, headline="BLOCKED at P1-K3S", root=root)


@scenario
def not_observed_beside_observed() -> Report:
    unseen = pg_ready(
        Outcome.unobserved(
            Reason.TOOL_MISSING, "pg_isready: command not found", expected="accepting connections on localhost:5432"
        ),
        exchanges=(silent(command("188", "pg_isready", "-h", "localhost", "-p", "5432"), Reason.TOOL_MISSING),),
    )
    redis = check(
        "P0-188-DATA/redis-6380",
        "188",
        "Redis on 6380 answers PONG",
        Outcome.unmet(Reason.STARTING, "LOADING Redis is loading the dataset in memory", expected="PONG"),
        exchanges=(ran(command("188", "redis-cli", "-p", "6380", "PING"), "LOADING"),),
    )
    gates = [network(), data(unseen, redis), *held_below("P0-188-DATA")]
    return report(gates, result=Result.BLOCKED, headline="BLOCKED at P0-188-DATA", root=root_of(unseen, also=1))


@scenario
def keep_going_downstream() -> Report:
    down = pg_down()
    below = [
        check(
            "P1-K3S/k3s-unit",
            "120",
            "k3s.service is active",
            Outcome.unmet(Reason.STARTING, "activating (start) since 6 min", expected="active (running)"),
            downstream_of="P0-188-DATA",
            sop="6.2",
            exchanges=(ran(command("120", "systemctl", "show", "k3s.service"), "ActiveState=activating"),),
        ),
        check("P1-K3S/vip", None, "exactly one host holds the VIP", Outcome.met("120"), downstream_of="P0-188-DATA"),
    ]
    gates = [network(), data(down), gate("P1-K3S", "120/121 K3s", below, held_by="P0-188-DATA")]
    return report(
        gates, result=Result.BLOCKED, headline="BLOCKED at P0-188-DATA", root=root_of(down, holds=("P1-K3S",))
    )


@scenario
def any_of_groups() -> Report:
    def member(group: str, name: str, claim: str, outcome: Outcome) -> CheckResult:
        return check(f"P0-188-DATA/{group}.{name}", "188", claim, outcome)

    absent = Outcome.unmet(Reason.ABSENT, "unit ollama.service does not exist", expected="active")
    refused = Outcome.unmet(Reason.PORT_CLOSED, "connection refused on 4000", expected="200")
    unseen = Outcome.unobserved(Reason.DEADLINE, "no complete answer within 8 s")
    good = check(
        "P0-188-DATA/ai-proxy",
        "188",
        "An AI proxy dependency is up",
        Outcome.met("litellm answers: 200"),
        probe=None,
        members=(
            member("ai-proxy", "ollama", "ollama is active", absent),
            member("ai-proxy", "litellm", "litellm answers", Outcome.met("200")),
        ),
    )
    bad = check(
        "P0-188-DATA/dashboard",
        "188",
        "A dashboard is reachable",
        Outcome.unobserved(Reason.DEADLINE, "one of them could not be looked at", expected="one of the alternatives"),
        probe=None,
        hint="Either of the two is enough.",
        members=(
            member("dashboard", "signoz", "SigNoz answers", refused),
            member("dashboard", "grafana", "Grafana answers", unseen),
        ),
    )
    gates = [network(), data(*passing("P0-188-DATA/postgresql", PG_CLAIM, ("188",)), good, bad)]
    return report(gates, result=Result.BLOCKED, headline="BLOCKED at P0-188-DATA", root=root_of(bad, holds=()))


@scenario
def warnings_only() -> Report:
    load = [
        check(
            "P0-188-DATA/load",
            host,
            "load per core stays below 1.0",
            Outcome.unmet(Reason.OVER_LIMIT, "1.74 over the last 15 minutes", expected="< 1.0"),
            severity=Severity.WARN,
            sop="12.1",
        )
        for host in ("110", "188")
    ]
    ipv6 = check(
        "P0-188-DATA/signoz",
        "188",
        "SigNoz answers over HTTP",
        Outcome.caution(Reason.FALLBACK_ADDRESS, "200; IPv6 failed (connect timed out), used IPv4"),
        exchanges=(
            Exchange(
                read=HttpGet(url="http://signoz.internal.example:8080/api/v1/health"),
                reply=HttpReply(started=AT, ended=AT + 2, status=200, url="http://signoz.internal.example:8080/"),
            ),
        ),
    )
    pg = passing("P0-188-DATA/postgresql", PG_CLAIM, ("188",))
    gates = [network(), data(*pg, *load, ipv6), held("P3-RELEASE", "crawlers, runners and CD", "P0-188-DATA", 2)]
    root = root_of(load[0], also=2, holds=("P1-K3S", "P3-RELEASE"))
    return report(gates, result=Result.DEGRADED, headline="DEGRADED at P0-188-DATA", root=root)


HOSTILE = "\x1b]52;c;ZXZpbA==\x07 \x1b[2J \x9b31m [bold red]x[/] :warning: \u202egnp.exe \u2066\r\x08 <b>"


@scenario
def hostile_text() -> Report:
    evil = check(
        "P0-188-DATA/motd",
        "188",
        f"claims {HOSTILE}",
        Outcome.unmet(
            Reason.WRONG_VALUE,
            f"saw {HOSTILE}\nand a second line\tafter a tab",
            expected=f"not {HOSTILE}",
            evidence=(HOSTILE,),
        ),
        hint=f"hint {HOSTILE}",
        sop=f"4 {HOSTILE}",
        source=f"base{HOSTILE}.yml:1",
        exchanges=(
            ran(command("188", "cat", f"/etc/{HOSTILE}"), HOSTILE, stderr=HOSTILE),
            silent(HttpGet(url=f"http://x/{HOSTILE}"), Reason.DEADLINE, HOSTILE, HOSTILE),
        ),
    )
    evil_host = HostFacts(name=f"h{HOSTILE}", address="192.168.0.9", boot_id="b", problem=HOSTILE)
    gates = [gate("P0-188-DATA", f"title {HOSTILE}", [evil]), held("P1-K3S", "k3s", f"P0{HOSTILE}")]
    return report(
        gates,
        result=Result.BLOCKED,
        headline=HOSTILE,
        root=root_of(evil),
        hosts=(evil_host,),
        notes=(f"note {HOSTILE}",),
        narrowed=(f"--only {HOSTILE}",),
        done=(DoneItem(id="evil", claim=HOSTILE, done=False, by=(HOSTILE,), why=HOSTILE, sop=HOSTILE),),
        releases=(
            ReleaseItem(
                name=f"evil{HOSTILE}",
                title=HOSTILE,
                decision=Decision.HOLD,
                conditions=(
                    ConditionItem(claim=HOSTILE, met=False, why=HOSTILE),
                    ConditionItem(claim=HOSTILE, met=None, why=HOSTILE, by_hand=HOSTILE),
                ),
                early=HOSTILE,
                hint=HOSTILE,
                sop=HOSTILE,
            ),
        ),
    )


@scenario
def chinese_hints() -> Report:
    result = check(
        "P2-SCHEDULES/即時業績",
        "188",
        "momo 匯入後「即時業績明細」與資料庫筆數一致",
        Outcome.unmet(
            Reason.WRONG_VALUE,
            "daily_sales_snapshot 已有 2026-05-01 到 2026-05-28 的 17,353 筆，realtime_sales_monthly 同日期範圍為 0 筆",
            expected="兩張表同日期範圍筆數與日期上下界必須一致",
        ),
        hint=(
            "重啟或 fsck 後，PostgreSQL index 可能讓匯入流程表面完成。只重建索引，不刪資料；"
            "重建後才可針對缺漏日期做 idempotent 補同步，不可整表 truncate、不可整庫 restore。"
        ),
        sop="13.7",
        exchanges=(
            ran(
                command(
                    "188",
                    *("psql", "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "localhost", "-p", "5433", "-U"),
                    *("coldstart_reader", "-d", "momo_analytics", "-c", "SELECT count(*) FROM public.daily_sales"),
                ),
                "0",
            ),
        ),
    )
    others = [
        *passing("P2-SCHEDULES/cron", "cron 服務執行中", ("110", "120", "121", "188")),
        *passing("P2-SCHEDULES/備份", "備份在 25 小時內成功", ("110", "188")),
    ]
    gates = [network(), gate("P2-SCHEDULES", "排程與延遲工作", [result, *others])]
    return report(gates, result=Result.BLOCKED, headline="BLOCKED", root=root_of(result, holds=()))


@scenario
def many_parts() -> Report:
    def part(at: int) -> Part:
        name = f"sentry-consumer-{at:02}"
        if at % 3 == 0:
            return Part(name=name, conclusion=Conclusion.MET, reason=Reason.OK, observed="running")
        if at == 20:
            return Part(name=name, conclusion=Conclusion.UNOBSERVED, reason=Reason.UNPARSABLE, observed="no state")
        return Part(name=name, conclusion=Conclusion.UNMET, reason=Reason.RESTART_LOOP, observed=f"restarting, {at}th")

    outcome = Outcome.of_parts([part(at) for at in range(1, 31)], expected="30 containers running, none restarting")
    result = check(
        "P0-110-REGISTRY-OBSERVABILITY/containers",
        "110",
        "every declared container is running and none of them restarts again and again",
        outcome,
        sop="5.1",
        exchanges=tuple(
            ran(command("110", "docker", "inspect", f"sentry-consumer-{at:02}"), "[]", exit_status=at % 2)
            for at in range(1, 8)
        ),
    )
    gates = [network(), gate("P0-110-REGISTRY-OBSERVABILITY", "110 registry and observability", [result])]
    return report(gates, result=Result.BLOCKED, headline="BLOCKED", root=root_of(result, holds=HELD_GATES))


@scenario
def boot_changed() -> Report:
    void = [
        check(
            name,
            "188",
            claim,
            Outcome.unobserved(Reason.BOOT_CHANGED, "boot id 1a2b3c4d at the start, 99aabbcc at the end"),
        )
        for name, claim in (
            ("P0-188-DATA/postgresql", PG_CLAIM),
            ("P0-188-DATA/redis", "Redis answers PONG"),
            ("P0-188-DATA/units", "units are active"),
        )
    ]
    facts = tuple(
        HostFacts(
            name=name,
            address=f"192.168.0.{name}",
            boot_id="11111111-2222-3333-4444-555555555555",
            problem="rebooted during the run: what it answered before is void" if name == "188" else "",
        )
        for name in HOSTS
    )
    gates = [network(), gate("P0-188-DATA", "188 data layer", void), *held_below("P0-188-DATA")]
    return report(
        gates,
        result=Result.BLOCKED,
        headline="BLOCKED",
        root=root_of(void[0], also=2),
        hosts=facts,
        notes=("clock of 188 was set back by 3 s during the run",),
    )


@scenario
def interrupted() -> Report:
    cut = [
        check(f"P1-K3S/{name}", "120", claim, Outcome.unobserved(Reason.INTERRUPTED, "SIGINT"))
        for name, claim in (("nodes", "every node is Ready"), ("pods", "every pod is Running"))
    ]
    gates = [network(), gate("P1-K3S", "120/121 K3s", cut)]
    return report(
        gates,
        result=Result.CHECK_FAILED,
        headline="CHECK_FAILED: interrupted; first seen: P1-K3S/nodes on 120: not observed: SIGINT",
        root=root_of(cut[0], also=1, holds=()),
    )


@scenario
def done_criteria() -> Report:
    down = pg_down()
    gates = [network(), data(down), *held_below("P0-188-DATA")]
    logins = tuple(f"P0-NETWORK/ssh@{host}: PASS" for host in HOSTS)
    criteria = (
        DoneItem(id="ssh", claim="Four hosts reachable by SSH.", done=True, by=logins, sop="14"),
        DoneItem(
            id="data",
            claim="188 PostgreSQL and Redis healthy.",
            done=False,
            by=("P0-188-DATA/postgresql@188: BLOCKED", "P0-188-DATA/redis@188: PASS"),
            why="P0-188-DATA/postgresql@188: no response on localhost:5432",
            sop="14",
        ),
        DoneItem(
            id="k3s",
            claim="120/121 K3s nodes Ready.",
            done=None,
            by=("P1-K3S/check-0@120: HELD",),
            why="P1-K3S/check-0@120: held by P0-188-DATA",
        ),
        DoneItem(
            id="ai",
            claim="AI auto-remediation is not in full execution mode until all gates are green.",
            done=None,
            why="by hand: look at the mode in its settings, and ask whoever changed it last",
        ),
    )
    headline = "BLOCKED at P0-188-DATA"
    return report(gates, result=Result.BLOCKED, headline=headline, root=root_of(down), done=criteria)


def unmet(claim: str, why: str, *, met: bool | None = False, by_hand: str = "") -> ConditionItem:
    return ConditionItem(claim=claim, met=met, why=why, by_hand=by_hand)


def held_release(name: str, title: str, *conditions: ConditionItem, **fields: Any) -> ReleaseItem:
    good = ConditionItem(claim="P0-NETWORK is green", met=True, why="passed")
    return ReleaseItem(name=name, title=title, decision=Decision.HOLD, conditions=(good, *conditions), **fields)


LOAD_110 = unmet("load per core of 110 is below 1.0", "11m of 15m")
ROUTE = unmet("the provider route is verified", "nobody has confirmed it", met=None, by_hand="send one request")


@scenario
def releases_decided() -> Report:
    """Some may go, the others wait: for one gate together, for things of their own; one runs too early."""
    gate_held = unmet("P0-188-DATA is green", "WARN: signoz@188: 200; IPv6 failed (connect timed out), used IPv4")
    crawlers = held_release(
        *("crawlers", "momo-scheduler and crawlers", gate_held),
        sop="11",
        hint="Let one run to its end before the next.",
    )
    runners = held_release(
        *("runners", "Runners and CD", gate_held, LOAD_110),
        early="2 units active already on 110: actions.runner.a.service, actions.runner.b.service",
        hint="One runner at a time.",
        sop="5.3",
    )
    litellm = held_release("litellm", "litellm", gate_held, ROUTE, earlier=True, sop="11")
    consumers = ReleaseItem(
        name="snuba-consumers",
        title="Sentry's Snuba consumers",
        decision=Decision.RELEASE,
        conditions=(ConditionItem(claim="P0-NETWORK is green", met=True, why="passed"),),
        hint="Start them one after the other.",
    )
    early = check(
        "RELEASES/runners",
        None,
        "Runners and CD: waits for its release",
        Outcome.unmet(Reason.ACTIVE_TOO_EARLY, runners.early, expected="nothing of it runs before its release"),
        severity=Severity.WARN,
        hint="Stop it, with approval, until it is released.",
        sop="5.3",
        probe=None,
    )
    before = warnings_only()
    gates = [*before.gates[:2], gate("RELEASES", "What waits for its release runs already", [early])]
    return report(
        gates,
        result=Result.DEGRADED,
        headline=before.headline,
        root=before.root,
        releases=(runners, crawlers, litellm, consumers),
    )


@scenario
def releases_held_by_a_gate() -> Report:
    """Where one blocked gate holds them all, that is said once."""
    before = blocked_at_data()
    waits = (
        unmet("P0-188-DATA is green", "BLOCKED: postgresql@188: no response on localhost:5432 (+1 more)"),
        unmet("P1-K3S is green", "held by P0-188-DATA", met=None),
        unmet("P2-SCHEDULES is green", "held by P0-188-DATA", met=None),
    )
    nodes = unmet("both K3s nodes are Ready", "held by P0-188-DATA", met=None)
    releases = (
        held_release("runners", "Runners and CD", *waits, nodes, LOAD_110, sop="5.3"),
        held_release("litellm", "litellm", *waits, ROUTE, sop="11"),
    )
    return before.model_copy(update={"releases": releases})


# --- accepted warnings

UNTIL = AT + 86_400.0
IN_FILE = Accepted(reason="the rebuild is running", by="ogt", until=UNTIL, source="accepts.yml:2")
BY_OPTION = Accepted(reason="no IPv6 there yet", source="--accept")


def loaded(host: str, **fields):
    outcome = Outcome.unmet(Reason.OVER_LIMIT, "1.74 over the last 15 minutes", expected="< 1.0", measure=1.74)
    claim = "load per core stays below 1.0"
    return check("P0-188-DATA/load", host, claim, outcome, severity=Severity.WARN, sop="12.1", **fields)


def fell_back(**fields):
    outcome = Outcome.caution(Reason.FALLBACK_ADDRESS, "200; IPv6 failed (connect timed out), used IPv4")
    return check("P0-188-DATA/signoz", "188", "SigNoz answers over HTTP", outcome, **fields)


def an_accept(name: str, state: AcceptState, says: str, accepted: Accepted = IN_FILE) -> AcceptItem:
    return AcceptItem(check=name, state=state, says=says, accepted=accepted)


@scenario
def accepted_warnings() -> Report:
    """All warnings are accepted, so it is GREEN; one accept has nothing to do."""
    checks = [
        *passing("P0-188-DATA/postgresql", "PostgreSQL accepts connections", ("188",)),
        loaded("188", accepted=IN_FILE),
        fell_back(accepted=BY_OPTION),
    ]
    accepts = (
        an_accept("P0-188-DATA/load", AcceptState.IN_USE, "covers it while it is no worse than over-limit"),
        an_accept("P0-NETWORK/ping@110", AcceptState.UNUSED, "it passes: nothing is to be accepted"),
        an_accept(
            *("P0-188-DATA/signoz@188", AcceptState.IN_USE, "covers it while it is no worse than fallback-address"),
            BY_OPTION,
        ),
    )
    headline = "GREEN (2 accepted): 15 checks of 2 gates passed, 2 warnings accepted, each on one boot of its host"
    return report([network(), data(*checks)], result=Result.GREEN, headline=headline, accepts=accepts)


@scenario
def accepts_of_no_use() -> Report:
    """One host of two got worse, one accept ended, one names what is gone."""
    checks = [loaded("110", accepted=IN_FILE), loaded("188")]
    accepts = (
        an_accept("P0-188-DATA/load", AcceptState.VOID, "188: it is 1.74 now, and at most 1.4 was accepted"),
        an_accept(
            "P0-NETWORK/ping@110", AcceptState.EXPIRED, "it ended 3 d ago: look again and renew it, or remove it"
        ),
        an_accept("P1-K3S/nods", AcceptState.UNKNOWN, "the baseline has no check P1-K3S/nods (known: P1-K3S/nodes)"),
    )
    headline = "DEGRADED at P0-188-DATA: P0-188-DATA/load on 188: 1.74 over the last 15 minutes"
    return report(
        [network(), data(*checks)], result=Result.DEGRADED, headline=headline, root=root_of(checks[1]), accepts=accepts
    )


@scenario
def only_an_accept_is_wrong() -> Report:
    """Nothing bad was seen, and an accept holds no longer: that is what must be mended."""
    says = "it ended 3 d ago: look again and renew it, or remove it"
    headline = f"DEGRADED: the accept of P0-NETWORK/ping@110 is expired: {says}"
    accepts = (an_accept("P0-NETWORK/ping@110", AcceptState.EXPIRED, says),)
    checks = passing("P1-K3S/agent", "the agent runs")
    gates = [network(), gate("P1-K3S", "120/121 K3s", checks)]
    return report(gates, result=Result.DEGRADED, headline=headline, accepts=accepts)


@scenario
def hostile_accepts() -> Report:
    """A reason and a name that would be more than text, if a renderer let them."""
    evil = Accepted(reason=HOSTILE, by=HOSTILE, until=UNTIL, source=HOSTILE)
    accepts = (
        an_accept(f"P0/{HOSTILE}", AcceptState.VOID, HOSTILE, evil),
        an_accept("P0/x", AcceptState.IN_USE, "x", evil),
    )
    gates = [network(), data(loaded("188", accepted=evil))]
    return report(gates, result=Result.GREEN, headline="GREEN (1 accepted)", accepts=accepts)
