"""What a production probe makes of the drill's commands: a recorded case's probe, with the shipped baseline's names."""

import json
from pathlib import Path

from tests.drill.recorded import shipped, view
from tests.probes.test_corpus import load

from coldstart.drill.replies import say
from coldstart.drill.stack import Stack
from coldstart.engine.judging import conclude
from coldstart.outcome import Outcome
from coldstart.probes.base import Probe, Replies, Target
from coldstart.probes.registry import probe_class
from coldstart.reads import Command, Read
from coldstart.replies import CommandReply


def answers(probe: Probe, target: Target, stack: Stack) -> dict[Read, CommandReply]:
    """The drill's replies to all that the probe asks now."""
    found: dict[Read, CommandReply] = {}
    for read in probe.reads(target):
        assert isinstance(read, Command)
        here = view(stack, read.host)
        said = say(here, read.argv)
        printed = {"exit_status": said.status, "stdout": said.stdout.encode(), "stderr": said.stderr.encode()}
        found[read] = CommandReply(started=here.wall(), ended=here.wall(), **printed)
    return found


def judged(path: Path, stack: Stack) -> Outcome:
    """What the probe of a recorded case concludes from the drill."""
    case, _, target, _ = load(path)
    probe = probe_class(path.parent.name).model_validate(json.loads(shipped(json.dumps(case["probe"]))))
    now = view(stack, target.host.name).wall()
    return conclude(probe, Replies(target=target, now=now, by_read=answers(probe, target, stack)))


def verdict(outcome: Outcome) -> tuple[str, str]:
    """Conclusion and reason, to be compared with `expected`."""
    return outcome.conclusion.value, outcome.reason.value


def expected(path: Path) -> tuple[str, str]:
    """Conclusion and reason of the recorded case."""
    expect = load(path)[0]["expect"]
    return expect["conclusion"], expect["reason"]
