"""The containers of the drill's hosts from the power loss on, and through the faults of their parts."""

import pytest
from tests.drill.docker_asks import finished, inspected, listed, logged
from tests.drill.recorded import EPOCH, view
from tests.drill.verdicts import CONTAINERS_188, REGISTERED, after, event, rebooted, verdict, well

from coldstart.drill.inventory import PARTS
from coldstart.drill.replies.containers import CONTAINERS, life, loop, present
from coldstart.drill.replies.docker_words import rfc3339
from coldstart.probes.docker_cli import STATUS


def test_every_container_stands_for_a_part_of_its_host_or_for_none():
    named = {f"{host}/{one.part}" for host, all_of_it in CONTAINERS.items() for one in all_of_it if one.part}
    assert named <= set(PARTS)
    assert {name for name, spec in PARTS.items() if spec.host and f"{spec.host}/docker" in spec.needs} == named


def test_after_a_power_loss_containers_start_with_their_daemon_and_are_healthy_when_their_part_is_up():
    stack = rebooted(run=52)
    assert {"Up 1 second (health: starting)"} == set(listed(stack).values())
    stack.advance(stack.now + 20)
    assert "Up 21 seconds (healthy)" == listed(stack)["momo-db"]
    assert "Up 21 seconds (health: starting)" == listed(stack)["momo-scheduler"]
    assert ("unmet", "starting") == verdict(CONTAINERS_188, stack)
    stack.advance(stack.now + 30)
    assert "Up 51 seconds (healthy)" == listed(stack)["momo-scheduler"]
    assert ("met", "ok") == verdict(CONTAINERS_188, stack)


def test_a_container_without_health_check_says_nothing_of_health():
    assert "Up 25 seconds" == listed(rebooted(run=81), "110")["gitea"]
    assert inspected(well(), "gitea", "110")["health"] is None


def test_the_daemon_notes_at_its_start_that_a_container_was_dead():
    stack = rebooted(run=200)
    boot = view(stack, "188").time(0).strftime("%Y-%m-%dT%H:%M:%S")
    assert boot < finished(stack, "litellm") < inspected(stack, "litellm")["started"]


def test_what_waits_in_vain_becomes_unhealthy():
    stack = rebooted(("188/postgresql", "damaged"), run=101)
    assert "Up 50 seconds (health: starting)" == listed(stack)["momo-pro-system"]
    stack.advance(stack.now + 200)
    assert "Up 4 minutes (unhealthy)" == listed(stack)["momo-pro-system"]


@pytest.mark.parametrize(
    ("part", "fault", "health"),
    [
        ("litellm", "failing", "unhealthy"),
        ("litellm", "frozen", "unhealthy"),
        ("momo-scheduler", "failing", "healthy"),
        ("momo-scheduler", "frozen", "unhealthy"),
    ],
)
def test_a_health_check_sees_what_it_looks_at(part, fault, health):
    stack = after(event(10, parts={f"188/{part}": fault}))
    assert health == inspected(stack, part)["health"]


def test_a_stopped_container_exited_when_it_was_stopped():
    stack = after(event(10, parts={"188/litellm": "stopped"}), run=41)
    assert "Exited (0) 30 seconds ago" == listed(stack)["litellm"]
    found = inspected(stack, "litellm")
    assert (found["state"], found["exit_code"], found["health"]) == ("exited", 0, "unhealthy")
    assert found["started"] < finished(stack, "litellm")


def test_a_container_that_nothing_started_ended_before_the_power_was_lost():
    stack = rebooted(("188/litellm", "stopped"))
    assert "Exited (0) About an hour ago" == listed(stack)["litellm"]
    assert inspected(stack, "litellm")["started"] < finished(stack, "litellm")


def test_a_damaged_container_loops_ever_slower():
    stack = after(event(10, parts={"188/momo-scheduler": "damaged"}), run=12)
    first = inspected(stack, "momo-scheduler")
    stack.advance(120)
    second = inspected(stack, "momo-scheduler")
    assert ("restarting", 1, "restarting", 1) == (
        first["state"],
        first["exit_code"],
        second["state"],
        second["exit_code"],
    )
    assert first["restarts"] < second["restarts"] == 11
    assert "Restarting (1) 6 seconds ago" == listed(stack)["momo-scheduler"]
    assert ("unmet", "restart-loop") == verdict(CONTAINERS_188, stack)


@pytest.mark.parametrize(
    ("elapsed", "ends", "ago"),
    [(0, 1, 0), (0.05, 1, 0.05), (0.1, 2, 0), (0.3, 3, 0), (0.7, 4, 0), (102.3, 11, 0), (222.3, 13, 0)],
)
def test_the_wait_doubles_from_a_tenth_of_a_second_to_a_minute(elapsed, ends, ago):
    found = loop(elapsed + 1e-9)
    assert (ends, pytest.approx(ago, abs=1e-6)) == found


