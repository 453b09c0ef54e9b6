"""An attempt of a watch as plain lines, beside what tests/test_watch.py reads of it."""

from dataclasses import replace

import pytest
from tests.support.scripted import Script
from tests.test_watch import BAD, damaged, watched

from coldstart.attempt import Ending
from coldstart.render import attempts


def text(attempt, width=100):
    return attempts.render(attempt, width=width, color=False, ascii=True)


async def test_what_is_not_good_says_for_how_long_and_what_waiting_will_do():
    told, _, _ = await watched([Script(BAD)], 5)
    assert "waiting   DATA: BLOCKED, too early to tell" in text(told[0])
    assert "waiting   DATA: BLOCKED for 4 min, stuck" in text(told[4])


async def test_the_last_attempt_says_why_it_is_the_last_and_what_each_gate_said_last():
    told, _, _ = await watched([Script(BAD), Script({"net": damaged})], 2)
    shown = text(told[1])
    assert "last      NET/net@a: not observed: publickey refused" in shown
    assert "DATA/db@a: no (attempt 1, not asked since)" in shown
    assert f"ended     {Ending.USED_UP}" in shown
    assert "next attempt" not in shown


async def test_an_attempt_that_was_discarded_says_why_and_nothing_that_it_saw():
    told, _, _ = await watched([Script(BAD), Script()], jumps={0: 7200.0})
    shown = text(told[0])
    assert "attempt 1 of 10: discarded: this machine slept" in shown
    assert "made again now" in shown
    assert "BLOCKED" not in shown


async def test_green_that_must_hold_counts_its_attempts():
    told, _, _ = await watched([Script()], stable=3)
    assert "held      all is good in 1 of 3 attempts in a row" in text(told[0])


async def test_a_night_between_two_attempts_is_told():
    told, _, _ = await watched([Script(BAD)], 2, waits={0: 3 * 3600.0})
    assert "gap       this machine did not run for 3 h before this attempt" in text(told[1])


@pytest.mark.parametrize("width", [40, 80, 140])
async def test_no_line_is_wider_than_the_terminal(width):
    told, _, _ = await watched([Script(BAD), Script({"net": damaged})], 2)
    wide = replace(told[1], gap=9999.0)
    assert all(len(line) <= width for line in text(wide, width).splitlines())
