"""Checks that must have been good for a while, or must not rise: judged from a record, or from earlier runs."""

import json
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.support.scripted import BOOT, OTHER_BOOT, Script, baseline, check

from coldstart import errors
from coldstart.baseline.runbook import Condition, Release
from coldstart.baseline.sustain import Sustain, Trend, Way
from coldstart.clock import FixedClock
from coldstart.engine.plan import plan_of
from coldstart.engine.program import Selection, compile_program
from coldstart.engine.report import Grounds
from coldstart.engine.runner import Settings, run
from coldstart.outcome import Conclusion, Verdict
from coldstart.probes.prometheus_range import PrometheusRange
from coldstart.reads import HttpGet
from coldstart.reason import Reason
from coldstart.replies import CommandReply, HttpReply
from coldstart.samples import Sample

NOW = 1_800_000_000.0
FIFTEEN = Sustain(hold_for=900.0)
LOAD = PrometheusRange.model_validate(
    {"url": "http://127.0.0.1:9090", "via": "b", "query": 'node_load1{instance="a"}', "below": 1}
)
RECORDED = Sustain(hold_for=900.0, range=LOAD)
NOT_RISING = Trend(Way.NOT_RISING, 2)
UPTIME = 3600.0


def matrix(*points, now=NOW):
    """The answer of Prometheus: points of (seconds ago, value), each measured when it is said to be."""
    named = {"__name__": "node_load1", "instance": "a"}
    rows = [
        {"metric": named, "values": [[now - ago, str(value)] for ago, value in points]},
        {"metric": {"coldstart": "seen"}, "values": [[now - ago, str(now - ago)] for ago, _ in points]},
    ]
    data = {"resultType": "matrix", "result": rows if points else []}
    return answer(json.dumps({"status": "success", "data": data}), now=now)


def answer(body, status=200, now=NOW):
    date = format_datetime(datetime.fromtimestamp(now, tz=UTC), usegmt=True)
    return HttpReply(
        started=NOW,
        ended=NOW,
        status=status,
        headers=(("date", date),),
        body=body.encode(),
        url="http://127.0.0.1:9090",
    )


def every(step, minutes, value=0.4):
    """Points from so many minutes ago until now."""
    return tuple((ago, value) for ago in range(60 * minutes, -1, -step))


class Recorded(Script):
    """A script whose hosts say how long they are up, and which answers queries with one reply."""

    def __init__(self, record=None, *, up=UPTIME, **fields):
        super().__init__(**fields)
        self.record, self.up, self.queries = record, up, []

    async def _answer(self, read):
        if isinstance(read, HttpGet):
            self.queries.append(parse_qs(urlsplit(read.url).query)["query"][0])
            if isinstance(self.record, Exception):
                raise self.record
            return self.record
        if getattr(read, "argv", ()) == ("cat", "/proc/uptime"):
            text = self.up if isinstance(self.up, str) else f"{self.up:.2f} 1.00\n"
            return CommandReply(started=NOW, ended=NOW, exit_status=0, stdout=text.encode())
        reply = await super()._answer(read)
        return reply.model_copy(update={"started": NOW, "ended": NOW})


async def judged(sustain, script, past=(), **fields):
    """The result of the one check of a run."""
    loaded = baseline({"G": ((), (check("G", "load", sustain=sustain, **fields),))})
    settings = Settings(grounds=Grounds(past={"G/load@a": tuple(past)}))
    report = (await run(compile_program(loaded), script, FixedClock(NOW), settings=settings)).report
    (result,) = report.gates[0].checks
    return result


def looks(*minutes_ago, boot=BOOT, good=True, measure=None):
    return [Sample(at=NOW - 60.0 * ago, good=good, boot=boot, measure=measure) for ago in minutes_ago]


# ------------------------------------------------------------------------------------------------------ from the record


async def test_what_is_on_record_as_good_for_long_enough_is_met():
    result = await judged(RECORDED, Recorded(matrix(*every(30, 16))))
    outcome = result.outcome
    assert (Verdict.PASS, "yes; good for 16m, 15m is enough (from Prometheus)") == (result.verdict, outcome.observed)
    assert (960.0, 900.0, "prometheus") == tuple(outcome.facts[key] for key in ("held_seconds", "held_of", "past_from"))
    assert (33, NOW) == (len(outcome.course), outcome.course[-1].at)


