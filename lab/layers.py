"""The disks that the hosts come from the factory with: one layer each over the shared tree. Made once, then kept.

A layer is what is left on the disk of a host that was really booted and provisioned, and then shut down in order.
"""

import hashlib
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lab import cgroups, identity, lan, root
from lab.machine import Machine
from lab.place import HERE, PUBLIC_NAMES, USERS, Lab, address

PARTS = ("tree", "provision", "standins", "layers.py", "identity.py", "machine.py", "starter.py")


def version() -> str:
    """Return a short hash of all that the layers are made from."""
    digest = hashlib.sha256(root.version().encode())
    for part in PARTS:
        top = HERE / part
        for file in sorted([top, *top.rglob("*")]):
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(f"{file.relative_to(HERE)} {file.stat().st_mode & 0o111}".encode() + file.read_bytes())
    return digest.hexdigest()[:12]


def folder(lab: Lab) -> Path:
    """Return where the layers of this version are, or would be."""
    return lab.cache / f"layers-{version()}"


def make(lab: Lab, done: Path) -> None:
    """Make the folder of the layers, `done`: boots the four hosts once and sets them up."""
    base = root.tree(lab)
    partial = done.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(mode=0o700)
    identity.make(partial / "secrets")
    print(f"lab: {done.name}: setting the hosts up", flush=True)
    machines = [Machine(lab, host) for host in USERS]
    lan.raise_(lab)
    try:
        for machine in machines:
            machine.make([base])
            _lay(machine, partial / "secrets")
            machine.power_on()
        _provision(machines)
        with ThreadPoolExecutor() as pool:
            list(pool.map(Machine.shut_down, machines))
        for machine in machines:
            machine.disk.rename(partial / machine.name)
    finally:
        cgroups.clear(lab)
        lan.tear_down(lab)
    _forget(lab, done, partial)


def _forget(lab: Lab, done: Path, partial: Path) -> None:
    """Put the new layers in place, and remove what was made before, or half made, and nobody stands on.

    The cache is held: nobody else makes anything in it.
    """
    partial.rename(done)
    inuse = [path for file in lab.state.parent.glob("*/hosts/*/layers") for path in file.read_text().split(":")]
    for old in (*lab.cache.glob("layers-*"), *lab.cache.glob("root-*")):
        wanted = old in (done, root.tree(lab)) or any(path.startswith(f"{old}") for path in inuse)
        if not wanted:
            shutil.rmtree(old)


def _lay(machine: Machine, secrets: Path) -> None:
    """Lay the files of the host on its disk, before it is booted for the first time."""
    for source in (HERE / "tree" / "common", HERE / "tree" / machine.name):
        shutil.copytree(source, machine.disk, symlinks=True, dirs_exist_ok=True)
    named = "".join(f"{address(host)} host{host}\n" for host in USERS)
    named += f"{address('188')} {' '.join(PUBLIC_NAMES)}\n"
    (machine.disk / "etc" / "hosts").write_text(f"127.0.0.1 localhost\n{named}")
    (machine.disk / "etc" / "hostname").write_text(f"host{machine.name}\n")
    own = machine.disk / "etc" / "lab"
    own.mkdir(parents=True, exist_ok=True)
    identity.lend(secrets, own, machine.name)
    library = machine.disk / "usr" / "local" / "lib" / "lab"
    shutil.copytree(HERE / "standins", library, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", "*.c"))


def _provision(machines: list[Machine]) -> None:
    """Run what sets each host up: 188 first, for the others stand on it; then the rest side by side."""
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda machine: _run(machine, "common"), machines))
        data = next(machine for machine in machines if machine.name == "188")
        _run(data, "188")
        list(pool.map(lambda machine: _run(machine, machine.name), [one for one in machines if one is not data]))


def _run(machine: Machine, script: str) -> None:
    machine.wait_for_boot()
    prelude = f"export LAB_HOST={machine.name} LAB_USER={machine.user}\n"
    machine.sh(prelude + (HERE / "provision" / f"{script}.sh").read_text("utf-8"), timeout=240)
