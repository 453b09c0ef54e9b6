"""A file of the corpus as the recording of a whole run: what a tool said, for the command line to judge again."""

from dataclasses import dataclass
from pathlib import Path

from tests.probes.test_corpus import CORPUS, load
from tests.support.faults import ask, stack

from coldstart.clock import FixedClock
from coldstart.reads import BootId, Read
from coldstart.replies import CommandReply, Reply
from coldstart.transport.record import Recorder

BOOT = b"11111111-2222-3333-4444-555555555555\n"


@dataclass(frozen=True)
class Recording:
    """The text of a baseline with one check, ``it``; every reply of its run, and of the attempt before that."""

    baseline: str
    now: float
    replies: dict[Read, Reply]
    before: dict[Read, Reply]

    @classmethod
    def of(cls, case: str) -> "Recording":
        raw, _, target, replies = load(CORPUS / f"{case}.yml")
        probe = case.partition("/")[0]
        check = ask("it", probe, timeout=f"{target.timeout:g}s", **raw["probe"])
        hosts = {place.name: {"address": place.address} for place in target.hosts}
        boots: dict[Read, Reply] = {
            BootId(host=name, moment=moment): CommandReply(
                started=replies.now, ended=replies.now, exit_status=0, stdout=BOOT
            )
            for name in hosts
            for moment in ("start", "end")
        }
        text = stack({**check, "sudo": target.sudo}, hosts=hosts)
        before = {**replies.before, **boots} if replies.before else {}
        return cls(text, replies.now, {**replies.by_read, **boots}, before)

    def write(self, directory: Path) -> None:
        recorder = Recorder(directory, FixedClock(self.now))
        for read, reply in self.replies.items():
            recorder.add(read, reply)
        recorder.finish(recorder.meta("one fault", "0" * 64))
