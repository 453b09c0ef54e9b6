"""What the drill's HTTP services answer is what the lab's answered, and each state has its own answer."""

import json
from copy import deepcopy
from datetime import datetime
from functools import cache
from itertools import pairwise
from urllib.parse import urlsplit

import pytest
from tests.drill import recorded as lab
from tests.drill.recorded import EPOCH, shape
from tests.probes.test_corpus import CORPUS, load

from coldstart.drill import sites
from coldstart.drill.inventory import HOSTS
from coldstart.drill.scenario import Event
from coldstart.drill.sites import BY_NAME, SITES, Answer, Refused, Silent, Unreachable, answer, behind
from coldstart.drill.stack import Stack
from coldstart.drill.state import Phase
from coldstart.engine.judging import conclude
from coldstart.outcome import Conclusion
from coldstart.probes.base import Place, Replies
from coldstart.probes.prometheus_range import PrometheusRange
from coldstart.reason import Reason
from coldstart.replies import HttpReply, NoReply

CASES = {
    "healthy": {},
    "docker-stopped": {"188/docker": "stopped"},
    "harbor-failing": {"110/harbor": "failing"},
    "redis-stopped": {"188/redis": "stopped"},
    "vip-nowhere": {"120/keepalived": "stopped", "121/keepalived": "stopped"},
}
KINDS = ("http", "prometheus_query", "prometheus_rules")
FILES = [path for kind in KINDS for path in sorted((CORPUS / kind).glob("lab-*.yml"))]
HEALTHY = [path for path in FILES if path.name.startswith("lab-healthy-")]
WEBHOOK = "/api/v1/webhooks/alertmanager"
RULES = "/api/v1/rules?exclude_alerts=true"
MERGES = "/api/v1/query?query=count%28ClickHouseMetrics_Merge%20%3E%200%29"
LAG = "/api/v1/query?query=kafka_consumergroup_lag"
ALERT = json.dumps({"receiver": "test", "alerts": [{"labels": {"alertname": "Test"}}]}).encode()

REFUSED, SILENT, UNREACHABLE = Refused(), Silent(), Unreachable()
NOT_ANSWERED = {  # as the production transport meets them on the real network
    REFUSED: Reason.PORT_CLOSED,
    SILENT: Reason.DEADLINE,
    UNREACHABLE: Reason.CONNECT_TIMEOUT,
}


@cache
def _settled():
    return lab.settled()


def settled():
    """A settled stack of the test's own."""
    return deepcopy(_settled())


def stack_with(later=5.0, **given):
    """A settled stack to which this has happened, `later` seconds ago."""
    stack = settled()
    stack.advance(10.0)
    stack.apply(Event(at=10.0, say="it happens", **given))
    stack.advance(10.0 + later)
    return stack


def fault(name, kind, later=5.0):
    return stack_with(later, parts={name: kind})


def ask(stack, name, path="/", method="GET", body=b""):
    return answer(stack, EPOCH, BY_NAME[name], method, path, body=body)


def asked(stack, read):
    """What the drill's stack says to a read of the corpus."""
    url = urlsplit(read.url)
    port = url.port or 443
    found = [site for site in SITES if (site.host, site.port, site.address) == (read.via, port, url.hostname)]
    assert len(found) == 1, read.url
    return answer(stack, EPOCH, found[0], read.method, url.path + (f"?{url.query}" if url.query else ""))


def as_reply(stack, read, recorded):
    said, now = asked(stack, read), EPOCH + stack.now
    if not isinstance(said, Answer):
        return NoReply(started=now, ended=now, reason=NOT_ANSWERED[said])
    tls = recorded.tls if isinstance(recorded, HttpReply) else None
    return HttpReply(
        started=now, ended=now, status=said.status, headers=said.headers, body=said.body, url=read.url, tls=tls
    )


def stem(path):
    return f"{path.parent.name}/{path.stem}"


