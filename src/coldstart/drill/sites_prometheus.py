"""Prometheus on 110: its management pages, its rules, and the queries of load and backlog (SOP 5.3, 11, 12). Pure.

Recorded of Prometheus 2.42, with the moments of the evaluations moved to the scenario's time.
"""

import json
import re
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from math import ceil, floor
from typing import Any
from urllib.parse import parse_qs

from coldstart.drill.inventory import HOSTS
from coldstart.drill.record import INTERVAL, PART
from coldstart.drill.sites_said import PLAIN_JSON, Answer, Asked, go
from coldstart.drill.state import Phase

METRICS = {"ClickHouseMetrics_Merge": "110/clickhouse", "kafka_consumergroup_lag": "110/kafka"}
"""The metrics of the backlog, and whose they are."""
LABELS = {
    "110/clickhouse": {"instance": "127.0.0.1:9363", "job": "sentry-clickhouse"},
    "110/kafka": {
        "consumergroup": "snuba-consumers",
        "instance": "127.0.0.1:9308",
        "job": "sentry-kafka",
        "partition": "0",
        "topic": "events",
    },
}
"""What they are scraped with, as in the lab."""
LOAD = {f'node_load1{{instance="{host.address}:9100"}}': name for name, host in HOSTS.items()}
"""The load of a host, as a query asks for it."""

_INTERVAL = INTERVAL
"""Seconds between two evaluations of a rule."""
_PAST = re.compile(
    r'\(\((?P<query>.+)\) or label_replace\(timestamp\((?P<seen>.+)\), "coldstart", "seen", "", ""\)\)'
    r"\[(?P<window>\d+)(?P<unit>[ms]):(?P<step>\d+)s\]"
)
_NEVER = '"health":"unknown","evaluationTime":0,"lastEvaluation":"0001-01-01T00:00:00Z"'
_BROKEN = "expanding series: cannot populate chunk 8388614: segment index 1 out of range"
_GROUP = re.compile(r'("limit":0,"evaluationTime":)([^,]+)(,"lastEvaluation":")([^"]+)(")')
_RULE = re.compile(
    r'(?P<state>"state":"\w+")(?P<text>,"name":(?:(?!"state":).)*?)(?P<alerts>"alerts":\[[^]]*\])'
    r',"health":"ok",(?P<took>"evaluationTime":[^,]+),"lastEvaluation":"(?P<at>[^"]+)"'
)
_ACTIVE = re.compile(r'(?<="activeAt":")[^"]+')


def prometheus(asked: Asked) -> Answer:
    """Answer. While it replays its WAL it listens, and answers 503 to all that needs its data."""
    if asked.part(PART).phase is Phase.STARTING and asked.route != "/-/healthy":
        return go(asked, HTTPStatus.SERVICE_UNAVAILABLE, "Service Unavailable")
    match asked.route:
        case "/-/ready":
            return go(asked, HTTPStatus.OK, "Prometheus Server is Ready.\n")
        case "/-/healthy":
            return go(asked, HTTPStatus.OK, "Prometheus Server is Healthy.\n")
        case "/api/v1/rules":
            return _api(asked, HTTPStatus.OK, rules(asked), chunked=True)
        case "/api/v1/query":
            return _query(asked)
        case _:
            return go(asked, HTTPStatus.NOT_FOUND, "404 page not found\n")


def rules(asked: Asked) -> str:
    """The rules as recorded, evaluated when they were last due; not yet, when it has only just come up.

    With damaged blocks (fault `failing`) it evaluates them all the same, and each fails.
    """
    up = asked.wall(asked.part(PART).since)
    failing = asked.part(PART).fault == "failing"

    def rule(match: re.Match[str]) -> str:
        at = _last_due(match["at"], asked.wall())
        if _seconds(at) < up:
            return f'"state":"inactive"{match["text"]}"alerts":[],{_NEVER}'
        if failing:
            error = json.dumps(_BROKEN)
            return (
                f'"state":"inactive"{match["text"]}"alerts":[],"health":"err","lastError":{error},'
                f'{match["took"]},"lastEvaluation":"{at}"'
            )
        alerts = _ACTIVE.sub(_moved(match["at"], _first_due(match["at"], up)), match["alerts"])
        return f'{match["state"]}{match["text"]}{alerts},"health":"ok",{match["took"]},"lastEvaluation":"{at}"'

    def group(match: re.Match[str]) -> str:
        at = _last_due(match[4], asked.wall())
        took, at = ("0", "0001-01-01T00:00:00Z") if _seconds(at) < up else (match[2], at)
        return f"{match[1]}{took}{match[3]}{at}{match[5]}"

    return _GROUP.sub(group, _RULE.sub(rule, _recorded()))


@cache
def _recorded() -> str:
    text = (files("coldstart.drill") / "recorded" / "http_prometheus_rules.json").read_text("utf-8")
    return "".join(text.splitlines())


