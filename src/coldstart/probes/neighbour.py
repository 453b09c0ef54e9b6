"""Does a host answer on the link itself (ARP, NDP)?"""

import ipaddress
import re
from typing import Any, ClassVar, Literal

from pydantic import Field

from coldstart import errors
from coldstart.outcome import Outcome
from coldstart.probes import strict_json
from coldstart.probes.base import Probe, Replies, Target
from coldstart.probes.params import HostAddress
from coldstart.reads import Neighbour, Read
from coldstart.reason import Reason
from coldstart.replies import NeighbourReply, utf8
from coldstart.text import one_line

_LINK_ADDRESS = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5,19}", re.IGNORECASE)
_GONE = frozenset({"INCOMPLETE", "FAILED", "NONE"})
_OLD = frozenset({"STALE", "DELAY", "PROBE"})
_SET_BY_HAND = frozenset({"PERMANENT", "NOARP"})


class NeighbourProbe(Probe):
    """The host answers on this network segment (ARP, or NDP for IPv6).

    Sends one packet to the address, then asks this machine's kernel for its route and its neighbour entry: ``ip -json
    route get ADDRESS`` and ``ip -json neighbour show to ADDRESS``. It tells a host that is gone from the wire (power,
    cable, switch) from one whose firewall or services are at fault.

    Bad: the kernel asked for the address on the link and got no answer (INCOMPLETE, FAILED), or has no entry for it.

    Caution: the address is reached through a gateway. Then this machine never asks for it by ARP, and nothing can be
    said from here: run coldstart from the same LAN, or set ``off_segment: unobserved`` where that must hold the gate.

    Not observed: an old entry (STALE, DELAY, PROBE), or one set by hand (PERMANENT, NOARP), while the packet got no
    answer: it proves nothing about now. Also a host that is given by name: an IP address is needed. An address of this
    very machine is always good.

    Example:
        probe: neighbour
        with:
          off_segment: caution

    SOP: 3.

    """

    kind: ClassVar[str] = "neighbour"

    address: HostAddress | None = Field(default=None, description="IP address to look for, if not the host's own.")
    off_segment: Literal["caution", "unobserved"] = Field(
        default="caution",
        description="What it costs that the address lies behind a gateway: a WARN, or the check's own severity.",
    )

    def _address(self, target: Target) -> str:
        return self.address or target.host.address

    def reads(self, target: Target) -> tuple[Read, ...]:
        address = self._address(target)
        return (Neighbour(address=address, timeout=target.timeout),) if _is_ip(address) else ()

    def judge(self, replies: Replies) -> Outcome:
        address = self._address(replies.target)
        if not _is_ip(address):
            raise errors.NoEvidence(f"{address} is a name; the neighbour table knows only IP addresses: give one")
        reply = replies.neighbour(Neighbour(address=address))
        expected = f"{address} answers on this network segment"
        route = _route(reply, address)
        device = str(route["dev"])
        if route.get("type") == "local":
            return Outcome.met(f"{address} is this machine itself", expected=expected, facts={"local": True})
        if "gateway" in route or "via" in route:
            return self._behind(route, address, expected)
        return _on_link(reply, address, device, expected)

    def _behind(self, route: dict[str, Any], address: str, expected: str) -> Outcome:
        via = route.get("via")  # of the other family, as an object
        gateway = one_line(str(route.get("gateway") or (via.get("host") if isinstance(via, dict) else via)), 60)
        seen = (
            f"{address} is not on this segment: it is reached through {gateway} ({route['dev']}), so its ARP entry "
            "cannot be seen from here; run this from the same LAN"
        )
        make = Outcome.caution if self.off_segment == "caution" else Outcome.unobserved
        return make(Reason.NO_EVIDENCE, seen, expected=expected, facts={"on_segment": False})


def _is_ip(address: str) -> bool:
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return False
    return True


def _objects(data: bytes, what: str) -> list[dict[str, Any]]:
    text = utf8(data)
    found = strict_json.parse(text, what)
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise errors.Unparsable(f"{what} is not a list of objects", evidence=text)
    return found


def _same_address(value: Any, address: str) -> bool:
    return isinstance(value, str) and _is_ip(value) and ipaddress.ip_address(value) == ipaddress.ip_address(address)


def _route(reply: NeighbourReply, address: str) -> dict[str, Any]:
    """The one route to the address, by a device, of a type under which a host can stand."""
    routes = _objects(reply.route, "the route")
    if len(routes) != 1 or not _same_address(routes[0].get("dst"), address) or not routes[0].get("dev"):
        raise errors.Unparsable(f"the route is not one to {address}", evidence=utf8(reply.route))
    kind = routes[0].get("type", "unicast")
    if kind not in ("unicast", "local"):
        raise errors.Unreachable(f"the route to {address} is of the type {one_line(str(kind), 40)}")
    return routes[0]


def _on_link(reply: NeighbourReply, address: str, device: str, expected: str) -> Outcome:
    evidence = (
        utf8(reply.entry).strip(),
        "the packet sent there was " + ("" if reply.answered else "not ") + "answered",
    )
    entries = [
        entry
        for entry in _objects(reply.entry, "the neighbour entry")
        if _same_address(entry.get("dst"), address) and entry.get("dev") == device
    ]
    if len(entries) > 1:
        raise errors.Unparsable(f"{len(entries)} neighbour entries for {address} on {device}", evidence=evidence[0])
    if not entries:
        if reply.answered:
            raise errors.NoEvidence(f"{address} answers, but {device} keeps no neighbour entries", evidence=evidence[0])
        return Outcome.unmet(
            Reason.NOT_RESOLVED_ON_LINK,
            f"no neighbour entry for {address} on {device}, and no answer",
            expected=expected,
            evidence=evidence,
        )
    states = entries[0].get("state")
    if not isinstance(states, list) or len(states) != 1 or not isinstance(states[0], str):
        raise errors.Unparsable("the neighbour entry has not exactly one state", evidence=evidence[0])
    state, shown = states[0], f"{address} on {device} is {one_line(states[0], 20)}"
    if state in _GONE:
        seen = f"{shown}: asked on the link, nobody answered"
        return Outcome.unmet(Reason.NOT_RESOLVED_ON_LINK, seen, expected=expected, evidence=evidence)
    if state not in _OLD | _SET_BY_HAND | {"REACHABLE"}:
        raise errors.Unparsable(f"unknown neighbour state: {shown}", evidence=evidence[0])
    link = str(entries[0].get("lladdr", ""))
    if not _LINK_ADDRESS.fullmatch(link) or not link.strip("0:"):
        raise errors.Unparsable(f"{shown}, but has no link-layer address", evidence=evidence[0])
    if state != "REACHABLE" and not reply.answered:
        kind = "an entry set by hand" if state in _SET_BY_HAND else "an old entry"
        raise errors.NoEvidence(
            f"{shown} ({link}), {kind}, and a packet sent there got no answer", evidence=evidence[0]
        )
    return Outcome.met(f"{shown}, at {link}", expected=expected, facts={"lladdr": link, "state": state})
