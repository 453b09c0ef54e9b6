"""The node exporter's textfiles (SOP 9, 13.3): what the scripts of 110 and 188 wrote there when they last ran.

Each function gives the text and the moment of the scenario at which it was written; None: the script never ran.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice

from coldstart.drill.replies.containers import ORPHAN, Container, life, present
from coldstart.drill.replies.cron import fault_then, phase_then, runs, was_up
from coldstart.drill.replies.host_text import host_text
from coldstart.drill.replies.units import UNITS, unit_of
from coldstart.drill.state import Phase
from coldstart.drill.view import View

Written = tuple[str, float]

_MINUTE = 60.0
_TEN_MINUTES = 600.0
_LOOK_BACK = 200
"""Runs among which the monitor's last green one is looked for."""

_UNITS = (
    *("actions.runner.awoooi.110-1.service", "actions.runner.awoooi.110-2.service", "cron.service", "docker.service"),
    *("gitea-act-runner-host.service", "prometheus-alertmanager.service", "prometheus-node-exporter.service"),
    *("prometheus.service", "ssh.service"),
)
"""Those of 110 that matter, as ``systemctl list-units`` sorts them."""
_ALWAYS = {"prometheus-node-exporter.service", "ssh.service"}
"""Nothing of the stack hangs on them: who can ask finds them active."""


def docker_stats(view: View) -> Written | None:
    """docker_stats.prom, each minute: which containers run, how healthy, how often restarted."""
    at = next(runs(view, _MINUTE), None)
    if at is None:
        return None
    lines = ["docker_up 0"]
    if was_up(view.stack, "110/docker", at):
        lines = ["docker_up 1", *(line for container in present(view) for line in _container(view, container, at))]
    # As sort(1) leaves them; the time comes after it.
    return _text(*sorted(lines), f"docker_textfile_last_run_timestamp {_seconds(view, at)}"), at


def _container(view: View, container: Container, at: float) -> Iterator[str]:
    """What docker(1) said of it at `at`; the orphan is dead."""
    now = life(view, container) if at >= view.boot.at and view.part("docker").phase is Phase.UP else None
    name = f'{{name="{container.name}"}}'
    works = True
    running = container is not ORPHAN
    if container.part is not None:
        part = f"110/{container.part}"
        works = was_up(view.stack, part, at)
        stopped = phase_then(view.stack, part, at) is Phase.BROKEN and fault_then(view.stack, part, at) == "stopped"
        running = not stopped  # one that is damaged is started again and again
    yield f"docker_container_running{name} {running:d}"
    yield f"docker_container_restarts{name} {now.restarts if now else 0}"
    if container.check != "none":
        yield f"docker_container_healthy{name} {works:d}"


def systemd_units(view: View) -> Written | None:
    """systemd_units.prom, each minute: which units are active, how many have failed."""
    at = next(runs(view, _MINUTE), None)
    if at is None:
        return None
    lines = [f'systemd_unit_active{{name="{unit}"}} {_active(view, unit, at):d}' for unit in _UNITS]
    parts = [f"110/{unit.part}" for unit in UNITS["110"] if unit.part]
    broken = [part for part in parts if phase_then(view.stack, part, at) is Phase.BROKEN]
    failed = [part for part in broken if fault_then(view.stack, part, at) == "damaged"]
    lines += [f"systemd_units_failed {len(failed)}", f"systemd_textfile_last_run_timestamp {_seconds(view, at)}"]
    return _text(*lines), at


def _active(view: View, name: str, at: float) -> bool:
    """Say whether a unit of 110 was active at `at`; the runners are held off (SOP 5.3)."""
    unit = unit_of("110", name)
    if unit is None or unit.part is None:
        return name in _ALWAYS
    phase = phase_then(view.stack, f"110/{unit.part}", at)
    return phase is Phase.UP or (phase is Phase.STARTING and unit.forks_at_once)


def rule_drift_guard(view: View) -> Written | None:
    """prometheus_rule_drift_guard.prom, each minute: are the rules the canonical ones, how many has Prometheus?"""
    at = next(runs(view, _MINUTE), None)
    if at is None:
        return None
    loaded = host_text("alerts.yml").count("- alert: ") if was_up(view.stack, "110/prometheus", at) else 0
    lines = (
        f"prometheus_rule_drift {view.stack.facts.rules_drifted:d}",
        f"prometheus_rule_drift_guard_rules_loaded {loaded}",
        f"prometheus_rule_drift_guard_last_run_timestamp {_seconds(view, at)}",
    )
    return _text(*lines), at


def cold_start_recovery(view: View) -> Written | None:
    """cold_start_recovery.prom, every ten minutes and at boot: the monitor's seven metrics, by one question.

    Green is that the API answers by the VIP, which it does not do without 188, 120 or 121, and the network.
    """
    at = next(runs(view, _TEN_MINUTES), None)
    if at is None:
        return None
    green = _api_by_vip(view, at)
    last = next((run for run in islice(runs(view, _TEN_MINUTES), _LOOK_BACK) if _api_by_vip(view, run)), None)
    result = "green" if green else "blocked"
    lines = (
        "awoooi_cold_start_monitor_up 1",
        f"awoooi_cold_start_pass_gates {green:d}",
        "awoooi_cold_start_warn_gates 0",
        f"awoooi_cold_start_blocked_gates {not green:d}",
        f"awoooi_cold_start_last_run_timestamp {_seconds(view, at)}",
        f"awoooi_cold_start_last_green_timestamp {0 if last is None else _seconds(view, last)}",
        *(
            f'awoooi_cold_start_last_result{{result="{one}"}} {one == result:d}'
            for one in ("green", "degraded", "blocked", "check_failed")
        ),
    )
    return _text(*lines), at


def backup(view: View) -> Written | None:
    """backup_110.prom: when 188 last backed 110 up; written by the backup itself, once it has succeeded."""
    at = -view.stack.facts.backup_age
    lines = (
        "# HELP backup_110_last_success_timestamp When 110 was last backed up as a whole, seconds since 1970.",
        "# TYPE backup_110_last_success_timestamp gauge",
        f"backup_110_last_success_timestamp {_seconds(view, at)}",
        "# HELP backup_110_size_bytes Size of that archive.",
        "# TYPE backup_110_size_bytes gauge",
        "backup_110_size_bytes 2464",
    )
    return _text(*lines), at


TEXTFILES: Mapping[str, Mapping[str, Callable[[View], Written | None]]] = {
    "110": {
        "/home/wooo/node_exporter_textfiles/docker_stats.prom": docker_stats,
        "/home/wooo/node_exporter_textfiles/systemd_units.prom": systemd_units,
        "/home/wooo/node_exporter_textfiles/prometheus_rule_drift_guard.prom": rule_drift_guard,
        "/home/wooo/node_exporter_textfiles/cold_start_recovery.prom": cold_start_recovery,
    },
    "188": {"/home/ollama/node_exporter_textfiles/backup_110.prom": backup},
}
"""By host and path."""


def _api_by_vip(view: View, at: float) -> bool:
    """Say whether the API answered by the VIP at `at`. Lost cables are left out: the stack keeps no record of them."""
    held = any(was_up(view.stack, f"{host}/keepalived", at) for host in ("120", "121"))
    return held and was_up(view.stack, "k8s/awoooi-api", at)


def _seconds(view: View, at: float) -> int:
    return int(view.wall(at))


def _text(*lines: str) -> str:
    return "".join(f"{line}\n" for line in lines)
