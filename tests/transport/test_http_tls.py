"""TLS: verified always, and a refusal says which way (faults.md 42)."""

import asyncio

import pytest
import trustme
from tests.support import certs
from tests.support.servers import always, answer, serve, serve_bytes

from coldstart import errors
from coldstart.clock import SystemClock
from coldstart.reads import HttpGet
from coldstart.reason import Reason
from coldstart.transport.http import Http


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return certs.make(tmp_path_factory.mktemp("ca"))


@pytest.fixture
async def http():
    transport = Http(SystemClock())
    yield transport
    await transport.close()


async def ask(http, made, context, *, host="127.0.0.1", handler=None, trust=True, **fields):
    async with serve(handler or always(answer(b"secret health")), tls=context) as server:
        url = f"https://{host}:{server.port}/"
        return await http.perform(HttpGet(url=url, ca=made.ca_file if trust else None, timeout=2, **fields))


async def refused(http, made, context, **fields):
    with pytest.raises(errors.TlsRejected) as caught:
        await ask(http, made, context, **fields)
    return caught.value


async def test_a_verified_connection_shows_its_leaf_certificate(http, made):
    until = certs.days(20).replace(microsecond=0)
    reply = await ask(http, made, made.server("127.0.0.1", not_after=until))
    assert (reply.status, reply.body) == (200, b"secret health")
    assert reply.tls.not_after == until.timestamp()
    assert "Testing cert" in reply.tls.subject
    assert "Testing CA" in reply.tls.issuer
    assert reply.tls.version == "TLSv1.3"


async def test_an_expired_certificate_is_called_expired(http, made):
    error = await refused(http, made, made.server("127.0.0.1", not_before=certs.days(-9), not_after=certs.days(-1)))
    assert (error.reason, error.detail) == (Reason.TLS_EXPIRED, "127.0.0.1: certificate has expired")


async def test_a_certificate_of_the_future_says_so(http, made):
    error = await refused(http, made, made.server("127.0.0.1", not_before=certs.days(1), not_after=certs.days(9)))
    assert error.reason is Reason.TLS_INVALID
    assert "not yet valid: compare the clocks" in error.detail


@pytest.mark.parametrize(("name", "asked"), [("grist.example", "127.0.0.1"), ("grist.example", "localhost")])
async def test_a_certificate_for_another_name_is_called_that(http, made, name, asked):
    error = await refused(http, made, made.server(name), host=asked)
    assert error.reason is Reason.TLS_WRONG_NAME
    assert asked in error.detail


async def test_a_certificate_of_an_unknown_issuer_is_called_that(http, made):
    error = await refused(http, made, made.server("127.0.0.1", issuer=trustme.CA()))
    assert error.reason is Reason.TLS_UNKNOWN_ISSUER


async def test_the_systems_certificates_are_trusted_when_no_ca_is_named(http, made):
    error = await refused(http, made, made.server("127.0.0.1"), trust=False)
    assert error.reason is Reason.TLS_UNKNOWN_ISSUER


async def test_a_self_signed_certificate_is_of_an_unknown_issuer(http, made, tmp_path):
    own = trustme.CA()
    context = made.server("127.0.0.1")
    both = tmp_path / "own.pem"
    both.write_bytes(own.private_key_pem.bytes() + own.cert_pem.bytes())
    context.load_cert_chain(both)
    assert (await refused(http, made, context)).reason is Reason.TLS_UNKNOWN_ISSUER


