"""Why a read or a check ended as it did: one code a cause, used alike in output, JSON and metrics."""

from enum import StrEnum
from typing import Self


class Reason(StrEnum):
    """A stable code, whether it was *observed* (the world is bad) or not (we could not look), and its sentence.

    ``observed`` is what keeps "PostgreSQL is down" and "could not ask about PostgreSQL" apart: an unobserved reason
    never claims anything about the service (faults.md, "NOT OBSERVED").
    """

    observed: bool
    says: str

    def __new__(cls, code: str, observed: bool, says: str) -> Self:
        member = str.__new__(cls, code)
        member._value_ = code
        member.observed = observed
        member.says = says
        return member

    OK = "ok", True, "as expected"

    # --- observed: the world answered, and the answer is bad -------------------------------------------------------
    PORT_CLOSED = "port-closed", True, "port closed: the host answers, nothing listens"
    NO_ANSWER = "no-answer", True, "no answer to any probe packet"
    NOT_RESOLVED_ON_LINK = "arp-incomplete", True, "no host on this segment answers for the address"
    ABSENT = "absent", True, "does not exist"
    STARTING = "starting", True, "still starting"
    NOT_RUNNING = "not-running", True, "not running"
    FAILED = "failed", True, "failed"
    UNHEALTHY = "unhealthy", True, "running, but reports itself unhealthy"
    RESTART_LOOP = "restart-loop", True, "restarts again and again"
    RESTARTED = "restarted", True, "restarted on its own"
    ORPHAN = "orphan", True, "left behind by the unclean shutdown"
    WRONG_VALUE = "wrong-value", True, "not the expected value"
    OVER_LIMIT = "over-limit", True, "beyond the limit"
    TOO_FEW = "too-few", True, "fewer than expected"
    SIGNATURE = "signature", True, "a known signature of damage is in the log"
    PARTLY_READ = "partly-read", True, "only the newest part of it was read"
    READ_ONLY = "read-only", True, "file system is mounted read-only"
    STORAGE_CORRUPTION = "storage-corruption", True, "storage corruption"
    REJECTING = "rejecting", True, "answers, but rejects connections"
    UNEXPECTED_STATUS = "unexpected-status", True, "unexpected HTTP status"
    UNEXPECTED_REDIRECT = "unexpected-redirect", True, "unexpected redirect"
    BODY_MISMATCH = "body-mismatch", True, "body does not match"
    TLS_EXPIRED = "tls-expired", True, "TLS certificate expired"
    TLS_WRONG_NAME = "tls-wrong-name", True, "TLS certificate is for another name"
    TLS_UNKNOWN_ISSUER = "tls-unknown-issuer", True, "TLS certificate from an unknown issuer"
    TLS_INVALID = "tls-invalid", True, "TLS handshake refused"
    EXPIRING = "expiring", True, "expires soon"
    FALLBACK_ADDRESS = "fallback-address", True, "a preferred address failed, another one answered"
    CLOCK_SKEW = "clock-skew", True, "clock differs from this machine's"
    CLOCK_NOT_SYNCED = "clock-not-synced", True, "clock is not in sync with NTP"
    WARNED = "warned", True, "answers, with a warning"
    WRONG_HOST = "wrong-host", True, "another machine answers at this address"
    FLAPPING = "flapping", True, "changes its mind from attempt to attempt"
    NOT_LONG_ENOUGH = "not-long-enough", True, "good, but not for long enough yet"
    RISING = "rising", True, "rises from check to check"
    NOT_FALLING = "not-falling", True, "does not fall"
    SPLIT_BRAIN = "split-brain", True, "held in more than one place at once"
    SAME_FILE = "same-file", True, "both names lead to one file"
    PAUSED = "paused", True, "paused on purpose"
    ACTIVE_TOO_EARLY = "active-too-early", True, "runs before its release"
    IN_RECOVERY = "in-recovery", True, "in recovery: it serves reads at most"
    DATABASE_READ_ONLY = "database-read-only", True, "the database takes no writes"
    SUPERUSER = "superuser", True, "asked with more rights than a reader needs"
    STALE = "stale", True, "what is on record of it is stale"
    IMAGE_PULL = "image-pull", True, "its image cannot be pulled"
    API_UNAVAILABLE = "api-unavailable", True, "the Kubernetes API server does not serve"
    ALERT_NOT_SEEN = "alert-not-seen", True, "the alert was accepted, and not seen further on"
    ALERT_UNANSWERED = "alert-unanswered", True, "the alert got through, and the webhook did not say so"
    ALERT_OUTDATED = "alert-outdated", True, "the alert chain was proven before a host of it rebooted"
    ALL_ALTERNATIVES_FAILED = "no-alternative-left", True, "none of the alternatives is good"

    # --- not observed: nothing may be claimed about the thing that was asked for ------------------------------------
    NAME_NOT_RESOLVED = "name-not-resolved", False, "could not observe: name not resolved"
    UNREACHABLE = "unreachable", False, "could not observe: no route to the host"
    CONNECT_TIMEOUT = "connect-timeout", False, "could not observe: connect timed out"
    SSH_CLOSED = "ssh-closed", False, "could not observe: nothing listens for SSH, so nothing could be asked"
    LOGIN_TIMEOUT = "login-timeout", False, "could not observe: login timed out"
    HOST_KEY_MISMATCH = "host-key-mismatch", False, "could not observe: host key mismatch"
    HOST_KEY_UNKNOWN = "host-key-unknown", False, "could not observe: host not in known_hosts"
    AUTHENTICATION = "authentication", False, "could not observe: authentication rejected"
    KEY_EXCHANGE = "key-exchange", False, "could not observe: no common key exchange"
    CONNECTION_LOST = "connection-lost", False, "could not observe: connection lost"
    CHANNEL_REFUSED = "channel-refused", False, "could not observe: the server refused another channel"
    REMOTE_TIMEOUT = "remote-timeout", False, "could not observe: the command did not end in time"
    OUTPUT_NOT_CLOSED = "output-not-closed", False, "could not observe: output not closed"
    NO_EXIT_STATUS = "no-exit-status", False, "could not observe: no exit status"
    KILLED = "killed", False, "could not observe: the command was killed by a signal"
    UNEXPECTED_EXIT = "unexpected-exit", False, "could not observe: the command failed"
    TOOL_MISSING = "tool-missing", False, "could not observe: tool missing on the host"
    NOT_ALLOWED = "not-allowed", False, "could not observe: not allowed"
    OVER_CAP = "over-cap", False, "could not observe: the answer is over the size cap"
    NOT_UTF8 = "not-utf8", False, "could not observe: the answer is not UTF-8"
    UNPARSABLE = "unparsable", False, "could not observe: unparsable answer"
    NO_EVIDENCE = "no-evidence", False, "could not observe: there was nothing to read"
    TOO_EARLY = "too-early", False, "could not observe: it is too early to tell"
    CLOCK = "clock", False, "could not observe: no clock that an age can be judged by"
    DAEMON_SILENT = "daemon-silent", False, "could not observe: the daemon does not answer"
    LOCKED = "locked", False, "could not observe: it waited for a lock"
    ROW_SECURITY = "row-security", False, "could not observe: row security hides rows"
    SERVICE_REFUSES = "service-refuses", False, "could not observe: the service refuses to answer"
    DEADLINE = "deadline", False, "could not observe: deadline passed"
    PROTOCOL = "protocol", False, "could not observe: the peer broke the protocol"
    BOOT_CHANGED = "boot-id-changed", False, "could not observe: the host rebooted during the run"
    BOOT_UNKNOWN = "boot-id-unknown", False, "could not observe: the host's boot id could not be confirmed"
    NOT_RECORDED = "not-recorded", False, "could not observe: not in the recording"
    FORBIDDEN = "forbidden", False, "could not observe: not an allowed read-only command"
    ALERT_NOT_SENT = "alert-not-sent", False, "could not observe: no alert was sent"
    MAYBE_DELIVERED = "maybe-delivered", False, "could not observe: the alert may have been delivered"
    INTERRUPTED = "interrupted", False, "could not observe: interrupted"
    INTERNAL = "internal-error", False, "could not observe: internal error"
