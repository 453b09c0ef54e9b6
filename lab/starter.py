"""What stands where a host's firmware would: boots it, boots it again when it asks for that, ends with it.

Runs in a mount namespace of its own, one process a host: ``python -m lab.starter HOST``.
"""

import os
import subprocess
import sys
import threading
import time
from contextlib import suppress

from lab import cgroups, lan, monitor
from lab.load import Load
from lab.machine import Machine
from lab.place import Lab, LabError
from lab.process import call

REBOOT = 133
"""The exit status of systemd-nspawn(1) when the container asked for a reboot."""

BOOTS = 500
"""No host of a lab boots more often; one that does is in a loop."""

KERNEL = (
    (5, f"Linux version {os.uname().release} (the lab's stand-in of a kernel log)"),
    (6, "EXT4-fs (vda1): mounted filesystem with ordered data mode. Quota mode: none."),
)


def main(host: str) -> int:
    """Run the host until it is off. Returns the exit status of its last systemd-nspawn."""
    machine = Machine(Lab.here(), host)
    machine.starter.keep(os.getpid())
    cgroups.join(machine.lab, host)
    _mount(machine)
    for _ in range(BOOTS):
        lan.power(machine.lab, host, on=True)
        status = _boot(machine)
        lan.power(machine.lab, host, on=False)
        print(f"systemd-nspawn ended with {status}", flush=True)
        if status != REBOOT:
            return status
    return 1


def _mount(machine: Machine) -> None:
    folder = machine.folder
    layers = (folder / "layers").read_text()
    # Without redirect_dir a folder from a lower layer cannot be renamed, and dockerd does that at each start.
    options = f"lowerdir={layers},upperdir={folder / 'disk'},workdir={folder / 'work'},redirect_dir=on"
    call("mount", "-t", "overlay", "overlay", "-o", options, str(folder / "root"))


def _boot(machine: Machine) -> int:
    kmsg = machine.folder / "kmsg"
    kmsg.unlink(missing_ok=True)
    (machine.folder / "kmsg.seq").unlink(missing_ok=True)
    os.mkfifo(kmsg, 0o600)
    # Somebody has the pipe open all the time: without a reader a writer would be sent away, without a writer journald.
    held = os.open(kmsg, os.O_RDWR | os.O_NONBLOCK)
    load = Load(machine.folder / "loadavg", lambda: cgroups.members(machine.lab, machine.name))
    over = threading.Event()
    threads = [threading.Thread(target=load.keep, args=(over,)), threading.Thread(target=_greet, args=(machine, over))]
    try:
        with (machine.folder / "console.log").open("ab") as console:
            running = subprocess.Popen(_nspawn(machine), stdin=subprocess.DEVNULL, stdout=console, stderr=console)
        machine.nspawn.keep(running.pid)
        for thread in threads:
            thread.start()
        return running.wait()
    finally:
        over.set()
        for thread in threads:
            if thread.ident:
                thread.join(timeout=10)
        os.close(held)


def _nspawn(machine: Machine) -> list[str]:
    # /proc/uptime of a container is the machine's, and goes on over its reboots: a time namespace gives it its own.
    now = time.clock_gettime(time.CLOCK_BOOTTIME)
    shift = int(float((machine.folder / "uptime").read_text()) - now)
    folder = machine.folder
    return [
        "unshare", "--time", f"--boottime={shift}", f"--monotonic={shift}", "--",
        "env", "SYSTEMD_NSPAWN_API_VFS_WRITABLE=1", "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1",
        "systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--boot", f"--directory={folder / 'root'}",
        f"--machine={machine.lab.name}-{machine.name}", f"--hostname=host{machine.name}",
        f"--network-namespace-path=/run/netns/{machine.lab.namespace(machine.name)}",
        "--console=passive", "--timezone=off", "--resolv-conf=off", "--capability=all",
        f"--bind={folder / 'kmsg'}:/dev/kmsg", f"--bind-ro={folder / 'loadavg'}:/run/lab-loadavg",
        f"--bind-ro={folder / 'uptime'}:/run/lab-uptime",
        *(monitor.mounts() if machine.name == monitor.HOST else ()),
        "--system-call-filter=@keyring bpf",
    ]  # fmt: skip


def _greet(machine: Machine, over: threading.Event) -> None:
    """Say the first lines of a kernel log as soon as journald listens, and see that they arrived."""
    for _ in range(600):
        with suppress(OSError, LabError):
            if machine.init and machine.path("/run/systemd/journal/socket").exists():
                for priority, line in KERNEL:
                    machine.kernel_says(line, priority)
                if machine.attempt("journalctl", "--dmesg", "--quiet", "--lines=1").stdout:
                    return
        if over.wait(0.1):
            return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