async def test_what_was_bad_eleven_minutes_ago_is_not_good_for_long_enough():
    points = [(ago, 1.2 if ago >= 690 else 0.4) for ago, _ in every(30, 16)]
    outcome = (await judged(RECORDED, Recorded(matrix(*points)))).outcome
    assert (Conclusion.UNMET, Reason.NOT_LONG_ENOUGH) == (outcome.conclusion, outcome.reason)
    assert "yes; good for 11m of 15m (from Prometheus)" == outcome.observed


async def test_a_point_at_the_limit_of_the_bounds_is_bad():
    outcome = (await judged(RECORDED, Recorded(matrix(*every(30, 16, value=1.0))))).outcome
    assert "yes; good for 0s of 15m (from Prometheus)" == outcome.observed


async def test_a_gap_in_the_record_counts_for_nothing():
    points = [point for point in every(30, 16) if not 300 < point[0] < 540]
    outcome = (await judged(RECORDED, Recorded(matrix(*points)))).outcome
    assert "yes; good for 5m of 15m (from Prometheus)" == outcome.observed


async def test_samples_that_prometheus_repeats_after_an_outage_of_its_own_count_once():
    rows = json.loads(matrix(*every(30, 16)).body)["data"]["result"]
    held_back = NOW - 600
    for pair in rows[1]["values"]:  # it was down from ten minutes ago until five minutes ago
        if held_back < pair[0] < NOW - 300:
            pair[1] = str(held_back)
    record = answer(json.dumps({"status": "success", "data": {"resultType": "matrix", "result": rows}}))
    outcome = (await judged(RECORDED, Recorded(record))).outcome
    assert "yes; good for 5m of 15m (from Prometheus)" == outcome.observed


async def test_what_is_on_record_from_before_the_boot_does_not_count():
    outcome = (await judged(RECORDED, Recorded(matrix(*every(30, 16)), up=300.0))).outcome
    assert "yes; good for 4m of 15m (from Prometheus)" == outcome.observed


async def test_a_check_that_is_bad_now_stays_what_it_is():
    script = Recorded(matrix(*every(30, 16)), answers={"load": "no"})
    outcome = (await judged(RECORDED, script)).outcome
    assert (Reason.WRONG_VALUE, "no", 33) == (outcome.reason, outcome.observed, len(outcome.course))


async def test_a_caution_stays_a_caution():
    outcome = (await judged(RECORDED, Recorded(matrix(), answers={"load": "maybe"}))).outcome
    assert (Conclusion.CAUTION, "maybe") == (outcome.conclusion, outcome.observed)


# --------------------------------------------------------------------------------------------------- from earlier runs


async def test_without_a_record_the_samples_of_earlier_runs_on_this_boot_count():
    result = await judged(FIFTEEN, Recorded(), looks(16, 14, 12, 10, 8, 6, 4, 2))
    assert (Verdict.PASS, 960.0, "runs") == (
        result.verdict,
        result.outcome.facts["held_seconds"],
        result.outcome.facts["past_from"],
    )
    assert "yes; good for 16m, 15m is enough (from the runs on this boot)" == result.outcome.observed


async def test_the_first_run_has_held_nothing():
    outcome = (await judged(FIFTEEN, Recorded())).outcome
    assert "yes; good for 0s of 15m (from the runs on this boot)" == outcome.observed


async def test_samples_of_another_boot_do_not_count():
    outcome = (await judged(FIFTEEN, Recorded(), looks(16, 14, 12, 10, 8, 6, 4, 2, boot=OTHER_BOOT))).outcome
    assert 0.0 == outcome.facts["held_seconds"]


async def test_a_host_that_reboots_during_the_run_proves_nothing():
    script = Recorded(boots={"a": (BOOT, OTHER_BOOT)})
    result = await judged(FIFTEEN, script, looks(16, 14, 12, 10, 8, 6, 4, 2))
    assert (Verdict.BLOCKED, Reason.BOOT_CHANGED) == (result.verdict, result.outcome.reason)


