"""Rows 5 to 10, 13 and 14: an SSH server that is there, and does not do what it should. All but row 5 real sshds."""

import asyncio
import contextlib
import os
import signal
import time

import asyncssh
import pytest
from tests.support.faults import ask, stack, told
from tests.support.ssh_servers import Proxy, saying
from tests.support.sshd import descendants, wait_until

from coldstart.clock import SystemClock
from coldstart.reason import Reason
from coldstart.transport.knownhosts import fingerprint
from coldstart.transport.sshroute import SshOptions

pytestmark = pytest.mark.sshd

LOGIN = ask("login", "ssh_login")
LOAD = ask("load", "load_per_core", below=1000, window="1m")
MEMORY = ask("memory", "memory_available", at_least="1MiB")
WATCHFUL = {"keepalive_interval": 0.1, "keepalive_count_max": 2}


@pytest.mark.fault(5)
@pytest.mark.parametrize(
    ("banner", "said"),
    [(b"", "it sent no SSH banner"), (b"SSH-2.0-OpenSSH_9.2\r\n", "it sent the banner 'SSH-2.0-OpenSSH_9.2'")],
)
async def test_5_a_server_that_accepts_and_is_silent_is_a_login_timeout(banner, said):
    async with saying(banner) as port:
        hosts = {"h": {"address": "127.0.0.1", "port": port, "user": "ops"}}
        ssh = SshOptions(config_path=None, identity_files=(), login_timeout=0.3)
        seen = await told(stack(LOGIN, LOAD, hosts=hosts), ssh=ssh)
    for check in ("login", "load"):
        seen.says(check, "unobserved", Reason.LOGIN_TIMEOUT, "no login within 0.3 s", said)


@pytest.mark.fault(6)
async def test_6_a_changed_host_key_shows_both_fingerprints_and_nobody_authenticates(start_sshd, hosts_of):
    server = start_sshd("LogLevel DEBUG1")
    pinned = asyncssh.generate_private_key("ssh-ed25519")
    server.pin(pinned)
    seen = await told(stack(LOGIN, LOAD, hosts=hosts_of(server)), ssh=server.options())
    both = [fingerprint(key.public_data) for key in (pinned, server.host_key)]
    seen.says("login", "unobserved", Reason.HOST_KEY_MISMATCH, *both, "no authentication was attempted")
    seen.says("load", "unobserved", Reason.HOST_KEY_MISMATCH)
    assert all(shown in seen.shown for shown in both)
    assert (1, 0) == (server.connections, server.log.count("userauth-request"))


@pytest.mark.fault(7)
async def test_7_an_unknown_host_key_comes_with_the_command_that_pins_it(start_sshd, hosts_of):
    server = start_sshd("LogLevel DEBUG1")
    server.pin(name="elsewhere")
    seen = await told(stack(LOGIN, LOAD, hosts=hosts_of(server)), ssh=server.options())
    pin = f"ssh-keyscan -p {server.port} 127.0.0.1 >> ~/.ssh/known_hosts"
    seen.says("login", "unobserved", Reason.HOST_KEY_UNKNOWN, pin, fingerprint(server.host_key.public_data))
    seen.says("load", "unobserved", Reason.HOST_KEY_UNKNOWN)
    assert pin in seen.shown
    assert (1, 0) == (server.connections, server.log.count("userauth-request"))


@pytest.mark.fault(8)
async def test_8_a_rejected_authentication_is_tried_once_for_every_check(start_sshd, hosts_of):
    server = start_sshd(authorized=False)
    seen = await told(stack(LOGIN, LOAD, MEMORY, hosts=hosts_of(server)), ssh=server.options())
    for check in ("login", "load", "memory"):
        seen.says(check, "unobserved", Reason.AUTHENTICATION, "SHA256:", "not tried again in this run")
    assert 1 == server.connections


class Hasty(SystemClock):
    """Waits a tenth of what it is asked to, between one try and the next."""

    async def sleep(self, seconds):
        await super().sleep(seconds / 10)


@pytest.mark.fault(10)
async def test_10_a_refused_channel_is_asked_again_and_then_not_observed(start_sshd, hosts_of):
    narrow = start_sshd("MaxSessions 1")
    await told(stack(LOGIN, LOAD, MEMORY, hosts=hosts_of(narrow)), ssh=narrow.options(), green=True)
    closed = start_sshd("MaxSessions 0")
    seen = await told(stack(MEMORY, hosts=hosts_of(closed)), ssh=closed.options(), clock=Hasty())
    seen.says("memory", "unobserved", Reason.CHANNEL_REFUSED, "refused to run another command")
    assert 1 == closed.connections


