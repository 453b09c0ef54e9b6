"""What the corpus cannot say: every preset's patterns, harmless neighbours of them, parameters."""

import time

import pytest
from pydantic import ValidationError

from coldstart import shapes
from coldstart.engine.judging import conclude
from coldstart.outcome import Conclusion
from coldstart.probes.base import Place, Replies, Target
from coldstart.probes.log_signatures import LogSignaturesProbe
from coldstart.reason import Reason
from coldstart.replies import CommandReply

TARGET = Target(hosts=(Place("188", "192.168.0.188"),))
EVERY = ["wal-damage", "storage-corruption", "posting-list"]


def answer(stdout="", stderr="", status=0):
    return CommandReply(started=1.0, ended=1.1, exit_status=status, stdout=stdout.encode(), stderr=stderr.encode())


def kernel(*newest_first):
    return "".join(f"2026-11-24T02:13:{59 - at:02}+0800 h188 {line}\n" for at, line in enumerate(newest_first))


def judged(log, signatures=EVERY, journal=None, proof=None):
    probe = LogSignaturesProbe(journal=journal or {}, signatures=signatures)
    replies = dict(zip(probe.reads(TARGET), [answer(log), *([proof] if proof else [])], strict=True))
    return conclude(probe, Replies(target=TARGET, now=2.0, by_read=replies))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("postgres[7]: PANIC:  could not locate a valid checkpoint record", Reason.STORAGE_CORRUPTION),
        ("postgres[7]: PANIC:  could not locate a valid checkpoint record at 0/1000028", Reason.STORAGE_CORRUPTION),
        ("postgres[7]: LOG:  invalid primary checkpoint record", Reason.SIGNATURE),
        ("postgres[7]: LOG:  invalid checkpoint record", Reason.SIGNATURE),
        (
            "postgres[7]: LOG:  unexpected pageaddr 0/F00000 in log segment 000000010000000000000013, offset 0",
            Reason.SIGNATURE,
        ),
        (
            "postgres[7]: LOG:  unexpected pageaddr 5/F00000 in WAL segment 000000010000000000000013, LSN 5/0",
            Reason.SIGNATURE,
        ),
        ("postgres[7]: ERROR:  posting list tuple with 132 items cannot be split at offset 33", Reason.SIGNATURE),
        ("ls[9]: reading directory '/var/lib/x': Bad message", Reason.STORAGE_CORRUPTION),
        ("cat[9]: /var/lib/x: Structure needs cleaning", Reason.STORAGE_CORRUPTION),
        ("clickhouse[9]: DB::Exception: Unknown codec family code: 0", Reason.STORAGE_CORRUPTION),
        (
            "kafka[9]: java.io.IOException: Malformed line in checkpoint file (x/recovery-point): ''",
            Reason.STORAGE_CORRUPTION,
        ),
        ("clickhouse[9]: Part all_1_1_0 is broken and needs manual correction", Reason.STORAGE_CORRUPTION),
        ("clickhouse[9]: Suspiciously many (12) parts: broken and need manual correction", Reason.STORAGE_CORRUPTION),
        (
            "kernel: EXT4-fs error (device sda1): ext4_lookup:1785: inode #12: comm ls: deleted inode",
            Reason.STORAGE_CORRUPTION,
        ),
        ("kernel: EXT4-fs (sda1): error count since last fsck: 5", Reason.STORAGE_CORRUPTION),
        ("kernel: EXT4-fs (sda1): Remounting filesystem read-only", Reason.STORAGE_CORRUPTION),
        ("kernel: XFS (dm-0): Metadata corruption detected at xfs_inode_buf_verify+0x14", Reason.STORAGE_CORRUPTION),
        ("kernel: XFS (dm-0): Corruption of in-memory data (0x8) detected. Shutting down", Reason.STORAGE_CORRUPTION),
        ("kernel: BTRFS error (device sda1): bdev /dev/sda1 errs: wr 0, rd 0, corrupt 1", Reason.STORAGE_CORRUPTION),
        ("kernel: I/O error, dev sda, sector 2048 op 0x0:(READ) flags 0x80700", Reason.STORAGE_CORRUPTION),
        (
            "kernel: Buffer I/O error on dev nvme0n1p2, logical block 0, lost async page write",
            Reason.STORAGE_CORRUPTION,
        ),
    ],
)
def test_each_known_signature_is_found(line, reason):
    outcome = judged(kernel("systemd[1]: Started cron.service.", line))
    assert (Conclusion.UNMET, reason) == (outcome.conclusion, outcome.reason)
    assert line in outcome.evidence[0]


