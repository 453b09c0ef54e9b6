"""A port of loopback that is kept for a service, up or down."""

import socket

LOOPBACK = "127.0.0.1"


def bound(port: int) -> socket.socket:
    """A socket of that port that does not listen: to connect there is refused, and no one else is given the port.

    The one that listens is bound beside it. Linux allows that to sockets that all say SO_REUSEADDR, for as long as none
    of them listens, and does not count such a port as free (socket(7), ip(7)).
    """
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((LOOPBACK, port))
        sock.setblocking(False)  # noqa: FBT003 - its only parameter
    except OSError:
        sock.close()
        raise
    return sock
