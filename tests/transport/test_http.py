"""HTTP: whole, verified and in time, or not at all (faults.md 40, 41, 43)."""

import asyncio
import gzip
import time
import tracemalloc
import zlib

import pytest
from tests.support.servers import always, answer, closed_port, name_addresses, routes, serve, swallowing_port

from coldstart import __version__, errors
from coldstart.clock import SystemClock
from coldstart.reads import OUTPUT_CAP, HttpGet
from coldstart.transport.http import Http


@pytest.fixture
async def http():
    transport = Http(SystemClock())
    yield transport
    await transport.close()


def get(server, path="/", **fields):
    return HttpGet(url=f"http://127.0.0.1:{server.port}{path}", timeout=fields.pop("timeout", 3.0), **fields)


async def failure(http, read):
    with pytest.raises(errors.ReadError) as caught:
        await http.perform(read)
    return caught.value


async def test_a_whole_answer_comes_back_as_it_was_sent(http):
    async with serve(always(answer(b"Prometheus is Ready.\n", headers=("X-One: 1",)))) as server:
        before = time.time()
        reply = await http.perform(get(server, "/-/ready"))
    assert (reply.status, reply.body, reply.header("x-one")) == (200, b"Prometheus is Ready.\n", "1")
    assert (reply.url, reply.redirects, reply.tls, reply.cautions) == (
        f"http://127.0.0.1:{server.port}/-/ready",
        (),
        None,
        (),
    )
    assert before <= reply.started <= reply.ended <= time.time()


async def test_the_request_says_who_asks_and_asks_for_nothing_packed(http):
    async with serve(always(answer())) as server:
        await http.perform(get(server, "/v2/?a=b%20c", headers=(("X-Scope-OrgID", "one"),)))
    (head,) = server.heads
    assert head.startswith(b"GET /v2/?a=b%20c HTTP/1.1\r\n")
    lines = {line.lower() for line in head.decode().split("\r\n")}
    expected = {f"user-agent: coldstart/{__version__}", "accept-encoding: identity", "connection: close"}
    assert expected | {"x-scope-orgid: one", f"host: 127.0.0.1:{server.port}"} <= lines


async def test_head_reads_no_body(http):
    async with serve(always(answer(b"", length=12))) as server:
        reply = await http.perform(get(server, method="HEAD"))
    assert server.heads[0].startswith(b"HEAD / ")
    assert (reply.status, reply.body) == (200, b"")


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
async def test_a_status_without_a_body_is_complete(http, status):
    async with serve(always(f"HTTP/1.1 {status}\r\n\r\n".encode())) as server:
        reply = await http.perform(get(server))
    assert (reply.status, reply.body) == (int(status[:3]), b"")


async def test_an_error_status_is_a_reply(http):
    async with serve(always(answer(b"no", "503 Service Unavailable"))) as server:
        assert (await http.perform(get(server))).status == 503


async def test_bytes_that_are_not_utf8_are_kept_and_refused_only_when_judged(http):
    async with serve(always(answer(b"ok \xff"))) as server:
        reply = await http.perform(get(server))
    assert reply.body == b"ok \xff"
    with pytest.raises(errors.NotUtf8):
        _ = reply.text


async def test_each_read_has_a_connection_of_its_own(http):
    async with serve(always(answer())) as server:
        await asyncio.gather(http.perform(get(server, "/a")), http.perform(get(server, "/b")))
        await http.perform(get(server, "/c"))
    assert server.connections == 3


async def test_no_cookie_is_carried_from_one_read_to_the_next(http):
    async with serve(always(answer(headers=("Set-Cookie: session=1",)))) as server:
        await http.perform(get(server))
        await http.perform(get(server))
    assert b"cookie" not in server.heads[1].lower()


async def test_a_proxy_of_the_environment_is_not_used(http, monkeypatch):
    async with serve(always(answer(b"portal"))) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        fresh = Http(SystemClock())
        with closed_port() as port:
            error = await failure(fresh, HttpGet(url=f"http://127.0.0.1:{port}/", timeout=2))
        await fresh.close()
    assert isinstance(error, errors.ConnectRefused)
    assert proxy.connections == 0


# ------------------------------------------------------------------------------------------------------------ not there


async def test_a_refused_port_is_a_closed_port(http):
    with closed_port() as port:
        error = await failure(http, HttpGet(url=f"http://127.0.0.1:{port}/", timeout=2))
    assert isinstance(error, errors.ConnectRefused)


async def test_a_swallowed_syn_is_a_connect_timeout(http):
    with swallowing_port() as port:
        error = await failure(http, HttpGet(url=f"http://127.0.0.1:{port}/", timeout=0.3))
    assert isinstance(error, errors.ConnectTimedOut)


async def test_a_name_that_does_not_resolve_is_said_so(http):
    error = await failure(http, HttpGet(url="http://no-such-host.invalid/", timeout=5))
    assert isinstance(error, errors.NameNotResolved)


