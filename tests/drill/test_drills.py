"""Every scenario, played by the real program over real SSH and HTTP on loopback, from the first attempt to the last."""

import json
import os
import re
from pathlib import Path

import pytest

from coldstart.__main__ import main
from coldstart.drill import library
from coldstart.outcome import Report

FAST = ("--speed", "1e9", "--quiet")
EXIT = {"GREEN": 0, "DEGRADED": 1, "BLOCKED": 2}


@pytest.fixture
def play(tmp_path, monkeypatch, capsys):
    """Play a drill: its exit code, what it printed, and its last report."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)

    def played(*arguments):
        path = tmp_path / "report.json"
        code = main(["drill", *arguments, *FAST, "-o", f"json={path}"])
        report = Report.model_validate_json(path.read_text("utf-8")) if path.exists() else None
        left = ["report.json"] if report else []
        assert left == [one.name for one in tmp_path.iterdir()], "nothing else is left behind"
        return code, capsys.readouterr().err, report

    return played


@pytest.mark.parametrize("name", library.names())
def test_coldstart_finds_at_every_attempt_what_is_wrong(name, play):
    scenario = library.load(name)
    code, said, report = play(name)
    assert "coldstart found it" in said, said[said.index("Expected against observed") :]
    assert EXIT[scenario.last.result.value] == code == report.exit_code
    assert scenario.last.gate == (report.root.gate if report.root else None)
    assert len(re.findall(r"  attempt \d+ of \d+: ", said)) == scenario.last.attempts[1]
    course = said[said.index("Expected against observed") :]
    assert len(scenario.course) == len(re.findall(r"^  √ ", course, re.MULTILINE))
    assert scenario.answer.split()[0] in course
    if name in ALSO:
        ALSO[name](report)


def a_damaged_wal_is_named_with_its_signature_and_its_section(report):
    root = report.root
    assert ("P0-188-DATA", "4.3") == (root.gate, root.sop)
    assert "invalid checkpoint record" in report.headline
    assert "pg_resetwal" in root.hint
    downstream = {check.id: check.downstream_of for gate in report.gates for check in gate.checks}
    assert "P0-188-DATA" == downstream["P1-K3S/k3s"]


def the_baseline_is_the_one_that_ships_and_every_detour_is_named(report):
    assert report.baseline.endswith("full-stack-cold-start.yml")
    assert () == report.narrowed
    assert {"110", "120", "121", "188"} <= {host.name for host in report.hosts if host.boot_id}
    assert 8 == len(report.notes)
    detour = r"connect-to: \S+ was reached at 127\.0\.0\.1:\d+"
    assert all(re.fullmatch(detour, note) for note in report.notes), report.notes


def a_runner_that_is_up_before_its_release_is_a_warning_of_its_own(report):
    assert {"HOLD"} == {item.decision for item in report.releases}
    said = {item.name: item.early for item in report.releases if item.early}
    assert {"runners": "1 unit active already on 110: actions.runner.awoooi.110-1.service"} == said
    (early,) = next(gate for gate in report.gates if gate.name == "RELEASES").checks
    assert ("RELEASES/runners", "WARN", "active-too-early") == (early.id, early.verdict, early.outcome.reason)


def nothing_runs_before_its_release(report):
    assert "RELEASES" not in {gate.name for gate in report.gates}
    assert {""} == {item.early for item in report.releases}


def the_load_of_the_last_minutes_is_read_from_prometheus(report):
    loads = [check for gate in report.gates for check in gate.checks if check.id.endswith("/load")]
    assert ["110", "188"] == sorted(check.host for check in loads)
    for check in loads:
        course = check.outcome.course
        assert course[-1].at - course[0].at > 15 * 60
        assert {True} == {point.good for point in course}


ALSO = {
    "momo-rows-differ": the_load_of_the_last_minutes_is_read_from_prometheus,
    "runner-watchdog": a_runner_that_is_up_before_its_release_is_a_warning_of_its_own,
    "clean": nothing_runs_before_its_release,
    "wal-damage": a_damaged_wal_is_named_with_its_signature_and_its_section,
    "stale-backup": the_baseline_is_the_one_that_ships_and_every_detour_is_named,
}
"""What else is said at the end of a scenario."""


def test_a_drill_that_is_not_found_says_so_and_is_no_verdict(tmp_path, play):
    mine = tmp_path.parent / f"{tmp_path.name}-mine.yml"
    text = (Path(library.__file__).parent / "scenarios" / "host-120-lost.yml").read_text("utf-8")
    mine.write_text(text.replace("check: ping", "check: login"), "utf-8")
    code, said, report = play(str(mine))
    assert (3, 2) == (code, report.exit_code)
    assert "coldstart did not find it" in said
    assert "P0-NETWORK/login" in said


def test_the_scenario_that_the_documentation_shows_works(tmp_path, play):
    page = (Path(__file__).parents[2] / "docs" / "drill.md").read_text("utf-8")
    (text,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    mine = tmp_path.parent / f"{tmp_path.name}-my-scenario.yml"
    mine.write_text(text, "utf-8")
    code, said, report = play(str(mine))
    assert (2, "P0-188-DATA") == (code, report.root.gate)
    assert "coldstart found it" in said


SHIPPED = Path(__file__).parents[2] / "baselines" / "full-stack-cold-start.yml"
OUTSIDE = {
    "tcp 192.168.0.110:2222": ("with: {port: 22}", "with: {port: 2222}"),
    "ping -n -c 2 -W 2 192.168.0.111": ("address: 192.168.0.110", "address: 192.168.0.111"),
    "GET https://mo.wooo.work:8443/health": ("https://mo.wooo.work/health", "https://mo.wooo.work:8443/health"),
    "GET http://192.168.0.125:32336": ("url: http://${vip}:32334/api/v1/web", "url: http://${vip}:32336/api/v1/web"),
    "GET http://192.168.0.125:32337/{run}": (
        "          resolves_after: 5m\n",
        '          resolves_after: 5m\n          sent: {url: "http://${vip}:32337/{run}", json: state, equals: sent}\n',
    ),
    "systemctl show": (
        'hosts: ["120", "121"]\n        hint: Without it nobody',
        'hosts: ["120", "112"]\n        severity: warn\n        hint: Without it nobody',
    ),
}
"""Changes of the baseline by which a drill would ask, or send, something outside of itself."""


@pytest.mark.parametrize("outside", OUTSIDE)
def test_a_drill_that_would_ask_anything_but_itself_does_not_begin(outside, tmp_path, monkeypatch, play):
    text, (old, new) = SHIPPED.read_text("utf-8"), OUTSIDE[outside]
    assert old in text
    changed = tmp_path.parent / f"{tmp_path.name}-baseline.yml"
    changed.write_text(text.replace(old, new), "utf-8")
    monkeypatch.setattr("coldstart.cli.baseline.shipped", lambda: changed)
    code, said, report = play("host-120-lost")
    assert (3, None) == (code, report)
    assert f"nothing in the drill stands for: {outside}" in said
    assert "attempt 1" not in said


def test_with_a_seed_the_end_is_what_counts(play):
    code, said, report = play("stale-backup", "--seed", "5")
    assert (2, 2) == (code, report.exit_code)
    assert re.search(r"√  last, 2 +BLOCKED at P2-SCHEDULES/backup +as expected", said)


def test_the_same_seed_gives_the_same_drill_and_path_is_afterwards_what_it_was(play):
    before = os.environ["PATH"]
    first, second = (play("host-120-lost", "--seed", "3")[2] for _ in range(2))
    assert [check.verdict for gate in first.gates for check in gate.checks] == [
        check.verdict for gate in second.gates for check in gate.checks
    ]
    assert before == os.environ["PATH"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["claen"], "no scenario 'claen': there are clean, alert-chain-broken"),
        (["--serve", "--speed", "2"], "--speed and --serve exclude each other"),
        (["--serve", "-o", "json"], "--output and --serve exclude each other"),
        (["--at", "5m"], "--at is for --serve"),
        (["--serve", "--at", "soon"], "--at soon: a time is written like 90s or 20m"),
        (["clean", "-o", "yaml"], "no such format 'yaml'"),
        (["--speed", "0"], "--speed"),
    ],
)
def test_a_bad_option_is_said_and_nothing_is_started(arguments, problem, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    assert 3 == main(["drill", *arguments])
    assert problem in capsys.readouterr().err
    assert [] == list(tmp_path.iterdir())


def test_without_the_extra_it_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr("coldstart.cli.drilling._EXTRA", ("aiohttp", "no_such_library"))
    assert 3 == main(["drill", "clean"])
    assert "a drill needs no_such_library: pip install 'coldstart[drill]'" in capsys.readouterr().err


def test_the_list_says_what_each_teaches(capsys):
    assert 0 == main(["drill", "--list"])
    said = capsys.readouterr().out
    for scenario in library.every():
        assert scenario.name in said
        assert scenario.title[:30] in said


def test_a_report_on_stdout_is_alone_there(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    assert 2 == main(["drill", "host-120-lost", *FAST, "-o", "json"])
    out, err = capsys.readouterr()
    assert "P0-NETWORK" == json.loads(out)["root"]["gate"]
    assert "coldstart found it" in err
