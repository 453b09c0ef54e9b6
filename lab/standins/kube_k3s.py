"""K3s as its units start it: ``server`` waits for its datastore, ``agent`` for the server; ``seed`` is the lab's.

Stands in for K3s at its edges: the API that kubectl(1) asks, the nodes' heartbeats, the controllers that an operator
sees at work, the NodePorts. There is no scheduler, no container and no pod network behind them.
"""

import logging
import os
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from .kube_api import Api
from .kube_client import Client, Unavailable
from .kube_controllers import CONFIG, Nodes, endpoints, replicas
from .kube_cron import Cron
from .kube_kubelet import Kubelet
from .kube_objects import cluster
from .kube_store import Away, Conflict, Store

RENEW_DEADLINE = 10.0
"""Seconds without the datastore after which the controllers give up their leadership, and K3s ends (--leader-elect)."""

CERTIFICATE, CA, TOKEN = "/etc/lab/kube.pem", "/etc/lab/ca.pem", Path("/etc/lab/k3s-token")
ADMIN = Path("/etc/rancher/k3s/k3s.yaml")
log = logging.getLogger("k3s")


def setting(name: str) -> str:
    """Return a value of K3s's configuration file. The lab's has one a line."""
    found = re.search(rf"^{name}: *(\S+)$", CONFIG.read_text(), re.MULTILINE)
    if not found:
        raise SystemExit(f'level=fatal msg="{CONFIG} has no {name}"')
    return found[1].strip('"')


def notify(text: str) -> None:
    """Tell systemd (sd_notify(3))."""
    if where := os.environ.get("NOTIFY_SOCKET"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
            end.sendto(text.encode(), "\0" + where[1:] if where.startswith("@") else where)


def patiently(ask: Callable[[], None], what: str) -> None:
    """Ask once a second, 300 times, as K3s does; then give up, for systemd to start all over."""
    for _ in range(300):
        try:
            return ask()
        except (Away, Unavailable) as error:
            log.warning("%s: %s", what, error)
            time.sleep(1)
    raise SystemExit(f'level=fatal msg="{what}"')


def server() -> None:
    """Serve the API, control the cluster, and be the node 120."""
    store = Store(setting("datastore-endpoint"))
    patiently(store.ready, "failed to ping connection")
    admin = re.search(r"token: (\S+)", ADMIN.read_text())
    tokens = {TOKEN.read_text().strip(): "node"} | ({admin[1]: "admin"} if admin else {})
    api = Api(store, tokens, CERTIFICATE)
    threading.Thread(target=api.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    control(store)
    kubelet("127.0.0.1")
    last = time.monotonic()
    while time.monotonic() - last < RENEW_DEADLINE:
        time.sleep(1)
        try:
            store.ready()
            last = time.monotonic()
        except Away as error:
            log.warning("error retrieving resource lock kube-system/k3s: %s", error)
    log.critical("leaderelection lost for k3s")
    # Its containers go on, as the real ones would.
    os._exit(1)


def agent() -> None:
    """Be the node 121. An API server that goes away later ends nothing: the agent waits for it."""
    where = re.sub(r"^https://|:6443$", "", setting("server"))
    client = Client(where, TOKEN.read_text().strip(), CA)
    patiently(client.ping, "failed to get CA certs")
    kubelet(where)
    threading.Event().wait()


def control(store: Store) -> None:
    """Run the controllers in the background."""
    nodes, cron = Nodes(store), Cron(store)
    for work in (nodes.look, lambda: replicas(store), lambda: endpoints(store), cron.look):
        threading.Thread(target=_forever, args=(work,), daemon=True).start()


def _forever(work: Callable[[], None]) -> None:
    while True:
        try:
            work()
        except (Away, Conflict) as error:
            log.warning("controller: %s", error)
        except Exception:  # one controller that fails does not end the others
            log.exception("controller")
        time.sleep(0.5)


def kubelet(where: str) -> None:
    """Start the node's kubelet, and say that we are up."""
    found = Kubelet(setting("node-name"), Client(where, TOKEN.read_text().strip(), CA))

    def end(*_: object) -> None:
        found.containers.park()
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
    found.start()
    log.info("k3s is up and running")
    notify("READY=1")


def seed() -> None:
    """Write a new cluster's objects into the datastore; what is there already stays."""
    store = Store(setting("datastore-endpoint"))
    for plural, objects in cluster().items():
        if not store.list(plural):
            for one in objects:
                store.create(plural, one)


if __name__ == "__main__":
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="level=%(levelname)s msg=%(message)s")
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    {"server": server, "agent": agent, "seed": seed}[sys.argv[1]]()
