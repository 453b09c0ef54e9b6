"""The files of a drill's hosts, and the tools that read them."""

import re
from hashlib import sha256

import pytest
from tests.drill.judged import cases, concluded, expected, healthy, judged
from tests.drill.recorded import EPOCH, cold, keys, recorded, settled, shape, view
from tests.probes.test_corpus import load

from coldstart.drill.replies import say
from coldstart.drill.replies.disk import ALERTS, CANONICAL_ALERTS, NGINX, POSTGRESQL_LOG
from coldstart.drill.replies.textfiles import TEXTFILES
from coldstart.drill.scenario import Event
from coldstart.drill.stack import Stack

PROMS = "/home/wooo/node_exporter_textfiles"


def written(stack: Stack, name: str) -> float:
    """When a textfile of 110 was written, s of the scenario."""
    said = say(view(stack, "110"), ["stat", "--dereference", "--format=%Y %s %f %n", f"{PROMS}/{name}"])
    return int(said.stdout.split()[0]) - EPOCH


def metrics(stack: Stack, name: str) -> dict[str, float]:
    """The samples of a textfile of 110, by series."""
    said = say(view(stack, "110"), ["head", "--bytes=262144", f"{PROMS}/{name}"])
    return {series: float(value) for series, value in (line.rsplit(" ", 1) for line in said.stdout.splitlines())}


# ---------------------------------------------------------------------------------------------------- as in the lab


@pytest.mark.parametrize(
    "row", tuple(recorded("stat", "sha256sum", "crontab", "head")), ids=lambda row: " ".join(row.argv)
)
def test_it_prints_the_words_that_the_lab_recorded(row):
    said = say(view(healthy(), row.host), row.argv)
    assert shape(row.stdout) == shape(said.stdout)
    if row.argv[0] in {"sha256sum", "crontab"} or row.argv == ("head", "--bytes=262144", NGINX):
        assert row.stdout == said.stdout
    assert (row.reply.exit_status, "") == (said.status, said.stderr)


def test_the_log_of_postgresql_is_lines_as_the_lab_recorded():
    (row,) = recorded("tail")
    said = say(view(healthy(), row.host), row.argv)
    start = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} UTC \[\d+\] ")
    assert start.match(row.stdout)
    assert {True} == {bool(start.match(line)) for line in said.stdout.splitlines()}


@pytest.mark.parametrize(
    "path", cases("textfile_metrics", "files_identical", "file_contains", "crontab"), ids=lambda path: path.stem
)
def test_a_settled_stack_is_judged_as_the_healthy_lab(path):
    assert expected(path) == concluded(path, healthy())


def test_the_log_of_postgresql_is_judged_as_in_the_healthy_lab():
    (path,) = (path for path in cases("log_signatures") if "postgresql-log" in path.stem)
    assert expected(path) == concluded(path, healthy())


@pytest.mark.parametrize(
    ("probe", "case", "facts"),
    [
        ("files_identical", "rules-drifted", {"rules_drifted": "true"}),
        ("textfile_metrics", "backup-of-yesterday", {"backup_age": "26h"}),
    ],
)
def test_a_fact_is_judged_as_the_fault_of_the_lab(probe, case, facts):
    (path,) = cases(probe, scenario=case)
    assert expected(path) == concluded(path, settled(Event(at=0, say="", facts=facts)))


def test_drifted_rules_are_the_lab_s_to_the_byte():
    (row,) = recorded("sha256sum", case="rules-drifted")
    stack = settled(Event(at=0, say="", facts={"rules_drifted": "true"}))
    assert row.stdout == say(view(stack, "110"), row.argv).stdout


# ------------------------------------------------------------------------------------------------------------ cron


def test_cron_writes_each_whole_minute():
    stack = settled()
    stack.advance(200)
    for name in ("docker_stats.prom", "systemd_units.prom", "prometheus_rule_drift_guard.prom"):
        at = written(stack, name)
        assert 0 == (EPOCH + at) % 60
        assert 140 < at <= 200


def test_the_monitor_runs_every_ten_minutes():
    stack = settled()
    stack.advance(900)
    at = written(stack, "cold_start_recovery.prom")
    assert 0 == (EPOCH + at) % 600
    assert 300 < at <= 900


def test_before_cron_is_up_the_files_are_from_before_the_power_loss():
    stack = cold(30, 3600)
    for name in ("docker_stats.prom", "cold_start_recovery.prom"):
        assert -3600 - 600 < written(stack, name) <= -3600
    assert 1 == metrics(stack, "docker_stats.prom")['docker_container_running{name="harbor"}']
    assert 1 == metrics(stack, "cold_start_recovery.prom")['awoooi_cold_start_last_result{result="green"}']