async def test_a_gap_of_its_own_may_be_longer_than_the_default():
    past = looks(16, 11, 6)
    assert 0.0 == (await judged(FIFTEEN, Recorded(), past)).outcome.facts["held_seconds"]
    wide = Sustain(hold_for=900.0, gap=400.0)
    assert 960.0 == (await judged(wide, Recorded(), past)).outcome.facts["held_seconds"]


# ------------------------------------------------------------------------------------------------------ no good record

NAN = json.loads(matrix(*every(30, 16)).body)
NAN["data"]["result"][0]["values"] = [[at, "NaN"] for at, _ in NAN["data"]["result"][0]["values"]]


@pytest.mark.parametrize(
    ("record", "told"),
    [
        (errors.ConnectRefused("nothing listens on 9090"), "nothing listens on 9090"),
        (matrix(), "it has no such series on record"),
        (matrix(*every(30, 16), now=NOW - 60), "the server's clock is 60.0 s behind this machine's"),
        (matrix(*((ago + 600, value) for ago, value in every(30, 16))), "its newest sample is 10 min old"),
        (matrix(*((ago - 60, value) for ago, value in every(30, 16))), "samples from the future"),
        (answer(json.dumps(NAN)), "it has nothing on record since the boot"),
        (answer('{"status":"success","data":{"resultType":"matrix","result":[{"met'), "not JSON"),
        (answer('{"status":"success","data":{},"data":{"resultType":"matrix","result":[]}}'), "data"),
        (answer('{"status":"success","data":{"resultType":"vector","result":[]}}'), "a vector, not a matrix"),
        (answer("<html>Sign in</html>"), "no JSON"),
        (answer("Service Unavailable", status=503), "still starting"),
        (answer('{"status":"error","errorType":"bad_data","error":"parse error"}', status=400), "parse error"),
    ],
    ids=[
        "refused",
        "empty",
        "clock",
        "old",
        "future",
        "NaN",
        "cut",
        "duplicate key",
        "vector",
        "portal",
        "starting",
        "refuses",
    ],
)
async def test_without_a_usable_record_earlier_runs_count_and_the_outcome_says_why(record, told):
    without = (await judged(RECORDED, Recorded(record))).outcome
    assert (0.0, "runs", ()) == (without.facts["held_seconds"], without.facts["past_from"], without.course)
    assert "good for 0s of 15m (from the runs on this boot; Prometheus: " in without.observed
    assert told in " ".join(without.evidence)
    result = await judged(RECORDED, Recorded(record), looks(16, 14, 12, 10, 8, 6, 4, 2))
    assert Verdict.PASS is result.verdict


async def test_an_uptime_that_cannot_be_read_makes_the_record_worthless():
    outcome = (await judged(RECORDED, Recorded(matrix(*every(30, 16)), up="soon\n"))).outcome
    assert "nobody knows when the host booted" in outcome.observed


async def test_a_host_that_is_asked_for_the_record_only_and_is_down_takes_no_pass_away():
    script = Recorded(errors.Unreachable("b is down"), boots={"b": ("garbage", "garbage")})
    result = await judged(RECORDED, script, looks(16, 14, 12, 10, 8, 6, 4, 2))
    assert Verdict.PASS is result.verdict


async def test_a_record_by_way_of_a_host_that_reboots_meanwhile_is_void():
    result = await judged(RECORDED, Recorded(matrix(*every(30, 16)), boots={"b": (BOOT, OTHER_BOOT)}))
    assert (Verdict.BLOCKED, Reason.BOOT_CHANGED) == (result.verdict, result.outcome.reason)


# -------------------------------------------------------------------------------------------------------------- trends


def backlog(*values):
    """A record of five-minute steps, the last of them now."""
    return matrix(*((300 * ago, value) for ago, value in zip(range(len(values) - 1, -1, -1), values, strict=True)))


TREND = Sustain(trend=NOT_RISING, range=LOAD)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((120, 90, 60), (Conclusion.MET, Reason.OK, "yes; 120 → 90 → 60 (from Prometheus)")),
        ((60, 90, 120), (Conclusion.UNMET, Reason.RISING, "yes; 60 → 90 → 120 (from Prometheus)")),
        ((60, 90), (Conclusion.UNOBSERVED, Reason.TOO_EARLY, "yes; seen 2 of 3 times: 60 → 90 (from Prometheus)")),
        ((0,), (Conclusion.MET, Reason.OK, "yes; 0 (from Prometheus)")),
    ],
)
async def test_a_backlog_that_rises_from_check_to_check_is_bad(values, expected):
    outcome = (await judged(TREND, Recorded(backlog(*values)))).outcome
    assert expected == (outcome.conclusion, outcome.reason, outcome.observed)


