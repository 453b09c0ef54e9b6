"""Docker containers: what the recorded cases cannot say one by one."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from coldstart import shapes
from coldstart.engine.judging import conclude
from coldstart.outcome import Conclusion
from coldstart.probes.base import Place, Replies, Target
from coldstart.probes.docker_containers import DockerContainersProbe
from coldstart.probes.docker_state import HealthRule
from coldstart.reason import Reason
from coldstart.replies import REPLY, NoReply

TARGET = Target(hosts=(Place(name="h188", address="192.168.0.188"),))
HEALTHY = Path(__file__).parents[1] / "corpus" / "docker_containers" / "healthy.yml"


@pytest.fixture(scope="module")
def healthy():
    """Return the probe and its two recorded good replies: the list, the states."""
    case = yaml.safe_load(HEALTHY.read_text("utf-8"))
    listed, states = (REPLY.validate_python(row["reply"]) for row in case["replies"])
    return DockerContainersProbe.model_validate(case["probe"]), listed, states


def judged(probe, *answers):
    return conclude(
        probe, Replies(target=TARGET, now=1.0, by_read=dict(zip(probe.reads(TARGET), answers, strict=True)))
    )


@pytest.mark.parametrize("sudo", [False, True])
def test_asks_two_allowed_commands_with_or_without_sudo(sudo):
    target = Target(hosts=TARGET.hosts, sudo=sudo)
    listing, states = DockerContainersProbe(containers=["momo-db", "signoz"]).reads(target)
    assert listing.argv[:3] == ("docker", "ps", "--all")
    assert states.argv[-2:] == ("momo-db", "signoz")
    assert all(shapes.allowed(read.argv, sudo=read.sudo) for read in (listing, states))


def test_asks_only_for_the_list_when_no_container_is_named():
    (listing,) = DockerContainersProbe().reads(TARGET)
    assert listing.argv[1] == "ps"


def test_asks_for_nothing_that_may_hold_a_secret():
    asked = shapes.DOCKER_PS_FORMAT + shapes.DOCKER_INSPECT_FORMAT
    assert not any(word in asked for word in ("json .}", "Config", "Env", "Cmd", "Command", "Label", "Log", "Args"))


@pytest.mark.parametrize(
    "argv",
    [
        ("docker", "ps"),
        ("docker", "ps", "--all", "--format", "{{json .}}"),
        ("docker", "inspect", "momo-db"),
        ("docker", "inspect", "--type", "container", "--format", "{{json .Config.Env}}", "momo-db"),
        ("docker", "inspect", "--type", "container", "--format", shapes.DOCKER_INSPECT_FORMAT),
        ("docker", "inspect", "--type", "container", "--format", shapes.DOCKER_INSPECT_FORMAT, "--size"),
        ("docker", "rm", "momo-db"),
        ("docker", "-H", "tcp://127.0.0.1:2375", "ps"),
    ],
)
def test_no_other_docker_command_is_allowed(argv):
    assert not shapes.allowed(argv)
    assert not shapes.allowed(argv, sudo=True)


def test_no_cut_of_the_states_passes(healthy):
    probe, listed, states = healthy
    cuts = [states.model_copy(update={"stdout": states.stdout[:end]}) for end in range(len(states.stdout))]
    assert {judged(probe, listed, cut).conclusion for cut in cuts} == {Conclusion.UNOBSERVED}


def test_no_cut_within_a_line_of_the_list_passes(healthy):
    probe, listed, states = healthy
    ends = [end for end in range(1, len(listed.stdout)) if listed.stdout[end - 1 : end] != b"\n"]
    cuts = [listed.model_copy(update={"stdout": listed.stdout[:end]}) for end in ends]
    assert {judged(probe, cut, states).conclusion for cut in cuts} == {Conclusion.UNOBSERVED}


@given(which=st.integers(0, 1), status=st.integers(1, 255), stderr=st.text(max_size=60))
def test_no_failing_command_passes(healthy, which, status, stderr):
    probe, *replies = healthy
    replies[which] = replies[which].model_copy(update={"exit_status": status, "stderr": stderr.encode()})
    assert judged(probe, *replies).conclusion in (Conclusion.UNOBSERVED, Conclusion.UNMET)


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("reason", [Reason.CONNECTION_LOST, Reason.NO_EXIT_STATUS, Reason.OVER_CAP])
def test_a_missing_reply_keeps_its_own_reason(healthy, which, reason):
    probe, *replies = healthy
    replies[which] = NoReply(started=0, ended=1, reason=reason)
    outcome = judged(probe, *replies)
    assert (outcome.conclusion, outcome.reason) == (Conclusion.UNOBSERVED, reason)


def test_deeply_nested_json_is_unparsable_and_no_crash(healthy):
    probe, listed, states = healthy
    deep = states.model_copy(update={"stdout": b"[" * 100_000 + b"\n"})
    assert judged(probe, listed, deep).reason is Reason.UNPARSABLE


def test_a_number_is_taken_for_the_name_it_looks_like():
    assert DockerContainersProbe.model_validate({"containers": [1756]}).containers[0].name == "1756"


def test_a_name_alone_requires_health():
    (container,) = DockerContainersProbe.model_validate({"containers": ["momo-db"]}).containers
    assert container.health is HealthRule.REQUIRED


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"forbid_orphans": False, "forbid_restarting": False}, "nothing to check"),
        ({"containers": ["momo-db", {"name": "momo-db"}]}, "a container is listed twice: momo-db"),
        ({"containers": ["-f"]}, "is not a container name"),
        ({"containers": [True]}, "valid dictionary or instance of Container"),
        ({"containers": [{"name": "a", "health": "maybe"}]}, "'required', 'if-present' or 'none'"),
        ({"orphan_exit_codes": []}, "at least 1 item"),
        ({"allow_restarts": -1}, "greater than or equal to 0"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(fields, says):
    with pytest.raises(ValidationError, match=says):
        DockerContainersProbe.model_validate(fields)


@pytest.mark.parametrize(
    "containers", [[], ["momo-db"], [1756], [{"name": "momo-db", "health": "none"}], ["a", {"name": "b"}]]
)
def test_its_schema_takes_names_and_objects(containers):
    schema = DockerContainersProbe.model_json_schema()
    jsonschema.validate({"containers": containers}, json.loads(json.dumps(schema)))


@pytest.mark.parametrize("containers", [[{"health": "none"}], [{"name": "a", "image": "x"}], [[]]])
def test_its_schema_refuses_other_things(containers):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"containers": containers}, DockerContainersProbe.model_json_schema())
