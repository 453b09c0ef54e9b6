"""ip of a drill's host; ping and ip of the operator's machine."""

import json

import pytest
from tests.drill.judged import cases, concluded, expected, healthy
from tests.drill.recorded import json_shape, recorded, settled, shape, view
from tests.probes.test_corpus import load

from coldstart.drill.inventory import HOSTS, VIP
from coldstart.drill.replies import net, say
from coldstart.drill.scenario import Event
from coldstart.drill.stack import Stack

APART = Event(at=0, say="VRRP is not heard", facts={"vrrp_heard": "false"})
NOBODY = Event(at=0, say="", parts={"120/keepalived": "stopped", "121/keepalived": "stopped"})
CABLE = Event(at=0, say="", cable={"120": "out"})


def after(*events: Event) -> Stack:
    stack = settled(*events)
    stack.advance(30)
    return stack


FAULTS = {"vip-nowhere": after(NOBODY), "vip-twice": after(APART), "healthy": healthy()}


@pytest.mark.parametrize("case", FAULTS)
def test_ip_prints_what_the_lab_recorded(case):
    for row in recorded("ip", case=case):
        assert (row.stdout, 0) == ((said := say(view(FAULTS[case], row.host), row.argv)).stdout, said.status)


@pytest.mark.parametrize("host", ["110", "188"])
def test_a_host_that_was_not_asked_in_the_lab_has_its_own_address_only(host):
    said = say(view(healthy(), host), ["ip", "-json", "address", "show"]).stdout
    row = next(row for row in recorded("ip") if row.host == "121")
    assert json_shape(row.stdout) == json_shape(said)
    assert [HOSTS[host].address] == [address["local"] for address in json.loads(said)[1]["addr_info"]]


@pytest.mark.parametrize("case", FAULTS)
def test_who_holds_the_vip_is_judged_as_in_the_lab(case):
    (path,) = cases("vip_holder", scenario=case)
    assert expected(path) == concluded(path, FAULTS[case])


@pytest.mark.parametrize("path", cases("ping", "neighbour"), ids=lambda path: path.stem)
def test_a_settled_stack_is_judged_as_the_healthy_lab(path):
    assert expected(path) == concluded(path, healthy())


@pytest.mark.parametrize("path", cases("ping", "neighbour", scenario="cable-of-120-cut"), ids=lambda path: path.stem)
def test_a_host_without_its_cable_is_judged_as_in_the_lab(path):
    assert expected(path) == concluded(path, after(CABLE))


@pytest.mark.parametrize(("case", "stack"), [("healthy", healthy()), ("cable-of-120-cut", after(CABLE))])
def test_ping_prints_the_words_that_the_lab_recorded(case, stack):
    for path in cases("ping", scenario=case):
        ((read, reply),) = load(path)[3].by_read.items()
        said = net.ping(stack, read.address, read.count)
        assert (shape(reply.stdout.decode()), reply.exit_status) == (shape(said.stdout), said.status)


@pytest.mark.parametrize(("case", "stack"), [("healthy", healthy()), ("cable-of-120-cut", after(CABLE))])
def test_route_and_neighbour_are_what_the_lab_recorded(case, stack):
    for path in cases("neighbour", scenario=case):
        ((read, reply),) = load(path)[3].by_read.items()
        said = (net.route(read.address).stdout.encode(), net.neighbour(stack, read.address).stdout.encode())
        assert (reply.route, reply.entry) == said


@pytest.mark.parametrize(
    "stack",
    [
        after(Event(at=0, say="", power={"120": "off"})),
        settled(Event(at=0, say="", power={"120": "off"}), Event(at=5, say="", power={"120": "on"})),
    ],
    ids=["no power", "power, and no network yet"],
)
def test_a_host_that_is_not_on_the_network_answers_nothing(stack):
    address = HOSTS["120"].address
    assert 1 == net.ping(stack, address, 2).status
    assert ["INCOMPLETE"] == json.loads(net.neighbour(stack, address).stdout)[0]["state"]


def test_the_summary_of_ping_is_that_of_its_answers():
    said = net.ping(healthy(), HOSTS["110"].address, 3).stdout.splitlines()
    times = [float(line.split("time=")[1].split()[0]) for line in said if "time=" in line]
    low, mean, high, _ = map(float, said[-1].split(" = ")[1].split()[0].split("/"))
    assert (3, min(times), max(times)) == (len(times), low, high)
    assert abs(sum(times) / 3 - mean) < 0.001


def test_the_vip_answers_where_somebody_holds_it():
    assert 0 == net.ping(healthy(), VIP, 1).status
    holder = json.loads(net.neighbour(healthy(), VIP).stdout)[0]
    assert json.loads(net.neighbour(healthy(), HOSTS["120"].address).stdout)[0]["lladdr"] == holder["lladdr"]


def test_the_vip_does_not_answer_where_nobody_holds_it():
    stack = after(NOBODY)
    assert 1 == net.ping(stack, VIP, 1).status
    assert [{"dst": VIP, "dev": "host0", "state": ["INCOMPLETE"]}] == json.loads(net.neighbour(stack, VIP).stdout)


def test_an_address_of_no_host_is_unreachable():
    said = net.ping(healthy(), "10.0.0.1", 1), net.route("10.0.0.1")
    assert ["ping: connect: Network is unreachable\n", "RTNETLINK answers: Network is unreachable\n"] == [
        one.stderr for one in said
    ]
    assert {2} == {one.status for one in said}
    assert "[]\n" == net.neighbour(healthy(), "10.0.0.1").stdout


def test_ip_refuses_what_the_plan_does_not_ask():
    said = say(view(healthy(), "120"), ["ip", "link", "set", "host0", "down"])
    assert ('Object "link" is unknown, try "ip help".\n', "", 255) == (said.stderr, said.stdout, said.status)
