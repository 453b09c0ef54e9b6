"""Docker containers: running, healthy, not restarting, and none left behind."""

import re
from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field, model_validator

from coldstart.outcome import Conclusion, Outcome, Part
from coldstart.probes import docker_cli
from coldstart.probes.base import Probe, Replies, Target
from coldstart.probes.docker_cli import STATUS, Inspected, Listed
from coldstart.probes.docker_state import Container, absent, part, state
from coldstart.reads import Command
from coldstart.reason import Reason
from coldstart.text import plural

_FOUND_DEAD = 255
"""The exit code that a daemon writes down at its start for a container that ran before it and is gone."""

_YOUNG = re.compile(r"Up (?:Less than a second|(?P<seconds>\d+) seconds?)(?= |$)")
_SETTLED = 10
"""Seconds after which dockerd takes a start for a good one (moby/moby, restartmanager)."""


class DockerContainersProbe(Probe):
    """Docker containers run, report healthy, do not restart, and none is left behind by the unclean shutdown.

    Asks ``docker ps --all`` for the names and status lines of all containers, and ``docker inspect`` for the state,
    health and restart count of the named ones. Nothing else of a container is read: not its environment, its command
    line or its labels, which may hold secrets. Each container is judged alone:

    | seen | means |
    |---|---|
    | running and healthy | as required |
    | running, health ``starting`` / ``unhealthy`` | bad |
    | running, declares no health check | not observed; enough where `health` is ``if-present`` or ``none`` |
    | restarting; restart count risen since the attempt before | bad: a restart loop |
    | restart count above `allow_restarts`; started anew since the attempt before | a caution |
    | running, and the kernel killed a process in it for memory | a caution |
    | paused, created, exited, dead, being removed | bad: not running, with the exit code, and whether memory ran out |
    | not there | bad: absent. Names match exactly; the beginning of an id is not a name |
    | any other container: Exited with one of `orphan_exit_codes` | bad: an orphan |
    | any other container: Exited (255) | a caution: the daemon found it dead at its own start, as after a power cut |
    | any other container: Restarting | bad: a restart loop |
    | any other container: up for less than 10 s | a caution: a fresh start, or a loop between two of its ends |

    An orphan (SOP 5.1 step 2) keeps the name and the network address that its successor needs. Removing it is a change:
    ask the commander, look at ``docker inspect`` and ``docker logs`` first, then ``docker rm NAME``, never in bulk.

    No daemon that accepts a connection is bad; one that does not answer in time, and a socket that the SSH user may not
    use, are not observed. An empty list is no proof that nothing was left behind: the user's docker context may be
    another daemon's.

    **What it cannot see.** The restart count begins again when somebody, or the daemon at its own start, starts the
    container. A container that is not named and ends again and again, each time after more than 10 s, shows only while
    it waits for its next start: docker takes each of those starts for a good one. On a host with an enabled
    ``docker.socket`` unit, asking a stopped daemon starts it, as every docker command does.

    Example:
    ```yaml
    probe: docker_containers
    with:
      containers:
        - momo-scheduler
        - {name: signoz, health: none}
      forbid_orphans: true
    hint: Remove Exited (128) / Exited (137) orphans only with approval
    ```

    SOP sections 4.2, 5.1 step 2, 5.2, 9 and 12.1; docker-ps(1), docker-inspect(1).

    """

    kind: ClassVar[str] = "docker_containers"
    measured: ClassVar[str | None] = "named_restarts"

    containers: tuple[Container, ...] = Field(
        default=(), max_length=128, description="The containers that must run: names, or `{name, health}`."
    )
    forbid_orphans: bool = Field(
        default=True, description="Whether any container exited with one of `orphan_exit_codes` is bad."
    )
    orphan_exit_codes: tuple[int, ...] = Field(
        default=(128, 137), min_length=1, description="Exit codes that an unclean shutdown leaves (SOP 5.1 step 2)."
    )
    forbid_restarting: bool = Field(
        default=True, description="Whether any container that is restarting is bad, named or not."
    )
    allow_restarts: int = Field(
        default=0, ge=0, description="Restarts of a named container since its start that need no caution."
    )

    @model_validator(mode="after")
    def _asks_something(self) -> "DockerContainersProbe":
        names = self._names
        if doubled := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"a container is listed twice: {', '.join(doubled)}")
        if not (names or self.forbid_orphans or self.forbid_restarting):
            raise ValueError("nothing to check: name containers, or leave forbid_orphans or forbid_restarting on")
        return self

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(container.name for container in self.containers)

    def reads(self, target: Target) -> tuple[Command, ...]:
        named = (docker_cli.inspect(target, self._names),) if self.containers else ()
        return (docker_cli.ps(target), *named)

    def judge(self, replies: Replies) -> Outcome:
        for read in self.reads(replies.target):
            if down := docker_cli.daemon_down(replies, read):
                return down.model_copy(update={"expected": self._expected()})
        listed = docker_cli.listed(replies)
        found = docker_cli.inspected(replies, self._names) if self.containers else {}
        before = docker_cli.inspected_before(replies, self._names) if self.containers else {}
        known = {line.name for line in listed}
        parts = [
            state(container, found[name], before.get(name), allow_restarts=self.allow_restarts)
            if (name := container.name) in found
            else absent(name, listed=name in known)
            for container in self.containers
        ]
        parts += self._of_all(listed)
        return Outcome.of_parts(parts, expected=self._expected(), facts=_facts(listed, found, self.orphan_exit_codes))

    def _expected(self) -> str:
        rules = []
        if self.containers:
            rules.append(f"{plural(len(self.containers), 'container')} running and healthy")
        if self.forbid_orphans:
            codes = " or ".join(f"Exited ({code})" for code in self.orphan_exit_codes)
            rules.append(f"none {codes}")
        if self.forbid_restarting:
            rules.append("none restarting")
        return ", ".join(rules)

    def _of_all(self, listed: tuple[Listed, ...]) -> list[Part]:
        """What holds for every container, named or not. A named one is judged by its own state, not twice."""
        if not (self.forbid_orphans or self.forbid_restarting):
            return []
        if not listed:
            seen = "docker ps lists no container at all"
            return [part("all containers", Conclusion.UNOBSERVED, Reason.NO_EVIDENCE, seen)]
        others = [line for line in listed if line.name not in self._names]
        bad = [found for line in others if (found := self._other(line))]
        return bad or [
            part("other containers", Conclusion.MET, Reason.OK, f"no orphan or restart loop in {len(listed)} listed")
        ]

    def _other(self, line: Listed) -> Part | None:
        match = STATUS.fullmatch(line.status)
        if match is None:
            return part(line.name, Conclusion.UNOBSERVED, Reason.UNPARSABLE, f"unknown status {line.status!r}")
        if self.forbid_orphans and match["exited"] and int(match["exited"]) in self.orphan_exit_codes:
            return part(line.name, Conclusion.UNMET, Reason.ORPHAN, line.status)
        if self.forbid_orphans and match["exited"] and int(match["exited"]) == _FOUND_DEAD:
            seen = f"{line.status}: ended without a trace, as in a power cut"
            return part(line.name, Conclusion.CAUTION, Reason.ORPHAN, seen)
        if self.forbid_restarting and match["restarting"]:
            return part(line.name, Conclusion.UNMET, Reason.RESTART_LOOP, line.status)
        if self.forbid_restarting and (young := _YOUNG.match(line.status)) and int(young["seconds"] or 0) < _SETTLED:
            seen = f"{line.status}: not to be told from a restart loop yet"
            return part(line.name, Conclusion.CAUTION, Reason.RESTARTED, seen)
        return None


def _facts(
    listed: tuple[Listed, ...], found: Mapping[str, Inspected], orphan_codes: tuple[int, ...]
) -> dict[str, float | int | str | bool | None]:
    statuses = [match for line in listed if (match := STATUS.fullmatch(line.status))]
    return {
        "containers": len(listed),
        "running": sum(match["up"] is not None for match in statuses),
        "unhealthy": sum("(unhealthy)" in match.string for match in statuses),
        "restarting": sum(match["restarting"] is not None for match in statuses),
        "orphans": sum(match["exited"] is not None and int(match["exited"]) in orphan_codes for match in statuses),
        "named_restarts": sum(one.restarts for one in found.values()),
    }
