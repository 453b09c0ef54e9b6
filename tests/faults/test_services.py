"""Rows 17, 21 to 38, 51 and 52: what tools said of services in trouble, replayed by the command line."""

from pathlib import Path
from typing import Any

import pytest
from tests.support.faults import Told, honest_file, told
from tests.support.recordings import Recording

from coldstart.__main__ import main
from coldstart.clock import FixedClock
from coldstart.engine.runner import Settings
from coldstart.reason import Reason
from coldstart.transport.replay import Replay


def replayed(case: str, directory: Path) -> Told:
    """``coldstart check --replay``: its exit code is that of the report, its report is honest."""
    recording = Recording.of(case)
    recording.write(directory / "recording")
    (directory / "baseline.yml").write_text(recording.baseline)
    out = directory / "run.json"
    replay = ["--replay", str(directory / "recording"), "-o", f"json={out}"]
    code = main(["check", "-b", str(directory / "baseline.yml"), *replay])
    seen = honest_file(out)
    assert (seen.report.exit_code, True) == (code, code in (1, 2))
    return seen


def row(number: int, case: str, conclusion: str, reason: Reason, *words: str) -> Any:
    return pytest.param(case, conclusion, reason, words, marks=pytest.mark.fault(number), id=f"{number}-{case}")


ROWS = (
    row(17, "docker_containers/socket_not_allowed", "unobserved", Reason.NOT_ALLOWED, "may not use the Docker socket"),
    row(17, "log_signatures/file-not-allowed", "unobserved", Reason.NOT_ALLOWED, "Permission denied"),
    row(21, "docker_containers/banner_first", "unobserved", Reason.UNPARSABLE, "Welcome to h188"),
    row(21, "pg_isready/banner_first", "unobserved", Reason.UNPARSABLE, "Welcome to h188"),
    row(21, "ssh_login/banner-before-boot-id", "unobserved", Reason.UNPARSABLE, "not a boot id"),
    row(22, "systemd_units/activating-notify", "unmet", Reason.STARTING, "still starting since Tue 2026-11-24"),
    row(22, "systemd_units/activating-start-pre", "unmet", Reason.STARTING, "still starting since"),
    row(23, "systemd_units/missing", "unmet", Reason.ABSENT, "does not exist"),
    row(23, "systemd_units/masked", "unmet", Reason.ABSENT, "masked"),
    row(24, "systemd_units/missing-among-healthy", "unmet", Reason.ABSENT, "does not exist"),
    row(25, "systemd_units/restarted-once", "caution", Reason.RESTARTED, "restarted by systemd 1 time"),
    row(25, "systemd_units/auto-restart", "unmet", Reason.RESTART_LOOP, "next automatic restart"),
    row(25, "docker_containers/restarted_once", "caution", Reason.RESTARTED, "1 restart since its start"),
    row(25, "docker_containers/restarting", "unmet", Reason.RESTART_LOOP, "restarting after exit code"),
    row(25, "docker_containers/restarting_unnamed", "unmet", Reason.RESTART_LOOP, "Restarting"),
    row(26, "docker_containers/no_health_check", "unobserved", Reason.NO_EVIDENCE, "declares no health check"),
    row(26, "docker_containers/health_starting", "unmet", Reason.STARTING, "health check still starting"),
    row(26, "docker_containers/unhealthy_if_present", "unmet", Reason.UNHEALTHY, "running, unhealthy"),
    row(27, "docker_containers/daemon_silent", "unobserved", Reason.DAEMON_SILENT, "docker ps did not end within 2 s"),
    row(27, "docker_containers/inspect_silent", "unobserved", Reason.DAEMON_SILENT, "docker inspect did not end"),
    row(28, "docker_containers/empty_list", "unobserved", Reason.NO_EVIDENCE, "lists no container at all"),
    row(28, "docker_containers/empty_list_and_absent", "unmet", Reason.ABSENT, "no container of this name"),
    row(28, "http/no-rules", "unmet", Reason.BODY_MISMATCH, "an empty list"),
    row(28, "filesystems/no-disk", "unobserved", Reason.NO_EVIDENCE, "no file system of a real disk"),
    row(28, "sql_table/empty", "unmet", Reason.TOO_FEW, "empty: 0 rows"),
    row(31, "sql_table/starting", "unmet", Reason.STARTING, "the database system is starting up"),
    row(31, "sql_table/standby", "unmet", Reason.IN_RECOVERY, "the server is in recovery"),
    row(31, "sql_table/recovery_without_hot_standby", "unmet", Reason.IN_RECOVERY, "not accepting connections"),
    row(31, "sql_table/read_only_server", "unmet", Reason.DATABASE_READ_ONLY, "default_transaction_read_only is on"),
    row(31, "pg_isready/in_recovery", "unmet", Reason.REJECTING, "starting up, shutting down or in recovery"),
    row(31, "pg_isready/shutting_down", "unmet", Reason.REJECTING, "is rejecting connections"),
    row(32, "sql_table/no_such_database", "unmet", Reason.ABSENT, "does not exist"),
    row(33, "sql_table/locked", "unobserved", Reason.LOCKED, "lock timeout"),
    row(33, "sql_tables_agree/locked", "unobserved", Reason.LOCKED, "lock timeout"),
    row(34, "sql_table/row_security", "unobserved", Reason.ROW_SECURITY, "row-level security policy"),
    row(35, "redis/loading", "unmet", Reason.STARTING, "LOADING"),
    row(35, "redis/loading_beside_pong", "unmet", Reason.STARTING, "LOADING"),
    row(35, "redis/misconf", "unmet", Reason.UNHEALTHY, "MISCONF"),
    row(35, "redis/noauth", "unobserved", Reason.SERVICE_REFUSES, "NOAUTH"),
    row(35, "redis/closed_then_noauth", "unobserved", Reason.SERVICE_REFUSES, "NOAUTH"),
    row(35, "redis/pong_but_exit_1", "unobserved", Reason.UNEXPECTED_EXIT),
    row(35, "redis/banner_before_pong", "unobserved", Reason.UNPARSABLE, "the answer to PING is not PONG"),
    row(35, "redis/empty_answer", "unobserved", Reason.UNPARSABLE, "the answer to PING is not PONG"),
    row(35, "redis/cut_answer", "unobserved", Reason.UNPARSABLE, "the answer to PING is not PONG"),
    row(35, "redis/speaks_http", "unobserved", Reason.PROTOCOL),
    row(
        38, "log_signatures/journal-kernel-empty", "unobserved", Reason.NO_EVIDENCE, "the journal of this boot is empty"
    ),
    row(38, "log_signatures/journal-no-rights", "unobserved", Reason.NOT_ALLOWED, "not in the group systemd-journal"),
    row(38, "log_signatures/journal-own-entries-only", "unobserved", Reason.NOT_ALLOWED, "systemd-journal"),
    row(51, "vip_holder/split-brain", "unmet", Reason.SPLIT_BRAIN, "120 holds it on eth0/32; 121 holds it on eth0/24"),
    row(51, "vip_holder/none", "unmet", Reason.ABSENT, "no host holds 192.168.0.125"),
    row(28, "k8s_pods/none", "unmet", Reason.TOO_FEW, "expected at least 1, saw 0"),
    row(28, "k8s_pods/no-namespace", "unmet", Reason.TOO_FEW, "expected at least 1, saw 0"),
    row(28, "k8s_jobs/none", "unmet", Reason.TOO_FEW, "expected at least 1, saw 0"),
    row(28, "k8s_nodes/none", "unmet", Reason.TOO_FEW, "expected 2, saw 0"),
    row(
        29,
        "k8s_pods/stale-lease",
        "unmet",
        Reason.STALE,
        "Running by its last status, on node k3s-121",
    ),
    row(29, "k8s_pods/node-not-ready", "unmet", Reason.STALE, "on node k3s-121: NotReady, its state is unknown"),
    row(
        29,
        "k8s_nodes/stale-lease",
        "unmet",
        Reason.STALE,
        "k3s-121: Ready by its last status, but its lease was last renewed 1 h ago",
    ),
    row(30, "k8s_nodes/api-503", "unmet", Reason.API_UNAVAILABLE, "currently unable to handle the request"),
    row(30, "k8s_pods/api-503", "unmet", Reason.API_UNAVAILABLE, "unable to handle the request"),
    row(30, "k8s_jobs/api-503", "unmet", Reason.API_UNAVAILABLE, "unable to handle"),
    row(36, "textfile_metrics/backup-too-old", "unmet", Reason.STALE, "1 d 2 h ago"),
    row(36, "textfile_metrics/stale", "unmet", Reason.STALE, "written 1 d 3 h ago"),
    row(36, "textfile_metrics/from-the-future", "unobserved", Reason.CLOCK, "in the future"),
    row(36, "textfile_metrics/empty", "unobserved", Reason.NO_EVIDENCE, "is empty"),
    row(36, "textfile_metrics/without-the-metric", "unobserved", Reason.NO_EVIDENCE, "no such series"),
    row(37, "clock/ahead", "caution", Reason.CLOCK_SKEW, "ahead of this machine"),
    row(37, "clock/not-in-sync", "caution", Reason.CLOCK_NOT_SYNCED, "no NTP service is switched on"),
    row(37, "textfile_metrics/clock-ahead", "unobserved", Reason.CLOCK, "ahead of this machine"),
    row(37, "textfile_metrics/clock-behind", "unobserved", Reason.CLOCK, "behind this machine"),
    row(
        52,
        "filesystems/remounted-read-only",
        "unmet",
        Reason.READ_ONLY,
        "/var/lib/docker: ext4 is mounted read-only (ro)",
    ),
    row(
        52,
        "filesystems/emergency-read-only",
        "unmet",
        Reason.READ_ONLY,
        "/var/lib/docker: ext4 is mounted read-only (emergency_ro)",
    ),
    row(52, "log_signatures/journal-kernel-ext4", "unmet", Reason.STORAGE_CORRUPTION, "'ext4 error' (1 line)"),
)


