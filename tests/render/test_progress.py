"""The progress display: only on a terminal, only on stderr, gone at the end."""

import os
import pty
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from typing import TextIO

import pytest
from rich.console import Console
from tests.render import reports
from tests.render.reports import HOSTILE, command

from coldstart.observer import Silent
from coldstart.outcome import Verdict
from coldstart.reads import TcpDial
from coldstart.render.progress import Progress, shown
from coldstart.render.style import ASCII, UNICODE
from coldstart.replies import DialReply

CURSOR_HIDDEN, CURSOR_SHOWN, LINE_ERASED = "\x1b[?25l", "\x1b[?25h", "\x1b[2K"


class HandClock:
    """A clock that a test winds."""

    def __init__(self) -> None:
        self.now = 100.0

    def wall(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


def drawn(progress: Progress, width: int = 80) -> list[str]:
    out = StringIO()
    Console(file=out, width=width, color_system=None).print(progress.lines(width))
    return out.getvalue().splitlines()


@contextmanager
def terminal(
    monkeypatch: pytest.MonkeyPatch, term: str = "xterm-256color"
) -> Iterator[tuple[TextIO, Callable[[], str]]]:
    """A pseudo-terminal's end to write on, and a way to read all that was written."""
    monkeypatch.setenv("TERM", term)
    outside, inside = pty.openpty()
    stream = os.fdopen(inside, "w", encoding="utf-8")
    chunks = []

    def written() -> str:
        stream.flush()
        os.set_blocking(outside, False)
        try:
            while chunk := os.read(outside, 65536):
                chunks.append(chunk)
        except BlockingIOError:
            pass
        return b"".join(chunks).decode()

    try:
        yield stream, written
    finally:
        stream.close()
        os.close(outside)


def test_it_draws_gates_slow_reads_and_what_has_passed():
    clock = HandClock()
    progress = Progress(clock, {"P0-NETWORK": 2, "P0-188-DATA": 3}, UNICODE)
    network = reports.gate("P0-NETWORK", "net", reports.passing("P0-NETWORK/ping", "answers", ("110", "188")))
    progress.gate_started("P0-NETWORK")
    for check in network.checks:
        progress.check_done(check)
    progress.gate_done(network)
    progress.gate_started("P0-188-DATA")
    slow, quick = command("188", "pg_isready", "-h", "localhost"), TcpDial(address="192.168.0.188", port=5432)
    progress.read_started(slow)
    clock.now += 4.2
    progress.read_started(quick)
    clock.now += 0.5
    progress.check_done(reports.pg_down())
    assert [
        "√ P0-NETWORK  PASS",
        "  P0-188-DATA  1 of 3 checks done",
        "  waiting 4.7 s  188: pg_isready -h localhost",
        "4.7 s, 0 answers, 2 waiting",
    ] == drawn(progress)
    progress.read_done(slow, DialReply(started=0, ended=1, address="x"))
    assert "4.7 s, 1 answer, 1 waiting" == drawn(progress)[-1]


def test_a_held_gate_shows_without_having_been_started():
    progress = Progress(HandClock(), {}, ASCII)
    progress.gate_done(reports.held("P1-K3S", "k3s", "P0-188-DATA"))
    assert "[HELD] P1-K3S  HELD" == drawn(progress)[0]


def test_only_the_slowest_reads_are_named_and_no_line_wraps():
    clock = HandClock()
    progress = Progress(clock, {}, UNICODE)
    for port in range(1, 9):
        progress.read_started(TcpDial(address="host.with-a-long-name.example.test", port=port))
        clock.now += 2
    lines = drawn(progress, width=40)
    assert 4 == len(lines)
    assert lines[0].startswith("  waiting 16 s  tcp host.with")
    assert [] == [line for line in lines if len(line) > 40]


def test_a_hostile_argv_is_drawn_as_text():
    clock = HandClock()
    progress = Progress(clock, {}, UNICODE)
    progress.gate_started(HOSTILE)
    progress.read_started(command("188", "cat", HOSTILE))
    clock.now += 5
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202e\u2066]", "".join(drawn(progress, 200)))


def test_nothing_is_written_when_stderr_is_no_terminal(capsys):
    stream = StringIO()
    with shown(stream) as observer:
        observer.gate_started("P0-NETWORK")
        assert isinstance(observer, Silent)
    assert ("", "", "") == (stream.getvalue(), *capsys.readouterr())


@pytest.mark.parametrize("term", ["dumb", ""])
def test_nothing_is_written_on_a_terminal_that_cannot_erase(monkeypatch, term):
    with terminal(monkeypatch, term) as (stream, written):
        with shown(stream) as observer:
            observer.gate_started("P0-NETWORK")
        assert "" == written()


def assert_wiped(text: str) -> None:
    assert "P0-NETWORK" in text
    assert text.rindex(CURSOR_SHOWN) > text.rindex(CURSOR_HIDDEN)
    after = text[text.rindex("answers") :]
    assert after.count(LINE_ERASED) >= 2, "one for each line that was drawn"


def test_on_a_terminal_it_is_drawn_on_that_alone_and_wiped(monkeypatch, capsys):
    with terminal(monkeypatch) as (stream, written):
        before = sys.stdout, sys.stderr
        with shown(stream, totals={"P0-NETWORK": 4}) as observer:
            observer.gate_started("P0-NETWORK")
            assert before == (sys.stdout, sys.stderr), "prints of others are not redirected"
        assert_wiped(written())
    assert ("", "") == tuple(capsys.readouterr())


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_exception_passes_and_the_terminal_is_left_clean(monkeypatch, error):
    def fail(stream: TextIO) -> None:
        with shown(stream) as observer:
            observer.gate_started("P0-NETWORK")
            raise error

    with terminal(monkeypatch) as (stream, written):
        with pytest.raises(error):
            fail(stream)
        assert_wiped(written())


def test_verdicts_are_words_too():
    progress = Progress(HandClock(), {}, UNICODE)
    progress.gate_done(reports.data(reports.pg_down()))
    assert f"× P0-188-DATA  {Verdict.BLOCKED}" == drawn(progress)[0]
