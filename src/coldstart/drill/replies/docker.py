"""docker(1), client and daemon 20.10, as far as the plan asks it: ps, inspect, logs, and exec of psql(1)."""

import json
import re
from collections.abc import Callable, Mapping, Sequence

from coldstart import shapes
from coldstart.drill.replies import psql
from coldstart.drill.replies.containers import CONTAINERS, Container, identity, life, present
from coldstart.drill.replies.docker_words import rfc3339, status
from coldstart.drill.replies.scheduler_log import scheduler_log
from coldstart.drill.state import Phase
from coldstart.drill.view import Said, View

_NO_DAEMON = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n"
_NO_TOOL = "timeout: failed to run command ‘docker’: No such file or directory\n"
_BROKEN = "Error response from daemon: open /var/lib/docker/containers: input/output error\n"
_NO_PSQL = (
    "OCI runtime exec failed: exec failed: unable to start container process: "
    'exec: "psql": executable file not found in $PATH: unknown\r\n'
)
_INSPECT = ("--type", "container", "--format")
_SINCE = re.compile(r"--since=(\d+)s")
_TAIL = re.compile(r"--tail=(\d+)")


def docker(view: View, argv: Sequence[str]) -> Said:
    """Answer as the daemon's state lets it."""
    if view.host not in CONTAINERS:
        return Said(stderr=_NO_TOOL, status=127)
    command, words = (argv[1] if argv[1:] else ""), argv[2:]
    if command not in _COMMANDS:
        return Said(stderr=f"docker: '{command}' is not a docker command.\nSee 'docker --help'\n", status=1)
    daemon = view.part("docker")
    nothing = "\n" if command == "inspect" else ""
    if daemon.phase is not Phase.UP:
        return Said(nothing, _NO_DAEMON, 1)
    if daemon.fault == "frozen":
        return Said(status=124)
    if daemon.fault == "failing":
        return Said(nothing, _BROKEN, 1)
    return _COMMANDS[command](view, words)


def _ps(view: View, words: Sequence[str]) -> Said:
    if tuple(words) != ("--all", "--format", shapes.DOCKER_PS_FORMAT):
        return _unknown("ps", words)
    rows = ({"name": one.name, "status": status(view.now, life(view, one))} for one in present(view))
    return Said("".join(f"{_compact(row)}\n" for row in rows))


def _inspect(view: View, words: Sequence[str]) -> Said:
    template, names = (words[3] if words[3:] else ""), words[4:]
    if tuple(words[:3]) != _INSPECT or template not in _TEMPLATES:
        return _unknown("inspect", words)
    there = {one.name: one for one in present(view)}
    printed = "".join(f"{_TEMPLATES[template](view, there[name])}\n" for name in names if name in there)
    missing = "".join(f"Error: No such container: {name}\n" for name in names if name not in there)
    return Said(printed or "\n", missing, 1 if missing else 0)


def _judged(view: View, one: Container) -> str:
    found = life(view, one)
    return _compact(
        {
            "id": identity(one),
            "name": f"/{one.name}",
            "state": found.state,
            "exit_code": found.exit_code,
            "oom_killed": False,
            "started": rfc3339(view.wall(found.started)),
            "restarts": found.restarts,
            "health": found.health,
        }
    )


def _finished(view: View, one: Container) -> str:
    return rfc3339(view.wall(life(view, one).finished))


_TEMPLATES: Mapping[str, Callable[[View, Container], str]] = {
    shapes.DOCKER_INSPECT_FORMAT: _judged,
    shapes.DOCKER_FINISHED_FORMAT: _finished,
}


def _logs(view: View, words: Sequence[str]) -> Said:
    """Only of momo-scheduler: nobody reads another's log."""
    *options, name = words or ("",)
    if name not in {one.name for one in present(view)}:
        return Said(stderr=f"Error: No such container: {name}\n", status=1)
    if name != "momo-scheduler":
        return Said(stderr="Error response from daemon: configured logging driver does not support reading\n", status=1)
    lines, stamped = list(scheduler_log(view)), False
    for option in options:
        if found := _SINCE.fullmatch(option):
            lines = [line for line in lines if line[0] >= view.now - float(found[1])]
        elif found := _TAIL.fullmatch(option):
            lines = lines[-int(found[1]) :] if int(found[1]) else []
        elif option == "--timestamps":
            stamped = True
        else:
            return _unknown("logs", words)
    return Said("".join(f"{rfc3339(view.wall(at)) + ' ' if stamped else ''}{text}\n" for at, text in lines))


def _exec(view: View, words: Sequence[str]) -> Said:
    """Run psql(1) in a container."""
    rest = list(words)
    while rest[:1] == ["--env"]:
        rest = rest[2:]
    name = rest[0] if rest else ""
    one = next((one for one in present(view) if one.name == name), None)
    if one is None:
        return Said(stderr=f"Error: No such container: {name}\n", status=1)
    state = life(view, one).state
    if state == "restarting":
        said = f"Container {identity(one)} is restarting, wait until the container is running"
        return Said(stderr=f"Error response from daemon: {said}\n", status=1)
    if state == "exited":
        return Said(stderr=f"Error response from daemon: Container {identity(one)} is not running\n", status=1)
    if rest[1:2] != ["psql"] or one.part != "momo-db":
        return Said(stderr=_NO_PSQL.replace("psql", rest[1] if rest[1:] else ""), status=126)
    return psql.ask(view, psql.MOMO_DB, rest[1:])


def _unknown(command: str, words: Sequence[str]) -> Said:
    flag = next((word for word in words if word.startswith("-")), "")
    return Said(stderr=f"unknown flag: {flag.partition('=')[0]}\nSee 'docker {command} --help'.\n", status=125)


def _compact(value: Mapping[str, object]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


_COMMANDS: Mapping[str, Callable[[View, Sequence[str]], Said]] = {
    "ps": _ps,
    "inspect": _inspect,
    "logs": _logs,
    "exec": _exec,
}
