"""SSH against a real OpenSSH sshd: what it does of itself, frozen, crowded, or with keys that do not fit."""

import asyncio
import os
import shutil
import signal
import subprocess
import time

import asyncssh
import pytest
from tests.support.shells import TEST_SHAPES, shell
from tests.support.sshd import Sshd, alive, descendants, wait_until

from coldstart import errors, shapes
from coldstart.clock import SystemClock
from coldstart.reads import BootId, Command, SshLogin
from coldstart.transport.argv import interpret
from coldstart.transport.base import Endpoint
from coldstart.transport.knownhosts import fingerprint
from coldstart.transport.ssh import Ssh

pytestmark = pytest.mark.sshd

LOGIN = SshLogin(host="h")


@pytest.fixture(autouse=True)
def shells(monkeypatch):
    monkeypatch.setattr(shapes, "SHAPES", TEST_SHAPES)


@pytest.fixture(scope="module")
def shared_sshd(tmp_path_factory):
    """One sshd for the tests that leave it as it was."""
    server = Sshd(tmp_path_factory.mktemp("sshd"), extra=("Banner /etc/os-release",))
    yield server.start()
    server.stop()


@pytest.fixture
async def ssh(shared_sshd):
    transport = Ssh({"h": shared_sshd.endpoint}, SystemClock(), shared_sshd.options(output_grace=0.3))
    yield transport
    await transport.close()


@pytest.fixture
def own_sshd(tmp_path):
    """Starts an sshd of the test's own."""
    started = []

    def start(*extra: str, **fields):
        started.append(Sshd(tmp_path, extra=extra, **fields).start())
        return started[-1]

    yield start
    for server in started:
        server.stop()


async def test_a_login_says_who_and_where_we_are(ssh, shared_sshd):
    reply = await ssh.perform(LOGIN)
    assert (shared_sshd.user, "127.0.0.1", shared_sshd.port) == (reply.user, reply.address, reply.port)
    assert fingerprint(shared_sshd.host_key.public_data) == reply.host_key
    assert reply.server.startswith("SSH-2.0-OpenSSH")


async def test_a_command_is_answered_with_both_streams_and_its_status(ssh):
    reply = await ssh.perform(shell("echo out; echo err >&2; exit 3"))
    assert (3, b"out\n", b"err\n") == (reply.exit_status, reply.stdout, reply.stderr)


async def test_the_words_of_an_argv_arrive_as_they_are(ssh):
    reply = await ssh.perform(shell("printf '%s' \"$0 '  \\\"*$(echo x)\""))
    assert b"sh '  \"*x" == reply.stdout


async def test_the_environment_is_fixed_stdin_is_empty_and_there_is_no_terminal(ssh):
    script = 'cat; tty; echo "$LC_ALL,$SYSTEMD_COLORS,$PAGER,$SYSTEMD_PAGER,$TERM,$SSH_TTY,$SSH_AUTH_SOCK,$DISPLAY"'
    assert b"not a tty\nC,0,cat,,dumb,,,\n" == (await ssh.perform(shell(script))).stdout


async def test_the_boot_id_is_the_kernels(ssh):
    with open(BootId.PATH, "rb") as kernel:  # noqa: ASYNC230, PTH123 - one line of proc(5)
        expected = kernel.read()
    assert expected == (await ssh.perform(BootId(host="h", moment="start"))).stdout


async def test_all_reads_of_a_host_share_one_connection(own_sshd):
    server = own_sshd()
    ssh = Ssh({"h": server.endpoint}, SystemClock(), server.options())
    replies = await asyncio.gather(*(ssh.perform(shell(f"echo {number}")) for number in range(12)))
    assert [f"{number}\n".encode() for number in range(12)] == [reply.stdout for reply in replies]
    assert 1 == server.connections
    await ssh.close()


async def test_nothing_is_connected_after_close(own_sshd):
    server = own_sshd()
    ssh = Ssh({"h": server.endpoint}, SystemClock(), server.options())
    await ssh.perform(LOGIN)
    assert server.sessions
    await ssh.close()
    assert await asyncio.to_thread(wait_until, lambda: not server.sessions)
    with pytest.raises(errors.ConnectionLost):
        await ssh.perform(shell("echo"))


async def test_a_forbidden_command_does_not_even_connect(own_sshd):
    server = own_sshd()
    ssh = Ssh({"h": server.endpoint}, SystemClock(), server.options())
    with pytest.raises(errors.ForbiddenCommand):
        await ssh.perform(Command(host="h", argv=("reboot",)))
    assert 0 == server.connections


# ------------------------------------------------------------------------------------------- ways to end (11 - 19)


