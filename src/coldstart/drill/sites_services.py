"""What each program of the stack answers while it is up, well or failing: the words of the lab's services. Pure.

Whether anything answers at all is not asked here (`sites.reach`).
"""

import json
from http import HTTPStatus

from coldstart.drill.sites_said import HTML, JSON, Answer, Asked, go, not_found, own

_OK, _ERROR, _AWAY = HTTPStatus.OK, HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE
_UNNAMED = "Internal Server Error\n"

_TOKENS = 'Bearer realm="http://192.168.0.110:5000/service/token",service="harbor-registry"'
_UNAUTHORIZED = '{"errors":[{"code":"UNAUTHORIZED","message":"unauthorized: unauthorized"}]}\n'
_NO_STORAGE = '{"errors":[{"code":"UNKNOWN","message":"/storage/docker/registry/v2 is not there"}]}\n'
_MOMO_SOCKET = 'connection to server on socket "/run/postgresql/.s.PGSQL.5432" failed: '
_NO_SOCKET = "No such file or directory\n\tIs the server running locally and accepting connections on that socket?"


def _fails(asked: Asked, part: str) -> bool:
    return asked.part(part).fault == "failing"


def momo(asked: Asked) -> Answer:
    """The dashboard of momo; its /health asks momo-db."""
    if asked.route != "/health":
        return own(asked, _OK, "<!doctype html><title>momo</title><h1>momo</h1>\n", HTML)
    if trouble := _momo_trouble(asked):
        said = json.dumps({"status": "error", "database": f"{_MOMO_SOCKET}{trouble}"})
        return own(asked, _AWAY, f"{said}\n", JSON)
    return own(asked, _OK, '{"status": "ok", "database": "ok"}\n', JSON)


def _momo_trouble(asked: Asked) -> str:
    """What momo hears from momo-db, as libpq says it; nothing where all is well."""
    if _fails(asked, "188/momo") or _fails(asked, "188/momo-db"):
        return "FATAL:  sorry, too many clients already"
    if asked.stack.up("188/momo-db"):
        return ""
    return "timeout expired" if asked.part("188/momo-db").fault == "frozen" else _NO_SOCKET


def signoz(asked: Asked) -> Answer:
    """SignOz's page, for as long as its ClickHouse answers."""
    if _fails(asked, "188/signoz"):
        return own(asked, _AWAY, "clickhouse: <urlopen error [Errno 111] Connection refused>\n")
    if asked.route == "/api/v1/health":
        return own(asked, _OK, '{"status":"ok"}\n', JSON)
    return own(asked, _OK, "<!doctype html><title>SigNoz</title><div id=root></div>\n", HTML)


def litellm(asked: Asked) -> Answer:
    """It says that it lives; whether a model stands behind it is not asked."""
    if _fails(asked, "188/litellm"):
        return own(asked, _ERROR, _UNNAMED)
    if asked.route in {"/health/liveliness", "/health/liveness"}:
        return own(asked, _OK, '"I\'m alive!"', JSON)
    return own(asked, HTTPStatus.NOT_FOUND, '{"detail":"Not Found"}', JSON)


def harbor(asked: Asked) -> Answer:
    """The registry of Harbor: whoever has no token is told where to get one (SOP 5.2). No storage, no registry."""
    if asked.route.startswith("/v2"):
        if _fails(asked, "110/harbor"):
            return own(asked, _ERROR, _NO_STORAGE)
        headers = (("Www-Authenticate", _TOKENS), ("Docker-Distribution-Api-Version", "registry/2.0"))
        return own(asked, HTTPStatus.UNAUTHORIZED, _UNAUTHORIZED, JSON, *headers)
    return own(asked, _OK, "Pong" if asked.route.startswith("/api/v2.0/ping") else "Harbor\n")


def gitea(asked: Asked) -> Answer:
    """Each page of Gitea has been to its database."""
    if _fails(asked, "110/gitea"):
        return own(asked, _ERROR, "OperationalError: unable to open database file\n")
    if asked.route == "/api/healthz":
        return own(asked, _OK, '{"status":"pass"}\n', JSON)
    return own(asked, _OK, "<!DOCTYPE html><title>Gitea</title><p>1 repositories\n", HTML)


def alertmanager(asked: Asked) -> Answer:
    """Alertmanager's management API."""
    if _fails(asked, "110/alertmanager"):
        return go(asked, _ERROR, _UNNAMED)
    known = asked.route in {"/-/healthy", "/-/ready"}
    return go(asked, _OK, "OK") if known else go(asked, HTTPStatus.NOT_FOUND, "404 page not found\n")


def sentry(asked: Asked) -> Answer:
    """Sentry sends whoever comes to its login page, once its ClickHouse has answered."""
    if _fails(asked, "110/sentry"):
        return own(asked, _ERROR, _UNNAMED)
    if not asked.stack.up("110/clickhouse"):
        return own(asked, _AWAY, "sentry-clickhouse does not answer\n")
    if asked.route.startswith("/_health"):
        return own(asked, _OK, "ok")
    return own(asked, HTTPStatus.FOUND, "", "text/plain; charset=utf-8", ("Location", "/auth/login/"))


def web(asked: Asked) -> Answer:
    """AWOOOI's Web: one page, by the node that the VIP leads to."""
    if _fails(asked, "k8s/awoooi-web"):
        return own(asked, _ERROR, _UNNAMED)
    if asked.route != "/":
        return not_found(asked)
    page = f"<!doctype html>\n<title>AWOOOI</title>\n<p>served by host{asked.stack.vip_leads_to()}</p>\n"
    return own(asked, _OK, page, HTML)
