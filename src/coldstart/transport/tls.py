"""TLS over any `ByteStream`, always verified, and what a refusal means.

RFC 8446, RFC 9525; the numbers of the causes are OpenSSL's, X509_STORE_CTX_get_error(3).
"""

import asyncio
import ssl
from collections.abc import Mapping
from typing import Any

import anyio
from anyio.abc import ByteStream as AnyByteStream
from anyio.streams.tls import TLSAttribute, TLSStream

from coldstart import errors
from coldstart.reason import Reason
from coldstart.replies import Tls
from coldstart.text import one_line
from coldstart.transport.base import ByteStream

# x509_vfy.h; Python names none of them.
_EXPIRED = 10
_NOT_YET_VALID = 9
_WRONG_NAME = {62, 63, 64}
_UNKNOWN_ISSUER = {2, 18, 19, 20, 21, 27}

_SHORT = {"commonName": "CN", "organizationName": "O", "organizationalUnitName": "OU", "countryName": "C"}


class Contexts:
    """One SSL context for each set of trusted certificates, loaded once a run, off the event loop (some 20 ms each)."""

    def __init__(self) -> None:
        self._loading: dict[str | None, asyncio.Future[ssl.SSLContext]] = {}

    async def get(self, ca: str | None) -> ssl.SSLContext:
        """The context that trusts the PEM certificates in `ca`, or the system's. Raises `NoEvidence`, `Unparsable`."""
        if ca not in self._loading:
            self._loading[ca] = asyncio.ensure_future(asyncio.to_thread(_load, ca))
        try:
            return await asyncio.shield(self._loading[ca])
        except ssl.SSLError as error:
            raise errors.Unparsable(f"{ca}: no PEM certificates: {error.reason or error}") from None
        except OSError as error:
            raise errors.NoEvidence(f"{ca}: {error.strerror}: the certificates to trust could not be read") from None

    async def close(self) -> None:
        """Wait for what is still being loaded, so that no thread outlives the run."""
        await asyncio.gather(*self._loading.values(), return_exceptions=True)


def _load(ca: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca)
    context.set_alpn_protocols(["http/1.1"])
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF  # a cut connection must not look like a short answer
    return context


class TlsByteStream:
    """An established, verified TLS connection. `peer` is its leaf certificate. Closing it closes the carrier."""

    def __init__(self, carrier: ByteStream, wrapped: TLSStream, peer: Tls) -> None:
        self._carrier = carrier
        self._wrapped = wrapped
        self.peer = peer

    async def read(self, max_bytes: int) -> bytes:
        """Raises `ConnectionLost` when the carrier ends without the closing alert: the rest may have been cut off."""
        try:
            return await self._wrapped.receive(max_bytes)
        except anyio.EndOfStream:
            return b""
        except (anyio.BrokenResourceError, ssl.SSLError) as error:
            raise _broken(error) from None

    async def write(self, data: bytes) -> None:
        try:
            await self._wrapped.send(data)
        except (anyio.BrokenResourceError, ssl.SSLError) as error:
            raise _broken(error) from None

    async def close(self) -> None:
        await self._carrier.close()


async def start_tls(carrier: ByteStream, context: ssl.SSLContext, name: str) -> TlsByteStream:
    """Shake hands with the server that should be `name` (a DNS name or an address), within the caller's time limit.

    Raises `TlsRejected` with the reason that says which way, `ConnectionLost`. The carrier stays the caller's to close.
    """
    try:
        wrapped = await TLSStream.wrap(
            _Carrier(carrier),
            server_side=False,
            hostname=name.rstrip("."),
            ssl_context=context,
            standard_compatible=True,
        )
    except ssl.SSLCertVerificationError as error:
        raise _untrusted(error, name) from None
    except ssl.SSLError as error:
        raise errors.TlsRejected(f"{name}: {_words(error)}") from None
    except anyio.BrokenResourceError:
        raise errors.ConnectionLost(f"{name}: closed during the TLS handshake") from None
    return TlsByteStream(carrier, wrapped, _peer(wrapped))


def _untrusted(error: ssl.SSLCertVerificationError, name: str) -> errors.TlsRejected:
    says = one_line(error.verify_message or str(error))
    if error.verify_code == _EXPIRED:
        return errors.TlsRejected(f"{name}: {says}", reason=Reason.TLS_EXPIRED)
    if error.verify_code in _WRONG_NAME:
        return errors.TlsRejected(f"{name}: {says}", reason=Reason.TLS_WRONG_NAME)
    if error.verify_code in _UNKNOWN_ISSUER:
        return errors.TlsRejected(f"{name}: {says}", reason=Reason.TLS_UNKNOWN_ISSUER)
    if error.verify_code == _NOT_YET_VALID:
        return errors.TlsRejected(f"{name}: {says}: compare the clocks", reason=Reason.TLS_INVALID)
    return errors.TlsRejected(f"{name}: {says}", reason=Reason.TLS_INVALID)


def _words(error: ssl.SSLError) -> str:
    if error.reason in {"WRONG_VERSION_NUMBER", "PACKET_LENGTH_TOO_LONG", "HTTP_REQUEST"}:
        return "the peer does not speak TLS on this port"
    return (error.reason or str(error)).replace("_", " ").lower()


def _broken(error: Exception) -> errors.ReadError:
    if isinstance(error, ssl.SSLError):
        return errors.ProtocolBroken(f"TLS: {_words(error)}")
    return errors.ConnectionLost("TLS connection cut: the peer sent no closing alert")


def _peer(wrapped: TLSStream) -> Tls:
    session = wrapped.extra(TLSAttribute.ssl_object)  # noqa: S610 - anyio's typed attributes, not a query
    certificate: Mapping[str, Any] = session.getpeercert() or {}
    names = ", ".join(value for _, value in certificate.get("subjectAltName", ()))
    return Tls(
        subject=_distinguished(certificate.get("subject", ())) or names,
        issuer=_distinguished(certificate.get("issuer", ())),
        not_after=ssl.cert_time_to_seconds(certificate["notAfter"]),
        version=session.version() or "",
    )


def _distinguished(name: Any) -> str:
    pairs = (pair for part in name for pair in part)
    return ", ".join(f"{_SHORT.get(key, key)}={one_line(value)}" for key, value in pairs)


class _Carrier(AnyByteStream):
    """A `ByteStream` as anyio's TLS wants it."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream

    async def receive(self, max_bytes: int = 65536) -> bytes:
        if data := await self._stream.read(max_bytes):
            return data
        raise anyio.EndOfStream

    async def send(self, item: bytes) -> None:
        await self._stream.write(bytes(item))

    async def send_eof(self) -> None:
        raise NotImplementedError("a request is complete without an end of the stream")

    async def aclose(self) -> None:
        await self._stream.close()
