"""Hosts to provoke faults on: a real sshd whose PATH is a directory of the test's own."""

import pytest
from tests.support.sshd import Sshd
from tests.support.tools import Tools


@pytest.fixture(scope="session")
def tool_directory(tmp_path_factory):
    return Tools(tmp_path_factory.mktemp("host") / "bin")


@pytest.fixture
def tools(tool_directory):
    """What is installed on the hosts; as it was again when the test is over."""
    yield tool_directory
    tool_directory.reset()


@pytest.fixture(scope="session")
def start_sshd(tmp_path_factory, tool_directory):
    """Start an sshd whose sessions have that PATH; `extra` are lines of its configuration."""
    started = []

    def start(*extra, **fields):
        directory = tmp_path_factory.mktemp("sshd")
        path = f"SetEnv HOME={directory} PATH={tool_directory.directory}"
        started.append(Sshd(directory, extra=(path, *extra), **fields).start())
        return started[-1]

    yield start
    for sshd in started:
        sshd.stop()


@pytest.fixture(scope="session")
def sshd(start_sshd):
    """One for the tests that leave it as it was."""
    return start_sshd()


@pytest.fixture(scope="session")
def over_ssh(sshd):
    """The hosts of a baseline: that one."""
    return host(sshd)


@pytest.fixture(scope="session")
def hosts_of():
    """The hosts of a baseline that is about one sshd, or about another port before it."""
    return host


def host(sshd, port=None):
    return {"h": {"address": "127.0.0.1", "port": port or sshd.port, "user": sshd.user}}
