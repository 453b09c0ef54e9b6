"""A dialled socket as a `ByteStream`."""

import asyncio
import os
import socket

from coldstart import errors


class SocketStream:
    """Reads and writes a non-blocking, connected socket, and owns it."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    async def read(self, max_bytes: int) -> bytes:
        """Raises `ConnectionLost`: reset, or the peer no longer answers."""
        try:
            return await asyncio.get_running_loop().sock_recv(self._sock, max_bytes)
        except OSError as error:
            raise _lost(error) from None

    async def write(self, data: bytes) -> None:
        """Raises `ConnectionLost`."""
        try:
            await asyncio.get_running_loop().sock_sendall(self._sock, data)
        except OSError as error:
            raise _lost(error) from None

    async def close(self) -> None:
        self._sock.close()


def _lost(error: OSError) -> errors.ConnectionLost:
    return errors.ConnectionLost((os.strerror(error.errno) if error.errno else str(error)).lower())
