"""A simulated host, asked by the production transport, by asyncssh's client and by OpenSSH's."""

import asyncio
import contextlib
import gc
import os
import shlex
import shutil
import socket
import stat
import time

import asyncssh
import pytest
from tests.support.servers import always, answer, closed_port, serve

from coldstart import errors
from coldstart.clock import SystemClock
from coldstart.drill.ssh_host import SERVER, SshHost
from coldstart.drill.ssh_keys import (
    SshEntry,
    known_hosts_line,
    make_keys,
    private_key,
    ssh_config,
    write_private,
)
from coldstart.drill.view import Said
from coldstart.drill.wrapping import limit_of
from coldstart.reads import BootId, Command, SshLogin
from coldstart.transport.argv import wrap
from coldstart.transport.base import Endpoint
from coldstart.transport.detour import Detours, Taken
from coldstart.transport.knownhosts import fingerprint
from coldstart.transport.ssh import Ssh, SshOptions

BOOT = "40eae070-1296-4dfb-8be8-6d9610331ec9\n"
KEYS = make_keys(("110", "188"))
HOSTNAME = Command(host="110", argv=("hostname",), timeout=10)
FROZEN = Command(host="110", argv=("nproc",), timeout=10)
LONG = Command(host="110", argv=("cat", "/proc/meminfo"), timeout=10)


class Stand:
    """A host, and what it is made of for a test."""

    def __init__(self, directory, **changes) -> None:
        self.directory = directory
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self.begun = asyncio.Event()
        """Set when a command has begun."""
        self.away = False
        """True: to ask the host now is a mistake of the server's."""
        self.slow = 0.0
        self.ports: dict[int, int] = {}
        given = {"port_of": self.ports.get, "slow": self.how_slow, "speed": 100.0}
        self.host = SshHost("110", "wooo", KEYS.hosts["110"], KEYS.user, self.say, **{**given, **changes})

    def how_slow(self):
        self.begun.set()
        return self.slow

    def say(self, host, argv):
        assert not self.away
        self.asked.append((host, tuple(argv)))
        match argv[-1]:
            case "hostname":
                return Said("host110\n")
            case "nproc":
                return Said(status=124)
            case "/proc/sys/kernel/random/boot_id":
                return Said(BOOT)
            case "/proc/meminfo":
                return Said("x" * 900_000)
            case "last":
                raise ZeroDivisionError
        return Said("über\n", f"{argv[-1]}: ‘no’\n", 3)

    def options(self, **changes):
        """Files of the host's as it is now."""
        (self.directory / "known_hosts").write_text(
            known_hosts_line("127.0.0.1", self.host.port, KEYS.hosts["110"])
            + known_hosts_line("192.168.0.110", 22, KEYS.hosts["110"])
        )
        key = self.directory / "id"
        if not key.exists():
            write_private(key, private_key(KEYS.user))
        known = self.directory / "known_hosts"
        return SshOptions(**{"config_path": None, "known_hosts": known, "identity_files": (key,), **changes})

    def transport(self, user="wooo", **changes):
        endpoint = Endpoint("110", "127.0.0.1", user, self.host.port)
        return Ssh({"110": endpoint}, SystemClock(), self.options(**changes))

    def client(self, **changes):
        """asyncssh's client, without the operator's files."""
        given = {
            "username": "wooo",
            "client_keys": [KEYS.user],
            "known_hosts": ([KEYS.hosts["110"].convert_to_public()], [], []),
        }
        fixed = {"config": None, "agent_path": None, "gss_host": None, "x509_trusted_certs": None}
        return asyncssh.connect("127.0.0.1", self.host.port, **{**fixed, **given, **changes})


@pytest.fixture
async def stand(tmp_path):
    made = Stand(tmp_path)
    await made.host.start()
    yield made
    await made.host.stop()


@pytest.fixture
async def ssh(stand):
    transport = stand.transport()
    yield transport
    await transport.close()


# --------------------------------------------------------------------------------------------- asked by production