async def test_a_peer_that_does_not_speak_tls_is_called_that(http, made):
    async with serve_bytes(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        with pytest.raises(errors.TlsRejected, match="does not speak TLS") as caught:
            await http.perform(HttpGet(url=f"https://127.0.0.1:{port}/", ca=made.ca_file, timeout=2))
    assert caught.value.reason is Reason.TLS_INVALID


async def test_a_peer_that_closes_in_the_handshake_is_a_lost_connection(http, made):
    async with serve_bytes(b"") as port:
        with pytest.raises(errors.ConnectionLost, match="in the TLS handshake"):
            await http.perform(HttpGet(url=f"https://127.0.0.1:{port}/", ca=made.ca_file, timeout=2))


async def test_a_handshake_that_never_ends_is_a_deadline(http, made):
    async with serve(lambda talk: talk.gone()) as server:
        with pytest.raises(errors.DeadlinePassed, match=r"in the TLS handshake when the 0\.2 s were over"):
            await http.perform(HttpGet(url=f"https://127.0.0.1:{server.port}/", ca=made.ca_file, timeout=0.2))


async def test_a_drip_inside_tls_is_ended_by_the_total_deadline(http, made):
    async def drip(talk):
        await talk.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            await talk.send(b"x")
            await asyncio.sleep(0.02)

    async with serve(drip, tls=made.server("127.0.0.1")) as server:
        with pytest.raises(errors.DeadlinePassed, match="reading the body"):
            await http.perform(HttpGet(url=f"https://127.0.0.1:{server.port}/", ca=made.ca_file, timeout=0.4))


async def test_a_body_without_a_length_that_is_cut_without_the_closing_alert_is_not_whole(http, made):
    async def cut(talk):
        await talk.send(b"HTTP/1.1 200 OK\r\n\r\nhalf of it")
        talk.writer.get_extra_info("socket").shutdown(1)
        await talk.gone()

    with pytest.raises(errors.ConnectionLost, match="closing alert"):
        await ask(http, made, made.server("127.0.0.1"), handler=cut)


async def test_a_body_without_a_length_that_ends_with_the_closing_alert_is_whole(http, made):
    reply = await ask(http, made, made.server("127.0.0.1"), handler=always(b"HTTP/1.1 200 OK\r\n\r\nall of it"))
    assert reply.body == b"all of it"


async def test_https_is_never_left_for_http(http, made):
    async with serve(always(answer(b"plain"))) as plain:
        reply = await ask(
            http,
            made,
            made.server("127.0.0.1"),
            handler=always(answer(b"", "301 Moved", (f"Location: http://127.0.0.1:{plain.port}/",))),
            follow_redirects=5,
        )
    assert (reply.status, reply.redirects, plain.connections) == (301, (), 0)


async def test_http_may_be_left_for_https_of_the_same_host(http, made):
    async with serve(always(answer(b"secure")), tls=made.server("127.0.0.1")) as secure:
        target = f"https://127.0.0.1:{secure.port}/"
        async with serve(always(answer(b"", "301 Moved", (f"Location: {target}",)))) as plain:
            read = HttpGet(url=f"http://127.0.0.1:{plain.port}/", ca=made.ca_file, follow_redirects=1, timeout=2)
            reply = await http.perform(read)
    assert (reply.body, reply.redirects) == (b"secure", (target,))
    assert reply.tls is not None


async def test_a_ca_file_that_is_not_there_is_nothing_observed(http, made):
    async with serve(always(answer()), tls=made.server("127.0.0.1")) as server:
        read = HttpGet(url=f"https://127.0.0.1:{server.port}/", ca="/nonexistent/ca.pem", timeout=2)
        with pytest.raises(errors.NoEvidence, match=r"/nonexistent/ca\.pem: No such file"):
            await http.perform(read)


async def test_a_ca_file_without_certificates_is_unparsable(http, made, tmp_path):
    empty = tmp_path / "empty.pem"
    empty.write_text("no certificate\n", "utf-8")
    async with serve(always(answer()), tls=made.server("127.0.0.1")) as server:
        read = HttpGet(url=f"https://127.0.0.1:{server.port}/", ca=str(empty), timeout=2)
        with pytest.raises(errors.Unparsable, match="no PEM certificates"):
            await http.perform(read)


async def test_the_certificates_to_trust_are_loaded_once_for_each_file(http, made, monkeypatch):
    from coldstart.transport import tls  # noqa: PLC0415 - the module whose loader is counted

    loaded = []
    real = tls._load

    def counted(ca):
        loaded.append(ca)
        return real(ca)

    monkeypatch.setattr(tls, "_load", counted)
    context = made.server("127.0.0.1")
    await asyncio.gather(*(ask(http, made, context) for _ in range(3)))
    assert loaded == [made.ca_file]
