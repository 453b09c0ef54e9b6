"""Parameters of the http probe, and properties that go beyond the recorded cases."""

import pytest
from pydantic import ValidationError
from tests.support.cuts import cuts

from coldstart.engine.judging import conclude
from coldstart.outcome import Conclusion
from coldstart.probes.base import Place, Replies, Target
from coldstart.probes.http import HttpProbe
from coldstart.probes.params import PlainScalar
from coldstart.reason import Reason
from coldstart.replies import HttpReply

TARGET = Target(hosts=(Place("188", "192.168.0.188"),))
URL = "http://192.168.0.188/health"


def judged(body=b"", status=200, headers=(), **fields):
    probe = HttpProbe.model_validate({"url": URL, **fields})
    (read,) = probe.reads(TARGET)
    reply = HttpReply(started=0, ended=1, status=status, url=URL, headers=headers, body=body)
    return conclude(probe, Replies(target=TARGET, now=1, by_read={read: reply}))


def problems(**fields):
    with pytest.raises(ValidationError) as caught:
        HttpProbe.model_validate({"url": URL, **fields})
    return " ".join(error["msg"] for error in caught.value.errors())


@pytest.mark.parametrize(
    "url",
    [
        "ftp://188/health",
        "file:///etc/passwd",
        "HTTP://188/",
        "//188/health",
        "http://",
        "http:///health",
        "http://188:port/",
        "http://188:99999/",
        "http://188:/",
        "http://188/a b",
        "http://188/\thealth",
        "http://188/health#top",
        "http://188\\@evil/",
        "http://{host}/health",
        "http://{address/",
        "http://188/{address}",
        "http://{address}.example.net/",
        "http://{address}/{address}",
        "http://[::1/",
        "http://例え/",
        "http://-a/",
    ],
)
def test_a_wrong_url_is_refused(url):
    assert problems(url=url)


@pytest.mark.parametrize("url", ["http://bob:hunter2@188/", "http://hunter2@188/", "http://188/?api_key=hunter2"])
def test_a_secret_in_a_url_is_refused_and_not_repeated(url):
    said = problems(url=url)
    assert "secret" in said
    assert "hunter2" not in said


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "hunter2"},
        {"Cookie": "hunter2"},
        {"X-Api-Key": "hunter2"},
        {"X-Auth-Token": "hunter2"},
        {"X-HTTP-Method-Override": "DELETE"},
        {"Content-Length": "5"},
        {"Transfer-Encoding": "chunked"},
        {"X-A": "a\r\nX-B: hunter2"},
        {"X A": "b"},
    ],
)
def test_a_header_that_is_a_secret_or_changes_the_request_is_refused(headers):
    assert "hunter2" not in problems(headers=headers)


@pytest.mark.parametrize("status", [[], ["100"], ["1xx"], ["200-299"], ["2XX"], ["600"], ["ok"], [True], "200"])
def test_a_set_of_statuses_that_cannot_be_met_or_read_is_refused(status):
    assert problems(status=status)


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("", "at least 1"),
        ("(", "not a regular expression"),
        (".*", "found in everything"),
        ("a|", "found in everything"),
        ("^", "found in everything"),
        ("(a+)+b", "forever"),
        ("((a*)b)*c", "forever"),
        (r"(?:x[)(]*)+\(y", "forever"),
        ("(a{2,})*b", "forever"),
        ("a" * 301, "at most 300"),
    ],
)
def test_a_pattern_that_proves_nothing_or_takes_forever_is_refused(pattern, why):
    assert why in problems(body_matches=pattern)


@pytest.mark.parametrize("pattern", ["^OK$", r"(?:up|ok)+", r"\(a+\)+", r"[(]a+[)]+", "(ab{2,3})+", "a.*b"])
def test_a_plain_pattern_is_accepted(pattern):
    assert pattern == HttpProbe.model_validate({"url": URL, "body_matches": pattern}).body_matches


def test_a_body_too_long_to_search_is_not_observed_even_if_its_start_matches():
    outcome = judged(b"ok" + b" " * (1 << 18), body_matches="ok")
    assert (Conclusion.UNOBSERVED, Reason.OVER_CAP) == (outcome.conclusion, outcome.reason)


@pytest.mark.parametrize(
    "fields",
    [
        {"method": "POST"},
        {"method": "HEAD", "body_matches": "ok"},
        {"method": "HEAD", "json": [{"path": "a", "equals": 1}]},
        {"ca": "/etc/ssl/ca.pem"},
        {"ca": "relative.pem"},
        {"follow_redirects": 11},
        {"tls_expires_in": "0s"},
        {"tls_expires_in": "14"},
        {"expect": 200},
    ],
)
def test_other_bad_parameters_are_refused(fields):
    assert problems(**fields)


def test_scalars_of_a_baseline_are_strings():
    probe = HttpProbe.model_validate({"url": URL, "via": "true", "status": ["200", "3xx"], "follow_redirects": "1"})
    assert (True, ("200", "3xx"), 1) == (probe.via, probe.status, probe.follow_redirects)


