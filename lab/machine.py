"""One host: its disk, its power button, and what can be run on it."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from fcntl import ioctl
from pathlib import Path
from termios import FIONREAD

from lab import lan
from lab.place import REPO, USERS, Lab, LabError, address
from lab.process import Kept, attempt, child_of, wait_until

BOOTED_FOR = 1000.0
"""Seconds that a host says it has been up when it has just booted: more than the 15 minutes of SOP 5.3, which no test
could wait for. A test of those minutes says what it wants instead (`Machine.uptime`)."""

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Machine:
    """A host of the lab. What it holds on disk is `disk`, an overlay over the trees that were built."""

    def __init__(self, lab: Lab, name: str) -> None:
        self.lab, self.name = lab, name
        self.folder = lab.state / "hosts" / name
        self.disk = self.folder / "disk"
        self.starter = Kept(self.folder / "starter.pid")
        self.nspawn = Kept(self.folder / "nspawn.pid")

    def __repr__(self) -> str:
        return f"Machine({self.name!r})"

    @property
    def address(self) -> str:
        return address(self.name)

    @property
    def user(self) -> str:
        """Who logs in by SSH."""
        return USERS[self.name]

    @property
    def init(self) -> int | None:
        """The process that is process 1 on the host, while it has power."""
        return child_of(self.nspawn.pid)

    def make(self, layers: Sequence[Path]) -> None:
        """Give it an empty disk over `layers` (the topmost first): as it came out of the factory."""
        if self.starter.pid:
            raise LabError(f"host {self.name} runs: its disk cannot be replaced")
        shutil.rmtree(self.folder, ignore_errors=True)
        for part in (self.disk, self.folder / "work", self.folder / "root"):
            part.mkdir(parents=True)
        self.folder.joinpath("layers").write_text(":".join(str(layer) for layer in layers))
        self.uptime(BOOTED_FOR)

    def uptime(self, seconds: float) -> None:
        """Say how long it has been up right after its next boots."""
        self.folder.joinpath("uptime").write_text(f"{seconds:g}\n")

    def power_on(self) -> None:
        """Press the button. Returns when it has power, long before it has booted."""
        if self.starter.pid:
            return
        # A mount namespace of its own: its disk is mounted in there, and cannot be left behind.
        argv = ("setsid", "--fork", "unshare", "--mount", "--", sys.executable, "-m", "lab.starter", self.name)
        environment = {**os.environ, "PYTHONPATH": str(REPO), **self.lab.environment}
        with self.folder.joinpath("starter.log").open("a") as log:
            subprocess.run(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=REPO, env=environment, check=True
            )
        wait_until(lambda: self.starter.pid, 20, f"nobody powers host {self.name}")

    def power_off(self) -> None:
        """Pull the plug: no process of the host gets another instruction."""
        if init := self.init:
            # First the network: the kernel would say goodbye for every process that it ends.
            lan.power(self.lab, self.name, on=False)
            os.kill(init, signal.SIGKILL)
        wait_until(lambda: self.starter.pid is None, 30, f"host {self.name} did not lose its power")

    def shut_down(self) -> None:
        """Shut down in order."""
        self.run("systemctl", "poweroff", "--no-block")
        wait_until(lambda: self.starter.pid is None, 60, f"host {self.name} did not shut down")

    def reboot(self) -> None:
        """Reboot in order. Returns when the old boot is over; `wait` waits for the new one."""
        old = self.init
        self.run("systemctl", "reboot", "--no-block")
        wait_until(lambda: self.init not in (None, old), 60, f"host {self.name} did not reboot")

    def answers(self) -> bool:
        """Return whether its sshd is there, seen from the operator's machine."""
        dial = ("timeout", "2", "bash", "-c", f"exec 3<>/dev/tcp/{self.address}/22; read -t 2 -u 3 banner")
        return lan.ops(self.lab, *dial).returncode == 0

    def wait(self, within: float = 60) -> None:
        """Wait until it lets one in by SSH (no account may log in while systemd still says "booting up")."""
        self._wait(lambda: self.answers() and not self.path("/run/nologin").exists(), within, "its sshd")

    def wait_for_boot(self, within: float = 60) -> None:
        """Wait until systemd has started all that it starts at boot, whether or not that went well."""
        self.wait_for_systemd(within)
        self.attempt("systemctl", "is-system-running", "--wait", timeout=within)

    def wait_for_systemd(self, within: float = 60) -> None:
        """Wait until systemd takes requests."""
        self._wait(lambda: self.path("/run/systemd/private").exists(), within, "its systemd")

    def _wait(self, there: Callable[[], bool], within: float, what: str) -> None:
        """Wait for something of a host that boots. Raises `LabError` with its last words as soon as it is off."""

        def is_there() -> bool:
            if self.starter.pid is None:
                said = self.folder.joinpath("console.log").read_text("utf-8", "replace")[-2000:]
                raise LabError(f"host {self.name} went off while it booted:\n{said}")
            return self.init is not None and there()

        wait_until(is_there, within, f"host {self.name}: {what}")

    def path(self, inside: str) -> Path:
        """Return a file of the running host, as it is seen from here."""
        return Path(f"/proc/{self.init or 0}/root", inside.lstrip("/"))

    def run(self, *argv: str, user: str = "root", stdin: str | None = None, timeout: float = 30) -> str:
        """Run `argv` on the host and return its output. Raises `LabError` when it fails."""
        done = self.attempt(*argv, user=user, stdin=stdin, timeout=timeout)
        if done.returncode:
            said = (done.stderr + done.stdout)[-3000:].strip()
            raise LabError(f"on {self.name}: {shlex.join(argv)[:300]}: exit {done.returncode}\n{said}")
        return done.stdout

    def attempt(
        self, *argv: str, user: str = "root", stdin: str | None = None, timeout: float = 30
    ) -> subprocess.CompletedProcess[str]:
        """Run `argv` on the host, whatever its end. 124 is the end of the time, as timeout(1) has it."""
        init = self.init
        if init is None:
            raise LabError(f"host {self.name} has no power")
        home = "/root" if user == "root" else f"/home/{user}"
        environment = ("env", "-i", "LC_ALL=C", f"HOME={home}", f"USER={user}", f"PATH={PATH}")
        bounded = ("runuser", "-u", user, "--", "timeout", "--kill-after=2", f"{timeout:g}", *argv)
        return attempt(
            "nsenter", f"--target={init}", "--all", *environment, *bounded, stdin=stdin, timeout=timeout + 10
        )

    def sh(self, script: str, *, user: str = "root", timeout: float = 30) -> str:
        """Run a shell script on the host; the first command that fails ends it."""
        return self.run("bash", "-euo", "pipefail", "-s", user=user, stdin=script, timeout=timeout)

    def firewall(self, *rule: str) -> None:
        """Run iptables(8) on the host: ``-A INPUT -p tcp --dport 22 -j DROP``."""
        self.run("iptables", "-w", *rule)

    def kernel_says(self, line: str, priority: int = 6) -> None:
        """Put a line into the host's kernel log (3: error, 6: info). A pipe stands in for its /dev/kmsg."""
        sequence = self.folder / "kmsg.seq"
        number = int(sequence.read_text()) if sequence.exists() else 0
        sequence.write_text(str(number + 1))
        pipe = os.open(self.folder / "kmsg", os.O_RDWR | os.O_NONBLOCK)
        try:
            # A read of the real one gives one record. Two that wait in the pipe would be read as one, and lost.
            wait_until(lambda: _is_drained(pipe), 10, f"journald of {self.name} does not read the kernel's log")
            os.write(pipe, f"{priority},{number},{(number + 1) * 1000},-;{line}\n".encode())
            wait_until(lambda: _is_drained(pipe), 10, f"journald of {self.name} does not read the kernel's log")
        finally:
            os.close(pipe)


def _is_drained(pipe: int) -> bool:
    waiting = ioctl(pipe, FIONREAD, bytes(4))
    return int.from_bytes(waiting, sys.byteorder) == 0
