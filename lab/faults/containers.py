"""Faults of Docker and of containers."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from lab.faults.host import frozen, stopped
from lab.machine import Machine
from lab.process import wait_until


def docker_stopped(machine: Machine) -> AbstractContextManager[None]:
    """Docker is stopped, and its socket with it: else the next client would start it again."""
    return stopped(machine, "docker.socket", "docker.service")


def docker_frozen(machine: Machine) -> AbstractContextManager[None]:
    """The daemon of Docker is there and does not answer."""
    return frozen(machine, "docker.service")


@contextmanager
def container(machine: Machine, name: str, *options: str, command: str) -> Iterator[None]:
    """One more container, for as long as the block runs."""
    shared = ("--network", "host", "-v", "/usr:/usr:ro")
    machine.run("docker", "run", "--detach", "--name", name, *shared, *options, "lab/base:1", "sh", "-c", command)
    try:
        yield
    finally:
        machine.run("docker", "rm", "--force", name)


@contextmanager
def restart_loop(machine: Machine) -> Iterator[None]:
    """A container that ends as soon as it was started, and is started again."""
    with container(machine, "looper", "--restart=always", command="echo looping; exit 3"):
        count = ("docker", "inspect", "--format={{.RestartCount}}", "looper")
        # Docker waits twice as long each time: after seven a check that starts now falls between two starts.
        wait_until(lambda: int(machine.run(*count)) >= 7, 60, "it does not loop")  # noqa: PLR2004 - a loop, not a hiccup
        yield


@contextmanager
def orphan(machine: Machine) -> Iterator[None]:
    """A container that was killed and that nobody starts again: Exited (137)."""
    with container(machine, "orphan", command="exec sleep 100000"):
        machine.run("docker", "kill", "orphan")
        yield


@contextmanager
def paused(machine: Machine, name: str) -> Iterator[None]:
    """A container is frozen: its port takes connections and nobody answers."""
    machine.run("docker", "pause", name)
    try:
        yield
    finally:
        machine.run("docker", "unpause", name)


@contextmanager
def harbor_failing(machine: Machine) -> Iterator[None]:
    """Harbor has lost its storage: it runs, and answers 500."""
    storage = "/var/lib/lab/harbor/docker"
    machine.run("mv", storage, f"{storage}.away")
    try:
        yield
    finally:
        machine.run("mv", f"{storage}.away", storage)
