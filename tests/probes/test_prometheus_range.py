"""What Prometheus has on record of the past: recorded answers of a real one, and answers that are no record at all."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
from pydantic import ValidationError

from coldstart.errors import ReadError
from coldstart.probes.base import Place
from coldstart.probes.params import PlainScalar
from coldstart.probes.prometheus_range import PrometheusRange
from coldstart.reason import Reason
from coldstart.replies import HttpReply

RECORDED = Path(__file__).parent / "recorded_ranges"
PLAIN = {"url": "http://127.0.0.1:9090", "query": "up"}
HOST = Place("a", "192.0.2.1")


def recorded(name):
    """The range of a recorded answer, the answer of Prometheus 2.42, and when it came."""
    case = json.loads((RECORDED / f"{name}.json").read_text("utf-8"))
    range_ = PrometheusRange.model_validate(case["range"])
    assert case["url"] == range_.read(Place("x", "127.0.0.1"), 1140, 30, timeout=5).url
    return range_, reply(case["body"], case["status"], case["date"], case["started"], case["ended"]), case["ended"]


def reply(body, status=200, date="Tue, 24 Nov 2026 03:46:40 GMT", started=1795492000.0, ended=1795492000.0):
    return HttpReply(
        started=started,
        ended=ended,
        status=status,
        headers=(("date", date),),
        body=body.encode(),
        url="http://127.0.0.1:9090/api/v1/query",
    )


def points(name, *, booted=0.0, step=30.0):
    range_, answer, now = recorded(name)
    return range_.points(answer, booted=booted, step=step), now


def test_an_outage_of_prometheus_itself_is_a_hole_although_it_repeats_its_last_sample():
    found, _ = points("outage")
    body = json.loads(recorded("outage")[1].body)
    repeated = {round(later[0] - earlier[0]) for earlier, later in pairwise(body["data"]["result"][1]["values"])}
    assert {30} == repeated
    assert [110] == [round(later.at - earlier.at) for earlier, later in pairwise(found) if later.at - earlier.at > 31]


def test_points_lie_where_their_samples_were_taken_and_are_within_the_limits_or_not():
    found, now = points("load")
    assert [-133, -103, -73, -43, -13] == [round(one.at - now) for one in found]
    assert [(2.18, False), (2.13, False)] == [(one.measure, one.good) for one in found[:2]]


def test_of_several_samples_behind_a_value_the_oldest_counts():
    found, now = points("sum")
    assert -246 == round(found[-1].at - now), "a series that is gone since the restart is still in the sum"


def test_points_from_before_the_boot_do_not_count():
    _, now = points("outage")
    found, _ = points("outage", booted=now - 100)
    assert [-76, -46, -16] == [round(one.at - now) for one in found]


def test_points_are_thinned_from_the_newest_on_and_a_bad_look_in_between_is_kept():
    rows = [[1795491000.0 + 60 * index, "2" if index == 4 else "1"] for index in range(16)]
    body = matrix(rows, times=[at for at, _ in rows])
    range_ = PrometheusRange.model_validate({**PLAIN, "at_most": 1})
    found = range_.points(reply(body), booted=0.0, step=300.0)
    assert [(1795491000.0, True), (1795491300.0, False), (1795491600.0, True), (1795491900.0, True)] == [
        (one.at, one.good) for one in found
    ]


def matrix(values, *, times=(1795491980, 1795491990), metric=None):
    """The answer for one series; its samples were taken at `times`."""
    rows = [
        {"metric": metric or {"__name__": "up"}, "values": values},
        {"metric": {"coldstart": "seen"}, "values": [[at, str(at)] for at in times]},
    ]
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": rows}})


@pytest.mark.parametrize(
    ("limits", "value", "good"),
    [
        ({}, "5", True),
        ({"below": 1}, "0.99", True),
        ({"below": 1}, "1", False),
        ({"at_most": 1}, "1", True),
        ({"at_most": 1}, "1.01", False),
        ({"at_least": 1}, "0.9", False),
        ({"equals": 1}, "1", True),
        ({}, "+Inf", False),
        ({"below": 1}, "-Inf", False),
    ],
)
def test_a_value_within_every_limit_is_good(limits, value, good):
    range_ = PrometheusRange.model_validate({**PLAIN, **limits})
    (point,) = range_.points(reply(matrix([[1795491990, value]])), booted=0.0, step=30.0)
    assert good is point.good


@pytest.mark.parametrize(
    "body",
    [
        matrix([[1795491990, 1]]),
        matrix([[1795491990, "1", "2"]]),
        matrix([["1795491990", "1"]]),
        matrix([[True, "1"]]),
        matrix([[1795491990, "1_0"]]),
        matrix([[1795491990, "0x1p3"]]),
        matrix([[1795491990, "1"], [1795491980, "1"]]),
        matrix([[1795491990, "1"], [1795491990, "2"]]),
        matrix({"1795491990": "1"}),
        matrix([[1795491990, "1"]], metric={"coldstart": "seen"}),
        matrix([[1795491990, "1"]])[:-1],
        matrix([[1795491990, "1"]]).replace('"result":', '"result": [], "result":'),
        '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"histograms":[]}]}}',
        '{"status":"success","data":{"resultType":"matrix","result":[1]}}',
        '{"status":"success","data":{"resultType":"matrix"}}',
        '{"status":"success","data":[]}',
        '{"status":"success"}',
        "[]",
        "",
    ],
)
def test_what_is_not_a_record_raises(body):
    with pytest.raises(ReadError) as caught:
        PrometheusRange.model_validate(PLAIN).points(reply(body), booted=0.0, step=30.0)
    assert Reason.INTERNAL is not caught.value.reason


@pytest.mark.parametrize(
    ("name", "said"),
    [("nothing", "no such series"), ("broken", "no arguments for aggregate"), ("scalar", 'set operator "or"')],
)
def test_what_prometheus_cannot_answer_raises_its_words(name, said):
    with pytest.raises(ReadError, match=said):
        points(name)


def test_values_that_nobody_says_the_time_of_are_no_record():
    body = json.loads(matrix([[1795491990, "1"]]))
    del body["data"]["result"][1]
    with pytest.raises(ReadError, match="no such series"):
        PrometheusRange.model_validate(PLAIN).points(reply(json.dumps(body)), booted=0.0, step=30.0)


def test_an_answer_without_a_date_is_no_record():
    answer = reply(matrix([[1795491990, "1"]])).model_copy(update={"headers": ()})
    with pytest.raises(ReadError, match="what time it is there") as caught:
        PrometheusRange.model_validate(PLAIN).points(answer, booted=0.0, step=30.0)
    assert Reason.CLOCK is caught.value.reason


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"query": "sum(up)"}, "add seen:"),
        ({"query": "sum(up)", "seen": "sum(up)"}, "plain selector"),
        ({"query": "up", "below": "inf"}, "finite"),
        ({"query": "up", "at_least": 2, "at_most": 1}, "no number is"),
        ({"query": "up", "step": "0s"}, "greater than 0"),
        ({"query": " "}, "a query is PromQL"),
        ({"query": "up", "url": "http://127.0.0.1:9090/?x=1"}, "without a query"),
    ],
)
def test_a_range_that_cannot_be_asked_for_is_refused(fields, said):
    with pytest.raises(ValidationError, match=said):
        PrometheusRange.model_validate({**PLAIN, **fields})


@pytest.mark.parametrize(
    ("via", "place"), [(False, "operator"), (True, "a"), (PlainScalar("true"), "a"), ("110", "110")]
)
def test_the_record_is_asked_for_directly_or_by_way_of_a_host(via, place):
    read = PrometheusRange.model_validate({**PLAIN, "via": via}).read(HOST, 900, 30, timeout=5)
    assert place == read.place


def test_the_address_of_the_host_may_stand_in_url_and_query():
    fields = {"url": "http://{address}:9090", "query": 'up{instance="{address}:9100"}'}
    read = PrometheusRange.model_validate(fields).read(Place("a", "2001:db8::1"), 900, 30, timeout=5)
    assert read.url.startswith("http://[2001:db8::1]:9090/api/v1/query?query=")
    assert read.url.count("%22%5B2001%3Adb8%3A%3A1%5D%3A9100%22") == 2