async def test_a_login_shows_the_user_the_key_and_the_server_of_the_lab(ssh, stand):
    reply = await ssh.perform(SshLogin(host="110"))
    assert ("wooo", "127.0.0.1", stand.host.port) == (reply.user, reply.address, reply.port)
    assert fingerprint(KEYS.hosts["110"].public_data) == reply.host_key
    assert "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10" == f"SSH-2.0-{SERVER}" == reply.server


async def test_the_host_is_asked_in_the_words_that_production_sends(ssh, stand):
    assert b"host110\n" == (await ssh.perform(HOSTNAME)).stdout
    assert [("110", wrap(HOSTNAME))] == stand.asked


async def test_words_arrive_as_they_are_and_both_streams_and_the_status_go_back(stand):
    words = ("psql", "-c", "select 'a' || \"b\" -- $c")
    async with stand.client() as conn:
        done = await conn.run(shlex.join(words), encoding=None)
    assert [("110", words)] == stand.asked
    assert ("über\n".encode(), f"{words[-1]}: ‘no’\n".encode(), 3) == (done.stdout, done.stderr, done.exit_status)


async def test_a_long_answer_is_whole(ssh):
    assert 900_000 == len((await ssh.perform(LONG)).stdout)


async def test_the_boot_id_is_that_of_the_simulated_boot(ssh):
    assert BOOT.encode() == (await ssh.perform(BootId(host="110", moment="start"))).stdout


async def test_a_host_is_reached_at_its_own_address_by_a_detour(stand):
    taken = Taken(Detours.parse([f"192.168.0.110:22=127.0.0.1:{stand.host.port}"]))
    ssh = Ssh({"110": Endpoint("110", "192.168.0.110", "wooo")}, SystemClock(), stand.options(), taken)
    assert b"host110\n" == (await ssh.perform(HOSTNAME)).stdout
    await ssh.close()


async def test_a_tunnel_leads_to_the_real_port_of_a_service(ssh, stand):
    async with serve(always(answer(b"green"))) as served:
        stand.ports[9090] = served.port
        for name in ("127.0.0.1", "localhost"):
            tunnel = await ssh.open_tunnel("110", name, 9090)
            await tunnel.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            read = b""
            while data := await tunnel.read(65536):
                read += data
            assert answer(b"green") == read
            await tunnel.close()
        assert 2 == served.connections


async def test_a_tunnel_to_a_port_that_the_host_does_not_have_is_refused(ssh):
    with pytest.raises(errors.ConnectRefused):
        await ssh.open_tunnel("110", "127.0.0.1", 9090)


async def test_a_tunnel_to_a_service_that_is_down_is_refused_without_a_word_of_the_real_port(ssh, stand):
    with closed_port() as port:
        stand.ports[9090] = port
        with pytest.raises(errors.ConnectRefused) as caught:
            await ssh.open_tunnel("110", "127.0.0.1", 9090)
    assert "127.0.0.1:9090 from 127.0.0.1: Connection refused" == str(caught.value)


@pytest.mark.parametrize("place", ["192.168.0.188", "127.0.0.2", "example.com"])
async def test_a_tunnel_to_anywhere_else_is_forbidden(ssh, stand, place):
    stand.ports[80] = stand.host.port
    with pytest.raises(errors.NotAllowed):
        await ssh.open_tunnel("110", place, 80)


# -------------------------------------------------------------------------------------------------- who may do what


@pytest.mark.parametrize("user", ["root", "ollama", "WOOO"])
async def test_another_user_does_not_get_in(stand, user):
    ssh = stand.transport(user=user)
    with pytest.raises(errors.AuthenticationRejected):
        await ssh.perform(SshLogin(host="110"))
    await ssh.close()


async def test_another_key_does_not_get_in(stand, tmp_path):
    write_private(tmp_path / "other", private_key(KEYS.hosts["188"]))
    ssh = stand.transport(identity_files=(tmp_path / "other",))
    with pytest.raises(errors.AuthenticationRejected):
        await ssh.perform(SshLogin(host="110"))
    await ssh.close()


@pytest.mark.parametrize(
    "way",
    [
        {"client_keys": None},
        {"client_keys": None, "password": "wooo"},
        {"client_keys": None, "password": "", "preferred_auth": "keyboard-interactive"},
    ],
)
async def test_nobody_gets_in_without_a_key(stand, way):
    with pytest.raises(asyncssh.PermissionDenied):
        async with stand.client(**way):
            pass


