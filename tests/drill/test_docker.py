"""What docker(1) says on the drill's hosts, beside what it said in the lab."""

import json
import re

import pytest
from tests.drill.docker_asks import INSPECT, LOGS, PS, logged
from tests.drill.recorded import EPOCH, recorded, view
from tests.drill.verdicts import IN_STEP, REGISTERED, after, case, event, expected, rebooted, verdict, well
from tests.probes.test_corpus import CORPUS

from coldstart.drill.replies.docker import docker
from coldstart.drill.replies.docker_words import age, rfc3339
from coldstart.drill.view import Said

_AGO = r"(Less than a second|About a minute|About an hour|\d+ (second|minute|hour|day|week|month|year)s?)"


def words(text):
    """Text without its times, ids and numbers."""
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", re.sub(r"[0-9a-f]{64}", "ID", text))
    return re.sub(r"\d+", "0", re.sub(_AGO, "AGO", text))


@pytest.mark.parametrize(
    "row",
    [row for row in recorded("docker") if row.argv[1] in {"ps", "inspect"}],
    ids=lambda row: f"{row.host}-{row.argv[1]}-{row.argv[-1][:20]}",
)
def test_ps_and_inspect_of_a_settled_stack_are_as_recorded(row):
    said = docker(view(well(), row.host), row.argv)
    assert (row.reply.exit_status, row.reply.stderr.decode()) == (said.status, said.stderr)
    assert words(row.stdout) == words(said.stdout)


def test_the_log_has_the_recorded_lines_of_this_start_and_of_the_one_before():
    [row] = [row for row in recorded("docker") if row.argv[1] == "logs"]
    stamps = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ")

    def said(text):
        assert all(stamps.match(line.partition(" ")[2]) for line in text.splitlines())
        return [stamps.sub("", line.partition(" ")[2]) for line in text.splitlines()]

    ours = [line for line in said(logged(well())) if line != "等待 momo-db"]
    assert ours == said(row.stdout)


@pytest.mark.parametrize(
    "path",
    [*CORPUS.glob("docker_containers/lab-healthy-*.yml"), REGISTERED, IN_STEP],
    ids=lambda path: f"{path.parent.name}-{path.stem}",
)
def test_a_settled_stack_is_met(path):
    assert ("met", "ok") == verdict(path, well())


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("docker_containers/lab-docker-frozen-p0-188-data-containers-188", {"parts": {"188/docker": "frozen"}}),
        ("docker_containers/lab-docker-stopped-p0-188-data-containers-188", {"parts": {"188/docker": "stopped"}}),
        ("docker_containers/lab-orphan-p0-110-registry-observability-containers-110", {"facts": {"orphan": "true"}}),
        (
            "docker_containers/lab-restart-loop-p0-110-registry-observability-containers-110",
            {"parts": {"110/kafka": "damaged"}},
        ),
        ("sql_tables_agree/lab-docker-stopped-p2-schedules-momo-in-step-188", {"parts": {"188/docker": "stopped"}}),
        (
            "sql_tables_agree/lab-momo-rows-missing-p2-schedules-momo-in-step-188",
            {"facts": {"momo_rows_missing": "60"}},
        ),
        ("sql_tables_agree/container_stopped", {"parts": {"188/momo-db": "stopped"}}),
        ("sql_tables_agree/container_restarting", {"parts": {"188/momo-db": "damaged"}}),
    ],
)
def test_a_fault_is_judged_as_it_was_when_it_was_recorded(name, change):
    stack = after(event(10, **change), run=70)
    path = case(name)
    ours = path if path.stem.startswith("lab-") else IN_STEP
    assert expected(path) == verdict(ours, stack)


def test_a_stopped_daemon_is_said_in_the_recorded_words():
    stack = after(event(10, parts={"188/docker": "stopped"}), run=20)
    rows = list(recorded("docker", case="docker-stopped"))
    assert {"ps", "inspect", "exec"} == {row.argv[1] for row in rows}
    for row in rows:
        said = docker(view(stack, "188"), row.argv)
        recorded_reply = (row.reply.stdout.decode(), row.reply.stderr.decode(), row.reply.exit_status)
        assert recorded_reply == (said.stdout, said.stderr, said.status)