async def test_what_does_not_fall_is_bad_where_it_must_fall():
    sustain = Sustain(trend=Trend(Way.FALLING, 2), range=LOAD)
    outcome = (await judged(sustain, Recorded(backlog(60, 90, 60)))).outcome
    assert (Reason.NOT_FALLING, "yes; 60 → 90 → 60 (from Prometheus)") == (outcome.reason, outcome.observed)


async def test_a_trend_and_a_time_must_both_be_met():
    sustain = Sustain(hold_for=900.0, trend=NOT_RISING)
    outcome = (await judged(sustain, Recorded(), looks(16, 14, 12, 10, 8, 6, 4, 2, measure=0.0))).outcome
    assert (Conclusion.MET, "for 15m without a break, not rising for 2 checks") == (
        outcome.conclusion,
        outcome.expected,
    )
    assert "yes; 0 → 0 → 0; good for 16m, 15m is enough (from the runs on this boot)" == outcome.observed


# ------------------------------------------------------------------------------------------------------ what it asks


def program_of(sustain, selection=Selection(), **fields):  # noqa: B008 - frozen
    return compile_program(baseline({"G": ((), (check("G", "load", sustain=sustain),))}, **fields), selection)


def asked(program):
    (task,) = program.gates[0].tasks
    return [read.describe() for read in task.reads]


def query(program):
    (task,) = program.gates[0].tasks
    return parse_qs(urlsplit(task.extra.record.url).query)["query"][0]


def test_the_reads_about_the_past_are_in_the_plan():
    assert ["ask load", "cat /proc/uptime"] == asked(program_of(FIFTEEN))
    program = program_of(RECORDED)
    planned = plan_of(program).gates[0].checks[0].reads
    assert ["a", "a", "b"] == [read.place for read in planned]
    assert planned[2].asks.startswith("GET http://127.0.0.1:9090/api/v1/query?query=")


def test_a_check_that_says_nothing_of_its_past_asks_nothing_more():
    assert ["ask load"] == asked(program_of(None))


def test_the_record_is_one_instant_query_without_a_time():
    marked = 'label_replace(timestamp(node_load1{instance="a"}), "coldstart", "seen", "", "")'
    assert f'((node_load1{{instance="a"}}) or {marked})[19m:30s]' == query(program_of(RECORDED))


@pytest.mark.parametrize(
    ("sustain", "conditions", "window"),
    [
        (Sustain(range=LOAD), (), "15m:30s"),
        (Sustain(range=LOAD), (Condition("held", ("G/load",), hold_for=3600.0),), "73m:30s"),
        (Sustain(range=LOAD), (Condition("held", ("G/other",), hold_for=3600.0),), "15m:30s"),
        (Sustain(trend=NOT_RISING, range=LOAD), (), "17m:30s"),
        (Sustain(hold_for=30 * 86400.0, range=LOAD), (), "51841m:3111s"),
    ],
)
def test_the_window_is_long_enough_for_the_check_and_for_every_condition_that_refers_to_it(sustain, conditions, window):
    release = Release(name="r", title="r", hosts=(), needs=("G",), conditions=conditions)
    assert query(program_of(sustain, releases={"r": release})).endswith(f"[{window}]")


def test_a_run_narrowed_to_a_host_does_not_ask_another_one_for_the_record():
    program = program_of(RECORDED, Selection(hosts=("a",)))
    assert ["ask load", "cat /proc/uptime"] == asked(program)
    (task,) = program.gates[0].tasks
    assert "left out by --host a" == task.extra.left_out


async def test_a_bug_in_the_judgement_of_the_past_is_no_pass(monkeypatch):
    def broken(*_args):
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr("coldstart.engine.judging.judge", broken)
    outcome = (await judged(FIFTEEN, Recorded())).outcome
    assert (Conclusion.UNOBSERVED, Reason.INTERNAL) == (outcome.conclusion, outcome.reason)