async def test_only_keys_are_offered_as_a_way_in(stand):
    methods = await asyncssh.get_server_auth_methods("127.0.0.1", stand.host.port, username="wooo", config=None)
    assert ["publickey"] == list(methods)


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda conn: conn.create_process(), id="shell"),
        pytest.param(lambda conn: conn.create_process("hostname", request_pty="force"), id="terminal"),
        pytest.param(lambda conn: conn.create_process(subsystem="netconf"), id="subsystem"),
        pytest.param(lambda conn: conn.start_sftp_client(), id="sftp"),
    ],
)
async def test_what_is_no_command_is_refused_and_the_connection_stays(stand, ask):
    async with stand.client() as conn:
        with pytest.raises(asyncssh.ChannelOpenError):
            await ask(conn)
        assert [] == stand.asked
        assert "host110\n" == (await conn.run("hostname")).stdout


async def test_ports_are_not_forwarded_back(stand):
    async with stand.client() as conn:
        with pytest.raises(asyncssh.ChannelListenError):
            await conn.forward_remote_port("127.0.0.1", 0, "127.0.0.1", stand.host.port)


async def test_the_agent_is_not_there_for_the_host(stand):
    async with stand.client(agent_forwarding=True) as conn:
        assert "host110\n" == (await conn.run("hostname")).stdout


async def test_a_line_that_is_no_words_is_a_syntax_error(stand):
    async with stand.client() as conn:
        done = await conn.run("echo 'x")
    assert (2, "") == (done.exit_status, done.stdout)
    assert done.stderr.startswith("bash: -c: line 1: unexpected EOF")
    assert [] == stand.asked


async def test_a_fault_of_the_simulation_is_told_and_is_no_answer(stand, ssh):
    told: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: told.append(context["exception"]))
    async with stand.client() as conn:
        done = await conn.run("last")
    assert done.exit_status is None
    assert [ZeroDivisionError] == [type(error) for error in told]


# ------------------------------------------------------------------------------------------------------------- time


async def test_a_slow_host_takes_its_time_by_the_clock_of_the_drill(stand, ssh):
    stand.slow = 9.0
    await ssh.perform(SshLogin(host="110"))
    since = time.monotonic()
    assert b"host110\n" == (await ssh.perform(HOSTNAME)).stdout
    assert 0.09 <= time.monotonic() - since < 2


async def test_a_host_that_is_too_slow_for_a_command_is_timed_out_and_not_even_asked(stand, ssh):
    stand.slow = 10.0
    await ssh.perform(SshLogin(host="110"))
    since = time.monotonic()
    with pytest.raises(errors.RemoteTimeout):
        await ssh.perform(HOSTNAME)
    assert 0.1 <= time.monotonic() - since < 2
    assert [] == stand.asked


@pytest.mark.parametrize("slow", [0.0, 6.0])
async def test_what_never_answers_is_ended_when_its_time_is_over(stand, ssh, slow):
    stand.slow = slow
    await ssh.perform(SshLogin(host="110"))
    since = time.monotonic()
    with pytest.raises(errors.RemoteTimeout):
        await ssh.perform(FROZEN)
    assert 0.1 <= time.monotonic() - since < 2


async def test_what_never_answers_is_waited_for_where_nothing_ends_it(stand):
    async with stand.client() as conn:
        process = await conn.create_process("nproc")
        await stand.begun.wait()
        with pytest.raises(TimeoutError):
            await process.wait(timeout=0.2)
        assert [1] == [len(stand.host._running)]
        process.channel.abort()
        await process.channel.wait_closed()


@pytest.mark.parametrize(
    ("expected", "line"),
    [
        (10.0, "env LC_ALL=C TERM=dumb timeout --kill-after=2 10 hostname"),
        (0.5, "env LC_ALL=C sudo -n -- timeout --kill-after=2 0.5 dmesg"),
        (5.0, "timeout 5s docker ps"),
        (None, "hostname"),
        (None, ""),
        (None, "docker timeout 5"),
        (None, "timeout"),
        (None, "timeout soon hostname"),
    ],
)
def test_the_limit_is_that_of_the_timeout_around_the_command(expected, line):
    assert expected == limit_of(line.split())