@pytest.mark.parametrize("path", HEALTHY, ids=stem)
def test_a_settled_stack_answers_what_the_lab_answered(path):
    ((read, reply),) = load(path)[3].by_read.items()
    said = asked(settled(), read)
    assert reply.status == said.status
    assert {name for name, _ in reply.headers} - {"Connection"} == {name for name, _ in said.headers} - {"Connection"}
    told = [(name, value) for name, value in reply.headers if name not in {"Server", "Date", "Content-Length"}]
    assert [pair for pair in told if pair[0] != "Connection"] == [
        pair for pair in said.headers if pair[0] not in {"Server", "Date", "Content-Length", "Connection"}
    ]
    if path.parent.name == "prometheus_rules":
        ours, theirs = (json.loads(body)["data"]["groups"] for body in (said.body, reply.body))
        assert [skeleton(group) for group in theirs] == [skeleton(group) for group in ours]
    else:
        assert shape(reply.text) == shape(said.body.decode())


def skeleton(group):
    """A group without what changes while Prometheus runs: moments, and which alerts there are."""
    rules = [
        {key: value for key, value in rule.items() if key not in {"lastEvaluation", "state", "alerts"}}
        for rule in group["rules"]
    ]
    return {**group, "rules": rules, "lastEvaluation": ""}, [list(rule) for rule in group["rules"]]


@pytest.mark.parametrize("path", FILES, ids=stem)
def test_the_production_probe_judges_the_drill_as_it_judged_the_lab(path):
    case, probe, target, recorded = load(path)
    scenario = path.stem.removeprefix("lab-").split("-p0-")[0].split("-p2-")[0]
    stack = stack_with(parts=CASES[scenario])
    by_read = {read: as_reply(stack, read, reply) for read, reply in recorded.by_read.items()}
    outcome = conclude(probe, Replies(target=target, now=EPOCH + stack.now, by_read=by_read))
    expect = case["expect"]
    assert (Conclusion(expect["conclusion"]), Reason(expect["reason"])) == (outcome.conclusion, outcome.reason), outcome


def test_the_public_names_are_served_by_the_recorded_nginx():
    for name in ("awoooi.wooo.work", "mo.wooo.work"):
        assert ("Server", "nginx/1.22.1") == ask(settled(), name, "/health").headers[0]


@pytest.mark.parametrize("site", SITES, ids=str)
def test_the_length_and_the_date_are_those_of_the_answer(site):
    said = answer(settled(), EPOCH, site, "GET", "/")
    headers = dict(said.headers)
    assert str(len(said.body)) == headers["Content-Length"]
    assert headers["Date"] == "Mon, 23 Nov 2026 22:48:53 GMT"


# --------------------------------------------------------------------------------------------------- phases and faults


@pytest.mark.parametrize("site", SITES, ids=str)
def test_a_stopped_part_leaves_a_closed_port(site):
    stack = fault(site.part, "stopped")
    assert Phase.BROKEN is stack.parts[site.part].phase
    assert REFUSED == answer(stack, EPOCH, site, "GET", "/")


@pytest.mark.parametrize("site", SITES, ids=str)
def test_a_frozen_part_accepts_and_never_answers(site):
    assert SILENT == answer(fault(site.part, "frozen"), EPOCH, site, "GET", "/")


@pytest.mark.parametrize("site", [site for site in SITES if site.name != "prometheus"], ids=str)
def test_a_failing_part_answers_with_an_error(site):
    path = {"momo": "/health", "harbor": "/v2/"}.get(site.name, "/")
    assert answer(fault(site.part, "failing"), EPOCH, site, "GET", path).status >= 500


@pytest.mark.parametrize("site", [site for site in SITES if site.host], ids=str)
def test_a_host_without_power_has_no_port_open(site):
    assert REFUSED == answer(stack_with(power={site.host: "off"}), EPOCH, site, "GET", "/")


