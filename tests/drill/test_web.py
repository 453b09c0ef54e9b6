"""The sites as servers on loopback, asked by the production transports: closed, frozen, served."""

import asyncio
import socket
from copy import deepcopy
from functools import cache
from pathlib import Path

import pytest
from tests.drill.recorded import EPOCH, settled
from tests.support import certs

from coldstart import errors
from coldstart.alert import AlertChain
from coldstart.baseline.model import AlertTest
from coldstart.clock import SystemClock
from coldstart.drill.scenario import Event
from coldstart.drill.sites import BY_NAME, SITES, answer
from coldstart.drill.web import Web
from coldstart.outcome import Conclusion, Severity
from coldstart.reads import HttpGet, TcpDial
from coldstart.reason import Reason
from coldstart.transport.detour import Detours, Taken
from coldstart.transport.http import Http
from coldstart.transport.net import Net

NAMES = ("awoooi.wooo.work", "mo.wooo.work")
API = "http://192.168.0.125:32334"


@cache
def _settled():
    return settled()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return certs.make(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def contexts(made):
    return {name: made.server(name) for name in NAMES}


class Drill:
    """A stack, its sites on loopback, and the production transports that are led to them."""

    def __init__(self, made):
        self.made = made
        self.stack = deepcopy(_settled())
        self.web = Web()

    async def start(self, contexts):
        await self.web.start(SITES, contexts, lambda: self.stack, EPOCH)
        direct = [site for site in SITES if site.host is None]
        places = [f"{site.address}:{site.port}=127.0.0.1:{self.web.port_of(site)}" for site in direct]
        self.taken = Taken(Detours.parse(places))
        self.http = Http(SystemClock(), taken=self.taken)

    async def stop(self):
        await self.http.close()
        await self.web.stop()

    async def happens(self, later=5.0, **given):
        now = self.stack.now
        self.stack.apply(Event(at=now, say="it happens", **given))
        self.stack.advance(now + later)
        await self.web.refresh()

    async def ask(self, url, **fields):
        read = HttpGet(url=url, timeout=fields.pop("timeout", 3.0), ca=self.made.ca_file, **fields)
        return await self.http.perform(read)

    async def ask_local(self, name, path="/", **fields):
        return await self.ask(f"http://127.0.0.1:{self.web.port_of(BY_NAME[name])}{path}", **fields)

    async def fails(self, asking):
        with pytest.raises(errors.ReadError) as caught:
            await asking
        return caught.value.reason


@pytest.fixture
async def drill(made, contexts):
    drill = Drill(made)
    await drill.start(contexts)
    yield drill
    await drill.stop()


@pytest.mark.parametrize("site", [site for site in SITES if not site.tls], ids=str)
async def test_what_arrives_is_what_the_site_answers(drill, site):
    said = answer(drill.stack, EPOCH, site, "GET", "/")
    if site.host is None:
        reply = await drill.ask(f"http://{site.address}:{site.port}/")
    else:
        reply = await drill.ask_local(site.name)
    expected = (said.status, dict(said.headers) | {"Connection": "close"}, said.body)
    assert expected == (reply.status, dict(reply.headers), reply.body)


@pytest.mark.parametrize(("url", "status"), [("awoooi.wooo.work/api/v1/health", 200), ("mo.wooo.work/health", 200)])
async def test_the_public_names_are_served_by_tls(drill, url, status):
    reply = await drill.ask(f"https://{url}")
    assert (status, "nginx/1.22.1", "TLSv1.3") == (reply.status, reply.header("server"), reply.tls.version)


async def test_a_long_answer_comes_in_chunks_as_recorded(drill):
    reply = await drill.ask_local("prometheus", "/api/v1/rules?exclude_alerts=true")
    assert "chunked" == reply.header("transfer-encoding")
    assert reply.body == answer(drill.stack, EPOCH, BY_NAME["prometheus"], "GET", "/api/v1/rules").body


async def test_prometheus_has_no_name(drill):
    assert (await drill.ask_local("prometheus", "/-/ready")).header("server") is None


async def test_the_query_arrives_as_it_was_sent(drill):
    reply = await drill.ask_local("prometheus", "/api/v1/query?query=count%28ClickHouseMetrics_Merge%20%3E%200%29")
    assert b'"value":[' in reply.body


async def test_head_has_no_body(drill):
    reply = await drill.ask_local("gitea", method="HEAD")
    assert (200, b"") == (reply.status, reply.body)


# ------------------------------------------------------------------------------------------------ closed, frozen, open


@pytest.mark.parametrize("site", SITES, ids=str)
async def test_a_part_that_is_down_refuses_and_comes_back_on_the_same_port(drill, site):
    port = drill.web.port_of(site)
    address = ("127.0.0.1", port)
    await drill.happens(parts={site.part: "stopped"})
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=1)
    await drill.happens(later=200.0, parts={site.part: "well"})
    assert port == drill.web.port_of(site)
    socket.create_connection(address, timeout=1).close()


