"""Where a number goes from check to check."""

import pytest

from coldstart.baseline.sustain import Trend, Way
from coldstart.engine.trends import judged
from coldstart.samples import Sample

NOT_RISING, FALLING = Trend(Way.NOT_RISING, 2), Trend(Way.FALLING, 2)


def course(*measures, apart=60.0, boot="one"):
    return [Sample(at=apart * index, good=True, boot=boot, measure=measure) for index, measure in enumerate(measures)]


@pytest.mark.parametrize(
    ("measures", "not_rising", "falling"),
    [
        ((), None, None),
        ((0,), True, True),
        ((120,), None, None),
        ((100, 120), None, None),
        ((120, 100), True, None),
        ((100, 110, 120), False, False),
        ((100, 120, 110), True, False),
        ((120, 110, 110), True, True),
        ((120, 130, 110), True, True),
        ((120, 120, 120), True, False),
        ((120, 100, 110), True, True),
        ((5, 3, 0), True, True),
        ((0, 0, 0), True, True),
        ((90, 100, 110, 120), False, False),
        ((200, 100, 110, 120), False, False),
        ((0, 1, 2), False, False),
    ],
)
def test_a_trend_over_two_checks_looks_at_the_last_three_samples(measures, not_rising, falling):
    assert (not_rising, falling) == tuple(judged(course(*measures), trend)[0] for trend in (NOT_RISING, FALLING))


def test_the_course_is_told_oldest_first_and_no_longer_than_was_looked_at():
    assert (True, "120 → 90 → 60") == judged(course(300, 120, 90, 60), FALLING)


def test_what_was_not_seen_often_enough_is_too_early_to_tell():
    assert (None, "seen 1 of 3 times: 120") == judged(course(120), NOT_RISING)
    assert (None, "seen 0 of 3 times") == judged(course(None, None), NOT_RISING)


def test_samples_of_the_same_half_minute_are_one_check():
    assert (None, "seen 2 of 3 times: 100 → 120") == judged(course(90, 100, 110, 120, apart=15.0), NOT_RISING)
    assert judged(course(90, 100, 110, apart=30.0), NOT_RISING)[0] is False


def test_a_sample_without_a_number_says_nothing():
    assert (False, "100 → 110 → 120") == judged(course(100, None, 110, None, 120, None), NOT_RISING)


def test_a_reboot_begins_a_new_course():
    samples = [
        *course(1, 2, boot="old"),
        *(Sample(at=600.0 + at, good=True, boot="new", measure=3.0 + at) for at in (0, 60)),
    ]
    assert (None, "seen 2 of 3 times: 3 → 63") == judged(samples, NOT_RISING)


def test_a_clock_that_went_back_begins_a_new_course():
    samples = [
        Sample(at=9000.0, good=True, boot="one", measure=1.0),
        *(Sample(at=at, good=True, boot="one", measure=2.0 + at) for at in (0.0, 60.0)),
    ]
    assert (None, "seen 2 of 3 times: 2 → 62") == judged(samples, NOT_RISING)


@pytest.mark.parametrize(
    ("trend", "words"),
    [(NOT_RISING, "not rising for 2 checks"), (Trend(Way.FALLING, 1), "falling over 1 check")],
)
def test_a_trend_is_told_as_it_is_written(trend, words):
    assert words == str(trend)
