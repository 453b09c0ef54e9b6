"""Proves the alert chain, at most once in its life: a watch makes one and hands it to every attempt."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from coldstart.alert.proof import Proof
from coldstart.alert.sights import Watched
from coldstart.alert.webhook import Posted, perhaps, post
from coldstart.alert.words import rfc3339
from coldstart.baseline.model import AlertTest
from coldstart.clock import Clock
from coldstart.outcome import Outcome
from coldstart.reason import Reason
from coldstart.transport.base import OpenTunnel
from coldstart.transport.detour import Taken
from coldstart.transport.http import Http

NO_BOOTS: Mapping[str, str] = MappingProxyType({})


class AlertChain:
    """One alert, and what was seen of it since."""

    def __init__(self, clock: Clock, run: str | None = None) -> None:
        self._clock = clock
        self.run = run or uuid.uuid4().hex[:12]
        self.proof: Proof | None = None
        """What is known of the alert; None: it was not sent."""
        self._watched: tuple[Watched, ...] = ()
        self._boots: Mapping[str, str] = NO_BOOTS
        """The boot id of each host when the alert was accepted."""
        self._led = Taken()
        """By which detours it was sent and looked for: a report that rests on the proof rests on them too."""

    async def prove(
        self,
        test: AlertTest,
        open_tunnel: OpenTunnel | None = None,
        taken: Taken | None = None,
        *,
        boots: Mapping[str, str] = NO_BOOTS,
        ended: asyncio.Event | None = None,
    ) -> Outcome:
        """Send the alert, look for it at each level that the baseline names, and judge what was seen.

        What was sent before in this run is never sent again; later calls look once more, each time, for the levels that
        have not been seen. `boots`: boot ids by host, as known now; where one is another one than at the proof, the
        proof is outdated for good. `ended`: set when the run must end; looking ends at once. A direct connection goes
        by the detours of `taken`, which hears of them each time that the proof is used. See `Proof.outcome`.
        """
        led = Taken(taken.detours if taken else None)
        now = _Now(Http(self._clock, open_tunnel, led), led, open_tunnel, boots, ended or asyncio.Event())
        try:
            if self.proof is None:
                self._led = Taken(led.detours)
                outcome = await self._prove(test, now)
            else:
                outcome = await self._look_again(now)
        finally:
            await now.http.close()
            self._led.add(led)
            if taken:
                taken.add(self._led)
        return outcome

    async def _prove(self, test: AlertTest, now: "_Now") -> Outcome:
        watched = tuple(Watched(name, sight, self.run, test.timeout) for name, sight in test.sights.items())
        await _all(now.ended, [self._prepared(one, now.http) for one in watched])
        if now.ended.is_set():
            return Outcome.caution(Reason.ALERT_NOT_SENT, "not sent: the run ended before it")
        sent_at = self._clock.wall()
        try:
            posted = await post(test, self.run, self._clock, now.open_tunnel, now.led)
        except asyncio.CancelledError:
            self._keep(perhaps(test, self.run, sent_at, "the run ended while it was sent"), sent_at, (), now.boots)
            raise
        if not posted.left:
            return posted.outcome
        proof = self._keep(posted, sent_at, watched, now.boots)
        if not proof.refused:
            await _all(now.ended, [self._until_seen(one, now.http) for one in watched])
        return self._known()

    async def _look_again(self, now: "_Now") -> Outcome:
        proof = self.proof
        if proof is None or proof.refused:
            return self._known()
        if not proof.outdated:
            proof = self.proof = replace(proof, outdated=self._rebooted(now.boots, proof.sent_at))
        if not proof.outdated:
            lacking = [one for one in self._watched if one.name in proof.missing]
            await _all(now.ended, [one.look(now.http.perform, self._clock.wall) for one in lacking])
        return self._known()

    def _keep(self, posted: Posted, sent_at: float, watched: tuple[Watched, ...], boots: Mapping[str, str]) -> Proof:
        self._watched, self._boots = watched, dict(boots)
        self.proof = Proof(self.run, sent_at, posted.outcome)
        return self.proof

    def _known(self) -> Outcome:
        if self.proof is None:
            raise AssertionError("nothing was sent")
        self.proof = replace(self.proof, levels=tuple(one.level(self._clock.wall) for one in self._watched))
        return self.proof.outcome()

    def _rebooted(self, boots: Mapping[str, str], sent_at: float) -> str:
        """Which host is on another boot than when the alert was accepted, in words; empty: none is known to be."""
        for host, boot in sorted(self._boots.items()):
            now = boots.get(host, boot)
            if now != boot:
                since = f"between {rfc3339(sent_at)} and {rfc3339(self._clock.wall())}"
                return f"host {host} rebooted {since} (boot id was {boot}, is {now})"
        return ""

    # ---------------------------------------------------------------------------------------------------------- looking

    async def _prepared(self, one: Watched, http: Http) -> None:
        """A counter that cannot be read must not keep the alert from being sent; but it has as long as a look has."""
        await self._again(one, lambda: one.prepare(http.perform, self._clock.wall))

    async def _until_seen(self, one: Watched, http: Http) -> None:
        async def found() -> bool:
            look = await one.look(http.perform, self._clock.wall)
            return bool(look.seen) or one.hopeless

        await self._again(one, found)

    async def _again(self, one: Watched, done: Callable[[], Awaitable[bool]]) -> None:
        """Ask until it is done, for as long as the baseline says: first at once, and for the last time at its end."""
        until = self._clock.monotonic() + one.sight.within
        while not await done() and (left := until - self._clock.monotonic()) > 0:
            await self._clock.sleep(min(one.sight.every, left))


@dataclass(frozen=True)
class _Now:
    """What one attempt of a watch gives to the chain."""

    http: Http
    led: Taken
    open_tunnel: OpenTunnel | None
    boots: Mapping[str, str]
    ended: asyncio.Event


async def _all(ended: asyncio.Event, work: Sequence[Coroutine[Any, Any, object]]) -> None:
    """Do all of it at once, until it is done or the run has ended."""
    if not work:
        return
    whole = asyncio.ensure_future(asyncio.gather(*work))
    stopped = asyncio.create_task(ended.wait())
    waiting: set[asyncio.Future[Any]] = {whole, stopped}
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        whole.cancel()
        stopped.cancel()
        await asyncio.gather(whole, stopped, return_exceptions=True)
