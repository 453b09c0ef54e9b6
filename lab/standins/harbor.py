"""Stands in for Harbor: ``harbor log`` takes the lines of the others, ``harbor core`` answers for the registry.

As there, everything of Harbor logs to harbor-log, and does not start without it: that is why it comes first (SOP 5.1).
"""

import logging
import socketserver
import sys
import time
from logging.handlers import SocketHandler
from pathlib import Path

from .http_service import JSON, Answer, end_when_asked, serve

LOG = ("127.0.0.1", 1514)
REGISTRY = Path("/storage/docker/registry/v2")
TOKENS = 'Bearer realm="http://192.168.0.110:5000/service/token",service="harbor-registry"'
UNAUTHORIZED = '{"errors":[{"code":"UNAUTHORIZED","message":"unauthorized: unauthorized"}]}\n'


class Lines(socketserver.StreamRequestHandler):
    """Writes every line that arrives to harbor's log."""

    def handle(self) -> None:
        with Path("/var/log/docker/harbor.log").open("ab") as file:
            for line in self.rfile:
                file.write(line)
                file.flush()


class Remote(SocketHandler):
    """Lines of text instead of pickles; a lost line is lost, as with syslog."""

    def makePickle(self, record: logging.LogRecord) -> bytes:  # noqa: N802 - its name there
        return f"{self.format(record)}\n".encode()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - its name there
        """Let it be lost."""


def take_lines() -> None:
    """Be harbor-log."""
    end_when_asked()
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    socketserver.ThreadingTCPServer.daemon_threads = True
    with socketserver.ThreadingTCPServer(LOG, Lines) as server:
        server.serve_forever()


def wait_for_log() -> logging.Logger:
    """Return a logger to harbor-log, as soon as that listens."""
    logger, remote = logging.getLogger("harbor"), Remote(*LOG)
    logger.setLevel(logging.INFO)
    waits = False
    while True:
        try:
            remote.sock = remote.makeSocket()
            break
        except OSError as error:
            if not waits:
                print(f"waits for harbor-log: {error}")
            waits = True
            time.sleep(0.5)
    logger.addHandler(remote)
    return logger


def answer(path: str, _: bytes) -> Answer:
    """Be the registry: whoever has no token is told where to get one. No storage, no registry."""
    if path.startswith("/api/v2.0/ping"):
        return Answer(200, "Pong")
    if not path.startswith("/v2"):
        return Answer(200, "Harbor\n")
    if not REGISTRY.is_dir():
        return Answer(500, f'{{"errors":[{{"code":"UNKNOWN","message":"{REGISTRY} is not there"}}]}}\n')
    headers = {"Www-Authenticate": TOKENS, "Docker-Distribution-Api-Version": "registry/2.0"}
    return Answer(401, UNAUTHORIZED, {**headers, **JSON})


if __name__ == "__main__":
    if sys.argv[1] == "log":
        take_lines()
    else:
        end_when_asked()
        serve(5000, answer, log=wait_for_log().info)
