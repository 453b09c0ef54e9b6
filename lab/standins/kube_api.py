"""The API server's socket: HTTPS, and who may ask what."""

import hmac
import json
import ssl
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from .kube_requests import Asked, Reply, answer, failure, parse
from .kube_store import Away, Object, Store

WRITABLE_BY_NODES = {("nodes", "status"), ("pods", "status"), ("leases", "")}
"""What a node may replace; reading is free to it (the real authorizer is stricter)."""

_UNAUTHORIZED = failure(401, "Unauthorized", "Unauthorized")


class Api(ThreadingHTTPServer):
    """Serves the objects of `store` to whoever has one of `tokens`: token to ``admin`` or ``node``."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, store: Store, tokens: Mapping[str, str], certificate: str, port: int = 6443) -> None:
        self.store, self.tokens = store, tokens
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        super().__init__(("", port), _Handler)
        # Without this one client that says nothing would keep all others out: the handshake belongs to its own thread.
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, *_: object) -> None:
        """A client that went away is nobody's trouble."""


class _Handler(BaseHTTPRequestHandler):
    server: Api
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two segments: the second would wait 40 ms for a delayed ACK
    timeout = 30

    def do_GET(self) -> None:
        self._answer(None)

    def do_PUT(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    do_POST = do_PATCH = do_DELETE = do_PUT  # noqa: N815 - http.server wants these names

    def _answer(self, data: bytes | None) -> None:
        try:
            reply = self._reply(json.loads(data) if data else None)
        except (ValueError, KeyError) as error:
            reply = failure(400, f"the request is not understood: {error!r}", "BadRequest")
        body = reply.body if isinstance(reply.body, str) else json.dumps(reply.body, separators=(",", ":"))
        encoded = body.encode()
        self.send_response(reply.code)
        self.send_header("Content-Type", "text/plain" if isinstance(reply.body, str) else "application/json")
        self.send_header("Content-Length", str(len(encoded)))
        self.end_headers()
        self.wfile.write(encoded)

    def _reply(self, body: Object | None) -> Reply:
        split = urlsplit(self.path)
        if split.path == "/ping":
            return Reply(200, "pong")
        who = self._who()
        if who is None:
            return _UNAUTHORIZED
        if split.path in ("/readyz", "/livez", "/healthz"):
            return self._health()
        if self.command != "GET" and not (who == "node" and self.command == "PUT" and self._writable(split.path)):
            return failure(403, f"{who} may not {self.command} {split.path}", "Forbidden")
        query = {name: values[0] for name, values in parse_qs(split.query).items()}
        asked = Asked(self.command, split.path, query, body, as_table="as=Table" in self.headers.get("Accept", ""))
        return answer(self.server.store, asked)

    def _who(self) -> str | None:
        given = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        known = (
            who for token, who in self.server.tokens.items() if hmac.compare_digest(token.encode(), given.encode())
        )
        return next(known, None)

    def _health(self) -> Reply:
        try:
            self.server.store.ready()
        except Away as error:
            return Reply(500, f"[-]etcd failed: {error}\n")
        return Reply(200, "ok")

    @staticmethod
    def _writable(path: str) -> bool:
        at = parse(path)
        return at is not None and (at.plural, at.part) in WRITABLE_BY_NODES

    def log_message(self, *_: Any) -> None:
        """Nothing: the real one does not log requests either."""
