import pytest
from tests.render import reports
from tests.render.reports import SCENARIOS

from coldstart.errors import UsageError
from coldstart.outcome import Outcome
from coldstart.render import explain


def test_a_check_is_found_on_every_host_or_on_the_one_named():
    report = SCENARIOS["all_green"]()
    assert 4 == len(explain.find(report, "P0-NETWORK/ping"))
    assert ["P0-NETWORK/ping@120"] == [found.key for found in explain.find(report, "P0-NETWORK/ping@120")]


def test_an_alternative_of_a_group_is_found():
    (found,) = explain.find(SCENARIOS["any_of_groups"](), "P0-188-DATA/dashboard.signoz")
    assert "SigNoz answers" == found.claim


def test_an_unknown_check_is_a_usage_error_with_the_nearest_name():
    with pytest.raises(UsageError, match=r"no such check in this run; did you mean .*P0-188-DATA/postgresql"):
        explain.find(SCENARIOS["all_green"](), "P0-188-DATA/postgres")


def test_a_held_check_says_for_whose_sake():
    (held,) = explain.find(SCENARIOS["blocked_at_data"](), "P1-K3S/check-0")
    assert "held by P0-188-DATA" in explain.render([held], width=80, color=False, ascii=False)


def test_long_output_is_cut_and_says_by_how_much():
    exchange = reports.ran(reports.command("188", "journalctl", "-b"), "line\n" * 100_000)
    check = reports.check("P0/x", "188", "x", Outcome.met("ok"), exchanges=(exchange,))
    lines = explain.render([check], width=80, color=False, ascii=False).splitlines()
    assert 40 == sum(line.endswith("| line") for line in lines)
    assert "499801 more characters; the JSON report has all of it" in "\n".join(lines)
