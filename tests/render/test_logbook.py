"""An entry of the logbook: what was, who took responsibility for what, and room for what was done by hand."""

from datetime import UTC, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.render.html.everything import everything
from tests.render.html.timed import asked, asking, run_of
from tests.render.reports import AT, SCENARIOS, check, gate, report
from tests.render.test_markdown import NASTY, kinds

from coldstart.decisions import Accepted, AcceptItem, AcceptState, ConditionItem, Decision, ReleaseItem
from coldstart.outcome import Outcome, Result, Severity
from coldstart.reason import Reason
from coldstart.render.escape_md import cell, code
from coldstart.render.logbook import render

TAIPEI = timezone(timedelta(hours=8))


def entry(name):
    return render(SCENARIOS[name](), zone=TAIPEI)


def warned(**fields):
    over = Outcome.unmet(Reason.OVER_LIMIT, "1.74 per core")
    return check("P0/load", "188", "load is low", over, severity=Severity.WARN, **fields)


def of(*checks, result=Result.DEGRADED, **fields):
    return render(report([gate("P0", "data", checks)], result=result, headline=result, **fields), zone=TAIPEI)


PLAIN = kinds(render(everything("word"), zone=UTC))


@pytest.mark.parametrize("text", [text for text in NASTY if "\n" not in text])
def test_hostile_text_changes_nothing_of_the_structure(text):
    assert PLAIN == kinds(render(everything(text), zone=UTC))


@given(st.text(min_size=1).filter(lambda text: text.strip()))
def test_no_text_at_all_changes_the_structure(text):
    assert PLAIN == kinds(render(everything(f"x{text}x"), zone=UTC))


def test_the_title_has_the_date_in_local_time_and_in_utc_and_the_result():
    assert "## 2026-05-29 04:26:40 +0800 (2026-05-28 20:26:40Z): BLOCKED" == entry("blocked_at_data").partition("\n")[0]


def test_where_both_are_one_day_the_date_is_said_once():
    assert "(20:26:40Z): BLOCKED" in render(SCENARIOS["blocked_at_data"](), zone=UTC).partition("\n")[0]


def test_the_summary_has_headline_root_counts_and_baseline():
    text = entry("blocked_at_data")
    assert "**BLOCKED at P0-188-DATA on 188: PostgreSQL accepts connections — observed: no response on" in text
    assert "- root: `P0-188-DATA/postgresql@188` (+1 more in this gate)\n" in text
    assert "- checks: 14 passed, 2 blocked, 18 held\n" in text
    assert "- baseline: full-stack-cold-start, sha256 5e884898da28\n- coldstart 0.1.0\n" in text


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_gate_host_and_failure_is_in_it(name):
    made, text = SCENARIOS[name](), entry(name)
    for host in made.hosts:
        assert f"\n| {cell(host.name)} | {cell(host.address)} | {cell(host.boot_id or 'not read')} |" in text
    for one in made.gates:
        assert f"\n| {cell(one.name)} | " in text
        bad = {result.id for result in one.checks if result.verdict in ("WARN", "BLOCKED")}
        assert bad == {result.id for result in one.checks if f"\n- {code(result.id)}" in text}


def test_a_gate_has_the_time_from_its_first_read_to_its_last():
    shared = asked("shared", 1, 2)
    made = run_of(
        asking("A", asked("a", 0, 1), shared),
        asking("B", asked("b", 60, 150), asked("c", 61, 62), needs=["A"]),
        asking("C", shared, needs=["B"]),
        asking("D", needs=["C"]),
    )
    text = render(made, zone=TAIPEI)
    assert "| A | gate A | PASS | 04:26:40 | 04:26:42 | 2.0 s |" in text
    assert "| B | gate B | PASS | 04:27:40 | 04:29:10 | 1 min 30 s |" in text
    assert "| C | gate C | PASS | - | - | answered before |" in text
    assert "| D | gate D | not asked | - | - | not asked |" in text


def test_a_warning_that_nobody_accepted_says_so():
    assert "    - observed: `1.74 per core`\n    - accepted by nobody\n" in of(warned())


def test_an_accepted_warning_says_by_whom_until_when_and_why():
    accepted = Accepted(reason="import runs until noon", by="wooo", until=AT + 3600, source="accepts.yml:3")
    text = of(warned(accepted=accepted), result=Result.GREEN)
    assert "- accepted by wooo, until 2026-05-29 05:26:40 +0800 (2026-05-28 21:26:40Z): import runs until noon" in text
    assert "(`accepts.yml:3`)\n" in text


def test_one_host_with_an_accept_and_one_without_are_two_lines():
    other = warned().model_copy(update={"host": "110"})
    text = of(warned(accepted=Accepted(reason="known")), other)
    assert "- `P0/load` on `110`: load is low\n" in text
    assert "- `P0/load` on `188`: load is low\n" in text


def test_an_accept_that_counts_no_more_is_told():
    item = AcceptItem(
        check="P0/load", state=AcceptState.VOID, says="1.74 is worse than 1.2", accepted=Accepted(reason="known")
    )
    assert "- `P0/load`: **void**: 1.74 is worse than 1.2\n" in of(warned(), accepts=(item,))


def test_what_could_not_be_observed_is_called_so():
    assert "    - **NOT OBSERVED**: `tool missing on the host: pg_isready: command not found`" in entry(
        "not_observed_beside_observed"
    )


def test_a_release_that_is_held_names_each_unmet_condition():
    conditions = (
        ConditionItem(claim="P0 is green", met=True),
        ConditionItem(claim="load below 1.0 for 15 minutes", met=False, why="11m of 15m"),
        ConditionItem(claim="the commander agrees", met=None, by_hand="ask"),
    )
    held = ReleaseItem(
        name="runner", title="Runners and CD", decision=Decision.HOLD, conditions=conditions, early="runner@1"
    )
    free = ReleaseItem(name="momo", title="momo", decision=Decision.RELEASE, conditions=conditions[:1])
    text = of(warned(), releases=(held, free))
    assert "- [ ] **HOLD** `runner`: Runners and CD\n    - runs already: `runner@1`\n" in text
    assert "    - not met: load below 1.0 for 15 minutes: 11m of 15m\n" in text
    assert "the commander agrees: by hand: ask\n" in text
    assert "- [x] **RELEASE** `momo`: momo\n" in text


def test_the_criteria_are_a_list_with_boxes():
    text = entry("done_criteria")
    assert (
        "- [x] `ssh`: Four hosts reachable by SSH.\n- [ ] `data`: 188 PostgreSQL and Redis healthy. (not done): "
        in text
    )


def test_there_is_room_for_what_was_done_by_hand():
    assert entry("all_green").endswith(
        "### Manual repairs\n\n| time | who | what | approved by | evidence |\n|---|---|---|---|---|\n"
        + "|  |  |  |  |  |\n" * 3
    )