def test_no_cut_of_a_json_body_is_met():
    probe = HttpProbe.model_validate({"url": URL, "json": [{"path": "a.b", "equals": "ok"}]})
    (read,) = probe.reads(TARGET)
    reply = HttpReply(started=0, ended=1, status=200, url=URL, body=b'{"x": [1, 2], "a": {"b": "ok"}}')
    whole = Replies(target=TARGET, now=1, by_read={read: reply})
    assert Conclusion.MET is conclude(probe, whole).conclusion
    assert {Conclusion.UNOBSERVED} == {conclude(probe, cut).conclusion for cut in cuts(whole)}


DOCUMENT = b'{"s": "ok", "n": 3, "f": 2.5, "t": true, "z": null, "l": [1, "a"], "o": {"k": [{"v": "1.5"}]}, "e": []}'


@pytest.mark.parametrize(
    "value",
    [
        {"path": "s", "equals": "ok"},
        {"path": "s", "equals": PlainScalar("ok")},
        {"path": "n", "equals": PlainScalar("3")},
        {"path": "n", "equals": 3.0},
        {"path": "f", "equals": PlainScalar("2.5")},
        {"path": "t", "equals": PlainScalar("true")},
        {"path": "s", "one_of": ["up", "ok"]},
        {"path": "s", "matches": "^o"},
        {"path": "n", "at_least": "3", "at_most": "3"},
        {"path": "o.k[0].v", "at_least": 1.5},
        {"path": "l[1]", "equals": "a"},
        {"path": "l", "includes": [PlainScalar("1"), "a"]},
        {"path": "o.k[*].v", "includes": ["1.5"]},
    ],
)
def test_a_value_as_expected_is_met(value):
    assert Conclusion.MET is judged(DOCUMENT, json=[value]).conclusion


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"path": "n", "equals": "3"}, 'n is 3, expected "3"'),
        ({"path": "s", "equals": True}, 's is "ok", expected true'),
        ({"path": "t", "equals": 1}, "t is true, expected 1"),
        ({"path": "n", "equals": True}, "n is 3, expected true"),
        ({"path": "t", "equals": "true"}, 't is true, expected "true"'),
        ({"path": "z", "equals": False}, "z is null, expected false"),
        ({"path": "z", "matches": "null"}, "z is null"),
        ({"path": "z", "at_most": 5}, "z is null"),
        ({"path": "s", "at_least": 0}, 's is "ok"'),
        ({"path": "t", "at_least": 0}, "t is true"),
        ({"path": "l", "equals": "a"}, "l is [1"),
        ({"path": "l[*]", "equals": "a"}, 'l[*] is 1, expected "a"'),
        ({"path": "l", "includes": ["1"]}, 'does not include "1"'),
        ({"path": "l", "includes": [True]}, "does not include true"),
        ({"path": "e[*]", "equals": "a"}, "an empty list"),
        ({"path": "e[0]", "equals": "a"}, "the list has 0"),
        ({"path": "missing", "equals": "a"}, "there is no 'missing'"),
        ({"path": "s.k", "equals": "a"}, "no object to look up 'k' in"),
        ({"path": "o[0]", "equals": "a"}, "no list at [0]"),
    ],
)
def test_a_value_of_another_kind_or_place_is_a_mismatch(value, says):
    outcome = judged(DOCUMENT, json=[value])
    assert (Conclusion.UNMET, Reason.BODY_MISMATCH) == (outcome.conclusion, outcome.reason)
    assert says in outcome.observed


@pytest.mark.parametrize(
    "body", [b"NaN", b'{"a": Infinity}', b"[" * 5000, b"1" * 5000, b'{"a": 1} x', b"\xef\xbb\xbf{}"]
)
def test_what_is_not_json_is_not_observed(body):
    outcome = judged(body, json=[{"path": "a", "at_least": 0}])
    assert (Conclusion.UNOBSERVED, Reason.UNPARSABLE) == (outcome.conclusion, outcome.reason)


def test_a_number_beyond_all_limits_is_no_number():
    assert Conclusion.UNMET is judged(b'{"a": 1e999}', json=[{"path": "a", "at_least": 0}]).conclusion


@pytest.mark.parametrize(
    "value",
    [
        {"path": "a"},
        {"path": "a", "equals": None},
        {"path": "a", "equals": PlainScalar("null")},
        {"path": "a", "matches": ".*"},
        {"path": "a", "at_least": "nan"},
        {"path": "", "equals": 1},
        {"path": ".a", "equals": 1},
        {"path": "a.", "equals": 1},
        {"path": "a..b", "equals": 1},
        {"path": "a[x]", "equals": 1},
        {"path": "a[0]b", "equals": 1},
        {"path": "$.a b", "equals": 1},
        {"path": "a", "equal": 1},
    ],
)
def test_a_bad_expectation_is_refused(value):
    assert problems(json=[value])


@pytest.mark.parametrize("path", ["/etc/ssl/ca.pem", "/home/o p/憑證/ca.pem", "/x/ca (1).pem"])
def test_the_issuers_file_is_of_this_machine_and_may_be_called_anything(path):
    assert path == HttpProbe.model_validate({"url": "https://h/", "ca": path}).ca


@pytest.mark.parametrize("path", ["ca.pem", "/x/../ca.pem", "/x/\x1b[2J", "/x/a\nb", "/x/\u202ea", "/"])
def test_but_not_by_a_name_that_leads_elsewhere_or_hides(path):
    with pytest.raises(ValidationError, match="absolute path"):
        HttpProbe.model_validate({"url": "https://h/", "ca": path})