def test_a_container_that_was_mended_is_as_old_as_that():
    stack = after(
        event(10, parts={"188/momo-scheduler": "stopped"}),
        event(50, parts={"188/momo-scheduler": "well"}),
        run=62,
    )
    assert "Up 12 seconds (health: starting)" == listed(stack)["momo-scheduler"]
    assert finished(stack, "momo-scheduler") < inspected(stack, "momo-scheduler")["started"]
    assert "unobserved" == verdict(REGISTERED, stack)[0]
    stack.advance(90)
    assert ("met", "ok") == verdict(REGISTERED, stack)
    assert ("met", "ok") == verdict(CONTAINERS_188, stack)


def test_containers_end_with_their_daemon_and_start_with_it_anew():
    stack = after(event(10, parts={"188/docker": "stopped"}), event(60, parts={"188/docker": "well"}), run=100)
    assert listed(stack)["litellm"].startswith("Up 31 seconds")
    assert rfc3339(EPOCH + 11) == finished(stack, "litellm")


def test_containers_outlive_a_frozen_daemon():
    stack = after(event(10, parts={"188/docker": "frozen"}), event(60, parts={"188/docker": "well"}), run=300)
    assert "Up 9 minutes (healthy)" == listed(stack)["litellm"]


def test_jobs_count_as_registered_only_once_the_scheduler_is_up():
    stack = rebooted(run=80)
    assert "全部排程任務已註冊" in logged(stack), "from before the power loss"
    assert ("unmet", "too-few") == verdict(REGISTERED, stack)
    stack.advance(stack.now + 30)
    assert ("met", "ok") == verdict(REGISTERED, stack)


def test_a_scheduler_without_its_database_says_so_and_has_registered_nothing():
    stack = rebooted(("188/momo-db", "damaged"))
    assert logged(stack).splitlines()[-1].endswith("等待 momo-db")
    assert ("unmet", "too-few") == verdict(REGISTERED, stack)


def test_a_scheduler_that_loses_its_database_says_so():
    stack = after(event(10, parts={"188/momo-db": "stopped"}), run=20)
    assert "momo-db 連線中斷: server closed the connection unexpectedly" in logged(stack)


def test_a_failing_scheduler_is_healthy_and_refused_by_google_drive():
    stack = after(event(10, parts={"188/momo-scheduler": "failing"}), run=400)
    assert ("met", "ok") == verdict(CONTAINERS_188, stack)
    assert ("unmet", "signature") == verdict(REGISTERED, stack)


def test_a_stopped_scheduler_has_registered_nothing():
    stack = after(event(10, parts={"188/momo-scheduler": "stopped"}), run=20)
    assert ("unmet", "not-running") == verdict(REGISTERED, stack)


@pytest.mark.parametrize("run", [52.0, 57.0, 75.0, 96.0, 130.0, 163.0, 400.0])
@pytest.mark.parametrize("host", ["110", "188"])
def test_no_time_is_in_the_future_and_none_of_a_running_container_before_the_boot(run, host):
    stack = rebooted(("188/litellm", "damaged"), ("110/kafka", "stopped"), run=max(run, 60.0 if host == "110" else 0))
    here = view(stack, host)
    for one in present(here):
        found = life(here, one)
        assert max(found.started, found.finished) <= stack.now
        if found.state == "running":
            assert 0 < found.finished < found.started


@pytest.mark.parametrize("fault", ["stopped", "damaged", "failing", "frozen"])
@pytest.mark.parametrize("host", ["110", "188"])
def test_every_state_of_a_container_is_in_words_that_docker_prints(host, fault):
    stack = rebooted(*((f"{host}/{one.part}", fault) for one in CONTAINERS[host] if one.part), run=56)
    for _ in range(12):
        assert all(STATUS.fullmatch(status) for status in listed(stack, host).values())
        for one in CONTAINERS[host]:
            found = inspected(stack, one.name, host)
            assert found["state"] in {"running", "restarting", "exited"}
            assert found["health"] in ({None} if one.check == "none" else {"starting", "healthy", "unhealthy"})
        stack.advance(stack.now + 17)


def test_the_lines_of_a_log_are_in_order_and_not_from_the_future():
    stack = rebooted(run=400)
    stamps = [line.split(" ")[0] for line in logged(stack).splitlines()]
    assert stamps == sorted(stamps)
    assert stamps[-1] <= rfc3339(EPOCH + stack.now)
