"""Connections that are kept from one attempt to the next: used while they are good, and never a claim of their own."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import asyncssh
import pytest
from tests.support import servers
from tests.support.servers import closed_port
from tests.support.shells import TEST_SHAPES, shell
from tests.support.ssh_servers import Lab, Proxy, saying

from coldstart import errors, shapes
from coldstart.clock import SystemClock
from coldstart.reads import BootId, SshLogin
from coldstart.transport.base import Endpoint
from coldstart.transport.detour import Detours, Taken
from coldstart.transport.ssh import Ssh
from coldstart.transport.sshkeep import Kept

LOGIN = SshLogin(host="h")
BOOT = BootId(host="h", moment="start")
WATCHFUL = {"keepalive_interval": 0.1, "keepalive_count_max": 2}
QUICK = {"connect_timeout": 0.4, "login_timeout": 0.4}


@pytest.fixture(autouse=True)
def shells(monkeypatch):
    monkeypatch.setattr(shapes, "SHAPES", TEST_SHAPES)


@pytest.fixture
def lab(tmp_path):
    return Lab(tmp_path)


@pytest.fixture
def names(monkeypatch):
    return servers.name_addresses(monkeypatch)


@pytest.fixture
async def kept():
    shelf = Kept()
    yield shelf
    await shelf.close()


@pytest.fixture
def attempt(lab: Lab, kept: Kept):
    """An attempt of a watch: a transport of its own, and what the attempts share."""

    @contextlib.asynccontextmanager
    async def begin(port: int | None = None, *, endpoint=None, taken=None, **options) -> AsyncIterator[Ssh]:
        ssh = Ssh({"h": endpoint or lab.endpoint(port)}, SystemClock(), lab.options(**options), taken, kept)
        try:
            yield ssh
        finally:
            await ssh.close()

    return begin


async def answers(process) -> None:
    process.stdout.write(b"yes\n")
    process.exit(0)


class CutLines(Proxy):
    """A proxy that can go silent on the connections of now, while new ones pass."""

    def __init__(self, target: int) -> None:
        super().__init__(target)
        self._dead: set[asyncio.StreamWriter] = set()

    def cut(self) -> None:
        """What is connected now falls silent: the host lost its power, and came back."""
        self._dead.update(self._writers)

    async def _pump(self, reader, writer, *, back=False) -> None:
        while data := await reader.read(1 << 16):
            if not self.silent and writer not in self._dead:
                writer.write(data)
                await writer.drain()


# ---------------------------------------------------------------------------------------------------- while it is good


async def test_a_healthy_connection_is_used_by_the_next_attempt(lab, attempt):
    async with lab.serving(process=answers):
        for _ in range(3):
            async with attempt() as ssh:
                assert b"yes\n" == (await ssh.perform(shell("x"))).stdout
    assert 1 == lab.attempts


async def test_without_anything_that_keeps_it_every_run_logs_in(lab):
    async with lab.serving(process=answers):
        for _ in range(3):
            ssh = Ssh({"h": lab.endpoint()}, SystemClock(), lab.options())
            await ssh.perform(shell("x"))
            await ssh.close()
    assert 3 == lab.attempts


async def test_a_login_on_a_kept_connection_says_since_when_it_is_there(lab, attempt):
    async with lab.serving(process=answers):
        async with attempt() as ssh:
            first = await ssh.perform(LOGIN)
        async with attempt() as ssh:
            second = await ssh.perform(LOGIN)
    assert first.kept_since is None
    assert first.started <= second.kept_since <= first.ended
    assert second.started >= first.ended
    assert (first.user, first.address, first.port, first.host_key, first.server) == (
        second.user,
        second.address,
        second.port,
        second.host_key,
        second.server,
    )


async def test_every_attempt_asks_anew_what_it_asks(lab, attempt):
    asked = []

    async def counts(process) -> None:
        asked.append(process.command)
        process.stdout.write(f"{len(asked)}".encode())
        process.exit(0)

    async with lab.serving(process=counts):
        async with attempt() as ssh:
            first = await ssh.perform(BOOT)
        async with attempt() as ssh:
            second = await ssh.perform(BOOT)
    assert b"1" == first.stdout
    assert b"3" == second.stdout  # the second question was whether the connection still carries one


async def test_a_connection_that_nobody_needs_in_one_attempt_is_there_in_the_next(lab, attempt, kept):
    async with lab.serving(process=answers):
        async with attempt() as ssh:
            await ssh.perform(shell("x"))
        async with attempt():
            assert 1 == len(kept)
        async with attempt() as ssh:
            await ssh.perform(shell("x"))
    assert 1 == lab.attempts


async def test_an_earlier_refusal_of_channels_does_not_narrow_the_next_attempt(lab, attempt):
    async with lab.serving(process=answers):
        async with attempt() as ssh:
            await ssh.perform(shell("x"))
            (wire,) = ssh._connections.made()
            async with wire.slots.one(), wire.slots.one():
                assert wire.slots.refused()
            assert 1 == wire.slots._limit
        async with attempt() as ssh:
            await ssh.perform(shell("x"))
            assert [4] == [one.slots._limit for one in ssh._connections.made()]


async def test_a_detour_is_named_by_every_attempt_that_rests_on_it(lab, attempt):
    async with lab.serving(process=answers):
        meant = Endpoint(name="h", address="127.9.9.9", user="ops", port=lab.port)
        detours = Detours.parse([f"127.9.9.9:{lab.port}=127.0.0.1:{lab.port}"])
        (lab.directory / "known_hosts").write_text(
            f"[127.9.9.9]:{lab.port} {lab.host_key.export_public_key().decode()}"
        )
        for _ in range(2):
            taken = Taken(detours)
            async with attempt(endpoint=meant, taken=taken) as ssh:
                await ssh.perform(shell("x"))
            assert (f"connect-to: 127.9.9.9:{lab.port} was reached at 127.0.0.1:{lab.port}",) == taken.notes
        taken = Taken(detours)
        async with attempt(endpoint=meant, taken=taken):
            pass
        assert (f"connect-to: 127.9.9.9:{lab.port} was not asked for",) == taken.notes
    assert 1 == lab.attempts


async def test_at_the_end_nothing_is_open(lab, attempt, kept):
    async with lab.serving(process=answers):
        async with attempt() as ssh:
            await ssh.perform(shell("x"))
            (wire,) = ssh._connections.made()
        assert ("", 1) == (wire.lost, len(kept))
        await kept.close()
        assert wire.lost
        assert 0 == len(kept)


# ------------------------------------------------------------------------------------------------- what is not kept


async def test_a_login_that_was_rejected_is_tried_again_by_the_next_attempt_and_not_in_this_one(lab, attempt):
    async with lab.serving(accept=False):
        for expected in (1, 2):
            async with attempt() as ssh:
                for _ in range(3):
                    with pytest.raises(errors.AuthenticationRejected):
                        await ssh.perform(LOGIN)
            assert expected == lab.attempts


async def test_a_key_that_the_operator_pins_in_between_is_heard(lab, attempt):
    async with lab.serving(process=answers, pin=False):
        async with attempt() as ssh:
            with pytest.raises(errors.HostKeyUnknown):
                await ssh.perform(LOGIN)
        lab.pin()
        async with attempt() as ssh:
            assert (await ssh.perform(LOGIN)).kept_since is None


@pytest.mark.parametrize("change", ["another", "gone", "revoked"])
async def test_a_host_key_that_is_no_longer_trusted_ends_the_connection(lab, attempt, change):
    async with lab.serving(process=answers):
        async with attempt() as ssh:
            await ssh.perform(LOGIN)
        known = lab.directory / "known_hosts"
        if change == "another":
            lab.pin(key=asyncssh.generate_private_key("ssh-ed25519"))
        elif change == "gone":
            known.write_text("")
        else:
            known.write_text(known.read_text() + f"@revoked * {lab.host_key.export_public_key().decode()}")
        async with attempt() as ssh:
            with pytest.raises(errors.HostKeyUnknown if change == "gone" else errors.HostKeyMismatch):
                await ssh.perform(shell("x"))
    assert 1 == lab.attempts


async def test_another_route_is_another_connection_and_the_old_one_is_dropped(lab, attempt, kept):
    async with lab.serving(process=answers):
        async with attempt() as ssh:
            await ssh.perform(shell("x"))
            (old,) = ssh._connections.made()
        elsewhere = Endpoint(name="h", address="127.0.0.1", user="somebody", port=lab.port)
        async with attempt(endpoint=elsewhere) as ssh:
            assert "somebody" == (await ssh.perform(LOGIN)).user
        assert old.lost
        assert 1 == len(kept)


async def test_a_connection_on_which_a_command_was_given_up_is_not_kept(lab, attempt, kept):
    hang = asyncio.Event()

    async def hangs(process) -> None:
        hang.set()
        await asyncio.Event().wait()

    async with lab.serving(process=hangs):
        async with attempt() as ssh:
            running = asyncio.ensure_future(ssh.perform(shell("x", timeout=60)))
            await hang.wait()
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
        assert 0 == len(kept)


async def test_a_connection_on_which_a_tunnel_did_not_open_in_time_is_not_kept(lab, attempt, kept):
    async def never(*_):
        await asyncio.Event().wait()

    async with lab.serving(process=answers, tunnel=never()):
        async with attempt(connect_timeout=0.2) as ssh:
            with pytest.raises(errors.ConnectTimedOut):
                await ssh.open_tunnel("h", "192.0.2.1", 80)
        assert 0 == len(kept)


async def test_a_connection_that_was_made_in_a_second_way_is_not_kept(lab, attempt, kept, names):
    names("h.test", "::1", "127.0.0.1")
    async with lab.serving(process=answers):
        (lab.directory / "known_hosts").write_text(f"[h.test]:{lab.port} {lab.host_key.export_public_key().decode()}")
        second = Endpoint(name="h", address="h.test", user="ops", port=lab.port)
        async with attempt(endpoint=second) as ssh:
            assert ["IPv6 address ::1 failed (refused), used IPv4 127.0.0.1"] == list(
                (await ssh.perform(LOGIN)).cautions
            )
        assert 0 == len(kept)


# ---------------------------------------------------------------------------------------------- what became of it since


async def test_a_connection_that_was_closed_in_between_is_made_anew(lab, attempt):
    async with lab.serving(process=answers):
        async with attempt() as ssh:
            await ssh.perform(LOGIN)
        lab.hang_up()
        async with attempt() as ssh:
            assert b"yes\n" == (await ssh.perform(shell("x"))).stdout
            assert (await ssh.perform(LOGIN)).kept_since is None
    assert 2 == lab.attempts


async def test_a_host_that_lost_its_power_unnoticed_is_logged_in_to_anew_in_the_same_attempt(lab, attempt):
    async with lab.serving(process=answers), CutLines(lab.port).serving() as line:
        lab.pin(line.port)
        async with attempt(line.port, **WATCHFUL) as ssh:
            await ssh.perform(LOGIN)
            line.cut()
        async with attempt(line.port, **WATCHFUL) as ssh:
            login, *commands = await asyncio.gather(
                ssh.perform(LOGIN), ssh.perform(BOOT), *(ssh.perform(shell(f"{number}")) for number in range(6))
            )
        assert login.kept_since is None
        assert [b"yes\n"] * 7 == [command.stdout for command in commands]
    assert 2 == lab.attempts


async def test_a_line_that_is_silent_for_new_connections_too_is_a_lost_connection_and_is_dialled_once(lab, attempt):
    async with lab.serving(process=answers), Proxy(lab.port).serving() as line:
        lab.pin(line.port)
        async with attempt(line.port, **WATCHFUL) as ssh:
            await ssh.perform(LOGIN)
        line.silent = True
        before = len(line._writers)
        async with attempt(line.port, **WATCHFUL, **QUICK) as ssh:
            for read in (LOGIN, BOOT, shell("x")):
                with pytest.raises(
                    errors.ConnectionLost, match=r"keepalive.*connected again: .* no login within 0.4 s"
                ):
                    await ssh.perform(read)
        assert 2 == len(line._writers) - before  # both ends of one connection
        line.silent = False
        async with attempt(line.port) as ssh:
            assert (await ssh.perform(LOGIN)).kept_since is None


async def test_what_is_lost_after_it_carried_a_command_in_this_attempt_stays_lost(lab, attempt):
    async with lab.serving(process=answers):
        async with attempt() as ssh:
            await ssh.perform(LOGIN)
        async with attempt() as ssh:
            await ssh.perform(shell("x"))
            lab.hang_up()
            for read in (shell("y"), LOGIN):
                with pytest.raises(errors.ConnectionLost):
                    await ssh.perform(read)
    assert 1 == lab.attempts


async def test_a_kept_connection_without_a_free_channel_gives_way_to_a_new_one(lab, attempt):
    """As sshd refuses beyond MaxSessions: what an earlier command left behind there counts on the old one only."""

    async def session(_stdin, stdout, _stderr):
        stdout.write(b"yes\n")
        stdout.channel.exit(0)

    free = iter((False, session))
    async with lab.serving(session=lambda: next(free)):
        async with attempt() as ssh:
            await ssh.perform(LOGIN)
        async with attempt() as ssh:
            assert b"yes\n" == (await ssh.perform(shell("x"))).stdout
    assert 2 == lab.attempts


async def test_an_attempt_that_is_ended_while_a_kept_connection_is_looked_at_leaves_it_nowhere(lab, attempt, kept):
    hang, looked = False, asyncio.Event()

    async def hangs_later(process) -> None:
        if hang:
            looked.set()
            await asyncio.Event().wait()
        process.exit(0)

    async with lab.serving(process=hangs_later):
        async with attempt() as ssh:
            await ssh.perform(shell("x"))
            (wire,) = ssh._connections.made()
        hang = True
        async with attempt() as ssh:
            running = asyncio.ensure_future(ssh.perform(LOGIN))
            await looked.wait()
        with pytest.raises(errors.Interrupted):
            await running
        assert wire.lost
        assert 0 == len(kept)


# ----------------------------------------------------------------------------------------------------- does it greet?


@pytest.mark.parametrize(
    ("server", "error", "said"),
    [
        ((b"", False), errors.LoginTimedOut, "not greeted within 0.4 s; it sent no SSH banner"),
        ((b"SSH-2.0-cut", False), errors.LoginTimedOut, "it sent 'SSH-2.0-cut'"),
        ((b"", True), errors.ConnectionLost, "not greeted: closed by the server; it sent no SSH banner"),
        ((b"Exceeded MaxStartups\r\n", True), errors.ConnectionLost, "it sent 'Exceeded MaxStartups"),
        ((b"220 mail ready\r\n" * 2000, False), errors.ProtocolBroken, "something else than SSH; it sent '220 mail"),
    ],
)
async def test_a_kept_login_that_new_connections_do_not_get_is_none(lab, attempt, server, error, said):
    """The detour leads the second attempt's new connection elsewhere; the kept one stays where it is."""
    async with lab.serving(process=answers), saying(server[0], then_close=server[1]) as other:
        async with attempt() as ssh:
            await ssh.perform(LOGIN)
        taken = Taken(Detours.parse([f"127.0.0.1:{lab.port}=127.0.0.1:{other}"]))
        async with attempt(taken=taken, connect_timeout=0.4) as ssh:
            with pytest.raises(error, match=said):
                await ssh.perform(LOGIN)
            assert b"yes\n" == (await ssh.perform(shell("x"))).stdout