def test_in_a_cold_start_nothing_answers_well_before_it_is_up():
    stack = Stack()
    stack.begin_cold(600)
    stack.apply(Event(at=0.0, say="power", power=dict.fromkeys(HOSTS, "on")))
    well = {site: "/health" if site.name == "momo" else "/v2/" if site.name == "harbor" else "/" for site in SITES}
    well[BY_NAME["prometheus"]] = "/-/ready"
    well[BY_NAME["alertmanager"]] = "/-/healthy"
    well[BY_NAME["litellm"]] = "/health/liveliness"
    well[BY_NAME["api"]] = well[BY_NAME["awoooi.wooo.work"]] = "/api/v1/health"
    well[BY_NAME["mo.wooo.work"]] = "/health"
    behind_nginx = {"awoooi.wooo.work": "k8s/awoooi-api", "mo.wooo.work": "188/momo"}
    seen = set()
    for moment in range(0, 900, 7):
        stack.advance(float(moment))
        for site, path in well.items():
            said = answer(stack, EPOCH, site, "GET", path)
            good = isinstance(said, Answer) and said.status < 500
            seen.add((site.name, good))
            if good:
                assert stack.up(site.part), (site, moment)
                assert stack.up(behind_nginx.get(site.name, site.part)), (site, moment)
    assert {(site.name, good) for site in SITES for good in (True, False)} == seen


def test_a_container_that_starts_again_has_its_port_closed():
    stack = fault("110/harbor", "stopped")
    stack.apply(Event(at=20.0, say="well", parts={"110/harbor": "well"}))
    stack.advance(20.0)
    assert Phase.STARTING is stack.parts["110/harbor"].phase
    assert REFUSED == ask(stack, "harbor", "/v2/")


def test_momo_says_that_its_database_is_away():
    said = ask(fault("188/momo-db", "stopped"), "momo", "/health")
    assert 503 == said.status
    assert "No such file or directory" in json.loads(said.body)["database"]


def test_sentry_does_not_send_to_the_login_page_without_its_clickhouse():
    said = ask(fault("110/clickhouse", "stopped"), "sentry")
    assert (503, b"sentry-clickhouse does not answer\n") == (said.status, said.body)


@pytest.mark.parametrize("site", SITES, ids=str)
def test_a_read_is_all_that_a_service_takes(site):
    assert answer(settled(), EPOCH, site, "POST", "/").status >= 400


def test_a_place_behind_a_host_is_found_by_its_port():
    assert BY_NAME["momo"] is behind("188", 5001)
    assert behind("188", 9090) is None


# -------------------------------------------------------------------------------------------------- the VIP and the API


@pytest.mark.parametrize("name", ["api", "web"])
def test_without_a_holder_of_the_vip_nobody_has_the_address(name):
    assert UNREACHABLE == ask(stack_with(parts=CASES["vip-nowhere"]), name)


def test_the_vip_moves_to_the_host_that_is_left():
    said = ask(fault("120/keepalived", "stopped"), "web")
    assert b"<p>served by host121</p>" in said.body


def test_the_api_names_what_of_its_data_is_away():
    said = ask(fault("188/redis", "stopped"), "api", "/api/v1/health")
    path = CORPUS / "http/lab-redis-stopped-p2-workload-alertchain-api-120.yml"
    (recorded,) = load(path)[3].by_read.values()
    assert (recorded.status, recorded.text) == (said.status, said.body.decode())


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"parts": {"188/redis": "frozen"}}, "Timeout reading from socket"),
        ({"parts": {"188/redis": "failing"}}, "Redis is loading the dataset in memory"),
        ({"cable": {"188": "out"}}, "Timeout connecting to server"),
    ],
)
def test_the_api_says_how_redis_fails(given, words):
    components = json.loads(ask(stack_with(**given), "api", "/api/v1/health").body)["components"]
    assert f"down: {words}" == components["redis"]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("stopped", "Connection refused Is the server running on that host and accepting TCP/IP connections?"),
        ("failing", "FATAL: the database system is in recovery mode"),
    ],
)
def test_the_pod_stays_on_its_node_when_postgresql_and_so_k3s_are_away(kind, words):
    said = ask(fault("188/postgresql", kind, later=60.0), "api", "/api/v1/health")
    assert 503 == said.status
    assert json.loads(said.body)["components"]["postgresql"].endswith(words)


def test_a_pod_that_was_never_scheduled_in_this_boot_is_not_there():
    stack = Stack()
    stack.begin_cold(600)
    stack.apply(Event(at=0.0, say="on", power=dict.fromkeys(HOSTS, "on"), parts={"188/postgresql": "damaged"}))
    stack.advance(400.0)
    assert REFUSED == ask(stack, "api", "/api/v1/health")