def _query(asked: Asked) -> Answer:
    """A vector of one zero for a backlog that does not grow; an empty one where its metric is not scraped."""
    query = "".join(parse_qs(asked.path.partition("?")[2]).get("query", ()))
    if not query.strip():
        said = 'invalid parameter "query": unknown position: parse error: no expression found in input'
        return _failure(asked, HTTPStatus.BAD_REQUEST, "bad_data", said)
    known = {**METRICS, **LOAD}
    past = _PAST.fullmatch(query)
    source = next((series for metric, series in known.items() if metric in query), None)
    if source is None or (source in HOSTS and past is None):
        said = (
            f"the Prometheus of a drill knows no other metrics than {' and '.join(METRICS)}, and the load of its hosts"
        )
        return _failure(asked, HTTPStatus.UNPROCESSABLE_ENTITY, "execution", said)
    if asked.part(PART).fault == "failing":
        return _failure(asked, HTTPStatus.UNPROCESSABLE_ENTITY, "execution", _BROKEN)
    if past:
        return _api(asked, HTTPStatus.OK, _matrix(asked, source, past))
    return _api(asked, HTTPStatus.OK, _vector(asked, source, query))


def _vector(asked: Asked, source: str, query: str) -> str:
    """The one series of a backlog now, its sample's time, or a count of what rises in it; none that is not scraped."""
    metric = next(name for name, part in METRICS.items() if part == source)
    value, labels = "0", {}
    if query == metric:
        labels = {"__name__": metric, **LABELS[source]}
    elif query == f"timestamp({metric})":
        value, labels = f"{asked.wall(_last_scrape(asked, source)):.3f}", LABELS[source]
    rows = [{"metric": labels, "value": [round(asked.wall(), 3), value]}] if _scraped(asked, source) else []
    return _success("vector", rows)


def _success(kind: str, rows: list[dict[str, Any]]) -> str:
    return json.dumps({"status": "success", "data": {"resultType": kind, "result": rows}}, separators=(",", ":"))


def _last_scrape(asked: Asked, source: str) -> float:
    sample = asked.stack.record.at(source, asked.stack.now)
    return sample[0] if sample else 0.0


def _matrix(asked: Asked, source: str, past: re.Match[str]) -> str:
    """The past of a series as a subquery gives it: at every whole step its last sample, and when that was taken."""
    step, now = int(past["step"]), asked.wall()
    length = int(past["window"]) * (60 if past["unit"] == "m" else 1)
    first = ceil((now - length) / step) * step
    values: list[list[Any]] = []
    times: list[list[Any]] = []
    for moment in range(first, floor(now) + 1, step):
        if sample := asked.stack.record.at(source, moment - asked.epoch):
            values.append([moment, f"{sample[1]:.6g}"])
            times.append([moment, f"{asked.wall(sample[0]):.3f}"])
    labels = LABELS.get(source, {"instance": past["seen"].partition('"')[2].partition('"')[0], "job": "node"})
    seen = {"metric": {"coldstart": "seen", **labels}, "values": times}
    return _success("matrix", [{"metric": {}, "values": values}, seen] if values else [])


def _scraped(asked: Asked, part: str) -> bool:
    """Whether the last scrape found the exporter of a part."""
    since = max(asked.part(part).since, asked.part(PART).since)
    return asked.stack.up(part) and asked.stack.now - since >= _INTERVAL


def _failure(asked: Asked, status: HTTPStatus, kind: str, said: str) -> Answer:
    return _api(asked, status, f'{{"status":"error","errorType":"{kind}","error":{json.dumps(said)}}}')


def _api(asked: Asked, status: HTTPStatus, text: str, *, chunked: bool = False) -> Answer:
    body, close = text.encode(), ("Connection", "close")
    length = (close, ("Transfer-Encoding", "chunked")) if chunked else (("Content-Length", str(len(body))), close)
    return Answer(status, (("Content-Type", PLAIN_JSON), asked.date, *length), body)


# ------------------------------------------------------------------------------------------------------------- moments


def _last_due(recorded: str, now: float) -> str:
    """The last moment until `now` that is a whole number of intervals from the recorded one, written as that is."""
    return _moved(recorded, _seconds(recorded) + _INTERVAL * floor((now - _seconds(recorded)) / _INTERVAL))


def _first_due(recorded: str, since: float) -> float:
    return _seconds(recorded) - _INTERVAL * floor((_seconds(recorded) - since) / _INTERVAL)


def _moved(recorded: str, to: float) -> str:
    """RFC 3339 with the recorded fraction of a second, which all moments of one rule have in common."""
    fraction = recorded.partition(".")[2]
    whole = datetime.fromtimestamp(round(to - float(f"0.{fraction[:6]}")), tz=UTC)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{fraction}"


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
