"""Lists as tables: what kubectl(1) prints to people, computed by the server as the real one does."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

Object = dict[str, Any]
Row = list[Any]


def _age(one: Object) -> str:
    seconds = (datetime.now(UTC) - datetime.fromisoformat(one["metadata"]["creationTimestamp"])).total_seconds()
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * size:
            return f"{int(seconds // size)}{unit}"
    return f"{int(seconds)}s"


def _node(one: Object) -> Row:
    ready = next((c["status"] for c in one["status"]["conditions"] if c["type"] == "Ready"), "Unknown")
    status = ["Ready" if ready == "True" else "NotReady"]
    status += ["SchedulingDisabled"] if one["spec"].get("unschedulable") else []
    role = "node-role.kubernetes.io/"
    roles = sorted(name.removeprefix(role) for name in one["metadata"]["labels"] if name.startswith(role))
    return [",".join(status), ",".join(roles) or "<none>", _age(one), one["status"]["nodeInfo"]["kubeletVersion"]]


def _pod(one: Object) -> Row:
    statuses = one["status"].get("containerStatuses", [])
    waiting = [c["state"]["waiting"]["reason"] for c in statuses if "waiting" in c["state"]]
    restarts = sum(c["restartCount"] for c in statuses)
    ready = f"{sum(c['ready'] for c in statuses)}/{len(statuses)}"
    return [ready, (waiting or [one["status"]["phase"]])[0], restarts, _age(one)]


def _deployment(one: Object) -> Row:
    status, wanted = one["status"], one["spec"]["replicas"]
    ready = f"{status.get('readyReplicas', 0)}/{wanted}"
    return [ready, status.get("updatedReplicas", 0), status.get("availableReplicas", 0), _age(one)]


def _cronjob(one: Object) -> Row:
    active, last = len(one["status"].get("active", [])), one["status"].get("lastScheduleTime", "<none>")
    return [one["spec"]["schedule"], str(one["spec"]["suspend"]), active, last, _age(one)]


def _event(one: Object) -> Row:
    about = one["involvedObject"]
    return [one["type"], one["reason"], f"{about['kind'].lower()}/{about['name']}", one["message"]]


_COLUMNS: dict[str, tuple[tuple[str, ...], Callable[[Object], Row]]] = {
    "nodes": (("Status", "Roles", "Age", "Version"), _node),
    "pods": (("Ready", "Status", "Restarts", "Age"), _pod),
    "deployments": (("Ready", "Up-to-date", "Available", "Age"), _deployment),
    "cronjobs": (("Schedule", "Suspend", "Active", "Last Schedule", "Age"), _cronjob),
    "events": (("Type", "Reason", "Object", "Message"), _event),
}


def table(plural: str, objects: list[Object], metadata: Object) -> Object:
    """Return `objects` as a Table of meta.k8s.io/v1."""
    columns, cells = _COLUMNS.get(plural, (("Age",), lambda one: [_age(one)]))
    definitions = [
        {"name": name, "type": "string", "format": "name" if name == "Name" else "", "description": "", "priority": 0}
        for name in ("Name", *columns)
    ]
    rows = [
        {
            "cells": [one["metadata"]["name"], *cells(one)],
            "object": {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": one["metadata"]},
        }
        for one in objects
    ]
    head = {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata}
    return {**head, "columnDefinitions": definitions, "rows": rows}
