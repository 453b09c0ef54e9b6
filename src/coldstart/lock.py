"""One at a time: a lock on a file that the kernel frees when its holder ends, however it ends (flock(2))."""

import errno
import fcntl
import os
import re
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from coldstart.clock import Clock
from coldstart.errors import LockHeld, UsageError

_HOLDER = re.compile(rb"(\d{1,10}) (\d{1,12})\n")
"""What a holder writes into the file: its process id, and when it took the lock in s since the epoch."""
_TRIES, _PAUSE = 100, 0.01
"""How often, and with how many seconds between, the lock of a holder that has ended is asked for."""
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK  # no link is followed, no pipe waited on


@contextmanager
def held(path: Path, clock: Clock) -> Iterator[None]:
    """Hold the lock `path`, or raise at once: nobody waits for a holder here.

    The file is made where it is not there, mode 0600, its directory mode 0700. It stays when the lock is given back
    (to delete it would let two others hold two files of the same name), and programs that the holder starts do not
    inherit it. Raises `LockHeld` with the holder where somebody has it, whose file is not changed, and `UsageError`
    where there can be no such file.
    """
    handle = _open(path)
    try:
        _take(handle, path)
        _write(handle, b"%d %d\n" % (os.getpid(), int(clock.wall())))
        try:
            yield
        finally:
            _write(handle, b"")
    finally:
        os.close(handle)


def _take(handle: int, path: Path) -> None:
    """Lock it.

    What the holder was about to start when it was killed has the lock until its exec(3), a moment later: only that is
    waited for, and no process that lives.
    """
    for _ in range(_TRIES):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                why = f"{path}: cannot be locked: {error.strerror}: use a directory on a local disk"
                raise UsageError(why) from error
        else:
            return
        said = os.pread(handle, 64, 0)
        if not _is_gone(said):
            break
        time.sleep(_PAUSE)
    raise LockHeld(_told(path, said))


def _is_gone(words: bytes) -> bool:
    """Whether whoever wrote this has ended."""
    match = _HOLDER.fullmatch(words)
    if match is None:
        return False
    try:
        os.kill(int(match[1]), 0)
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:
        pass
    return False


def _open(path: Path) -> int:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, _FLAGS, 0o600)
    except OSError as error:
        why = "it is a symbolic link" if error.errno == errno.ELOOP else error.strerror
        raise UsageError(f"{path}: no lock can be made: {why}: remove it, or use another directory") from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise UsageError(f"{path}: no lock can be made: it is no regular file: remove it, or use another directory")
    return handle


def _write(handle: int, words: bytes) -> None:
    """Say who holds it. A full disk leaves that unsaid; the lock holds all the same."""
    try:
        os.ftruncate(handle, 0)
        os.pwrite(handle, words, 0)
    except OSError:
        pass


def _told(path: Path, words: bytes) -> str:
    match = _HOLDER.fullmatch(words)
    if match is None:  # it has only just been taken, or the disk was full
        return f"lock held by another process ({path}): {_DO}"
    since = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(int(match[2])))
    return f"lock held by pid {int(match[1])} since {since} ({path}): {_DO}"


_DO = "wait until it has ended; nothing was asked, and it was not disturbed"
