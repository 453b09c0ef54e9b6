"""What a production probe makes of the drill's answers to what a recorded case asked."""

from functools import cache
from pathlib import Path
from typing import Any

from tests.drill.recorded import settled, shipped, view
from tests.probes.test_corpus import CORPUS, load

from coldstart.drill.replies import net, say
from coldstart.drill.stack import Stack
from coldstart.drill.view import Said
from coldstart.engine.judging import conclude
from coldstart.outcome import Conclusion, Outcome
from coldstart.probes.base import Replies
from coldstart.reads import Command, Neighbour, Ping, Read
from coldstart.reason import Reason
from coldstart.replies import CommandReply, NeighbourReply, PingReply, Reply


@cache
def healthy() -> Stack:
    """One stack that is up, for everybody who only looks."""
    return settled()


def cases(*probes: str, scenario: str = "healthy") -> list[Path]:
    """The lab's recorded cases of some probes."""
    found = sorted(path for probe in probes for path in CORPUS.glob(f"{probe}/lab-{scenario}-p*.yml"))
    assert found, f"nothing recorded of {probes} in {scenario}"
    return found


def expected(path):
    """How the case was judged."""
    expect = load(path)[0]["expect"]
    return Conclusion(expect["conclusion"]), Reason(expect["reason"])


def judged(path: Path, stack: Stack) -> Outcome:
    """How it is judged of `stack`. Whatever is neither a command nor asked of the network stays as it was recorded."""
    _, probe, target, before = load(path)
    answers = {read: _answer(stack, read, reply) for read, reply in before.by_read.items()}
    now = view(stack, "110").wall()
    return conclude(probe, Replies(target=target, now=now, by_read=answers))


def concluded(path: Path, stack: Stack) -> tuple[Conclusion, Reason]:
    outcome = judged(path, stack)
    return outcome.conclusion, outcome.reason


def _answer(stack: Stack, read: Read, recorded: Reply) -> Reply:
    at = view(stack, "110").wall()
    match read:
        case Command():
            said = say(view(stack, read.host), [shipped(word) for word in read.argv])
            return CommandReply(started=at, ended=at, **_printed(said))
        case Ping():
            return PingReply(started=at, ended=at, **_printed(net.ping(stack, read.address, read.count)))
        case Neighbour():
            route, entry = net.route(read.address), net.neighbour(stack, read.address)
            answered = net.ping(stack, read.address, 1).status == 0
            texts = {"route": route.stdout.encode(), "entry": entry.stdout.encode()}
            return NeighbourReply(started=at, ended=at, answered=answered, **texts)
        case _:
            return recorded


def _printed(said: Said) -> dict[str, Any]:
    return {"exit_status": said.status, "stdout": said.stdout.encode(), "stderr": said.stderr.encode()}
