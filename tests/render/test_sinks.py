"""Where results go: parsed before anything is asked, written whole or not at all (faults.md 45)."""

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from coldstart.errors import OutputError, UsageError
from coldstart.render import sinks
from coldstart.render.sinks import Sink


def problems(*specs: str) -> tuple[str, ...]:
    with pytest.raises(UsageError) as caught:
        sinks.parse(specs)
    return caught.value.problems


def test_several_sinks_in_one_run(tmp_path):
    file = tmp_path / "run.json"
    assert (Sink("table"), Sink("json", file)) == sinks.parse(["table", f"json={file}"])
    assert (Sink("json"),) == sinks.parse(["json=-"])
    assert () == sinks.parse([])


def test_an_unknown_format_names_the_known_ones():
    known = ", ".join(sinks.FORMATS)
    assert (f"-o yaml: no such format 'yaml'; known: {known}",) == problems("yaml")


def test_two_sinks_on_stdout_are_refused():
    assert ("-o table -o json=-: only one of them can go to stdout; give the others a file",) == problems(
        "table", "json=-"
    )


def test_one_file_twice_is_refused_also_by_two_names(tmp_path):
    file, link = tmp_path / "run", tmp_path / "link"
    link.symlink_to(file)
    assert (f"-o: {file} is given more than once",) == problems(f"json={file}", f"short={link}")


def test_what_cannot_become_a_file_is_known_before_the_run(tmp_path):
    assert (f"-o json={tmp_path}: {tmp_path} is a directory",) == problems(f"json={tmp_path}")
    assert (f"-o json={tmp_path}/no/x: no directory {tmp_path}/no",) == problems(f"json={tmp_path}/no/x")
    assert ("-o json=: no file name after the =",) == problems("json=")


def test_every_problem_is_named_at_once():
    assert 2 == len(problems("yaml", "json="))


def test_a_file_is_written_for_its_owner_only_and_leaves_nothing_beside_it(tmp_path):
    file = tmp_path / "run.txt"
    file.write_text("old")
    file.chmod(0o644)
    sinks.write(Sink("table", file), "新\n")
    assert "新\n" == file.read_text("utf-8")
    assert 0o600 == stat.S_IMODE(file.stat().st_mode)
    assert [file] == list(tmp_path.iterdir())


def test_a_symbolic_link_stays_one_and_its_target_is_replaced(tmp_path):
    file, link = tmp_path / "run.txt", tmp_path / "link"
    link.symlink_to(file)
    sinks.to_file(link, "x")
    assert link.is_symlink()
    assert "x" == file.read_text()


def test_a_pipe_is_written_to_and_never_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()))
    reader.start()
    sinks.to_file(pipe, "x\n")
    reader.join(5)
    assert ["x\n"] == got
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_full_device_is_an_output_error():
    with pytest.raises(OutputError, match="/dev/full: not written: No space left on device"):
        sinks.to_file(Path("/dev/full"), "x")
    assert stat.S_ISCHR(Path("/dev/full").stat().st_mode)


def test_a_folder_that_may_not_be_written_to_is_an_output_error(tmp_path):
    with pytest.raises(OutputError, match="not written"):
        sinks.to_file(tmp_path / "gone" / "x", "x")


TOO_MUCH = """
import resource, sys
from pathlib import Path
from coldstart.errors import OutputError
from coldstart.render import sinks
if sys.argv[2] == "limit":
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
try:
    sinks.to_file(Path(sys.argv[1]), "new" * 100_000)
except OutputError as error:
    print(error)
    sys.exit(3)
"""


def python(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def test_on_a_write_that_fails_half_way_the_old_file_stays_whole(tmp_path):
    file = tmp_path / "run.json"
    file.write_text("old")
    done = python(sys.executable, "-c", TOO_MUCH, file, "limit")
    assert (3, f"{file}: not written: File too large\n", "") == (done.returncode, done.stdout, done.stderr)
    assert "old" == file.read_text()
    assert [file] == list(tmp_path.iterdir())


def test_on_a_full_file_system_the_old_file_stays_whole(tmp_path):
    if python("unshare", "--mount", "--map-root-user", "true").returncode:
        pytest.skip("this user may not have a mount namespace; the test above fails a write half way without one")
    script = """
        mount -t tmpfs -o size=64k none "$1" && printf old > "$1/run.json"
        "$2" -c "$3" "$1/run.json" full; echo "exit $?"; cat "$1/run.json"; echo; ls -A "$1"
    """
    done = python(
        *("unshare", "--mount", "--map-root-user", "sh", "-c", script, "sh", tmp_path, sys.executable, TOO_MUCH)
    )
    assert [
        f"{tmp_path}/run.json: not written: No space left on device",
        "exit 3",
        "old",
        "run.json",
    ] == done.stdout.splitlines()


PRINT = """
import sys
from coldstart.errors import OutputError
from coldstart.render import sinks
try:
    sinks.write(sinks.Sink("table"), "\\u221a \\u6578\\n")
except OutputError as error:
    sys.stderr.write(f"{error}\\n")
    sys.exit(3)
"""


def test_a_full_disk_behind_stdout_is_an_output_error_and_nothing_is_said_at_exit():
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", PRINT], stdout=full, stderr=subprocess.PIPE, text=True, timeout=30, check=False
        )
    assert (3, "stdout: not written: No space left on device\n") == (done.returncode, done.stderr)


def test_a_closed_pipe_behind_stdout_is_an_output_error_and_nothing_is_said_at_exit():
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-c", PRINT], stdout=writer, stderr=subprocess.PIPE, text=True, timeout=30, check=False
    )
    os.close(writer)
    assert (3, "stdout: not written: Broken pipe\n") == (done.returncode, done.stderr)


def test_a_stdout_that_knows_only_ascii_gets_escapes_and_no_crash():
    done = subprocess.run(
        [sys.executable, "-c", PRINT],
        env={"PYTHONIOENCODING": "ascii:strict"},
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert (0, b"\\u221a \\u6578\n") == (done.returncode, done.stdout)


def test_parsing_and_json_do_not_cost_the_import_of_rich():
    code = "import sys, coldstart.render.sinks, coldstart.render.as_json; sys.exit('rich' in sys.modules)"
    assert 0 == python(sys.executable, "-c", code).returncode
