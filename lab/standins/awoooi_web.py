"""Stands in for AWOOOI's Web behind NodePort 32335."""

import socket

from .http_service import Answer, serve

PAGE = f"<!doctype html>\n<title>AWOOOI</title>\n<p>served by {socket.gethostname()}</p>\n"


def answer(path: str, _: bytes) -> Answer:
    """Answer with the one page that there is."""
    found = path.partition("?")[0] == "/"
    return Answer(200 if found else 404, PAGE if found else "not found\n", {"Content-Type": "text/html; charset=utf-8"})


if __name__ == "__main__":
    serve(32335, answer, log=lambda _: None)
