"""The AWOOOI API behind the VIP: its health, which is that of its data on 188, and its webhook (SOP 7, 8). Pure."""

import json
from collections.abc import Mapping
from http import HTTPStatus

from coldstart.drill.sites_said import PLAIN_JSON, Answer, Asked, Reply, Silent, own
from coldstart.drill.stack import Stack
from coldstart.drill.state import Phase

API, WEBHOOK = "k8s/awoooi-api", "k8s/webhook"
HEALTH_PATH = "/api/v1/health"
ALERTS_PATH = "/api/v1/webhooks/alertmanager"

_POSTGRESQL, _REDIS = "188/postgresql", "188/redis"
_DATA = {_POSTGRESQL, _REDIS}
_NODES = {"k8s/node-120", "k8s/node-121"}
_TO_POSTGRESQL = 'connection to server at "192.168.0.188", port 5432 failed: '


def has_pod(stack: Stack) -> bool:
    """Say whether a pod of the API runs and listens; one that only lost its data does, and says so with a 503.

    A node that lost its control plane keeps the pods that it has: with PostgreSQL away, K3s is away too, and the pod
    stays if it was there.
    """
    state = stack.parts[API]
    if state.phase is not Phase.WAITING:
        return state.phase is Phase.UP
    lacks = set(state.lacks)
    if not lacks & _DATA or lacks - _DATA - _NODES:
        return False
    return not lacks & _NODES or _was_up(stack)


def _was_up(stack: Stack) -> bool:
    """Whether the API has been up since both of its nodes have power."""
    boots = [stack.hosts[host].boot for host in ("120", "121")]
    if None in boots:
        return False
    since = max(boot.at for boot in boots if boot)
    return any(change.part == API and change.phase is Phase.UP and change.at >= since for change in stack.history)


def api(asked: Asked) -> Reply:
    """Answer a path of the API."""
    if asked.part(API).fault == "failing":
        return _json(asked, HTTPStatus.INTERNAL_SERVER_ERROR, {"detail": "Internal Server Error"})
    if asked.route == HEALTH_PATH:
        return _health(asked)
    if asked.route == ALERTS_PATH:
        return _take(asked)
    return own(asked, HTTPStatus.NOT_FOUND, '{"detail":"Not Found"}\n', PLAIN_JSON)


def _health(asked: Asked) -> Answer:
    if asked.method not in {"GET", "HEAD"}:
        return _json(asked, HTTPStatus.METHOD_NOT_ALLOWED, {"detail": "Method Not Allowed"})
    components = {"postgresql": _postgresql(asked.stack), "redis": _redis(asked.stack)}
    well = all(said == "up" for said in components.values())
    said = {"status": "healthy" if well else "unhealthy", "node": asked.stack.vip_leads_to(), "components": components}
    return _json(asked, HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE, said)


def _take(asked: Asked) -> Reply:
    """Accept an alert only when it got through to whom it is for."""
    if asked.method != "POST":
        return _json(asked, HTTPStatus.METHOD_NOT_ALLOWED, {"detail": "Method Not Allowed"})
    try:
        message = json.loads(asked.body)
        count = len(message["alerts"])
    except (ValueError, KeyError, TypeError):
        return _json(asked, HTTPStatus.UNPROCESSABLE_ENTITY, {"detail": "not an Alertmanager webhook"})
    state = asked.part(WEBHOOK)
    if state.phase is Phase.UP and state.fault == "frozen":
        return Silent()
    if not asked.stack.up(WEBHOOK):
        return _json(asked, HTTPStatus.SERVICE_UNAVAILABLE, {"detail": f"not recorded: {_why_not(asked)}"})
    taken: Mapping[str, object] = message
    return _json(asked, HTTPStatus.OK, {"status": "accepted", "alerts": count}, taken)


def _why_not(asked: Asked) -> str:
    for said in (_postgresql(asked.stack), _redis(asked.stack)):
        if said != "up":
            return said.removeprefix("down: ")
    return "the queue of alerts does not take it"


def _redis(stack: Stack) -> str:
    """What redis-py says of Redis on 188, asked from a node."""
    state = stack.parts[_REDIS]
    if stack.serves(_REDIS, None):
        return "up"
    if not stack.pings("188"):
        return "down: Timeout connecting to server"
    if state.phase is not Phase.UP:
        return "down: Error 111 connecting to 192.168.0.188:6380. Connection refused."
    silent = state.fault == "frozen"
    return "down: Timeout reading from socket" if silent else "down: Redis is loading the dataset in memory"


def _postgresql(stack: Stack) -> str:
    """What libpq says of PostgreSQL on 188, asked from a node."""
    state = stack.parts[_POSTGRESQL]
    if stack.serves(_POSTGRESQL, None):
        return "up"
    if not stack.pings("188") or state.fault == "frozen":
        return "down: no answer within 2 s"
    if state.phase is Phase.STARTING:
        return f"down: {_TO_POSTGRESQL}FATAL: the database system is starting up"
    if state.phase is Phase.UP:
        return f"down: {_TO_POSTGRESQL}FATAL: the database system is in recovery mode"
    listening = "Is the server running on that host and accepting TCP/IP connections?"
    return f"down: {_TO_POSTGRESQL}Connection refused {listening}"


def _json(
    asked: Asked, status: HTTPStatus, said: Mapping[str, object], taken: Mapping[str, object] | None = None
) -> Answer:
    return own(asked, status, f"{json.dumps(said)}\n", PLAIN_JSON, taken=taken)
