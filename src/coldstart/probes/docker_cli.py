"""What docker(1) prints, as data: for the probes that judge containers. Pure; raises only `ReadError`s."""

import json
import re
from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from coldstart import errors, shapes
from coldstart.outcome import Outcome
from coldstart.probes.base import Replies, Target
from coldstart.reads import Command
from coldstart.reason import Reason
from coldstart.replies import CommandReply, NoReply
from coldstart.text import decoded, one_line

_NO_DAEMON = re.compile(r"Cannot connect to the Docker daemon at .*")
_NO_SUCH = re.compile(r"(?:Error: |Error response from daemon: )No such (?:container|object): (\S+)")

STATUS = re.compile(
    r"(?P<up>Up .+)|Restarting \((?P<restarting>-?\d+)\) .+|Exited \((?P<exited>-?\d+)\) .+"
    r"|Created|Dead|Removal In Progress"
)
"""The status texts of ``docker ps`` (State.String in the engine's source, moby/moby, container/state.go)."""


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Listed(_Line):
    """A line of ``docker ps``: a name, and a status in words ("Up 2 hours (healthy)", "Exited (137) 5 days ago")."""

    name: str = Field(min_length=1)
    status: str


class Inspected(_Line):
    """A line of ``docker inspect``: only what is judged; `name` begins with a slash, `started` is RFC 3339."""

    id: str = Field(min_length=1)
    name: str = Field(pattern="^/.")
    state: str
    exit_code: int
    oom_killed: bool
    started: str
    restarts: int = Field(ge=0)
    health: str | None


L = TypeVar("L", bound=_Line)


def ps(target: Target) -> Command:
    """List all containers, running or not."""
    return target.command("docker", "ps", "--all", "--format", shapes.DOCKER_PS_FORMAT)


def inspect(target: Target, names: Sequence[str]) -> Command:
    """Ask for the state of the named containers."""
    words = ("docker", "inspect", "--type", "container", "--format", shapes.DOCKER_INSPECT_FORMAT)
    return target.command(*words, *names)


def daemon_down(replies: Replies, read: Command) -> Outcome | None:
    """An outcome when docker(1) says that no daemon accepts its connection: that was observed, and it is bad."""
    reply = replies.raw(read)
    if isinstance(reply, CommandReply) and reply.exit_status != 0 and (found := _said_by(reply, _NO_DAEMON)):
        seen = f"the Docker daemon does not accept connections: {one_line(found)}"
        return Outcome.unmet(Reason.NOT_RUNNING, seen, evidence=(decoded(reply.stderr),))
    return None


def listed(replies: Replies) -> tuple[Listed, ...]:
    """Every container that ``docker ps --all`` lists."""
    reply = _answered(replies, ps(replies.target))
    _require_success(reply)
    return _lines(reply, Listed)


def inspected(replies: Replies, names: Sequence[str]) -> dict[str, Inspected]:
    """What is known of the named containers, by name; a name that docker(1) does not know is not in it.

    docker(1) exits 1 when it does not know one of the names, and still prints the others; it also takes the beginning
    of an id for a name, so that the answer may be about another container: that one is left out.
    """
    reply = _answered(replies, inspect(replies.target, names))
    _require_only_unknown_names(reply, names)
    found = {line.name.removeprefix("/"): line for line in _lines(reply, Inspected)}
    return {name: found[name] for name in names if name in found}


def inspected_before(replies: Replies, names: Sequence[str]) -> dict[str, Inspected]:
    """The same in the attempt before this one; empty when there was none or it was unusable."""
    reply = replies.earlier(inspect(replies.target, names))
    try:
        return {} if reply is None else {line.name.removeprefix("/"): line for line in _lines(reply, Inspected)}
    except errors.ReadError:
        return {}


def _answered(replies: Replies, read: Command) -> CommandReply:
    reply = replies.raw(read)
    if isinstance(reply, NoReply) and reply.reason is Reason.REMOTE_TIMEOUT:
        detail = f"{' '.join(read.argv[:2])} did not end within {read.timeout:g} s"
        raise errors.DaemonSilent(detail, evidence=reply.evidence)
    return replies.command(read)


def _said_by(reply: CommandReply, pattern: re.Pattern[str]) -> str | None:
    match = pattern.search(decoded(reply.stderr))
    return match.group() if match else None


def _require_success(reply: CommandReply) -> None:
    try:
        reply.expect_exit()
    except errors.NotAllowed as error:
        detail = f"the SSH user may not use the Docker socket (group docker, or `sudo: true`): {error.detail}"
        raise errors.NotAllowed(detail, evidence=error.evidence) from error


def _require_only_unknown_names(reply: CommandReply, names: Sequence[str]) -> None:
    """Accept exit status 1 when all of stderr is about names that docker(1) does not know."""
    complaints = [match for line in decoded(reply.stderr).splitlines() if (match := _NO_SUCH.fullmatch(line.strip()))]
    explained = len(complaints) == len(decoded(reply.stderr).splitlines()) and {m[1] for m in complaints} <= set(names)
    if not (reply.exit_status == 1 and complaints and explained):
        _require_success(reply)


def _lines(reply: CommandReply, kind: type[L]) -> tuple[L, ...]:
    """Parse one JSON object a line. Raises `Unparsable` for a cut last line, a doubled key or a doubled name."""
    text = reply.text
    if not text.strip():
        return ()
    if not text.endswith("\n"):
        raise errors.Unparsable(f"the last line of docker's output is cut: {one_line(text[-80:])}")
    parsed = tuple(_parsed(line, kind) for line in text.splitlines())
    names = [line.model_dump()["name"] for line in parsed]
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise errors.Unparsable(f"docker lists a container twice: {', '.join(doubled)}")
    return parsed


def _parsed(line: str, kind: type[L]) -> L:
    try:
        return kind.model_validate(json.loads(line, object_pairs_hook=_unique))
    except (ValueError, RecursionError) as error:
        what = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise errors.Unparsable(
            f"docker printed a line that is not understood: {what}: {one_line(line, 120)}"
        ) from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found