def test_at_boot_cron_writes_them_anew():
    stack = cold(0, 3600)
    while not stack.up("110/cron"):
        stack.advance(stack.now + 1)
    for name in ("docker_stats.prom", "systemd_units.prom", "cold_start_recovery.prom"):
        assert stack.now == written(stack, name)
    assert 0 == metrics(stack, "docker_stats.prom")["docker_up"]
    assert 0 == metrics(stack, "systemd_units.prom")['systemd_unit_active{name="docker.service"}']


def test_the_monitor_remembers_the_last_green_run():
    stack = cold(90, 3600)
    said = metrics(stack, "cold_start_recovery.prom")
    assert 1 == said['awoooi_cold_start_last_result{result="blocked"}']
    assert -3600 - 600 < said["awoooi_cold_start_last_green_timestamp"] - EPOCH <= -3600


@pytest.mark.parametrize("fault", ["stopped", "frozen"])
def test_without_cron_the_files_grow_old(fault):
    stack = settled(Event(at=0, say="", parts={"110/cron": fault}))
    stack.advance(2000)
    for name in ("docker_stats.prom", "cold_start_recovery.prom"):
        assert -600 < written(stack, name) <= 1
    (path,) = (path for path in cases("textfile_metrics") if "exporters" in path.stem)
    assert "stale" == judged(path, stack).reason.value


def test_a_cron_that_is_started_again_does_not_run_what_is_due_at_boot():
    stack = settled(
        Event(at=0, say="", parts={"110/cron": "stopped"}), Event(at=100, say="", parts={"110/cron": "well"})
    )
    while not stack.up("110/cron"):
        stack.advance(stack.now + 1)
    assert written(stack, "cold_start_recovery.prom") < 1
    stack.advance(stack.now + 60)
    assert 100 < written(stack, "docker_stats.prom") <= stack.now


@pytest.mark.parametrize("now", [45, 75, 130, 300, 900])
def test_no_file_is_from_the_future_or_cut(now):
    stack = cold(now, 3600)
    for host, paths in TEXTFILES.items():
        for path in paths:
            said = say(view(stack, host), ["stat", "--dereference", "--format=%Y %s %f %n", path])
            at, size, mode, name = said.stdout.split()
            text = say(view(stack, host), ["cat", path]).stdout
            assert (int(size), "81a4", path) == (len(text.encode()), mode, name)
            assert int(at) <= view(stack, host).wall()
            assert text.endswith("\n")


# ---------------------------------------------------------------------------------------------- what the files say


def test_docker_s_file_says_how_each_container_is():
    stack = settled(
        Event(at=0, say="", parts={"110/harbor": "stopped", "110/sentry": "failing"}, facts={"orphan": "true"})
    )
    stack.advance(120)
    said = metrics(stack, "docker_stats.prom")
    running = {name: said[f'docker_container_running{{name="{name}"}}'] for name in ("harbor", "gitea", "orphan")}
    assert {"harbor": 0, "gitea": 1, "orphan": 0} == running
    assert (0, 1) == tuple(
        said[f'docker_container_healthy{{name="{name}"}}'] for name in ("sentry-web", "sentry-kafka")
    )


@pytest.mark.parametrize("fault", ["stopped", "damaged", "frozen"])
def test_docker_s_file_says_that_the_daemon_does_not_answer(fault):
    stack = settled(Event(at=0, say="", parts={"110/docker": fault}))
    stack.advance(120)
    assert {"docker_up", "docker_textfile_last_run_timestamp"} == set(metrics(stack, "docker_stats.prom"))
    assert 0 == metrics(stack, "docker_stats.prom")["docker_up"]


@pytest.mark.parametrize(("fault", "failed"), [("stopped", 0), ("damaged", 1)])
def test_systemd_s_file_says_what_has_failed(fault, failed):
    stack = settled(Event(at=0, say="", parts={"110/prometheus": fault}))
    stack.advance(120)
    said = metrics(stack, "systemd_units.prom")
    assert (0, failed) == (said['systemd_unit_active{name="prometheus.service"}'], said["systemd_units_failed"])
    assert 0 == metrics(stack, "prometheus_rule_drift_guard.prom")["prometheus_rule_drift_guard_rules_loaded"]


def test_the_guard_says_that_the_rules_drifted():
    stack = settled(Event(at=0, say="", facts={"rules_drifted": "true"}))
    assert 1 == metrics(stack, "prometheus_rule_drift_guard.prom")["prometheus_rule_drift"]


@pytest.mark.parametrize("part", ["k8s/awoooi-api", "188/postgresql"])
def test_the_monitor_is_blocked_while_the_api_does_not_answer(part):
    stack = settled(Event(at=0, say="", parts={part: "stopped"}))
    stack.advance(700)
    said = metrics(stack, "cold_start_recovery.prom")
    assert (1, 0) == (said["awoooi_cold_start_blocked_gates"], said["awoooi_cold_start_pass_gates"])
    assert -1100 < said["awoooi_cold_start_last_green_timestamp"] - EPOCH <= 0


