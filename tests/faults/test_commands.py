"""Rows 11, 12, 15 to 20 and 50: a command that does not answer as a command should, over SSH and on this machine.

The fault is in how the tool ends or what it writes, so a stand-in for nproc has it; sshd, env(1), timeout(1) are real.
"""

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest
from tests.support.faults import HERE, ask, stack, told
from tests.support.servers import always, answer, serve
from tests.support.sshd import alive, wait_until
from tests.support.tools import REAL

from coldstart.probes.load_per_core import LoadPerCoreProbe
from coldstart.reason import Reason
from coldstart.transport import local
from coldstart.transport.sshroute import SshOptions

pytestmark = pytest.mark.sshd

MEMORY = ask("memory", "memory_available", at_least="1MiB")


@pytest.fixture(params=["over SSH", "here"])
def place(request, sshd, over_ssh, tools, monkeypatch):
    """The host and the way to it: (hosts, options). Both have the same tools."""
    if request.param == "over SSH":
        return over_ssh, sshd.options(output_grace=0.2, margin=1.0)
    monkeypatch.setenv("PATH", str(tools.directory))
    monkeypatch.setattr(local, "GRACE", 0.2)
    return HERE, SshOptions(config_path=None)


async def load(place, *others, limit="5s"):
    """What is told of a host whose nproc is faulty, and of its memory, which is not."""
    hosts, ssh = place
    asked = ask("load", "load_per_core", timeout=limit, below=1000, window="1m")
    seen = await told(stack(asked, MEMORY, *others, hosts=hosts), ssh=ssh)
    seen.says("memory", "met", Reason.OK)
    return seen


async def gone(pid_file):
    pid = int(pid_file.read_text())
    return await asyncio.to_thread(wait_until, lambda: not alive(pid))


def resident():
    with open("/proc/self/statm", "rb") as statm:  # noqa: PTH123 - proc(5)
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGESIZE")


@pytest.mark.fault(11)
async def test_11_a_command_that_never_returns_is_ended_over_there(place, tools, tmp_path):
    tools.put("nproc", f"echo $$ > {tmp_path}/pid; exec sleep 1000")
    seen = await load(place, limit="0.3s")
    seen.says("load", "unobserved", Reason.REMOTE_TIMEOUT, "nproc did not end within 0.3 s")
    assert await gone(tmp_path / "pid")


@pytest.mark.fault(12)
async def test_12_a_child_that_keeps_the_output_open_is_no_answer(place, tools, tmp_path):
    tools.put("nproc", f"echo 2; sleep 30 & echo $! > {tmp_path}/pid")
    seen = await load(place)
    seen.says("load", "unobserved", Reason.OUTPUT_NOT_CLOSED, "exit status 0", "keeps its output open")
    with suppress(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)


@pytest.mark.fault(15)
async def test_15_a_command_that_a_signal_ended_says_which(place, tools):
    tools.put("nproc", "echo 2; kill -SEGV $$")
    (await load(place)).says("load", "unobserved", Reason.KILLED, "nproc was killed by SIGSEGV")


@pytest.mark.fault(16)
@pytest.mark.parametrize(
    ("probe", "tool"),
    [("redis", "redis-cli"), ("pg_isready", "pg_isready"), ("systemd_units", "systemctl"), ("filesystems", "df")],
)
async def test_16_a_tool_that_is_not_there_is_named(place, tools, probe, tool):
    assert tool not in REAL
    parameters = {"units": ["docker"]} if probe == "systemd_units" else {}
    seen = await load(place, ask("it", probe, **parameters))
    seen.says("it", "unobserved", Reason.TOOL_MISSING, f"{tool} is not installed on the host")


@pytest.mark.fault(17)
async def test_17_a_tool_that_may_not_be_executed_is_a_missing_right(place, tools):
    tools.put("redis-cli", "echo PONG", mode=0o644)
    seen = await load(place, ask("redis", "redis"))
    seen.says("redis", "unobserved", Reason.NOT_ALLOWED, "redis-cli -h 127.0.0.1 -p 6380 ping", "Permission denied")


SUDO_REFUSES = {
    "sudo: a password is required": "a password is required",
    "Sorry, user ops is not allowed to execute '/usr/bin/timeout' as root on h.": "is not allowed to execute",
    "ops is not in the sudoers file.": "is not in the sudoers file",
}
"""What sudo(8) 1.9.13 writes before it exits 1."""


