"""A recording of a whole run as files of the corpus: one for each check on each target, judged as they are written."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from coldstart.baseline.load import load
from coldstart.engine.judging import conclude
from coldstart.engine.program import Program, Task, compile_program
from coldstart.outcome import Outcome
from coldstart.probes.base import Replies
from coldstart.probes.registry import probe_class
from coldstart.reads import Read
from coldstart.replies import HttpReply, Reply
from coldstart.transport.replay import Replay
from lab.operator import BASELINE
from lab.place import Lab, LabError

CA = "/etc/ssl/certs/ca-certificates.crt"
"""What stands in a file of the corpus where the lab has its own CA: the place that the baseline ships with."""

TOOLS: Mapping[str, tuple[str, ...]] = {
    "clock": ("coreutils", "systemd"), "command": ("coreutils",), "crontab": ("cron",),
    "docker_containers": ("docker.io",), "file_contains": ("coreutils",), "files_identical": ("coreutils",),
    "filesystems": ("coreutils",), "load_per_core": ("coreutils",), "log_lines": ("docker.io",),
    "log_signatures": ("systemd", "coreutils"), "memory_available": ("coreutils",), "neighbour": ("iproute2",),
    "pg_isready": ("postgresql-client-15",), "ping": ("iputils-ping",), "prometheus_query": ("prometheus",),
    "prometheus_rules": ("prometheus",), "reboot_evidence": ("systemd", "coreutils"), "redis": ("redis-tools",),
    "sql_table": ("postgresql-15",), "sql_tables_agree": ("docker.io", "postgresql-15"),
    "ssh_login": ("openssh-server", "coreutils"), "systemd_disabled": ("systemd",), "systemd_failed": ("systemd",),
    "systemd_properties": ("systemd",), "systemd_units": ("systemd",), "textfile_metrics": ("coreutils",),
    "vip_holder": ("iproute2",),
}  # fmt: skip
"""Debian's packages whose words a probe judges."""


@dataclass(frozen=True)
class Judged:
    """A check on its target, with the replies that it got and what they mean."""

    task: Task
    probe: Mapping[str, Any]
    """Its parameters, as a baseline has them."""
    replies: Replies
    outcome: Outcome

    @property
    def check(self) -> str:
        """``GATE/check``; an alternative of a group is ``GATE/group.alternative``."""
        return self.task.id

    @property
    def verdict(self) -> tuple[str, str]:
        return str(self.outcome.conclusion), str(self.outcome.reason)

    def file(self, scenario: str) -> str:
        """Return its place in the corpus."""
        words = [scenario, self.task.gate, self.check.partition("/")[2], self.task.host or ""]
        slug = re.sub(r"[^a-z0-9]+", "-", "-".join(words).lower()).strip("-")
        return f"{self.task.check.probe_kind}/lab-{slug}.yml"


def program(lab: Lab) -> Program:
    """Return the shipped baseline with the lab's variables, compiled."""
    return compile_program(load(BASELINE, vars_files=[lab.secrets / "variables.yml"]))


def judged(compiled: Program, recording: Path, lab: Lab) -> list[Judged]:
    """Judge every check of a recording again, in the order of the baseline."""
    replay = Replay(recording)
    written = _written(lab)
    found = []
    for task in (task for gate in compiled.gates for task in gate.tasks):
        if task.target is None or not task.reads:
            continue
        if probe_class(task.check.probe_kind).model_validate(written[task.id]) != task.check.probe:
            raise LabError(f"{task.key}: its parameters, read as plain YAML, are not those that were judged")
        by_read = {read: asyncio.run(replay.perform(read)) for read in task.reads}
        replies = Replies(target=task.target, now=replay.meta.started, by_read=by_read)
        found.append(Judged(task, written[task.id], replies, conclude(task.check.probe, replies)))
    return found


def _written(lab: Lab) -> dict[str, Mapping[str, Any]]:
    """Return the parameters of each check as the baseline has them, variables put in: what people write and read."""
    raw = yaml.safe_load(BASELINE.read_text("utf-8"))
    own = yaml.safe_load((lab.secrets / "variables.yml").read_text("utf-8"))
    values = {name: one["default"] if isinstance(one, dict) else one for name, one in raw["variables"].items()} | own

    def put_in(value: Any) -> Any:
        match value:
            case str():
                return re.sub(r"\$\{(\w+)\}", lambda name: str(values[name[1]]), value)
            case dict():
                return {key: put_in(one) for key, one in value.items()}
            case list():
                return [put_in(one) for one in value]
            case _:
                return value

    found = {}
    for gate, body in raw["gates"].items():
        for check in body["checks"]:
            for one in check.get("any_of", (check,)):
                path = check["id"] if one is check else f"{check['id']}.{one['id']}"
                found[f"{gate}/{path}"] = put_in(one.get("with", {}))
    return found


def document(case: Judged, about: str, versions: Mapping[str, str], lab: Lab) -> str:
    """Return the text of its file."""
    target = case.replies.target
    hosts = [
        {"name": place.name, "address": place.address, **({"port": place.port} if place.port != 22 else {})}  # noqa: PLR2004 - SSH
        for place in target.hosts
    ]
    options = {"timeout": target.timeout} if target.timeout != 10 else {}  # noqa: PLR2004 - the default of the corpus
    whole = {
        "about": about,
        "source": source(case, versions),
        "probe": case.probe,
        "target": {"hosts": hosts, **options, **({"sudo": True} if target.sudo else {})},
        "now": round(case.replies.now, 3),
        "replies": [{"read": _plain(read), "reply": _plain(reply)} for read, reply in case.replies.by_read.items()],
        "expect": {
            "conclusion": str(case.outcome.conclusion),
            "reason": str(case.outcome.reason),
            "says": [part[:160] for part in case.outcome.observed.split("; ")[:3] if part],
        },
    }
    text = yaml.dump(whole, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    for ours, said in (lab.secrets / "ca.pem", CA), (lab.state, "/lab/state"), (lab.cache, "/lab/cache"):
        text = text.replace(str(ours), said)
    return text


def source(case: Judged, versions: Mapping[str, str]) -> str:
    """Say who spoke: Debian's tools with their versions, a server by what it said of itself, a stand-in as such."""
    kind = case.task.check.probe_kind
    if kind.startswith("k8s_"):
        client = versions["kubernetes-client"]
        return f"recorded: the lab, kubernetes-client {client}, Debian 12; the API stood in behind it"
    if kind == "http":
        servers = [reply.header("Server") for reply in case.replies.by_read.values() if isinstance(reply, HttpReply)]
        return (
            f"recorded: the lab, {', '.join(name for name in servers if name) or 'a server without a name'}, Debian 12"
        )
    if kind == "tcp":
        return "recorded: the lab, connect(2) on Linux"
    tools = [f"{name} {versions[name]}" for name in TOOLS[kind]]
    return f"recorded: the lab, {', '.join(tools)}, Debian 12"


def _plain(model: Read | Reply) -> dict[str, Any]:
    plain = {"kind": model.kind, **model.model_dump(mode="json", exclude_defaults=True, exclude={"timeout"})}
    for name in {"started", "ended"} & plain.keys():
        plain[name] = round(plain[name], 3)
    if "argv" in plain:
        plain["argv"] = _Line(plain["argv"])
    return plain


class _Line(list[str]):
    """Words that are written in one line."""


class _Dumper(yaml.SafeDumper):
    """Writes a text of several lines as it is, and a command on one line."""


def _line(dumper: yaml.SafeDumper, value: _Line) -> yaml.SequenceNode:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=True)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(_Line, _line)