def test_a_pod_whose_image_cannot_be_pulled_is_not_there():
    stack = fault("110/harbor", "stopped")
    stack.apply(Event(at=15.0, say="off", power={"120": "off"}))
    stack.advance(30.0)
    stack.apply(Event(at=30.0, say="on", power={"120": "on"}))
    stack.advance(400.0)
    assert ("110/harbor",) == stack.parts["k8s/awoooi-api"].lacks
    assert REFUSED == ask(stack, "api", "/api/v1/health")


def test_the_webhook_takes_an_alert():
    said = ask(settled(), "api", WEBHOOK, "POST", ALERT)
    assert (200, {"status": "accepted", "alerts": 1}) == (said.status, json.loads(said.body))
    assert json.loads(ALERT) == said.taken


def test_the_webhook_that_fails_takes_none_while_the_api_is_healthy():
    stack = fault("k8s/webhook", "failing")
    said = ask(stack, "api", WEBHOOK, "POST", ALERT)
    assert (503, None) == (said.status, said.taken)
    assert json.loads(said.body)["detail"].startswith("not recorded: ")
    assert 200 == ask(stack, "api", "/api/v1/health").status


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"k8s/webhook": "frozen"}, SILENT),
        ({"k8s/awoooi-api": "stopped"}, REFUSED),
        (CASES["vip-nowhere"], UNREACHABLE),
    ],
)
def test_an_alert_that_meets_nobody_is_not_taken(given, expected):
    assert expected == ask(stack_with(parts=given), "api", WEBHOOK, "POST", ALERT)


def test_an_alert_is_not_taken_without_the_data_of_the_api():
    said = ask(fault("188/redis", "stopped"), "api", WEBHOOK, "POST", ALERT)
    assert (503, None) == (said.status, said.taken)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"alerts": 1}'])
def test_what_is_no_alert_is_not_taken(body):
    said = ask(settled(), "api", WEBHOOK, "POST", body)
    assert (422, None) == (said.status, said.taken)


def test_the_webhook_is_not_read_and_the_health_not_written():
    assert 405 == ask(settled(), "api", WEBHOOK).status
    assert 405 == ask(settled(), "api", "/api/v1/health", "POST").status


# ------------------------------------------------------------------------------------------------- the gateway on 188


@pytest.mark.parametrize(
    ("name", "path", "given"),
    [
        ("awoooi.wooo.work", "/api/v1/health", CASES["vip-nowhere"]),
        ("awoooi.wooo.work", "/api/v1/health", {"k8s/awoooi-api": "stopped"}),
        ("awoooi.wooo.work", "/", {"k8s/awoooi-web": "stopped"}),
        ("mo.wooo.work", "/health", {"188/momo": "stopped"}),
    ],
)
def test_what_nginx_does_not_find_behind_it_is_a_bad_gateway(name, path, given):
    said = ask(stack_with(parts=given), name, path)
    assert 502 == said.status
    (recorded,) = load(CORPUS / "http/bad-gateway.yml")[3].by_read.values()
    assert recorded.text.splitlines() == said.body.decode().splitlines()


def test_nginx_hands_on_what_the_api_says_of_its_data():
    stack = fault("188/redis", "stopped")
    said, direct = ask(stack, "awoooi.wooo.work", "/api/v1/health"), ask(stack, "api", "/api/v1/health")
    assert (direct.status, direct.body) == (said.status, said.body)


def test_nginx_leads_to_the_web_beside_the_api():
    assert b"AWOOOI" in ask(settled(), "awoooi.wooo.work").body


def test_nginx_waits_for_what_is_silent_behind_it():
    assert SILENT == ask(fault("188/momo", "frozen"), "mo.wooo.work", "/health")


@pytest.mark.parametrize("given", [{"power": {"188": "off"}}, {"cable": {"188": "out"}}])
def test_the_public_names_lead_nowhere_without_188(given):
    assert UNREACHABLE == ask(stack_with(**given), "mo.wooo.work", "/health")


# ----------------------------------------------------------------------------------------------------------- Prometheus