async def test_a_command_that_never_returns_leaves_no_process_behind(ssh, tmp_path):
    pids = tmp_path / "pids"
    with pytest.raises(errors.RemoteTimeout):
        await ssh.perform(shell(f"echo $$ > {pids}; sleep 1000", timeout=0.3))
    assert await asyncio.to_thread(wait_until, lambda: not alive(int(pids.read_text())))


@pytest.mark.slow
async def test_a_command_that_ignores_the_first_signal_is_killed(ssh, tmp_path):
    pids = tmp_path / "pids"
    with pytest.raises(errors.RemoteTimeout):
        await ssh.perform(shell(f"trap '' TERM; echo $$ > {pids}; while :; do sleep 0.1; done", timeout=0.2))
    assert not alive(int(pids.read_text()))


async def test_output_that_a_child_keeps_open_is_no_answer(ssh):
    with pytest.raises(errors.OutputNotClosed) as caught:
        await ssh.perform(shell("echo part; sleep 2 &"))
    assert "part" in caught.value.evidence


async def test_a_signal_is_named(ssh):
    with pytest.raises(errors.KilledBySignal, match="SIGSEGV"):
        await ssh.perform(shell("kill -SEGV $$"))


async def test_a_missing_tool_is_named(ssh):
    with pytest.raises(errors.ToolMissing, match="no-such-tool is not installed on the host"):
        await ssh.perform(Command(host="h", argv=("no-such-tool",)))


async def test_endless_output_is_cut_at_the_cap_and_our_memory_stays_flat(ssh):
    await ssh.perform(LOGIN)
    with open("/proc/self/statm", "rb") as statm:  # noqa: ASYNC230, PTH123 - proc(5)
        before = int(statm.read().split()[1])
        with pytest.raises(errors.OverCap, match="stdout is longer"):
            await ssh.perform(shell("cat /dev/zero", timeout=2))
        await asyncio.gather(*(ssh.perform(shell("echo")) for _ in range(8)))
        statm.seek(0)
        grown = (int(statm.read().split()[1]) - before) * os.sysconf("SC_PAGESIZE")
    assert grown < 24 << 20


async def test_exactly_the_cap_is_still_an_answer(ssh):
    assert 1 << 20 == len((await ssh.perform(shell("head -c 1048576 /dev/zero"))).stdout)


async def test_bytes_that_are_not_utf8_arrive_as_they_are(ssh):
    reply = await ssh.perform(shell(r"printf 'a\377\376b'"))
    assert b"a\xff\xfeb" == reply.stdout
    with pytest.raises(errors.NotUtf8):
        _ = reply.text


async def test_the_banner_of_sshd_is_not_part_of_an_answer(ssh):
    assert b"x\n" == (await ssh.perform(shell("echo x"))).stdout


@pytest.mark.skipif(os.geteuid() == 0 and shutil.which("sudo") is not None, reason="root is refused nothing by sudo")
async def test_a_refusal_of_sudo_is_not_allowed(ssh):
    """Where sudo is not installed, that is what is said; in neither case is it an answer."""
    with pytest.raises((errors.NotAllowed, errors.ToolMissing), match="sudo"):
        await ssh.perform(shell("exit 0", sudo=True))


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("sudo") is None, reason="needs root, and a sudo to ask as nobody")
def test_what_the_real_sudo_says_to_nobody_is_not_allowed():
    done = subprocess.run(["runuser", "-u", "nobody", "--", "sudo", "-n", "true"], capture_output=True, check=False)
    with pytest.raises(errors.NotAllowed, match="sudo"):
        interpret(
            shell("true", sudo=True),
            status=done.returncode,
            signal=None,
            stdout=done.stdout,
            stderr=done.stderr,
            started=0.0,
            ended=0.0,
            duration=0.0,
        )


# ----------------------------------------------------------------------------------------- the connection (6 - 10)


async def test_a_changed_host_key_shows_both_fingerprints_and_no_authentication_is_attempted(own_sshd):
    server = own_sshd("LogLevel DEBUG1")
    pinned = asyncssh.generate_private_key("ssh-ed25519")
    server.pin(pinned)
    ssh = Ssh({"h": server.endpoint}, SystemClock(), server.options())
    with pytest.raises(errors.HostKeyMismatch) as caught:
        await ssh.perform(LOGIN)
    for key in (server.host_key, pinned):
        assert fingerprint(key.public_data) in caught.value.detail
    await ssh.close()
    assert await asyncio.to_thread(wait_until, lambda: not server.sessions)
    assert "userauth-request" not in server.log
    server.pin()
    again = Ssh({"h": server.endpoint}, SystemClock(), server.options())
    await again.perform(LOGIN)
    assert "userauth-request" in server.log, "the log would have shown it"
    await again.close()


