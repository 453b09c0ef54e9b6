"""ClickHouse's stand-in below SignOz: /ping, as ClickHouse answers it. It keeps nothing."""

from .http_service import Answer, serve


def answer(path: str, _: bytes) -> Answer:
    """Answer as ClickHouse's HTTP interface does."""
    return Answer(200, "Ok.\n") if path in ("/", "/ping") else Answer(404, "There is no handle\n")


if __name__ == "__main__":
    serve(8123, answer, address="127.0.0.1")