def starting():
    """Prometheus was started again, and replays its WAL."""
    stack = fault("110/prometheus", "stopped")
    stack.apply(Event(at=15.0, say="well", parts={"110/prometheus": "well"}))
    stack.advance(17.0)
    assert Phase.STARTING is stack.parts["110/prometheus"].phase
    return stack


@pytest.mark.parametrize("path", ["/-/ready", RULES, MERGES])
def test_while_it_replays_its_wal_prometheus_is_unavailable_as_recorded(path):
    (recorded,) = load(CORPUS / "prometheus_rules/starting.yml")[3].by_read.values()
    said = ask(starting(), "prometheus", path)
    assert (recorded.status, recorded.body) == (said.status, said.body)
    assert [name for name, _ in recorded.headers] == [name for name, _ in said.headers]


def evaluations(stack):
    groups = json.loads(ask(stack, "prometheus", RULES).body)["data"]["groups"]
    return [rule for group in groups for rule in group["rules"]]


@pytest.mark.parametrize("later", [0.0, 1.0, 3.0, 1000.0])
def test_every_rule_was_evaluated_within_its_interval_and_not_in_the_future(later):
    stack = settled()
    stack.advance(later)
    said = ask(stack, "prometheus", RULES)
    moments = set()
    for group in json.loads(said.body)["data"]["groups"]:
        for text in (group["lastEvaluation"], *(rule["lastEvaluation"] for rule in group["rules"])):
            moments.add(seconds(text))
    assert all(EPOCH + stack.now - 5.0 < moment <= EPOCH + stack.now for moment in moments)


def seconds(text):
    return datetime.fromisoformat(text).timestamp()


def come_up(after):
    """Prometheus has been up for `after` seconds."""
    stack = starting()
    while stack.parts["110/prometheus"].phase is not Phase.UP:
        stack.advance(stack.now + 1)
    stack.advance(stack.now + after)
    return stack


def test_rules_that_were_not_due_yet_say_so():
    rules = evaluations(come_up(0))
    assert {("unknown", "0001-01-01T00:00:00Z", "inactive")} == {
        (rule["health"], rule["lastEvaluation"], rule["state"]) for rule in rules
    }


def test_the_first_alert_fires_since_the_first_evaluation():
    stack = come_up(30)
    since = EPOCH + stack.parts["110/prometheus"].since
    (watchdog,) = [rule for rule in evaluations(stack) if rule["state"] == "firing"]
    assert since <= seconds(watchdog["alerts"][0]["activeAt"]) < since + 5


def judged(stack, kind, name):
    _, probe, target, recorded = load(CORPUS / f"{kind}/lab-healthy-{name}.yml")
    by_read = {read: as_reply(stack, read, reply) for read, reply in recorded.by_read.items()}
    outcome = conclude(probe, Replies(target=target, now=EPOCH + stack.now, by_read=by_read))
    return outcome.conclusion, outcome.reason


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        (starting, (Conclusion.UNMET, Reason.STARTING)),
        (lambda: come_up(0), (Conclusion.UNMET, Reason.STARTING)),
        (lambda: come_up(6), (Conclusion.MET, Reason.OK)),
        (lambda: fault("110/prometheus", "failing"), (Conclusion.UNMET, Reason.FAILED)),
        (lambda: fault("110/prometheus", "frozen"), (Conclusion.UNOBSERVED, Reason.DEADLINE)),
        (lambda: fault("110/prometheus", "stopped"), (Conclusion.UNMET, Reason.PORT_CLOSED)),
    ],
)
def test_the_probe_of_rules_tells_the_states_of_prometheus_apart(stack, expected):
    assert expected == judged(stack(), "prometheus_rules", "p0-110-registry-observability-rules-110")


@pytest.mark.parametrize(
    ("check", "part"), [("merges", "110/clickhouse"), ("lag", "110/kafka")], ids=["ClickHouse", "Kafka"]
)
def test_the_backlog_of_what_is_not_scraped_is_not_zero(check, part):
    name = f"p2-schedules-{check}-110"
    assert (Conclusion.MET, Reason.OK) == judged(settled(), "prometheus_query", name)
    assert (Conclusion.UNMET, Reason.TOO_FEW) == judged(fault(part, "stopped"), "prometheus_query", name)