@pytest.mark.parametrize(
    "line",
    [
        "kernel: EXT4-fs (sda1): recovery complete",
        "kernel: EXT4-fs (sda1): mounted filesystem with ordered data mode. Quota mode: none.",
        "kernel: EXT4-fs (sda1): re-mounted. Opts: errors=remount-ro. Quota mode: none.",
        "kernel: XFS (dm-0): Ending recovery (logdev: internal)",
        "kernel: BTRFS info (device sda1): using crc32c checksum algorithm",
        "kernel: I/O error, dev sr0, sector 0 op 0x0:(READ) flags 0x80700",
        "kernel: Buffer I/O error on dev fd0, logical block 0, async page read",
        "postgres[7]: LOG:  invalid record length at 0/12FDF68: wanted 24, got 0",
        "postgres[7]: LOG:  database system was not properly shut down; automatic recovery in progress",
    ],
)
def test_what_a_good_boot_after_a_power_cut_logs_is_no_signature(line):
    assert Conclusion.MET is judged(kernel(line)).conclusion


def test_damage_after_a_recovery_is_damage():
    """The newest line is printed first."""
    panic, ready = (
        "pg: PANIC:  could not locate a valid checkpoint record",
        "pg: database system is ready to accept connections",
    )
    assert Conclusion.UNMET is judged(kernel(panic, ready, panic)).conclusion
    assert Conclusion.CAUTION is judged(kernel(ready, panic, panic)).conclusion


def test_a_pattern_of_the_baseline_is_not_excused_by_a_preset_that_knows_the_line_as_harmless():
    lines = kernel(
        "pg: database system is ready to accept connections", "pg: unexpected pageaddr 0/F00000 in log segment 00"
    )
    own = {"name": "own", "pattern": "unexpected pageaddr"}
    assert Conclusion.MET is judged(lines, ["wal-damage"]).conclusion
    assert Conclusion.UNMET is judged(lines, ["wal-damage", own]).conclusion


def test_storage_corruption_outranks_another_signature():
    lines = kernel("x: Structure needs cleaning", "pg: invalid primary checkpoint record")
    assert Reason.STORAGE_CORRUPTION is judged(lines).reason


def test_continuation_lines_belong_to_their_entry():
    log = kernel("app[1]: trace\n      cause: Bad message", "app[1]: start")
    assert 2 == judged(log).facts["lines"]
    assert Conclusion.UNMET is judged(log).conclusion


def test_markers_of_journalctl_are_no_entries():
    assert Reason.NO_EVIDENCE is judged("-- No entries --\n").reason
    assert Reason.NO_EVIDENCE is judged("").reason


def test_a_hint_at_missing_rights_decides_even_where_entries_are_printed():
    probe = LogSignaturesProbe(journal={}, signatures=EVERY)
    hint = "Hint: You are currently not seeing messages from other users and the system.\n"
    replies = {probe.reads(TARGET)[0]: answer(kernel("app[1]: fine"), hint)}
    outcome = conclude(probe, Replies(target=TARGET, now=2.0, by_read=replies))
    assert (Conclusion.UNOBSERVED, Reason.NOT_ALLOWED) == (outcome.conclusion, outcome.reason)


@pytest.mark.parametrize(
    "params",
    [
        {"signatures": EVERY},
        {"journal": {}, "file": {"path": "/var/log/x"}, "signatures": EVERY},
        {"journal": {}, "signatures": []},
        {"journal": {}, "signatures": ["no-such-preset"]},
        {"journal": {}, "signatures": [{"name": "x", "pattern": "("}]},
        {"journal": {}, "signatures": [{"name": "x", "pattern": "a*"}]},
        {"journal": {"units": ["a"], "kernel": True}, "signatures": EVERY},
        {"journal": {"units": ["*"]}, "signatures": EVERY},
        {"journal": {"lines": 0}, "signatures": EVERY},
        {"docker": {"container": "momo"}, "signatures": EVERY},
        {"file": {"path": "/var/log/../x"}, "signatures": EVERY},
        {"file": {"path": "relative"}, "signatures": EVERY},
    ],
)
def test_a_log_that_is_not_exactly_one_or_a_pattern_that_says_nothing_is_refused(params):
    with pytest.raises(ValidationError):
        LogSignaturesProbe.model_validate(params)


def test_a_hostile_megabyte_on_one_line_is_searched_in_linear_time():
    line = "posting list tuple Malformed line in XFS (x): EXT4-fs (" * 19_000
    started = time.process_time()
    judged(kernel(line))
    assert time.process_time() - started < 5


@pytest.mark.parametrize("since", ["1s", "30d", "0.001s"])
def test_the_shortest_and_the_longest_window_are_allowed_commands(since):
    for source in ({"journal": {"since": since}}, {"docker": {"container": "momo", "since": since}}):
        probe = LogSignaturesProbe.model_validate({**source, "signatures": EVERY})
        assert all(shapes.allowed(read.argv) for read in probe.reads(TARGET))