async def test_a_caution_of_the_connection_is_in_the_reply(http, monkeypatch):
    name_addresses(monkeypatch)("both.example", "127.0.0.1", "::1")
    async with serve(always(answer())) as server:
        reply = await http.perform(HttpGet(url=f"http://both.example:{server.port}/", timeout=2))
    assert reply.cautions == ("IPv6 address ::1 failed (refused), used IPv4 127.0.0.1",)


@pytest.mark.parametrize(
    "url",
    ["http://user:secret@127.0.0.1/", "http://user@127.0.0.1/", "ftp://127.0.0.1/", "http://", "/path", "http://a\n/"],
)
async def test_a_url_that_is_not_asked_is_refused_without_showing_a_password(http, url):
    error = await failure(http, HttpGet(url=url, timeout=1))
    assert isinstance(error, errors.ForbiddenCommand)
    assert "secret" not in error.detail


# -------------------------------------------------------------------------------------------------------------- in time


async def test_a_drip_is_ended_by_the_total_deadline(http):
    async def drip(talk):
        await talk.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            await talk.send(b"x")
            await asyncio.sleep(0.02)

    async with serve(drip) as server:
        before = time.monotonic()
        error = await failure(http, get(server, timeout=0.3))
    assert isinstance(error, errors.DeadlinePassed)
    assert "reading the body" in error.detail
    assert time.monotonic() - before < 1