PART = 1 << 17
"""Bytes, more than any login: what went back after them is output."""


@pytest.mark.fault(13)
async def test_13_a_connection_that_dies_in_mid_output_is_no_answer_though_part_of_it_came(sshd, tools, hosts_of):
    tools.put("nproc", f"head -c {3 * PART} /dev/zero; exec sleep 30")
    async with Proxy(sshd.port).serving() as proxy:
        sshd.pin(name=f"[127.0.0.1]:{proxy.port}")
        running = asyncio.ensure_future(told(stack(LOAD, hosts=hosts_of(sshd, proxy.port)), ssh=sshd.options()))
        await proxy.more_than(PART)
        proxy.hang_up()
        seen = await running
    sshd.pin()
    (load,) = (check for gate in seen.report.gates for check in gate.checks if check.id.endswith("/load"))
    assert "unobserved" == load.outcome.conclusion  # by whichever of its three reads the cut met first
    (cut,) = (exchange.reply for exchange in load.exchanges if exchange.read.describe() == "nproc")
    assert (Reason.NO_EXIT_STATUS, True) == (cut.reason, "cut in mid-output" in cut.detail)


@pytest.mark.slow
@pytest.mark.fault(9)
@pytest.mark.fault(14)
async def test_9_14_a_frozen_sshd_and_a_power_cut_are_lost_connections_within_10_s(start_sshd, tools, tmp_path):
    """In real time, with the limits as they are by default: from the fault to the end of the run."""
    tools.put("nproc", f"echo $$ >> {tmp_path}/asked; exec sleep 60")
    frozen, cut = start_sshd(), start_sshd()
    async with Proxy(cut.port).serving() as proxy:
        ports = {"frozen": frozen.port, "cut": proxy.port}
        hosts = {name: {"address": "127.0.0.1", "port": port, "user": cut.user} for name, port in ports.items()}
        known = [
            f"[127.0.0.1]:{port} {server.host_key.export_public_key().decode()}"
            for port, server in ((frozen.port, frozen), (proxy.port, cut))
        ]
        (tmp_path / "known_hosts").write_text("".join(known))
        keys = tuple(server.directory / "user_key" for server in (frozen, cut))
        ssh = SshOptions(config_path=None, known_hosts=tmp_path / "known_hosts", identity_files=keys)
        load = {**LOAD, "timeout": "60s"}
        running = asyncio.ensure_future(told(stack(MEMORY, load, hosts=hosts), ssh=ssh))
        asked = tmp_path / "asked"
        assert await asyncio.to_thread(wait_until, lambda: asked.exists() and 2 == len(asked.read_text().split()))
        since = time.monotonic()
        stopped = [frozen.process.pid, *descendants(frozen.process.pid)]
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        proxy.silent = True
        try:
            seen = await running
            assert 10 > time.monotonic() - since
        finally:
            for pid in stopped:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)
    for host in hosts:
        seen.says("load", "unobserved", Reason.CONNECTION_LOST, "keepalive", host=host)
        seen.says("memory", "unobserved", Reason.BOOT_UNKNOWN, "no longer counts", host=host)


@pytest.mark.fault(9)
async def test_9_what_is_asked_after_the_loss_is_lost_too_and_nobody_connects_again_for_it(start_sshd, hosts_of, tools):
    server = start_sshd()
    tools.put("hostname", "exec sleep 60")
    async with Proxy(server.port).serving() as proxy:
        server.pin(name=f"[127.0.0.1]:{proxy.port}")
        text = stack(LOGIN, LOAD, MEMORY, hosts=hosts_of(server, proxy.port), channels=1)
        running = asyncio.ensure_future(told(text, ssh=server.options(**WATCHFUL, channels=1, login_timeout=0.3)))
        assert await asyncio.to_thread(wait_until, lambda: any("sleep" in _name(pid) for pid in server.sessions))
        proxy.silent = True
        seen = await running
    for check in ("login", "load", "memory"):
        seen.says(check, "unobserved", Reason.CONNECTION_LOST, "keepalive")


def _name(pid):
    with contextlib.suppress(OSError), open(f"/proc/{pid}/comm", encoding="utf-8") as comm:  # noqa: PTH123 - proc(5)
        return comm.read()
    return ""
