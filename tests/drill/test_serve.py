"""`drill --serve`: a stack that others ask, with the command lines that it prints."""

import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager

COLDSTART = (sys.executable, "-m", "coldstart")


@contextmanager
def served(tmp_path, *arguments):
    """The lines that are printed while the stack stands; afterwards it was ended as by Ctrl-C."""
    home = tmp_path / "with a space"
    home.mkdir()
    process = subprocess.Popen(
        [*COLDSTART, "drill", *arguments, "--serve"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(home), "COLUMNS": "300"},
    )
    try:
        lines = []
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            if line.strip().startswith("curl") and "https" in line:
                break
        yield [line.strip() for line in lines], home
        process.send_signal(signal.SIGINT)
        assert 0 == process.wait(10)
        assert [] == list(home.iterdir()), "keys and all are removed"
    finally:
        process.kill()
        process.wait(10)
        process.stdout.close()


def shell(line, **options):
    return subprocess.run(["/bin/sh", "-c", line], check=False, capture_output=True, text=True, timeout=60, **options)


def one(lines, pattern):
    found = [line for line in lines if re.search(pattern, line)]
    assert 1 == len(found), lines
    return found[0]


def test_the_lines_that_it_prints_work_from_anywhere(tmp_path):
    with served(tmp_path, "clean", "--at", "20m") as (lines, _):
        checked = shell(one(lines, r"coldstart\S* check$") + " -o short -q", cwd="/")
        assert 1 == checked.returncode, checked
        assert "alert-test" in checked.stdout
        assert "91 passed, 1 warned" in checked.stdout
        planned = shell(one(lines, r"coldstart\S* plan$"), cwd="/")
        assert 0 == planned.returncode
        assert "wooo@192.168.0.110" in planned.stdout
        if shutil.which("ssh"):
            asked = shell(one(lines, r"^ssh .* 188 "))
            assert ("localhost:5432 - accepting connections\n", 0) == (asked.stdout, asked.returncode), asked
        if shutil.which("curl"):
            assert '"healthy"' in shell(one(lines, r"^curl --connect-to .*/health")).stdout
            assert '"healthy"' in shell(one(lines, r"^curl --cacert .*/health")).stdout


def test_before_a_host_is_up_it_is_refused_and_only_the_owner_can_read_its_keys(tmp_path):
    with served(tmp_path, "clean") as (lines, home):
        (directory,) = home.iterdir()
        assert 0o700 == directory.stat().st_mode & 0o777
        assert 0o600 == (directory / "id_ed25519").stat().st_mode & 0o777
        if shutil.which("ssh"):
            asked = shell(one(lines, r"^ssh .* 188 "))
            assert 255 == asked.returncode
            assert "refused" in asked.stderr
