"""`coldstart diff`: what changed between two runs that are kept."""

import json

import pytest
from tests.history.reports import BOOT_A, CLOCK, NOW, run, verdict_check

from coldstart.__main__ import main
from coldstart.decisions import Accepted, Decision, ReleaseItem
from coldstart.history import History, Limits
from coldstart.outcome import DoneItem, Result, Verdict

PASS, WARN, BLOCKED, HELD = Verdict


@pytest.fixture
def keep(tmp_path):
    def add(*reports, limits=None):
        with History.open(tmp_path, CLOCK, limits=limits) as history:
            for report in reports:
                assert history.add(report, command="check")

    return add


@pytest.fixture
def diff(tmp_path, capsys):
    def told(*arguments, code=0):
        assert code == main(["diff", "--state-dir", str(tmp_path), "--ascii", *arguments])
        shown = capsys.readouterr()
        return shown.out if code == 0 else shown.err

    return told


def test_result_gates_and_checks_that_changed_are_told(keep, diff):
    keep(run(p1=BLOCKED), run(NOW + 60))
    lines = diff("1", "2").splitlines()
    assert lines[0].startswith("run 1  ")
    assert lines[1].startswith("run 2  ")
    assert ["", "result         BLOCKED -> GREEN", "gates          P1  BLOCKED -> PASS"] == lines[2:5]
    assert ["checks         P1/up@b  BLOCKED -> PASS  good"] == lines[5:]


def test_a_host_that_rebooted_is_told(keep, diff):
    keep(run(), run(NOW + 60, boots={"a": BOOT_A, "b": "cccccccc-0000"}))
    assert "rebooted       b  boot bbbbbbbb -> boot cccccccc  it rebooted in between\n" in diff("last~1", "last")


def test_checks_that_only_one_of_them_has_are_named(keep, diff):
    before = run()
    more = (*before.gates[0].checks, verdict_check("P0/new", "a", PASS), verdict_check("P0/new", "b", PASS))
    after = before.model_copy(update={"gates": (before.gates[0].model_copy(update={"checks": more}), before.gates[1])})
    keep(before, after)
    assert "only in 2      P0: new (a b)\n" in diff("1", "2")
    assert "only in 2      P0: new (a b)\n" in diff("2", "1")


def test_criteria_and_releases_that_changed_are_told(keep, diff):
    def with_ends(decision, *, done):
        release = ReleaseItem(name="runner", title="runners", decision=decision, conditions=())
        return run(done=(DoneItem(id="ssh", claim="all answer", done=done),), releases=(release,))

    keep(with_ends(Decision.HOLD, done=None), with_ends(Decision.RELEASE, done=True))
    said = diff("1", "2")
    assert "done           ssh  not known -> done\n" in said
    assert "releases       runner  HOLD -> RELEASE\n" in said


def test_a_warning_that_was_accepted_in_between_is_told(keep, diff):
    before = run(p0=WARN, result=Result.DEGRADED)
    check = before.gates[0].checks[0].model_copy(update={"accepted": Accepted(reason="known")})
    gate = before.gates[0].model_copy(update={"checks": (check,)})
    keep(before, before.model_copy(update={"gates": (gate, before.gates[1])}))
    assert "accepted       P0/load@a  not accepted -> accepted (known)\n" in diff("1", "2")


def test_nothing_changed(keep, diff):
    keep(run(), run(NOW + 60))
    assert "Nothing changed: the same verdicts and reasons, on the same boots.\n" in diff("1", "2")


def test_the_same_run_twice(keep, diff):
    keep(run())
    assert "Both are run 1: nothing to compare.\n" == diff("1", "last")


def test_what_to_know_before_reading_it(keep, diff):
    keep(run(NOW + 60), run(baseline_sha256="0" * 64, narrowed=("--only P0",)))
    said = diff("1", "2")
    assert "the baseline was changed between them\n" in said
    assert "the first one given is the later one\n" in said
    assert "the second was narrowed by --only P0\n" in said


def test_as_json(keep, diff):
    keep(run(p1=BLOCKED), run(NOW + 60))
    said = json.loads(diff("1", "2", "-o", "json"))
    assert (1, 2, True) == (said["before"]["id"], said["after"]["id"], said["changed"])
    assert {"name": "result", "before": "BLOCKED", "after": "GREEN", "observed": ""} == said["result"]
    assert [{"name": "P1/up@b", "before": "BLOCKED", "after": "PASS", "observed": "good"}] == said["checks"]
    assert [] == said["hosts"]


def test_a_report_that_is_not_kept_any_more_ends_with_3(keep, diff):
    keep(run(), run(), limits=Limits(reports=1))
    assert "run 1: only its verdicts are kept" in diff("1", "2", code=3)


@pytest.mark.parametrize(
    ("names", "said"), [(("1", "7"), "7: no such run: 1 are kept"), (("x", "1"), "x: a run is named by its number")]
)
def test_a_run_that_is_not_there_ends_with_3(keep, diff, names, said):
    keep(run())
    assert said in diff(*names, code=3)
