"""Rows 40 to 43: a web server that answers too slowly, from elsewhere, with a bad certificate, or too much."""

import asyncio
import time
import tracemalloc
import zlib

import pytest
import trustme
from tests.support import certs
from tests.support.faults import HERE, ask, stack, told
from tests.support.servers import always, answer, closed_port, routes, serve

from coldstart.reason import Reason

GOOD = b'{"status": "healthy"}'
HEALTHY = {"json": [{"path": "status", "equals": "healthy"}]}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return certs.make(tmp_path_factory.mktemp("ca"))


async def page(port, limit="2s", **parameters):
    """What is told of a page that should be healthy."""
    url = f"http://127.0.0.1:{port}/"
    return await told(stack(ask("page", "http", timeout=limit, url=url, **{**HEALTHY, **parameters}), hosts=HERE))


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n"


@pytest.mark.fault(40)
@pytest.mark.parametrize(
    ("start", "said"), [(HEAD + b"X-Slow: ", "waiting for the answer"), (HEAD + b"\r\n", "reading the body")]
)
async def test_40_a_drip_is_ended_by_the_total_deadline(start, said):
    async def drip(talk):
        await talk.send(start)
        while True:
            await talk.send(b"x")
            await asyncio.sleep(0.02)  # the fault itself: it never stops, and never pauses for long

    async with serve(drip) as web:
        since = time.monotonic()
        seen = await page(web.port, limit="0.3s")
        assert 3 > time.monotonic() - since
    seen.says("page", "unobserved", Reason.DEADLINE, said)


@pytest.mark.fault(40)
@pytest.mark.sshd
async def test_40_the_same_through_a_host(sshd, over_ssh):
    async def silent(talk):
        await talk.send(b"HTTP/1.1 200 OK\r\n\r\n")
        await talk.gone()

    async with serve(silent) as web:
        inner = ask("page", "http", timeout="0.4s", url=f"http://127.0.0.1:{web.port}/", via=True)
        seen = await told(stack(inner, hosts=over_ssh), ssh=sshd.options())
    seen.says("page", "unobserved", Reason.DEADLINE, "reading the body")


@pytest.mark.fault(41)
@pytest.mark.parametrize("follow", [0, 5])
async def test_41_a_redirect_to_a_login_page_of_another_host_is_unexpected(follow):
    async with serve(always(answer(GOOD))) as portal:
        to = f"http://localhost:{portal.port}/login"
        async with serve(always(answer(b"", "302 Found", (f"Location: {to}",)))) as web:
            seen = await page(web.port, follow_redirects=follow)
    seen.says("page", "unmet", Reason.UNEXPECTED_REDIRECT, to)
    assert 0 == portal.connections


@pytest.mark.fault(41)
async def test_41_a_login_page_of_the_same_host_is_not_the_service():
    pages = {"/": answer(b"", "302 Found", ("Location: /login",)), "/login": answer(b"<html>Please log in</html>")}
    async with serve(routes(pages)) as web:
        (await page(web.port)).says("page", "unmet", Reason.UNEXPECTED_REDIRECT, "HTTP 302, redirected to /login")
        (await page(web.port, follow_redirects=1)).says("page", "unmet", Reason.BODY_MISMATCH, "a page where JSON")


@pytest.mark.fault(41)
async def test_41_a_captive_portal_that_answers_200_to_everything_is_not_the_service():
    async with serve(always(answer(b"<html>Welcome to the hotel</html>"))) as web:
        (await page(web.port)).says("page", "unmet", Reason.BODY_MISMATCH, "Welcome to the hotel")
        seen = await page(web.port, json=[], body_matches="Prometheus is Ready")
        seen.says("page", "unmet", Reason.BODY_MISMATCH, "Welcome to the hotel")


@pytest.mark.fault(41)
async def test_41_a_proxy_of_the_environment_does_not_answer_for_the_service(monkeypatch):
    async with serve(always(answer(GOOD))) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        with closed_port() as port:
            (await page(port)).says("page", "unmet", Reason.PORT_CLOSED)
    assert 0 == proxy.connections


TLS_FAULTS = {
    "expired": (Reason.TLS_EXPIRED, "certificate has expired"),
    "wrong name": (Reason.TLS_WRONG_NAME, "127.0.0.1"),
    "unknown issuer": (Reason.TLS_UNKNOWN_ISSUER, "127.0.0.1"),
}


@pytest.mark.fault(42)
@pytest.mark.parametrize("how", TLS_FAULTS)
async def test_42_a_bad_certificate_says_in_which_way(made, how):
    context = {
        "expired": lambda: made.server("127.0.0.1", not_before=certs.days(-9), not_after=certs.days(-1)),
        "wrong name": lambda: made.server("mo.example"),
        "unknown issuer": lambda: made.server("127.0.0.1", issuer=trustme.CA()),
    }[how]()
    reason, words = TLS_FAULTS[how]
    (await secured(made, context)).says("page", "unmet", reason, words)


@pytest.mark.fault(42)
async def test_42_a_certificate_that_expires_soon_is_a_warning(made):
    seen = await secured(made, made.server("127.0.0.1", not_after=certs.days(5.5)))
    seen.says("page", "caution", Reason.EXPIRING, "expires in 5.5 days")
    assert 1 == seen.report.exit_code


async def secured(made, context):
    async with serve(always(answer(GOOD)), tls=context) as web:
        url = f"https://127.0.0.1:{web.port}/"
        return await told(stack(ask("page", "http", url=url, ca=made.ca_file, **HEALTHY), hosts=HERE))


@pytest.mark.slow
@pytest.mark.fault(43)
async def test_43_200_mb_out_of_200_kb_is_over_the_cap_and_our_memory_stays_flat():
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    packed = b"".join(packer.compress(bytes(1 << 20)) for _ in range(200)) + packer.flush()
    assert 210_000 > len(packed)
    bomb = answer(packed, headers=("Content-Encoding: gzip",))
    async with serve(always(bomb)) as web, serve(always(answer(b"{}"))) as other:
        await page(other.port)  # what is imported and made once
        tracemalloc.start()
        try:
            seen = await page(web.port, limit="10s")
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    seen.says("page", "unobserved", Reason.OVER_CAP, "the body is longer than 1048576 bytes")
    assert 8 << 20 > peak
