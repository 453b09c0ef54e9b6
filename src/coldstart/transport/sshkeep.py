"""SSH connections that outlive a run: what a watch keeps from one attempt to the next while it is healthy.

Only what was whole is kept. A connection on which something was given up (a command whose end was not seen, a tunnel
that did not open in time) may still hold a channel over there, and sshd has few of them (MaxSessions). One that was
made in a second way (faults.md 2) is made again, so that the first way is found when it is back. One through a
ProxyCommand is made again too: whether its other end still greets cannot be asked beside it.
"""

import asyncio
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from coldstart.transport.sshroute import Route

if TYPE_CHECKING:
    from coldstart.transport.ssh.wire import Wire

_CLOSE_WAIT = 1.0
"""Seconds for all connections to go away."""


class Kept:
    """The connections that nobody uses between two runs, at most one a route. Lives in one event loop."""

    def __init__(self) -> None:
        self._wires: dict[Route, Wire] = {}

    def __len__(self) -> int:
        return len(self._wires)

    def only(self, routes: Collection[Route]) -> None:
        """Drop what leads by another route: the operator's ssh_config was changed."""
        for route in [route for route in self._wires if route not in routes]:
            self._wires.pop(route).abort()

    def take(self, route: Route) -> "Wire | None":
        """Hand over the connection by this route; None: there is none that is alive."""
        wire = self._wires.pop(route, None)
        return None if wire is None or wire.lost else wire

    def keep(self, wires: Iterable["Wire"]) -> list["Wire"]:
        """Keep those that are fit for another run; return the others, which are still to be dropped."""
        left = []
        for wire in wires:
            if _fit(wire) and wire.route not in self._wires:
                self._wires[wire.route] = wire
            else:
                left.append(wire)
        return left

    async def close(self) -> None:
        """Drop every connection, within `_CLOSE_WAIT` s."""
        wires, self._wires = list(self._wires.values()), {}
        await drop(wires)


def _fit(wire: "Wire") -> bool:
    """Whether it is in good order, and every connection under it too."""
    good = wire.whole and not wire.cautions and not wire.route.settings.proxy_command
    return good and (wire.via is None or _fit(wire.via))


async def drop(wires: Collection["Wire"]) -> None:
    """Let go of connections, waiting at most `_CLOSE_WAIT` s for them to be gone."""
    for wire in reversed(list(wires)):
        wire.abort()
    if wires:
        going = [asyncio.ensure_future(wire.gone()) for wire in wires]
        _, left = await asyncio.wait(going, timeout=_CLOSE_WAIT)
        for task in left:
            task.cancel()