async def test_a_host_that_lost_the_pinned_kind_of_key_is_a_mismatch_too(own_sshd):
    server = own_sshd()
    server.pin(asyncssh.generate_private_key("ecdsa-sha2-nistp256"))
    ssh = Ssh({"h": server.endpoint}, SystemClock(), server.options())
    with pytest.raises(errors.HostKeyMismatch, match=r"presented ssh-ed25519 .* expected ecdsa"):
        await ssh.perform(LOGIN)
    await ssh.close()


async def test_an_unknown_host_key_is_shown_with_the_command_that_pins_it(own_sshd):
    server = own_sshd("LogLevel DEBUG1")
    server.pin(name="elsewhere")
    ssh = Ssh({"h": server.endpoint}, SystemClock(), server.options())
    with pytest.raises(errors.HostKeyUnknown) as caught:
        await ssh.perform(LOGIN)
    assert fingerprint(server.host_key.public_data) in caught.value.detail
    assert f"ssh-keyscan -p {server.port} 127.0.0.1 >> ~/.ssh/known_hosts" in caught.value.detail
    assert "userauth-request" not in server.log
    await ssh.close()


async def test_a_rejected_authentication_is_tried_once_for_all_reads(own_sshd):
    server = own_sshd(authorized=False)
    ssh = Ssh({"h": server.endpoint}, SystemClock(), server.options())
    results = await asyncio.gather(ssh.perform(LOGIN), ssh.perform(shell("echo")), return_exceptions=True)
    with pytest.raises(errors.AuthenticationRejected, match="SHA256:"):
        await ssh.perform(LOGIN)
    assert [errors.AuthenticationRejected] * 2 == [type(result) for result in results]
    assert 1 == server.connections
    await ssh.close()


async def test_a_key_with_a_passphrase_is_not_asked_for_but_named(own_sshd, tmp_path):
    server = own_sshd()
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(tmp_path / "locked", "pkcs8-pem", "x")
    options = server.options(identity_files=(tmp_path / "locked", tmp_path / "user_key"))
    ssh = Ssh({"h": server.endpoint}, SystemClock(), options)
    await ssh.perform(LOGIN)
    (note,) = ssh.notes
    assert "locked" in note
    await ssh.close()


async def test_an_sshd_that_freezes_after_the_login_is_a_lost_connection(own_sshd):
    server = own_sshd()
    ssh = Ssh({"h": server.endpoint}, SystemClock(), server.options(keepalive_interval=0.1, keepalive_count_max=2))
    await ssh.perform(LOGIN)
    running = asyncio.ensure_future(ssh.perform(shell("sleep 30", timeout=30)))
    await asyncio.to_thread(wait_until, lambda: any("sleep" in _name(pid) for pid in server.sessions))
    frozen = [pid for pid in descendants(server.process.pid) if "sshd" in _name(pid)]
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    since = time.monotonic()
    with pytest.raises(errors.ConnectionLost, match="keepalive"):
        await running
    assert time.monotonic() - since < 3
    with pytest.raises(errors.ConnectionLost):
        await ssh.perform(LOGIN)
    assert 1 == server.connections, "a lost connection is not made again within a run"
    await ssh.close()