@pytest.mark.fault(17)
@pytest.mark.parametrize("written", SUDO_REFUSES)
async def test_17_a_refusal_of_sudo_names_the_command_that_has_no_right(place, tools, written):
    tools.put("sudo", f"""test "$1" = -n || exit 9; echo "{written}" >&2; exit 1""")
    disks = {**ask("disks", "filesystems", mounts=["/"], all_real=False), "sudo": True}
    seen = await load(place, disks)
    seen.says("disks", "unobserved", Reason.NOT_ALLOWED, "sudo -n refused 'df", SUDO_REFUSES[written])


@pytest.mark.fault(18)
async def test_18_endless_output_is_over_the_cap_and_our_memory_stays_flat(place, tools, tmp_path):
    tools.put("nproc", f"echo $$ > {tmp_path}/pid; exec cat /dev/zero")
    await told(stack(MEMORY, hosts=place[0]), ssh=place[1], green=True)  # what is imported and made once
    before = resident()
    seen = await load(place)
    assert 24 << 20 > resident() - before
    seen.says("load", "unobserved", Reason.OVER_CAP, "stdout is longer than 1048576 bytes")
    assert await gone(tmp_path / "pid")


@pytest.mark.fault(18)
async def test_18_endless_complaints_are_over_the_cap_too(place, tools):
    tools.put("nproc", "echo 2; exec cat /dev/zero >&2")
    (await load(place)).says("load", "unobserved", Reason.OVER_CAP, "stderr is longer than 1048576 bytes")


@pytest.mark.fault(19)
async def test_19_bytes_that_are_not_utf8_are_shown_escaped_and_judge_nothing(place, tools):
    tools.put("nproc", r"printf '2\377\033[2J\n'")
    seen = await load(place)
    seen.says("load", "unobserved", Reason.NOT_UTF8, "byte 1 is not UTF-8", r"2\xff\x1b[2J")
    assert "\x1b" not in seen.text


@pytest.mark.fault(19)
async def test_19_bytes_in_a_field_that_is_not_judged_do_no_harm():
    async with serve(always(answer(b"\xff\xfe"))) as web:
        url = f"http://127.0.0.1:{web.port}/"
        status, body = ask("status", "http", url=url), ask("body", "http", url=url, body_matches="ready")
        seen = await told(stack(status, body, hosts=HERE))
    seen.says("status", "met", Reason.OK)
    seen.says("body", "unobserved", Reason.NOT_UTF8, "byte 0 is not UTF-8", r"\xff\xfe")


@pytest.mark.fault(20)
@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"status": "healthy", "components": {"db": ', "the body is not JSON"),
        (b'{"status": "unhealthy", "status": "healthy"}', "the key 'status' stands twice"),
        (b'{"status": "healthy"} {"status": "unhealthy"}', "Extra data"),
        (b'{"status": NaN}', "NaN is not JSON"),
        (b"[" * 100_000, "it nests too deep"),
        (b"", "it is empty"),
    ],
)
async def test_20_json_that_is_cut_or_says_two_things_is_unparsable(body, said):
    async with serve(always(answer(body))) as web:
        health = ask(
            "health", "http", url=f"http://127.0.0.1:{web.port}/", json=[{"path": "status", "equals": "healthy"}]
        )
        seen = await told(stack(health, hosts=HERE))
    seen.says("health", "unobserved", Reason.UNPARSABLE, said)


DOCKER_LINES = {
    "cut": '{"name":"a","status":"Up 2 hours"}\n{"name":"b","sta',
    "a key twice": '{"name":"a","status":"Exited (1)","status":"Up 2 hours"}\n',
}


@pytest.mark.fault(20)
@pytest.mark.parametrize("how", DOCKER_LINES)
async def test_20_the_same_of_what_a_command_prints(place, tools, how):
    (tools.directory / "lines").write_text(DOCKER_LINES[how])
    tools.put("docker", f"exec cat {tools.directory}/lines")
    seen = await load(place, ask("containers", "docker_containers", forbid_orphans=True))
    seen.says("containers", "unobserved", Reason.UNPARSABLE)


@pytest.mark.fault(50)
async def test_50_a_bug_in_a_probe_is_an_internal_error_with_its_traceback(place, monkeypatch):
    def buggy(self, replies):
        return replies.by_read["a bug"]

    monkeypatch.setattr(LoadPerCoreProbe, "judge", buggy)
    seen = await load(place)
    seen.says("load", "unobserved", Reason.INTERNAL, "KeyError: 'a bug'", "Traceback", Path(__file__).name)
