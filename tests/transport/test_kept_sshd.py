"""Kept connections of a real OpenSSH sshd: its sessions killed, frozen or outliving it, and jump hosts."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator

import pytest
from tests.support.shells import TEST_SHAPES, shell
from tests.support.sshd import Sshd, sshd_path, wait_until

from coldstart import errors, shapes
from coldstart.clock import SystemClock
from coldstart.reads import BootId, SshLogin
from coldstart.transport.base import Endpoint
from coldstart.transport.ssh import Ssh
from coldstart.transport.sshkeep import Kept

pytestmark = pytest.mark.sshd

LOGIN = SshLogin(host="h")
BOOT = BootId(host="h", moment="start")
WATCHFUL = {"keepalive_interval": 0.1, "keepalive_count_max": 2}


@pytest.fixture(autouse=True)
def shells(monkeypatch):
    monkeypatch.setattr(shapes, "SHAPES", TEST_SHAPES)


@pytest.fixture
def start_sshd(tmp_path):
    """Starts an sshd of the test's own."""
    started = []

    def start(*extra: str):
        started.append(Sshd(tmp_path, extra=extra).start())
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture
async def kept():
    shelf = Kept()
    yield shelf
    await shelf.close()


@pytest.fixture
def attempt(kept: Kept):
    """An attempt of a watch on an sshd: a transport of its own, and what the attempts share."""

    @contextlib.asynccontextmanager
    async def begin(server: Sshd, endpoint: Endpoint | None = None, **options) -> AsyncIterator[Ssh]:
        ssh = Ssh({"h": endpoint or server.endpoint}, SystemClock(), server.options(**options), None, kept)
        try:
            yield ssh
        finally:
            await ssh.close()

    return begin


def logins(server: Sshd) -> int:
    return server.log.count("Accepted publickey")


def stop_listening(server: Sshd) -> None:
    """End the sshd that listens; those that serve a connection go on, as at ``systemctl restart ssh``."""
    assert server.process
    server.process.terminate()
    server.process.wait(5)


