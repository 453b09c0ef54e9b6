"""For tests of the engine alone: a probe that asks for words, and a transport that answers from a script."""

import asyncio
from collections.abc import Callable, Mapping
from typing import ClassVar

from coldstart.baseline.load import LoadedBaseline
from coldstart.baseline.model import AnyOf, Baseline, Check, Defaults, Gate, Host
from coldstart.outcome import Outcome, Severity, Verdict
from coldstart.probes.base import Probe, Replies, Target
from coldstart.reads import BootId, Command, Read
from coldstart.reason import Reason
from coldstart.replies import CommandReply, Reply

BOOT = "11111111-2222-3333-4444-555555555555"
OTHER_BOOT = "99999999-2222-3333-4444-555555555555"


class Says(Probe):
    """The word is answered with yes. `maybe` is a caution, `bug` a defect of the probe."""

    kind: ClassVar[str] = "says"
    words: tuple[str, ...]

    def reads(self, target: Target) -> tuple[Command, ...]:
        return tuple(target.command("ask", word) for word in self.words)

    def judge(self, replies: Replies) -> Outcome:
        texts = [replies.command(read).expect_exit().text for read in self.reads(replies.target)]
        if "bug" in texts:
            raise ZeroDivisionError("a defect of the probe")
        if "rises" in texts:
            earlier = replies.earlier(replies.target.command("ask", self.words[0]))
            return Outcome.unmet(Reason.RESTART_LOOP, "rose") if earlier else Outcome.met("once")
        if "maybe" in texts:
            return Outcome.caution(Reason.RESTARTED, "maybe")
        wrong = [text for text in texts if text != "yes"]
        return Outcome.unmet(Reason.WRONG_VALUE, wrong[0], expected="yes") if wrong else Outcome.met("yes")


class SaysTogether(Says):
    """As Says, once over all hosts."""

    kind: ClassVar[str] = "says_together"
    spans_hosts: ClassVar[bool] = True

    def reads(self, target: Target) -> tuple[Command, ...]:
        return tuple(Command(host=place.name, argv=("ask", word)) for place in target.hosts for word in self.words)


Answer = str | Exception | Callable[[Read], "Reply | asyncio.Future[Reply]"]


def said(text: str, status: int = 0) -> CommandReply:
    return CommandReply(started=1000.0, ended=1001.0, exit_status=status, stdout=text.encode())


class Script:
    """A transport: answers a command by its word (``word`` or ``word@host``), all else with yes; keeps what it sent.

    `boots` gives each host's boot ids, first and last. An answer may be text, an exception, or a function of the read.
    """

    def __init__(self, answers: Mapping[str, Answer] | None = None, boots: Mapping[str, tuple[str, str]] | None = None):
        self.answers, self.boots = dict(answers or {}), dict(boots or {})
        self.sent: list[Read] = []
        self.in_flight = 0
        self.most_in_flight: dict[str, int] = {}
        self.now_in_flight: dict[str, int] = {}
        self.closed = False

    async def perform(self, read: Read) -> Reply:
        self.sent.append(read)
        place = read.place
        self.now_in_flight[place] = self.now_in_flight.get(place, 0) + 1
        self.most_in_flight[place] = max(self.most_in_flight.get(place, 0), self.now_in_flight[place])
        try:
            await asyncio.sleep(0)
            return await self._answer(read)
        finally:
            self.now_in_flight[place] -= 1

    async def _answer(self, read: Read) -> Reply:
        if isinstance(read, BootId):
            first, last = self.boots.get(read.host, (BOOT, BOOT))
            text = (first if read.moment == "start" else last) + "\n"
            return said(text)
        assert isinstance(read, Command)
        word = read.argv[1]
        answer = self.answers.get(f"{word}@{read.host}", self.answers.get(word, "yes"))
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            reply = answer(read)
            return await reply if asyncio.isfuture(reply) else reply
        return said(answer)

    async def close(self) -> None:
        self.closed = True

    @property
    def words(self) -> list[str]:
        """What was asked, boot ids left out."""
        return [f"{read.argv[1]}@{read.host}" for read in self.sent if isinstance(read, Command)]


def check(gate: str, id_: str, *words: str, hosts: tuple[str, ...] = ("a",), together: bool = False, **fields) -> Check:
    probe = (SaysTogether if together else Says)(words=words or (id_,))
    given = {
        "claim": f"{id_} says yes",
        "not_on": {},
        "severity": Severity.BLOCKED,
        "timeout": 5.0,
        "deadline": 5.0,
        **fields,
    }
    return Check(gate=gate, id=id_, probe_kind=probe.kind, probe=probe, hosts=hosts, **given)


def any_of(gate: str, id_: str, *members: Check, hosts: tuple[str, ...] = ("a",), **fields) -> AnyOf:
    given = {"claim": f"one of {id_}", "not_on": {}, "severity": Severity.BLOCKED, "deadline": 5.0, **fields}
    return AnyOf(gate=gate, id=id_, any_of=members, hosts=hosts, **given)


def baseline(gates: Mapping[str, tuple[Mapping[str, Verdict] | tuple[str, ...], tuple[Check | AnyOf, ...]]], **fields):
    """A loaded baseline of gates, each ``(needs, checks)``, over the hosts a, b and c."""
    made = {
        name: Gate(
            name=name,
            title=f"title of {name}",
            needs=dict(needs) if isinstance(needs, Mapping) else dict.fromkeys(needs, Verdict.WARN),
            checks=checks,
        )
        for name, (needs, checks) in gates.items()
    }
    hosts = {name: Host(name=name, address=f"127.0.0.{index + 1}") for index, name in enumerate("abc")}
    return LoadedBaseline(
        baseline=Baseline(name="test", defaults=Defaults(), hosts=hosts, gates=made, **fields),
        path="test.yml",
        sha256="0" * 64,
    )
