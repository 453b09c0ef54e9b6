"""The one POST: an alert in the form of Alertmanager's webhook, and what the answer to it proves."""

import json
from dataclasses import dataclass
from typing import Any, ClassVar

from coldstart import errors
from coldstart.alert.words import rfc3339
from coldstart.baseline.model import AlertTest
from coldstart.clock import Clock
from coldstart.outcome import Outcome
from coldstart.reads import HttpGet
from coldstart.reason import Reason
from coldstart.text import one_line
from coldstart.transport.base import OpenTunnel
from coldstart.transport.detour import Taken
from coldstart.transport.http import Http, Request

RUN_LABEL = "coldstart_run"
"""The label by which one run's alert is found again, in Alertmanager, in the API's log, in Telegram."""

_NEVER_LEFT = (
    errors.NameNotResolved,
    errors.ConnectRefused,
    errors.ConnectTimedOut,
    errors.Unreachable,
    errors.TlsRejected,
    errors.ForbiddenCommand,
    errors.SshClosed,
    errors.LoginTimedOut,
    errors.KeyExchangeFailed,
    errors.HostKeyMismatch,
    errors.HostKeyUnknown,
    errors.AuthenticationRejected,
    errors.ChannelRefused,
)
"""Failures before the first byte of the request: the alert was certainly not delivered, and may be tried again."""


@dataclass(frozen=True)
class Posted:
    """What became of the POST. `left`: the request may have left, so it is never sent again."""

    outcome: Outcome
    left: bool


def payload(test: AlertTest, *, run: str, now: float) -> dict[str, Any]:
    """The body of an Alertmanager webhook, version 4, as SOP 8 writes it; it fires now and resolves by itself.

    `now` in seconds since the epoch. https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
    """
    labels = {"alertname": test.alertname, **test.labels, RUN_LABEL: run}
    alert = {
        "status": "firing",
        "labels": labels,
        "annotations": {"summary": test.summary},
        "startsAt": rfc3339(now),
        "endsAt": rfc3339(now + test.resolves_after),
        "generatorURL": "",
    }
    return {
        "receiver": test.receiver,
        "status": "firing",
        "alerts": [alert],
        "groupLabels": {"alertname": test.alertname},
        "commonLabels": labels,
        "commonAnnotations": {"summary": test.summary},
        "externalURL": "",
        "version": "4",
        "groupKey": f"{test.receiver}:{run}",
    }


def accepted(status: int, wanted: tuple[str, ...]) -> bool:
    """Whether a status is among codes and classes such as ``200`` and ``2xx``."""
    return any(word in (str(status), f"{status // 100}xx") for word in wanted)


def perhaps(test: AlertTest, run: str, now: float, why: str) -> Posted:
    """The POST of which nobody knows whether it arrived; it was sent at `now` (s since the epoch)."""
    said = (
        f"may have been delivered, and is not sent again: {why}; "
        f"look for {RUN_LABEL}={run} in Telegram and in the API's log"
    )
    outcome = Outcome.unobserved(Reason.MAYBE_DELIVERED, said, expected=_expected(test), facts=_facts(run, now))
    return Posted(outcome, left=True)


async def post(test: AlertTest, run: str, clock: Clock, open_tunnel: OpenTunnel | None, taken: Taken) -> Posted:
    """Send the alert, once, and judge the answer. Raises nothing but cancellation.

    Met: the webhook answered with a status that the baseline takes. Unmet: it answered with another, or nothing
    listens. Unobserved: no answer came, and the alert may have been delivered (faults.md 44).
    """
    now = clock.wall()
    body = json.dumps(payload(test, run=run, now=now)).encode()
    where = HttpGet(url=test.url, via=test.via, ca=test.ca, timeout=test.timeout)
    expected, facts = _expected(test), _facts(run, now)
    poster = _Poster(clock, open_tunnel, body, taken)
    try:
        reply = await poster.perform(where)
    except _NEVER_LEFT as error:
        said = f"not sent: {error.detail or error.reason.says}"
        make = Outcome.unmet if error.reason.observed else Outcome.unobserved
        return Posted(make(error.reason, said, expected=expected, facts=facts), left=False)
    except errors.ReadError as error:
        return perhaps(test, run, now, error.detail or error.reason.says)
    finally:
        await poster.close()
    facts["status"] = reply.status
    said = f"HTTP {reply.status} for {test.alertname} with {RUN_LABEL}={run} at {rfc3339(now)}"
    if accepted(reply.status, test.status):
        return Posted(Outcome.met(said, expected=expected, facts=facts), left=True)
    evidence = (one_line(reply.body.decode("utf-8", "backslashreplace"), 2000),)
    refused = Outcome.unmet(Reason.UNEXPECTED_STATUS, said, expected=expected, facts=facts, evidence=evidence)
    return Posted(refused, left=True)


def _expected(test: AlertTest) -> str:
    return f"{test.url} accepts the alert with {' or '.join(test.status)}"


def _facts(run: str, now: float) -> dict[str, float | int | str | bool | None]:
    return {"run": run, "sent_at": now}


class _Poster(Http):
    """One POST over the same connections, limits and TLS as every read. It knows no other method, and no redirect."""

    METHODS: ClassVar[frozenset[str]] = frozenset({"POST"})

    def __init__(self, clock: Clock, open_tunnel: OpenTunnel | None, body: bytes, taken: Taken) -> None:
        super().__init__(clock, open_tunnel, taken)
        self._body = body

    def _request(self, read: HttpGet) -> Request:
        as_json = read.model_copy(update={"headers": (("Content-Type", "application/json"),)})
        return self._built("POST", as_json, self._body)
