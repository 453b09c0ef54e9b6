"""Rows 39, 45, 47 and 53: what befalls the run itself."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys

import pytest
from tests.support.faults import HERE, ask, honest_file, stack, told
from tests.support.recordings import Recording
from tests.support.ssh_servers import Lab
from tests.support.sshd import alive, parents, wait_until

from coldstart.__main__ import main
from coldstart.clock import FixedClock
from coldstart.engine.runner import Settings
from coldstart.reads import BootId
from coldstart.reason import Reason
from coldstart.replies import NoReply
from coldstart.transport.replay import Replay

LOAD = ask("load", "load_per_core", below=1000, window="1m")
MEMORY = ask("memory", "memory_available", at_least="1MiB")

# ------------------------------------------------------------------------------------------------------ 39: a reboot

BOOT, NEXT_BOOT = ("11111111-2222-3333-4444-555555555555\n", "99999999-2222-3333-4444-555555555555\n")


async def lose_every_connection_while_it_is_asked(server, tools, tmp_path, *, boots):
    """Cut sshd's connections in mid-run; `boots` are the host's boot ids before and after."""
    boot_id = tmp_path / "boot_id"
    boot_id.write_text(boots[0])
    cat = shutil.which("cat")
    tools.put("cat", f'case "$1" in */boot_id) exec {cat} {boot_id};; esac; exec {cat} "$@"')
    tools.put("nproc", f"echo $$ > {tmp_path}/asked; exec sleep 30")
    hosts = {"h": {"address": "127.0.0.1", "port": server.port, "user": server.user}}
    checks = (MEMORY, ask("port", "tcp"), {**LOAD, "timeout": "20s"})
    running = asyncio.ensure_future(told(stack(*checks, hosts=hosts), ssh=server.options()))
    assert await asyncio.to_thread(wait_until, (tmp_path / "asked").exists)
    boot_id.write_text(boots[1])
    for pid in server.sessions:
        os.kill(pid, signal.SIGKILL)
    return await running


@pytest.mark.fault(39)
@pytest.mark.sshd
async def test_39_a_host_that_rebooted_during_the_run_has_passed_nothing(start_sshd, tools, tmp_path):
    boots = (BOOT, NEXT_BOOT)
    seen = await lose_every_connection_while_it_is_asked(start_sshd(), tools, tmp_path, boots=boots)
    for check in ("memory", "port"):
        seen.says(check, "unobserved", Reason.BOOT_CHANGED, f"boot id was {BOOT.strip()}, is {NEXT_BOOT.strip()}")
    seen.says("load", "unobserved", Reason.CONNECTION_LOST)


@pytest.mark.fault(39)
@pytest.mark.sshd
async def test_39_a_line_that_broke_on_the_same_boot_costs_only_what_was_asked_then(start_sshd, tools, tmp_path):
    server = start_sshd()
    seen = await lose_every_connection_while_it_is_asked(server, tools, tmp_path, boots=(BOOT, BOOT))
    for check in ("memory", "port"):
        seen.says(check, "met", Reason.OK)
    seen.says("load", "unobserved", Reason.CONNECTION_LOST)
    assert BOOT.strip() == seen.report.hosts[0].boot_id


# --------------------------------------------------------------------------------------------------- 45: a full disk

FULL = """
directory="$1"; shift
mount -t tmpfs -o size=64k tmpfs "$directory" || exit 77
printf 'the report of yesterday' > "$directory/run.json"
cat /dev/zero > "$directory/fill" 2>/dev/null
"$@"
code=$?
echo "== $(cat "$directory/run.json") == $(ls -A "$directory" | tr '\\n' ' ')"
exit $code
"""


@pytest.mark.slow
@pytest.mark.fault(45)
def test_45_a_full_disk_ends_with_3_and_leaves_the_old_file_whole(tmp_path):
    """A file system of the test's own, filled to the last block."""
    (tmp_path / "full").mkdir()
    (tmp_path / "baseline.yml").write_text(stack(MEMORY, hosts=HERE))
    unshare = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
    check = ["check", "-b", str(tmp_path / "baseline.yml"), "-o", "table", "-o", f"json={tmp_path}/full/run.json"]
    done = subprocess.run(
        [*unshare, "sh", "-c", FULL, "sh", str(tmp_path / "full"), sys.executable, "-m", "coldstart", *check],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    if "mount" in done.stderr or "unshare" in done.stderr:
        message = f"no mount namespace to be had here: {done.stderr}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    assert 3 == done.returncode, done.stderr
    assert "run.json: not written: No space left on device" in done.stderr
    assert done.stdout.endswith("== the report of yesterday == fill run.json \n")
    assert "GREEN" in done.stdout.splitlines()[0], "what was seen is told all the same"


@pytest.mark.fault(45)
@pytest.mark.parametrize("form", ["table", "short", "json"])
def test_45_a_stdout_that_is_full_ends_with_3(tmp_path, capsys, monkeypatch, form):
    (tmp_path / "baseline.yml").write_text(stack(MEMORY, hosts=HERE))
    with open("/dev/full", "w", encoding="utf-8") as full:  # noqa: PTH123 - full(4): every write is ENOSPC
        monkeypatch.setattr(sys, "stdout", full)
        code = main(["check", "-b", str(tmp_path / "baseline.yml"), "-o", form])
    assert (3, "coldstart: stdout: not written: No space left on device\n") == (code, capsys.readouterr().err)


# ------------------------------------------------------------------------------------------- 46: two at the same time

NEVER = {**MEMORY, "with": {**MEMORY.get("with", {}), "at_least": "1000TiB"}}


def watch_of(tmp_path, *options):
    argv = [sys.executable, "-m", "coldstart", "watch", "-b", str(tmp_path / "baseline.yml"), "--interval", "60"]
    return subprocess.Popen(
        [*argv, "--state-dir", str(tmp_path / "state"), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.fault(46)
def test_46_a_second_watch_of_the_same_baseline_ends_at_once_and_leaves_the_first_alone(tmp_path):
    (tmp_path / "baseline.yml").write_text(stack(NEVER, hosts=HERE))
    first = watch_of(tmp_path)
    try:
        lock = f"{first.pid} "
        assert wait_until(
            lambda: any(one.read_text().startswith(lock) for one in tmp_path.glob("state/watch-*.lock")), 20
        )
        second = watch_of(tmp_path)
        out, err = second.communicate(timeout=20)
        assert (3, "") == (second.returncode, out)
        assert f"lock held by pid {first.pid} since " in err
        assert first.poll() is None
    finally:
        first.send_signal(signal.SIGTERM)
        out, _ = first.communicate(timeout=20)
    assert (3, 1) == (first.returncode, out.count("attempt 1 of 30"))


@pytest.mark.fault(46)
def test_46_a_watch_that_was_killed_leaves_no_lock_behind(tmp_path):
    (tmp_path / "baseline.yml").write_text(stack(NEVER, hosts=HERE))
    first = watch_of(tmp_path)
    assert wait_until(lambda: any(one.read_text() for one in tmp_path.glob("state/watch-*.lock")), 20)
    first.kill()
    first.communicate(timeout=20)
    second = watch_of(tmp_path, "--max-attempts", "1")
    out, err = second.communicate(timeout=20)
    assert (2, "") == (second.returncode, err)
    assert "the attempts are used up" in out


# ------------------------------------------------------------------------------------------------------- 47: signals


@pytest.mark.slow
@pytest.mark.fault(47)
@pytest.mark.sshd
@pytest.mark.parametrize(("number", "places"), [(signal.SIGINT, ["h"]), (signal.SIGTERM, ["h", "far"])])
def test_47_a_signal_gives_a_partial_report_and_leaves_no_process_here_or_there(sshd, tools, tmp_path, number, places):
    tools.put("nproc", f"echo $$ > {tmp_path}/pid.$PPID; exec sleep 1000")
    far = {"address": "127.0.0.1", "port": sshd.port, "user": sshd.user}
    hosts = {name: host for name, host in {**HERE, "far": far}.items() if name in places}
    limits = {"h": "60s", "far": "2s"}
    checks = [{**LOAD, "id": f"load-{name}", "hosts": [name], "timeout": limits[name]} for name in places]
    memory = {**MEMORY, "hosts": places}
    text = stack(memory, *checks, hosts=hosts, channels=1)  # one after the other: memory has answered before the rest
    (tmp_path / "baseline.yml").write_text(text)
    keys = ["-F", "none", "--known-hosts", f"{sshd.directory}/known_hosts", "-i", f"{sshd.directory}/user_key"]
    outputs = ["-o", "table", "-o", f"json={tmp_path}/run.json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "coldstart", "check", "-b", str(tmp_path / "baseline.yml"), *keys, *outputs],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PATH": str(tools.directory)},
    )
    assert wait_until(lambda: len(places) == sum(bool(path.read_text()) for path in tmp_path.glob("pid.*")), 10)
    running = [int(path.read_text()) for path in tmp_path.glob("pid.*")]
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert (3, "") == (process.returncode, err)
    assert "interrupted" in out.splitlines()[0]
    assert process.pid not in parents().values(), "a child of it is left here"
    seen = honest_file(tmp_path / "run.json")
    for name in places:
        seen.says("memory", "met", Reason.OK, host=name)
        seen.says(f"load-{name}", "unobserved", Reason.INTERRUPTED, "the run was interrupted")
    assert wait_until(lambda: not any(alive(pid) for pid in running)), "timeout(1) ends it over there, if nothing else"


@pytest.mark.fault(47)
async def test_47_what_still_runs_on_a_host_is_told_to_end(tmp_path):
    """sshd passes the signal on for every user but root, for whom it refuses to."""
    stop, told_to = asyncio.Event(), asyncio.get_running_loop().create_future()

    async def hang(process) -> None:
        process.signal_received = told_to.set_result
        stop.set()
        await asyncio.Event().wait()

    lab = Lab(tmp_path)
    async with lab.serving(process=hang):
        hosts = {"h": {"address": "127.0.0.1", "port": lab.port, "user": "ops"}}
        text = stack({**MEMORY, "timeout": "30s"}, hosts=hosts, channels=1)
        seen = await told(text, ssh=lab.options(channels=1), settings=Settings(stop=stop))
        assert "TERM" == await asyncio.wait_for(told_to, 5)
    assert ("CHECK_FAILED", 3) == (seen.report.result.value, seen.report.exit_code)
    seen.says("memory", "unobserved", Reason.INTERRUPTED)


@pytest.mark.fault(47)
async def test_47_a_recording_of_an_interrupted_run_does_not_become_green_when_it_is_judged_again(tmp_path):
    """All was good, and it was interrupted before the boot of the host was confirmed."""
    recording = Recording.of("redis/pong")
    (end,) = (read for read in recording.replies if isinstance(read, BootId) and read.moment == "end")
    at = {"started": recording.now, "ended": recording.now}
    recording.replies[end] = NoReply(**at, reason=Reason.INTERRUPTED, detail="the run was interrupted")
    recording.write(tmp_path / "recording")
    seen = await told(recording.baseline, transport=Replay(tmp_path / "recording"), clock=FixedClock(recording.now))
    seen.says("it", "unobserved", Reason.BOOT_UNKNOWN, "at the end of the run")


# ---------------------------------------------------------------------------------------------- 53: nothing to judge

TWO = {"a": {"address": "127.0.0.1", "local": True}, "b": {"address": "127.0.0.2"}}
ONLY_B = stack({**MEMORY, "hosts": ["b"]}, hosts=TWO)
NOTHING = {
    "no gate": (json.dumps({**json.loads(ONLY_B), "gates": {}}), ()),
    "no check": (ONLY_B.replace(json.dumps(json.loads(ONLY_B)["gates"]["P0"]["checks"]), "[]"), ()),
    "an empty file": ("", ()),
    "a host that no check is for": (ONLY_B, ("--host", "a")),
    "the only check is skipped": (ONLY_B, ("--skip", "P0/memory")),
    "a gate that is not there": (ONLY_B, ("--only", "P1")),
    "an unset variable": (ONLY_B.replace("1MiB", "${LEAST}"), ()),
    "it applies to no host": (
        stack({**MEMORY, "hosts": ["b"], "not_on": {"b": "it has no memory"}}, hosts=TWO),
        (),
    ),
}


@pytest.mark.fault(53)
@pytest.mark.parametrize("how", NOTHING)
def test_53_nothing_to_judge_is_no_verdict(tmp_path, capsys, monkeypatch, how):
    monkeypatch.delenv("LEAST", raising=False)
    text, options = NOTHING[how]
    (tmp_path / "baseline.yml").write_text(text)
    out = tmp_path / "run.json"
    reports = ("-o", "table", "-o", f"json={out}")
    assert 3 == main(["check", "-b", str(tmp_path / "baseline.yml"), *options, *reports])
    shown = capsys.readouterr()
    assert ("", False) == (shown.out, out.exists())
    assert shown.err
    assert "Traceback" not in shown.err
