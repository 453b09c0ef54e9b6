"""Rules about what a probe accepts: each knows the models of the probes that it speaks of."""

import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from coldstart.baseline.load import LoadedBaseline
from coldstart.baseline.model import Check
from coldstart.lint.finding import Hit, error, warning
from coldstart.lint.subjects import asked_on, single
from coldstart.probes.base import Probe
from coldstart.probes.docker_containers import DockerContainersProbe
from coldstart.probes.http import HttpProbe
from coldstart.probes.log_signatures import LogSignaturesProbe, OwnSignature

_EVERY_CLASS = frozenset(("2xx", "3xx", "4xx", "5xx"))
_UNLIKE = ("ok", "7", "-", "<html>", '{"a": null}', "Error 503: down")
"""Texts that have nothing in common: a pattern that is found in each of them tells nothing from nothing."""
_MUST_BE_FOUND = frozenset(("body_matches", "stdout_matches", "must_match", "matches", "pattern"))
_CLASS_OF_CHARACTERS = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]")
_NEEDS_A_LINE_BREAK = re.compile(r"\n|(?<!\\)(?:\\\\)*\\n")


@error("CS101", "proves-nothing")
def proves_nothing(loaded: LoadedBaseline) -> Iterator[Hit]:
    """A check accepts whatever it is answered: every class of HTTP status, a pattern that is found in any text, a log
    signature that no line can match.

    Why: such a check is green next to a service that is broken, which is the worst that a baseline can do.

    Example:
        probe: http
        with: {url: "http://127.0.0.1:9000/", via: true, status: [2xx, 3xx, 4xx, 5xx]}

    Use instead:
        probe: http
        with: {url: "http://127.0.0.1:9000/", via: true, status: [200, 302, 400], body_matches: "Sentry"}

    """
    for name, check in single(loaded.baseline):
        for message in _nothing_proven(check.probe):
            todo = "say what the right answer is, and nothing beyond it"
            yield Hit(check.line, f"check {name} {message}", todo)


def _nothing_proven(probe: Probe) -> Iterator[str]:
    if isinstance(probe, HttpProbe) and set(probe.status) >= _EVERY_CLASS and not (probe.body_matches or probe.values):
        yield "takes every HTTP status for a success"
    if isinstance(probe, LogSignaturesProbe):
        for signature in probe.signatures:
            if isinstance(signature, OwnSignature):
                yield from _of_signature(signature)
        return
    for pattern in _patterns(probe):
        if _found_in_anything(pattern):
            yield f"looks for /{pattern}/, which is found in nearly any text"


def _of_signature(signature: OwnSignature) -> Iterator[str]:
    within = _CLASS_OF_CHARACTERS.sub("", signature.pattern)
    if _NEEDS_A_LINE_BREAK.search(within) or "(?!)" in within:
        yield f"has the signature {signature.name!r}, which no single line can match"
    if signature.recovered and _found_in_anything(signature.recovered):
        yield f"takes any line after {signature.name!r} for its recovery"


def _patterns(part: Any) -> Iterator[str]:
    """The patterns of a probe that must be found, wherever in its parameters, by the names that probes give them."""
    if isinstance(part, BaseModel):
        if getattr(part, "enabled", True) is False:  # an entry that must not be there: found in anything is strict
            return
        for name, value in part:
            if name in _MUST_BE_FOUND:
                yield from (one for one in (value if isinstance(value, tuple) else (value,)) if isinstance(one, str))
            else:
                yield from _patterns(value)
    elif isinstance(part, tuple):
        for one in part:
            yield from _patterns(one)


def _found_in_anything(pattern: str) -> bool:
    return all(re.search(pattern, text) for text in _UNLIKE)


@warning("CS102", "names-no-container")
def names_no_container(loaded: LoadedBaseline) -> Iterator[Hit]:
    """A check of Docker containers names none: it passes on a host on which none of yours runs.

    Why: "no orphan and no restart loop" is also true of a daemon that started nothing at all.

    Example:
        probe: docker_containers
        with: {forbid_orphans: true}

    Use instead:
        probe: docker_containers
        with: {containers: [momo-scheduler], forbid_orphans: true}

    """
    for name, check in single(loaded.baseline):
        if isinstance(check.probe, DockerContainersProbe) and not check.probe.containers:
            message = f"check {name} names no container that must run"
            yield Hit(check.line, message, "name under containers: those that must")


