"""A fault, and what the operator is told of it: all the way from the text of a baseline to the report and its words."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coldstart.baseline.load import LoadedBaseline, load_text
from coldstart.clock import Clock, SystemClock
from coldstart.engine.program import compile_program
from coldstart.engine.runner import Settings, run
from coldstart.outcome import CheckResult, Conclusion, Report, Result
from coldstart.reason import Reason
from coldstart.render import table
from coldstart.transport.base import Endpoint, Transport
from coldstart.transport.sshroute import SshOptions
from coldstart.transport.world import World

HERE = {"h": {"address": "127.0.0.1", "local": True}}
"""One host, which is this machine."""

_DOWN = re.compile(
    r"\bis down\b|\bnot running\b|\bdoes not exist\b|\bnothing listens on\b|\bport closed\b|\bunhealthy\b"
    r"|\bhas failed\b|\bnothing accepts\b|\bno container of\b"
)
"""Claims about a service: whoever could not look must not make one."""
_UNSEEN = re.compile(r"could not observe|not observed", re.IGNORECASE)


def ask(id_: str, probe: str, *, timeout: str = "5s", **parameters: Any) -> dict[str, Any]:
    """A check of a baseline; `parameters` are its ``with:``."""
    check = {"id": id_, "claim": f"{id_} is as it should be", "probe": probe, "timeout": timeout}
    return {**check, "with": parameters} if parameters else check


def stack(*checks: Mapping[str, Any], hosts: Mapping[str, Any], **defaults: Any) -> str:
    """The text of a baseline with one gate, every check of it on every host (JSON is YAML)."""
    aimed = [{"hosts": list(hosts), **check} for check in checks]
    gates = {"P0": {"title": "it is there", "checks": aimed}}
    return json.dumps({"coldstart": 1, "name": "one fault", "defaults": defaults, "hosts": hosts, "gates": gates})


@dataclass(frozen=True)
class Told:
    """What the operator is told: the report, and the table that is made of it."""

    report: Report
    text: str

    @property
    def shown(self) -> str:
        """The table as one line: words that it wrapped stand side by side again."""
        return " ".join(self.text.split())

    def check(self, id_: str, host: str | None = None) -> CheckResult:
        checks = [check for gate in self.report.gates for check in gate.checks]
        (found,) = [check for check in checks if check.id == f"P0/{id_}" and host in (None, check.host)]
        return found

    def words(self, id_: str, host: str | None = None) -> str:
        """All that is said of a check: expected, observed, evidence."""
        outcome = self.check(id_, host).outcome
        assert outcome is not None
        return " | ".join((outcome.observed, outcome.expected, *outcome.evidence))

    def says(self, id_: str, conclusion: str, reason: Reason, *words: str, host: str | None = None) -> None:
        """Assert what a check came to, and that each of `words` is said of it."""
        outcome = self.check(id_, host).outcome
        assert outcome is not None
        assert (conclusion, reason.value) == (outcome.conclusion.value, outcome.reason.value), outcome
        verdict = {"met": "PASS", "caution": "WARN"}.get(conclusion, "BLOCKED")
        assert verdict == self.check(id_, host).verdict
        for word in words:
            assert word in self.words(id_, host)


async def told(
    text: str,
    *,
    ssh: SshOptions | None = None,
    transport: Transport | None = None,
    clock: Clock | None = None,
    settings: Settings | None = None,
    green: bool = False,
) -> Told:
    """Load, compile, run against the world (or `transport`), and render. The result is honest, and never GREEN.

    `green`: the fault was got over, and this run may say so.
    """
    loaded = load_text(text, "fault.yml")
    clock = clock or SystemClock()
    door = transport or World(endpoints(loaded), clock, ssh or SshOptions(config_path=None))
    try:
        finished = await run(compile_program(loaded), door, clock, settings=settings)
    finally:
        await door.close()
    assert green is (finished.report.result is Result.GREEN), finished.report.headline
    return honest(finished.report)


def endpoints(loaded: LoadedBaseline) -> dict[str, Endpoint]:
    """Where the hosts of a baseline are, as the command line takes it from there."""
    return {
        name: Endpoint(name=name, address=host.address, user=host.user, port=host.port, local=host.local)
        for name, host in loaded.baseline.hosts.items()
    }


def honest(report: Report) -> Told:
    """Assert that "observed bad" and "could not observe" are nowhere mixed up in a report, and render it."""
    checks = [check for gate in report.gates for check in gate.checks]
    for outcome in (check.outcome for check in checks if check.outcome):
        unseen = outcome.conclusion is Conclusion.UNOBSERVED
        assert outcome.reason.observed is not unseen, outcome
        said = f"{outcome.observed} ({outcome.reason.says})"
        assert not (_DOWN if unseen else _UNSEEN).search(said), said
    text = table.render(report, width=160, color=False, ascii=False)
    if report.root and report.result is Result.BLOCKED:
        first = text.splitlines()[0]
        assert report.root.observed_bad is ("NOT OBSERVED" not in first), first
    assert report.exit_code == {"GREEN": 0, "DEGRADED": 1, "BLOCKED": 2, "CHECK_FAILED": 3}[report.result]
    return Told(report, text)


def honest_file(path: Path) -> Told:
    """The same for a report that the command line wrote as JSON."""
    return honest(Report.model_validate_json(path.read_bytes()))