def _name(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8") as comm:  # noqa: PTH123 - proc(5)
            return comm.read()
    except OSError:
        return ""


@pytest.mark.parametrize("allowed", [1, 2])
async def test_a_refused_channel_is_asked_again(own_sshd, allowed):
    server = own_sshd(f"MaxSessions {allowed}")
    ssh = Ssh({"h": server.endpoint}, SystemClock(), server.options())
    replies = await asyncio.gather(*(ssh.perform(shell(f"sleep 0.05; echo {number}")) for number in range(8)))
    assert [f"{number}\n".encode() for number in range(8)] == [reply.stdout for reply in replies]
    await ssh.close()


@pytest.mark.slow
async def test_a_host_that_allows_no_session_at_all_refuses_the_channel(own_sshd):
    server = own_sshd("MaxSessions 0")
    ssh = Ssh({"h": server.endpoint}, SystemClock(), server.options())
    with pytest.raises(errors.ChannelRefused):
        await ssh.perform(shell("echo"))
    await ssh.close()


async def test_a_cancelled_reader_does_not_take_the_login_from_the_others(own_sshd):
    server = own_sshd()
    ssh = Ssh({"h": server.endpoint}, SystemClock(), server.options())
    first, second = (asyncio.ensure_future(ssh.perform(LOGIN)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert server.user == (await second).user
    with pytest.raises(asyncio.CancelledError):
        await first
    assert 1 == server.connections
    await ssh.close()


# ------------------------------------------------------------------------------------------------ through a host


async def test_a_tunnel_carries_bytes_both_ways(ssh):
    async def upper(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((await reader.readexactly(5)).upper())
        writer.close()

    server = await asyncio.start_server(upper, "127.0.0.1", 0)
    tunnel = await ssh.open_tunnel("h", "127.0.0.1", server.sockets[0].getsockname()[1])
    await tunnel.write(b"hello")
    assert b"HE" == await tunnel.read(2)
    assert b"LLO" == await tunnel.read(100)
    assert b"" == await tunnel.read(100)
    await tunnel.close()
    await tunnel.close()
    server.close()


async def test_a_tunnel_pauses_a_peer_that_is_faster_than_its_reader(ssh):
    total = 8 << 20

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(bytes(total))
        writer.close()

    server = await asyncio.start_server(flood, "127.0.0.1", 0)
    tunnel = await ssh.open_tunnel("h", "127.0.0.1", server.sockets[0].getsockname()[1])
    received = 0
    while data := await tunnel.read(1 << 16):
        received += len(data)
        assert len(tunnel._buffer) < 4 << 20
    assert total == received
    await tunnel.close()
    server.close()


async def test_a_closed_port_on_the_host_is_refused(ssh):
    with pytest.raises(errors.ConnectRefused, match=r"from 127.0.0.1"):
        await ssh.open_tunnel("h", "127.0.0.1", 1)


async def test_an_sshd_that_forbids_forwarding_is_not_a_closed_port(own_sshd):
    server = own_sshd("AllowTcpForwarding no")
    ssh = Ssh({"h": server.endpoint}, SystemClock(), server.options())
    with pytest.raises(errors.NotAllowed, match="AllowTcpForwarding"):
        await ssh.open_tunnel("h", "127.0.0.1", 1)
    await ssh.close()


async def test_two_hosts_behind_a_jump_host_share_its_connection(shared_sshd, tmp_path):
    config = tmp_path / "config"
    config.write_text(
        f"Host one two\n HostName 127.0.0.1\n HostKeyAlias [127.0.0.1]:{shared_sshd.port}\n"
        f" ProxyJump {shared_sshd.user}@127.0.0.1:{shared_sshd.port}\n"
    )
    before = shared_sshd.connections
    users = {
        name: Endpoint(name=name, address=name, user=shared_sshd.user, port=shared_sshd.port) for name in ("one", "two")
    }
    ssh = Ssh(users, SystemClock(), shared_sshd.options(config_path=config))
    logins = await asyncio.gather(*(ssh.perform(SshLogin(host=name)) for name in users))
    assert ["127.0.0.1"] * 2 == [login.address for login in logins]
    # The jump host once; "one" and "two" resolve to the same way, and share one connection behind it as well.
    assert 2 == shared_sshd.connections - before
    await ssh.close()


async def test_a_host_that_refuses_behind_a_jump_host_is_a_closed_port(shared_sshd, tmp_path):
    config = tmp_path / "config"
    config.write_text(f"Host one\n HostName 127.0.0.1\n ProxyJump {shared_sshd.user}@127.0.0.1:{shared_sshd.port}\n")
    ssh = Ssh(
        {"h": Endpoint(name="h", address="one", user="x", port=1)},
        SystemClock(),
        shared_sshd.options(config_path=config),
    )
    with pytest.raises(errors.ConnectRefused, match=r"127.0.0.1:1 from 127.0.0.1"):
        await ssh.perform(LOGIN)
    await ssh.close()


async def test_a_key_that_only_the_agent_holds_is_used(own_sshd, tmp_path, monkeypatch):
    if not shutil.which("ssh-agent"):
        pytest.skip("no ssh-agent on this machine")
    server, socket = own_sshd(), tmp_path / "agent"
    # An agent full of other keys would run into MaxAuthTries; IdentitiesOnly picks the one that the file names.
    (tmp_path / "config").write_text(f"IdentityFile {tmp_path}/user_key\nIdentitiesOnly yes\nIdentityAgent {socket}\n")
    agent = subprocess.Popen(  # noqa: ASYNC220 - starts at once, and is waited for below
        ["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.DEVNULL
    )
    try:
        assert await asyncio.to_thread(wait_until, socket.exists)
        client = await asyncssh.connect_agent(str(socket))
        for key in (*(asyncssh.generate_private_key("ssh-ed25519") for _ in range(8)), _private(tmp_path)):
            await client.add_keys([key])
        client.close()
        (tmp_path / "user_key").unlink()
        ssh = Ssh(
            {"h": server.endpoint}, SystemClock(), server.options(identity_files=None, config_path=tmp_path / "config")
        )
        assert server.user == (await ssh.perform(LOGIN)).user
        assert 1 == server.connections
        await ssh.close()
    finally:
        agent.terminate()
        agent.wait(5)


def _private(directory) -> asyncssh.SSHKey:
    return asyncssh.read_private_key(directory / "user_key")
