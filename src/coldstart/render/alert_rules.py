"""Prometheus alert rules for the monitor's metrics (SOP 13.3): missing, stale, failed, blocked, degraded, not green.

No rule takes silence for good news. When the file is gone, or a pass came to no verdict, the numbers of gates are gone
with it; what was bad when it was last seen stays an alert until somebody has looked again.
"""

from dataclasses import dataclass

import yaml

from coldstart.baseline.runbook import Monitor
from coldstart.text import span

GROUP = "cold-start"
NOT_GREEN_AFTER = 6 * 3600
"""Seconds after which a stack that is not GREEN is an alert of its own (SOP 13.3)."""
REMEMBERED = "6h"
"""For so long what was last seen stands in for what cannot be seen; by then the stack is not green for as long."""
MISSED_RUNS = 3
"""So many runs in a row must be missed before it is one: a run may be late, or be put off by a lock."""


@dataclass(frozen=True)
class _Alert:
    name: str
    expr: str
    wait: float
    """Seconds for which `expr` must hold (Prometheus' ``for``)."""
    severity: str
    summary: str
    description: str
    sop: str


def render(monitor: Monitor) -> str:
    """Return the rules as a YAML file for Prometheus 2.26 or newer; the same monitor gives the same bytes."""
    head = (
        f"# Alerts on the cold-start monitor of {monitor.host}, which runs every {span(monitor.every)} (SOP 13.3).\n"
        "# Made by `coldstart monitor rules`: change the baseline and make it again, rather than edit it.\n"
    )
    group = {"name": GROUP, "rules": [_rule(alert) for alert in _alerts(monitor)]}
    body = yaml.safe_dump({"groups": [group]}, sort_keys=False, width=10_000, allow_unicode=True)
    return head + body


def _rule(alert: _Alert) -> dict[str, object]:
    return {
        "alert": alert.name,
        "expr": alert.expr,
        "for": _duration(alert.wait),
        "labels": {"severity": alert.severity, "component": "cold-start"},
        "annotations": {
            "summary": alert.summary,
            "description": alert.description,
            "runbook": f"Full-stack cold start SOP, section {alert.sop}",
        },
    }


def _alerts(monitor: Monitor) -> tuple[_Alert, ...]:
    prefix, every, missed = monitor.metric_prefix, monitor.every, MISSED_RUNS * monitor.every
    where, log = f"of {monitor.host}", monitor.log
    blocked = f"last_over_time({prefix}_blocked_gates[{REMEMBERED}]) > 0"
    warned = f"last_over_time({prefix}_warn_gates[{REMEMBERED}]) > 0"
    return (
        _Alert(
            "ColdStartMonitorMissing",
            f"absent({prefix}_monitor_up)",
            missed,
            "critical",
            f"The cold-start monitor {where} does not report.",
            f"Prometheus has had no {prefix}_monitor_up for {span(missed)}: nobody watches the gates. Look whether "
            f"{monitor.textfile} is there, and whether node_exporter reads it (node_textfile_scrape_error).",
            "13.3",
        ),
        _Alert(
            "ColdStartMonitorStale",
            f"time() - {prefix}_last_run_timestamp > {missed:.0f}",
            every / 2,
            "critical",
            f"The cold-start monitor {where} does not run any more.",
            f"Its last run ended {_AGO} ago, and it should run every {span(every)}. What its other metrics say is as "
            f"old as that, good or bad. Look at its cron entry or timer, and at {log}.",
            "13.3",
        ),
        _Alert(
            "ColdStartMonitorFailed",
            f"{prefix}_monitor_up == 0",
            every * 1.5,
            "critical",
            f"The cold-start monitor {where} comes to no verdict.",
            f"It runs, but says check_failed: an invalid baseline, an interrupted run, or a defect. Look at {log}.",
            "13.3",
        ),
        _Alert(
            "ColdStartRecoveryBlocked",
            blocked,
            every * 1.5,
            "critical",
            f"{_GATES} of the cold start blocked.",
            "Release nothing. Repair the first blocked gate, then run the check again. This is as of the last run that "
            f"came to a verdict; the first line of {log} names the gate.",
            "13.5",
        ),
        _Alert(
            "ColdStartRecoveryDegraded",
            f"({_either(warned, prefix, 'degraded')} unless ({blocked})) unless on () {_result(prefix, 'green')}",
            missed,
            "warning",
            "The cold start is degraded.",
            "A gate has a warning, or not all was looked at. Do not release runners, CD or AI execution; clear each "
            f"warning, or accept it with a reason. This is as of the last run that came to a verdict; see {log}.",
            "13.5",
        ),
        _Alert(
            "ColdStartNotGreen",
            f"time() - last_over_time({prefix}_last_green_timestamp[1d]) > {NOT_GREEN_AFTER}",
            every * 1.5,
            "warning",
            f"The cold start has not been green for more than {span(NOT_GREEN_AFTER)}.",
            "The stack was {{ if gt $value 1000000000.0 }}never GREEN{{ else }}last GREEN "
            "{{ $value | humanizeDuration }} ago{{ end }}. "
            f"Something keeps it from being released; see {log}.",
            "13.3",
        ),
    )


_AGO = "{{ $value | humanizeDuration }}"
_GATES = "{{ $value }} {{ if eq $value 1.0 }}gate{{ else }}gates{{ end }}"


def _result(prefix: str, result: str) -> str:
    return f'({prefix}_last_result{{result="{result}"}} == 1)'


def _either(warned: str, prefix: str, result: str) -> str:
    """Gates with warnings, or a run that may not say GREEN although it has none (a baseline that is partial)."""
    return f"({warned} or on () {_result(prefix, result)})"


def _duration(seconds: float) -> str:
    """Return seconds as Prometheus writes them: ``15m``, ``2h``, ``90s``."""
    whole = round(seconds)
    for size, unit in ((3600, "h"), (60, "m")):
        if whole % size == 0:
            return f"{whole // size}{unit}"
    return f"{whole}s"
