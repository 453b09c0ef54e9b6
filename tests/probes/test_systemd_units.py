"""What the corpus cannot say: parameters, blocks of other units, counters between attempts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from coldstart.engine.judging import conclude
from coldstart.outcome import Conclusion
from coldstart.probes.base import Place, Replies, Target
from coldstart.probes.systemd_units import SystemdUnitsProbe
from coldstart.reason import Reason
from coldstart.replies import CommandReply, NoReply

TARGET = Target(hosts=(Place("188", "192.168.0.188"),))
RUNNING = {"LoadState": "loaded", "ActiveState": "active", "SubState": "running", "NRestarts": "0"}


def block(unit, **changes):
    properties = {"Id": unit, "Names": unit, **RUNNING, **changes}
    return "".join(f"{key}={value}\n" for key, value in properties.items() if value is not None)


def reply(*blocks, status=0):
    return CommandReply(started=1.0, ended=1.1, exit_status=status, stdout="\n".join(blocks).encode())


def judged(units, now, before=None, **params):
    probe = SystemdUnitsProbe(units=units, **params)
    show, uptime = probe.reads(TARGET)
    lost = NoReply(started=1.0, ended=1.1, reason=Reason.CONNECTION_LOST)
    earlier = {} if before is None else {show: before}
    return conclude(probe, Replies(target=TARGET, now=2.0, by_read={show: now, uptime: lost}, before=earlier))


@pytest.mark.parametrize(
    "units", [[], ["*"], ["docker?"], ["postgresql@"], ["postgresql@.service"], ["-x"], ["a", "a.service"]]
)
def test_a_name_that_is_not_exactly_one_unit_is_refused(units):
    with pytest.raises(ValidationError):
        SystemdUnitsProbe(units=units)


def test_the_order_of_blocks_must_be_the_order_asked():
    outcome = judged(["docker", "cron"], reply(block("cron.service"), block("docker.service")))
    assert (Conclusion.UNOBSERVED, Reason.UNPARSABLE) == (outcome.conclusion, outcome.reason)


@pytest.mark.parametrize(
    "blocks",
    [
        [],
        [block("docker.service")],
        [block("docker.service"), block("cron.service"), block("ssh.service")],
        [block("docker.service"), block("cron.service", ActiveState=None)],
        [block("docker.service"), block("cron.service", NRestarts=None)],
        [block("docker.service"), block("cron.service", NRestarts="many")],
        [block("docker.service"), block("cron.service") + "SubState=dead\n"],
        ["Welcome to 188\n" + block("docker.service"), block("cron.service")],
    ],
)
def test_an_answer_that_is_not_a_block_for_each_unit_is_unparsable(blocks):
    outcome = judged(["docker", "cron"], reply(*blocks))
    assert (Conclusion.UNOBSERVED, Reason.UNPARSABLE) == (outcome.conclusion, outcome.reason)


def test_an_alias_is_the_unit_that_was_asked_for():
    outcome = judged(["redis"], reply(block("redis-server.service", Names="redis-server.service redis.service")))
    assert Conclusion.MET is outcome.conclusion


def test_a_counter_that_went_down_was_reset_and_is_no_loop():
    outcome = judged(
        ["k3s"], reply(block("k3s.service", NRestarts="1")), before=reply(block("k3s.service", NRestarts="7"))
    )
    assert (Conclusion.CAUTION, Reason.RESTARTED) == (outcome.conclusion, outcome.reason)


def test_a_counter_that_rose_is_a_loop_however_many_restarts_are_allowed():
    before, now = (reply(block("k3s.service", NRestarts=count)) for count in ("3", "4"))
    outcome = judged(["k3s"], now, before=before, allowed_restarts=9)
    assert (Conclusion.UNMET, Reason.RESTART_LOOP) == (outcome.conclusion, outcome.reason)


def test_an_attempt_before_that_is_of_no_use_is_not_compared_with():
    outcome = judged(["k3s"], reply(block("k3s.service")), before=reply("cut off", status=1))
    assert Conclusion.MET is outcome.conclusion


def test_a_restart_counter_of_each_unit_is_a_fact():
    outcome = judged(["k3s"], reply(block("k3s.service", NRestarts="2")), allowed_restarts=2)
    assert {"units": 1, "units_up": 1, "restarts": 2, "k3s.restarts": 2} == outcome.facts


@given(
    st.sampled_from(["active", "inactive", "failed", "activating", "deactivating", "maintenance", "reloading", "new"]),
    st.sampled_from(["running", "exited", "dead", "failed", "start", "auto-restart", "elapsed", "whatever"]),
    st.sampled_from(["loaded", "not-found", "masked", "bad-setting", "error", "new"]),
    st.integers(0, 3),
)
def test_only_a_loaded_active_running_service_that_was_not_restarted_passes(active, sub, load, restarts):
    outcome = judged(
        ["k3s"], reply(block("k3s.service", ActiveState=active, SubState=sub, LoadState=load, NRestarts=str(restarts)))
    )
    good = (active, sub, load, restarts) == ("active", "running", "loaded", 0)
    assert good == (outcome.conclusion is Conclusion.MET)


@given(st.permutations(["containerd", "docker", "cron", "nginx"]), st.integers(0, 3))
def test_the_one_bad_unit_is_named_wherever_it_stands(names, bad):
    blocks = [
        block(f"{name}.service", **({"ActiveState": "failed"} if at == bad else {})) for at, name in enumerate(names)
    ]
    outcome = judged(names, reply(*blocks))
    assert [names[bad]] == [part.name for part in outcome.parts if part.conclusion is Conclusion.UNMET]
    assert outcome.observed.startswith(f"{names[bad]}: failed")
