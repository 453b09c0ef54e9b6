"""The HTTP services of the stack: where each is, and what it answers to a request. Pure: no socket, no clock.

Facts about the places: the shipped baseline, SOP 4.2, 5.2, 7, 8 and 12.1.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from coldstart.drill import sites_services as services
from coldstart.drill.inventory import VIP
from coldstart.drill.record import PART as PROMETHEUS
from coldstart.drill.sites_api import API, api, has_pod
from coldstart.drill.sites_prometheus import prometheus
from coldstart.drill.sites_said import (
    Answer,
    Asked,
    Refused,
    Reply,
    Silent,
    Unreachable,
    by_nginx,
    nginx_page,
    wrong_method,
)
from coldstart.drill.stack import Stack
from coldstart.drill.state import Phase

__all__ = [
    "BY_NAME",
    "SITES",
    "Answer",
    "Refused",
    "Reply",
    "Silent",
    "Site",
    "Unreachable",
    "answer",
    "behind",
    "reach",
]


@dataclass(frozen=True)
class Site:
    """A place that answers HTTP: `address` and `port` as whoever asks writes them.

    `host`: the host through whose SSH connection it is asked, at its 127.0.0.1; None: it is asked directly.
    `part`: what listens there. `tls`: it is HTTPS, and `address` is the name in its certificate.
    """

    name: str
    part: str
    address: str
    port: int
    host: str | None = None
    tls: bool = False

    def __str__(self) -> str:
        via = f" via {self.host}" if self.host else ""
        return f"{'https' if self.tls else 'http'}://{self.address}:{self.port}{via}"


def _local(host: str, name: str, port: int) -> Site:
    return Site(name, f"{host}/{name}", "127.0.0.1", port, host=host)


SITES = (
    _local("188", "momo", 5001),
    _local("188", "signoz", 3301),
    _local("188", "litellm", 4000),
    _local("110", "harbor", 5000),
    _local("110", "gitea", 3001),
    _local("110", "prometheus", 9090),
    _local("110", "alertmanager", 9093),
    _local("110", "sentry", 9000),
    Site("api", API, VIP, 32334),
    Site("web", "k8s/awoooi-web", VIP, 32335),
    Site("awoooi.wooo.work", "188/nginx", "awoooi.wooo.work", 443, tls=True),
    Site("mo.wooo.work", "188/nginx", "mo.wooo.work", 443, tls=True),
)
BY_NAME: Mapping[str, Site] = {site.name: site for site in SITES}

_Say = Callable[[Asked], Reply]
_SAYS: Mapping[str, _Say] = {
    "momo": services.momo,
    "signoz": services.signoz,
    "litellm": services.litellm,
    "harbor": services.harbor,
    "gitea": services.gitea,
    "prometheus": prometheus,
    "alertmanager": services.alertmanager,
    "sentry": services.sentry,
    "web": services.web,
}


def behind(host: str, port: int) -> Site | None:
    """The site that is asked at 127.0.0.1 of `host`; None: nothing of the stack is ever there."""
    return next((site for site in SITES if site.host == host and site.port == port), None)


def reach(stack: Stack, site: Site) -> Refused | Silent | Unreachable | None:
    """How a connection to the site fares, whatever is asked then: None when it is accepted and served."""
    if not _there(stack, site):
        return Unreachable()
    state = stack.parts[site.part]
    if not _listens(stack, site):
        return Refused()
    return Silent() if state.fault == "frozen" else None


def _there(stack: Stack, site: Site) -> bool:
    """Whether some host on the network has the address."""
    if site.address == VIP:
        return stack.vip_leads_to() is not None
    return not site.tls or stack.pings("188")


def _listens(stack: Stack, site: Site) -> bool:
    """Whether something has the port open. A port of a container closes with it: docker-proxy(8) ends then, too."""
    phase = stack.parts[site.part].phase
    if site.part == API:
        return has_pod(stack)
    return phase is Phase.UP or (site.part == PROMETHEUS and phase is Phase.STARTING)


def answer(stack: Stack, epoch: float, site: Site, method: str, path_and_query: str, *, body: bytes = b"") -> Reply:
    """What comes back for a request now. `epoch`: when the scenario began, s since 1970, by every host's clock."""
    asked = Asked(stack, epoch, method, path_and_query, body)
    if site.tls:
        return reach(stack, site) or _gateway(asked, site)
    return _behind_no_proxy(asked, site)


def _behind_no_proxy(asked: Asked, site: Site) -> Reply:
    if closed := reach(asked.stack, site):
        return closed
    if site.part == API:
        return api(asked)
    return _SAYS[site.name](asked) if asked.method in {"GET", "HEAD"} else wrong_method(asked)


def _gateway(asked: Asked, site: Site) -> Reply:
    """The nginx of 188 (SOP 13.6): AWOOOI by way of the VIP, momo on its own host."""
    if asked.part(site.part).fault == "failing":
        return nginx_page(asked, HTTPStatus.INTERNAL_SERVER_ERROR)
    awoooi = "api" if asked.route.startswith("/api/") else "web"
    match _behind_no_proxy(asked, BY_NAME["momo" if site.name == "mo.wooo.work" else awoooi]):
        case Answer() as said:
            return by_nginx(asked, said)
        case Silent() as silent:
            return silent  # nginx waits for 60 s (proxy_read_timeout), longer than anybody who asks here
        case Refused() | Unreachable():
            return nginx_page(asked, HTTPStatus.BAD_GATEWAY)
