"""Which host keys are asked for, and what is said of one that is not trusted (faults.md 6 and 7)."""

import shlex

from coldstart import errors
from coldstart.transport.knownhosts import Pins, fingerprint
from coldstart.transport.sshroute import SSH_PORT, Route

SIGNATURES = {
    "ssh-ed25519": ("ssh-ed25519",),
    "ecdsa-sha2-nistp256": ("ecdsa-sha2-nistp256",),
    "ecdsa-sha2-nistp384": ("ecdsa-sha2-nistp384",),
    "ecdsa-sha2-nistp521": ("ecdsa-sha2-nistp521",),
    "ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256"),
}
"""Key type: its signature algorithms, none with SHA-1."""


def algorithms(pins: Pins) -> tuple[str, ...]:
    """What is offered to the server: certificates where an authority is pinned, the pinned types, then the others.

    The others too: a host that no longer has a key of the pinned type must show the one that it has, to be told from a
    host with which nothing is agreed on.
    """
    pinned = {pin.kind for pin in pins.keys}
    kinds = sorted(SIGNATURES, key=lambda kind: kind not in pinned)
    plain = tuple(name for kind in kinds for name in SIGNATURES[kind])
    return (*(f"{name}-cert-v01@openssh.com" for name in plain if pins.authorities), *plain)


def host_key_error(route: Route, pins: Pins, kind: str, blob: bytes) -> errors.ReadError:
    """`HostKeyMismatch` with both fingerprints, or `HostKeyUnknown` with the command that pins it. For people."""
    presented = f"{kind} {fingerprint(blob)}"
    known = (*pins.keys, *pins.authorities)
    revoked = [pin for pin in pins.revoked if pin.blob == blob]
    if known or revoked:
        expected = "revoked: " + revoked[0].source if revoked else ", ".join(pin.shown for pin in known)
        return errors.HostKeyMismatch(
            f"{route.shown}: presented {presented}, expected {expected}; no authentication was attempted"
        )
    port = "" if route.port == SSH_PORT else f"-p {route.port} "
    through = f" (run it on {route.via.host})" if route.via else ""
    alias = f", under the name {route.pin_name}" if route.pin_name != route.host else ""
    return errors.HostKeyUnknown(
        f"{route.shown}: presented {presented}, which no known_hosts file has; no authentication was attempted. "
        f"Compare the fingerprint on the host's console (ssh-keygen -lf /etc/ssh/ssh_host_{_file(kind)}_key.pub), "
        f"then: ssh-keyscan {port}{shlex.quote(route.host)} >> ~/.ssh/known_hosts{through}{alias}"
    )


def _file(kind: str) -> str:
    return {"ssh-ed25519": "ed25519", "ssh-rsa": "rsa"}.get(kind, "ecdsa")
