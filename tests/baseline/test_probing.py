"""What a probe would ask is known before anything is asked: a baseline that would ask for more is invalid."""

import re

import pytest
from pydantic import field_validator

from coldstart.baseline.complaints import filled
from coldstart.baseline.model import Host
from coldstart.baseline.nodes import Entries, Items, Scalar
from coldstart.baseline.probing import Rehearsal, build
from coldstart.baseline.problems import Problems
from coldstart.outcome import Outcome
from coldstart.probes import registry
from coldstart.probes.base import Probe
from coldstart.reads import Command, HttpGet, TcpDial

PLACE = ("b.yml", 7, 9)
HOSTS = {name: Host(name=name, address=f"{name}.example") for name in ("110", "188")} | {"broken": None}


class Asks(Probe):
    """Asks for an argv on the target."""

    kind = "asks"
    argv: tuple[str, ...] = ()

    def reads(self, target):
        return (target.command(*self.argv),) if self.argv else ()

    def judge(self, replies):
        return Outcome.met("")


class Via(Asks):
    via: str

    def reads(self, target):
        return (HttpGet(url="http://x/", via=self.via),)


class Elsewhere(Asks):
    def reads(self, target):
        return (Command(host="gone", argv=("ping", "-n", "x.example")),)


class Stumbles(Asks):
    def reads(self, target):
        raise LookupError("no such\x1bthing")


class Together(Asks):
    spans_hosts = True

    def reads(self, target):
        return tuple(TcpDial(address=place.address, port=place.port) for place in target.hosts)


def said(probe, hosts=("110",), *, sudo=False):
    problems = Problems()
    Rehearsal(HOSTS, problems).rehearse(probe, hosts, timeout=1.0, sudo=sudo, place=PLACE)
    return [str(problem) for problem in problems.found]


@pytest.mark.parametrize(
    "argv", [("rm", "-rf", "/"), ("sh", "-c", "true"), ("systemctl", "restart", "ssh"), ("docker", "stop", "x")]
)
def test_a_command_of_no_allowed_shape_is_a_problem_of_the_check(argv):
    (line,) = said(Asks(argv=argv))
    assert line.startswith("b.yml:7:9: probe asks on 110 asks for what is not allowed: ")
    assert " ".join(argv) in line


def test_an_allowed_command_is_no_problem_without_and_one_with_sudo():
    argv = ("ping", "-n", "-c", "1", "-W", "1", "188.example")
    assert [] == said(Asks(argv=argv))
    (line,) = said(Asks(argv=argv), sudo=True)
    assert "sudo" in line


def test_the_same_problem_on_several_hosts_is_said_once():
    assert 1 == len(said(Asks(argv=("reboot",)), ("110", "188")))


def test_a_probe_that_asks_nothing_could_never_be_judged():
    (line,) = said(Asks())
    assert "asks nothing: such a check could never be judged" in line


@pytest.mark.parametrize(("probe", "name"), [(Via(via="118"), "118"), (Elsewhere(), "gone")])
def test_a_read_by_way_of_an_unknown_host_is_a_problem(probe, name):
    (line,) = said(probe)
    assert f"unknown host '{name}'" in line


def test_a_read_by_way_of_a_known_host_is_none():
    assert [] == said(Via(via="188"))


def test_an_exception_of_a_probe_is_a_problem_of_the_check_and_made_visible():
    (line,) = said(Stumbles())
    assert "cannot say what to ask: LookupError: no such\\x1bthing" in line


def test_a_probe_that_spans_hosts_is_asked_once_for_all_of_them():
    assert [] == said(Together(), ("110", "188"))


def test_a_host_that_was_reported_is_not_asked_about():
    assert [] == said(Asks(argv=("reboot",)), ("broken",))


class Fragile(Asks):
    @field_validator("argv")
    @classmethod
    def _break(cls, value):
        raise re.error("unterminated\x1b set")


def test_whatever_a_validator_of_a_probe_raises_is_a_problem_of_its_parameters():
    problems = Problems()
    node = Entries(PLACE, {"argv": Items(("b.yml", 8, 11))}, {"argv": ("b.yml", 8, 5)})
    assert filled(Fragile, node, "probe fragile", problems) is None
    (problem,) = problems.found
    assert str(problem).startswith("b.yml:7:9: probe fragile does not take these parameters: ")
    assert "unterminated\\x1b set" in str(problem)


def test_a_probe_whose_module_cannot_be_imported_is_a_problem_of_the_check(monkeypatch):
    monkeypatch.setattr(registry, "BUILT_IN", (*registry.BUILT_IN, ("ghost", "coldstart.probes.nowhere:Ghost")))
    registry._places.cache_clear()
    try:
        problems = Problems()
        named = Scalar(("b.yml", 8, 16), "ghost")
        assert build(Entries(PLACE, {"probe": named}, {"probe": ("b.yml", 8, 9)}), problems) is None
        (problem,) = problems.found
        assert str(problem).startswith("b.yml:8:16: probe ghost cannot be loaded: ModuleNotFoundError")
    finally:
        registry._places.cache_clear()
