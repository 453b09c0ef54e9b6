"""momo-pro-system's stand-in: the dashboard of momo, which is as good as momo-db is."""

import json

import psycopg2  # type: ignore[import-untyped]  # Debian's, on the hosts only

from .http_service import HTML, JSON, Answer, serve
from .momo_store import connect

PAGE = "<!doctype html><title>momo</title><h1>momo</h1>\n"


def answer(path: str, _: bytes) -> Answer:
    """Answer /health by a question to momo-db, and anything else by a page."""
    if path != "/health":
        return Answer(200, PAGE, HTML)
    try:
        connection = connect()
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        finally:
            connection.close()
    except psycopg2.Error as error:
        return Answer(503, json.dumps({"status": "error", "database": str(error).strip()}) + "\n", JSON)
    return Answer(200, json.dumps({"status": "ok", "database": "ok"}) + "\n", JSON)


if __name__ == "__main__":
    serve(5001, answer, address="127.0.0.1")
