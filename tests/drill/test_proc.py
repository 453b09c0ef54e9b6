"""df, nproc and proc(5) of a drill's host."""

import pytest
from tests.drill.judged import cases, concluded, expected, healthy
from tests.drill.recorded import keys, recorded, settled, shape, view

from coldstart.drill.inventory import HOSTS
from coldstart.drill.replies import say
from coldstart.drill.scenario import Event


@pytest.mark.parametrize("row", tuple(recorded("nproc", "cat")), ids=lambda row: f"{row.host} {' '.join(row.argv)}")
def test_it_prints_the_words_that_the_lab_recorded(row):
    said = say(view(healthy(), row.host), row.argv)
    match row.argv[-1]:
        case "/proc/meminfo":
            assert keys(row.stdout, ":") == keys(said.stdout, ":")
            assert [len(line) for line in said.stdout.splitlines()] == [len(line) for line in row.stdout.splitlines()]
        case "/proc/sys/kernel/random/boot_id":
            assert [len(word) for word in row.stdout.split("-")] == [len(word) for word in said.stdout.split("-")]
        case "/proc/self/mountinfo":
            own = {line.split()[4] for line in row.stdout.splitlines() if "/lab/" not in line and "deleted" not in line}
            points = [line.split()[4] for line in said.stdout.splitlines()]
            assert own - set(points) == set()
            assert {len(line.split(" - ")[1].split()) for line in said.stdout.splitlines()} == {3}
        case _:
            assert shape(row.stdout) == shape(said.stdout)
    assert (0, "") == (said.status, said.stderr)


@pytest.mark.parametrize("row", tuple(recorded("df")), ids=lambda row: f"{row.host} {row.argv[-1]}")
def test_df_prints_the_lab_s_columns_of_a_disk_in_place_of_its_overlay(row):
    said = say(view(healthy(), row.host), row.argv)
    ours, labs = said.stdout.splitlines(), row.stdout.splitlines()
    assert [line.split()[1:-1] for line in labs] == [line.split()[1:-1] for line in ours]
    assert ("ext4", "/") == (ours[1].split()[0], ours[1].split()[-1])


@pytest.mark.parametrize("path", cases("filesystems", "memory_available", "load_per_core"), ids=lambda path: path.stem)
def test_a_settled_stack_is_judged_as_the_healthy_lab(path):
    assert expected(path) == concluded(path, healthy())


@pytest.mark.parametrize("host", HOSTS)
def test_a_host_has_its_cores_and_its_memory(host):
    at = view(healthy(), host)
    assert f"{HOSTS[host].cores}\n" == say(at, ["nproc"]).stdout
    assert f"MemTotal:{HOSTS[host].memory_kib:>15} kB" == say(at, ["cat", "/proc/meminfo"]).stdout.splitlines()[0]


def test_load_that_a_scenario_adds_is_in_the_averages():
    stack = settled(Event(at=0, say="builds", load={"110": 2.0}))
    stack.advance(900)
    one, five, fifteen, tasks, _ = say(view(stack, "110"), ["cat", "/proc/loadavg"]).stdout.split()
    assert float(one) > float(five) > float(fifteen) > 12
    assert f"{round(float(one))}/158" == tasks


def test_uptime_and_boot_id_are_those_of_the_newest_boot():
    stack = settled(Event(at=0, say="", power={"188": "off"}), Event(at=30, say="", power={"188": "on"}))
    before = say(view(stack, "120"), ["cat", "/proc/sys/kernel/random/boot_id"]).stdout
    stack.advance(90)
    at = view(stack, "188")
    assert "60.00" == say(at, ["cat", "/proc/uptime"]).stdout.split()[0]
    assert f"{stack.hosts['188'].boots[-1].id}\n" == say(at, ["cat", "/proc/sys/kernel/random/boot_id"]).stdout
    assert before == say(view(stack, "120"), ["cat", "/proc/sys/kernel/random/boot_id"]).stdout


def test_what_the_plan_does_not_ask_is_refused():
    at = view(healthy(), "188")
    output = "--output=fstype,size,used,avail,itotal,iused,iavail,target"
    assert "df: /srv: No such file or directory\n" == say(at, ["df", "--block-size=1", output, "/srv"]).stderr
    for argv in (["df"], ["df", "--all"], ["nproc", "--all"], ["df", "--block-size=1", output, "/srv"]):
        said = say(at, argv)
        assert (1, "") == (said.status, said.stdout), argv
