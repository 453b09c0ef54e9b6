"""The alert test (SOP 8): one real alert, sent once, to prove that the chain accepts it. The only module that can POST.

Everything else in coldstart reads. This sends, and so it is asked for by name (`--send-alert-test`), happens only when
the rest of its gate is good, and never twice: a time-out after the request left is "may have been delivered".
"""

import json
import uuid
from datetime import UTC, datetime
from typing import Any, ClassVar

from coldstart import errors
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
    errors.LoginTimedOut,
    errors.HostKeyMismatch,
    errors.HostKeyUnknown,
    errors.AuthenticationRejected,
)
"""Failures before the first byte of the request: the alert was certainly not delivered, and may be tried again."""


def payload(test: AlertTest, *, run: str, now: float) -> dict[str, Any]:
    """The body of an Alertmanager webhook, version 4, as SOP 8 writes it; it fires now and resolves by itself.

    `now` in seconds since the epoch. https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
    """
    labels = {"alertname": test.alertname, **test.labels, RUN_LABEL: run}
    alert = {
        "status": "firing",
        "labels": labels,
        "annotations": {"summary": test.summary},
        "startsAt": _rfc3339(now),
        "endsAt": _rfc3339(now + test.resolves_after),
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


class AlertChain:
    """Proves the alert chain, at most once in its life: a watch makes one and hands it to every attempt."""

    def __init__(self, clock: Clock, run: str | None = None) -> None:
        self._clock = clock
        self.run = run or uuid.uuid4().hex[:12]
        self._proven: Outcome | None = None
        self._led = Taken()
        """By which detour it was sent: a report that rests on what was proven before rests on that too."""

    async def prove(
        self, test: AlertTest, open_tunnel: OpenTunnel | None = None, taken: Taken | None = None
    ) -> Outcome:
        """Send the alert and judge the answer; what was sent before in this run is never sent again.

        A direct connection goes by the detours of `taken`, which hears of it each time that the proof is used.

        Met: the webhook answered with a status that the baseline takes. Unmet: it answered with another, or nothing
        listens. Unobserved: no answer came, and the alert may have been delivered (faults.md 44).
        """
        outcome = self._proven
        if outcome is None:
            self._led = Taken(taken.detours if taken else None)
            outcome, left = await self._send(test, open_tunnel)
            if left:
                self._proven = outcome
        if taken:
            taken.add(self._led)
        return outcome

    async def _send(self, test: AlertTest, open_tunnel: OpenTunnel | None) -> tuple[Outcome, bool]:
        """One POST: what it proves, and whether the request may have left."""
        now = self._clock.wall()
        body = json.dumps(payload(test, run=self.run, now=now)).encode()
        where = HttpGet(url=test.url, via=test.via, ca=test.ca, timeout=test.timeout)
        expected = f"{test.url} accepts the alert with {' or '.join(test.status)}"
        facts: dict[str, float | int | str | bool | None] = {"run": self.run, "sent_at": now}
        poster = _Poster(self._clock, open_tunnel, body, self._led)
        try:
            reply = await poster.perform(where)
        except _NEVER_LEFT as error:
            said = f"not sent: {error.detail or error.reason.says}"
            make = Outcome.unmet if error.reason.observed else Outcome.unobserved
            return make(error.reason, said, expected=expected, facts=facts), False
        except errors.ReadError as error:
            said = (
                f"may have been delivered, and is not sent again: {error.detail or error.reason.says}; "
                f"look for {RUN_LABEL}={self.run} in Telegram and in the API's log"
            )
            return Outcome.unobserved(Reason.MAYBE_DELIVERED, said, expected=expected, facts=facts), True
        finally:
            await poster.close()
        facts["status"] = reply.status
        said = f"HTTP {reply.status} for {test.alertname} with {RUN_LABEL}={self.run} at {_rfc3339(now)}"
        if accepted(reply.status, test.status):
            return Outcome.met(said, expected=expected, facts=facts), True
        evidence = (one_line(reply.body.decode("utf-8", "backslashreplace"), 2000),)
        refused = Outcome.unmet(Reason.UNEXPECTED_STATUS, said, expected=expected, facts=facts, evidence=evidence)
        return refused, True


def accepted(status: int, wanted: tuple[str, ...]) -> bool:
    """Whether a status is among codes and classes such as ``200`` and ``2xx``."""
    return any(word in (str(status), f"{status // 100}xx") for word in wanted)


def _rfc3339(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class _Poster(Http):
    """One POST over the same connections, limits and TLS as every read. It knows no other method, and no redirect."""

    METHODS: ClassVar[frozenset[str]] = frozenset({"POST"})

    def __init__(self, clock: Clock, open_tunnel: OpenTunnel | None, body: bytes, taken: Taken) -> None:
        super().__init__(clock, open_tunnel, taken)
        self._body = body

    def _request(self, read: HttpGet) -> Request:
        as_json = read.model_copy(update={"headers": (("Content-Type", "application/json"),)})
        return self._built("POST", as_json, self._body)
