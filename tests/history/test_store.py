"""What is kept of a run, and what can be asked of it later."""

import os
import sqlite3
import stat
import zlib
from contextlib import closing
from pathlib import Path

import pytest
from tests.history.children import become_nobody, result_of
from tests.history.reports import BOOT_A, CLOCK, NAME, NOW, run
from tests.render.reports import SCENARIOS, check, gate

from coldstart.decisions import Decision, ReleaseItem
from coldstart.errors import UsageError
from coldstart.history import History
from coldstart.outcome import HostFacts, Outcome, Result, Verdict
from coldstart.reason import Reason
from coldstart.samples import Sample

PASS, WARN, BLOCKED, HELD = Verdict


@pytest.fixture
def kept(tmp_path):
    with History.open(tmp_path / "state", CLOCK) as history:
        yield history
        assert () == history.problems


def test_nothing_is_made_on_the_disk_before_a_run_is_kept(kept, tmp_path):
    assert () == kept.runs()
    assert {} == kept.past(NAME, 0)
    assert None is kept.last_green(NAME)
    assert () == kept.times_to_green(NAME)
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_report_comes_back_as_it_was(kept, name):
    report = SCENARIOS[name]()
    number = kept.add(report, command="check")
    assert report == kept.report(str(number))


def test_the_files_are_for_their_owner_alone(kept, tmp_path):
    old = os.umask(0)
    try:
        kept.add(run(), command="check")
    finally:
        os.umask(old)
    assert 0o700 == stat.S_IMODE((tmp_path / "state").stat().st_mode)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "state").iterdir()}
    assert {"history.db", "history.db-wal", "history.db-shm", "history.db.lock"} == set(modes)
    assert {0o600} == set(modes.values())


def test_a_file_that_others_may_read_is_closed_to_them(tmp_path):
    with History.open(tmp_path, CLOCK) as history:
        history.add(run(), command="check")
    (tmp_path / "history.db").chmod(0o644)
    with History.open(tmp_path, CLOCK) as history:
        assert 1 == len(history.runs())
    assert 0o600 == stat.S_IMODE((tmp_path / "history.db").stat().st_mode)


def test_a_directory_that_was_there_keeps_its_mode(tmp_path):
    tmp_path.chmod(0o755)
    with History.open(tmp_path, CLOCK) as history:
        history.add(run(), command="check")
    assert 0o755 == stat.S_IMODE(tmp_path.stat().st_mode)


