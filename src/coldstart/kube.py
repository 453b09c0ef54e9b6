"""What is asked of kubectl(1): lists, pruned on the host to the fields below, as JSON of the objects' own structure.

An environment, an annotation or a termination message may hold a secret, so a whole object never leaves the host: a
go-template prints the named fields and nothing else. kubectl prints the *whole* object, and the template, when a
template fails; so nothing in these can fail, whatever an object lacks: a field that is missing or empty is null.

`--cache-dir=/dev/null`: without it kubectl writes what it learned of the API below the user's home.
"""

from collections.abc import Mapping
from typing import Any

REQUEST_TIMEOUT = 5
"""Seconds that kubectl(1) allows for one request to the API server."""

_TEXT, _PLAIN = "text", "plain"
_META: dict[str, Any] = {"name": _TEXT, "namespace": _TEXT}
_OWNERS: list[Any] = [{"kind": _TEXT, "name": _TEXT}]
_CONDITION: dict[str, Any] = {"type": _TEXT, "status": _TEXT, "reason": _TEXT, "message": _TEXT}

_PARTS: dict[str, dict[str, Any]] = {
    "ended": {"reason": _TEXT, "exitCode": _PLAIN, "finishedAt": _TEXT},
    "container": {
        "name": _TEXT,
        "image": _TEXT,
        "ready": _PLAIN,
        "started": _PLAIN,
        "restartCount": _PLAIN,
        "state": {
            "waiting": {"reason": _TEXT, "message": _TEXT},
            "running": {"startedAt": _TEXT},
            "terminated": "ended",
        },
        "lastState": {"terminated": "ended"},
    },
}
"""Objects that stand in more than one place of a resource, by name."""

_FIELDS: dict[str, dict[str, Any]] = {
    "nodes": {
        "metadata": {"name": _TEXT},
        "spec": {"unschedulable": _PLAIN, "taints": [{"key": _TEXT, "effect": _TEXT}]},
        "status": {"conditions": [_CONDITION]},
    },
    "leases.coordination.k8s.io": {"metadata": {"name": _TEXT}, "spec": {"renewTime": _TEXT}},
    "pods": {
        "metadata": {
            **_META,
            "uid": _TEXT,
            "creationTimestamp": _TEXT,
            "deletionTimestamp": _TEXT,
            "ownerReferences": _OWNERS,
        },
        "spec": {"nodeName": _TEXT},
        "status": {
            "phase": _TEXT,
            "reason": _TEXT,
            "message": _TEXT,
            "conditions": [_CONDITION],
            "initContainerStatuses": ["container"],
            "containerStatuses": ["container"],
        },
    },
    "deployments.apps": {
        "metadata": {**_META, "generation": _PLAIN},
        "spec": {"replicas": _PLAIN, "paused": _PLAIN},
        "status": {
            "observedGeneration": _PLAIN,
            "replicas": _PLAIN,
            "updatedReplicas": _PLAIN,
            "availableReplicas": _PLAIN,
            "conditions": [_CONDITION],
        },
    },
    "services": {
        "metadata": _META,
        "spec": {"type": _TEXT, "ports": [{"name": _TEXT, "port": _PLAIN, "nodePort": _PLAIN}]},
    },
    "endpointslices.discovery.k8s.io": {
        "metadata": {**_META, "labels": {"kubernetes.io/service-name": _TEXT}},
        "endpoints": [{"conditions": {"ready": _PLAIN}, "targetRef": {"kind": _TEXT, "name": _TEXT}}],
    },
    "cronjobs.batch": {
        "metadata": {**_META, "creationTimestamp": _TEXT},
        "spec": {"schedule": _TEXT, "suspend": _PLAIN, "concurrencyPolicy": _TEXT},
        "status": {"lastScheduleTime": _TEXT, "lastSuccessfulTime": _TEXT, "active": [{"name": _TEXT}]},
    },
    "jobs.batch": {
        "metadata": {**_META, "creationTimestamp": _TEXT, "ownerReferences": _OWNERS},
        "spec": {"suspend": _PLAIN, "activeDeadlineSeconds": _PLAIN},
        "status": {
            "active": _PLAIN,
            "succeeded": _PLAIN,
            "failed": _PLAIN,
            "startTime": _TEXT,
            "conditions": [{**_CONDITION, "lastTransitionTime": _TEXT}],
        },
    },
    "events": {
        "metadata": {**_META, "creationTimestamp": _TEXT},
        "involvedObject": {"kind": _TEXT, "name": _TEXT},
        "reason": _TEXT,
        "message": _TEXT,
        "count": _PLAIN,
        "lastTimestamp": _TEXT,
        "eventTime": _TEXT,
        "series": {"count": _PLAIN, "lastObservedTime": _TEXT},
    },
}

_MORE: dict[str, tuple[str, ...]] = {
    "leases.coordination.k8s.io": ("--namespace=kube-node-lease",),
    "events": ("--field-selector=type=Warning",),
}


def _value(name: str, kind: Any) -> str:
    """The template of one value; `kind` is a text, a plain number or boolean, an object, or a list of objects."""
    at = f'index . "{name}"' if "/" in name else f".{name}"
    if isinstance(kind, list):
        return f"[{{{{range $i, $_ := {at}}}}}{{{{if $i}}}},{{{{end}}}}{_object(kind[0])}{{{{end}}}}]"
    if isinstance(kind, dict) or kind in _PARTS:
        return f"{{{{with {at}}}}}{_object(kind)}{{{{else}}}}null{{{{end}}}}"
    if kind == _PLAIN:
        return f'{{{{if exists . "{name}"}}}}{{{{printf "%v" {at}}}}}{{{{else}}}}null{{{{end}}}}'
    return f'{{{{template "text" {at}}}}}'


def _object(kind: Mapping[str, Any] | str) -> str:
    if isinstance(kind, str):
        return f'{{{{template "{kind}" .}}}}'
    return "{" + ",".join(f'"{name}":{_value(name, inner)}' for name, inner in kind.items()) + "}"


def _defined(name: str, body: str) -> str:
    return f'{{{{define "{name}"}}}}{body}{{{{end}}}}'


def _template(fields: Mapping[str, Any]) -> str:
    """The go-template (text/template of Go, with kubectl's own `exists`) that prints a list as one JSON object."""
    body = _object({"items": [fields]})
    defined = {"text": '{{if .}}{{printf "%q" .}}{{else}}null{{end}}'}
    if '"container"' in body:
        defined |= {name: _object(part) for name, part in _PARTS.items()}
    return "".join(_defined(name, part) for name, part in defined.items()) + body


def _words(resource: str, output: str) -> tuple[str, ...]:
    timeout = f"--request-timeout={REQUEST_TIMEOUT}s"
    return ("get", resource, *_MORE.get(resource, ()), "--cache-dir=/dev/null", timeout, f"--output={output}")


GET: dict[str, tuple[str, ...]] = {
    **{resource: _words(resource, f"go-template={_template(fields)}") for resource, fields in _FIELDS.items()},
    "secrets": _words("secrets", "name"),
    "namespaces": _words("namespaces", "name"),
}
"""The words after ``kubectl``, by resource. Of secrets and namespaces only the names are printed."""
