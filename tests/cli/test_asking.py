"""`watch --ask-received`: the question on a real terminal, and what the answer does to the report."""

import os
import pty
import select
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from tests.support.alerts import alert_test
from tests.support.scripted import Script, baseline, check

from coldstart.alert import RUN_LABEL, Answer, Look, Proof, Told
from coldstart.alert.proof import Level
from coldstart.cli import asking
from coldstart.clock import FixedClock, SystemClock
from coldstart.engine.program import compile_program
from coldstart.engine.runner import Settings, run
from coldstart.errors import UsageError
from coldstart.outcome import Outcome, Result, Verdict
from coldstart.reason import Reason

RUN, NOW = "abc123def456", 1_777_977_000.0
QUESTION = f"Did Telegram show {RUN_LABEL}={RUN}? [y/n/Enter: do not know] "


class Operator:
    """Who sits at the terminal: reads what is asked, and types."""

    def __init__(self, master):
        self.master, self.read = master, ""

    def sees(self, text):
        """Wait until the terminal shows it."""
        while text not in self.read:
            ready, _, _ = select.select([self.master], [], [], 20)
            assert ready, f"the terminal shows only {self.read!r}"
            self.read += os.read(self.master, 4096).decode()
        self.read = self.read.partition(text)[2]

    def types(self, text):
        os.write(self.master, text.encode())


@pytest.fixture
def operator():
    """A terminal of its own: the operator's side, and `operator.terminal` for whoever asks."""
    master, slave = pty.openpty()
    person = Operator(master)
    with open(slave, closefd=False) as stdin, open(slave, "w", closefd=False) as stderr:
        person.terminal = asking.Terminal(stdin, stderr)
        yield person
    os.close(slave)
    os.close(master)


@contextmanager
def asked(operator, within=60.0):
    """The question, under way; gives the future of its answer."""
    with ThreadPoolExecutor(1) as thread:
        told = thread.submit(asking.ask, RUN, SystemClock(), terminal=operator.terminal, within=within)
        operator.sees(QUESTION)
        yield told


@pytest.mark.parametrize(
    ("typed", "answer", "why"),
    [
        ("y\n", Answer.YES, ""),
        ("YES\n", Answer.YES, ""),
        ("n\n", Answer.NO, ""),
        (" no \n", Answer.NO, ""),
        ("\n", Answer.UNKNOWN, "did not know"),
        ("\x04", Answer.UNKNOWN, "ended the input"),
    ],
)
def test_an_answer_is_taken_from_the_terminal(operator, typed, answer, why):
    with asked(operator) as told:
        operator.types(typed)
        assert (answer, why) == (told.result(20).answer, told.result().why)


def test_what_is_neither_yes_nor_no_is_asked_again(operator):
    with asked(operator) as told:
        operator.types("maybe\n")
        operator.sees("That is neither y nor n.")
        operator.sees(QUESTION)
        operator.types("y\n")
        assert Answer.YES is told.result(20).answer


def test_what_was_typed_before_the_question_is_not_an_answer_to_it(operator):
    operator.types("y\n")
    with asked(operator) as told:
        operator.types("n\n")
        assert Answer.NO is told.result(20).answer


def test_no_answer_in_time_counts_as_not_knowing(operator):
    with asked(operator, within=0.1) as told:
        assert (Answer.UNKNOWN, "gave no answer within 0 s") == (told.result(20).answer, told.result().why)


ASKS = f"""
import fcntl, os, signal, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from coldstart.cli import asking
from coldstart.clock import SystemClock
BEHIND
told = asking.ask("{RUN}", SystemClock())
print(told.answer.value, told.why, sep="|")
"""


@contextmanager
def process(operator, behind=""):
    """A process that asks, with the terminal as its own."""
    command = [sys.executable, "-c", ASKS.replace("BEHIND", behind)]
    side = operator.terminal.stdin
    with subprocess.Popen(command, stdin=side, stderr=side, stdout=subprocess.PIPE, start_new_session=True) as asks:
        try:
            yield asks
        finally:
            asks.kill()


def test_control_c_is_not_knowing_and_loses_nothing(operator):
    with process(operator) as asks:
        operator.sees(QUESTION)
        operator.types("\x03")
        assert (b"unknown|broke off\n", None) == asks.communicate(timeout=20)
    assert 0 == asks.returncode


def test_a_process_in_the_background_does_not_ask_and_is_not_stopped(operator):
    behind = "if os.fork():\n    os.wait()\n    os._exit(0)\nos.setpgid(0, 0)"
    with process(operator, behind) as asks:
        out, _ = asks.communicate(timeout=20)
    assert b"unknown|was not asked, since coldstart runs in the background\n" == out


# ------------------------------------------------------------------------------------------------------------ require


class Stream:
    def __init__(self, terminal):
        self.isatty = lambda: terminal


@pytest.mark.parametrize("streams", [(False, True), (True, False), (False, False)])
def test_only_a_terminal_can_be_asked(streams):
    with pytest.raises(UsageError, match="it needs a terminal as standard input and standard error"):
        asking.require(send_alert_test=True, terminal=asking.Terminal(*map(Stream, streams)))


def test_without_an_alert_there_is_nothing_to_ask_for():
    with pytest.raises(UsageError, match="give --send-alert-test with it"):
        asking.require(send_alert_test=False, terminal=asking.Terminal(Stream(True), Stream(True)))  # noqa: FBT003