async def test_a_kept_login_whose_port_is_closed_now_is_a_closed_port(lab, attempt):
    async with lab.serving(process=answers):
        async with attempt() as ssh:
            await ssh.perform(LOGIN)
        with closed_port() as other:
            taken = Taken(Detours.parse([f"127.0.0.1:{lab.port}=127.0.0.1:{other}"]))
            async with attempt(taken=taken) as ssh:
                with pytest.raises(errors.ConnectRefused):
                    await ssh.perform(LOGIN)


async def test_lines_before_the_identification_string_are_passed_over(lab, attempt):
    async with lab.serving(process=answers), saying(b"welcome\r\nto h\r\nSSH-2.0-x\r\n") as other:
        async with attempt() as ssh:
            await ssh.perform(LOGIN)
        taken = Taken(Detours.parse([f"127.0.0.1:{lab.port}=127.0.0.1:{other}"]))
        async with attempt(taken=taken) as ssh:
            assert (await ssh.perform(LOGIN)).kept_since


async def test_a_second_way_to_be_greeted_is_a_caution(lab, attempt, names):
    async with lab.serving(process=answers):
        (lab.directory / "known_hosts").write_text(f"[h.test]:{lab.port} {lab.host_key.export_public_key().decode()}")
        named = Endpoint(name="h", address="h.test", user="ops", port=lab.port)
        names("h.test", "127.0.0.1")
        async with attempt(endpoint=named) as ssh:
            assert () == (await ssh.perform(LOGIN)).cautions
        names("h.test", "::1", "127.0.0.1")
        async with attempt(endpoint=named) as ssh:
            again = await ssh.perform(LOGIN)
    assert ("IPv6 address ::1 failed (refused), used IPv4 127.0.0.1",) == again.cautions
    assert again.kept_since
