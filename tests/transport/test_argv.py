"""How a command is wrapped, and what its end is taken for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.shells import TEST_SHAPES

from coldstart import errors, shapes
from coldstart.reads import Command
from coldstart.replies import CommandReply
from coldstart.transport.argv import interpret, wrap

DOCKER = Command(host="h", argv=("docker", "ps"), timeout=10)
SUDO = Command(host="h", argv=("docker", "ps"), timeout=10, sudo=True)
ENVIRONMENT = ("env", "LC_ALL=C", "SYSTEMD_COLORS=0", "SYSTEMD_PAGER=", "PAGER=cat", "TERM=dumb")


def end(command=DOCKER, *, status=None, signal=None, stderr=b"", duration=0.1, stdout=b"out"):
    return interpret(
        command,
        status=status,
        signal=signal,
        stdout=stdout,
        stderr=stderr,
        started=1.0,
        ended=2.0,
        duration=duration,
        cautions=("a",),
    )


@pytest.fixture
def allow(monkeypatch):
    allowed = (shapes.Shape("docker", ("ps",), sudo=True), *TEST_SHAPES)
    monkeypatch.setattr(shapes, "SHAPES", allowed)


def test_a_command_is_bounded_on_the_host_itself(allow):
    assert (*ENVIRONMENT, "timeout", "--kill-after=2", "10", "docker", "ps") == wrap(DOCKER)


def test_sudo_runs_timeout_as_root_because_only_root_may_end_a_root_process(allow):
    assert (*ENVIRONMENT, "sudo", "-n", "--", "timeout", "--kill-after=2", "10", "docker", "ps") == wrap(SUDO)


@pytest.mark.parametrize(("limit", "word"), [(10.0, "10"), (0.5, "0.5"), (1e7, "10000000"), (100.0, "100")])
def test_the_limit_is_written_without_an_exponent(allow, limit, word):
    assert word == wrap(Command(host="h", argv=("docker", "ps"), timeout=limit))[8]


@pytest.mark.parametrize("argv", [("rm", "-rf", "/"), ("docker", "rm", "x"), ("docker", "ps", "; reboot")])
def test_what_matches_no_shape_is_refused(allow, argv):
    with pytest.raises(errors.ForbiddenCommand, match="no allowed read-only command"):
        wrap(Command(host="h", argv=argv))


def test_sudo_needs_a_shape_that_allows_it(allow):
    with pytest.raises(errors.ForbiddenCommand, match="sudo"):
        wrap(Command(host="h", argv=("sleep", "1"), sudo=True))


def test_an_end_with_status_is_a_reply_with_all_of_it():
    expected = CommandReply(started=1, ended=2, exit_status=3, stdout=b"out", stderr=b"e", cautions=("a",))
    assert expected == end(status=3, stderr=b"e")


SUDO_REFUSALS = (
    b"sudo: a password is required\n",
    b"sudo: a terminal is required to read the password; either use the -S option or configure an askpass helper\n",
    b"Sorry, user ops is not allowed to execute '/usr/bin/timeout --kill-after=2 10 docker ps' as root on h.\n",
    b"ops is not in the sudoers file.\n",
    b"ops is not in the sudoers file.  This incident will be reported.\n",
    b"sudo: sorry, you must have a tty to run sudo\n",
    b'sudo: The "no new privileges" flag is set, which prevents sudo from running as root.\n',
    b"sudo: unable to resolve host h: Name or service not known\nsudo: a password is required\n",
)


@pytest.mark.parametrize("stderr", SUDO_REFUSALS)
def test_a_refusal_of_sudo_says_which_right_is_missing(stderr):
    with pytest.raises(errors.NotAllowed, match="docker ps"):
        end(SUDO, status=1, stderr=stderr)


def test_a_warning_of_sudo_is_no_refusal():
    assert 1 == end(SUDO, status=1, stderr=b"sudo: unable to resolve host h: Name or service not known\n").exit_status


@pytest.mark.parametrize(
    ("status", "stderr", "tool"),
    [
        (127, b"timeout: failed to run command 'docker': No such file or directory\n", "docker"),
        (127, b"env: 'timeout': No such file or directory\n", "timeout"),
        (127, b"env: 'sudo': No such file or directory\n", "sudo"),
        (127, b"bash: line 1: env: command not found\n", "env"),
        (127, b"sh: 1: env: not found\n", "env"),
        (127, b"", "docker"),
        (1, b"sudo: timeout: command not found\n", "timeout"),
    ],
)
def test_a_missing_tool_is_named(status, stderr, tool):
    with pytest.raises(errors.ToolMissing, match=f"^{tool} is not installed"):
        end(SUDO, status=status, stderr=stderr)


@pytest.mark.parametrize(
    ("ending", "raised"),
    [
        ({"status": 124}, errors.RemoteTimeout),
        ({"status": 137, "duration": 12.0}, errors.RemoteTimeout),
        ({"signal": "KILL", "duration": 12.0}, errors.RemoteTimeout),
        ({"signal": "KILL", "duration": 1.0}, errors.KilledBySignal),
        ({"signal": "SEGV", "duration": 12.0}, errors.KilledBySignal),
        ({"status": 126, "stderr": b"timeout: failed to run command 'x': Permission denied"}, errors.NotAllowed),
        ({"status": 125, "stderr": b"timeout: invalid time interval '10'"}, errors.UnexpectedExit),
        ({"status": 1, "stderr": b"timeout: unrecognized option '--kill-after=2'"}, errors.UnexpectedExit),
        ({}, errors.NoExitStatus),
    ],
)
def test_an_end_that_is_not_the_commands_own_is_no_reply(ending, raised):
    with pytest.raises(raised):
        end(**ending)


@given(
    status=st.one_of(st.none(), st.integers(0, 255)),
    signal=st.one_of(st.none(), st.sampled_from(["KILL", "TERM", "SEGV"])),
    stderr=st.one_of(st.binary(max_size=60), st.sampled_from(SUDO_REFUSALS)),
    duration=st.floats(0, 60),
    sudo=st.booleans(),
)
def test_nothing_but_status_0_ever_looks_like_success(status, signal, stderr, duration, sudo):
    def ask():
        reply = end(SUDO if sudo else DOCKER, status=status, signal=signal, stderr=stderr, duration=duration)
        return reply.expect_exit()

    if (status, signal) == (0, None):
        assert 0 == ask().exit_status
    else:
        with pytest.raises(errors.ReadError) as caught:
            ask()
        assert not caught.value.reason.observed


@pytest.mark.parametrize(("status", "name"), [(139, "SIGSEGV"), (134, "SIGABRT"), (143, "SIGTERM")])
def test_a_signal_that_a_shell_in_between_tells_as_a_status_is_named(status, name):
    """A login shell that forks (dash) tells 128 + the signal's number; bash is replaced by the command and does not."""
    with pytest.raises(errors.KilledBySignal, match=name):
        interpret(
            Command(host="h", argv=("hostname",)),
            status=status,
            signal=None,
            stdout=b"",
            stderr=b"",
            started=0.0,
            ended=0.0,
            duration=0.0,
        )