async def test_the_transports_call_it_a_closed_port(drill):
    await drill.happens(parts={"188/momo": "stopped", "120/keepalived": "stopped", "121/keepalived": "stopped"})
    assert Reason.PORT_CLOSED is await drill.fails(drill.ask_local("momo", "/health"))
    assert Reason.PORT_CLOSED is await drill.fails(drill.ask(f"{API}/api/v1/health"))
    net = Net(SystemClock(), drill.taken)
    assert Reason.PORT_CLOSED is await drill.fails(net.perform(TcpDial(address="192.168.0.125", port=32334, timeout=1)))


async def test_a_part_can_go_and_come_again_and_again(drill):
    for _ in range(20):
        await drill.happens(later=1.0, parts={"110/gitea": "stopped"})
        assert Reason.PORT_CLOSED is await drill.fails(drill.ask_local("gitea"))
        await drill.happens(later=60.0, parts={"110/gitea": "well"})
        assert 200 == (await drill.ask_local("gitea")).status


async def test_nobody_else_gets_the_port_of_what_is_down(drill):
    await drill.happens(parts={"110/gitea": "stopped"})
    port = drill.web.port_of(BY_NAME["gitea"])
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", port))


@pytest.mark.parametrize("name", ["gitea", "web", "mo.wooo.work"])
async def test_a_frozen_part_accepts_and_is_silent(drill, name):
    site = BY_NAME[name]
    await drill.happens(parts={site.part: "frozen"})
    url = f"https://{name}/" if site.tls else f"http://127.0.0.1:{drill.web.port_of(site)}/"
    with pytest.raises(errors.DeadlinePassed) as caught:
        await drill.ask(url, timeout=0.2)
    assert ("in the TLS handshake" if site.tls else "waiting for the answer") in caught.value.detail


async def test_who_waits_for_a_frozen_part_is_answered_when_it_thaws(drill):
    await drill.happens(parts={"110/gitea": "frozen"})
    reader, writer = await asyncio.open_connection("127.0.0.1", drill.web.port_of(BY_NAME["gitea"]))
    writer.write(b"GET / HTTP/1.1\r\nHost: gitea\r\n\r\n")
    await drill.happens(parts={"110/gitea": "well"})
    assert b"HTTP/1.1 200 OK\r\n" == await asyncio.wait_for(reader.readline(), 2)
    writer.close()


async def silent(drill, asking):
    """A request that has arrived, and that something frozen does not answer."""
    task = asyncio.create_task(asking)
    async with asyncio.timeout(2):
        while not drill.web.waiting:  # noqa: ASYNC110 - a count, which changes while the loop runs
            await asyncio.sleep(0)
    return task


async def test_a_request_is_answered_when_what_is_behind_nginx_thaws(drill):
    await drill.happens(parts={"188/momo": "frozen"})
    waiting = await silent(drill, drill.ask("https://mo.wooo.work/health"))
    await drill.happens(parts={"188/momo": "well"})
    assert 200 == (await waiting).status
    assert 0 == drill.web.waiting


async def test_a_request_that_waits_ends_with_the_process(drill):
    await drill.happens(parts={"188/momo": "frozen"})
    waiting = await silent(drill, drill.ask("https://mo.wooo.work/health"))
    await drill.happens(parts={"188/nginx": "stopped"})
    assert Reason.CONNECTION_LOST is await drill.fails(waiting)
    assert 0 == drill.web.waiting


