"""Two hundred drills in one process leave nothing behind."""

import gc
import threading
from pathlib import Path

import pytest

from coldstart.__main__ import main
from coldstart.drill import library

pytestmark = pytest.mark.slow

DRILLS = 200
FULL_EVERY = 10
"""Every so often the stack is up and everything is asked; else it is without power, which is quick."""
SCENARIOS = Path(library.__file__).parent / "scenarios"


def descriptors():
    """What each descriptor of this process is, without the numbers."""
    found = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found.append(str(entry.readlink()).partition(":[")[0])
        except FileNotFoundError:  # the one that lists them
            continue
    return sorted(found)


def children():
    return sorted(
        entry for task in Path("/proc/self/task").iterdir() for entry in (task / "children").read_text().split()
    )


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts by /proc")
def test_two_hundred_drills_leak_no_port_file_process_or_key(tmp_path, monkeypatch, capsys):
    home = tmp_path / "tmp"
    home.mkdir()
    monkeypatch.setenv("TMPDIR", str(home))
    monkeypatch.setattr("tempfile.tempdir", None)
    text = (SCENARIOS / "host-120-lost.yml").read_text("utf-8")
    quick, full = tmp_path / "quick.yml", SCENARIOS / "runner-watchdog.yml"
    quick.write_text(text.replace("attempts: 3", "attempts: 1").replace("attempts: 1-3", "attempts: 1"), "utf-8")

    def drill(path, code):
        assert code == main(["drill", str(path), "--speed", "1e9", "-q", "-o", f"json={tmp_path / 'x.json'}"])
        assert "coldstart found it" in capsys.readouterr().err

    drill(quick, 2)
    drill(full, 1)  # what is imported once is there now
    gc.collect()
    before = descriptors(), children(), threading.active_count()
    for number in range(DRILLS):
        drill(*((full, 1) if number % FULL_EVERY == 0 else (quick, 2)))
    gc.collect()
    assert before == (descriptors(), children(), threading.active_count())
    assert [] == list(home.iterdir())
