import asyncio

from coldstart.drill.clock import FIRST, MOST, Flowing, Hurrying, ScenarioTime


class Real:
    """A machine's clock that the test owns."""

    def __init__(self):
        self.at = 1000.0

    def wall(self):
        return self.at

    def monotonic(self):
        return self.at

    async def sleep(self, seconds):
        self.at += seconds


def test_time_stands_until_it_is_started():
    real = Real()
    dial = ScenarioTime(50.0, real)
    real.at += 7
    assert FIRST == dial.now()
    dial.start()
    real.at += 2
    assert FIRST + 2 == dial.now()


def started(real=None, at=0.0, most=MOST):
    dial = ScenarioTime(0.0, real, at=at)
    dial.start(most=most)
    return dial


def test_time_passes_as_on_every_clock_but_for_no_more_than_an_attempt_may_take():
    real = Real()
    dial = started(real)
    real.at += 3
    assert 3.0 == dial.now()
    real.at += 100
    assert MOST == dial.now()


def test_the_stack_that_others_ask_has_all_the_time():
    real = Real()
    dial = started(real, at=60.0, most=None)
    real.at += 300
    assert 360.0 == dial.now()


def test_time_never_goes_back():
    real = Real()
    dial = started(real)
    real.at += 4
    dial.jump(3.0)
    assert 4.0 == dial.now()


async def test_a_minute_of_waiting_takes_a_second_the_attempt_included():
    real = Real()
    dial = started(real)
    pace = Hurrying(dial, 60.0)
    pace._real = real
    real.at += 0.4  # the attempt
    await pace.sleep(60.0 - dial.now())
    assert 1001.0 == round(real.at, 6)
    assert 60.0 == dial.now()


async def test_after_a_slow_attempt_nobody_waits_and_the_next_one_begins_where_it_should():
    real = Real()
    dial = started(real)
    pace = Hurrying(dial, 60.0)
    pace._real = real
    real.at += 45
    await pace.sleep(60.0 - dial.now())
    assert (1045.0, 60.0) == (real.at, dial.now())


async def test_what_is_asked_waits_in_real_time():
    dial = ScenarioTime(100.0, at=0.0)
    dial.start()
    clock = Flowing(dial)
    before = asyncio.get_running_loop().time()
    await clock.sleep(0.02)
    assert asyncio.get_running_loop().time() - before >= 0.02
    assert 100.0 <= clock.wall() <= 101.0
    assert 0.0 <= clock.monotonic() <= 1.0