def test_missing_rows_are_said_in_the_recorded_words():
    [row] = recorded("docker", case="momo-rows-missing")
    stack = after(event(10, facts={"momo_rows_missing": "60"}))
    theirs, ours = json.loads(row.stdout), json.loads(docker(view(stack, "188"), row.argv).stdout)
    assert theirs == ours


@pytest.mark.parametrize("fault", ["failing", "frozen"])
def test_a_daemon_that_does_not_work_lists_nothing(fault):
    stack = after(event(10, parts={"188/docker": fault}))
    said = docker(view(stack, "188"), PS)
    assert said.status != 0
    assert "" == said.stdout


def test_the_daemon_takes_no_client_before_it_is_up():
    stack = rebooted(run=50)
    assert docker(view(stack, "188"), PS).stderr.startswith("Cannot connect to the Docker daemon")
    stack.advance(stack.now + 1)
    assert 0 == docker(view(stack, "188"), PS).status


def test_the_log_can_be_cut_to_its_newest_lines():
    whole = docker(view(well(), "188"), LOGS).stdout.splitlines(keepends=True)
    last = docker(view(well(), "188"), ("docker", "logs", "--timestamps", "--tail=1", "momo-scheduler"))
    recent = docker(view(well(), "188"), ("docker", "logs", "--timestamps", "--since=60s", "momo-scheduler"))
    assert (whole[-1], "") == (last.stdout, recent.stdout)


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ((*INSPECT, "nobody"), Said("\n", "Error: No such container: nobody\n", 1)),
        (("docker", "logs", "nobody"), Said(stderr="Error: No such container: nobody\n", status=1)),
        (("docker", "exec", "nobody", "psql"), Said(stderr="Error: No such container: nobody\n", status=1)),
        (
            ("docker", "rm", "gitea"),
            Said(stderr="docker: 'rm' is not a docker command.\nSee 'docker --help'\n", status=1),
        ),
    ],
)
def test_what_is_not_there_is_refused_in_docker_s_words(argv, said):
    assert said == docker(view(well(), "188"), argv)


@pytest.mark.parametrize(
    "argv",
    [
        ("docker",),
        ("docker", "ps"),
        ("docker", "inspect", "momo-db"),
        ("docker", "logs"),
        ("docker", "logs", "litellm"),
        ("docker", "logs", "--follow", "momo-scheduler"),
        ("docker", "exec", "momo-db", "sh"),
        ("docker", "exec", "litellm", "psql"),
        ("docker", "exec", "momo-db", "psql", "--command=DROP TABLE kine"),
    ],
)
def test_what_the_plan_does_not_ask_is_never_a_success(argv):
    said = docker(view(well(), "188"), argv)
    assert said.status != 0
    assert "" == said.stdout
    assert said.stderr


def test_a_name_that_is_not_there_does_not_hide_the_others():
    said = docker(view(well(), "188"), (*INSPECT, "nobody", "momo-db"))
    assert (json.loads(said.stdout)["name"], said.stderr, said.status) == (
        "/momo-db",
        "Error: No such container: nobody\n",
        1,
    )


def test_the_hosts_of_k3s_have_no_docker():
    assert 127 == docker(view(well(), "120"), PS).status


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.45, "Less than a second"),
        (1, "1 second"),
        (59.9, "59 seconds"),
        (60, "About a minute"),
        (119, "About a minute"),
        (120, "2 minutes"),
        (35 * 60 + 40, "35 minutes"),
        (3599, "59 minutes"),
        (3600 + 29 * 60, "About an hour"),
        (3600 + 31 * 60, "2 hours"),
        (36 * 3600, "36 hours"),
        (2 * 86400, "2 days"),
        (13 * 86400 + 5 * 3600, "13 days"),
        (14 * 86400, "2 weeks"),
        (44 * 86400, "6 weeks"),
        (60 * 86400, "2 months"),
        (720 * 86400, "24 months"),
        (734 * 86400, "2 years"),
    ],
)
def test_an_age_has_docker_s_words(seconds, words):
    assert words == age(seconds)


@pytest.mark.parametrize(
    ("wall", "text"),
    [(EPOCH, "2026-11-23T22:48:53Z"), (EPOCH + 0.5, "2026-11-23T22:48:53.5Z"), (-0.5, "1969-12-31T23:59:59.5Z")],
)
def test_a_time_has_no_zeros_at_its_end(wall, text):
    assert text == rfc3339(wall)
