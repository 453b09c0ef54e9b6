"""What the API server answers, without its socket: discovery, lists with selectors and pages, gets, status updates."""

import base64
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from .kube_store import KINDS, Away, Conflict, Object, Store, key
from .kube_table import table

GROUPS = sorted({f"{group}/{version}" for group, version, *_ in KINDS.values() if group})


class Reply(NamedTuple):
    """Status and body; a text is sent as it is."""

    code: int
    body: Object | str


class Asked(NamedTuple):
    """A request."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Object | None
    as_table: bool


class Path(NamedTuple):
    """What a path of the API leads to."""

    plural: str
    namespace: str = ""
    name: str = ""
    part: str = ""


def failure(code: int, message: str, reason: str = "") -> Reply:
    """Return an error as the API server words it. Those of the datastore have no reason."""
    said = {"reason": reason} if reason else {}
    body = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message}
    return Reply(code, {**body, **said, "code": code})


NOT_FOUND = failure(404, "the server could not find the requested resource", "NotFound")


def parse(path: str) -> Path | None:
    """Return what `path` leads to: ``/api/v1/namespaces/NS/pods/NAME/status`` and its like."""
    steps = path.strip("/").split("/")
    group, rest = ("", steps[1:]) if steps[0] == "api" else ("/".join(steps[1:3]), steps[3:])
    rest = rest[1:] if steps[0] == "api" else rest
    namespace = ""
    if len(rest) > 2 and rest[0] == "namespaces":  # noqa: PLR2004 - a namespace's own objects, not the namespace
        namespace, rest = rest[1], rest[2:]
    if not rest or rest[0] not in KINDS or len(rest) > 3:  # noqa: PLR2004 - plural, name, part
        return None
    of, version, _, namespaced, _ = KINDS[rest[0]]
    if group != (f"{of}/{version}" if of else "") or (namespace and not namespaced):
        return None
    return Path(rest[0], namespace, *rest[1:])


def answer(store: Store, asked: Asked) -> Reply:
    """Answer a request that may be made."""
    if asked.method == "GET" and (found := _discovery(asked.path)):
        return Reply(200, found)
    at = parse(asked.path)
    try:
        return NOT_FOUND if at is None else _of_objects(store, at, asked)
    except Away as error:
        return failure(500, f"rpc error: code = Unknown desc = {error}")
    except Conflict as error:
        return failure(409, f"Operation cannot be fulfilled: {error}", "Conflict")


def _of_objects(store: Store, at: Path, asked: Asked) -> Reply:
    if asked.method == "PUT" and at.name and asked.body:
        return _put(store, at, asked.body)
    if asked.method != "GET" or at.part:
        return failure(405, "the server does not allow this method on the requested resource", "MethodNotAllowed")
    return _get(store, at, asked) if at.name else _list(store, at, asked)


def _get(store: Store, at: Path, asked: Asked) -> Reply:
    found = store.get(key(at.plural, at.name, at.namespace))
    if found is None:
        group = KINDS[at.plural][0]
        named = f"{at.plural}.{group}" if group else at.plural
        return failure(404, f'{named} "{at.name}" not found', "NotFound")
    return Reply(200, table(at.plural, [found], {}) if asked.as_table else {**_of_kind(at.plural), **found})


def _list(store: Store, at: Path, asked: Asked) -> Reply:
    objects = [one for one in store.list(at.plural, at.namespace) if _selected(one, asked.query)]
    begin, size = _place(asked.query.get("continue", "")), int(asked.query.get("limit", 0)) or len(objects)
    page = objects[begin : begin + size]
    metadata: Object = {"resourceVersion": str(store.revision())}
    if begin + size < len(objects):
        metadata["continue"] = base64.urlsafe_b64encode(json.dumps({"start": begin + size}).encode()).decode()
        metadata["remainingItemCount"] = len(objects) - begin - size
    if asked.as_table:
        return Reply(200, table(at.plural, page, metadata))
    kind = _of_kind(at.plural)
    return Reply(200, {**kind, "kind": f"{kind['kind']}List", "metadata": metadata, "items": page})


def _put(store: Store, at: Path, body: Object) -> Reply:
    """Replace an object, or its status alone. A revision in the body must be the one that is there."""
    part = at.part or "spec"

    def changed(old: Object) -> Object:
        return {**old, part: body.get(part, {})}

    revision = str(body.get("metadata", {}).get("resourceVersion", ""))
    return Reply(200, {**_of_kind(at.plural), **store.change(key(at.plural, at.name, at.namespace), changed, revision)})


def _of_kind(plural: str) -> Object:
    group, version, kind, *_ = KINDS[plural]
    return {"kind": kind, "apiVersion": f"{group}/{version}" if group else version}


def _place(token: str) -> int:
    return int(json.loads(base64.urlsafe_b64decode(token))["start"]) if token else 0


def _selected(one: Object, query: Mapping[str, str]) -> bool:
    labels = one["metadata"].get("labels", {})
    seen = [(labels.get(name), sense, wanted) for name, sense, wanted in _pairs(query, "labelSelector")]
    seen += [(_field(one, name), sense, wanted) for name, sense, wanted in _pairs(query, "fieldSelector")]
    return all((str(value if value is not None else "") == wanted) is sense for value, sense, wanted in seen)


def _pairs(query: Mapping[str, str], name: str) -> list[tuple[str, bool, str]]:
    found = []
    for pair in filter(None, query.get(name, "").split(",")):
        sense = "!=" not in pair
        left, _, right = pair.partition("=" if sense else "!=")
        found.append((left, sense, right.removeprefix("=")))
    return found


def _field(one: Any, path: str) -> Any:
    for step in path.split("."):
        one = one.get(step) if isinstance(one, dict) else None
    return one


def _discovery(path: str) -> Object | None:
    path = path.rstrip("/")
    if path == "/version":
        return {"major": "1", "minor": "30", "gitVersion": "v1.30.5+k3s1", "platform": "linux/amd64"}
    if path == "/api":
        return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
    if path == "/apis":
        versions = [{"groupVersion": one, "version": one.split("/")[1]} for one in GROUPS]
        groups = [
            {"name": one["groupVersion"].split("/")[0], "versions": [one], "preferredVersion": one} for one in versions
        ]
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
    group = path.removeprefix("/apis/")
    if path != "/api/v1" and group not in GROUPS:
        return None
    verbs = ["get", "list"]
    resources = [
        {"name": plural, "singularName": "", "namespaced": inside, "kind": kind, "verbs": verbs, "shortNames": short}
        for plural, (of, version, kind, inside, short) in KINDS.items()
        if (f"{of}/{version}" if of else "/api/v1") == (group if of else path)
    ]
    version = "v1" if path == "/api/v1" else group
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": resources}
