"""Keys and certificates of a lab: made with its layers, never part of the repository."""

import shutil
from pathlib import Path
from secrets import token_hex

import trustme

from lab.place import PUBLIC_NAMES, USERS, address
from lab.process import call

MONITOR = "monitor_ed25519"
"""The key with which 110's monitor logs in on every host, its own too."""


def make(folder: Path) -> None:
    """Write the operator's key, that of 110's monitor, a key for each host, known_hosts, and a CA with the
    certificates of 188 and 120.
    """
    folder.mkdir(mode=0o700)
    for name, comment in {"id_ed25519": "operator@lab", MONITOR: "monitor@host110"}.items():
        call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(folder / name))
    known = []
    for host in USERS:
        key = folder / f"host_{host}"
        call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"root@host{host}", "-f", str(key))
        known.append(f"{address(host)} {' '.join(key.with_suffix('.pub').read_text().split()[:2])}\n")
    folder.joinpath("known_hosts").write_text("".join(known))
    folder.joinpath("k3s-token").write_text(f"{token_hex(32)}\n")
    ca = trustme.CA(organization_name="coldstart lab")
    ca.cert_pem.write_to_path(str(folder / "ca.pem"))
    for name, names in {"nginx": PUBLIC_NAMES, "kube": (address("120"), "127.0.0.1", "localhost")}.items():
        certificate = ca.issue_cert(*names)
        certificate.private_key_and_cert_chain_pem.write_to_path(str(folder / f"{name}.pem"))


def lend(secrets: Path, to: Path, host: str) -> None:
    """Give `host` what it needs of them: its own key, whom to let in, its certificates, the CA."""
    needed = {f"host_{host}": "ssh_host_ed25519_key", "id_ed25519.pub": "operator.pub", "ca.pem": "ca.pem"}
    needed |= {f"{MONITOR}.pub": f"{MONITOR}.pub"}
    needed |= {
        "110": {MONITOR: MONITOR, "known_hosts": "known_hosts"},
        "120": {"kube.pem": "kube.pem"},
        "188": {"nginx.pem": "nginx.pem"},
    }.get(host, {})
    needed |= {"k3s-token": "k3s-token"} if host in ("120", "121") else {}
    for source, name in needed.items():
        shutil.copy(secrets / source, to / name)
        (to / name).chmod(0o644 if source == "ca.pem" or source.endswith(".pub") else 0o600)
