"""A lock that is held by one process, refused to others at once, and free as soon as its holder has ended."""

import os
import re
import signal
import stat
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from coldstart.clock import FixedClock
from coldstart.errors import LockHeld, UsageError
from coldstart.lock import held

AT = 1_780_000_000.0
CLOCK = FixedClock(AT)

HOLD = """
import subprocess, sys
from pathlib import Path
from coldstart.clock import FixedClock
from coldstart.lock import held
with held(Path(sys.argv[1]), FixedClock(1780000000)):
    start = lambda: subprocess.Popen(["sleep", "60"], stdout=subprocess.DEVNULL, close_fds=False).pid
    print(start() if "child" in sys.argv else 0, flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(path: Path, *words: str):
    """Another process that holds the lock until its stdin closes."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, path, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout
        child = int(process.stdout.readline())
        yield process, child
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "monitor.lock"


def is_free(path: Path) -> bool:
    try:
        with held(path, CLOCK):
            return True
    except LockHeld:
        return False


@pytest.mark.fault(46)
def test_46_a_second_process_is_refused_at_once_and_told_who_has_it(path):
    with holder(path) as (first, _):
        began = time.monotonic()
        with pytest.raises(
            LockHeld, match=re.escape(f"lock held by pid {first.pid} since 2026-05-28 20:26:40Z ({path})")
        ):
            held(path, CLOCK).__enter__()
        assert 1 > time.monotonic() - began


@pytest.mark.fault(46)
def test_46_the_first_is_not_disturbed_by_the_second(path):
    with holder(path) as (first, _):
        before = path.read_bytes(), path.stat().st_mtime_ns
        assert not is_free(path)
        assert before == (path.read_bytes(), path.stat().st_mtime_ns)
        assert f"{first.pid} 1780000000\n".encode() == before[0]
        assert not is_free(path), "it still has the lock"


def test_it_is_free_when_the_holder_ends(path):
    with holder(path) as (first, _):
        first.communicate("")
        assert 0 == first.returncode
        assert is_free(path)


def test_it_is_free_when_the_holder_is_killed(path):
    with holder(path) as (first, _):
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
        assert is_free(path)


def test_a_program_that_the_holder_started_does_not_inherit_it(path):
    with holder(path, "child") as (first, child):
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
        try:
            assert is_free(path)
        finally:
            os.kill(child, signal.SIGKILL)


FORK = """
import os, select, sys
from pathlib import Path
from coldstart.clock import FixedClock
from coldstart.lock import held
with held(Path(sys.argv[1]), FixedClock(1780000000)):
    if os.fork() == 0:
        print("ready", flush=True)
        select.select([], [], [], float(sys.argv[2]))
        os._exit(0)
    os.wait()
"""


def killed_while_starting_a_program(path: Path, seconds: float) -> None:
    """Leave the lock with a child of a killed holder, which is `seconds` away from its exec(3)."""
    argv = [sys.executable, "-c", FORK, str(path), str(seconds)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout
        assert "ready\n" == first.stdout.readline()
        first.kill()
        first.wait()
        first.stdout.close()


def test_a_program_that_a_killed_holder_was_just_starting_is_waited_for(path):
    killed_while_starting_a_program(path, 0.2)
    assert is_free(path)


@pytest.mark.slow
def test_but_not_for_ever(path):
    killed_while_starting_a_program(path, 5)
    assert not is_free(path)


def test_within_one_process_too_only_one_may_have_it(path):
    with held(path, CLOCK), pytest.raises(LockHeld, match=f"pid {os.getpid()} "):
        held(path, CLOCK).__enter__()


def test_whoever_gave_it_back_is_not_named_as_its_holder(path):
    with held(path, CLOCK):
        pass
    assert b"" == path.read_bytes()


def test_what_a_killed_holder_left_in_it_is_written_over(path):
    path.parent.mkdir()
    path.write_text("999999999 1780000000 and much more than a holder writes\n")
    with held(path, CLOCK):
        assert f"{os.getpid()} {AT:.0f}\n" == path.read_text()


def test_an_exception_within_gives_it_back(path):
    with pytest.raises(ZeroDivisionError), held(path, CLOCK):
        raise ZeroDivisionError
    assert is_free(path)


def test_only_its_owner_may_read_it(path):
    with held(path, CLOCK):
        assert (0o600, 0o700) == (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode))


def test_a_holder_that_left_no_word_is_still_a_holder(path):
    with holder(path):
        path.write_bytes(b"\x1b[31m nonsense")
        with pytest.raises(LockHeld, match="lock held by another process"):
            held(path, CLOCK).__enter__()


def test_a_symbolic_link_is_not_followed(path, tmp_path):
    path.parent.mkdir()
    path.symlink_to(tmp_path / "precious")
    with pytest.raises(UsageError, match="symbolic link"):
        held(path, CLOCK).__enter__()
    assert not (tmp_path / "precious").exists()


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_refused(path, make):
    path.parent.mkdir()
    make(path)
    with pytest.raises(UsageError, match="no lock can be made"):
        held(path, CLOCK).__enter__()


def test_a_directory_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "state").write_text("a file")
    with pytest.raises(UsageError, match="no lock can be made"):
        held(tmp_path / "state" / "x.lock", CLOCK).__enter__()


def test_a_disk_that_is_full_costs_only_the_holder_s_name(path):
    """RLIMIT_FSIZE of zero: every write fails, as on a full disk."""
    code = """
import resource, signal, sys
from pathlib import Path
from coldstart.clock import FixedClock
from coldstart.lock import held
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
with held(Path(sys.argv[1]), FixedClock(0)):
    print("held")
"""
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    assert ("held\n", "") == (done.stdout, done.stderr)
