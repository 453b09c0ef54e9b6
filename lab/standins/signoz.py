"""SignOz's stand-in: its page, for as long as its ClickHouse answers."""

from urllib.request import urlopen

from .http_service import HTML, JSON, Answer, serve

CLICKHOUSE = "http://127.0.0.1:8123/ping"
PAGE = "<!doctype html><title>SigNoz</title><div id=root></div>\n"


def answer(path: str, _: bytes) -> Answer:
    """Ask ClickHouse, then answer."""
    try:
        with urlopen(CLICKHOUSE, timeout=2):
            pass
    except OSError as error:
        return Answer(503, f"clickhouse: {error}\n")
    if path == "/api/v1/health":
        return Answer(200, '{"status":"ok"}\n', JSON)
    return Answer(200, PAGE, HTML)


if __name__ == "__main__":
    serve(3301, answer)
