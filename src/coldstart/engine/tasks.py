"""Asks what a check must know and judges the answers: one task, or a group of alternatives."""

import asyncio
from collections.abc import Mapping

from coldstart.clock import Clock
from coldstart.engine import boots, reduce
from coldstart.engine.declared import declared, not_asked
from coldstart.engine.judging import conclude, over_time
from coldstart.engine.over_time import Moment
from coldstart.engine.pool import ReadPool, first_begun
from coldstart.engine.program import Group, Task
from coldstart.outcome import CheckResult, Exchange
from coldstart.probes.base import Replies
from coldstart.reads import Read
from coldstart.reason import Reason
from coldstart.replies import NoReply, Reply
from coldstart.samples import Past


class Tasks:
    """Judges the checks of one run, all of them at the moment when it began (`started`, s since the epoch)."""

    def __init__(
        self, pool: ReadPool, clock: Clock, started: float, *, before: Mapping[Read, Reply], past: Past
    ) -> None:
        """`before`: replies of the attempt before; `past`: samples of earlier runs."""
        self._pool, self._clock, self._started = pool, clock, started
        self._earlier, self._past = before, past

    async def item(self, item: Task | Group, downstream_of: str | None) -> CheckResult:
        """Ask and judge one item; `downstream_of`: the blocked gate above it, where it is asked for diagnosis only."""
        if item.left_out:
            result = not_asked(item)
        elif isinstance(item, Group):
            members = await asyncio.gather(*(self._task(member, downstream_of) for member in item.members))
            asked = [member for member in members if member.verdict]
            verdict, outcome = reduce.any_of(item.check.severity, asked)
            result = declared(item).model_copy(
                update={
                    "verdict": verdict,
                    "outcome": outcome,
                    "downstream_of": downstream_of,
                    "members": tuple(members),
                }
            )
        else:
            result = await self._task(item, downstream_of)
        return result

    async def _task(self, task: Task, downstream_of: str | None) -> CheckResult:
        if task.left_out or task.target is None:
            return not_asked(task)
        by_read = await self._replies(task)
        replies = Replies(target=task.target, now=self._started, by_read=by_read, before=await self._before(task))
        outcome = conclude(task.check.probe, replies)
        if task.extra:
            outcome = over_time(outcome, task.extra, replies, await self._moment(task))
        return declared(task).model_copy(
            update={
                "verdict": reduce.check_verdict(task.check.severity, outcome),
                "outcome": outcome,
                "downstream_of": downstream_of,
                "exchanges": _proof(task, by_read),
            }
        )

    async def _moment(self, task: Task) -> Moment:
        """When and on which boot of its host a check with a past is judged."""
        place = boots.places((task.extra.uptime,)) if task.extra else ()
        boot = boots.boot_id(await self._pool.ask(boots.first(place[0])).task) if place else None
        return Moment(key=task.key, at=self._started, boot=boot, past=self._past)

    async def _replies(self, task: Task) -> dict[Read, Reply]:
        """Every reply of a check; what has not come by its deadline (counted from its first turn) is not observed."""
        asked = {read: self._pool.ask(read) for read in task.reads}
        for place in boots.places(task.reads):
            self._pool.ask(boots.first(place))
        if not asked:
            return {}
        await first_begun(asked.values())
        await asyncio.wait([one.task for one in asked.values()], timeout=task.check.deadline)
        return {read: self._reply(one.task, task.check.deadline) for read, one in asked.items()}

    def _reply(self, task: "asyncio.Task[Reply]", deadline: float) -> Reply:
        if task.done():
            return task.result()
        return NoReply(
            started=self._started,
            ended=self._clock.wall(),
            reason=Reason.DEADLINE,
            detail=f"not answered within the check's deadline of {deadline:g} s",
        )

    async def _before(self, task: Task) -> dict[Read, Reply]:
        """The replies of the attempt before, where the host is still on the same boot."""
        kept: dict[Read, Reply] = {}
        for read in task.reads:
            earlier = self._earlier.get(read)
            if earlier is None:
                continue
            boot = boots.first(read.place)
            now = await self._pool.ask(boot).task if boots.has_boot(read) else None
            if now is None or boots.same(self._earlier.get(boot), now):
                kept[read] = earlier
        return kept


def _proof(task: Task, by_read: Mapping[Read, Reply]) -> tuple[Exchange, ...]:
    """What an outcome rests on. A record that was not to be had is no part of it, and neither is its host's boot."""
    record = task.extra.record if task.extra else None
    return tuple(
        Exchange(read=read, reply=reply)
        for read, reply in by_read.items()
        if read != record or not isinstance(reply, NoReply)
    )
