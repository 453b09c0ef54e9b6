"""Lines that a service must have logged: what the recorded cases cannot say one by one."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.support.effort import examples

from coldstart.engine.judging import conclude
from coldstart.outcome import Conclusion
from coldstart.probes.base import Place, Replies, Target
from coldstart.probes.log_lines import LogLinesProbe
from coldstart.reason import Reason
from coldstart.replies import CommandReply

NOW = 1_795_460_000.0
TARGET = Target(hosts=(Place(name="188", address="192.168.0.188"),))
NEVER = "0001-01-01T00:00:00Z"
REGISTERED = {"name": "registered", "pattern": "全部排程任務已註冊"}


def at(seconds):
    return datetime.fromtimestamp(NOW + seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")


def answer(stdout=b"", stderr=b"", status=0):
    return CommandReply(started=NOW, ended=NOW, exit_status=status, stdout=stdout, stderr=stderr)


def judged(log=b"", stderr=b"", *, started=-3600.0, ended=NEVER, state="running", **fields):
    """Judge what a container wrote, that was started and had last ended so many seconds from now."""
    docker = {"container": "momo", **fields.pop("docker", {})}
    probe = LogLinesProbe(docker=docker, **{"required": [REGISTERED], **fields})
    inspected = {
        "id": "a",
        "name": "/momo",
        "state": state,
        "exit_code": 0,
        "oom_killed": False,
        "started": at(started),
        "restarts": 0,
        "health": None,
    }
    answers = (
        answer(log, stderr),
        answer(json.dumps(inspected).encode() + b"\n"),
        answer(f"{ended if isinstance(ended, str) else at(ended)}\n".encode()),
    )
    by_read = dict(zip(probe.reads(TARGET), answers, strict=True))
    return conclude(probe, Replies(target=TARGET, now=NOW, by_read=by_read))


def lines(*written):
    return b"".join(f"{at(when)} {text}\n".encode() for when, text in written)


def conclusion(outcome):
    return outcome.conclusion, outcome.reason


GOOD = "全部排程任務已註冊 12 jobs"


def test_a_line_on_either_stream_counts():
    assert Conclusion.MET is judged(lines((-3500, GOOD))).conclusion
    assert Conclusion.MET is judged(lines((-3500, "x")), lines((-3499, GOOD))).conclusion


def test_the_first_lines_may_be_stamped_before_the_daemon_noted_the_start():
    assert Conclusion.MET is judged(lines((-3600.004, GOOD))).conclusion
    assert Conclusion.MET is judged(lines((-3609, GOOD)), ended=-9000.0).conclusion


@pytest.mark.parametrize(("written", "ended"), [(-3600.3, -3600.2), (-3611, -3610.9), (-3611, NEVER), (-9999, -5000.0)])
def test_a_line_of_the_run_before_does_not_count(written, ended):
    outcome = judged(lines((written, GOOD), (-3000, "x")), ended=ended)
    assert (Conclusion.UNMET, Reason.TOO_FEW) == conclusion(outcome)


def test_a_container_that_ends_while_it_is_looked_at_is_not_observed():
    outcome = judged(lines((-3500, GOOD)), ended=-1.0)
    assert (Conclusion.UNOBSERVED, Reason.UNPARSABLE) == conclusion(outcome)


@pytest.mark.parametrize("state", ["exited", "restarting", "paused", "created", "dead"])
def test_what_a_container_once_wrote_says_nothing_when_it_does_not_run(state):
    outcome = judged(lines((-3500, GOOD)), state=state)
    assert (Conclusion.UNMET, Reason.NOT_RUNNING) == conclusion(outcome)


def test_as_many_lines_as_were_asked_for_may_not_be_all_of_them():
    chatty = lines(*((-100 + i, "crawl") for i in range(5)))
    assert (Conclusion.UNOBSERVED, Reason.NO_EVIDENCE) == conclusion(judged(chatty, docker={"tail": 5}))
    assert (Conclusion.UNMET, Reason.TOO_FEW) == conclusion(judged(chatty, docker={"tail": 6}))


def test_a_line_from_before_the_start_proves_that_the_window_was_read_as_a_whole():
    log = lines((-5000, "old"), *((-100 + i, "crawl") for i in range(4)))
    assert (Conclusion.UNMET, Reason.TOO_FEW) == conclusion(judged(log, docker={"tail": 5}))


def test_a_window_is_asked_for_by_the_hosts_own_clock():
    probe = LogLinesProbe(docker={"container": "momo", "since": "6h"}, required=[REGISTERED])
    assert ("docker", "logs", "--timestamps", "--since=21600s", "--tail=5000", "momo") == probe.reads(TARGET)[0].argv


@pytest.mark.parametrize(
    ("written", "pattern"),
    [
        ("\x1b[1;32mready\x1b[0m", "^ready$"),
        ("re\x1b[31mad\x1b[0my", "ready"),
        ("e\u0301tat", "^\u00e9tat$"),
        ("\u00e9tat", "^e\u0301tat$"),
        ("ready\r", "ready"),
    ],
)
def test_colours_and_composition_make_no_difference(written, pattern):
    outcome = judged(lines((-60, written)), required=[{"name": "r", "pattern": pattern}])
    assert Conclusion.MET is outcome.conclusion


def test_full_width_forms_stay_different():
    outcome = judged(lines((-60, "ＯＫ")), required=[{"name": "r", "pattern": "OK"}])
    assert Conclusion.UNMET is outcome.conclusion


def test_a_time_stamp_is_no_part_of_a_line():
    outcome = judged(lines((-60, "x")), required=[{"name": "r", "pattern": "2026"}])
    assert Conclusion.UNMET is outcome.conclusion


@pytest.mark.parametrize("broken", [b"\xa5\xfe", "\ufffd".encode()])
def test_bytes_that_are_not_utf8_leave_a_missing_line_open(broken):
    log = lines((-60, "x")) + at(-59).encode() + b" " + broken + b"\n"
    assert (Conclusion.UNOBSERVED, Reason.NOT_UTF8) == conclusion(judged(log))
    assert Conclusion.MET is judged(log + lines((-58, GOOD))).conclusion


@settings(max_examples=examples(60))
@given(st.binary(max_size=80))
def test_noise_is_never_good(noise):
    assert judged(noise).conclusion is not Conclusion.MET


@settings(max_examples=examples(60))
@given(st.data())
def test_a_cut_log_never_shows_more_lines(data):
    log = lines((-3500, GOOD), (-3400, "x"), (-3300, GOOD))
    cut = judged(log[: data.draw(st.integers(0, len(log)))], required=[{**REGISTERED, "at_least": 2}])
    whole = cut.facts.get("matches registered") == 2
    assert whole is (cut.conclusion is Conclusion.MET)


@pytest.mark.parametrize(
    "fields",
    [
        {"required": [REGISTERED]},
        {"docker": {"container": "momo"}},
        {"docker": {"container": "momo"}, "journal": {}, "required": [REGISTERED]},
        {"docker": {"container": "momo"}, "forbidden": [REGISTERED]},
        {"docker": {"container": "momo"}, "required": [REGISTERED, REGISTERED]},
        {"docker": {"container": "momo"}, "required": [{**REGISTERED, "pattern": "a*"}]},
        {"docker": {"container": "momo"}, "required": [{**REGISTERED, "pattern": "(a+)+"}]},
        {"docker": {"container": "momo"}, "required": [{**REGISTERED, "at_least": 0}]},
        {"docker": {"container": "momo", "since": "boot"}, "required": [REGISTERED]},
        {"docker": {"container": "-x"}, "required": [REGISTERED]},
        {"file": {"path": "/var/log/x"}, "required": [REGISTERED]},
    ],
)
def test_parameters_that_make_no_sense_are_refused(fields):
    with pytest.raises(ValidationError):
        LogLinesProbe.model_validate(fields)
