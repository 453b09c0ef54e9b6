"""How kubectl(1) says that it got no list: whether the API server answered (badly), refused us, or said nothing.

kubectl prints an empty or partial list *and* exits 1 when the server fails in the middle; only exit status 0 counts.
What it says at last is in the last line of stderr; lines before it (klog's ``E1123 …``) are of earlier tries.
"""

import re

from coldstart import errors
from coldstart.reason import Reason
from coldstart.replies import CommandReply
from coldstart.text import decoded, one_line

_CONFIGURED_NOWHERE = "kubectl has no kubeconfig on this host: it asked localhost:8080, which stands for no cluster"
_CREDENTIALS = "the API server does not accept this kubeconfig's credentials (an expired client certificate?)"

_RULES: tuple[tuple[str, Reason, str], ...] = (
    (r"The connection to the server (?:localhost|\[::1\]):8080 was refused", Reason.NO_EVIDENCE, _CONFIGURED_NOWHERE),
    (r"You must be logged in|\(Unauthorized\)", Reason.AUTHENTICATION, _CREDENTIALS),
    (r"\(Forbidden\)", Reason.NOT_ALLOWED, ""),
    (r"\(Expired\)", Reason.UNPARSABLE, "the list changed while it was read, so it is not whole"),
    (r"\(NotFound\)|doesn't have a resource type", Reason.API_UNAVAILABLE, "the API server does not serve this (yet)"),
    (r"\(BadRequest\)|\(MethodNotAllowed\)|\(NotAcceptable\)", Reason.UNEXPECTED_EXIT, ""),
    (r"^Error from server\b", Reason.API_UNAVAILABLE, ""),
    (r"currently unable to handle the request", Reason.API_UNAVAILABLE, ""),
    (r"^The connection to the server \S+ was refused", Reason.API_UNAVAILABLE, "nothing listens there"),
    (r"x509: certificate has expired or is not yet valid.* is before ", Reason.TLS_INVALID, "not valid yet"),
    (r"x509: certificate has expired", Reason.TLS_EXPIRED, ""),
    (r"x509: certificate signed by unknown authority", Reason.TLS_UNKNOWN_ISSUER, ""),
    (r"x509: (?:certificate is (?:not )?valid for|cannot validate certificate for)", Reason.TLS_WRONG_NAME, ""),
    (r"x509: |\btls: ", Reason.TLS_INVALID, ""),
    (r"no such host|name resolution|server misbehaving", Reason.NAME_NOT_RESOLVED, ""),
    (r"no route to host|network is unreachable", Reason.UNREACHABLE, ""),
    (r"dial tcp \S+ i/o timeout", Reason.CONNECT_TIMEOUT, ""),
    (r"deadline exceeded|Client\.Timeout|handshake timeout|request canceled", Reason.DAEMON_SILENT, ""),
    (r"unexpected EOF|connection reset|broken pipe|http2: ", Reason.CONNECTION_LOST, ""),
    (r"^error: EOF$", Reason.AUTHENTICATION, "the kubeconfig has no credentials for this server"),
    (r"json parse error|invalid character|serializer for", Reason.PROTOCOL, "what answers is no API server"),
    (r"^error: stat (\S+): no such file", Reason.NO_EVIDENCE, "there is no such kubeconfig"),
)
"""Of the last line: what it looks like, what it means, and words to say first. Recorded from kubectl 1.20 and 1.32."""


def require_list(reply: CommandReply) -> str:
    """Return stdout of a kubectl that succeeded; raise a `ReadError` for each way in which it did not.

    Its reason is an observed one where the API server's own answer was seen (`API_UNAVAILABLE`, a bad certificate),
    and where the host answered that nothing listens; everything else says nothing about the cluster.
    """
    if reply.exit_status == 0:
        return reply.text
    complaint = decoded(reply.stderr)
    last = complaint.strip().rpartition("\n")[2].strip()
    for pattern, reason, words in _RULES:
        if re.search(pattern, last):
            said = one_line(last, 240)
            raise errors.ReadError(f"{words}: {said}" if words else said, evidence=complaint[-2000:], reason=reason)
    reply.expect_exit()
    raise AssertionError("expect_exit raises on a status that is not 0")
