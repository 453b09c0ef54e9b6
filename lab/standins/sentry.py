"""Stands in for Sentry's web process: it answers once its PostgreSQL and its ClickHouse do.

``POST /api/1/store/`` is an event: it goes to Kafka, and is lost where that is down.
"""

import psycopg2  # type: ignore[import-untyped]

from .http_service import Answer, serve, takes

DATABASE = "host=127.0.0.1 port=5433 dbname=postgres user=postgres connect_timeout=2"
CLICKHOUSE = "http://127.0.0.1:8123/ping"
KAFKA = "http://127.0.0.1:9308"


def answer(path: str, body: bytes) -> Answer:
    """Send whoever comes to the login page, once everything behind it has answered."""
    if path.startswith("/api/"):
        took = takes(f"{KAFKA}/events", body or b"{}")
        return Answer(200, '{"id":"0"}\n') if took else Answer(503, "Kafka does not take the event\n")
    if missing := trouble():
        return Answer(503, f"{missing}\n")
    return Answer(200, "ok") if path.startswith("/_health") else Answer(302, "", {"Location": "/auth/login/"})


def trouble() -> str:
    """Return what is wrong behind it, or nothing."""
    try:
        connection = psycopg2.connect(DATABASE)
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        connection.close()
    except psycopg2.Error as error:
        return f"sentry-postgres: {error}".strip()
    return "" if takes(CLICKHOUSE) else "sentry-clickhouse does not answer"


if __name__ == "__main__":
    serve(9000, answer)
