"""One root, a leaf for each way to fail.

Two families: what makes a read unobservable (`ReadError`, each with its `Reason`; the runner turns it into an outcome),
and what keeps a run from happening at all (`UsageError`; the command line turns it into exit 3).
"""

from coldstart.reason import Reason


class ColdstartError(Exception):
    """The root of every error that this program raises on purpose."""


class UsageError(ColdstartError):
    """Nothing can be judged: bad option, bad baseline, nothing selected. `problems` are lines for the operator."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class BaselineError(UsageError):
    """The baseline is invalid; every problem is ``file:line:column: what: what to do``."""


class LockHeld(UsageError):
    """Another process does the same thing at this moment (lock.py); it was not disturbed."""


class OutputError(ColdstartError):
    """The result could not be written (full disk, closed pipe); a file that was there before is whole. Exit 3."""


class ReadError(ColdstartError):
    """A read ended without a usable reply. `detail` says what was seen, `evidence` keeps partial output for people."""

    reason: Reason = Reason.INTERNAL

    def __init__(self, detail: str = "", *, evidence: str = "", reason: Reason | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.evidence = evidence
        if reason is not None:
            self.reason = reason


class NameNotResolved(ReadError):
    reason = Reason.NAME_NOT_RESOLVED


class ConnectRefused(ReadError):
    reason = Reason.PORT_CLOSED


class Unreachable(ReadError):
    reason = Reason.UNREACHABLE


class ConnectTimedOut(ReadError):
    reason = Reason.CONNECT_TIMEOUT


class SshClosed(ReadError):
    """The SSH port through which something else was to be asked is closed: of that, nothing was seen."""

    reason = Reason.SSH_CLOSED


class LoginTimedOut(ReadError):
    reason = Reason.LOGIN_TIMEOUT


class HostKeyMismatch(ReadError):
    reason = Reason.HOST_KEY_MISMATCH


class HostKeyUnknown(ReadError):
    reason = Reason.HOST_KEY_UNKNOWN


class AuthenticationRejected(ReadError):
    reason = Reason.AUTHENTICATION


class KeyExchangeFailed(ReadError):
    reason = Reason.KEY_EXCHANGE


class ConnectionLost(ReadError):
    reason = Reason.CONNECTION_LOST


class ChannelRefused(ReadError):
    reason = Reason.CHANNEL_REFUSED


class RemoteTimeout(ReadError):
    reason = Reason.REMOTE_TIMEOUT


class OutputNotClosed(ReadError):
    reason = Reason.OUTPUT_NOT_CLOSED


class NoExitStatus(ReadError):
    reason = Reason.NO_EXIT_STATUS


class KilledBySignal(ReadError):
    reason = Reason.KILLED


class UnexpectedExit(ReadError):
    reason = Reason.UNEXPECTED_EXIT


class ToolMissing(ReadError):
    reason = Reason.TOOL_MISSING


class NotAllowed(ReadError):
    reason = Reason.NOT_ALLOWED


class OverCap(ReadError):
    reason = Reason.OVER_CAP


class NotUtf8(ReadError):
    reason = Reason.NOT_UTF8


class Unparsable(ReadError):
    reason = Reason.UNPARSABLE


class NoEvidence(ReadError):
    reason = Reason.NO_EVIDENCE


class DaemonSilent(ReadError):
    reason = Reason.DAEMON_SILENT


class ServiceRefuses(ReadError):
    reason = Reason.SERVICE_REFUSES


class DeadlinePassed(ReadError):
    reason = Reason.DEADLINE


class ProtocolBroken(ReadError):
    reason = Reason.PROTOCOL


class TlsRejected(ReadError):
    """The TLS peer was seen and is not to be trusted; pass the reason that says which way."""

    reason = Reason.TLS_INVALID


class NotRecorded(ReadError):
    reason = Reason.NOT_RECORDED


class ForbiddenCommand(ReadError):
    reason = Reason.FORBIDDEN


class Interrupted(ReadError):
    reason = Reason.INTERRUPTED
