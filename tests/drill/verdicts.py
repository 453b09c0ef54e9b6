"""Stacks after what a scenario does to them, and what the production's probes make of their answers."""

from functools import cache
from pathlib import Path

from tests.drill.recorded import EPOCH, settled, view
from tests.probes.test_corpus import CORPUS, load

from coldstart.drill.inventory import HOSTS
from coldstart.drill.replies.docker import docker
from coldstart.drill.replies.psql import psql
from coldstart.drill.replies.services import pg_isready, redis_cli
from coldstart.drill.scenario import Event
from coldstart.drill.stack import Stack
from coldstart.engine.judging import conclude
from coldstart.probes.base import Replies
from coldstart.reads import Command
from coldstart.reason import Reason
from coldstart.replies import CommandReply, NoReply

ANSWERS = {"docker": docker, "psql": psql, "pg_isready": pg_isready, "redis-cli": redis_cli}


def case(name: str) -> Path:
    """A file of the corpus: its probe, a slash, its name."""
    return CORPUS / f"{name}.yml"


CONTAINERS_188 = case("docker_containers/lab-healthy-p0-188-data-containers-188")
REGISTERED = case("log_lines/lab-healthy-p2-schedules-momo-registered-188")
IN_STEP = case("sql_tables_agree/lab-healthy-p2-schedules-momo-in-step-188")


def event(at=0.0, **changes):
    """Something that happens `at` s after the start."""
    return Event(at=at, say="it happens", **changes)


@cache
def well() -> Stack:
    """A stack that is up for a while; only to be looked at."""
    return settled()


def after(*events, run=0.0):
    """A stack that was up for five minutes, `run` s after the start or at the last of the events."""
    stack = settled(*events, ago=300.0)
    stack.advance(max(run, stack.now))
    return stack


def rebooted(*faults, run=300.0):
    """A stack whose hosts were without power for a minute, `run` s after they got it back; faults are there before."""
    stack = Stack()
    stack.begin_cold(60)
    stack.apply(event(power=dict.fromkeys(HOSTS, "on"), parts=dict(faults)))
    stack.advance(run)
    return stack


def replies(path: Path, stack: Stack) -> Replies:
    """What the drill answers to the commands of a file of the corpus."""
    _, _, target, told = load(path)

    def answered(read):
        here = view(stack, read.host)
        said = ANSWERS[read.argv[0]](here, read.argv)
        if said.status == 124:
            detail = f"{read.argv[0]} did not end within 10 s; it was ended there"
            return NoReply(started=here.wall(), ended=here.wall() + 10, reason=Reason.REMOTE_TIMEOUT, detail=detail)
        return CommandReply(
            started=here.wall(),
            ended=here.wall(),
            exit_status=said.status,
            stdout=said.stdout.encode(),
            stderr=said.stderr.encode(),
        )

    reads = [read for read in told.by_read if isinstance(read, Command)]
    return Replies(target=target, now=EPOCH + stack.now, by_read={read: answered(read) for read in reads})


def verdict(path: Path, stack: Stack):
    """How the production's probe judges the drill's answers."""
    outcome = conclude(load(path)[1], replies(path, stack))
    return str(outcome.conclusion), str(outcome.reason)


def expected(path: Path):
    """How it judges what was recorded."""
    return load(path)[0]["expect"]["conclusion"], load(path)[0]["expect"]["reason"]
