"""How long something has been good without a break: only what was seen counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldstart.engine.sustained import brief, default_gap, held, series
from coldstart.outcome import CheckResult, Outcome, Point, Severity, Verdict
from coldstart.reason import Reason
from coldstart.samples import Sample


def seen(*looks, boot="one"):
    """Samples of (minute, good) or (minute, good, boot)."""
    return tuple(Sample(at=60.0 * at, good=good, boot=(of or [boot])[0]) for at, good, *of in looks)


def minutes(*looks, gap=3):
    return held(seen(*looks), gap=60.0 * gap) / 60


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        ((), 0),
        (((5, True),), 0),
        (((5, False),), 0),
        (((0, True), (1, True), (2, True)), 2),
        (((0, True), (1, False), (2, True), (3, True)), 1),
        (((0, True), (1, True), (2, False)), 0),
        (((0, True), (1, False), (1, True)), 0),
        (((0, True), (1, True), (1, True), (2, True)), 2),
    ],
    ids=[
        "nothing",
        "once",
        "once bad",
        "without a break",
        "bad in the middle",
        "bad now",
        "bad and good at once",
        "twice at once",
    ],
)
def test_held_is_the_time_since_the_first_of_the_good_samples_in_a_row(looks, expected):
    assert expected == minutes(*looks)


def test_a_gap_at_the_limit_counts_as_seen_and_a_longer_one_breaks_it():
    assert 3 == held(seen((0, True), (3, True)), gap=180.0) / 60
    assert 0 == held(seen((0, True), (3, True)), gap=179.9)
    assert 1 == minutes((0, True), (4, True), (5, True))


def test_what_was_good_on_another_boot_does_not_count():
    assert 1 == minutes((0, True, "old"), (1, True, "old"), (2, True, "new"), (3, True, "new"))


def test_a_clock_that_went_back_breaks_it():
    assert 1 == minutes((100, True), (101, True), (2, True), (3, True))


@pytest.mark.parametrize(("hold_for", "gap"), [(900.0, 180.0), (450.0, 90.0), (60.0, 90.0), (86400.0, 17280.0)])
def test_the_default_gap_is_a_fifth_of_the_time_and_at_least_a_minute_and_a_half(hold_for, gap):
    assert gap == default_gap(hold_for)


LOOKS = st.lists(
    st.builds(
        Sample,
        at=st.floats(min_value=0, max_value=4000),
        good=st.booleans(),
        boot=st.sampled_from(["one", "two"]),
    ),
    max_size=30,
)


@given(LOOKS, st.floats(min_value=1, max_value=500))
def test_held_never_reaches_past_the_last_bad_sample(samples, gap):
    samples.sort(key=lambda one: one.at)
    bad = [one.at for one in samples if not one.good]
    time = held(samples, gap=gap)
    assert 0 <= time
    if bad:
        assert time <= samples[-1].at - bad[-1]


@given(LOOKS, st.floats(min_value=1, max_value=500), st.data())
def test_to_have_looked_less_often_never_makes_it_longer(samples, gap, data):
    samples = sorted((one for one in samples if one.good), key=lambda one: one.at)
    if not samples:
        return
    kept = [*data.draw(st.lists(st.sampled_from(samples), unique=True)), samples[-1]]
    fewer = sorted(set(kept), key=samples.index)
    assert held(fewer, gap=gap) <= held(samples, gap=gap)


# -------------------------------------------------------------------------------------------------------------- series


def result(outcome, verdict=Verdict.PASS):
    return CheckResult(
        id="G/load",
        host="a",
        probe="load_per_core",
        claim="load is low",
        severity=Severity.WARN,
        verdict=verdict,
        outcome=outcome,
        source="x:1",
    )


PAST = {
    "G/load@a": (
        Sample(at=0.0, good=True, boot="old", measure=9.0),
        Sample(at=60.0, good=True, boot="one", measure=3.0),
        Sample(at=120.0, good=False, boot="one", measure=2.0),
    )
}


def test_a_series_is_what_earlier_runs_saw_on_this_boot_and_this_run():
    met = Outcome.met("low", measure=1.0)
    expected = (*PAST["G/load@a"][1:], Sample(at=180.0, good=True, boot="one", measure=1.0))
    assert expected == series(result(met), PAST, at=180.0, boot="one")


def test_a_sample_from_the_future_was_taken_by_a_clock_that_was_set_back():
    late = {"G/load@a": (*PAST["G/load@a"], Sample(at=9000.0, good=True, boot="one"))}
    this = (result(Outcome.met("low")),)
    assert series(*this, PAST, at=180.0, boot="one") == series(*this, late, at=180.0, boot="one")


def test_a_check_that_was_not_asked_has_no_series():
    assert () == series(result(None), PAST, at=180.0, boot="one")


def test_where_the_boot_is_not_known_nothing_but_this_run_counts():
    unbooted = {"G/load@a": (Sample(at=60.0, good=True, boot=None),)}
    assert (Sample(at=180.0, good=True, boot=None),) == series(
        result(Outcome.met("low")), unbooted, at=180.0, boot=None
    )


def test_what_is_on_record_goes_before_what_earlier_runs_saw():
    met = Outcome.met("low", measure=1.0, course=(Point(at=100.0, measure=0.5, good=True),))
    expected = (Sample(at=100.0, good=True, boot="one", measure=0.5), Sample(at=180.0, good=True, boot="one"))
    assert expected == series(result(met), PAST, at=180.0, boot="one")


def test_a_record_that_ends_too_long_ago_holds_nothing():
    course = tuple(Point(at=60.0 * minute, measure=0.5, good=True) for minute in range(15))
    samples = series(result(Outcome.met("low", course=course)), {}, at=60.0 * 18, boot="one")
    assert 0 == held(samples, gap=180.0)


@pytest.mark.parametrize(
    ("outcome", "good"),
    [
        (Outcome.met("low"), True),
        (Outcome.unmet(Reason.NOT_LONG_ENOUGH, "low"), True),
        (Outcome.unmet(Reason.OVER_LIMIT, "high"), False),
        (Outcome.caution(Reason.FLAPPING, "low, high"), False),
        (Outcome.unobserved(Reason.BOOT_UNKNOWN, "who knows"), False),
    ],
)
def test_this_run_counts_when_it_met_all_but_the_time(outcome, good):
    assert good is series(result(outcome), {}, at=1.0, boot="one")[-1].good


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0s"),
        (59.9, "59s"),
        (60, "1m"),
        (90, "90s"),
        (120, "2m"),
        (899.9, "14m"),
        (900, "15m"),
        (3600, "1h"),
        (5400, "1h30m"),
        (90000, "25h"),
    ],
)
def test_a_held_time_is_never_rounded_up(seconds, words):
    assert words == brief(seconds)