@pytest.mark.parametrize(("case", "conclusion", "reason", "words"), ROWS)
def test_what_the_tool_said_costs_what_the_row_says(case, conclusion, reason, words, tmp_path):
    replayed(case, tmp_path).says("it", conclusion, reason, *words)


@pytest.mark.fault(24)
def test_24_each_unit_is_judged_on_its_own(tmp_path):
    outcome = replayed("systemd_units/missing-among-healthy", tmp_path).check("it").outcome
    assert {"met", "unmet"} == {part.conclusion.value for part in outcome.parts}


@pytest.mark.fault(25)
@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("systemd_units/auto-restart-rose", "NRestarts 0 in the attempt before, 1 now"),
        ("docker_containers/restart_count_risen", "since the attempt before"),
        ("docker_containers/restart_count_risen_allowed", "since the attempt before"),
    ],
)
async def test_25_a_counter_that_rose_between_two_attempts_is_a_restart_loop(case, words, tmp_path):
    recording = Recording.of(case)
    recording.write(tmp_path / "recording")
    attempt = {"transport": Replay(tmp_path / "recording"), "clock": FixedClock(recording.now)}
    seen = await told(recording.baseline, **attempt, settings=Settings(before=recording.before))
    seen.says("it", "unmet", Reason.RESTART_LOOP, words)


@pytest.mark.fault(26)
@pytest.mark.parametrize("case", ["docker_containers/healthy_if_present", "docker_containers/unhealthy_not_counted"])
async def test_26_running_is_enough_only_where_the_baseline_says_so(case, tmp_path):
    """The same replies with and without the words in the baseline that make it enough."""
    recording = Recording.of(case)
    recording.write(tmp_path / "recording")
    replay, clock = Replay(tmp_path / "recording"), FixedClock(recording.now)
    strict = recording.baseline.replace('"if-present"', '"required"').replace('"none"', '"required"')
    assert strict != recording.baseline
    seen = await told(strict, transport=replay, clock=clock)
    assert seen.check("it").outcome.reason in (Reason.NO_EVIDENCE, Reason.UNHEALTHY)
    lenient = await told(recording.baseline, transport=replay, clock=clock, green=case.endswith("if_present"))
    assert lenient.check("it").verdict in ("PASS", "WARN")
