"""Commands on this machine behave as they do over SSH."""

import asyncio
import os
import time

import pytest
from tests.support.shells import TEST_SHAPES, shell
from tests.support.sshd import alive, wait_until

from coldstart import errors, shapes
from coldstart.clock import SystemClock
from coldstart.reads import BootId, Command, SshLogin, TcpDial
from coldstart.transport import local
from coldstart.transport.base import Endpoint
from coldstart.transport.local import Local, run_tool

HOST = Local({"h": Endpoint(name="h", address="192.0.2.7", local=True)}, SystemClock())


@pytest.fixture(autouse=True)
def shells(monkeypatch):
    monkeypatch.setattr(shapes, "SHAPES", TEST_SHAPES)


async def test_a_command_is_answered_with_both_streams_and_its_status():
    reply = await HOST.perform(shell("echo out; echo err >&2; exit 3"))
    assert (3, b"out\n", b"err\n") == (reply.exit_status, reply.stdout, reply.stderr)


async def test_the_environment_is_fixed_and_stdin_is_empty():
    reply = await HOST.perform(shell('cat; echo "$LC_ALL,$SYSTEMD_COLORS,$PAGER,$SYSTEMD_PAGER,$TERM"'))
    assert b"C,0,cat,,dumb\n" == reply.stdout


async def test_the_boot_id_is_the_kernels():
    with open(BootId.PATH, "rb") as kernel:  # noqa: ASYNC230, PTH123 - one line of proc(5)
        expected = kernel.read()
    assert expected == (await HOST.perform(BootId(host="h", moment="start"))).stdout


async def test_a_login_to_this_machine_says_so():
    reply = await HOST.perform(SshLogin(host="h"))
    assert ("local", "192.0.2.7", 22) == (reply.server, reply.address, reply.port)


async def test_a_forbidden_command_is_not_started(tmp_path):
    mark = tmp_path / "mark"
    with pytest.raises(errors.ForbiddenCommand):
        await HOST.perform(Command(host="h", argv=("touch", str(mark))))
    with pytest.raises(errors.ForbiddenCommand):
        await run_tool(["touch", str(mark)], 1, SystemClock())
    assert not mark.exists()


async def test_a_read_that_is_not_a_hosts_is_a_mistake_of_the_caller():
    with pytest.raises(TypeError):
        await HOST.perform(TcpDial(address="127.0.0.1", port=1))


async def test_a_missing_tool_is_named(monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin:/bin")  # a directory on it that may not be read would be "not allowed"
    with pytest.raises(errors.ToolMissing, match="no-such-tool"):
        await HOST.perform(Command(host="h", argv=("no-such-tool",)))
    with pytest.raises(errors.ToolMissing, match="no-such-tool"):
        await run_tool(["no-such-tool"], 1, SystemClock())


async def test_a_file_that_may_not_be_executed_is_not_allowed(tmp_path, monkeypatch):
    plain = tmp_path / "plain"
    plain.write_text("")
    monkeypatch.setattr(shapes, "SHAPES", (shapes.Shape(str(plain)),))
    with pytest.raises(errors.NotAllowed, match="plain"):
        await HOST.perform(Command(host="h", argv=(str(plain),)))
    with pytest.raises(errors.NotAllowed, match="plain"):
        await run_tool([str(plain)], 1, SystemClock())


async def test_a_signal_is_named():
    with pytest.raises(errors.KilledBySignal, match="SIGSEGV"):
        await run_tool(["sh", "-c", "kill -SEGV $$"], 5, SystemClock())


async def test_a_command_that_never_returns_leaves_nothing_behind(tmp_path):
    pids = tmp_path / "pids"
    with pytest.raises(errors.RemoteTimeout):
        await HOST.perform(shell(f"sleep 1000 & echo $! $$ > {pids}; sleep 1000", timeout=0.3))
    found = [int(pid) for pid in pids.read_text().split()]
    assert 2 == len(found)
    assert wait_until(lambda: not any(alive(pid) for pid in found))


async def test_a_tool_that_never_returns_is_ended_with_its_children(tmp_path):
    pids = tmp_path / "pids"
    since = time.monotonic()
    with pytest.raises(errors.RemoteTimeout):
        await run_tool(["sh", "-c", f"trap '' TERM; sleep 1000 & echo $! $$ > {pids}; wait"], 0.3, SystemClock())
    assert time.monotonic() - since < 3
    assert wait_until(lambda: not any(alive(int(pid)) for pid in pids.read_text().split()))


async def test_cancellation_ends_the_command_and_propagates(tmp_path):
    pids = tmp_path / "pids"
    task = asyncio.ensure_future(run_tool(["sh", "-c", f"echo $$ > {pids}; sleep 1000"], 60, SystemClock()))
    await asyncio.to_thread(wait_until, lambda: pids.exists() and pids.read_text().strip())
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert wait_until(lambda: not alive(int(pids.read_text())))


async def test_cancellation_while_it_starts_leaves_nothing_behind(tmp_path):
    """Every moment of a start: with n turns of the loop before the cancellation, whatever it is doing just then."""
    for turns in range(1, 12):
        pids = tmp_path / str(turns)
        task = asyncio.ensure_future(run_tool(["sh", "-c", f"sleep 1000 & echo $! > {pids}; wait"], 60, SystemClock()))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        async with asyncio.timeout(5):
            with pytest.raises(asyncio.CancelledError):
                await task
        started = pids.read_text().split() if pids.exists() else []
        assert wait_until(lambda: not any(alive(int(pid)) for pid in started))  # noqa: B023 - called here and now


async def test_output_that_a_child_keeps_open_is_no_answer(tmp_path, monkeypatch):
    monkeypatch.setattr(local, "GRACE", 0.2)
    pids = tmp_path / "pids"
    with pytest.raises(errors.OutputNotClosed) as caught:
        await HOST.perform(shell(f"echo part; sleep 1000 & echo $! > {pids}"))
    assert "part" in caught.value.evidence
    assert wait_until(lambda: not alive(int(pids.read_text())))


async def test_endless_output_is_cut_at_the_cap_and_our_memory_stays_flat():
    with open("/proc/self/statm", "rb") as statm:  # noqa: ASYNC230, PTH123 - proc(5)
        before = int(statm.read().split()[1])
        with pytest.raises(errors.OverCap, match="stdout is longer than 1048576 bytes"):
            await HOST.perform(shell("cat /dev/zero"))
        statm.seek(0)
        grown = (int(statm.read().split()[1]) - before) * os.sysconf("SC_PAGESIZE")
    assert grown < 16 << 20


async def test_exactly_the_cap_is_still_an_answer():
    assert 1 << 20 == len((await HOST.perform(shell("head -c 1048576 /dev/zero"))).stdout)
    with pytest.raises(errors.OverCap, match="stderr"):
        await HOST.perform(shell("head -c 1048577 /dev/zero >&2"))


async def test_bytes_that_are_not_utf8_arrive_as_they_are():
    reply = await HOST.perform(shell(r"printf '\377\376'"))
    assert b"\xff\xfe" == reply.stdout
    with pytest.raises(errors.NotUtf8):
        _ = reply.text


async def test_a_tool_of_this_machine_may_end_with_any_status():
    finished = await run_tool(["sh", "-c", "echo x; exit 2"], 5, SystemClock())
    assert (2, b"x\n", b"") == (finished.exit_status, finished.stdout, finished.stderr)
    assert finished.started <= finished.ended