def test_the_log_of_postgresql_was_last_written_with_its_newest_line():
    stack = cold(400, 3600)
    at = view(stack, "188")
    said = say(at, ["stat", "--format=%Y", POSTGRESQL_LOG]).stdout
    newest = say(at, ["tail", "--lines=1", POSTGRESQL_LOG]).stdout
    assert newest.startswith(f"{at.time(int(said) - EPOCH):%Y-%m-%d %H:%M:%S}")
    assert 0 < int(said) - EPOCH <= 400


# ------------------------------------------------------------------------------------------------------ the tools


def test_a_file_that_is_not_there_is_named_in_the_words_of_each_tool():
    at = view(healthy(), "120")
    path = "/etc/nope"
    for argv, words in (
        (["cat", path], "cat: /etc/nope: No such file or directory\n"),
        (["head", "--bytes=5", path], "head: cannot open '/etc/nope' for reading: No such file or directory\n"),
        (["tail", "--lines=5", path], "tail: cannot open '/etc/nope' for reading: No such file or directory\n"),
        (["stat", "--format=%Y", path], "stat: cannot statx '/etc/nope': No such file or directory\n"),
        (["sha256sum", path], "sha256sum: /etc/nope: No such file or directory\n"),
        (["crontab", "-l"], "no crontab for wooo\n"),
    ):
        said = say(at, argv)
        assert ("", words, 1) == (said.stdout, said.stderr, said.status)


def test_the_files_of_one_host_are_not_on_another():
    assert 1 == say(view(healthy(), "110"), ["cat", NGINX]).status
    assert 1 == say(view(healthy(), "188"), ["cat", ALERTS]).status


def test_one_missing_file_does_not_hide_the_other():
    said = say(view(healthy(), "110"), ["sha256sum", "/nope", ALERTS])
    assert [f"{ALERTS}\n"] == [said.stdout.split("  ")[1]]
    assert ("sha256sum: /nope: No such file or directory\n", 1) == (said.stderr, said.status)


def test_head_and_tail_cut():
    at = view(healthy(), "188")
    text = say(at, ["cat", NGINX]).stdout
    assert text[:10] == say(at, ["head", "--bytes=10", NGINX]).stdout
    assert "".join(text.splitlines(keepends=True)[-3:]) == say(at, ["tail", "--lines=3", NGINX]).stdout
    assert "" == say(at, ["tail", "--lines=0", NGINX]).stdout


def test_head_titles_several_files():
    at = view(healthy(), "110")
    said = say(at, ["head", "--bytes=6", ALERTS, "/proc/uptime"]).stdout
    assert f"==> {ALERTS} <==\n# ops/\n==> /proc/uptime <==\n1100.0" == said


def test_stat_gives_two_files_two_inodes_and_proc_no_size():
    at = view(healthy(), "110")
    first, second, kernel = say(
        at, ["stat", "--format=%d:%i %s %u %f", ALERTS, CANONICAL_ALERTS, "/proc/uptime"]
    ).stdout.splitlines()
    assert first.split()[0] != second.split()[0]
    assert ["0", "0", "8124"] == kernel.split()[1:]


def test_the_checksum_is_that_of_the_text():
    at = view(healthy(), "110")
    text = say(at, ["cat", ALERTS]).stdout
    assert f"{sha256(text.encode()).hexdigest()}  {ALERTS}\n" == say(at, ["sha256sum", ALERTS]).stdout


def test_what_the_plan_does_not_ask_is_refused():
    at = view(healthy(), "188")
    for argv in (
        ["cat"],
        ["cat", "-A", NGINX],
        ["head", NGINX],
        ["tail", "--follow", NGINX],
        ["stat", NGINX],
        ["stat", "--format=%U", NGINX],
        ["stat"],
        ["sha256sum"],
        ["crontab", "-r"],
    ):
        said = say(at, argv)
        assert (1, "") == (said.status, said.stdout), argv
        assert said.stderr.endswith("\n"), argv


def test_crontabs_are_there_while_cron_is_not():
    stack = settled(Event(at=0, say="", parts={"188/cron": "stopped"}))
    stack.advance(60)
    (row,) = (row for row in recorded("crontab") if row.host == "188")
    assert row.stdout == say(view(stack, "188"), row.argv).stdout
    assert "cold-start-monitor.sh" in say(view(stack, "110"), row.argv).stdout


def test_every_path_that_a_case_asks_for_is_there():
    """So that no healthy verdict rests on a file that is missing."""
    for path in cases("textfile_metrics", "file_contains", "files_identical"):
        for read in load(path)[3].by_read:
            if read.argv[0] in {"stat", "head", "sha256sum"}:
                assert 0 == say(view(healthy(), read.host), read.argv).status, read.argv
                assert keys(say(view(healthy(), read.host), read.argv).stdout)
