"""Redis: what the recorded cases cannot say one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from coldstart import shapes
from coldstart.engine.judging import conclude
from coldstart.outcome import Conclusion
from coldstart.probes.base import Place, Replies, Target
from coldstart.probes.redis import RedisProbe
from coldstart.reason import Reason
from coldstart.replies import CommandReply, NoReply

TARGET = Target(hosts=(Place(name="h188", address="192.168.0.188"),))
PONG = CommandReply(started=0, ended=0.1, exit_status=0, stdout=b"PONG\n")
REFUSED = CommandReply(
    started=0,
    ended=0.1,
    exit_status=1,
    stderr=b"Could not connect to Redis at 127.0.0.1:6380: Connection refused\n",
)


def judged(probe, *answers):
    return conclude(
        probe, Replies(target=TARGET, now=1.0, by_read=dict(zip(probe.reads(TARGET), answers, strict=True)))
    )


def test_asks_each_port_in_the_declared_order_with_an_allowed_command():
    argvs = [read.argv for read in RedisProbe(ports=(6380, 6379)).reads(TARGET)]
    assert argvs == [("redis-cli", "-h", "127.0.0.1", "-p", port, "ping") for port in ("6380", "6379")]
    assert all(shapes.allowed(argv) for argv in argvs)


@pytest.mark.parametrize("words", [("flushall",), ("ping", "ping"), ("shutdown",), ("-x", "ping"), ("--eval", "ping")])
def test_no_other_command_of_redis_cli_is_allowed(words):
    assert not shapes.allowed(("redis-cli", "-h", "127.0.0.1", "-p", "6380", *words))


@given(st.binary(max_size=40), st.integers(0, 255))
def test_nothing_but_exactly_pong_and_exit_0_passes(stdout, status):
    reply = CommandReply(started=0, ended=0.1, exit_status=status, stdout=stdout)
    outcome = judged(RedisProbe(ports=(6380,)), reply)
    assert (outcome.conclusion is Conclusion.MET) == ((stdout, status) == (b"PONG\n", 0))


@pytest.mark.parametrize("tail", [b"\n", b" ", b"PONG\n", b"\r\n"])
def test_more_than_pong_is_not_pong(tail):
    reply = PONG.model_copy(update={"stdout": b"PONG\n" + tail})
    assert judged(RedisProbe(ports=(6380,)), reply).reason is Reason.UNPARSABLE


@pytest.mark.parametrize("reason", [Reason.CONNECTION_LOST, Reason.TOOL_MISSING, Reason.NO_EXIT_STATUS])
def test_a_first_port_that_was_not_observed_is_not_made_up_for_by_a_second_one(reason):
    lost = NoReply(started=0, ended=1, reason=reason, detail="gone")
    outcome = judged(RedisProbe(fallback_is_fine=True), lost, PONG)
    assert (outcome.conclusion, outcome.reason) == (Conclusion.UNOBSERVED, reason)


def test_only_a_refused_port_hands_over_to_the_next_one():
    assert judged(RedisProbe(), REFUSED, PONG).reason is Reason.FALLBACK_ADDRESS
    assert judged(RedisProbe(fallback_is_fine=True), REFUSED, PONG).conclusion is Conclusion.MET


@pytest.mark.parametrize(
    "fields", [{"ports": []}, {"ports": [6380, 6380]}, {"ports": [0]}, {"ports": [70000]}, {"host": "-x"}, {"port": 1}]
)
def test_parameters_that_make_no_sense_are_refused(fields):
    with pytest.raises(ValidationError):
        RedisProbe.model_validate(fields)