def course_of(stack, query, seen, **limits):
    """What production makes of the past that is on record: seconds ago, measure, good."""
    record = PrometheusRange.model_validate(
        {"url": "http://127.0.0.1:9090", "via": True, "query": query, "seen": seen, **limits}
    )
    reply = as_reply(stack, record.read(Place("110", "192.168.0.110"), 900.0, 30.0, timeout=5), None)
    points = record.points(reply, booted=0.0, step=30.0)
    return [(round(EPOCH + stack.now - one.at), one.measure, one.good) for one in points]


def load_of(stack, address):
    """The course of the load a core, with the limit of the shipped baseline."""
    seen = f'node_load1{{instance="{address}:9100"}}'
    cores = f'count by (instance) (node_cpu_seconds_total{{instance="{address}:9100",mode="idle"}})'
    return course_of(stack, f"{seen} / on (instance) {cores}", seen, below=1.0)


def test_the_load_of_the_last_minutes_is_on_record():
    stack = stack_with(300.0, load={"188": 3.0})
    course = load_of(stack, "192.168.0.188")
    assert [True, False] == [course[0][2], course[-1][2]]
    assert 2 < course[-1][1] < 4
    assert {True} == {good for _, _, good in load_of(stack, "192.168.0.110")}


def test_nothing_is_on_record_of_the_time_in_which_prometheus_was_down():
    stack = fault("110/prometheus", "stopped", later=120.0)
    stack.apply(Event(at=130.0, say="it is started", parts={"110/prometheus": "well"}))
    stack.advance(490.0)
    ages = [ago for ago, _, _ in load_of(stack, "192.168.0.188")]
    assert 230 <= max(earlier - later for earlier, later in pairwise(ages)) <= 270


@pytest.mark.parametrize("metric", ["ClickHouseMetrics_Merge", "kafka_consumergroup_lag"])
def test_the_backlog_is_on_record_and_says_when_it_was_measured(metric):
    assert {0.0} == {measure for _, measure, _ in course_of(settled(), f"sum({metric})", metric)}
    said = ask(settled(), "prometheus", f"/api/v1/query?query=timestamp%28{metric}%29")
    ((at, taken),) = [row["value"] for row in json.loads(said.body)["data"]["result"]]
    assert 0 <= at - float(taken) <= 5


@pytest.mark.parametrize("path", [MERGES, LAG])
def test_a_failing_prometheus_refuses_the_queries(path):
    said = ask(fault("110/prometheus", "failing"), "prometheus", path)
    assert (422, "error") == (said.status, json.loads(said.body)["status"])


@pytest.mark.parametrize(("query", "status"), [("?query=", 400), ("", 400), ("?query=up", 422)])
def test_a_query_that_it_does_not_know_is_an_error(query, status):
    said = ask(settled(), "prometheus", f"/api/v1/query{query}")
    assert (status, "error") == (said.status, json.loads(said.body)["status"])


def test_a_rule_that_was_not_evaluated_has_the_recorded_form():
    (recorded,) = load(CORPUS / "prometheus_rules/not-evaluated-yet.yml")[3].by_read.values()
    groups = json.loads(recorded.text)["data"]["groups"]
    (theirs,) = [rule for group in groups for rule in group["rules"] if rule["health"] == "unknown"]
    for ours in evaluations(come_up(0)):
        assert list(theirs) == list(ours)
        assert [theirs[key] for key in ("state", "alerts", "evaluationTime", "type")] == [
            ours[key] for key in ("state", "alerts", "evaluationTime", "type")
        ]


def test_a_rule_that_fails_has_the_recorded_form():
    (recorded,) = load(CORPUS / "prometheus_rules/evaluation-fails.yml")[3].by_read.values()
    groups = json.loads(recorded.text)["data"]["groups"]
    (theirs,) = [rule for group in groups for rule in group["rules"] if rule["health"] == "err"]
    assert all(list(theirs) == list(ours) for ours in evaluations(fault("110/prometheus", "failing")))


def test_every_site_is_reached_by_its_own_address_and_port():
    assert len(SITES) == len({(site.host, site.address, site.port) for site in SITES})
    assert sites.BY_NAME.keys() == {site.name for site in SITES}
