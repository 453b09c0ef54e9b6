"""What holds for every table, whatever the report."""

import re

import pytest
from tests.render import reports
from tests.render.reports import SCENARIOS

from coldstart.outcome import Outcome, Result, Verdict
from coldstart.reads import Command
from coldstart.reason import Reason
from coldstart.render import table
from coldstart.render.asked import in_brief
from coldstart.render.wrap import width_of

SGR = re.compile(r"\x1b\[[0-9;]*m")


def rendered(name: str, *, width: int = 80, color: bool = False, ascii_only: bool = False) -> str:
    return table.render(SCENARIOS[name](), width=width, color=color, ascii=ascii_only)


@pytest.mark.parametrize("width", [80, 140])
@pytest.mark.parametrize("name", [name for name in SCENARIOS if name != "hostile_text"])
def test_no_line_stands_over_the_width_or_ends_in_spaces(name, width):
    lines = rendered(name, width=width).split("\n")
    assert [] == [line for line in lines if width_of(line) > width or line != line.rstrip()]


def test_only_an_unbreakable_word_stands_over_the_width():
    url = "https://" + "x" * 200
    down = reports.pg_ready(Outcome.unmet(Reason.BODY_MISMATCH, f"asked {url} and got a login page", expected="ok"))
    report = reports.report(
        [reports.data(down)], result=Result.BLOCKED, headline="", root=reports.root_of(down, holds=())
    )
    lines = table.render(report, width=80, color=False, ascii=False).splitlines()
    cut_in_the_first_line, whole = (line.strip() for line in lines if width_of(line) > 80)
    assert url == whole
    assert url.startswith(cut_in_the_first_line.rstrip("…"))


@pytest.mark.parametrize("name", SCENARIOS)
def test_colour_adds_only_colour(name):
    coloured = rendered(name, color=True)
    assert coloured != rendered(name)
    assert rendered(name) == SGR.sub("", coloured)


@pytest.mark.parametrize("name", sorted(set(SCENARIOS) - {"chinese_hints"}))
def test_ascii_output_is_ascii_when_the_report_is(name):
    assert rendered(name, ascii_only=True).isascii()


def test_the_first_line_is_the_root():
    first, *rest = rendered("blocked_at_data", width=140).splitlines()
    assert first == (
        "BLOCKED at P0-188-DATA on 188: PostgreSQL accepts connections — observed: no response on localhost:5432"
    )
    assert "  check       P0-188-DATA/postgresql@188 (+1 more in this gate)" == rest[0]
    assert rest[1].startswith("  holds back  P1-K3S, P2-")
    assert rest[3] == "  SOP         4.3"


def test_the_host_is_not_said_twice_when_the_claim_names_it():
    down = reports.pg_down().model_copy(update={"claim": "PostgreSQL accepts connections on 188"})
    report = reports.report([reports.data(down)], result=Result.BLOCKED, headline="", root=reports.root_of(down))
    first = table.render(report, width=140, color=False, ascii=False).splitlines()[0]
    assert first.startswith("BLOCKED at P0-188-DATA: PostgreSQL accepts connections on 188 — observed:")


def test_what_could_not_be_observed_is_never_called_observed():
    text = rendered("not_observed_beside_observed", width=140)
    assert "NOT OBSERVED: tool missing on the host" in text.splitlines()[0]
    assert "    NOT OBSERVED  tool missing on the host: pg_isready: command not found\n" in text
    assert "    observed      LOADING Redis is loading the dataset in memory\n" in text
    assert not re.search(r"observed +(tool missing|pg_isready)", text)


def test_an_unreachable_host_is_one_row_with_what_it_cost():
    text = rendered("unreachable_host")
    root_and_row = 2
    assert root_and_row == text.count("192.168.0.120:22 did not answer")
    assert "  × host 120    NOT OBSERVED: connect timed out (10 checks)\n" in text
    assert text.count("\n  ×") == 1
    assert "√ k3s-unit" in text


