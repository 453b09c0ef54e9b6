"""Rules about whom a check really asks, with what right, and in what time."""

import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

from coldstart.baseline.load import LoadedBaseline
from coldstart.baseline.model import AlertTest, AnyOf, Baseline, Check
from coldstart.lint.finding import Hit, error, warning
from coldstart.lint.subjects import asked_on, named, single
from coldstart.probes.base import Place, Probe, Target
from coldstart.probes.http import ADDRESS, HttpProbe
from coldstart.probes.neighbour import NeighbourProbe
from coldstart.probes.ping import PingProbe
from coldstart.probes.tcp import TcpProbe
from coldstart.reads import Command


@error("CS105", "asks-this-machine")
def asks_this_machine(loaded: LoadedBaseline) -> Iterator[Hit]:
    """A check that is sent from this machine names a loopback address: it asks this machine, not the host.

    Why: whatever listens there on the operator's machine would make the host's check green.

    Example:
        probe: http
        with: {url: "http://127.0.0.1:9090/-/ready"}
        hosts: "110"

    Use instead:
        probe: http
        with: {url: "http://127.0.0.1:9090/-/ready", via: true}
        hosts: "110"

    """
    baseline = loaded.baseline
    for name, check in single(baseline):
        address = _fixed_address(check.probe)
        elsewhere = [host for host in asked_on(check) if not baseline.hosts[host].local]
        if address and elsewhere and _is_loopback(address):
            message = f"check {name} asks {address} from this machine, not from {', '.join(elsewhere)}"
            yield Hit(check.line, message, "send it via: true (http), or use the host's own address")
    if test := baseline.alert_test:
        if not test.via and _is_loopback(urlsplit(test.url).hostname or ""):
            message = f"alert test {named(test)} goes to this machine"
            yield Hit(test.line, message, "name with via: the host through which it is sent")
        for level, sight in test.sights.items():
            if not sight.via and _is_loopback(urlsplit(sight.url).hostname or ""):
                message = f"alert test {named(test)} looks on this machine whether the alert was {level}"
                yield Hit(test.line, message, "name with via: the host through which it is asked")


def _fixed_address(probe: Probe) -> str:
    """The address that a probe dials from this machine whatever its host is; empty where it is the host's own."""
    match probe:
        case HttpProbe() if not probe.via and ADDRESS not in probe.url:
            return urlsplit(probe.url).hostname or ""
        case TcpProbe() | PingProbe() | NeighbourProbe():
            return probe.address or ""
        case _:
            return ""


def _is_loopback(address: str) -> bool:
    if address == "localhost" or address.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


@warning("CS106", "one-answer-for-all-hosts")
def one_answer_for_all_hosts(loaded: LoadedBaseline) -> Iterator[Hit]:
    """A check names several hosts, but asks one fixed address from this machine: it has one answer for all of them.

    Why: the report then says of every host what is known of one address.

    Example:
        probe: http
        with: {url: "http://192.168.0.120:6443/livez"}
        hosts: ["120", "121"]

    Use instead:
        probe: http
        with: {url: "http://{address}:6443/livez"}
        hosts: ["120", "121"]

    """
    for name, check in single(loaded.baseline):
        hosts, address = asked_on(check), _fixed_address(check.probe)
        if address and len(hosts) > 1:
            message = f"check {name} names {len(hosts)} hosts and asks {address} for each of them"
            yield Hit(check.line, message, f"write {ADDRESS} in the url or leave address: out, or name one host")


@warning("CS108", "sudo-without-command")
def sudo_without_command(loaded: LoadedBaseline) -> Iterator[Hit]:
    """A check says ``sudo: true``, but runs no command on its hosts.

    Why: a right that is asked for without use is one that somebody will grant (`coldstart harden` writes it down).

    Example:
        - {id: port, claim: port is open, probe: tcp, with: {port: 22}, sudo: true}

    Use instead:
        - {id: port, claim: port is open, probe: tcp, with: {port: 22}}

    """
    for item in loaded.baseline.checks():
        checks = item.any_of if isinstance(item, AnyOf) else (item,) if isinstance(item, Check) else ()
        asking = [check for check in checks if check.sudo]
        if asking and not any(_sends_a_command(loaded.baseline, check) for check in asking):
            yield Hit(item.line, f"check {named(item)} has sudo: true and runs no command", "remove sudo:")


def _sends_a_command(baseline: Baseline, check: Check) -> bool:
    places = [
        Place(name=name, address=baseline.hosts[name].address, port=baseline.hosts[name].port or 22)
        for name in asked_on(check)
    ]
    aims = [tuple(places)] if check.probe.spans_hosts else [(place,) for place in places]
    targets = [Target(hosts=aim, timeout=check.timeout, sudo=check.sudo) for aim in aims]
    return any(isinstance(read, Command) for target in targets for read in check.probe.reads(target))


@warning("CS110", "deadline-too-short")
def deadline_too_short(loaded: LoadedBaseline) -> Iterator[Hit]:
    """One read of a check may take longer than the check, or the check longer than the whole run.

    Why: then the outer limit always ends it first, and the report says "deadline" where it could say which command
    did not answer.

    Example:
        - {id: sentry, claim: Sentry answers, probe: http, with: {url: "http://{address}:9000/"}, timeout: 90s}

    Use instead:
        - {id: sentry, claim: Sentry answers, probe: http, with: {url: "http://{address}:9000/"}, timeout: 20s}

    """
    run = loaded.baseline.defaults.run_deadline
    for name, check in single(loaded.baseline):
        if check.timeout > check.deadline:
            message = f"check {name}: its timeout is {check.timeout:g} s, its deadline {check.deadline:g} s"
            yield Hit(check.line, message, "raise deadline:, or lower timeout:")
    for item in loaded.baseline.checks():
        longest = _longest(item) if isinstance(item, AlertTest) else item.deadline
        if longest > run:
            message = f"check {named(item)} may take {longest:g} s, and the whole run only {run:g} s"
            yield Hit(item.line, message, "lower its deadline:, or raise run_deadline: in the defaults")


def _longest(test: AlertTest) -> float:
    """Seconds for sending it, and then for looking at each of its levels, all at the same time."""
    return test.timeout + max((sight.within for sight in test.sights.values()), default=0.0)
