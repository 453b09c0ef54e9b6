"""date, hostname, who, last and timedatectl of a drill's host."""

import pytest
from tests.drill.judged import cases, concluded, expected, healthy, judged
from tests.drill.recorded import EPOCH, cold, recorded, shape, view

from coldstart.drill.replies import say
from coldstart.drill.scenario import Event

LAST = ("last", "-x", "--time-format", "iso", "-n", "20", "reboot", "shutdown")
EVERYWHERE = {"110": "on", "120": "on", "121": "on", "188": "on"}


@pytest.mark.parametrize(
    "row", tuple(recorded("date", "hostname", "who", "timedatectl")), ids=lambda row: str(row.argv)
)
def test_it_prints_the_words_that_the_lab_recorded(row):
    said = say(view(healthy(), row.host), row.argv)
    assert (shape(row.stdout), row.reply.exit_status, "") == (shape(said.stdout), said.status, said.stderr)


@pytest.mark.parametrize("row", tuple(recorded("last")), ids=lambda row: row.host)
def test_last_prints_the_lab_s_line_of_a_boot_that_still_runs(row):
    said = say(view(healthy(), row.host), row.argv)
    newest, begins = row.stdout.splitlines()[0], row.stdout.splitlines()[-1]
    lines = [shape(line) for line in said.stdout.splitlines()]
    assert [shape(newest), shape(newest), "", shape(begins)] == lines


def test_last_has_no_shutdown_before_a_power_loss():
    said = say(view(cold(60, 3600), "188"), LAST)
    assert (
        "reboot   system boot  6.18.44-fc-v595  2026-11-23T22:48:53+00:00   still running\n"
        "reboot   system boot  6.18.44-fc-v595  2026-11-13T21:48:53+00:00   still running\n"
        "\n"
        "wtmp begins 2026-11-13T21:48:53+00:00\n"
    ) == said.stdout


def test_last_prints_the_newest_twenty_boots():
    stack = cold(60, 3600)
    for number in range(30):
        stack.apply(Event(at=0, say="", power={"188": "off"}))
        stack.advance(120 + 120 * number)
        stack.apply(Event(at=0, say="", power={"188": "on"}))
        stack.advance(180 + 120 * number)
    said = say(view(stack, "188"), LAST).stdout.splitlines()
    assert (20, "wtmp begins 2026-11-13T21:48:53+00:00") == (len(said) - 2, said[-1])


def test_all_say_the_same_boot_time():
    at = view(cold(600, 3600), "188")
    assert "         system boot  Nov 23 22:48\n" == say(at, ["who", "-b"]).stdout
    assert f"{EPOCH + 600:.9f}\n" == say(at, ["date", "+%s.%N"]).stdout
    assert "600.00" == say(at, ["cat", "/proc/uptime"]).stdout.split()[0]


@pytest.mark.parametrize("path", cases("reboot_evidence", "ssh_login", "clock"), ids=lambda path: path.stem)
def test_a_settled_stack_is_judged_as_the_healthy_lab(path):
    assert expected(path) == concluded(path, healthy())


@pytest.mark.parametrize("path", cases("reboot_evidence"), ids=lambda path: path.stem)
def test_a_power_loss_is_judged_an_unclean_shutdown(path):
    outcome = judged(path, cold(60, 3600))
    assert (False, 60.0) == (outcome.facts["clean_shutdown"], outcome.facts["uptime"])


def test_a_host_of_which_nothing_else_is_known_refuses_what_the_plan_does_not_ask():
    at = view(healthy(), "188")
    argvs = (
        ["date", "--set=now"],
        ["date", "tomorrow"],
        ["hostname", "other"],
        ["who"],
        ["last"],
        ["timedatectl", "set-ntp", "no"],
        ["timedatectl", "show", "--property=Timezone"],
    )
    for argv in argvs:
        said = say(at, argv)
        assert (1, "") == (said.status, said.stdout), argv
        assert said.stderr.endswith("\n"), argv
