"""SSH against servers that misbehave on demand: what a healthy sshd will not do."""

import asyncio
import re
import time

import asyncssh
import pytest
from tests.support.servers import closed_port, swallowing_port
from tests.support.shells import TEST_SHAPES, shell
from tests.support.ssh_servers import Lab, Proxy, saying

from coldstart import errors, shapes
from coldstart.clock import SystemClock
from coldstart.reads import SshLogin, TcpDial
from coldstart.transport.base import Endpoint
from coldstart.transport.ssh import Ssh

LOGIN = SshLogin(host="h")
FAST = {"connect_timeout": 0.5, "login_timeout": 0.5}
WATCHFUL = {"keepalive_interval": 0.1, "keepalive_count_max": 2}


@pytest.fixture(autouse=True)
def shells(monkeypatch):
    monkeypatch.setattr(shapes, "SHAPES", TEST_SHAPES)


@pytest.fixture
def lab(tmp_path):
    return Lab(tmp_path)


@pytest.fixture
async def connect(lab):
    """Makes transports to a port of the lab, and closes them; afterwards nothing of them is open."""
    made = []

    def make(port: int | None = None, **options):
        made.append(Ssh({"h": lab.endpoint(port)}, SystemClock(), lab.options(**options)))
        return made[-1]

    yield make
    for ssh in made:
        await ssh.close()
        assert all(wire.lost for wire in ssh._connections.made())


async def says_part_and_waits(process) -> None:
    process.stdout.write(b"part")
    await process.stdin.read()  # our end of file comes at once
    await asyncio.Event().wait()


PART = 1 << 17
"""Bytes, more than any login: what passed after them is output."""


