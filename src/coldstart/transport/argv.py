"""How a command is put to a host, and what its end means: shared by SSH and local execution, so that both speak alike.

The order of the words matters. timeout(1) must run with the rights of what it has to end: as an ordinary user it may
not signal a root process (kill(2), EPERM), and the command would outlive the run. So a privileged command is
``env … sudo -n -- timeout … argv``, and sudoers has to allow exactly ``timeout --kill-after=2 SECONDS argv``
(`harden` writes those lines). sudo(8) keeps LC_ALL and TERM by default (sudoers(5), env_check and env_keep); the other
variables only matter on a terminal, which no command gets.
"""

import re
import signal as signals

from coldstart import errors, shapes
from coldstart.reads import Command
from coldstart.replies import CommandReply
from coldstart.text import decoded, one_line

ENVIRONMENT = {"LC_ALL": "C", "SYSTEMD_COLORS": "0", "SYSTEMD_PAGER": "", "PAGER": "cat", "TERM": "dumb"}
"""Fixed language, no colours, no pager: what every parser of a reply relies on."""

KILL_AFTER = 2
"""Seconds between timeout(1)'s TERM and its KILL."""

_END = 4000
"""Bytes of each end of a long stream that are looked at for the wrappers' complaints."""
_TIMED_OUT, _NOT_EXECUTABLE, _NOT_FOUND, _BY_SIGNAL, _KILLED = 124, 126, 127, 128, 137

_MISSING = re.compile(
    r"""timeout:\ failed\ to\ run\ command\ .(?P<a>[^'`"’\n]+).:\ No\ such\ file
      | env:\ .(?P<b>[^'`"’\n]+).:\ No\ such\ file
      | (?P<c>[^\s:]+):\ (?:command\ )?not\ found\s*$""",
    re.VERBOSE | re.MULTILINE,
)
_WRAPPER = re.compile(r"^(?:timeout|env): .*$", re.MULTILINE)
_SUDO_REFUSED = re.compile(
    r"^(?:sudo: (?!unable to resolve host|setrlimit)"
    r"|Sorry, user |Sorry, try again|sorry, you must have a tty).*$"
    r"|^.*(?:is not in the sudoers file|may not run sudo|is not allowed to (?:run sudo|execute)).*$",
    re.MULTILINE,
)
_SUDO_FAILED = 1


def seconds(limit: float) -> str:
    """Return a duration as timeout(1) takes it: ``10``, ``0.5``; never an exponent."""
    return f"{limit:.3f}".rstrip("0").rstrip(".")


def wrap(command: Command) -> tuple[str, ...]:
    """Return the argv that is sent for `command`. Raises `ForbiddenCommand`: the read-only promise is kept here."""
    shapes.require(command.argv, sudo=command.sudo)
    return _wrapped(command.argv, seconds(command.timeout), sudo=command.sudo)


def wrapping(argv: str, *, limit: str) -> str:
    """Return the wrapping in words, for people: what stands before an argv that is sent without sudo."""
    return " ".join(_wrapped((argv,), limit, sudo=False))


def _wrapped(argv: tuple[str, ...], limit: str, *, sudo: bool) -> tuple[str, ...]:
    return (
        "env",
        *(f"{name}={value}" for name, value in ENVIRONMENT.items()),
        *(("sudo", "-n", "--") if sudo else ()),
        "timeout",
        f"--kill-after={KILL_AFTER}",
        limit,
        *argv,
    )


def raise_for_end(what: str, status: int | None, signal: str | None, *, evidence: str = "") -> int:
    """Return the exit status, or raise `KilledBySignal` or `NoExitStatus` where there is none."""
    if signal is not None:
        raise errors.KilledBySignal(f"{what} was killed by SIG{one_line(signal, 20)}", evidence=evidence)
    if status is None:
        raise errors.NoExitStatus(f"{what} ended without an exit status", evidence=evidence)
    return status


def interpret(
    command: Command,
    *,
    status: int | None,
    signal: str | None,
    stdout: bytes,
    stderr: bytes,
    started: float,
    ended: float,
    duration: float,
    cautions: tuple[str, ...] = (),
) -> CommandReply:
    """Return the reply of a command that really ran to its end; raise for each way in which it did not.

    `status` 124, or 137 / SIGKILL once the limit has passed (`duration`, s): `RemoteTimeout`. 127 and sudo's own
    "command not found": `ToolMissing`. 126 and sudo's refusals: `NotAllowed`. A complaint of env(1) or timeout(1)
    themselves: `UnexpectedExit`, because their status must never be taken for the command's. 128 + N where N is a
    signal: `KilledBySignal`, as a shell tells it. Exit statuses: timeout(1), env(1), sudo(8).
    """
    complaint, shown = _both_ends(stderr), command.describe()
    evidence = complaint or _both_ends(stdout)
    late = duration >= command.timeout
    if status == _TIMED_OUT or (late and (status == _KILLED or signal == "KILL")):
        raise errors.RemoteTimeout(
            f"{shown} did not end within {seconds(command.timeout)} s; it was ended there", evidence=evidence
        )
    code = raise_for_end(shown, status, signal or _by_shell(status), evidence=evidence)
    if code == _NOT_FOUND or (command.sudo and code == _SUDO_FAILED and _MISSING.search(complaint)):
        raise errors.ToolMissing(f"{_missing(command, complaint)} is not installed on the host", evidence=evidence)
    if command.sudo and code == _SUDO_FAILED and (refusal := _SUDO_REFUSED.search(complaint)):
        raise errors.NotAllowed(
            f"sudo -n refused {' '.join(command.argv)!r}: {one_line(refusal.group())}", evidence=evidence
        )
    if code == _NOT_EXECUTABLE:
        raise errors.NotAllowed(f"{shown} may not be executed: {one_line(complaint)}", evidence=evidence)
    if code and (wrapper := _WRAPPER.search(complaint)) and command.argv[0] not in ("timeout", "env"):
        raise errors.UnexpectedExit(f"{shown} was not started: {one_line(wrapper.group())}", evidence=evidence)
    return CommandReply(started=started, ended=ended, exit_status=code, stdout=stdout, stderr=stderr, cautions=cautions)


def _by_shell(status: int | None) -> str | None:
    """The signal that a shell between sshd and the command tells as 128 + its number (POSIX, sh, 2.8.2)."""
    if status is None or status <= _BY_SIGNAL:
        return None
    try:
        return signals.Signals(status - _BY_SIGNAL).name.removeprefix("SIG")
    except ValueError:  # no signal has that number: the command's own status
        return None


def _both_ends(data: bytes) -> str:
    """Text for people and for the patterns above; a mebibyte of control characters takes a second to make visible."""
    long = len(data) > 2 * _END
    return decoded(data[:_END] + b"\n[...]\n" + data[-_END:] if long else data)


def _missing(command: Command, complaint: str) -> str:
    """The tool that the message names, else the command's own."""
    match = _MISSING.search(complaint)
    name = next((group for group in match.groups() if group), "") if match else ""
    return one_line(name.rsplit("/", 1)[-1] or command.argv[0], 60)
