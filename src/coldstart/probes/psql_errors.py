"""What psql(1) says when it has no answer, and what each of its errors means. Pure; only ever raises `ReadError`s.

A statement that fails is told by its SQLSTATE (``VERBOSITY=verbose``; PostgreSQL manual, appendix A), which no
translation changes. A connection that fails has no SQLSTATE in psql's output, only words (libpq, and the server's own
in the language of its lc_messages): what is not recognised is "the command failed", never a verdict.
"""

import re
from typing import NoReturn

from coldstart.errors import ReadError
from coldstart.reason import Reason
from coldstart.replies import CommandReply
from coldstart.text import decoded, one_line

_STATE = re.compile(r"^[^\n:]{1,40}:  ([0-9A-Z]{5}): (.*)$", re.MULTILINE)

_CONTAINER: tuple[tuple[str, Reason, str], ...] = (
    (r"No such container: ", Reason.ABSENT, "there is no such container"),
    (r"Container \S+ is restarting\b", Reason.RESTART_LOOP, "the container is restarting"),
    (r"Container \S+ is paused\b", Reason.NOT_RUNNING, "the container is paused"),
    (r"[Cc]ontainer \S+ is not running", Reason.NOT_RUNNING, "the container is not running"),
    (r'exec: "psql": executable file not found', Reason.TOOL_MISSING, "psql is not installed in the container"),
)
"""What docker(1) says of the container instead of running psql in it."""

_CONNECTION: tuple[tuple[str, Reason], ...] = (
    (r"the database system is starting up", Reason.STARTING),
    (r"the database system is shutting down", Reason.NOT_RUNNING),
    (r"the database system is (?:in recovery mode|not (?:yet )?accepting connections)", Reason.IN_RECOVERY),
    (r"sorry, too many clients already|remaining connection slots are reserved.*", Reason.REJECTING),
    (r"too many connections for (?:role|database) .*", Reason.REJECTING),
    (r'database ".*" is not currently accepting connections', Reason.REJECTING),
    (r'database ".*" does not exist', Reason.ABSENT),
    (r'permission denied for database ".*"', Reason.NOT_ALLOWED),
    (r'(?:password|[Pp]eer|Ident|\w+) authentication failed for user ".*"', Reason.AUTHENTICATION),
    (r"no password supplied|no pg_hba\.conf entry for .*|pg_hba\.conf rejects connection .*", Reason.AUTHENTICATION),
    (r'role ".*" (?:does not exist|is not permitted to log in)', Reason.AUTHENTICATION),
    (r"unsupported startup parameter.*", Reason.SERVICE_REFUSES),
    (r"could not translate host name .*", Reason.NAME_NOT_RESOLVED),
    (r"No route to host|Network is unreachable", Reason.UNREACHABLE),
    (r"timeout expired", Reason.CONNECT_TIMEOUT),
    (r"Connection timed out", Reason.CONNECT_TIMEOUT),
    (r"Connection refused", Reason.PORT_CLOSED),
    (r"No such file or directory", Reason.PORT_CLOSED),
    (r"server closed the connection unexpectedly", Reason.CONNECTION_LOST),
    (r"could not connect to server: Permission denied|failed: Permission denied", Reason.NOT_ALLOWED),
)
"""Of a connection that failed: libpq's fe-connect.c, the server's postmaster.c, postinit.c and auth.c."""

_STATEMENT: tuple[tuple[str, Reason], ...] = (
    ("42P01", Reason.ABSENT),  # undefined_table
    ("42703", Reason.ABSENT),  # undefined_column
    ("3F000", Reason.ABSENT),  # invalid_schema_name
    ("42501", Reason.NOT_ALLOWED),  # insufficient_privilege
    ("55P03", Reason.LOCKED),  # lock_not_available
    ("57014", Reason.REMOTE_TIMEOUT),  # query_canceled
    ("40P01", Reason.LOCKED),  # deadlock_detected
    ("57P03", Reason.STARTING),  # cannot_connect_now
    ("57P", Reason.CONNECTION_LOST),  # admin_shutdown, crash_shutdown
    ("08", Reason.CONNECTION_LOST),  # connection_exception
    ("22007", Reason.UNPARSABLE),  # invalid_datetime_format
    ("22008", Reason.UNPARSABLE),  # datetime_field_overflow
    ("25006", Reason.FORBIDDEN),  # read_only_sql_transaction: something of the table's wanted to write
    ("XX002", Reason.SIGNATURE),  # index_corrupted
    ("XX001", Reason.STORAGE_CORRUPTION),  # data_corrupted
    ("58030", Reason.STORAGE_CORRUPTION),  # io_error
    ("53", Reason.UNHEALTHY),  # insufficient_resources: the server has no disk, memory or connection left
)
"""By the beginning of the SQLSTATE, first match wins."""

_POSTING_LIST = re.compile(r"posting list tuple .{0,120}cannot be split")
_ROW_SECURITY = re.compile(r"row-level security policy")
_WORDS = {
    Reason.LOCKED: "somebody holds a lock on the table that no reader gets past",
    Reason.REMOTE_TIMEOUT: "the statement did not end within its statement_timeout",
    Reason.FORBIDDEN: "reading it would have written: refused by the read-only session",
}


def refuse(reply: CommandReply, right: str) -> NoReturn:
    """Raise for a psql, or a docker exec of one, whose exit status is not 0. `right`: what a reader must be granted."""
    complaint = decoded(reply.stderr)
    if reply.exit_status == 1 and (found := _STATE.search(complaint)):
        _statement(found[1], one_line(found[2]), complaint, right)
    for pattern, reason, words in _CONTAINER:
        if re.search(pattern, complaint):
            raise ReadError(words, evidence=complaint, reason=reason)
    for pattern, reason in _CONNECTION:
        if said := re.search(pattern, complaint):
            words = one_line(said.group())
            if reason is Reason.PORT_CLOSED:
                words = f"nothing listens there ({words.lower()})"
            raise ReadError(words, evidence=complaint, reason=reason)
    reply.expect_exit()
    raise AssertionError("expect_exit raises on a status that is not 0")


def _statement(state: str, message: str, complaint: str, right: str) -> NoReturn:
    reason = next((reason for start, reason in _STATEMENT if state.startswith(start)), Reason.UNEXPECTED_EXIT)
    if _POSTING_LIST.search(message):
        reason = Reason.SIGNATURE
    if reason is Reason.NOT_ALLOWED and _ROW_SECURITY.search(message):
        reason = Reason.ROW_SECURITY
    words = f"{message} ({state})"
    if reason is Reason.NOT_ALLOWED:
        words += f"; {right}"
    elif reason in _WORDS:
        words = f"{_WORDS[reason]}: {words}"
    raise ReadError(words, evidence=complaint, reason=reason)