async def floods_and_waits(process) -> None:
    process.stdout.write(b"part of an answer\n" * (PART // 8))
    await asyncio.Event().wait()


def exits(status: int, words: bytes = b""):
    async def end(process) -> None:
        process.stdout.write(words)
        process.exit(status)

    return end


# ------------------------------------------------------------------------------------------ connecting (rows 3 - 8)


async def test_a_closed_port_is_observed_as_closed(connect):
    with closed_port() as port, pytest.raises(errors.ConnectRefused):
        await connect(port).perform(LOGIN)


async def test_a_swallowed_syn_is_a_connect_timeout(connect):
    with swallowing_port() as port, pytest.raises(errors.ConnectTimedOut):
        await connect(port, **FAST).perform(LOGIN)


async def test_no_banner_is_a_login_timeout(connect):
    async with saying(b"") as port:
        with pytest.raises(errors.LoginTimedOut, match="it sent no SSH banner"):
            await connect(port, **FAST).perform(LOGIN)


async def test_silence_after_the_banner_is_a_login_timeout_that_shows_it(connect):
    async with saying(b"SSH-2.0-OpenSSH_9.2\r\n") as port:
        with pytest.raises(errors.LoginTimedOut, match=r"SSH-2.0-OpenSSH_9.2"):
            await connect(port, **FAST).perform(LOGIN)


@pytest.mark.parametrize("words", [b"", b"SSH-2.0-OpenSSH_9.2\r\n"])
async def test_a_server_that_hangs_up_is_a_lost_connection(connect, words):
    async with saying(words, then_close=True) as port:
        with pytest.raises(errors.ConnectionLost, match="during the login"):
            await connect(port, **FAST).perform(LOGIN)


@pytest.mark.parametrize("words", [b"HTTP/1.1 400 Bad Request\r\n\r\n" * 200, b"SSH-1.0-old\r\n", b"\xff" * 70000])
async def test_a_server_that_does_not_speak_ssh_is_never_a_login(connect, words):
    async with saying(words, then_close=True) as port:
        with pytest.raises((errors.ProtocolBroken, errors.ConnectionLost)):
            await connect(port, **FAST).perform(LOGIN)


async def test_a_server_without_a_common_key_exchange_says_so(lab, connect):
    async with lab.serving(kex_algs=["diffie-hellman-group-exchange-sha256"]):
        with pytest.raises(errors.KeyExchangeFailed, match="group-exchange"):
            await connect().perform(LOGIN)


async def test_a_changed_host_key_is_seen_before_any_authentication(lab, connect):
    async with lab.serving():
        lab.pin(key=asyncssh.generate_private_key("ssh-ed25519"))
        with pytest.raises(errors.HostKeyMismatch):
            await connect().perform(LOGIN)
    assert 0 == lab.attempts


async def test_a_revoked_host_key_is_a_mismatch_though_it_is_pinned(lab, connect):
    async with lab.serving():
        public = lab.host_key.export_public_key().decode()
        with (lab.directory / "known_hosts").open("a") as file:
            file.write(f"@revoked * {public}")
        with pytest.raises(errors.HostKeyMismatch, match="revoked"):
            await connect().perform(LOGIN)
    assert 0 == lab.attempts


async def test_a_host_certificate_of_a_pinned_authority_is_accepted(lab, connect):
    authority = asyncssh.generate_private_key("ssh-ed25519")
    certificate = authority.generate_host_certificate(lab.host_key, "h", principals=["[127.0.0.1]:1", "127.0.0.1"])
    lab.host_key = (lab.host_key, certificate)
    public = authority.export_public_key().decode()
    async with lab.serving(process=exits(0), pin=False):
        (lab.directory / "known_hosts").write_text(f"@cert-authority * {public}")
        assert 0 == (await connect().perform(shell("x"))).exit_status


async def test_a_certificate_of_another_authority_is_not(lab, connect):
    authority, pinned = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    lab.host_key = (lab.host_key, authority.generate_host_certificate(lab.host_key, "h", principals=["127.0.0.1"]))
    async with lab.serving(pin=False):
        (lab.directory / "known_hosts").write_text(f"@cert-authority * {pinned.export_public_key().decode()}")
        with pytest.raises(errors.HostKeyMismatch):
            await connect().perform(LOGIN)
    assert 0 == lab.attempts


async def test_a_rejected_authentication_is_not_tried_again(lab, connect):
    async with lab.serving(accept=False):
        ssh = connect()
        for _ in range(3):
            with pytest.raises(errors.AuthenticationRejected, match=re.escape(lab.user_key.get_fingerprint())):
                await ssh.perform(LOGIN)
    assert 1 == lab.attempts


async def test_without_a_key_the_refusal_says_so(lab, connect):
    async with lab.serving():
        with pytest.raises(errors.AuthenticationRejected, match="there was no key to offer"):
            await connect(identity_files=()).perform(LOGIN)


async def test_a_configuration_that_checks_no_host_key_is_not_connected_with(lab, connect, tmp_path):
    (tmp_path / "config").write_text("UserKnownHostsFile /dev/null\n")
    async with lab.serving():
        with pytest.raises(errors.HostKeyUnknown, match="would leave the host's key unchecked"):
            await connect(config_path=tmp_path / "config", known_hosts=None).perform(LOGIN)
    assert 0 == lab.attempts


async def test_time_limits_start_when_it_is_a_hosts_turn(lab):
    async with saying(b"") as port:
        hosts = {
            f"h{number}": Endpoint(name="", address="127.0.0.1", user=f"u{number}", port=port) for number in range(3)
        }
        ssh = Ssh(hosts, SystemClock(), lab.options(logins=1, login_timeout=0.2))
        since = time.monotonic()
        results = await asyncio.gather(*(ssh.perform(SshLogin(host=name)) for name in hosts), return_exceptions=True)
        assert [errors.LoginTimedOut] * 3 == [type(result) for result in results]
        assert time.monotonic() - since >= 0.6
        await ssh.close()


async def test_close_ends_a_login_that_is_under_way(lab):
    async with saying(b"") as port:
        ssh = Ssh({"h": lab.endpoint(port)}, SystemClock(), lab.options(login_timeout=60))
        login = asyncio.ensure_future(ssh.perform(LOGIN))
        await asyncio.sleep(0)
        await ssh.close()
        with pytest.raises(errors.Interrupted):
            await login


# --------------------------------------------------------------------------------------- afterwards (rows 9 - 15)


async def test_a_peer_that_goes_silent_is_a_lost_connection(lab, connect):
    async with lab.serving(process=says_part_and_waits), Proxy(lab.port).serving() as proxy:
        lab.pin(proxy.port)
        ssh = connect(proxy.port, **WATCHFUL)
        await ssh.perform(LOGIN)
        proxy.silent = True
        with pytest.raises(errors.ConnectionLost, match="keepalive"):
            await ssh.perform(shell("x", timeout=30))
        with pytest.raises(errors.ConnectionLost):
            await ssh.perform(LOGIN)


async def test_a_peer_that_goes_silent_in_mid_output_is_a_lost_connection_with_what_it_had_said(lab, connect):
    async with lab.serving(process=floods_and_waits), Proxy(lab.port).serving() as proxy:
        lab.pin(proxy.port)
        running = asyncio.ensure_future(connect(proxy.port, **WATCHFUL).perform(shell("x", timeout=30)))
        await proxy.more_than(PART)
        proxy.silent = True
        with pytest.raises(errors.ConnectionLost, match="keepalive") as caught:
            await running
    assert "part of an answer" in caught.value.evidence


async def test_a_connection_that_dies_in_mid_output_leaves_no_exit_status(lab, connect):
    async with lab.serving(process=floods_and_waits), Proxy(lab.port).serving() as proxy:
        lab.pin(proxy.port)
        running = asyncio.ensure_future(connect(proxy.port).perform(shell("x", timeout=30)))
        await proxy.more_than(PART)
        proxy.hang_up()
        with pytest.raises(errors.NoExitStatus) as caught:
            await running
    assert "part of an answer" in caught.value.evidence


async def test_a_connection_that_dies_before_any_output_is_lost(lab, connect):
    async def dies(process) -> None:
        process.channel.get_connection().abort()

    async with lab.serving(process=dies):
        with pytest.raises((errors.ConnectionLost, errors.NoExitStatus)):
            await connect().perform(shell("x"))


async def test_a_channel_closed_without_a_status_is_no_answer_though_output_came(lab, connect):
    async def leaves(process) -> None:
        process.stdout.write(b"everything is fine")
        process.close()

    async with lab.serving(process=leaves):
        with pytest.raises(errors.NoExitStatus) as caught:
            await connect().perform(shell("x"))
    assert "everything is fine" in caught.value.evidence


async def test_a_signal_is_named(lab, connect):
    async def killed(process) -> None:
        process.exit_with_signal("SEGV", core_dumped=True, msg="\x1b[31mboo")

    async with lab.serving(process=killed):
        with pytest.raises(errors.KilledBySignal, match="SIGSEGV"):
            await connect().perform(shell("x"))


async def test_words_before_the_answer_are_left_to_the_probe(lab, connect):
    async with lab.serving(process=exits(0, b"Welcome to h\nx\n")):
        assert b"Welcome to h\nx\n" == (await connect().perform(shell("x"))).stdout


async def test_a_server_that_never_ends_a_command_is_given_up_after_the_remote_limit(lab, connect):
    async with lab.serving(process=says_part_and_waits):
        ssh = connect(margin=-1.8)
        with pytest.raises(errors.RemoteTimeout, match=r"no exit status within 0.3 s") as caught:
            await ssh.perform(shell("x", timeout=0.1))
    assert "part" in caught.value.evidence


async def test_a_server_that_opens_no_channel_is_given_up(lab, connect):
    waiting = asyncio.Event()

    async def opened():
        await waiting.wait()

    async with lab.serving(session=opened):
        ssh = connect(margin=-1.8)
        with pytest.raises(errors.ConnectionLost, match="no channel was opened"):
            await ssh.perform(shell("x", timeout=0.1))
        waiting.set()


@pytest.mark.slow
async def test_a_server_that_refuses_every_channel_is_asked_a_bounded_number_of_times(lab, connect):
    async with lab.serving(session=False):
        ssh = connect()
        results = await asyncio.gather(*(ssh.perform(shell("x")) for _ in range(5)), return_exceptions=True)
    assert [errors.ChannelRefused] * 5 == [type(result) for result in results]


async def test_a_cancelled_command_frees_its_channel_for_the_next(lab, connect):
    started = asyncio.Event()

    async def first_hangs(process) -> None:
        if started.is_set():
            process.exit(0)
        started.set()

    async with lab.serving(process=first_hangs):
        ssh = connect(channels=1)
        hanging = asyncio.ensure_future(ssh.perform(shell("x", timeout=60)))
        await started.wait()
        hanging.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hanging
        assert 0 == (await ssh.perform(shell("x"))).exit_status


async def test_a_tunnel_that_loses_its_connection_says_so(lab, connect):
    async def echo(reader, writer):
        await asyncio.Event().wait()

    async with lab.serving(tunnel=echo):
        tunnel = await connect().open_tunnel("h", "192.0.2.1", 80)
        await tunnel.write(b"x")
        lab.hang_up()
        with pytest.raises(errors.ConnectionLost, match=r"192\.0\.2\.1:80 through 127\.0\.0\.1"):
            await tunnel.read(1)
        with pytest.raises(errors.ConnectionLost):
            await tunnel.write(b"x")


async def test_a_read_that_is_not_a_hosts_is_a_mistake_of_the_caller(connect):
    with pytest.raises(TypeError):
        await connect(1).perform(TcpDial(address="127.0.0.1", port=1))
