import pytest
from tests.render import reports
from tests.render.reports import SCENARIOS

from coldstart.outcome import Outcome, Result
from coldstart.reason import Reason
from coldstart.render import short


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_chat_message_is_at_most_twenty_lines(name):
    assert len(short.render(SCENARIOS[name]()).splitlines()) <= 20


def test_what_passed_is_not_named():
    text = short.render(SCENARIOS["blocked_at_data"]())
    assert "P0-188-DATA/redis@" not in text
    assert "P0-188-DATA/postgresql@188" in text


def test_many_failures_are_counted_and_blocked_ones_come_first():
    warned = [
        reports.check(f"P0/w{at}", "188", "w", Outcome.caution(Reason.RESTARTED, f"once, {at}")) for at in range(10)
    ]
    blocked = [
        reports.check(f"P0/b{at}", "188", "b", Outcome.unmet(Reason.FAILED, f"failed, {at}")) for at in range(10)
    ]
    report = reports.report(
        [reports.gate("P0", "p", [*warned, *blocked])],
        result=Result.BLOCKED,
        headline="",
        root=reports.root_of(blocked[0], also=9, holds=()),
    )
    lines = short.render(report).splitlines()
    assert 10 == sum(line.startswith("× P0/b") for line in lines)
    assert "… and 8 more like these in the table" in lines
    assert "10 warned, 10 blocked, 4.2 s" in lines


def test_a_narrowed_run_with_a_root_says_that_it_is_narrowed():
    report = SCENARIOS["blocked_at_data"]().model_copy(update={"narrowed": ("--until P1-K3S",)})
    assert "narrowed by --until P1-K3S: this says nothing of the whole stack" in short.render(report)
