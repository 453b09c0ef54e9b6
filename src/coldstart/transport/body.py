"""A response body, unpacked under a cap: a small answer that unpacks to a big one must not fill memory (fault 43)."""

import zlib

from coldstart import errors
from coldstart.reads import OUTPUT_CAP
from coldstart.text import one_line

_WINDOW = {"gzip": zlib.MAX_WBITS | 16, "x-gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}
"""RFC 9110, section 8.4.1."""


class Body:
    """Collects a body, chunk by chunk, unpacking as `encoding` (a Content-Encoding) says."""

    def __init__(self, encoding: str, cap: int = OUTPUT_CAP) -> None:
        self._cap = cap
        self._parts = bytearray()
        self._packed = 0
        self._encoding = encoding.strip().lower() or "identity"
        self._unpack = zlib.decompressobj(_WINDOW[self._encoding]) if self._encoding in _WINDOW else None

    def feed(self, chunk: bytes) -> None:
        """Raises `OverCap` with the first byte too many, `Unparsable` for what cannot be unpacked."""
        self._packed += len(chunk)
        if self._encoding == "identity":
            self._add(chunk)
        elif self._unpack is None:
            raise errors.Unparsable(f"the body is packed as {one_line(self._encoding, 60)!r}, which was not asked for")
        else:
            try:
                # Never more than the cap and one byte: zlib keeps the rest packed.
                self._add(self._unpack.decompress(chunk, self._cap - len(self._parts) + 1))
            except zlib.error as error:
                raise errors.Unparsable(f"the body cannot be unpacked: {error}") from None
            if self._unpack.unused_data:
                raise errors.Unparsable("the body goes on after the end of what is packed")

    def complete(self) -> bytes:
        """The whole body. Raises `ProtocolBroken` when what was packed ends too early."""
        if self._unpack is not None and self._packed and not self._unpack.eof:
            raise errors.ProtocolBroken("the packed body is cut short")
        return bytes(self._parts)

    def _add(self, data: bytes) -> None:
        self._parts += data
        if len(self._parts) > self._cap:
            raise errors.OverCap(f"the body is longer than {self._cap} bytes")
