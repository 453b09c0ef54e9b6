"""The network: ip(8) on a host, and what ping(8) and ip(8) of the operator's machine find on the wire."""

import json
from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any

from coldstart.drill.inventory import HOSTS, VIP
from coldstart.drill.stack import Stack
from coldstart.drill.view import Said, View

_DEVICE = "host0"
_OPERATOR = "192.168.0.10"
"""The address of the operator's machine on that network."""
_FOREVER = 4294967295
_LINKS: Mapping[str, tuple[str, int]] = {
    "110": ("76:8c:00:2f:6e:18", 4),
    "120": ("66:09:f5:18:a4:b1", 5),
    "121": ("1a:b0:92:ac:65:5b", 6),
    "188": ("36:3c:a4:4c:97:c0", 7),
}
"""Link-layer address of each host, and its end of the switch."""
_TIMES = (0.362, 0.287, 0.311, 0.294, 0.333, 0.301, 0.279, 0.318, 0.325, 0.290)
"""Round trips of ten packets on a quiet switch, ms."""


def ip(view: View, argv: Sequence[str]) -> Said:
    """``ip -json address show``: its addresses, and the VIP where it holds it."""
    words = list(argv[1:])
    if words != ["-json", "address", "show"]:
        name = next((word for word in words if not word.startswith("-")), "")
        return Said(stderr=f'Object "{name}" is unknown, try "ip help".\n', status=255)
    spec = view.state.spec
    addresses = [_address(spec.address, 24, "global", _DEVICE)]
    if view.host in view.stack.vip_holders():
        addresses.append(_address(VIP, 24, "global", _DEVICE, secondary=True))
    return Said(_compact([_loopback(), {**_link(view.host), "addr_info": addresses}]))


def ping(stack: Stack, address: str, count: int) -> Said:
    """``ping -n -c COUNT -W … ADDRESS`` at the operator's; how long it takes is for the caller."""
    host = _host_at(stack, address)
    if host is None and address not in _KNOWN:
        return Said(stderr="ping: connect: Network is unreachable\n", status=2)
    times = [_TIMES[index % len(_TIMES)] for index in range(count)] if host and stack.pings(host) else []
    answers = "".join(
        f"64 bytes from {address}: icmp_seq={number} ttl=64 time={time:.3f} ms\n"
        for number, time in enumerate(times, start=1)
    )
    lost = 0 if times else 100
    took = 1001 * (count - 1)
    summary = f"{count} packets transmitted, {len(times)} received, {lost}% packet loss, time {took}ms\n"
    text = f"PING {address} ({address}) 56(84) bytes of data.\n{answers}\n--- {address} ping statistics ---\n{summary}"
    return Said(f"{text}{_round_trips(times) if times else ''}\n", status=0 if times else 1)


def route(address: str) -> Said:
    """``ip -json route get ADDRESS`` at the operator's: every host of the stack is on its own segment."""
    if address not in _KNOWN:
        return Said(stderr="RTNETLINK answers: Network is unreachable\n", status=2)
    to = {"dst": address, "dev": _DEVICE, "prefsrc": _OPERATOR, "flags": [], "uid": 0, "cache": []}
    return Said(_compact([to]))


def neighbour(stack: Stack, address: str) -> Said:
    """``ip -json neighbour show to ADDRESS`` at the operator's, after a packet was sent there.

    Who does not answer is INCOMPLETE: the kernel is still asking. That goes for a host that answered long before, too:
    its entry is dropped once it has not been confirmed, and begins anew with the next packet.
    """
    if address not in _KNOWN:
        return Said("[]\n")
    host = _host_at(stack, address)
    entry: dict[str, Any] = {"dst": address, "dev": _DEVICE}
    if host and stack.pings(host):
        entry |= {"lladdr": _LINKS[host][0], "state": ["REACHABLE"]}
    else:
        entry |= {"state": ["INCOMPLETE"]}
    return Said(_compact([entry]))


_KNOWN = {VIP, *(spec.address for spec in HOSTS.values())}


def _host_at(stack: Stack, address: str) -> str | None:
    """Who has the address: for the VIP, whoever answers for it."""
    if address == VIP:
        return stack.vip_leads_to()
    return next((name for name, spec in HOSTS.items() if spec.address == address), None)


def _round_trips(times: Sequence[float]) -> str:
    mean = sum(times) / len(times)
    spread = sqrt(max(0.0, sum(time * time for time in times) / len(times) - mean * mean))
    return f"rtt min/avg/max/mdev = {min(times):.3f}/{mean:.3f}/{max(times):.3f}/{spread:.3f} ms"


def _loopback() -> dict[str, Any]:
    return {
        "ifindex": 1,
        "ifname": "lo",
        "flags": ["LOOPBACK", "UP", "LOWER_UP"],
        "mtu": 65536,
        "qdisc": "noqueue",
        "operstate": "UNKNOWN",
        "group": "default",
        "txqlen": 1000,
        "link_type": "loopback",
        "address": "00:00:00:00:00:00",
        "broadcast": "00:00:00:00:00:00",
        "addr_info": [
            _address("127.0.0.1", 8, "host", "lo"),
            {key: value for key, value in _address("::1", 128, "host", "lo").items() if key != "label"},
        ],
    }


def _link(host: str) -> dict[str, Any]:
    address, peer = _LINKS[host]
    return {
        "ifindex": 2,
        "link_index": peer,
        "ifname": _DEVICE,
        "flags": ["BROADCAST", "MULTICAST", "UP", "LOWER_UP"],
        "mtu": 1500,
        "qdisc": "noqueue",
        "operstate": "UP",
        "group": "default",
        "txqlen": 1000,
        "link_type": "ether",
        "address": address,
        "broadcast": "ff:ff:ff:ff:ff:ff",
        "link_netnsid": 0,
    }


def _address(address: str, length: int, scope: str, label: str, *, secondary: bool = False) -> dict[str, Any]:
    return {
        "family": "inet6" if ":" in address else "inet",
        "local": address,
        "prefixlen": length,
        "scope": scope,
        **({"secondary": True} if secondary else {}),
        "label": label,
        "valid_life_time": _FOREVER,
        "preferred_life_time": _FOREVER,
    }


def _compact(value: list[dict[str, Any]]) -> str:
    return json.dumps(value, separators=(",", ":")) + "\n"