@error("CS103", "server-error-is-success")
def server_error_is_success(loaded: LoadedBaseline) -> Iterator[Hit]:
    """A status of the class 5xx is among the good ones of an HTTP check.

    Why: 5xx is the server's own word for "I failed" (RFC 9110, section 15.6); a proxy answers 502 for a dead service.

    Example:
        with: {url: "http://127.0.0.1:3001/", via: true, status: [200, 502]}

    Use instead:
        with: {url: "http://127.0.0.1:3001/", via: true, status: [200, 302]}

    """
    for name, check in single(loaded.baseline):
        bad = [code for code in getattr(check.probe, "status", ()) if code.startswith("5")]
        if isinstance(check.probe, HttpProbe) and bad:
            message = f"check {name} takes HTTP {', '.join(bad)} for a success"
            yield Hit(check.line, message, "remove it: a server that fails is not ready")


@warning("CS104", "redirect-is-success")
def redirect_is_success(loaded: LoadedBaseline) -> Iterator[Hit]:
    """A redirect is good enough for a check over plain http, and nothing in the answer is looked at.

    Why: a captive portal, a login page of a proxy and a web server that moved all answer 302, to everything. Over
    https the certificate says who answers, and through the host's own SSH connection (`via`) nobody stands in between.

    Example:
        with: {url: "http://192.168.0.125:32335/", status: [2xx, 3xx]}

    Use instead:
        with: {url: "http://192.168.0.125:32335/", status: [2xx, 3xx], follow_redirects: 2, body_matches: "AWOOOI"}

    """
    for name, check in single(loaded.baseline):
        probe = check.probe
        if not isinstance(probe, HttpProbe) or probe.via or probe.url.startswith("https:"):
            continue
        bad = [code for code in probe.status if code.startswith("3")]
        if bad and not probe.body_matches and not probe.values:
            message = f"check {name} takes HTTP {', '.join(bad)} over plain http for a success, from anybody"
            yield Hit(check.line, message, "add body_matches: or json:, ask by https, or send it via: the host")


@warning("CS107", "same-question")
def same_question(loaded: LoadedBaseline) -> Iterator[Hit]:
    """Two checks ask the same hosts the same thing and expect the same of it.

    Why: one of them was copied and never changed. Its claim says more than it looks at.

    Example:
        - {id: grafana, claim: Grafana answers, probe: tcp, with: {port: 3000}, hosts: "110"}
        - {id: gitea, claim: Gitea answers, probe: tcp, with: {port: 3000}, hosts: "110"}

    Use instead:
        - {id: grafana, claim: Grafana answers, probe: tcp, with: {port: 3000}, hosts: "110"}
        - {id: gitea, claim: Gitea answers, probe: tcp, with: {port: 3001}, hosts: "110"}

    """
    first: dict[tuple[str, str, str], tuple[str, Check]] = {}
    for name, check in single(loaded.baseline):
        for host in asked_on(check):
            key = (check.probe_kind, check.probe.model_dump_json(), host)
            other, same = first.setdefault(key, (name, check))
            if same is not check:
                message = f"check {name} asks {host} the same as {other} (line {same.line})"
                yield Hit(check.line, message, "change what it asks, or remove it")
                break


_LIMITS: tuple[tuple[str, str, float, str], ...] = (
    ("load_per_core", "below", 4, "a host with four waiting processes a core is not ready"),
    ("filesystems", "full_at", 99.5, "nothing can be written long before"),
    ("ssh_login", "max_clock_offset", 3600, "checks of age mean nothing with such a clock"),
    ("clock", "max_clock_offset", 3600, "checks of age mean nothing with such a clock"),
    ("docker_containers", "allow_restarts", 100, "that many restarts are a restart loop"),
    ("systemd_units", "allowed_restarts", 100, "that many restarts are a restart loop"),
)
"""Kind, parameter, the highest value that can still say something, and why not more."""


@warning("CS109", "limit-out-of-reach")
def limit_out_of_reach(loaded: LoadedBaseline) -> Iterator[Hit]:
    """A limit is so generous that a host which is in real trouble stays within it.

    Why: the check is there to hold the next phase back; with such a limit it never will.

    Example:
        probe: load_per_core
        with: {below: 50}

    Use instead:
        probe: load_per_core
        with: {below: 1.0}

    """
    for name, check in single(loaded.baseline):
        for kind, parameter, highest, why in _LIMITS:
            value = getattr(check.probe, parameter, None) if check.probe_kind == kind else None
            if isinstance(value, int | float) and value > highest:
                message = f"check {name}: {parameter} is {value:g}: {why}"
                yield Hit(check.line, message, f"use at most {highest:g}")
