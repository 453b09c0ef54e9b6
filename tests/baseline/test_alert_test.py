"""The one alert test of a baseline: what it may hold, and that it is no probe."""

import pytest

from coldstart.baseline.load import load_text
from coldstart.baseline.model import AlertTest
from coldstart.baseline.sights import CounterSight, PageSight
from coldstart.errors import BaselineError
from coldstart.outcome import Severity

from .conftest import WHOLE

MINIMAL = """\
coldstart: 1
name: x
defaults: {timeout: 4s, severity: warn}
hosts: {"110": {address: a}, nas: {address: b, optional: true}}
gates:
  P2:
    title: x
    checks:
      - id: alert
        claim: x
        alert_test: {url: "https://a/hook", receiver: r, alertname: N, summary: s, %s}
"""


def minimal(extra=""):
    return load_text(MINIMAL % extra, "b.yml").baseline.alert_test


def test_an_alert_test_has_all_that_is_written(whole):
    expected = AlertTest(
        gate="P2-ALERTS",
        id="alert-test",
        claim="the alert chain accepts a real alert",
        url="http://192.168.0.125:32334/api/v1/webhooks/alertmanager",
        via="110",
        receiver="cold-start-test",
        alertname="ColdStartE2ETest",
        labels={"severity": "info", "attempt": "1"},
        summary="Cold start E2E test, ignore",
        resolves_after=600.0,
        status=("200", "2xx"),
        ca=None,
        timeout=3.0,
        severity=Severity.BLOCKED,
        hint="look at the API",
        sop="8",
        covers=("13.4/P2-WORKLOAD-ALERTCHAIN",),
        line=WHOLE[: WHOLE.index("- id: alert-test")].count("\n") + 1,
    )
    assert expected == whole.baseline.alert_test


def test_it_stands_among_the_checks_of_its_gate_and_of_the_baseline(whole):
    assert (whole.baseline.alert_test,) == whole.baseline.gates["P2-ALERTS"].checks
    assert 1 == sum(isinstance(check, AlertTest) for check in whole.baseline.checks())


def test_a_baseline_without_one_has_none(good):
    assert good.baseline.alert_test is None


def test_what_it_does_not_say_comes_from_the_defaults():
    alert = minimal()
    assert (4.0, Severity.WARN, None, {}, 300.0, ("2xx",), None) == (
        alert.timeout,
        alert.severity,
        alert.via,
        alert.labels,
        alert.resolves_after,
        alert.status,
        alert.ca,
    )


@pytest.mark.parametrize("extra", ["ca: /etc/ca.pem", "via: nas", "via: 110", 'status: ["201", 202]'])
def test_it_takes(extra):
    assert minimal(extra)


@pytest.mark.parametrize(
    ("extra", "says"),
    [
        ("status: [302]", "an alert is accepted by a 2xx"),
        ("status: [5xx]", "an alert is accepted by a 2xx"),
        ("status: []", "too short"),
        ("via: operator", "unknown host 'operator'"),
        ("via: all", "unknown host 'all'"),
        ("labels: {alertname: N}", "alertname is a key of the alert test"),
        ("resolves_after: 31d", "out of range"),
    ],
)
def test_it_refuses(extra, says):
    with pytest.raises(BaselineError, match=says):
        minimal(extra)


@pytest.mark.parametrize("url", ["ftp://a/", "https://", "https://a b/", "https://a/#x", "https://a:0x/", "//a/", "a"])
def test_a_url_that_is_none_is_refused(url):
    with pytest.raises(BaselineError, match="alert_test: url: "):
        load_text((MINIMAL % "").replace("https://a/hook", url), "b.yml")


@pytest.mark.parametrize("url", ["https://u:hunter2@a/", "https://u:hunter2@a:bad/", "https://a/?token=hunter2"])
def test_a_secret_in_a_url_is_refused_and_not_repeated(url):
    with pytest.raises(BaselineError) as caught:
        load_text((MINIMAL % "").replace("https://a/hook", url), "b.yml")
    assert "hunter2" not in str(caught.value)


def test_two_alert_tests_in_one_gate_are_one_too_many():
    item = MINIMAL[MINIMAL.index("      - id") :]
    with pytest.raises(BaselineError, match="already declared at 11:9: keep one of them"):
        load_text(MINIMAL % "" + (item % "").replace("id: alert", "id: other"), "b.yml")


PAGE = 'url: "http://a/alerts/{run}", json: "items[*].state"'
SEEN = {
    "page": f"sent: {{{PAGE}, equals: sent}}",
    "counter": 'received: {prometheus: "http://p:9090/", counter: sent_total}',
}


def test_a_level_that_is_seen_on_a_page_has_all_that_is_written():
    sent = f'sent: {{{PAGE}, equals: sent, contains: "{{run}}", at_least: 1, via: 110, within: 1m, every: 5s}}'
    expected = PageSight(
        url="http://a/alerts/{run}",
        via="110",
        ca=None,
        path="items[*].state",
        equals="sent",
        contains="{run}",
        at_least=1.0,
        within=60.0,
        every=5.0,
    )
    assert {"sent": expected} == minimal(sent).sights


def test_a_level_that_is_seen_by_a_counter_has_all_that_is_written():
    received = 'received: {prometheus: "https://p:9090/", counter: sum(sent_total), ca: /etc/ca.pem}'
    expected = CounterSight(
        url="https://p:9090", via=None, ca="/etc/ca.pem", query="sum(sent_total)", within=30.0, every=2.0
    )
    assert {"received": expected} == minimal(received).sights


def test_what_is_asked_for_a_level_is_an_ordinary_get_with_the_label_of_the_run_percent_encoded():
    (page,) = minimal(SEEN["page"]).sights.values()
    (counter,) = minimal(SEEN["counter"]).sights.values()
    assert ("GET", "http://a/alerts/a%2F%C3%A9") == (page.read("a/é", 3.0).method, page.read("a/é", 3.0).url)
    assert "http://p:9090/api/v1/query?query=sent_total" == counter.read("x", 3.0).url


def test_an_optional_host_may_show_a_level_since_one_that_is_not_seen_never_costs_more_than_a_warning():
    assert (
        "nas"
        == load_text(
            (MINIMAL % f"sent: {{{PAGE}, equals: sent, via: nas}}").replace("severity: warn", "severity: blocked"),
            "b.yml",
        ).baseline.alert_test.sent.via
    )


@pytest.mark.parametrize(("equals", "value"), [("5", 5), ("'5'", "5"), ("true", True), ('"{run}"', "{run}")])
def test_the_type_of_what_is_expected_counts(equals, value):
    (sight,) = minimal(f"sent: {{{PAGE}, equals: {equals}}}").sights.values()
    assert (type(value), value) == (type(sight.equals), sight.equals)


@pytest.mark.parametrize("level", ["sent", "received"])
def test_a_level_that_is_no_mapping_is_refused(level):
    with pytest.raises(BaselineError, match=f"alert_test: {level}: 'http://a/' is not a mapping"):
        minimal(f"{level}: http://a/")
