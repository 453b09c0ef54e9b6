"""Real processes for the history's tests: forked from this one, so that each begins at once."""

import os
import pickle
import signal
from collections.abc import Callable
from typing import Any

NOBODY = 65534


def start(work: Callable[[], Any]) -> int:
    """Run `work` in a process of its own; returns its id. It ends with 0, or with 1 if `work` raised."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        work()
        code = 0
    finally:
        os._exit(code)


def ended(child: int) -> int:
    """Wait for it; returns its exit code, negative for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def kill(child: int) -> None:
    """Kill it as the kernel would, and wait for its end."""
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def result_of(work: Callable[[], Any]) -> Any:
    """What `work` returns, done in a process of its own."""
    read, write = os.pipe()

    def told() -> None:
        with os.fdopen(write, "wb") as pipe:
            pickle.dump(work(), pipe)

    child = start(told)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        told_text = pipe.read()
    assert 0 == ended(child)
    return pickle.loads(told_text)  # noqa: S301 - of our own child


def become_nobody(number: int = NOBODY) -> None:
    """Give root's rights up, where this is root: nothing is read-only for root."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(number)
        os.setuid(number)