async def test_a_request_is_forgotten_when_its_client_goes(drill):
    await drill.happens(parts={"188/momo": "frozen"})
    with pytest.raises(errors.DeadlinePassed):
        await drill.ask("https://mo.wooo.work/health", timeout=0.2)
    async with asyncio.timeout(2):
        while drill.web.waiting:  # noqa: ASYNC110 - a count, which changes while the loop runs
            await asyncio.sleep(0)


async def test_what_has_gone_before_the_port_was_closed_answers_nothing(drill):
    now = drill.stack.now
    drill.stack.apply(Event(at=now, say="it happens", parts={"110/gitea": "stopped"}))
    drill.stack.advance(now + 1)
    assert not (await drill.fails(drill.ask_local("gitea"))).observed


# ----------------------------------------------------------------------------------------------------------- the alert


async def prove(drill, within=2.0):
    test = AlertTest(
        gate="P2", id="alert-test", claim="", url=f"{API}/api/v1/webhooks/alertmanager", via=None, receiver="test",
        alertname="ColdStartE2ETest", labels={"severity": "info"}, summary="ignore", resolves_after=300.0,
        status=("2xx",), ca=None, timeout=within, severity=Severity.BLOCKED,
    )  # fmt: skip
    return await AlertChain(SystemClock(), run="one").prove(test, taken=drill.taken)


async def test_an_alert_that_is_accepted_is_kept(drill):
    assert Conclusion.MET is (await prove(drill)).conclusion
    (alert,) = drill.web.alerts
    assert ("ColdStartE2ETest", "one") == (
        alert["commonLabels"]["alertname"],
        alert["alerts"][0]["labels"]["coldstart_run"],
    )


@pytest.mark.parametrize(
    ("part", "kind", "expected"),
    [
        ("k8s/webhook", "failing", (Conclusion.UNMET, Reason.UNEXPECTED_STATUS)),
        ("k8s/webhook", "frozen", (Conclusion.UNOBSERVED, Reason.MAYBE_DELIVERED)),
        ("k8s/awoooi-api", "stopped", (Conclusion.UNMET, Reason.PORT_CLOSED)),
        ("188/redis", "stopped", (Conclusion.UNMET, Reason.UNEXPECTED_STATUS)),
    ],
)
async def test_an_alert_that_is_not_accepted_is_not_kept(drill, part, kind, expected):
    await drill.happens(parts={part: kind})
    outcome = await prove(drill, within=0.3)
    assert (expected, []) == ((outcome.conclusion, outcome.reason), drill.web.alerts)


# ---------------------------------------------------------------------------------------------------- start and stop


def descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_fifty_drills_leave_no_descriptor(made, contexts):
    async def one():
        drill = Drill(made)
        await drill.start(contexts)
        await drill.happens(parts={"110/gitea": "stopped", "110/harbor": "frozen", "188/momo": "frozen"})
        await drill.stop()

    await one()
    before = descriptors()
    for _ in range(50):
        await one()
    assert before == descriptors()


async def test_a_stop_does_not_wait_for_who_is_not_answered(made, contexts):
    drill = Drill(made)
    await drill.start(contexts)
    before = descriptors()
    await drill.happens(parts={"188/momo": "frozen"})
    direct = asyncio.create_task(drill.ask_local("momo"))
    behind = await silent(drill, drill.ask("https://mo.wooo.work/health", timeout=30))
    begun = asyncio.get_running_loop().time()
    await drill.web.stop()
    took = asyncio.get_running_loop().time() - begun
    assert Reason.CONNECTION_LOST is await drill.fails(direct)
    assert Reason.CONNECTION_LOST is await drill.fails(behind)
    assert 0 == drill.web.waiting
    assert took < 0.5
    assert before - len(SITES) > descriptors()
    await drill.stop()


async def test_no_task_is_left(made, contexts):
    drill = Drill(made)
    await drill.start(contexts)
    await drill.happens(parts={"188/momo": "frozen"})
    waiting = await silent(drill, drill.ask("https://mo.wooo.work/health", timeout=30))
    await drill.stop()
    await drill.fails(waiting)
    assert {asyncio.current_task()} == asyncio.all_tasks()


async def test_a_name_without_a_certificate_leaves_nothing_open(made):
    before = descriptors()
    with pytest.raises(KeyError):
        await Drill(made).start({})
    assert before == descriptors()


async def test_a_stop_without_a_start_is_nothing():
    before = descriptors()
    await Web().stop()
    assert before == descriptors()