@pytest.mark.parametrize("reason", [Reason.PORT_CLOSED, Reason.DEADLINE])
def test_what_is_not_about_the_way_to_the_host_is_not_merged(reason):
    checks = [
        reports.check(
            f"P0-188-DATA/port-{at}",
            "188",
            f"port {at} is open",
            Outcome.unmet(reason, "shut") if reason.observed else Outcome.unobserved(reason, "slow"),
        )
        for at in range(3)
    ]
    gates = [reports.gate("P0-188-DATA", "data", checks)]
    text = table.render(
        reports.report(gates, result=Result.BLOCKED, headline="", root=reports.root_of(checks[0])),
        width=80,
        color=False,
        ascii=False,
    )
    assert text.count("\n  × port-") == 3


def test_a_narrowed_run_says_why_and_never_green():
    text = rendered("narrowed_all_passed")
    assert "GREEN" not in text
    assert "narrowed by --only P0-NETWORK: this says nothing of the whole stack" in text


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_gate_and_every_failed_check_is_there(name):
    report = SCENARIOS[name]()
    text = rendered(name, width=140)
    for gate in report.gates:
        assert gate.name in text
    failed = [check for gate in report.gates for check in gate.checks if check.verdict is Verdict.BLOCKED]
    missing = [check.id for check in failed if check.id.partition("/")[2] not in text]
    counted_only = {"unreachable_host": ["P1-K3S/root-fs", "P1-K3S/journal"]}
    assert counted_only.get(name, []) == missing


def test_held_gates_are_one_line_each_with_the_number_of_checks_not_asked():
    lines = rendered("blocked_at_data").splitlines()
    assert "· P1-K3S                  held by P0-188-DATA (3 checks not asked)" in lines
    assert 4 == sum(line.startswith("·") for line in lines)


def test_the_result_line_names_exit_code_and_next_step():
    assert "\nBLOCKED, exit 2: release nothing; fix P0-188-DATA first, then run again\n" in rendered("blocked_at_data")
    assert "\nCHECK_FAILED, exit 3: no verdict" in rendered("interrupted")


def test_a_failed_alternative_of_a_good_group_is_no_alarm():
    row = next(line for line in rendered("any_of_groups").splitlines() if "ollama is active" in line)
    assert row.startswith("    - ollama")


def test_a_hint_is_given_once_for_a_check_that_failed_differently_on_two_hosts():
    checks = [
        reports.check(
            "P0-NETWORK/failed-units",
            host,
            "no unit has failed",
            Outcome.unmet(Reason.FAILED, f"{unit} failed"),
            hint="Look at its journal.",
        )
        for host, unit in (("110", "cron"), ("188", "nginx"))
    ]
    report = reports.report(
        [reports.gate("P0-NETWORK", "net", checks)],
        result=Result.BLOCKED,
        headline="",
        root=reports.root_of(checks[0], also=1).model_copy(update={"hint": ""}),
    )
    text = table.render(report, width=80, color=False, ascii=False)
    assert 1 == text.count("Look at its journal.")
    assert "cron failed" in text
    assert "nginx failed" in text


def test_verbose_says_what_was_observed_on_each_host_where_it_differs():
    checks = [
        reports.check("P0/load", host, "load is low", Outcome.met(said))
        for host, said in zip("abc", "112", strict=True)
    ]
    report = reports.report([reports.gate("P0", "p", checks)], result=Result.GREEN, headline="GREEN")
    lines = table.render(report, width=80, color=False, ascii=False, verbose=True).splitlines()
    at = lines.index("  √ load  load is low  a b c")
    assert ["    observed      a b: 1", "                  c: 2"] == lines[at + 1 : at + 3]


def test_an_argument_that_is_a_whole_program_is_cut_as_one_word():
    program = "--command=SELECT 'a b', " + "column_one, " * 30
    read = Command(host="188", argv=("psql", "--quiet", program, "-X"))
    assert in_brief(read).text == "psql --quiet '--command=SELECT '\"'\"'a b'\"'\"', column_… -X"
    assert len(read.describe()) > 300
