"""A run as Prometheus metrics, for node_exporter's textfile collector (SOP 13.3; text format 0.0.4)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from coldstart import __version__
from coldstart.decisions import Decision
from coldstart.outcome import CheckResult, GateResult, Report, Result, Verdict
from coldstart.text import visible

_COUNTED = {
    Verdict.PASS: "pass_gates",
    Verdict.WARN: "warn_gates",
    Verdict.BLOCKED: "blocked_gates",
    Verdict.HELD: "held_gates",
}
_CHECK = ("gate", "check", "host")


@dataclass(frozen=True)
class Moments:
    """When a pass ended, how long it took, and when one was last GREEN (0: never); s, since the epoch."""

    ended: float
    lasted: float
    last_green: float


def render(prefix: str, report: Report | None, moments: Moments) -> str:
    """Return the whole file; `report` None: the pass came to no report.

    The names begin with `prefix`; the first seven are the SOP's. Where no verdict was obtained (no report, or a result
    of CHECK_FAILED) monitor_up is 0, and there is no number of gates, no verdict and no release at all: a 0 of them
    would read as good news. A gate has a series for each verdict, one of which is 1; a check, of which there are many,
    only that of the verdict that it has now.
    """
    judged = report if report and report.result is not Result.CHECK_FAILED else None
    families = [
        *_of_the_pass(judged, moments),
        *(_of_gates(judged.gates) if judged else ()),
        *(_of_checks(judged.gates) if judged else ()),
        *(_of_releases(judged) if judged else ()),
        _info(report),
    ]
    return generate_latest(_Families(prefix, families)).decode("utf-8")


@dataclass(frozen=True)
class _Family:
    name: str
    about: str
    labels: tuple[str, ...]
    samples: Mapping[tuple[str, ...], float]


class _Families(Collector):
    def __init__(self, prefix: str, families: Iterable[_Family]) -> None:
        self._prefix, self._families = prefix, families

    def collect(self) -> Iterator[Metric]:
        for family in self._families:
            metric = GaugeMetricFamily(f"{self._prefix}_{family.name}", family.about, labels=family.labels)
            for values, number in family.samples.items():
                metric.add_metric([visible(value) for value in values], number)
            if family.samples:
                yield metric


def _one(name: str, about: str, number: float) -> _Family:
    return _Family(name, about, (), {(): number})


def _of_the_pass(report: Report | None, moments: Moments) -> Iterator[_Family]:
    result = report.result if report else Result.CHECK_FAILED
    yield _one("monitor_up", "1 if the last pass obtained a verdict.", report is not None)
    if report:
        verdicts = [gate.verdict for gate in report.gates]
        for verdict, name in _COUNTED.items():
            about = f"Gates that are {verdict} in the last pass."
            yield _one(name, about, verdicts.count(verdict))
    yield _one("last_run_timestamp", "When the last pass ended, seconds since 1970.", moments.ended)
    yield _one("last_green_timestamp", "When a run last ended GREEN, seconds since 1970; 0: never.", moments.last_green)
    yield _Family(
        "last_result",
        "Result of the last pass: exactly one of these is 1.",
        ("result",),
        {(one.lower(),): one is result for one in Result},
    )
    yield _one("duration_seconds", "How long the last pass took.", max(moments.lasted, 0.0))


def _of_gates(gates: Iterable[GateResult]) -> Iterator[_Family]:
    yield _Family(
        "gate_verdict",
        "Verdict of a gate: exactly one of these is 1.",
        ("gate", "verdict"),
        {
            (gate.name, verdict.lower()): gate.verdict is verdict
            for gate in gates
            if gate.verdict
            for verdict in Verdict
        },
    )


def _of_checks(gates: Iterable[GateResult]) -> Iterator[_Family]:
    checks = [(gate.name, check) for gate in gates for check in gate.checks]
    yield _Family(
        "check_verdict",
        "1 for the verdict that a check has; it has no series for the others.",
        (*_CHECK, "verdict"),
        {(*_named(gate, check), check.verdict.lower()): 1 for gate, check in checks if check.verdict},
    )
    yield _Family(
        "check_accepted",
        "1 for a check whose warning somebody accepted; the others have no series.",
        _CHECK,
        {_named(gate, check): 1 for gate, check in checks if check.accepted},
    )


def _named(gate: str, check: CheckResult) -> tuple[str, str, str]:
    """Labels of a check; `host` is empty where it is over several hosts together."""
    return gate, check.id, check.host or ""


def _of_releases(report: Report) -> Iterator[_Family]:
    yield _Family(
        "release_allowed",
        "1 if this may start now, 0 if it is held.",
        ("release",),
        {(release.name,): release.decision is Decision.RELEASE for release in report.releases},
    )


def _info(report: Report | None) -> _Family:
    named = (report.baseline_name, report.baseline_sha256) if report else ("", "")
    return _Family(
        "info",
        "Always 1; which coldstart judged by which baseline.",
        ("version", "baseline", "baseline_sha256"),
        {(__version__, *named): 1},
    )