# ---------------------------------------------------------------------------------------------------- there or not


def refused(port):
    with socket.socket() as sock:
        sock.settimeout(2)
        try:
            sock.connect(("127.0.0.1", port))
        except ConnectionRefusedError:
            return True
    return False


async def test_a_power_cut_in_the_middle_of_a_command_is_a_lost_connection_at_once(stand, ssh):
    stand.slow = 900.0
    await ssh.perform(SshLogin(host="110"))
    command = Command(host="110", argv=("hostname",), timeout=1000)
    running = asyncio.ensure_future(ssh.perform(command))
    await stand.begun.wait()
    (task,) = stand.host._running
    since = time.monotonic()
    await stand.host.follow(listening=False)
    assert task.cancelled()
    with pytest.raises(errors.ConnectionLost):
        await asyncio.wait_for(running, 5)
    assert time.monotonic() - since < 2, "sooner than keepalive would tell, which takes 4 s"
    assert refused(stand.host.port)
    assert [] == stand.asked


async def test_a_power_cut_ends_tunnels_too(stand, ssh):
    asked, gone = asyncio.Event(), asyncio.Event()

    async def hold(talk):
        asked.set()
        await talk.gone()
        gone.set()

    async with serve(hold) as served:
        stand.ports[9090] = served.port
        tunnel = await ssh.open_tunnel("110", "127.0.0.1", 9090)
        await tunnel.write(b"GET / HTTP/1.1\r\n\r\n")
        await asked.wait()
        await stand.host.follow(listening=False)
        with pytest.raises(errors.ConnectionLost):
            await asyncio.wait_for(tunnel.read(1), 5)
        await asyncio.wait_for(gone.wait(), 2)


async def test_nobody_says_goodbye_in_a_power_cut(stand):
    lost: list[Exception | None] = []

    class Client(asyncssh.SSHClient):
        def connection_lost(self, exc):
            lost.append(exc)

    async with stand.client(client_factory=Client) as conn:
        await stand.host.follow(listening=False)
        await asyncio.wait_for(conn.wait_closed(), 5)
    assert [asyncssh.ConnectionLost] == [type(exc) for exc in lost]


async def test_a_host_that_comes_back_is_at_the_same_port(stand):
    port = stand.host.port
    for _ in range(3):
        await stand.host.follow(listening=False)
        assert refused(port)
        await stand.host.follow(listening=True)
        ssh = stand.transport()
        assert b"host110\n" == (await ssh.perform(HOSTNAME)).stdout
        await ssh.close()
    assert port == stand.host.port


async def test_to_follow_twice_changes_nothing(stand, ssh):
    await stand.host.follow(listening=True)
    await ssh.perform(SshLogin(host="110"))
    await stand.host.follow(listening=True)
    assert b"host110\n" == (await ssh.perform(HOSTNAME)).stdout
    await stand.host.follow(listening=False)
    await stand.host.follow(listening=False)
    assert refused(stand.host.port)


async def test_nobody_else_is_given_the_port_of_a_host_that_is_away(stand):
    await stand.host.follow(listening=False)
    port = stand.host.port
    with socket.socket() as thief, pytest.raises(OSError, match="Address already in use"):
        thief.bind(("127.0.0.1", port))
    with contextlib.ExitStack() as stack:
        taken = set()
        for _ in range(200):
            sock = stack.enter_context(socket.socket())
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(("127.0.0.1", 0))
            taken.add(sock.getsockname()[1])
    assert port not in taken


async def test_a_host_may_begin_away(tmp_path):
    stand = Stand(tmp_path)
    await stand.host.start(listening=False)
    assert refused(stand.host.port)
    await stand.host.follow(listening=True)
    assert not refused(stand.host.port)
    await stand.host.stop()


