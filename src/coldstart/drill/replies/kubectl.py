"""kubectl(1): lists, as coldstart's own go-templates print them, or why the API server gave none."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from coldstart import kube
from coldstart.drill.replies.kube_cron import cronjobs, jobs
from coldstart.drill.replies.kube_events import events
from coldstart.drill.replies.kube_life import KUBELETS, SERVER
from coldstart.drill.replies.kube_objects import NAMESPACES, SECRETS, deployments, leases, nodes, services, slices
from coldstart.drill.replies.kube_pods import pod_object, pods
from coldstart.drill.state import Phase
from coldstart.drill.view import Said, View

Json = dict[str, Any]

_SERVER = "127.0.0.1:6443"
_NOWHERE = "localhost:8080"
_LISTS: Mapping[str, Callable[[View], list[Json]]] = {
    "nodes": nodes,
    "leases.coordination.k8s.io": leases,
    "pods": lambda view: [pod_object(view, seen) for seen in pods(view)],
    "deployments.apps": deployments,
    "services": services,
    "endpointslices.discovery.k8s.io": slices,
    "cronjobs.batch": cronjobs,
    "jobs.batch": jobs,
    "events": events,
}
_ALL = "--all-namespaces"


def kubectl(view: View, argv: Sequence[str]) -> Said:
    """``kubectl get RESOURCE``. On 121 there is a kubectl (K3s brings it), but no kubeconfig; on others, none."""
    words = list(argv[1:])
    if view.host not in KUBELETS:
        return Said(stderr="timeout: failed to run command ‘kubectl’: No such file or directory\n", status=127)
    if words[:1] != ["get"] or not words[1:]:
        return _failed(f'error: unknown command "{words[0] if words else ""}" for "kubectl"')
    if view.host != "120":
        return _refused(_NOWHERE)
    return _no_list(view, words[1]) or _get(view, words[1:])


def _get(view: View, words: Sequence[str]) -> Said:
    """A list, when it is asked for as coldstart does."""
    resource = words[0]
    if resource not in kube.GET:
        return _failed(f'error: the server doesn\'t have a resource type "{resource}"')
    usual = kube.GET[resource][1:]
    more = [word for word in words if word not in usual]
    where = [word for word in more if word == _ALL or word.startswith("--namespace=")]
    if any(word not in words for word in usual):
        return _failed("error: unable to match a printer suitable for the output format")
    if where[1:]:
        return _failed(f"error: {where[1].partition('=')[0]} specified more than once")
    if strange := [word for word in more if word not in where]:
        return _failed(f"error: unknown flag: {strange[0].partition('=')[0]}\nSee 'kubectl get --help' for usage.")
    return _list(view, resource, where[0] if where else "--namespace=default")


def _no_list(view: View, resource: str) -> Said | None:
    """Why there is no list; None when the API server serves.

    K3s listens only some time after its start, and says at first that it cannot serve yet.
    """
    server = view.part("k3s")
    if server.phase is Phase.UP and server.fault == "frozen":
        return Said(status=124)
    if view.stack.up(SERVER):
        return None
    early = server.phase is Phase.STARTING and view.now - server.since < server.takes / 2
    if server.phase not in {Phase.STARTING, Phase.UP} or early:
        return _refused(_SERVER)
    why = f"the server is currently unable to handle the request (get {resource})"
    printed = '{"items":[]}' if resource in _LISTS else ""
    return Said(printed, f"Error from server (ServiceUnavailable): {why}\n", 1)


def _list(view: View, resource: str, where: str) -> Said:
    namespace = where.removeprefix("--namespace=")
    if resource == "namespaces":
        return _named("namespace", NAMESPACES, "")
    if resource == "secrets":
        return _named("secret", SECRETS.get(namespace, ()), namespace)
    items = [
        item
        for item in _LISTS[resource](view)
        if where == _ALL or item["metadata"].get("namespace", namespace) == namespace
    ]
    return Said(json.dumps({"items": items}, ensure_ascii=False, separators=(",", ":")))


def _named(kind: str, names: Sequence[str], namespace: str) -> Said:
    if not names:
        return Said(stderr=f"No resources found in {namespace} namespace.\n")
    return Said("".join(f"{kind}/{name}\n" for name in names))


def _refused(server: str) -> Said:
    return _failed(f"The connection to the server {server} was refused - did you specify the right host or port?")


def _failed(why: str) -> Said:
    return Said(stderr=f"{why}\n", status=1)
