"""The root file system that all hosts share: Debian with the services of the SOP. Made once, then kept."""

import hashlib
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from lab.place import HERE, Lab, LabError
from lab.process import call, private

SUITE = "bookworm"
BASE = (
    "systemd", "systemd-sysv", "dbus", "openssh-server", "iproute2", "iputils-ping", "cron", "procps",
    "libpam-systemd", "ca-certificates", "tzdata",
)  # fmt: skip
SERVICES = (
    "postgresql", "redis-server", "nginx-light", "prometheus", "prometheus-alertmanager", "prometheus-node-exporter",
    "docker.io", "kubernetes-client", "keepalived", "curl", "busybox-static", "sudo", "iptables", "openssl",
    "python3", "python3-psycopg2", "python3-redis", "tcc", "libc6-dev",
)  # fmt: skip

NTP_SHIM = HERE / "standins" / "ntp_in_sync.c"


def version() -> str:
    """Return a short hash of all that the tree depends on but the state of Debian itself."""
    digest = hashlib.sha256(repr((SUITE, BASE, SERVICES)).encode())
    for source in (Path(__file__), NTP_SHIM):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:12]


def tree(lab: Lab) -> Path:
    """Return the tree, made if it is not there yet (about a minute and a half)."""
    done = lab.cache / f"root-{version()}"
    if done.is_dir():
        return done
    partial = lab.cache / f"root-{version()}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    mirror = machine_mirror()
    print(f"lab: root file system {done.name}: debootstrap", flush=True)
    call(
        *private("debootstrap", "--variant=minbase", f"--include={','.join(BASE)}", SUITE, str(partial), mirror),
        timeout=900,
    )
    print("lab: root file system: services", flush=True)
    _install(partial, mirror)
    partial.rename(done)
    return done


def machine_mirror() -> str:
    """Return the Debian mirror that this machine's own apt uses."""
    for uri in _uris(Path("/etc/apt")):
        if re.search(r"/debian/?$", uri):
            return uri
    raise LabError(
        "no Debian mirror among the sources of this machine's apt (/etc/apt): the lab takes its packages there"
    )


def _uris(apt: Path) -> Iterator[str]:
    for file in [apt / "sources.list", *sorted((apt / "sources.list.d").glob("*"))]:
        if file.suffix in (".list", ".sources") and file.is_file():
            for line in file.read_text("utf-8", "replace").splitlines():
                if found := re.match(r"(?:URIs:|deb(?:\s+\[[^]]*\])?)\s+(\S+)", line):
                    yield found[1]


def _install(root: Path, mirror: str) -> None:
    """Install the services, without starting any. The machine's apt configuration is lent for that."""
    apt = root / "etc" / "apt"
    own = apt / "sources.list"
    own.write_text(f"deb {mirror} {SUITE} main\n")
    lent = [file for file in Path("/etc/apt/apt.conf.d").iterdir() if not (apt / "apt.conf.d" / file.name).exists()]
    policy = root / "usr" / "sbin" / "policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    for file in lent:
        shutil.copy(file, apt / "apt.conf.d")
    script = f"""
        set -eu
        export DEBIAN_FRONTEND=noninteractive
        # No manual pages and no translations: half of the time would go into them.
        printf 'path-exclude=/usr/share/man/*\\npath-exclude=/usr/share/locale/*\\n' > /etc/dpkg/dpkg.cfg.d/lab
        apt-get update -qq
        apt-get install -y -qq --no-install-recommends {" ".join(SERVICES)}
        apt-get clean
        tcc -shared -o /usr/local/lib/ntp_in_sync.so /root/ntp_in_sync.c
        rm -rf /var/lib/apt/lists/* /root/ntp_in_sync.c
        # The network is made by the lab: nobody else may wait for it, or change it.
        systemctl mask systemd-networkd.service systemd-networkd.socket systemd-networkd-wait-online.service
        # Each host has its own.
        rm -f /etc/ssh/ssh_host_* /var/lib/dbus/machine-id /etc/hostname
        # Empty, not absent: without it the first boot would enable every unit that there is (machine-id(5)).
        truncate --size=0 /etc/machine-id
    """
    shutil.copy(NTP_SHIM, root / "root")
    resolver = root / "etc" / "resolv.conf"
    shutil.copy("/etc/resolv.conf", resolver)
    call(*private("chroot", str(root), "sh", "-c", script), timeout=900)
    for left in (resolver, policy, *(apt / "apt.conf.d" / file.name for file in lent)):
        left.unlink(missing_ok=True)
    own.write_text("# packages are installed when the tree is made\n")
