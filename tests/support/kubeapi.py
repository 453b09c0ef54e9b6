"""A stand-in of the Kubernetes API server, for a real kubectl: discovery, lists, paging, selectors, and faults.

Objects are plain dicts as the API gives them; a list leaves `kind` and `apiVersion` of its items out, as the API does.
"""

import json
import os
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from ssl import SSLContext
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

KINDS: dict[str, tuple[str, str, str, bool]] = {
    "nodes": ("", "v1", "Node", False),
    "namespaces": ("", "v1", "Namespace", False),
    "pods": ("", "v1", "Pod", True),
    "services": ("", "v1", "Service", True),
    "secrets": ("", "v1", "Secret", True),
    "events": ("", "v1", "Event", True),
    "leases": ("coordination.k8s.io", "v1", "Lease", True),
    "deployments": ("apps", "v1", "Deployment", True),
    "endpointslices": ("discovery.k8s.io", "v1", "EndpointSlice", True),
    "cronjobs": ("batch", "v1", "CronJob", True),
    "jobs": ("batch", "v1", "Job", True),
}
"""Group, version, kind, and whether it lives in a namespace; by the plural that stands in a path."""

GROUPS = sorted({f"{group}/{version}" for group, version, _, _ in KINDS.values() if group})
World = dict[str, list[dict[str, Any]]]


def status(code: int, reason: str, message: str) -> tuple[int, str]:
    """An error as the API server words it."""
    body = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message}
    return code, json.dumps({**body, "reason": reason, "code": code})


class KubeApi(ThreadingHTTPServer):
    """Serves `world`, plural to objects; `faults` answer instead, by plural or ``*`` (discovery, too)."""

    daemon_threads = True

    def __init__(self, world: World, tls: SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.world, self.page = world, 0
        self.faults: dict[str, tuple[int, str]] = {}
        self.asked: list[str] = []
        self.tls = tls is not None
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True)

    @property
    def url(self) -> str:
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_: object) -> None:
        """A client that gives up on a certificate is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: KubeApi

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        plural = path.rsplit("/", 1)[-1]
        self.server.asked.append(path)
        faults = self.server.faults
        if fault := faults.get("*") or (faults.get(plural) if plural in KINDS else None):
            return self._send(*fault)
        if found := _discovery(path):
            return self._send(200, json.dumps(found))
        if plural not in KINDS:
            return self._send(*status(404, "NotFound", "the server could not find the requested resource"))
        return self._send(*self._list(path, plural, {name: values[0] for name, values in query.items()}))

    def _list(self, path: str, plural: str, query: Mapping[str, str]) -> tuple[int, str]:
        group, version, kind, namespaced = KINDS[plural]
        objects = self.server.world.get(plural, [])
        if namespaced and "/namespaces/" in path:
            namespace = path.partition("/namespaces/")[2].partition("/")[0]
            objects = [one for one in objects if one["metadata"]["namespace"] == namespace]
        objects = [one for one in objects if _selected(one, query)]
        begin, size = int(query.get("continue", "0")), self.server.page or len(objects)
        if begin and "expired" in self.server.faults:
            return self.server.faults["expired"]
        metadata = {"resourceVersion": "4711"}
        if begin + size < len(objects):
            metadata["continue"] = str(begin + size)
        items = [
            {key: value for key, value in one.items() if key not in ("kind", "apiVersion")}
            for one in objects[begin : begin + size]
        ]
        api = f"{group}/{version}" if group else version
        return 200, json.dumps({"kind": f"{kind}List", "apiVersion": api, "metadata": metadata, "items": items})

    def _send(self, code: int, text: str) -> None:
        body = text.encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json" if text.startswith("{") else "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _selected(one: Mapping[str, Any], query: Mapping[str, str]) -> bool:
    labels = one["metadata"].get("labels", {})
    wanted = [pair.split("=", 1) for pair in query.get("labelSelector", "").split(",") if pair]
    fields = [pair.split("=", 1) for pair in query.get("fieldSelector", "").split(",") if pair]
    return all(labels.get(key) == value for key, value in wanted) and all(one[key] == value for key, value in fields)


def _discovery(path: str) -> dict[str, Any] | None:
    if path == "/api":
        return {"kind": "APIVersions", "versions": ["v1"]}
    if path == "/apis":
        versions = [{"groupVersion": one, "version": one.split("/")[1]} for one in GROUPS]
        groups = [
            {"name": one["groupVersion"].split("/")[0], "versions": [one], "preferredVersion": one} for one in versions
        ]
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
    group = "" if path == "/api/v1" else path.removeprefix("/apis/")
    if group and group not in GROUPS:
        return None
    resources = [
        {"name": plural, "singularName": "", "namespaced": namespaced, "kind": kind, "verbs": ["get", "list"]}
        for plural, (of, version, kind, namespaced) in KINDS.items()
        if group == (f"{of}/{version}" if of else "")
    ]
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group or "v1", "resources": resources}


@contextmanager
def serving(api: KubeApi) -> Iterator[KubeApi]:
    """Serve until the block ends."""
    thread = threading.Thread(target=api.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield api
    finally:
        api.shutdown()
        api.server_close()
        thread.join(timeout=5)


def kubeconfig(folder: Path, url: str, ca: Path | None = None) -> Path:
    """Write a kubeconfig that leads to `url`, with a token for credentials."""
    cluster = {"server": url} | ({"certificate-authority": str(ca)} if ca else {})
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": {"token": "not-a-secret"}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "c",
    }
    path = folder / "kubeconfig.yaml"
    path.write_text(json.dumps(config), "utf-8")
    return path


def kubectl() -> str:
    """The real kubectl. Skips the test where there is none; fails where CI is set, for there it belongs."""
    found = shutil.which("kubectl")
    if found is None:
        complain = pytest.fail if os.environ.get("CI") else pytest.skip
        complain("no kubectl: install Debian's kubernetes-client")
    return str(found)
