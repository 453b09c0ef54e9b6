"""Properties of the filesystems probe that go beyond the recorded cases."""

import pytest
from hypothesis import given, strategies
from pydantic import ValidationError
from tests.support.cuts import better_when_cut, recorded

from coldstart import shapes
from coldstart.engine.judging import conclude
from coldstart.outcome import Conclusion
from coldstart.probes import mount_table
from coldstart.probes.base import Place, Replies, Target
from coldstart.probes.filesystems import FilesystemsProbe
from coldstart.reads import Command
from coldstart.reason import Reason
from coldstart.replies import CommandReply

TARGET = Target(hosts=(Place("188", "192.168.0.188"),))
HEAD = "Type 1B-blocks Used Avail Inodes IUsed IFree Mounted on\n"
TABLE = "27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,errors=remount-ro\n"
ROW = "ext4 1000 500 500 100 50 50 /\n"


def judged(table=TABLE, row=ROW, **fields):
    probe = FilesystemsProbe(**fields)
    _, *dfs = reads = probe.reads(TARGET)
    outputs = (table, *(HEAD + row for _ in dfs))
    by_read = {
        read: CommandReply(started=0, ended=1, exit_status=0, stdout=text.encode())
        for read, text in zip(reads, outputs, strict=True)
    }
    return conclude(probe, Replies(target=TARGET, now=1, by_read=by_read))


def test_the_cases_below_start_from_a_good_one():
    assert judged().conclusion is Conclusion.MET


# One is left out: without its last line, the disk would really be in sight.
@pytest.mark.slow
@pytest.mark.parametrize(
    "path", [path for path in recorded("filesystems") if path.stem != "covered"], ids=lambda path: path.stem
)
def test_no_truncation_is_better_than_the_whole(path):
    assert [] == better_when_cut(path)


@given(strategies.integers(0, 10**15), strategies.integers(-(10**9), 10**15), strategies.floats(1, 100))
def test_met_means_less_full_than_the_limit(used, available, full_at):
    outcome = judged(row=f"ext4 1 {used} {available} 100 1 99 /\n", full_at=full_at)
    usable = used + max(available, 0)
    if not usable:
        assert outcome.conclusion is Conclusion.UNOBSERVED
    else:
        full = max(100 * used / usable, 1.0) >= full_at
        assert (Conclusion.UNMET if full else Conclusion.MET) is outcome.conclusion


@pytest.mark.parametrize("word", ["ro", "emergency_ro", "shutdown"])
def test_every_word_for_a_frozen_file_system_is_seen(word):
    outcome = judged(TABLE.replace(" rw,errors", f" {word},errors"))
    assert (Conclusion.UNMET, Reason.READ_ONLY) == (outcome.conclusion, outcome.reason)


@pytest.mark.parametrize(
    "row",
    [
        "",
        "ext4 - - - - - - /\n",
        "ext4 1000 500 500 100 50 /\n",
        "ext4 1000 500 500 100 50 50 /other\n",
        "ext4 0 0 0 0 0 0 /\n",
        "ext4 1e9 1 1e9 1 1 1 /\n",
    ],
)
def test_a_df_that_shows_no_usage_is_not_observed(row):
    outcome = judged(row=row)
    assert outcome.conclusion is Conclusion.UNOBSERVED
    assert outcome.reason is not Reason.INTERNAL


@given(strategies.text(max_size=300), strategies.text(max_size=100))
def test_noise_is_never_met_and_never_a_crash(table, row):
    for outcome in (judged(table=table), judged(row=row)):
        assert outcome.conclusion is Conclusion.UNOBSERVED
        assert outcome.reason is not Reason.INTERNAL


def test_a_mount_below_a_covered_one_is_not_met():
    table = (
        "1 0 8:1 / / rw - ext4 /dev/sda rw\n2 1 8:2 / /data rw - ext4 /dev/sdb rw\n"
        "3 2 8:3 / /data/in rw - ext4 /dev/sdc rw\n4 2 0:9 / /data rw - tmpfs x rw\n"
    )
    seen = mount_table.visible(mount_table.mounts(table))
    assert {"/": "ext4", "/data": "tmpfs"} == {point: mount.fstype for point, mount in seen.items()}


def test_a_table_with_a_circle_ends():
    table = "1 2 8:1 / / rw - ext4 /dev/sda rw\n2 1 8:2 / / rw - ext4 /dev/sdb rw\n"
    assert {} == mount_table.visible(mount_table.mounts(table))


@pytest.mark.parametrize(
    "bad",
    [
        {"mounts": [], "all_real": "no"},
        {"mounts": ["relative"]},
        {"mounts": ["/a/../b"]},
        {"mounts": ["/a/"]},
        {"mounts": ["/with space"]},
        {"mounts": ["/a"], "ignore": ["/a"]},
        {"full_at": "101%"},
    ],
)
def test_bad_parameters_are_refused(bad):
    with pytest.raises(ValidationError):
        FilesystemsProbe.model_validate(bad)


@pytest.mark.parametrize("sudo", [False, True])
def test_every_command_is_an_allowed_one(sudo):
    probe = FilesystemsProbe(mounts=("/", "/var/lib/docker"))
    reads = probe.reads(Target(hosts=TARGET.hosts, sudo=sudo))
    assert 4 == len(reads)
    for read in reads:
        assert isinstance(read, Command)
        shapes.require(read.argv, sudo=read.sudo)
