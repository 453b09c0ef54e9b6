"""PostgreSQL by pg_isready(1)."""

import ipaddress
from typing import ClassVar

from pydantic import Field

from coldstart import errors
from coldstart.outcome import Outcome
from coldstart.probes.base import Probe, Replies, Target
from coldstart.probes.params import HostAddress, Port
from coldstart.reads import Command
from coldstart.reason import Reason
from coldstart.replies import CommandReply
from coldstart.text import one_line

_ACCEPTING, _REJECTING, _NO_RESPONSE, _NO_ATTEMPT = range(4)
_WORDS = ("accepting connections", "rejecting connections", "no response", "no attempt")
"""What pg_isready(1) prints, by its exit status (PGPing of libpq)."""

_NO_CLIENT = "You must install at least one postgresql-client"
"""Debian's pg_wrapper(1) stands in for pg_isready; without a client package it exits 1, as "rejecting" does."""


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


class PgIsReadyProbe(Probe):
    """PostgreSQL accepts connections.

    Asks ``pg_isready -h HOST -p PORT -t SECONDS`` on the check's host, and takes its exit status and its words
    together: one without the other is no answer (Debian's wrapper exits 1 when no client is installed, which alone
    would read as "rejecting").

    | exit | prints | means |
    |---|---|---|
    | 0 | accepting connections | as required |
    | 1 | rejecting connections | bad: starting up, shutting down, or in a recovery that serves no queries |
    | 2 | no response | see below |
    | 3 | no attempt | not observed: it did not even try |

    "No response" is the same text for a refused connection, an unreachable address, a name that does not resolve and a
    server that says nothing in time. At once, and from the host's own port, it is bad: nothing accepts there. So
    it is for an address of another host. Where pg_isready waited out its limit, or a name may not have resolved,
    nothing was observed.

    **What it does not prove.** pg_isready sends no password and runs no query. It also says "accepting connections"
    for a user or a database that does not exist, when every connection slot is taken, and for a hot standby that can
    only read. It proves that the server has left its start-up, and nothing about a usable database (faults 31, 32).

    The time limit given to pg_isready is a third of the check's, at least 2 s (libpq takes no less) and at most 30 s:
    ``localhost`` may be two addresses, each tried for that long.

    Example:
    ```yaml
    probe: pg_isready
    with: {host: localhost, port: 5432}
    ```

    SOP sections 4.2 (on 188 itself) and 6.2 (from the K3s hosts to 188); pg_isready(1).

    """

    kind: ClassVar[str] = "pg_isready"

    host: HostAddress = Field(
        default="localhost", description="Name or address of the server, as seen from the check's host."
    )
    port: Port = Field(default=5432, description="TCP port of the server.")

    def _limit(self, target: Target) -> int:
        return min(max(2, int(target.timeout // 3)), 30)

    def _command(self, target: Target) -> Command:
        limit = str(self._limit(target))
        return target.command("pg_isready", "-h", self.host, "-p", str(self.port), "-t", limit)

    def reads(self, target: Target) -> tuple[Command, ...]:
        return (self._command(target),)

    def judge(self, replies: Replies) -> Outcome:
        reply = replies.command(self._command(replies.target))
        self._require_agreement(reply)
        where = f"{self.host}:{self.port}"
        expected = f"{where} accepts connections" + ("" if _is_loopback(self.host) else " from this host")
        facts = {"accepting": reply.exit_status == _ACCEPTING}
        if reply.exit_status == _ACCEPTING:
            return Outcome.met(f"{where} accepts connections", expected=expected, facts=facts)
        if reply.exit_status == _REJECTING:
            seen = f"{where} is rejecting connections: starting up, shutting down or in recovery"
            return Outcome.unmet(Reason.REJECTING, seen, expected=expected, facts=facts)
        if reply.exit_status == _NO_RESPONSE:
            return self._no_response(reply, self._limit(replies.target), expected)
        return Outcome.unobserved(
            Reason.UNEXPECTED_EXIT, f"pg_isready made no attempt to reach {where}", expected=expected
        )

    def _require_agreement(self, reply: CommandReply) -> None:
        """Raise unless the words are those of the exit status, for the server that was asked for."""
        if _NO_CLIENT in reply.complaint:
            raise errors.ToolMissing(f"pg_isready: {reply.complaint}")
        reply.expect_exit(_ACCEPTING, _REJECTING, _NO_RESPONSE, _NO_ATTEMPT)
        if reply.text != f"{self.host}:{self.port} - {_WORDS[reply.exit_status]}\n":
            printed = one_line(reply.text) or "nothing"
            complaint = f" ({reply.complaint})" if reply.complaint else ""
            raise errors.Unparsable(
                f"pg_isready exited {reply.exit_status} and printed {printed}{complaint}: that is not its answer"
                f" about {self.host}:{self.port}"
            )

    def _no_response(self, reply: CommandReply, limit: int, expected: str) -> Outcome:
        """pg_isready prints the same for refused, unreachable, unresolved and timed out; say only what is certain.

        Its clock has whole seconds, so a limit of N ends after more than N - 1 s; what ended sooner did not time out.
        """
        where = f"{self.host}:{self.port}"
        waited = reply.ended - reply.started >= limit - 1
        if waited and _is_loopback(self.host):
            seen = f"no response from {where} within {limit} s"
            return Outcome.unobserved(Reason.DAEMON_SILENT, seen, expected=expected)
        if waited:
            seen = f"no response from {where}, and pg_isready may have given up after {limit} s"
            return Outcome.unobserved(Reason.CONNECT_TIMEOUT, seen, expected=expected)
        if _is_loopback(self.host):
            seen = f"no response from {where}: nothing accepts there"
            return Outcome.unmet(Reason.PORT_CLOSED, seen, expected=expected, facts={"accepting": False})
        if _is_address(self.host):
            seen = f"no response from {where}: refused or unreachable"
            return Outcome.unmet(Reason.NO_ANSWER, seen, expected=expected, facts={"accepting": False})
        seen = f"no response from {where}: refused, unreachable, or the name did not resolve"
        return Outcome.unobserved(Reason.NO_EVIDENCE, seen, expected=expected)