@pytest.mark.parametrize("turns", range(6))
async def test_who_connects_in_the_moment_in_which_a_host_goes_away_is_cut_off(stand, turns):
    """Whichever turn of the loop it is, of the few that asyncio takes for accepting a connection."""
    loop = asyncio.get_running_loop()
    told: list[object] = []
    loop.set_exception_handler(lambda loop, context: told.append(context))
    loop.set_debug(True)  # else asyncio keeps a failed accept to itself
    for _ in range(10):
        with socket.create_connection(("127.0.0.1", stand.host.port)) as sock:
            sock.settimeout(0)
            for _ in range(turns):
                await asyncio.sleep(0)
            await stand.host.follow(listening=False)
            await stand.host.follow(listening=True)
            with contextlib.suppress(ConnectionResetError):
                async with asyncio.timeout(2):
                    while await loop.sock_recv(sock, 4096):
                        pass
    with socket.create_connection(("127.0.0.1", stand.host.port)):
        for _ in range(turns):
            await asyncio.sleep(0)
        await stand.host.stop()
        for _ in range(6):
            assert set() == stand.host._connections
            await asyncio.sleep(0)
    gc.collect()
    assert [] == told


async def test_who_connects_in_the_moment_in_which_a_host_comes_back_gets_in(stand):
    loop = asyncio.get_running_loop()
    for _ in range(3):
        await stand.host.follow(listening=False)
        coming = asyncio.ensure_future(stand.host.follow(listening=True))
        async with asyncio.timeout(5):
            while (sock := connected(stand.host.port)) is None:  # noqa: ASYNC110 - only the kernel knows when
                await asyncio.sleep(0)
            with sock:
                assert b"SSH-2.0" == await loop.sock_recv(sock, 7)
            await coming


def connected(port):
    sock = socket.socket()
    try:
        sock.connect(("127.0.0.1", port))
    except ConnectionRefusedError:
        sock.close()
        return None
    sock.settimeout(0)
    return sock


async def test_a_host_that_is_away_is_not_asked_anything(stand):
    """Whichever turn of the loop it is, from the request for a command to its answer."""
    told: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: told.append(context["exception"]))
    for turns in range(24):
        async with stand.client() as conn:
            running = asyncio.ensure_future(conn.run("hostname"))
            for _ in range(turns):
                await asyncio.sleep(0)
            stand.away = True
            await stand.host.follow(listening=False)
            await asyncio.wait([running], timeout=5)
            assert running.done()
            running.exception()
        stand.away = False
        await stand.host.follow(listening=True)
    assert 0 < len(stand.asked) < 24, "some of them before the host went away, some not"
    assert [] == told


async def test_many_lives_leak_no_descriptor_and_no_task(tmp_path):
    async def live():
        stand = Stand(tmp_path)
        await stand.host.start()
        async with serve(always(answer())) as served:
            stand.ports[80] = served.port
            ssh = stand.transport()
            await ssh.perform(HOSTNAME)
            await ssh.open_tunnel("110", "127.0.0.1", 80)
            stand.slow = 900.0
            stand.begun.clear()
            running = asyncio.ensure_future(ssh.perform(Command(host="110", argv=("hostname",), timeout=1000)))
            await stand.begun.wait()
            await stand.host.stop()
            with pytest.raises(errors.ConnectionLost):
                await asyncio.wait_for(running, 5)
            await ssh.close()

    def left():
        gc.collect()
        return len(os.listdir("/proc/self/fd")), len(asyncio.all_tasks())  # noqa: PTH208 - of this process, no path

    await live()
    before = left()
    for _ in range(50):
        await live()
    assert before == left()


async def test_a_command_that_still_comes_in_while_a_host_goes_away_is_ended(stand):
    await stand.host.follow(listening=False)
    stand.away = True
    task = stand.host.run("hostname", None)
    await asyncio.wait([task], timeout=5)
    assert task.cancelled()


async def test_a_second_stop_does_nothing(stand):
    await stand.host.stop()
    await stand.host.stop()
    assert refused(stand.host.port)


# -------------------------------------------------------------------------------------------------- keys and OpenSSH


def test_keys_are_new_and_one_for_each():
    again = make_keys(("110", "188"))
    keys = [*KEYS.hosts.values(), KEYS.user, *again.hosts.values(), again.user]
    assert {"ssh-ed25519"} == {key.get_algorithm() for key in keys}
    assert 6 == len({key.public_data for key in keys})


