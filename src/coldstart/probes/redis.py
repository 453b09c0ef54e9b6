"""Redis by redis-cli's PING."""

import re
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from coldstart import errors
from coldstart.outcome import Outcome
from coldstart.probes.base import Probe, Replies, Target
from coldstart.probes.params import HostAddress, Port
from coldstart.reads import Command
from coldstart.reason import Reason
from coldstart.replies import CommandReply
from coldstart.text import decoded, one_line

_PONG = "PONG\n"

_ERROR_REPLIES: tuple[tuple[str, Reason], ...] = (
    ("LOADING ", Reason.STARTING),
    ("BUSY ", Reason.REJECTING),
    ("MASTERDOWN ", Reason.REJECTING),
    ("MISCONF ", Reason.UNHEALTHY),
    ("ERR max number of clients reached", Reason.REJECTING),
    ("NOAUTH ", Reason.SERVICE_REFUSES),
    ("NOPERM ", Reason.SERVICE_REFUSES),
    ("WRONGPASS ", Reason.SERVICE_REFUSES),
    ("DENIED ", Reason.SERVICE_REFUSES),
    ("ERR unknown command", Reason.SERVICE_REFUSES),
)
"""How error replies to PING begin (redis-cli prints them on stdout and exits 0), and what each means."""

_NO_CONNECTION = re.compile(r"Could not connect to Redis at \S+: (?P<why>.+)")
_NOT_CONNECTED: tuple[tuple[str, Reason], ...] = (
    ("Connection refused", Reason.PORT_CLOSED),
    ("Connection timed out", Reason.CONNECT_TIMEOUT),
    ("Name or service not known", Reason.NAME_NOT_RESOLVED),
    ("Temporary failure in name resolution", Reason.NAME_NOT_RESOLVED),
    ("No address associated with hostname", Reason.NAME_NOT_RESOLVED),
    ("Network is unreachable", Reason.UNREACHABLE),
    ("No route to host", Reason.UNREACHABLE),
)
_BROKEN = re.compile(r"Error: (?:Server closed the connection|Protocol error|Connection reset by peer)")


def _distinct(ports: tuple[int, ...]) -> tuple[int, ...]:
    if len(set(ports)) != len(ports):
        raise ValueError("a port is listed twice")
    return ports


def _judged(reply: CommandReply) -> tuple[Reason, str]:
    """What one PING came to: `Reason.OK` for exactly PONG, else why not, and the words for it. Raises `ReadError`."""
    if reply.exit_status == 0:
        text = reply.text
        if text == _PONG:
            return Reason.OK, "PONG"
        shown = one_line(text.partition("\n")[0], limit=160)
        for beginning, reason in _ERROR_REPLIES:
            if text.startswith(beginning):
                return reason, shown
        raise errors.Unparsable(f"the answer to PING is not PONG: {one_line(text) or 'empty'}")
    complaint = decoded(reply.stderr)
    if match := _NO_CONNECTION.search(complaint):
        for words, reason in _NOT_CONNECTED:
            if words in match["why"]:
                return reason, one_line(match["why"]).lower()
    if _BROKEN.search(complaint):
        return Reason.PROTOCOL, reply.complaint
    reply.expect_exit()
    raise AssertionError("expect_exit raises on a status that is not 0")


class RedisProbe(Probe):
    """Redis answers PONG.

    Asks ``redis-cli -h HOST -p PORT ping`` on the check's host, for each of `ports`. They are judged in their order;
    only a port that refuses the connection hands over to the next one, as the ``||`` of the SOP does. The first port is
    the one that Redis belongs on: when it is closed and a later one answers PONG, that is another instance or another
    configuration than the one declared, and a caution, unless `fallback_is_fine`.

    Good is the answer ``PONG`` and nothing else. redis-cli exits 0 for an error reply too, so the exit status proves
    nothing. What the first port that does not refuse may say:

    | answer | means |
    |---|---|
    | ``LOADING`` | bad: still reading its data set; a PONG of another port does not make up for it |
    | ``MISCONF`` | bad: it cannot persist to disk, and refuses writes |
    | ``MASTERDOWN``, ``BUSY``, ``max number of clients`` | bad: it answers, but serves nobody |
    | ``NOAUTH``, ``NOPERM``, ``WRONGPASS``, ``DENIED``, PING renamed | not observed: it will not answer this client |
    | closes the connection, speaks another protocol | not observed |
    | anything else | not observed: unparsable |

    All ports refused is bad: nothing listens. No password is ever sent by this program; a Redis that asks for one
    cannot be judged as it is (give the SSH user's environment on that host ``REDISCLI_AUTH``, or check it another way).

    **What it does not prove:** that the data set is complete, or that a write would succeed on a full disk.

    Example:
    ```yaml
    probe: redis
    with: {ports: [6380, 6379]}
    ```

    SOP sections 4.1 (redis-server on 6380), 4.2 and 12.1; https://redis.io/docs/latest/commands/ping/.

    """

    kind: ClassVar[str] = "redis"

    host: HostAddress = Field(default="127.0.0.1", description="Address of the server, as seen from the check's host.")
    ports: Annotated[tuple[Port, ...], AfterValidator(_distinct)] = Field(
        default=(6380, 6379),
        min_length=1,
        max_length=8,
        description="Ports to ask, the one that Redis belongs on first; a later one counts if all before it refuse.",
    )
    fallback_is_fine: bool = Field(
        default=False, description="True: PONG of a later port is as good as that of the first, no caution."
    )

    def _command(self, target: Target, port: int) -> Command:
        return target.command("redis-cli", "-h", self.host, "-p", str(port), "ping")

    def reads(self, target: Target) -> tuple[Command, ...]:
        return tuple(self._command(target, port) for port in self.ports)

    def judge(self, replies: Replies) -> Outcome:
        expected = f"PONG from {self.host}:{self.ports[0]}"
        if len(self.ports) > 1:
            expected += f" (or, when that is closed, from port {', '.join(map(str, self.ports[1:]))})"
        closed: list[int] = []
        for port in self.ports:
            reason, words = _judged(replies.command(self._command(replies.target, port)))
            if reason is not Reason.PORT_CLOSED:
                return self._outcome(port, reason, words, closed, expected)
            closed.append(port)
        nothing = f"nothing listens on {self.host} port {', '.join(map(str, closed))}"
        return Outcome.unmet(Reason.PORT_CLOSED, nothing, expected=expected, facts={"ports_closed": len(closed)})

    def _outcome(self, port: int, reason: Reason, words: str, closed: list[int], expected: str) -> Outcome:
        """The outcome of the first port that did not refuse; `closed` are those before it."""
        seen = f"port {port}: {words}"
        if closed:
            seen += f"; port {', '.join(map(str, closed))}: closed"
        facts = {"answering_port": port, "ports_closed": len(closed)}
        if not reason.observed:
            return Outcome.unobserved(reason, seen, expected=expected)
        if reason is not Reason.OK:
            return Outcome.unmet(reason, seen, expected=expected, facts=facts)
        if closed and not self.fallback_is_fine:
            return Outcome.caution(Reason.FALLBACK_ADDRESS, seen, expected=expected, facts=facts)
        return Outcome.met(seen, expected=expected, facts=facts)
