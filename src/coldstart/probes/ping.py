"""Does a host answer ICMP echo?"""

import re
from typing import ClassVar

from pydantic import Field

from coldstart import errors
from coldstart.outcome import Outcome
from coldstart.probes.base import Probe, Replies, Target
from coldstart.probes.params import HostAddress
from coldstart.reads import Ping, Read
from coldstart.reason import Reason
from coldstart.replies import PingReply, utf8
from coldstart.text import decoded, one_line, plural

_SUMMARY = re.compile(
    r"^(?P<sent>\d+) packets transmitted, (?P<received>\d+) (?:packets )?received,"
    r"(?: \+(?P<duplicates>\d+) duplicates,)?(?: \+(?P<corrupted>\d+) corrupted,)?(?: \+(?P<errors>\d+) errors,)?"
    r" (?P<loss>\d{1,3}(?:\.\d+)?)% packet loss(?:, time \d+ms)?$",
    re.MULTILINE,
)
_ROUND_TRIP = re.compile(
    r"^(?:rtt|round-trip) min/avg/max(?:/mdev|/stddev)? = [\d.]+/(?P<average>[\d.]+)/[\d./]+ ms"
    r"(?:, pipe \d+)?(?:, ipg/ewma [\d.]+/[\d.]+ ms)?$",
    re.MULTILINE,
)
_COMPLAINT = re.compile(r"^From (?P<who>[0-9A-Fa-f.:]+?):? icmp_seq=\d+ (?P<what>.+)$", re.MULTILINE)
_COULD_NOT_SEND = (
    (
        re.compile(r"name resolution|not known|No address associated|unknown host", re.IGNORECASE),
        errors.NameNotResolved,
    ),
    (re.compile(r"unreachable|No route to host|Invalid argument", re.IGNORECASE), errors.Unreachable),
    (re.compile(r"not permitted|Permission denied", re.IGNORECASE), errors.NotAllowed),
)


class PingProbe(Probe):
    """The host answers ping.

    Asks with ping(8) from this machine, ``ping -n -c COUNT -W WAIT ADDRESS``.

    Bad: no packet is answered. A router, or this machine, that reports the host unreachable is named. A part of the
    packets lost, and answers that come twice (a loop, or two machines with one address) or damaged, are a caution:
    after a power event they are the first sign of a switch or a cable that is about to fail.

    Not observed: ping could not send (no route, no name, no right to), or its summary is missing, cut, or disagrees
    with its exit status. A host that is set to ignore ICMP needs a `tcp` check instead.

    Example:
        probe: ping
        with:
          count: 2
          wait: 2

    SOP: 3.

    """

    kind: ClassVar[str] = "ping"
    measured: ClassVar[str | None] = "loss_percent"

    count: int = Field(default=2, ge=1, le=10, description="Packets to send, one a second (``-c``).")
    wait: int = Field(default=2, ge=1, le=30, description="Seconds to wait for an answer (``-W``).")
    address: HostAddress | None = Field(default=None, description="Address to ping, if not the host's own.")

    def _read(self, target: Target) -> Ping:
        return Ping(
            address=self.address or target.host.address,
            count=self.count,
            wait=self.wait,
            timeout=max(target.timeout, self.count * self.wait + 3),
        )

    def reads(self, target: Target) -> tuple[Read, ...]:
        return (self._read(target),)

    def judge(self, replies: Replies) -> Outcome:
        read = self._read(replies.target)
        reply = replies.ping(read)
        if reply.exit_status not in (0, 1):
            raise _unsent(reply)
        text = utf8(reply.stdout)
        summary = self._summary(text, reply.exit_status)
        sent, received = int(summary["sent"]), int(summary["received"])
        twice, damaged = int(summary["duplicates"] or 0), int(summary["corrupted"] or 0)
        facts = {
            "sent": sent,
            "received": received,
            "loss_percent": 100 * (sent - received) / sent,
            "duplicates": twice,
        }
        expected = f"{plural(sent, 'answer')} to {plural(sent, 'packet')} from {read.address}"
        heard = sorted({f"{said['who']} reports {said['what']}" for said in _COMPLAINT.finditer(text)})
        evidence = tuple(one_line(line) for line in text.splitlines() if line.strip())
        if not received:
            seen = "; ".join((f"no answer to {plural(sent, 'packet')}", *heard))
            return Outcome.unmet(Reason.NO_ANSWER, seen, expected=expected, evidence=evidence, facts=facts)
        round_trip = _ROUND_TRIP.search(text)
        if not round_trip or not text.endswith("\n"):
            raise errors.Unparsable("the output of ping ends without its round-trip times", evidence=text)
        facts["rtt_avg_ms"] = float(round_trip["average"])
        seen = "; ".join(
            (
                f"{received} of {plural(sent, 'packet')} answered, {round_trip['average']} ms on average",
                *(
                    [f"{plural(twice, 'answer')} came twice: a loop, or two machines with this address"]
                    if twice
                    else []
                ),
                *([f"{plural(damaged, 'answer')} came damaged"] if damaged else []),
                *heard,
            )
        )
        if received < sent:
            return Outcome.caution(Reason.TOO_FEW, seen, expected=expected, evidence=evidence, facts=facts)
        if twice or damaged:
            return Outcome.caution(Reason.WRONG_VALUE, seen, expected=expected, evidence=evidence, facts=facts)
        return Outcome.met(seen, expected=expected, facts=facts)

    def _summary(self, text: str, exit_status: int) -> re.Match[str]:
        """The one summary line, consistent with itself, the packets asked for, and ping's exit status."""
        found = list(_SUMMARY.finditer(text))
        if len(found) != 1:
            raise errors.Unparsable(f"the output of ping has {plural(len(found), 'summary line')}", evidence=text)
        summary = found[0]
        sent, received = int(summary["sent"]), int(summary["received"])
        if sent != self.count or received > sent:
            raise errors.Unparsable(f"ping was to send {self.count}, and says: {summary.group()}", evidence=text)
        if abs(float(summary["loss"]) - 100 * (sent - received) / sent) > 1:
            raise errors.Unparsable(f"the summary of ping contradicts itself: {summary.group()}", evidence=text)
        if (exit_status == 0) is not (received > 0):
            raise errors.Unparsable(f"ping exited {exit_status}, but says: {summary.group()}", evidence=text)
        return summary


def _unsent(reply: PingReply) -> errors.ReadError:
    """Why ping sent nothing (exit status 2 and above, ping(8))."""
    said = one_line(decoded(reply.stderr or reply.stdout).strip().partition("\n")[0])
    for pattern, error in _COULD_NOT_SEND:
        if pattern.search(said):
            return error(said)
    return errors.UnexpectedExit(f"ping exited {reply.exit_status}: {said or 'it said nothing'}")
