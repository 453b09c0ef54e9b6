"""Rows 1 to 4: before a byte is exchanged. Asked by TCP, by HTTP, by an SSH login, and by a command over SSH."""

import pytest
from tests.support.faults import ask, stack, told
from tests.support.servers import always, answer, closed_port, name_addresses, serve, swallowing_port
from tests.support.sshd import free_port

from coldstart.reason import Reason
from coldstart.transport.sshroute import SshOptions

SHORT = SshOptions(config_path=None, known_hosts=None, identity_files=(), connect_timeout=0.4, login_timeout=0.4)


def asked(port, timeout="0.4s"):
    """A host behind `port`, asked in every way."""
    return (
        ask("port", "tcp", timeout=timeout),
        ask("page", "http", timeout=timeout, url=f"http://{{address}}:{port}/"),
        ask("login", "ssh_login", timeout=timeout),
        ask("load", "load_per_core", timeout=timeout, below=1000, window="1m"),
        ask("page-inside", "http", timeout=timeout, via=True, url="http://127.0.0.1:9090/-/ready"),
    )


EVERY = ("port", "page", "login", "load", "page-inside")
THROUGH_SSH = ("load", "page-inside")


@pytest.mark.fault(1)
async def test_1_a_name_that_is_not_resolved_says_nothing_about_what_is_behind_it():
    hosts = {"h": {"address": "no-such-host.invalid", "port": 22, "user": "ops"}}
    seen = await told(stack(*asked(80, "5s"), hosts=hosts), ssh=SHORT)
    for check in EVERY:
        seen.says(check, "unobserved", Reason.NAME_NOT_RESOLVED, "no-such-host.invalid")


@pytest.mark.fault(2)
@pytest.mark.sshd
async def test_2_a_dead_ipv6_address_beside_a_good_ipv4_one_is_a_warning(sshd, monkeypatch):
    name_addresses(monkeypatch)("both.example", "::1", "127.0.0.1")
    sshd.pin(name=f"[both.example]:{sshd.port}")
    hosts = {"h": {"address": "both.example", "port": sshd.port, "user": sshd.user}}
    try:
        async with serve(always(answer())) as web:
            seen = await told(stack(*asked(web.port, "5s")[:4], hosts=hosts), ssh=sshd.options())
    finally:
        sshd.pin()
    for check in EVERY[:4]:
        seen.says(check, "caution", Reason.FALLBACK_ADDRESS, "IPv6 address ::1 failed (refused), used IPv4 127.0.0.1")
    assert 1 == seen.report.exit_code


@pytest.mark.fault(3)
async def test_3_a_refused_connection_is_a_closed_port_for_whoever_asked_for_that_port():
    with closed_port() as port:
        hosts = {"h": {"address": "127.0.0.1", "port": port, "user": "ops"}}
        seen = await told(stack(*asked(port), hosts=hosts), ssh=SHORT)
    for check in ("port", "page", "login"):
        seen.says(check, "unmet", Reason.PORT_CLOSED, f"127.0.0.1:{port}: connection refused")


@pytest.mark.fault(3)
async def test_3_a_closed_ssh_port_says_nothing_about_what_was_to_be_asked_through_it():
    with closed_port() as port:
        hosts = {"h": {"address": "127.0.0.1", "port": port, "user": "ops"}}
        seen = await told(stack(*asked(port), hosts=hosts), ssh=SHORT)
    for check in THROUGH_SSH:
        seen.says(check, "unobserved", Reason.SSH_CLOSED, f"127.0.0.1:{port}: connection refused")


@pytest.mark.fault(3)
async def test_3_a_jump_host_that_refuses_is_no_closed_port_of_the_host_behind_it(tmp_path):
    with closed_port() as port:
        (tmp_path / "config").write_text(f"Host inner\n HostName 127.0.0.1\n ProxyJump ops@127.0.0.1:{port}\n")
        ssh = SshOptions(config_path=tmp_path / "config", identity_files=(), connect_timeout=0.4)
        hosts = {"h": {"address": "inner", "port": free_port(), "user": "ops"}}
        seen = await told(stack(ask("login", "ssh_login"), hosts=hosts), ssh=ssh)
    seen.says("login", "unobserved", Reason.SSH_CLOSED, f"127.0.0.1:{port}: connection refused")


@pytest.mark.fault(4)
async def test_4_a_swallowed_syn_is_a_connect_timeout():
    with swallowing_port() as port:
        hosts = {"h": {"address": "127.0.0.1", "port": port, "user": "ops"}}
        seen = await told(stack(*asked(port), hosts=hosts), ssh=SHORT)
    for check in EVERY:
        seen.says(check, "unobserved", Reason.CONNECT_TIMEOUT, f"127.0.0.1:{port}: no answer within 0.4 s")
