import pytest

from coldstart.drill import library
from coldstart.drill.clock import FIRST, MOST
from coldstart.drill.stack import Stack
from coldstart.errors import UsageError
from coldstart.outcome import Result

GOOD = """\
title: t
teaches: t
answer: a
sop: "1"
begins: cold
timeline:
  - {at: 0s, say: on, power: {"110": on}}
  - {at: 90s, say: off, power: {"110": off}}
course:
  - {attempts: 1-2, result: BLOCKED, gate: P0-NETWORK}
  - {attempts: 3, result: GREEN}
"""

WANTED = {
    "clean", "wal-damage", "host-120-lost", "harbor-down", "stale-backup", "runner-watchdog", "momo-rows-differ",
    "vip-split-brain", "flapping", "slow-host", "bad-order", "alert-chain-broken",
}  # fmt: skip


def test_the_scenarios_that_ship_are_those_that_were_promised_and_clean_is_the_first():
    assert set(library.names()) >= WANTED
    assert "clean" == library.names()[0]


@pytest.mark.parametrize("scenario", library.every(), ids=lambda scenario: scenario.name)
def test_each_teaches_something_and_knows_the_right_answer(scenario):
    assert scenario.teaches
    assert scenario.answer
    assert scenario.sop
    assert scenario.timeline, "without an event there is no scenario"
    assert scenario.last.result is Result.GREEN or scenario.last.gate


@pytest.mark.parametrize("scenario", library.every(), ids=lambda scenario: scenario.name)
def test_nothing_moves_while_an_attempt_may_be_under_way(scenario):
    """The course is the same on a slow machine."""
    stack = Stack()
    if scenario.begins == "settled":
        stack.begin_settled(7200)
    else:
        stack.begin_cold(600)
    for event in scenario.timeline:
        stack.advance(event.at)
        stack.apply(event)
    stack.advance(scenario.last.attempts[1] * scenario.interval)
    moved = [event.at for event in scenario.timeline] + [change.at for change in stack.history]
    assert [] == [at for at in moved if at >= FIRST and (at - FIRST) % scenario.interval <= MOST]


def test_a_word_like_off_stays_a_word():
    scenario = library.parse(GOOD, "mine.yml")
    assert ["on", "off"] == [event.power["110"] for event in scenario.timeline]
    assert "mine" == scenario.name


def test_a_stage_is_found_by_its_attempt():
    scenario = library.parse(GOOD, "mine.yml")
    assert [scenario.course[0], scenario.course[0], scenario.course[1], None] == [
        scenario.stage(number) for number in (1, 2, 3, 4)
    ]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("title: t\n", "", "mine.yml:1:1: title: Field required"),
        ("begins: cold", "begins: warm", "mine.yml:5:9: begins: Input should be 'cold' or 'settled'"),
        ("at: 90s", "at: soon", "mine.yml:8:10: timeline.1.at: a duration is written like 10s, 15m, 25h or 1h30m"),
        (
            '{at: 0s, say: on, power: {"110": on}}',
            "{at: 0s, say: on, powr: {}}",
            "mine.yml:7:29: timeline.0.powr: Extra",
        ),
        ('{"110": off}', '{"111": off}', "no host of that name; there are 110, 120, 121, 188"),
        ("at: 0s", "at: 5m", "timeline: its moments are not in order"),
        ("attempts: 3", "attempts: 4", "course: attempts 4-4 do not follow attempt 2"),
        ("attempts: 3", "attempts: 3-99", "course: 99 attempts, and the watch has 30"),
        ('power: {"110": on}', "facts: {backup_age: soon}", "a duration is written like"),
        ('power: {"110": on}', "facts: {cats: 3}", "Extra inputs are not permitted"),
        ("title: t", "title: [", "mine.yml:3:7: not YAML:"),
        (GOOD, "- 1\n", "mine.yml: a scenario is a mapping with"),
    ],
)
def test_what_is_wrong_with_a_scenario_is_said_at_its_place(old, new, problem):
    assert old in GOOD
    with pytest.raises(UsageError) as caught:
        library.parse(GOOD.replace(old, new), "mine.yml")
    assert problem in str(caught.value)


def test_a_scenario_of_ones_own_is_read_from_its_path(tmp_path):
    path = tmp_path / "my own.yml"
    path.write_text(GOOD, "utf-8")
    assert "my own" == library.load(str(path)).name


@pytest.mark.parametrize("name", ["claen", "../clean", "/nowhere/x.yml"])
def test_one_that_is_not_there_is_said_with_those_that_are(name):
    with pytest.raises(UsageError, match=r"no scenario|cannot be read"):
        library.load(name)
