"""Stands in for the AWOOOI API behind NodePort 32334: healthy only while its database and its Redis on 188 are.

Records every alert that Alertmanager's webhook brings, before it says that it took it.
"""

import json
import os
import socket
from collections.abc import Callable

import redis  # type: ignore[import-not-found]  # Debian's, on the hosts only

from .http_service import Answer, serve
from .kube_postgres import Away, Database

JSON = {"Content-Type": "application/json"}
NODE = socket.gethostname().removeprefix("host")
DATABASE = Database("host=192.168.0.188 dbname=awoooi user=awoooi")
REDIS = redis.Redis(host="192.168.0.188", port=6380, socket_timeout=1.0, socket_connect_timeout=1.0)


def _redis() -> None:
    try:
        REDIS.ping()
    except (redis.RedisError, OSError) as error:
        raise Away(str(error) or type(error).__name__) from error


NEEDED: dict[str, Callable[[], None]] = {"postgresql": DATABASE.ping, "redis": _redis}


def health() -> Answer:
    """Return 200, or 503 with what fails."""
    components: dict[str, str] = {}
    for name, ask in NEEDED.items():
        try:
            ask()
            components[name] = "up"
        except Away as error:
            components[name] = f"down: {error}"
    well = all(said == "up" for said in components.values())
    said = {"status": "healthy" if well else "unhealthy", "node": NODE, "components": components}
    return Answer(200 if well else 503, json.dumps(said) + "\n", JSON)


def take(body: bytes) -> Answer:
    """Record an alert. Only what is in the database is accepted."""
    try:
        alerts = json.loads(body)["alerts"]
    except (ValueError, KeyError, TypeError):
        return Answer(422, '{"detail":"not an Alertmanager webhook"}\n', JSON)
    try:
        with DATABASE.transaction() as cursor:
            cursor.execute("INSERT INTO alerts (node, body) VALUES (%s, %s)", (NODE, body.decode()))
    except Away as error:
        return Answer(503, json.dumps({"detail": f"not recorded: {error}"}) + "\n", JSON)
    print(f"took {len(alerts)} alerts", flush=True)
    return Answer(200, json.dumps({"status": "accepted", "alerts": len(alerts)}) + "\n", JSON)


def answer(path: str, body: bytes) -> Answer:
    """Answer a path of the API."""
    if path == "/api/v1/health":
        return health()
    if path == "/api/v1/webhooks/alertmanager":
        return take(body)
    return Answer(404, '{"detail":"Not Found"}\n', JSON)


if __name__ == "__main__":
    os.environ.pop("NOTIFY_SOCKET", None)
    serve(32334, answer, log=lambda _: None)
