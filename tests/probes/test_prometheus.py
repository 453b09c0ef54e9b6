"""Rules and queries of Prometheus: what the recorded cases cannot say one by one."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.support.cuts import better_when_cut, recorded
from tests.support.effort import examples

from coldstart.engine.judging import conclude
from coldstart.outcome import Conclusion
from coldstart.probes.base import Place, Replies, Target
from coldstart.probes.prometheus_query import PrometheusQueryProbe
from coldstart.probes.prometheus_rules import PrometheusRulesProbe
from coldstart.reason import Reason
from coldstart.replies import HttpReply

NOW = 1_795_460_000.0
URL = "http://127.0.0.1:9090"
TARGET = Target(hosts=(Place(name="110", address="192.168.0.110"),))
DATE = ("Date", "Mon, 23 Nov 2026 18:53:20 GMT")


def ok(data, **beside):
    return json.dumps({"status": "success", "data": data, **beside})


def reply(body, status=200, headers=(DATE,)):
    body = body if isinstance(body, bytes) else body.encode()
    return HttpReply(started=NOW, ended=NOW, status=status, headers=headers, body=body, url=URL)


def judged(probe, *bodies):
    by_read = dict(zip(probe.reads(TARGET), map(reply, bodies), strict=True))
    return conclude(probe, Replies(target=TARGET, now=NOW, by_read=by_read))


def conclusion(outcome):
    return outcome.conclusion, outcome.reason


def rule(name="A", health="ok", at="2026-11-23T18:53:10.5Z", **more):
    return {"name": name, "health": health, "lastEvaluation": at, "type": "alerting", **more}


def groups(*rules):
    return ok({"groups": [{"name": "g", "rules": list(rules)}]})


def vector(*values, kind="vector", at=NOW):
    rows = [{"metric": {"__name__": "x", "i": str(i)}, "value": [at, value]} for i, value in enumerate(values)]
    return ok({"resultType": kind, "result": rows})


CUT = {"loaded", "another-fails", "within-limits", "one-down", "scalar", "from-before-the-crash-fresh"}


@pytest.mark.parametrize(
    "path",
    [path for kind in ("prometheus_rules", "prometheus_query") for path in recorded(kind) if path.stem in CUT],
    ids=lambda path: path.stem,
)
def test_no_cut_reply_is_judged_better(path):
    assert [] == better_when_cut(path)


@settings(max_examples=examples(100))
@given(st.binary(max_size=100))
def test_noise_is_never_good(noise):
    assert judged(PrometheusRulesProbe(url=URL), noise).conclusion is not Conclusion.MET
    assert judged(PrometheusQueryProbe(url=URL, query="up"), noise).conclusion is not Conclusion.MET


@given(st.text(min_size=1, max_size=80))
def test_a_query_reaches_the_server_as_it_is_written(query):
    try:
        probe = PrometheusQueryProbe(url=URL, query=query)
    except ValidationError:
        return
    (read,) = probe.reads(TARGET)
    assert probe.query == parameter(read.url)
    assert read.url.isascii()


def parameter(url):
    return parse_qs(urlsplit(url).query, strict_parsing=True)["query"][0]


def test_the_servers_own_path_is_kept_and_its_host_is_the_address_of_the_host():
    (read,) = PrometheusRulesProbe(url="http://{address}:9090/prometheus/").reads(TARGET)
    assert "http://192.168.0.110:9090/prometheus/api/v1/rules?exclude_alerts=true" == read.url


def test_by_way_of_the_host_its_loopback_is_asked():
    (read,) = PrometheusRulesProbe(url=URL, via=True).reads(TARGET)
    assert "110" == read.via


# ------------------------------------------------------------------------------------------------------------- rules


def test_a_name_that_stands_twice_is_as_good_as_the_worst_of_them():
    probe = PrometheusRulesProbe(url=URL, rules=["A"])
    assert (Conclusion.MET, Reason.OK) == conclusion(judged(probe, groups(rule(), rule())))
    assert (Conclusion.UNMET, Reason.FAILED) == conclusion(judged(probe, groups(rule(), rule(health="err"))))


def test_a_rule_is_found_by_its_whole_name():
    probe = PrometheusRulesProbe(url=URL, rules=["Backup"])
    assert (Conclusion.UNMET, Reason.ABSENT) == conclusion(judged(probe, groups(rule("BackupStale"), rule("backup"))))


def test_an_evaluation_is_aged_by_the_servers_own_clock():
    """Our clock is four seconds off, which is within the limit, and must not make ten seconds out of six."""
    probe = PrometheusRulesProbe(url=URL, evaluated_within="8s")
    (read,) = probe.reads(TARGET)
    ours = reply(groups(rule(at="2026-11-23T18:53:14Z"))).model_copy(update={"started": NOW + 4, "ended": NOW + 4})
    assert Conclusion.MET is conclude(probe, Replies(target=TARGET, now=NOW + 4, by_read={read: ours})).conclusion


@pytest.mark.parametrize("at", ["", "yesterday", "2026-11-23T18:53:10", "2026-99-99T00:00:00Z", "1795460000"])
def test_an_evaluation_whose_time_cannot_be_read_is_not_observed(at):
    outcome = judged(PrometheusRulesProbe(url=URL), groups(rule(at=at)))
    assert (Conclusion.UNOBSERVED, Reason.UNPARSABLE) == conclusion(outcome)


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        {"groups": None},
        {"groups": [{"name": "g"}]},
        {"groups": [{"name": "g", "rules": [{"name": "A"}]}]},
        {"groups": [{"name": "g", "rules": [{**rule(), "health": True}]}]},
        {"groups": [{"name": "g", "rules": [{**rule(), "name": ""}]}]},
    ],
)
def test_data_of_another_shape_is_not_observed(data):
    outcome = judged(PrometheusRulesProbe(url=URL), ok(data))
    assert (Conclusion.UNOBSERVED, Reason.UNPARSABLE) == conclusion(outcome)


def test_a_success_with_a_bad_status_is_none():
    probe = PrometheusRulesProbe(url=URL)
    (read,) = probe.reads(TARGET)
    outcome = conclude(probe, Replies(target=TARGET, now=NOW, by_read={read: reply(groups(rule()), 500)}))
    assert (Conclusion.UNMET, Reason.UNEXPECTED_STATUS) == conclusion(outcome)


# ----------------------------------------------------------------------------------------------------------- queries


@pytest.mark.parametrize("value", ["one", "", " 1", "1_0", "0x1", "١", "inf", "nan", "1e", "1\n"])
def test_a_value_that_is_no_number_of_prometheus_is_not_observed(value):
    outcome = judged(PrometheusQueryProbe(url=URL, query="x"), vector(value))
    assert (Conclusion.UNOBSERVED, Reason.UNPARSABLE) == conclusion(outcome)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1", (Conclusion.MET, Reason.OK)),
        ("1e+00", (Conclusion.MET, Reason.OK)),
        ("0.9999999", (Conclusion.UNMET, Reason.WRONG_VALUE)),
        ("+Inf", (Conclusion.UNMET, Reason.WRONG_VALUE)),
        ("-Inf", (Conclusion.UNMET, Reason.WRONG_VALUE)),
        ("NaN", (Conclusion.UNOBSERVED, Reason.NO_EVIDENCE)),
    ],
)
def test_one_series_among_good_ones_decides(value, expected):
    probe = PrometheusQueryProbe(url=URL, query="x", each={"at_least": 1})
    assert expected == conclusion(judged(probe, vector("5", value, "7")))


@pytest.mark.parametrize(
    "result",
    [
        [{"metric": {}, "value": [NOW]}],
        [{"metric": {}, "value": [NOW, 1]}],
        [{"metric": {}, "value": [True, "1"]}],
        [{"value": [NOW, "1"]}],
        [None],
        [{"metric": {"a": "1"}, "value": [NOW, "1"]}, {"metric": {"a": "1"}, "value": [NOW, "0"]}],
    ],
)
def test_a_vector_of_another_shape_is_not_observed(result):
    outcome = judged(PrometheusQueryProbe(url=URL, query="x"), ok({"resultType": "vector", "result": result}))
    assert (Conclusion.UNOBSERVED, Reason.UNPARSABLE) == conclusion(outcome)


def times(*ages, count=None):
    rows = [{"metric": {"i": str(i)}, "value": [NOW, f"{NOW - age:.3f}"]} for i, age in enumerate(ages)]
    return ok({"resultType": "vector", "result": rows[:count]})


def test_every_series_must_have_been_sampled_lately():
    probe = PrometheusQueryProbe(url=URL, query='x{job="a"}', fresh_within="2m")
    assert (Conclusion.MET, Reason.OK) == conclusion(judged(probe, vector("1", "1"), times(5, 119)))
    assert (Conclusion.UNMET, Reason.STALE) == conclusion(judged(probe, vector("1", "1"), times(5, 121)))
    assert (Conclusion.UNOBSERVED, Reason.CLOCK) == conclusion(judged(probe, vector("1", "1"), times(5, -60)))


def test_a_series_without_a_sample_time_is_not_observed():
    probe = PrometheusQueryProbe(url=URL, query="x", fresh_within="2m")
    outcome = judged(probe, vector("1", "1"), times(5, 5, count=1))
    assert (Conclusion.UNOBSERVED, Reason.NO_EVIDENCE) == conclusion(outcome)


@pytest.mark.parametrize("query", ["up", 'up{job="a}{"}', "up { job = 'b' }", 'a:b{c=~"x|y",d!="\\"}"}'])
def test_a_plain_selector_has_sample_times(query):
    (_, timed) = PrometheusQueryProbe(url=URL, query=query, fresh_within="2m").reads(TARGET)
    assert f"timestamp({query})" == parameter(timed.url)


@pytest.mark.parametrize(
    "fields",
    [
        {"query": ""},
        {"query": " \n"},
        {"query": "up\0"},
        {"query": "排" * 500},
        {"query": "up", "min_series": 0},
        {"query": "up == 1", "fresh_within": "2m"},
        {"query": "up[5m]", "fresh_within": "2m"},
        {"query": "sum(up)", "fresh_within": "2m"},
        {"query": 'up{a="b"} or vector(1)', "fresh_within": "2m"},
        {"query": 'up{a="b"} # {x="}', "fresh_within": "2m"},
        {"query": "up", "each": {"at_least": "inf"}},
        {"query": "up", "each": {"above": 1}},
        {"query": "up", "url": "http://127.0.0.1:9090/?x=1"},
        {"query": "up", "url": "http://user:secret@127.0.0.1:9090"},
        {"query": "up", "url": "ftp://127.0.0.1"},
    ],
)
def test_parameters_of_a_query_that_make_no_sense_are_refused(fields):
    with pytest.raises(ValidationError):
        PrometheusQueryProbe.model_validate({"url": URL, **fields})


@pytest.mark.parametrize("fields", [{"rules": ["A", "A"]}, {"rules": [""]}, {"evaluated_within": "0s"}, {"rule": "A"}])
def test_parameters_of_rules_that_make_no_sense_are_refused(fields):
    with pytest.raises(ValidationError):
        PrometheusRulesProbe.model_validate({"url": URL, **fields})