def test_without_a_directory_the_user_s_own_is_taken(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert tmp_path / "coldstart" / "history.db" == History.open(None, CLOCK).path


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a user whom nobody knows")
def test_without_a_home_there_is_no_history_and_it_is_said():
    def homeless():
        become_nobody(54321)
        os.environ.pop("XDG_STATE_HOME", None)
        os.environ.pop("HOME", None)
        with History.open(None, CLOCK) as history:
            return history.add(run(), command="check"), history.problems

    number, problems = result_of(homeless)
    assert None is number
    assert 1 == len(problems)
    assert "home directory" in problems[0]


def test_runs_come_newest_first(kept):
    for attempt in (1, 2, 3):
        kept.add(run(NOW + attempt, p1=BLOCKED), command="watch", series="s", attempt=attempt)
    runs = kept.runs(2)
    assert [(3, "watch", "s", 3), (2, "watch", "s", 2)] == [
        (one.id, one.command, one.series, one.attempt) for one in runs
    ]
    assert (Result.BLOCKED, NOW - 1, NOW + 3, True) == (runs[0].result, runs[0].started, runs[0].ended, runs[0].whole)


def test_runs_of_one_baseline_or_with_one_gate(kept):
    kept.add(run(p1=HELD), command="check")
    kept.add(SCENARIOS["all_green"](), command="check")
    assert [1] == [one.id for one in kept.runs(baseline=NAME)]
    assert [(1, HELD)] == [(one.id, one.verdict) for one in kept.runs(gate="P1")]
    assert () == kept.runs(gate="P9")
    assert ("P0", "P1") == kept.gates(NAME)


def test_runs_are_named_by_number_or_from_the_last(kept):
    for _ in range(3):
        kept.add(run(), command="check")
    assert [3, 2, 1, 2] == [kept.find(name).id for name in ("last", "last~1", "last~2", "2")]


@pytest.mark.parametrize("name", ["", "first", "last~", "-1", "1.0", "last~1x", "\u0661", " 1", "9" * 40])
def test_what_names_no_run_is_refused(kept, name):
    kept.add(run(), command="check")
    with pytest.raises(UsageError, match=r"a run is named by its number, or as last"):
        kept.find(name)


@pytest.mark.parametrize("name", ["2", "last~1", "999999999999999"])
def test_a_run_that_is_not_there_is_told_with_those_that_are(kept, name):
    kept.add(run(), command="check")
    with pytest.raises(UsageError, match=r"no such run: 1 are kept, from 1 to 1"):
        kept.report(name)


def test_the_first_run_is_still_to_come(kept):
    with pytest.raises(UsageError, match=r"no run is kept in .*history\.db; coldstart check keeps"):
        kept.report("last")


def test_a_sample_says_when_how_and_on_which_boot(kept):
    kept.add(run(NOW + 60, p0=PASS, measure=0.5), command="check")
    kept.add(run(NOW, p0=BLOCKED, measure=2.5), command="check")
    assert [
        Sample(NOW, good=False, boot=BOOT_A, measure=2.5),
        Sample(NOW + 60, good=True, boot=BOOT_A, measure=0.5),
    ] == kept.past(NAME, 0)["P0/load@a"]


def test_a_warning_is_not_good(kept):
    kept.add(run(p0=WARN), command="check")
    assert [False] == [sample.good for sample in kept.past(NAME, 0)["P0/load@a"]]


@pytest.mark.parametrize("verdict", [HELD, None])
def test_what_was_not_asked_gives_no_sample(kept, verdict):
    kept.add(run(p1=verdict), command="check")
    assert {"P0/load@a"} == set(kept.past(NAME, 0))


def test_samples_begin_where_they_are_asked_to(kept):
    for at in (NOW, NOW + 60, NOW + 120):
        kept.add(run(at), command="check")
    assert [NOW + 60, NOW + 120] == [sample.at for sample in kept.past(NAME, NOW + 60)["P0/load@a"]]
    assert {} == kept.past("another baseline", 0)


@pytest.mark.parametrize("fields", [{"narrowed": ("--only P0",)}, {"result": Result.CHECK_FAILED}])
def test_a_run_that_cannot_speak_for_the_stack_gives_no_samples_and_no_times(kept, fields):
    number = kept.add(run(**fields), command="check")
    assert {} == kept.past(NAME, 0)
    assert () == kept.recoveries(NAME)
    assert number == kept.find("last").id


@pytest.mark.parametrize(
    "host",
    [
        HostFacts(name="a", address="", boot_id=None),
        HostFacts(name="a", address="", boot_id=BOOT_A, problem="rebooted"),
        HostFacts(name="c", address="", boot_id=BOOT_A),
    ],
)
def test_without_one_proven_boot_a_sample_has_none(kept, host):
    kept.add(run(hosts=(host,)), command="check")
    assert [None] == [sample.boot for sample in kept.past(NAME, 0)["P0/load@a"]]


def test_the_alternatives_of_a_group_have_samples_of_their_own(kept):
    member = check("P0/either.one", "a", "holds", Outcome.met("good"))
    group = check("P0/either", None, "holds", Outcome.met("good"), members=(member,))
    report = run()
    gates = (report.gates[0].model_copy(update={"checks": (group,)}),)
    kept.add(report.model_copy(update={"gates": gates}), command="check")
    past = kept.past(NAME, 0)
    assert [None] == [sample.boot for sample in past["P0/either"]]
    assert [BOOT_A] == [sample.boot for sample in past["P0/either.one@a"]]


def test_good_but_not_for_long_enough_yet_is_a_good_sample(kept):
    """What must hold for some time adds up from runs in which it did not hold for long enough."""
    waits = check("P0/load", "a", "low", Outcome.unmet(Reason.NOT_LONG_ENOUGH, "4m of 15m"), verdict=Verdict.WARN)
    kept.add(run(gates=(gate("P0", "first", [waits]),)), command="check")
    (sample,) = kept.past(NAME, 0.0)["P0/load@a"]
    assert sample.good


def released(name: str, decision: Decision) -> ReleaseItem:
    return ReleaseItem(name=name, title=name, decision=decision, conditions=())


def test_what_was_released_is_known_with_the_boots_of_then(kept):
    kept.add(
        run(releases=(released("runners", Decision.RELEASE), released("ai", Decision.HOLD)), boots={"110": BOOT_A}),
        command="check",
    )
    kept.add(run(NOW + 60, releases=(released("runners", Decision.HOLD),)), command="check")
    assert {"runners"} == set(kept.released(NAME))
    assert BOOT_A == kept.released(NAME)["runners"]["110"]
    assert {} == kept.released("another baseline")


def test_a_narrowed_run_releases_nothing_for_later(kept):
    kept.add(run(releases=(released("runners", Decision.RELEASE),), narrowed=("--only P0",)), command="check")
    assert {} == kept.released(NAME)


def test_the_last_green_is_the_newest_of_its_baseline(kept):
    kept.add(run(NOW + 60), command="check")
    kept.add(run(NOW), command="check")
    kept.add(run(NOW + 120, p1=BLOCKED), command="check")
    assert NOW + 60 == kept.last_green(NAME)
    assert None is kept.last_green("another baseline")


def test_hostile_text_is_kept_visible(kept):
    kept.add(run(), command="check\x1b[2J", series="\ud800\u202e")
    assert ("check\\x1b[2J", "\\ud800\\u202e") == (kept.find("last").command, kept.find("last").series)


def test_what_cannot_be_written_as_json_is_a_problem_and_no_error(tmp_path):
    with History.open(tmp_path, CLOCK) as history:
        assert None is history.add(run(version="\ud800"), command="check")
        assert "this run was not kept" in history.problems[0]


def test_a_report_of_another_version_is_told_as_one(kept, tmp_path):
    kept.add(run(version="9.9"), command="check")
    _execute(kept.path, "UPDATE reports SET body = ?", (_compressed('{"new": 1}'),))
    with pytest.raises(UsageError, match=r"run 1: its report is of coldstart 9\.9, and this one cannot read it"):
        kept.report("1")


def test_a_damaged_report_is_told_as_one(kept):
    kept.add(run(), command="check")
    _execute(kept.path, "UPDATE reports SET body = ?", (b"x",))
    with pytest.raises(UsageError, match=r"run 1: its report is damaged"):
        kept.report("1")


def _execute(path: Path, statement: str, values: tuple[bytes, ...]) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement, values)


def _compressed(text: str) -> bytes:
    return zlib.compress(text.encode())
