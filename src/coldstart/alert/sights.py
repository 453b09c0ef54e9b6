"""Looking for the alert behind the webhook: by ordinary GETs, judged here. No answer is ever repeated as a whole."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from coldstart import errors
from coldstart.alert.proof import Level, Look
from coldstart.baseline.sights import RUN, CounterSight, PageSight, Sight
from coldstart.outcome import Conclusion
from coldstart.probes import json_value, strict_json
from coldstart.probes.base import Replies
from coldstart.reads import HttpGet
from coldstart.reason import Reason
from coldstart.replies import HttpReply
from coldstart.text import one_line, plural

Get = Callable[[HttpGet], Awaitable[HttpReply]]
Now = Callable[[], float]
"""Seconds since the epoch."""

_OK, _NOT_FOUND = 2, 404


@dataclass(frozen=True)
class Reading:
    """What a counter says: a number, None where there is no such series yet. `trouble`: why it says nothing."""

    value: float | None = None
    trouble: str = ""
    reason: Reason = Reason.OK


class Watched:
    """One level, and how it is seen: `prepare` before the alert is sent, `look` after it, until it is seen."""

    def __init__(self, name: str, sight: Sight, run: str, timeout: float) -> None:
        self.sight = sight
        self.name, self._run, self._timeout = name, run, timeout
        self._before = Reading(trouble="it was not read", reason=Reason.NO_EVIDENCE)
        self._reset = ""
        self._last: Look | None = None

    @property
    def hopeless(self) -> bool:
        """Whether no later look can see it: a counter without a value of before the alert, or one that was reset."""
        if not isinstance(self.sight, CounterSight):
            return False
        nothing = self._before.value is None and not self.sight.own
        return bool(self._reset or self._before.trouble or nothing)

    async def prepare(self, get: Get, now: Now) -> bool:
        """Read what must be known before the alert is sent. False: that was not possible, and may be tried again."""
        if isinstance(self.sight, CounterSight):
            self._before = await self._count(self.sight, get, now)
            return not self._before.trouble
        return True

    async def look(self, get: Get, now: Now) -> Look:
        """Look once. Raises nothing but cancellation."""
        try:
            found = await self._looked(get, now)
        except errors.ReadError as error:
            said = one_line(error.detail or error.reason.says)
            found = Look(None, said, now(), error.reason)
        except Exception as error:  # noqa: BLE001 - the alert has left: no defect of ours may take the report with it
            found = Look(None, f"{type(error).__name__}: {one_line(str(error))}", now(), Reason.INTERNAL)
        self._last = found
        return found

    def level(self, now: Now) -> Level:
        """What is known of it now."""
        not_looked = Look(None, "the run ended before it was looked at", now(), Reason.INTERRUPTED)
        sight = self.sight
        return Level(self.name, sight.asks(self._run), sight.within, sight.own, self._last or not_looked)

    @property
    def seen(self) -> bool:
        """Whether the last look saw it."""
        return bool(self._last and self._last.seen)

    async def _looked(self, get: Get, now: Now) -> Look:
        if isinstance(self.sight, PageSight):
            reply = await get(self.sight.read(self._run, self._timeout))
            seen, said = on_page(self.sight, self._run, reply)
            return Look(seen, said, now(), Reason.OK if seen else Reason.ALERT_NOT_SEEN)
        after = await self._count(self.sight, get, now)
        found = risen(self._before, after, own=self.sight.own, at=now())
        if not after.trouble and _went_back(self._before, after):
            self._reset = self._reset or found.said
        return replace(found, seen=False, said=self._reset, reason=Reason.ALERT_NOT_SEEN) if self._reset else found

    async def _count(self, sight: CounterSight, get: Get, now: Now) -> Reading:
        probe, target = sight.probe(self._run), sight.target(self._timeout)
        read = sight.read(self._run, self._timeout)
        try:
            reply = await get(read)
            outcome = probe.judge(Replies(target=target, now=now(), by_read={read: reply}))
        except errors.ReadError as error:
            return Reading(trouble=one_line(error.detail or error.reason.says), reason=error.reason)
        count = outcome.facts.get("series", 0)
        if outcome.reason is Reason.TOO_FEW and not count:
            return Reading()
        if outcome.conclusion in (Conclusion.UNOBSERVED, Conclusion.UNMET):
            return Reading(trouble=one_line(outcome.observed), reason=outcome.reason)
        if count != 1:
            said = f"the query gives {count} series, not one: write sum(…) around it"
            return Reading(trouble=said, reason=Reason.UNPARSABLE)
        return Reading(value=float(outcome.facts["greatest"] or 0.0))


def on_page(sight: PageSight, run: str, reply: HttpReply) -> tuple[bool, str]:
    """Whether a page shows the alert of this run, and the value that it was judged by, in words.

    Not found (404) is "not there yet". Raises `ReadError` for what cannot be judged: any other status, a body that is
    cut, not UTF-8 or no JSON.
    """
    if reply.status == _NOT_FOUND:
        return False, "HTTP 404"
    if reply.status // 100 != _OK:
        to = reply.header("location")
        said = f"HTTP {reply.status}" + (f", redirected to {one_line(to, 120)}" if to else "")
        raise errors.ReadError(said, reason=Reason.UNEXPECTED_STATUS)
    document = strict_json.parse(reply.text, "the answer")
    try:
        found = json_value.values(document, sight.path)
    except LookupError as error:
        return False, f"{sight.path}: {one_line(str(error.args[0]), 120)}"
    if not found:
        return False, f"{sight.path}: an empty list"
    wanted = sight.value(run)
    if wanted and (problem := wanted.problem(document)):
        return False, problem
    words = [f"{sight.path} is {wanted.words}"] if wanted else []
    if sight.contains:
        text = sight.contains.replace(RUN, run)
        among = found[0] if len(found) == 1 and isinstance(found[0], list) else found
        if not any(isinstance(one, str) and text in one for one in among):
            return False, f'{sight.path}: {plural(len(among), "value")}, none with "{one_line(text, 80)}" in it'
        words.append(f'{sight.path} has "{one_line(text, 80)}" in it')
    return True, " and ".join(words)


def risen(before: Reading, after: Reading, *, own: bool, at: float) -> Look:
    """Whether a counter is greater after the alert than before it.

    A series that was not there before counts as risen only where nothing but this run's alert can make it (`own`):
    elsewhere it may have been counted long before Prometheus came back and scraped it again. A counter that went back
    was reset, and says nothing.
    """
    if before.trouble:
        said = f"the counter could not be read before the alert was sent: {before.trouble}"
        return Look(None, said, at, before.reason)
    if after.trouble:
        return Look(None, after.trouble, at, after.reason)
    rose, said = _compared(before.value, after.value, own=own)
    return Look(rose, said, at, Reason.OK if rose else Reason.ALERT_NOT_SEEN)


def _compared(before: float | None, after: float | None, *, own: bool) -> tuple[bool, str]:
    """Whether it rose, in words; None is no series."""
    if after is None:
        return False, "there is no series" if before is None else "the counter is no longer there"
    if before is None and not own:
        return False, "no rise can be told, as there was no series before the alert (none is 0? write: or vector(0))"
    start = before or 0.0
    if after < start:
        return False, f"the counter went back from {start:g} to {after:g}"
    return (True, f"the counter rose from {start:g} to {after:g}") if after > start else (False, f"still {after:g}")


def _went_back(before: Reading, after: Reading) -> bool:
    return before.value is not None and after.value is not None and after.value < before.value