def test_a_private_key_is_for_its_owner_alone_and_is_not_written_over(tmp_path):
    path = tmp_path / "id"
    write_private(path, private_key(KEYS.user))
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert KEYS.user == asyncssh.read_private_key(path)
    with pytest.raises(FileExistsError):
        write_private(path, "")


def test_a_known_host_has_its_port_where_it_is_not_the_usual_one():
    kind, blob = KEYS.user.export_public_key().decode().split()[:2]
    assert f"[127.0.0.1]:2022 {kind} {blob}\n" == known_hosts_line("127.0.0.1", 2022, KEYS.user)
    assert f"192.168.0.110 {kind} {blob}\n" == known_hosts_line("192.168.0.110", 22, KEYS.user)


def test_the_configuration_has_a_block_for_each_host(tmp_path):
    entry = SshEntry(("192.168.0.110", "110"), 2022, "wooo", tmp_path / "a b" / "id", tmp_path / "50%" / "known")
    expected = f"""\
Host 192.168.0.110 110
    HostName 127.0.0.1
    Port 2022
    User wooo
    IdentityFile "{tmp_path}/a b/id"
    IdentitiesOnly yes
    UserKnownHostsFile "{tmp_path}/50%%/known"
    StrictHostKeyChecking yes
"""
    assert expected == ssh_config([entry])
    assert f"{expected}\n{expected}" == ssh_config([entry, entry])


@pytest.mark.parametrize("name", ['a"b', "a\nb", "a\\b", "${HOME}"])
def test_a_path_that_the_configuration_cannot_have_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match="no way to write"):
        ssh_config([SshEntry(("h",), 1, "u", tmp_path / name, tmp_path)])


needs_ssh = pytest.mark.skipif(shutil.which("ssh") is None, reason="no OpenSSH client on this machine")


async def openssh(stand, *words):
    """The real client, with the drill's files and none of the operator's."""
    directory = stand.directory / "of the 50% drill"
    directory.mkdir()
    write_private(directory / "id", private_key(KEYS.user))
    (directory / "known_hosts").write_text(known_hosts_line("127.0.0.1", stand.host.port, KEYS.hosts["110"]))
    entry = SshEntry(("192.168.0.110", "110"), stand.host.port, "wooo", directory / "id", directory / "known_hosts")
    (directory / "config").write_text(ssh_config([entry]))
    process = await asyncio.create_subprocess_exec(
        "ssh",
        "-F",
        str(directory / "config"),
        "-o",
        "BatchMode=yes",
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), 10)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    return process.returncode, out.decode(), err.decode()


@needs_ssh
@pytest.mark.parametrize("name", ["110", "192.168.0.110"])
async def test_openssh_gets_an_answer(stand, name):
    assert (0, "host110\n", "") == await openssh(stand, name, "hostname")


@needs_ssh
async def test_openssh_does_not_connect_to_a_host_with_another_key(stand, monkeypatch):
    monkeypatch.setitem(KEYS.hosts, "110", KEYS.hosts["188"])
    status, out, err = await openssh(stand, "110", "hostname")
    assert (255, "") == (status, out)
    assert "Host key verification failed" in err
    assert [] == stand.asked


@needs_ssh
async def test_openssh_gets_both_streams_and_the_status(stand):
    assert (3, "über\n", "what: ‘no’\n") == await openssh(stand, "110", "what")


@needs_ssh
async def test_openssh_gets_no_shell(stand):
    assert (255, "", "shell request failed on channel 0\r\n") == await openssh(stand, "-T", "110")


@needs_ssh
async def test_openssh_gets_no_terminal(stand):
    status, out, err = await openssh(stand, "-tt", "110")
    assert (255, "") == (status, out)
    assert "PTY allocation request failed" in err


@needs_ssh
async def test_openssh_does_not_get_in_as_another_user(stand):
    status, out, err = await openssh(stand, "-l", "root", "110", "hostname")
    assert (255, "") == (status, out)
    assert "Permission denied (publickey)" in err
