"""A node's way to the API server: HTTPS, with the cluster's token."""

import http.client
import json
import ssl
import threading
from urllib.parse import quote

from .kube_store import KINDS, Object


class Unavailable(Exception):
    """The API server does not answer, or not well."""


class Client:
    """Asks the API server at `host`; a connection for each thread."""

    def __init__(self, host: str, token: str, ca: str) -> None:
        self._host, self._token = host, token
        self._context = ssl.create_default_context(cafile=ca)
        self._own = threading.local()

    def ping(self) -> None:
        """Raise `Unavailable` unless somebody answers."""
        self._ask("GET", "/ping")

    def pods_on(self, node: str) -> list[Object]:
        """Return the pods of a node."""
        found = json.loads(self._ask("GET", f"/api/v1/pods?fieldSelector={quote(f'spec.nodeName={node}')}"))
        return list(found["items"])

    def get(self, plural: str, name: str, namespace: str = "") -> Object:
        """Return one object."""
        found: Object = json.loads(self._ask("GET", _path(plural, name, namespace)))
        return found

    def put(self, plural: str, one: Object, part: str = "") -> None:
        """Replace an object, or a part of it."""
        where = one["metadata"]
        path = _path(plural, where["name"], where.get("namespace", ""))
        self._ask("PUT", f"{path}/{part}" if part else path, json.dumps(one))

    def _ask(self, method: str, path: str, body: str | None = None) -> str:
        connection = getattr(self._own, "connection", None)
        try:
            if connection is None:
                connection = http.client.HTTPSConnection(self._host, 6443, timeout=3, context=self._context)
                self._own.connection = connection
            connection.request(method, path, body, {"Authorization": f"Bearer {self._token}"})
            reply = connection.getresponse()
            text = reply.read().decode()
        except (OSError, http.client.HTTPException) as error:
            self._own.connection = None
            if connection is not None:
                connection.close()
            raise Unavailable(f"{self._host}:6443: {error!r}") from error
        if reply.status != 200:  # noqa: PLR2004 - OK
            raise Unavailable(f"{method} {path}: {reply.status}: {text[:200]}")
        return str(text)


def _path(plural: str, name: str, namespace: str) -> str:
    group, version, *_ = KINDS[plural]
    root = f"/apis/{group}/{version}" if group else f"/api/{version}"
    return f"{root}/namespaces/{namespace}/{plural}/{name}" if namespace else f"{root}/{plural}/{name}"