def send(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


async def test_ten_attempts_log_in_once_and_are_greeted_each_time(start_sshd, attempt):
    server = start_sshd()
    since = []
    for _ in range(10):
        async with attempt(server) as ssh:
            login, boot = await asyncio.gather(ssh.perform(LOGIN), ssh.perform(BOOT))
            since.append(login.kept_since)
            assert 0 == boot.exit_status
    assert (None, 2) == (since[0], len(set(since)))
    assert 1 == logins(server)
    assert await asyncio.to_thread(wait_until, lambda: 10 == server.connections)


async def test_a_host_that_rebooted_in_between_is_logged_in_to_anew(start_sshd, attempt):
    server = start_sshd()
    async with attempt(server) as ssh:
        await ssh.perform(LOGIN)
    send(server.sessions, signal.SIGKILL)
    async with attempt(server) as ssh:
        login, boot = await asyncio.gather(ssh.perform(LOGIN), ssh.perform(BOOT))
    assert (None, 0) == (login.kept_since, boot.exit_status)
    assert 2 == logins(server)


async def test_sessions_that_outlive_a_restart_of_sshd_are_used_and_the_new_sshd_greets(start_sshd, attempt):
    server = start_sshd()
    async with attempt(server) as ssh:
        first = await ssh.perform(LOGIN)
    survivors = server.sessions
    stop_listening(server)
    async with attempt(server) as ssh:
        assert b"still here\n" == (await ssh.perform(shell("echo still here"))).stdout
        with pytest.raises(errors.ConnectRefused):
            await ssh.perform(LOGIN)
    assert server._listens(sshd_path())  # on the same port
    async with attempt(server) as ssh:
        again = await ssh.perform(LOGIN)
    assert first.started <= again.kept_since <= first.ended
    assert 0 == logins(server)  # the log is the new one's
    send(survivors, signal.SIGKILL)


async def test_a_frozen_sshd_does_not_greet_though_its_session_answers(start_sshd, attempt):
    server = start_sshd()
    async with attempt(server) as ssh:
        await ssh.perform(LOGIN)
    send([server.process.pid], signal.SIGSTOP)
    try:
        async with attempt(server, connect_timeout=0.3) as ssh:
            assert b"x\n" == (await ssh.perform(shell("echo x"))).stdout
            with pytest.raises(errors.LoginTimedOut, match=r"not greeted within 0\.3 s; it sent no SSH banner"):
                await ssh.perform(LOGIN)
    finally:
        send([server.process.pid], signal.SIGCONT)


async def test_a_session_that_is_frozen_alone_is_replaced_in_the_same_attempt(start_sshd, attempt):
    server = start_sshd()
    async with attempt(server, **WATCHFUL) as ssh:
        await ssh.perform(LOGIN)
    frozen = server.sessions
    send(frozen, signal.SIGSTOP)
    try:
        async with attempt(server, **WATCHFUL) as ssh:
            assert b"x\n" == (await ssh.perform(shell("echo x"))).stdout
    finally:
        send(frozen, signal.SIGKILL)
    assert 2 == logins(server)


@pytest.mark.slow
async def test_a_host_that_froze_is_a_lost_connection_within_10_s_and_fine_when_it_thaws(start_sshd, attempt):
    """Faults 9 and 14, with the limits as they are by default."""
    server = start_sshd()
    async with attempt(server) as ssh:
        await ssh.perform(LOGIN)
    frozen = [server.process.pid, *server.sessions]
    send(frozen, signal.SIGSTOP)
    since = time.monotonic()
    try:
        async with attempt(server) as ssh:
            asked = (ssh.perform(LOGIN), ssh.perform(BOOT), ssh.perform(shell("echo x")))
            results = await asyncio.gather(*asked, return_exceptions=True)
        assert [errors.ConnectionLost] * 3 == [type(result) for result in results]
        assert "keepalive" in str(results[0])
        assert 10 > time.monotonic() - since
    finally:
        send(frozen, signal.SIGCONT)
    async with attempt(server) as ssh:
        assert (await ssh.perform(LOGIN)).kept_since is None
        assert b"x\n" == (await ssh.perform(shell("echo x"))).stdout


async def test_silence_that_keepalive_noticed_between_two_attempts_is_no_news_in_the_next(start_sshd, attempt):
    server = start_sshd()
    async with attempt(server, **WATCHFUL) as ssh:
        await ssh.perform(LOGIN)
        (wire,) = ssh._connections.made()
    frozen = server.sessions
    send(frozen, signal.SIGSTOP)
    async with asyncio.timeout(5):
        await wire.gone()
    send(frozen, signal.SIGKILL)
    async with attempt(server) as ssh:
        assert b"x\n" == (await ssh.perform(shell("echo x"))).stdout


async def test_commands_that_hold_their_channels_do_not_starve_the_next_attempt(start_sshd, attempt):
    """MaxSessions counts a session until its last process is gone: here a child that ignores being hung up on."""
    server = start_sshd("MaxSessions 1")
    async with attempt(server, output_grace=0.1) as ssh:
        with pytest.raises(errors.OutputNotClosed):
            await ssh.perform(shell("trap '' HUP; sleep 30 & echo x"))
    async with attempt(server) as ssh:
        assert b"x\n" == (await ssh.perform(shell("echo x"))).stdout
    assert 2 == logins(server)


@pytest.fixture
def behind(tmp_path):
    """A host behind a jump host, both of them one sshd; `options` are how it is reached."""

    def make(server: Sshd) -> tuple[Endpoint, dict[str, object]]:
        config = tmp_path / "config"
        config.write_text(
            f"Host one\n HostName 127.0.0.1\n HostKeyAlias [127.0.0.1]:{server.port}\n"
            f" ProxyJump {server.user}@127.0.0.1:{server.port}\n"
        )
        return Endpoint(name="h", address="one", user=server.user, port=server.port), {"config_path": config}

    return make


async def test_a_host_behind_a_jump_host_is_kept_with_it_and_greeted_through_it(start_sshd, attempt, kept, behind):
    server = start_sshd()
    inner, options = behind(server)
    async with attempt(server, inner, **options) as ssh:
        await ssh.perform(LOGIN)
    assert (2, 2) == (logins(server), len(kept))
    async with attempt(server, inner, **options) as ssh:
        assert (await ssh.perform(LOGIN)).kept_since
    assert 2 == logins(server)
    assert await asyncio.to_thread(wait_until, lambda: 3 == server.connections)


async def test_a_jump_host_that_was_lost_takes_the_hosts_behind_it_along(start_sshd, attempt, kept, behind):
    server = start_sshd()
    inner, options = behind(server)
    async with attempt(server, inner, **options) as ssh:
        await ssh.perform(LOGIN)
    send(server.sessions, signal.SIGKILL)
    async with attempt(server, inner, **options) as ssh:
        assert (await ssh.perform(LOGIN)).kept_since is None
    assert (4, 2) == (logins(server), len(kept))


async def test_a_connection_by_a_proxy_command_is_made_anew(start_sshd, attempt, kept, tmp_path):
    server = start_sshd()
    relay, config = tmp_path / "relay", tmp_path / "config"
    relay.write_text(f"exec 3<>/dev/tcp/127.0.0.1/{server.port}\ncat <&3 &\nexec cat >&3\n")
    config.write_text(f"Host 127.0.0.1\n ProxyCommand bash {relay}\n")
    for _ in range(2):
        async with attempt(server, config_path=config, trust_ssh_config=True) as ssh:
            assert (await ssh.perform(LOGIN)).kept_since is None
        assert 0 == len(kept)
    assert 2 == logins(server)
