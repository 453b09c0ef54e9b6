"""What this machine can see of the network by itself: a TCP port, ICMP echo, the neighbour table.

Tools: ping(8) of iputils (also BusyBox's words), ip-route(8) and ip-neighbour(8) with ``-json``.
"""

import json
import math
import re
from typing import Any

from coldstart import errors
from coldstart.clock import Clock
from coldstart.reads import Neighbour, Ping, TcpDial
from coldstart.replies import DialReply, NeighbourReply, PingReply
from coldstart.text import decoded, one_line
from coldstart.transport.detour import Taken
from coldstart.transport.dial import dial
from coldstart.transport.local import Finished, run_tool

POLL = 0.25
"""Seconds between two looks at a neighbour entry that the kernel has not settled yet."""

_PING_ERROR = 2
"""ping(8): "on other error it exits with code 2"."""
_SETTLED = {"REACHABLE", "PERMANENT", "NOARP", "FAILED", "INCOMPLETE"}
"""States that will not say more: INCOMPLETE too, once a packet was sent and a second has passed without an answer."""

_ANY_CASE = re.IGNORECASE
_COMPLAINTS: tuple[tuple[re.Pattern[str], type[errors.ReadError]], ...] = (
    (
        re.compile(
            "name or service not known|name resolution|no address associated|unknown host|bad address", _ANY_CASE
        ),
        errors.NameNotResolved,
    ),
    (re.compile("operation not permitted|permission denied|cap_net_raw", _ANY_CASE), errors.NotAllowed),
    (
        re.compile("network (is )?unreachable|no route to host|network is down|cannot assign address", _ANY_CASE),
        errors.Unreachable,
    ),
)
"""What the tools print when they could not send anything: nothing may be concluded about the address then."""


class Net:
    """Performs `TcpDial`, by the detours of `taken`, `Ping` and `Neighbour`. Holds nothing between reads."""

    def __init__(self, clock: Clock, taken: Taken | None = None) -> None:
        self._clock = clock
        self._taken = taken

    async def perform(self, read: TcpDial | Ping | Neighbour) -> DialReply | PingReply | NeighbourReply:
        """Ask. Raises `ReadError` leaves; each read is bounded by its own timeout."""
        if isinstance(read, TcpDial):
            return await self._dial(read)
        if isinstance(read, Ping):
            return await self._ping(read)
        return await self._neighbour(read)

    async def _dial(self, read: TcpDial) -> DialReply:
        started = self._clock.wall()
        dialled = await dial(read.address, read.port, read.timeout, self._taken)
        dialled.sock.close()
        return DialReply(started=started, ended=self._clock.wall(), address=dialled.address, cautions=dialled.cautions)

    async def _ping(self, read: Ping) -> PingReply:
        done = await self._echo(read, read.timeout)
        return PingReply(
            started=done.started,
            ended=done.ended,
            exit_status=done.exit_status,
            stdout=done.stdout,
            stderr=done.stderr,
        )

    async def _echo(self, read: Ping, seconds: float) -> Finished:
        """Run ping. 0 (answered) and 1 (not answered) count only with the statistics, and when it could send."""
        done = await run_tool(read.argv, seconds, self._clock)
        if done.exit_status == 0 and b"packets transmitted" in done.stdout:
            return done
        if leaf := _complaint(done.stderr):
            raise leaf(_said("ping", done), evidence=decoded(done.stderr))
        if b"packets transmitted" not in done.stdout and done.exit_status != _PING_ERROR:
            raise errors.UnexpectedExit(_said("ping", done), evidence=decoded(done.stderr or done.stdout))
        return done

    async def _neighbour(self, read: Neighbour) -> NeighbourReply:
        deadline = self._clock.monotonic() + read.timeout
        started = self._clock.wall()
        found = _require_success("ip route", await run_tool(read.route_argv, read.timeout, self._clock))
        (route,) = _objects(found.stdout, "ip route", least=1)[:1]
        answered = False
        if on_link(route):
            answered = (await self._echo(read.nudge, self._left(deadline))).exit_status == 0
            entry = await self._settled_entry(read, route, deadline, answered=answered)
        else:
            entry = await self._entry(read, deadline)
        return NeighbourReply(
            started=started, ended=self._clock.wall(), route=found.stdout, entry=entry.stdout, answered=answered
        )

    async def _settled_entry(
        self, read: Neighbour, route: dict[str, Any], deadline: float, *, answered: bool
    ) -> Finished:
        """Look until the kernel has made up its mind; DELAY and PROBE (RFC 4861, 7.3.2) are on their way to it."""
        entry = await self._entry(read, deadline)
        for _ in range(math.ceil(read.timeout / POLL)):
            states = _states(_objects(entry.stdout, "ip neighbour"), route.get("dev"))
            if answered or states & _SETTLED or self._clock.monotonic() >= deadline - POLL:
                break
            await self._clock.sleep(POLL)
            entry = await self._entry(read, deadline)
        return entry

    async def _entry(self, read: Neighbour, deadline: float) -> Finished:
        done = await run_tool(read.entry_argv, self._left(deadline), self._clock)
        return _require_success("ip neighbour", done)

    def _left(self, deadline: float) -> float:
        return max(deadline - self._clock.monotonic(), 0.1)


def on_link(route: dict[str, Any]) -> bool:
    """Say whether a route of ``ip -json route get`` leads straight to a neighbour: no gateway, and not to ourselves."""
    return (
        not {"gateway", "via"} & set(route) and route.get("type", "unicast") == "unicast" and route.get("dev") != "lo"
    )


def _states(entries: list[dict[str, Any]], device: object) -> set[str]:
    mine = [entry for entry in entries if device is None or entry.get("dev", device) == device]
    return {str(state) for entry in mine for state in entry.get("state") or ()}


def _objects(printed: bytes, tool: str, least: int = 0) -> list[dict[str, Any]]:
    """Parse what ``ip -json`` printed: a list of objects, or nothing at all where it has nothing to list."""
    try:
        found = json.loads(printed) if printed.strip() else []
    except (ValueError, RecursionError) as error:
        raise errors.Unparsable(f"{tool} printed no JSON: {error}", evidence=decoded(printed[:2000])) from None
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found) or len(found) < least:
        raise errors.Unparsable(f"{tool} printed JSON of another shape", evidence=decoded(printed[:2000]))
    return found


def _complaint(stderr: bytes) -> type[errors.ReadError] | None:
    return next((leaf for pattern, leaf in _COMPLAINTS if pattern.search(decoded(stderr))), None)


def _said(tool: str, done: Finished) -> str:
    said = one_line(decoded(done.stderr) or decoded(done.stdout))
    return f"{tool}: {said}" if said else f"{tool}: exit status {done.exit_status}, and no output"


def _require_success(tool: str, done: Finished) -> Finished:
    if done.exit_status != 0:
        leaf = _complaint(done.stderr) or errors.UnexpectedExit
        raise leaf(_said(tool, done), evidence=decoded(done.stderr))
    return done