async def test_dripping_headers_are_ended_by_the_total_deadline(http):
    async def drip(talk):
        await talk.send(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while True:
            await talk.send(b"x")
            await asyncio.sleep(0.02)

    async with serve(drip) as server:
        error = await failure(http, get(server, timeout=0.3))
    assert isinstance(error, errors.DeadlinePassed)
    assert "waiting for the answer" in error.detail


async def test_endless_interim_answers_are_ended_by_the_total_deadline(http):
    async def interim(talk):
        while True:
            await talk.send(b"HTTP/1.1 103 Early Hints\r\n\r\n")
            await asyncio.sleep(0.01)

    async with serve(interim) as server:
        assert isinstance(await failure(http, get(server, timeout=0.3)), errors.DeadlinePassed)


async def test_a_server_that_accepts_and_says_nothing_is_a_deadline(http):
    async with serve(lambda talk: talk.gone()) as server:
        error = await failure(http, get(server, timeout=0.2))
    assert isinstance(error, errors.DeadlinePassed)
    assert "127.0.0.1: waiting for the answer when the 0.2 s were over" == error.detail


async def test_the_deadline_counts_over_all_redirects(http):
    async def slow_loop(talk):
        await asyncio.sleep(0.15)
        await talk.send(answer(b"", "302 Found", ("Location: /again",)))

    async with serve(slow_loop) as server:
        assert isinstance(await failure(http, get(server, timeout=0.4, follow_redirects=10)), errors.DeadlinePassed)
    assert server.connections < 5


async def test_cancelling_lets_go_of_the_connection(http):
    gone = asyncio.Event()
    asked = asyncio.Event()

    async def wait(talk):
        asked.set()
        await talk.gone()
        gone.set()

    async with serve(wait) as server:
        task = asyncio.create_task(http.perform(get(server)))
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(gone.wait(), 1)


# ---------------------------------------------------------------------------------------------------------------- whole


async def test_a_reset_in_mid_body_is_a_lost_connection(http):
    async def cut(talk):
        await talk.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")
        talk.reset()

    async with serve(cut) as server:
        error = await failure(http, get(server))
    assert isinstance(error, errors.ConnectionLost)
    assert "reset" in error.detail


BROKEN = {
    "a body shorter than its length": b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf",
    "chunks cut short": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nwo",
    "no last chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    "headers cut short": b"HTTP/1.1 200 OK\r\nContent-Le",
    "no answer at all": b"",
    "an SSH banner": b"SSH-2.0-OpenSSH_9.2\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
    "a flood of headers": b"HTTP/1.1 200 OK\r\n" + b"X-Flood: 0123456789\r\n" * 20000,
}


@pytest.mark.parametrize("sent", BROKEN.values(), ids=BROKEN.keys())
async def test_an_answer_that_breaks_the_protocol_is_not_a_reply(http, sent):
    async with serve(always(sent)) as server:
        error = await failure(http, get(server))
    assert type(error) in {errors.ProtocolBroken, errors.ConnectionLost}
    assert error.detail


async def test_a_body_that_ends_with_the_connection_is_whole(http):
    async with serve(always(b"HTTP/1.0 200 OK\r\n\r\nold but whole")) as server:
        assert (await http.perform(get(server))).body == b"old but whole"


async def test_a_body_of_exactly_the_cap_is_kept_and_one_byte_more_is_not(http):
    async with serve(routes({"/at": answer(b"x" * OUTPUT_CAP), "/over": answer(b"x" * (OUTPUT_CAP + 1))})) as server:
        assert len((await http.perform(get(server, "/at"))).body) == OUTPUT_CAP
        assert isinstance(await failure(http, get(server, "/over")), errors.OverCap)


async def test_an_endless_body_is_over_the_cap(http):
    async def flood(talk):
        await talk.send(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            await talk.send(b"x" * 65536)

    async with serve(flood) as server:
        assert isinstance(await failure(http, get(server)), errors.OverCap)


def bomb(size):
    """`size` zero bytes as gzip, made in pieces."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    piece = bytes(1 << 20)
    packed = b"".join(packer.compress(piece) for _ in range(size >> 20))
    return packed + packer.flush()


@pytest.mark.slow
async def test_a_small_gzip_that_unpacks_to_200_mb_is_over_the_cap_and_memory_stays_flat(http):
    packed = bomb(200 << 20)
    assert len(packed) < 210_000
    async with serve(always(answer(packed, headers=("Content-Encoding: gzip",)))) as server:
        tracemalloc.start()
        try:
            error = await failure(http, get(server))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert isinstance(error, errors.OverCap)
    assert peak < 8 << 20


async def test_a_gzip_that_was_not_asked_for_is_unpacked(http):
    async with serve(always(answer(gzip.compress(b"packed"), headers=("Content-Encoding: gzip",)))) as server:
        assert (await http.perform(get(server))).body == b"packed"


@pytest.mark.parametrize(
    ("body", "encoding", "leaf"),
    [
        (gzip.compress(b"packed" * 100)[:-12], "gzip", errors.ProtocolBroken),
        (b"plain", "gzip", errors.Unparsable),
        (gzip.compress(b"packed") + b"more", "gzip", errors.Unparsable),
        (b"\x0b\x02\x80ok\x03", "br", errors.Unparsable),
        (gzip.compress(gzip.compress(b"twice")), "gzip, gzip", errors.Unparsable),
    ],
    ids=["cut", "not packed", "with a tail", "unknown", "twice"],
)
async def test_a_packed_body_that_cannot_be_undone_is_not_a_reply(http, body, encoding, leaf):
    async with serve(always(answer(body, headers=(f"Content-Encoding: {encoding}",)))) as server:
        assert leaf is type(await failure(http, get(server)))


async def test_head_of_a_packed_page_is_a_reply(http):
    async with serve(always(answer(b"", length=50, headers=("Content-Encoding: br",)))) as server:
        assert (await http.perform(get(server, method="HEAD"))).status == 200


# ------------------------------------------------------------------------------------------------------------ redirects


def moved(to, status="302 Found"):
    return answer(b"", status, (f"Location: {to}",))


async def test_a_redirect_is_the_reply_unless_the_read_allows_it(http):
    async with serve(routes({"/": moved("/login")})) as server:
        reply = await http.perform(get(server))
    assert (reply.status, reply.header("location"), reply.redirects) == (302, "/login", ())


async def test_allowed_redirects_on_the_same_host_are_followed_and_listed(http):
    pages = {"/": moved("/one"), "/one": moved("two", "308 Permanent Redirect"), "/two": answer(b"there")}
    async with serve(routes(pages)) as server:
        reply = await http.perform(get(server, follow_redirects=2))
    root = f"http://127.0.0.1:{server.port}"
    assert (reply.status, reply.body, reply.url) == (200, b"there", f"{root}/two")
    assert reply.redirects == (f"{root}/one", f"{root}/two")


async def test_a_redirect_loop_ends_with_the_redirect_as_reply(http):
    async with serve(always(moved("/again"))) as server:
        reply = await http.perform(get(server, follow_redirects=3))
    assert (reply.status, len(reply.redirects), server.connections) == (302, 3, 4)


async def test_a_redirect_to_another_host_is_not_followed(http):
    async with (
        serve(always(answer(b"login page"))) as portal,
        serve(always(moved(f"http://localhost:{portal.port}/login"))) as server,
    ):
        reply = await http.perform(get(server, follow_redirects=5))
    assert (reply.status, reply.redirects, portal.connections) == (302, (), 0)


async def test_a_redirect_to_what_is_no_url_is_the_reply(http):
    async with serve(always(moved("http://[broken/"))) as server:
        assert (await http.perform(get(server, follow_redirects=5))).status == 302


async def test_a_redirect_with_a_password_in_it_is_not_followed(http):
    async with serve(always(moved("http://a:b@127.0.0.1/"))) as server:
        assert (await http.perform(get(server, follow_redirects=5))).status == 302
    assert server.connections == 1


async def test_only_get_is_sent_after_a_redirect(http):
    async with serve(routes({"/": moved("/done", "307 Temporary Redirect"), "/done": answer()})) as server:
        await http.perform(get(server, follow_redirects=1))
    assert [head.split(b" ")[0] for head in server.heads] == [b"GET", b"GET"]
