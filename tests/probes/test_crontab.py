"""crontab: the format, and what the recorded cases cannot say one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.support.cuts import better_when_cut, recorded

from coldstart.engine.judging import conclude
from coldstart.errors import Unparsable
from coldstart.outcome import Conclusion
from coldstart.probes import cron_table
from coldstart.probes.base import Place, Replies, Target
from coldstart.probes.crontab import CrontabProbe
from coldstart.reason import Reason
from coldstart.replies import CommandReply, NoReply

TARGET = Target(hosts=(Place("188", "192.168.0.188"),))
BACKUP = {"name": "backup", "pattern": "backup"}


def judged(text, entries=(BACKUP,), status=0, stderr="", **params):
    probe = CrontabProbe(entries=entries, **params)
    (read,) = probe.reads(TARGET)
    reply = CommandReply(started=1.0, ended=1.1, exit_status=status, stdout=text.encode(), stderr=stderr.encode())
    return conclude(probe, Replies(target=TARGET, now=2.0, by_read={read: reply}))


def job(line):
    ((found,), _) = cron_table.parse(line + "\n", "x")
    return found.schedule, found.command


@pytest.mark.parametrize(
    ("line", "schedule", "command"),
    [
        ("0 3 * * * run", "0 3 * * *", "run"),
        ("  0\t3 * *   *\trun  it ", "0 3 * * *", "run  it"),
        ("*/5 1-3,7 1,15 jan-mar mon,wed run", "*/5 1-3,7 1,15 jan-mar mon,wed", "run"),
        ("@reboot run", "@reboot", "run"),
        ("@daily\trun", "@daily", "run"),
        ("0 3 * * * A=1 run", "0 3 * * *", "A=1 run"),
        ("0 3 * * * mail -s x ops%body%more", "0 3 * * *", "mail -s x ops"),
        (r"0 3 * * * echo $(date +\%F)", "0 3 * * *", "echo $(date +%F)"),
        ("0 3 * * * run # note", "0 3 * * *", "run # note"),
        ("-0 3 * * * run", "-0 3 * * *", "run"),
    ],
)
def test_a_job_is_its_schedule_and_what_the_shell_gets(line, schedule, command):
    assert (schedule, command) == job(line)


def test_a_file_of_the_system_has_a_user_before_the_command():
    ((found,), _) = cron_table.parse("0 3 * * * root  run it\n", "x", with_user=True)
    assert "run it" == found.command


@pytest.mark.parametrize(
    "line", ["A=1", "A = 1", '"A B"=1', "'A'='0 3 * * * run'", "PATH=/bin:$HOME", "", "  ", "# 0 3 * * * x", "  #x"]
)
def test_variables_comments_and_blank_lines_are_no_jobs(line):
    assert () == cron_table.parse(line + "\n", "x").jobs


@pytest.mark.parametrize(
    "line", ["0 3 * * *", "0 3 * * run", "@often run", "run", "0 3 * * * %x", "@reboot", "é 3 * * * x", "0;3 * * * * x"]
)
def test_a_line_that_is_nothing_that_cron_knows_is_unparsable(line):
    with pytest.raises(Unparsable):
        cron_table.parse(line + "\n", "x")


def test_a_user_without_a_command_is_unparsable():
    with pytest.raises(Unparsable):
        cron_table.parse("0 3 * * * run\n", "x", with_user=True)


def test_an_entry_that_is_commented_out_does_not_count():
    assert (Conclusion.UNMET, Reason.NOT_RUNNING) == _ended(judged("#0 3 * * * backup\n"))


def test_an_active_entry_beside_a_paused_one_counts():
    assert Conclusion.MET is judged("# PAUSED 0 3 * * * backup\n0 4 * * * backup\n", paused_marker="PAUSED").conclusion


def test_a_marker_counts_only_in_the_comment_or_right_above_it():
    for text, conclusion in (
        ("# PAUSED: 0 3 * * * backup\n", Conclusion.CAUTION),
        ("# PAUSED\n#0 3 * * * backup\n", Conclusion.CAUTION),
        ("# PAUSED\n\n#0 3 * * * backup\n", Conclusion.UNMET),
        ("# PAUSED\n0 1 * * * x\n#0 3 * * * backup\n", Conclusion.UNMET),
        ("#0 3 * * * backup\n# PAUSED\n", Conclusion.UNMET),
        ("# PAUSED\n", Conclusion.UNMET),
    ):
        assert conclusion is judged(text, paused_marker="PAUSED").conclusion, text


def test_any_of_several_active_entries_may_have_the_schedule():
    entry = {**BACKUP, "schedule": "0  4 * * *"}
    assert Conclusion.MET is judged("0 3 * * * backup\n0 4 * * * backup\n", [entry]).conclusion


@given(st.lists(st.sampled_from(["0 3 * * * backup", "#0 3 * * * backup", "A=backup", "", "@daily other", "# x"])))
def test_it_passes_exactly_when_there_is_an_active_entry(lines):
    text = "".join(line + "\n" for line in lines)
    assert ("0 3 * * * backup" in lines) == (judged(text).conclusion is Conclusion.MET)
    unwanted = judged(text, [{**BACKUP, "enabled": False}])
    assert ("0 3 * * * backup" in lines) == (unwanted.conclusion is Conclusion.UNMET)


@given(st.text(max_size=100), st.text(max_size=60), st.integers(1, 255))
def test_noise_and_another_exit_status_are_never_good(text, stderr, status):
    for outcome in (judged(text), judged("0 3 * * * backup\n", status=status, stderr=stderr)):
        assert Conclusion.MET is not outcome.conclusion or "backup" in text
        assert Reason.INTERNAL is not outcome.reason
        assert outcome.expected


def test_no_crontab_is_believed_only_as_crontab_says_it():
    for stderr, status, reason in (
        ("no crontab for ollama\n", 1, Reason.ABSENT),
        ("no crontab for ollama\n", 2, Reason.UNEXPECTED_EXIT),
        ("sorry, no crontab for ollama\n", 1, Reason.UNEXPECTED_EXIT),
        ("You (o) are not allowed to access to (crontab) because of pam configuration.\n", 1, Reason.NOT_ALLOWED),
    ):
        assert reason is judged("", status=status, stderr=stderr).reason


# What must not be there may stand in the part that is missing: these rest on the reply being whole alone.
@pytest.mark.parametrize(
    "path", [path for path in recorded("crontab") if not path.stem.startswith("stale")], ids=lambda path: path.stem
)
def test_no_truncation_is_better_than_the_whole(path):
    assert [] == better_when_cut(path)


def test_one_source_that_could_not_be_read_is_not_made_up_for_by_another():
    probe = CrontabProbe(entries=[BACKUP], cron_d=["x"])
    own, *file = probe.reads(TARGET)
    lost = NoReply(started=1.0, ended=1.1, reason=Reason.CONNECTION_LOST)
    good = CommandReply(started=1.0, ended=1.1, exit_status=0, stdout=b"0 3 * * * backup\n")
    outcome = conclude(probe, Replies(target=TARGET, now=2.0, by_read={own: good, **dict.fromkeys(file, lost)}))
    assert (Conclusion.UNOBSERVED, Reason.CONNECTION_LOST) == _ended(outcome)


@pytest.mark.parametrize(
    "params",
    [
        {"entries": []},
        {"entries": [BACKUP, BACKUP]},
        {"entries": [{"name": "x", "pattern": ".*"}]},
        {"entries": [{**BACKUP, "schedule": "at night"}]},
        {"entries": [{**BACKUP, "schedule": "0 3 * *"}]},
        {"entries": [{**BACKUP, "schedule": "@daily", "enabled": False}]},
        {"entries": [BACKUP], "user_crontab": False},
        {"entries": [BACKUP], "cron_d": ["backup.sh"]},
        {"entries": [BACKUP], "cron_d": ["../shadow"]},
        {"entries": [BACKUP], "cron_d": ["a", "a"]},
        {"entries": [BACKUP], "paused_marker": "("},
    ],
)
def test_what_cron_would_ignore_or_nothing_could_meet_is_refused(params):
    with pytest.raises(ValidationError):
        CrontabProbe.model_validate(params)


def _ended(outcome):
    return outcome.conclusion, outcome.reason
