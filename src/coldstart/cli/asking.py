"""The last link of the alert chain is a person: after a watch, the operator is asked whether Telegram showed the alert.

Only a terminal is asked, and only when nothing waits for the answer any more. No answer costs nothing but time.
"""

import os
import select
import sys
import termios
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TextIO

from coldstart.alert import RUN_LABEL, Answer, Proof, Told
from coldstart.clock import Clock
from coldstart.engine import reduce
from coldstart.errors import UsageError
from coldstart.outcome import CheckResult, GateResult, Report
from coldstart.text import span

WITHIN = 300.0
"""Seconds for the answer; who is not there by then does not know."""

_ANSWERS = {"y": Answer.YES, "yes": Answer.YES, "n": Answer.NO, "no": Answer.NO, "": Answer.UNKNOWN}
_KNOWS_NOT = "did not know"
_MOST = 1024
"""Bytes of a line that are looked at."""

Settle = Callable[[Sequence[GateResult]], Report]
"""The report of changed gates, all that follows from verdicts worked out anew (`Finished.with_gates`)."""


@dataclass(frozen=True)
class Terminal:
    """Where the question is asked and answered."""

    stdin: TextIO
    stderr: TextIO


def require(*, send_alert_test: bool, terminal: Terminal | None = None) -> None:
    """Raise `UsageError` where `--ask-received` makes no sense: nothing is sent, or nobody could answer."""
    terminal = terminal or Terminal(sys.stdin, sys.stderr)
    if not send_alert_test:
        raise UsageError("--ask-received asks for the alert of this run: give --send-alert-test with it")
    if not (terminal.stdin.isatty() and terminal.stderr.isatty()):
        raise UsageError(
            "--ask-received asks the operator: it needs a terminal as standard input and standard error; leave it out"
        )


def follow_up(
    report: Report,
    proof: Proof | None,
    clock: Clock,
    *,
    check: str,
    settle: Settle,
    terminal: Terminal | None = None,
    within: float = WITHIN,
) -> Report:
    """Ask, where there is an alert to ask for, and return the report with the answer in it.

    `check`: the id of the alert test. `proof`: None where no alert was sent. Ctrl-C is "do not know".
    """
    if proof is None or proof.refused:
        return report
    told = ask(proof.run, clock, terminal=terminal, within=within)
    return answered(report, proof, told, check=check, settle=settle)


def ask(run: str, clock: Clock, *, terminal: Terminal | None = None, within: float = WITHIN) -> Told:
    """Ask on stderr whether Telegram showed the alert, and wait at most `within` s for a y, an n or Enter.

    What was typed before the question is not an answer to it. Raises nothing for Ctrl-C, Ctrl-D or a closed terminal.
    """
    terminal = terminal or Terminal(sys.stdin, sys.stderr)
    if not _in_foreground(terminal.stdin.fileno()):
        return Told(Answer.UNKNOWN, clock.wall(), "was not asked, since coldstart runs in the background")
    try:
        termios.tcflush(terminal.stdin.fileno(), termios.TCIFLUSH)
        told = _told(run, clock, terminal, within)
    except KeyboardInterrupt:
        told = Told(Answer.UNKNOWN, clock.wall(), "broke off")
    except (OSError, termios.error) as error:
        told = Told(Answer.UNKNOWN, clock.wall(), f"could not answer: {error}")
    if told.why and told.why != _KNOWS_NOT:
        terminal.stderr.write("\n")  # the question stands on a line without an end
    return told


def _told(run: str, clock: Clock, terminal: Terminal, within: float) -> Told:
    until = clock.monotonic() + within
    while True:
        terminal.stderr.write(f"Did Telegram show {RUN_LABEL}={run}? [y/n/Enter: do not know] ")
        terminal.stderr.flush()
        ready, _, _ = select.select([terminal.stdin], [], [], max(until - clock.monotonic(), 0.0))
        if not ready:
            return Told(Answer.UNKNOWN, clock.wall(), f"gave no answer within {span(within)}")
        line = os.read(terminal.stdin.fileno(), _MOST)
        if not line:  # Ctrl-D (termios(3), VEOF)
            return Told(Answer.UNKNOWN, clock.wall(), "ended the input")
        answer = _ANSWERS.get(line.decode("utf-8", "replace").strip().lower())
        if answer:
            return Told(answer, clock.wall(), _KNOWS_NOT if answer is Answer.UNKNOWN else "")
        terminal.stderr.write("That is neither y nor n.\n")


def _in_foreground(stdin: int) -> bool:
    """Whether this process may read from its terminal: one in the background is stopped for it (tcgetpgrp(3))."""
    try:
        return os.tcgetpgrp(stdin) == os.getpgrp()
    except OSError:  # a terminal without job control
        return True


def answered(report: Report, proof: Proof, told: Told, *, check: str, settle: Settle) -> Report:
    """The report with what the operator said of the alert. Pure.

    Yes: the alert was received; where that level, or the one before it, was missing, its warning goes. No: a warning.
    Not knowing is a note. No answer takes away a warning that has another cause: a flapping check, a reboot.
    """
    label = f"{RUN_LABEL}={proof.run}"
    if told.answer is Answer.UNKNOWN:
        return _noted(report, f"the operator, asked whether Telegram showed {label}, {told.why}")
    gates = tuple(_changed(gate, check, proof, told) for gate in report.gates)
    if gates == report.gates:
        saw = "saw" if told.answer is Answer.YES else "did not see"
        return _noted(report, f"the operator {saw} {label} in Telegram; that changes no verdict of the last attempt")
    return settle(gates).model_copy(update={"notes": report.notes})


def _noted(report: Report, note: str) -> Report:
    return report.model_copy(update={"notes": (*report.notes, note)})


def _changed(gate: GateResult, check: str, proof: Proof, told: Told) -> GateResult:
    checks = tuple(_judged(one, proof, told) if one.id == check else one for one in gate.checks)
    if checks == gate.checks:
        return gate
    return gate.model_copy(update={"checks": checks, "verdict": reduce.gate_verdict(checks)})


def _judged(check: CheckResult, proof: Proof, told: Told) -> CheckResult:
    """The alert test as the answer makes it; one that says something else than the proof keeps its own verdict."""
    if check.outcome != proof.outcome():
        return check
    outcome = proof.answered(told).outcome()
    verdict = reduce.check_verdict(check.severity, outcome)
    return check.model_copy(update={"outcome": outcome, "verdict": verdict, "accepted": None})
