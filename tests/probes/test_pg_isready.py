"""pg_isready: what the recorded cases cannot say one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from coldstart import shapes
from coldstart.engine.judging import conclude
from coldstart.outcome import Conclusion
from coldstart.probes.base import Place, Replies, Target
from coldstart.probes.pg_isready import PgIsReadyProbe
from coldstart.reason import Reason
from coldstart.replies import CommandReply

HOSTS = (Place(name="h188", address="192.168.0.188"),)
WORDS = ["accepting connections", "rejecting connections", "no response", "no attempt"]


def judged(status, stdout, *, host="localhost", seconds=0.1):
    probe, target = PgIsReadyProbe(host=host), Target(hosts=HOSTS)
    reply = CommandReply(started=100.0, ended=100.0 + seconds, exit_status=status, stdout=stdout)
    (read,) = probe.reads(target)
    return conclude(probe, Replies(target=target, now=200.0, by_read={read: reply}))


@pytest.mark.parametrize(("timeout", "limit"), [(1.0, "2"), (5.0, "2"), (10.0, "3"), (30.0, "10"), (600.0, "30")])
def test_its_own_limit_is_a_third_of_the_checks_so_that_two_addresses_fit(timeout, limit):
    (read,) = PgIsReadyProbe().reads(Target(hosts=HOSTS, timeout=timeout))
    assert read.argv == ("pg_isready", "-h", "localhost", "-p", "5432", "-t", limit)
    assert shapes.allowed(read.argv)


@pytest.mark.parametrize("words", [("-d", "postgres"), ("-U", "postgres"), ("-t", "0"), ("postgres",), ("-h", "-x")])
def test_no_other_option_of_pg_isready_is_allowed(words):
    assert not shapes.allowed(("pg_isready", *words))
    assert not shapes.allowed(("pg_isready", "-p", "5432"), sudo=True)


@pytest.mark.parametrize("status", range(4))
@pytest.mark.parametrize("words", WORDS)
def test_words_and_status_prove_something_only_together(status, words):
    outcome = judged(status, f"localhost:5432 - {words}\n".encode())
    assert (outcome.reason is Reason.UNPARSABLE) == (WORDS[status] != words)
    assert (outcome.conclusion is Conclusion.MET) == (status == 0 and words == "accepting connections")


@given(st.binary(max_size=60), st.integers(0, 255))
def test_no_other_answer_ever_passes(stdout, status):
    assert judged(status, stdout).conclusion is Conclusion.UNOBSERVED


@pytest.mark.parametrize(
    ("host", "seconds", "reason"),
    [
        ("localhost", 0.1, Reason.PORT_CLOSED),
        ("127.0.0.1", 0.1, Reason.PORT_CLOSED),
        ("::1", 0.1, Reason.PORT_CLOSED),
        ("::1", 2.5, Reason.DAEMON_SILENT),
        ("192.168.0.188", 0.1, Reason.NO_ANSWER),
        ("192.168.0.188", 2.5, Reason.CONNECT_TIMEOUT),
        ("db", 0.1, Reason.NO_EVIDENCE),
        ("db", 3.1, Reason.CONNECT_TIMEOUT),
    ],
)
def test_no_response_claims_only_what_is_certain(host, seconds, reason):
    outcome = judged(2, f"{host}:5432 - no response\n".encode(), host=host, seconds=seconds)
    assert outcome.reason is reason
    assert (outcome.conclusion is Conclusion.UNMET) == reason.observed


@pytest.mark.parametrize("fields", [{"host": "-h"}, {"host": "a b"}, {"port": 0}, {"port": 70000}, {"user": "x"}])
def test_parameters_that_make_no_sense_are_refused(fields):
    with pytest.raises(ValidationError):
        PgIsReadyProbe.model_validate(fields)
