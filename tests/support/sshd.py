"""A real OpenSSH sshd on loopback, for one test: own host key, own user key, own configuration, kept by its pid.

It runs as whoever runs the tests, root or not, and lets exactly that user in. Nothing of the machine's own sshd, keys
or configuration is read or written.
"""

import contextlib
import getpass
import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh
import pytest

from coldstart.transport.base import Endpoint
from coldstart.transport.ssh import SshOptions

_START = 10.0
_TRIES = 3


def sshd_path() -> str:
    """Where sshd is; skips the test where it is not, except in CI, where that is a failure."""
    found = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found:
        return found
    message = "no sshd on this machine: install openssh-server"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def parents() -> dict[int, int]:
    """The parent of each process, from proc(5)."""
    found = {}
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError, IndexError):
            found[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    return found


def descendants(pid: int) -> list[int]:
    """Every process below `pid`, nearest first."""
    above, known, grown = parents(), [pid], 1
    while grown:
        new = [child for child, parent in above.items() if parent in known and child not in known]
        known += new
        grown = len(new)
    return known[1:]


def alive(pid: int) -> bool:
    """Say whether a process exists and is not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until(what, within: float = 5.0) -> bool:
    """Look every 10 ms, at most `within` s, for something of the system that no event tells."""
    end = time.monotonic() + within
    while not what():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


@dataclass
class Sshd:
    """A running sshd. `directory` holds its keys, its log, and the client's key and known_hosts."""

    directory: Path
    extra: tuple[str, ...] = ()
    authorized: bool = True
    port: int = 0
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)
    user: str = field(default_factory=getpass.getuser)

    def start(self) -> "Sshd":
        program = sshd_path()
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd(8): its privilege separation directory
        self.host_key = self._key("host_key")
        self._key("user_key")
        authorized = (self.directory / "user_key.pub").read_text() if self.authorized else ""
        (self.directory / "authorized_keys").write_text(authorized)
        for _ in range(_TRIES):
            self.port = free_port()
            if self._listens(program):
                self.pin()
                return self
        raise RuntimeError(f"sshd did not start:\n{self.log}")

    def _listens(self, program: str) -> bool:
        config = self.directory / "sshd_config"
        config.write_text("\n".join((*self.extra, *self._config())) + "\n")
        with (self.directory / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [program, "-D", "-e", "-f", str(config)], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        wait_until(lambda: "Server listening" in self.log or self.process.poll() is not None, _START)
        return self.process.poll() is None

    def _config(self) -> tuple[str, ...]:
        return (
            f"ListenAddress 127.0.0.1:{self.port}",
            f"HostKey {self.directory}/host_key",
            f"AuthorizedKeysFile {self.directory}/authorized_keys",
            "PidFile none",
            "StrictModes no",
            "UsePAM no",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            "PermitRootLogin prohibit-password",
            "PermitUserEnvironment no",
            # bash reads ~/.bashrc even for a command of sshd: what the person who runs the tests has there stays out.
            f"SetEnv HOME={self.directory}",
            "LogLevel VERBOSE",
            "MaxStartups 100",
        )

    def _key(self, name: str) -> asyncssh.SSHKey:
        path = self.directory / name
        key = asyncssh.generate_private_key("ssh-ed25519")
        key.write_private_key(path)
        path.chmod(0o600)
        key.write_public_key(f"{path}.pub")
        return key

    def pin(self, key: asyncssh.SSHKey | None = None, name: str | None = None) -> None:
        """Write known_hosts: this host's key, or another one in its place."""
        public = (key or self.host_key).export_public_key().decode().strip()
        (self.directory / "known_hosts").write_text(f"{name or f'[127.0.0.1]:{self.port}'} {public}\n")

    @property
    def log(self) -> str:
        return (self.directory / "log").read_text(errors="replace")

    @property
    def connections(self) -> int:
        """How often somebody connected."""
        return self.log.count("Connection from 127.0.0.1")

    @property
    def sessions(self) -> list[int]:
        """The processes below the listener: one or two of sshd for each connection, and what they run."""
        return descendants(self.process.pid) if self.process else []

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(name="h", address="127.0.0.1", user=self.user, port=self.port)

    def options(self, **changes) -> SshOptions:
        """Options that know this host and this user, and nothing of the person who runs the tests."""
        given = {
            "config_path": None,
            "known_hosts": self.directory / "known_hosts",
            "identity_files": (self.directory / "user_key",),
        }
        return SshOptions(**{**given, **changes})

    def stop(self) -> None:
        if not self.process:
            return
        below = self.sessions
        self.process.terminate()
        for pid in below:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)
