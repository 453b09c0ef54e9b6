"""For tests of the alert test: one as a baseline has it, and a real webhook on loopback that takes it."""

import asyncio
import json
from contextlib import asynccontextmanager

from tests.support.servers import answer, serve

from coldstart.baseline.model import AlertTest
from coldstart.baseline.sights import CounterSight, PageSight
from coldstart.outcome import Severity


def alert_test(url="http://127.0.0.1:1/hook", **fields):
    given = {
        "gate": "ALERT",
        "id": "alert-test",
        "claim": "the alert chain accepts a real alert",
        "url": url,
        "via": None,
        "receiver": "cold-start-test",
        "alertname": "ColdStartE2ETest",
        "labels": {"severity": "info"},
        "summary": "Cold start E2E test, ignore",
        "resolves_after": 300.0,
        "status": ("2xx",),
        "ca": None,
        "timeout": 2.0,
        "severity": Severity.BLOCKED,
        **fields,
    }
    return AlertTest(**given)


class Webhook:
    """What the server received: bodies of complete requests."""

    def __init__(self):
        self.bodies, self.heads, self.port = [], [], 0
        self.arrived = asyncio.Event()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/api/v1/webhooks/alertmanager"


@asynccontextmanager
async def webhook(answer=b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"):
    """A real server on loopback that takes alerts; `answer` None: it takes them and says nothing."""
    hook = Webhook()
    release = asyncio.Event()

    async def talk(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-l"))
        hook.bodies.append(json.loads(await reader.readexactly(length)))
        hook.heads.append(head)
        hook.arrived.set()
        if answer is None:
            await release.wait()
        else:
            writer.write(answer)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    hook.port = server.sockets[0].getsockname()[1]
    try:
        yield hook
    finally:
        release.set()
        server.close()
        await server.wait_closed()


class SteppingClock:
    """A clock that moves only when somebody waits on it, and gives the loop a turn then. `slept`: each wait, s."""

    def __init__(self, wall=1_777_977_000.0):
        self._wall, self.now, self.slept = wall, 0.0, []

    def wall(self):
        return self._wall + self.now

    def monotonic(self):
        return self.now

    async def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


def page(url, **fields):
    """A page that shows the state of this run's alert."""
    given = {
        "url": url,
        "via": None,
        "ca": None,
        "path": "state",
        "equals": "sent",
        "contains": "",
        "at_least": None,
        "within": 10.0,
        "every": 2.0,
        **fields,
    }
    return PageSight(**given)


def counter(url, query="alerts_sent_total", **fields):
    """A counter of Prometheus that rises with each alert."""
    return CounterSight(url=url, query=query, **{"via": None, "ca": None, "within": 10.0, "every": 2.0, **fields})


def says(document, status="200 OK"):
    """A whole response with a JSON document."""
    return answer(json.dumps(document).encode(), status, ("Content-Type: application/json",))


def vector(at, *values, **labels):
    """What Prometheus answers to an instant query, evaluated at `at` (s since the epoch): a series a value."""
    series = [
        {"metric": {"n": str(number), **labels} if number else labels, "value": [at, value]}
        for number, value in enumerate(values)
    ]
    return says({"status": "success", "data": {"resultType": "vector", "result": series}})


@asynccontextmanager
async def in_turn(*answers):
    """A real server that gives these answers one after the other, the last one again and again; a function is called.

    None: it takes the request and says nothing.
    """
    given = 0

    async def handle(talk):
        nonlocal given
        said = answers[min(given, len(answers) - 1)]
        given += 1
        if said is None:
            await talk.gone()
        else:
            await talk.send(said() if callable(said) else said)

    async with serve(handle) as served:
        yield served