def test_a_terminal_and_an_alert_are_enough():
    asking.require(send_alert_test=True, terminal=asking.Terminal(Stream(True), Stream(True)))  # noqa: FBT003


# ----------------------------------------------------------------------------------------------------------- answered

ACCEPTED = Outcome.met(f"HTTP 200 with {RUN_LABEL}={RUN}", expected="2xx", facts={"run": RUN, "status": 200})
SILENT = Outcome.unobserved(Reason.MAYBE_DELIVERED, "may have been delivered", facts={"run": RUN})


def unseen(level="sent"):
    look = Look(seen=False, said="still 41", at=NOW + 30, reason=Reason.ALERT_NOT_SEEN)
    return Level(level, "GET x", 30.0, own=True, look=look)


async def finished(proof):
    """A watch's last attempt, with this proof."""

    async def prove(_test, /, *, boots, ended):
        del boots, ended
        return proof.outcome()

    gates = {"ALERT": ((), (check("ALERT", "web"), alert_test()))}
    program = compile_program(baseline(gates))
    return await run(program, Script(), FixedClock(NOW), settings=Settings(prove=prove))


async def after(proof, answer, why="", change=lambda report: report):
    done = await finished(proof)
    told = Told(answer, NOW + 60, why)
    report = change(done.report)
    given = asking.answered(report, proof, told, check="ALERT/alert-test", settle=done.with_gates)
    (found,) = [one for one in given.gates[0].checks if one.id == "ALERT/alert-test"]
    return report, given, found


async def test_a_yes_is_part_of_the_report_with_its_time():
    _, report, found = await after(Proof(RUN, NOW, ACCEPTED), Answer.YES)
    assert (Result.GREEN, Verdict.PASS, "received") == (report.result, found.verdict, found.outcome.facts["level"])
    assert "seen as received by the operator at 10:31:00Z" in found.outcome.observed


async def test_a_yes_proves_the_levels_before_it():
    before, report, found = await after(Proof(RUN, NOW, ACCEPTED, (unseen(),)), Answer.YES)
    assert (Result.DEGRADED, Result.GREEN) == (before.result, report.result)
    assert "sent, since it was received" in found.outcome.observed


async def test_a_no_is_a_warning_whatever_the_machines_saw():
    seen = Look(seen=True, said="state is sent", at=NOW)
    proof = Proof(RUN, NOW, ACCEPTED, (Level("received", "GET x", 30.0, own=True, look=seen),))
    before, report, found = await after(proof, Answer.NO)
    assert (Result.GREEN, Result.DEGRADED) == (before.result, report.result)
    assert (Verdict.WARN, Reason.ALERT_NOT_SEEN) == (found.verdict, found.outcome.reason)
    assert "the operator did not see it in Telegram at 10:31:00Z" in found.outcome.observed
    assert 1 == report.exit_code
    assert Verdict.WARN is report.gates[0].verdict


async def test_not_knowing_changes_nothing_and_is_noted():
    before, report, _ = await after(Proof(RUN, NOW, ACCEPTED), Answer.UNKNOWN, "did not know")
    note = f"the operator, asked whether Telegram showed {RUN_LABEL}={RUN}, did not know"
    assert before.model_copy(update={"notes": (note,)}) == report


async def test_a_yes_to_an_alert_without_an_answer_is_a_warning_and_no_pass():
    before, report, found = await after(Proof(RUN, NOW, SILENT), Answer.YES)
    assert (Result.BLOCKED, Result.DEGRADED) == (before.result, report.result)
    assert Reason.ALERT_UNANSWERED is found.outcome.reason


async def test_a_no_to_an_alert_without_an_answer_leaves_it_unobserved():
    _, report, found = await after(Proof(RUN, NOW, SILENT), Answer.NO)
    assert (Result.BLOCKED, Reason.MAYBE_DELIVERED) == (report.result, found.outcome.reason)
    assert "the operator did not see it" in found.outcome.observed


async def test_a_yes_does_not_make_an_outdated_proof_good():
    _, report, found = await after(Proof(RUN, NOW, ACCEPTED, outdated="host 120 rebooted"), Answer.YES)
    assert (Result.DEGRADED, Reason.ALERT_OUTDATED) == (report.result, found.outcome.reason)


async def test_a_yes_does_not_take_away_a_warning_of_another_cause():
    proof = Proof(RUN, NOW, ACCEPTED)

    def flapped(report):
        (gate,) = report.gates
        web, alert = gate.checks
        flap = Outcome.caution(Reason.FLAPPING, "3 changes in 5 attempts")
        alert = alert.model_copy(update={"outcome": flap, "verdict": Verdict.WARN})
        return report.model_copy(update={"gates": (gate.model_copy(update={"checks": (web, alert)}),)})

    before, report, found = await after(proof, Answer.YES, change=flapped)
    assert (before.gates, Reason.FLAPPING) == (report.gates, found.outcome.reason)
    assert f"the operator saw {RUN_LABEL}={RUN} in Telegram" in report.notes[-1]


@pytest.mark.parametrize("proof", [None, Proof(RUN, NOW, Outcome.unmet(Reason.UNEXPECTED_STATUS, "HTTP 500"))])
def test_nobody_is_asked_for_an_alert_that_nobody_took(proof):
    report = SimpleNamespace()
    assert report is asking.follow_up(report, proof, SystemClock(), check="ALERT/alert-test", settle=None)
