"""What the lab's HTTP services have in common: answer, log a line a request, end at once when asked to."""

import os
import signal
import sys
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.request import Request, urlopen


class Answer(NamedTuple):
    """What a service says: status, text, further headers."""

    status: int
    text: str = ""
    headers: Mapping[str, str] = MappingProxyType({})


JSON = {"Content-Type": "application/json; charset=utf-8"}
HTML = {"Content-Type": "text/html; charset=utf-8"}

Route = Callable[[str, bytes], Answer]
"""Answers a path (its query included) with the body that was sent."""


def serve(port: int, route: Route, *, log: Callable[[str], None] = print, address: str = "") -> None:
    """Answer on `port` until SIGTERM."""
    end_when_asked()
    server(port, route, log=log, address=address).serve_forever()


def server(port: int, route: Route, *, log: Callable[[str], None] = print, address: str = "") -> ThreadingHTTPServer:
    """Return a server that listens, and that somebody must still run."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # head and body are two segments: the second would wait 40 ms for a delayed ACK
        server_version = "lab"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            try:
                said = route(self.path, body)
            except Exception as error:  # noqa: BLE001 - a service that cannot answer says so, and lives on
                said = Answer(500, f"{type(error).__name__}: {error}\n")
            data = said.text.encode()
            self.send_response(said.status)
            for name, value in {"Content-Type": "text/plain; charset=utf-8", **said.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        do_GET = do_HEAD = do_POST = _answer  # noqa: N815 - http.server wants these names

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - its name there
            # Scrapes and health checks come all the time, and would drown what matters.
            if not self.path.startswith(("/metrics", "/ping", "/_health", "/api/v2.0/ping")):
                log(f"{self.address_string()} {format % arguments}")

    ThreadingHTTPServer.daemon_threads = True
    return ThreadingHTTPServer((address, port), Handler)


def end_when_asked() -> None:
    """End at SIGTERM. Process 1 of a container gets no signal that it did not ask for."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    signal.signal(signal.SIGINT, lambda *_: os._exit(0))


def takes(url: str, body: bytes | None = None, within: float = 2) -> bool:
    """Return whether another service answers well. An answer that says that it cannot is an OSError, too."""
    try:
        with urlopen(Request(url, data=body), timeout=within):  # noqa: S310 - our own addresses
            return True
    except OSError:
        return False


def give_up(why: str) -> None:
    """End with what a service says of its damaged data. Docker's restart policy makes a loop of it."""
    sys.exit(why)
