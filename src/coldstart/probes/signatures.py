"""Log lines that mean damage, by the names that a baseline gives them (SOP 4.3, 10.1, 13.7).

Patterns match somewhere in a line, case as written. Gaps in them are bounded, so that a line of a megabyte costs linear
time.
"""

import re
from dataclasses import dataclass

from coldstart.reason import Reason

READY = (
    r"database system is ready to accept (?:read-only )?connections"
    r"|systemd\[1\]: Started (?:postgresql@\S{1,80} - )?PostgreSQL Cluster "
)
"""PostgreSQL, at the end of every good start or recovery (postmaster.c); in Debian's journal only systemd says so."""


@dataclass(frozen=True)
class Signature:
    """`recovered`: a later line shows that the program got over it. `harmless_if_recovered`: then it meant nothing."""

    name: str
    pattern: re.Pattern[str]
    reason: Reason
    recovered: re.Pattern[str] | None = None
    harmless_if_recovered: bool = False


def _group(reason: Reason, recovered: str | None, *named: tuple[str, str]) -> tuple[Signature, ...]:
    ready = re.compile(recovered) if recovered else None
    return tuple(Signature(name, re.compile(pattern), reason, ready) for name, pattern in named)


_CHECKPOINT = ("no valid checkpoint", r"PANIC:\s{1,4}could not locate a valid checkpoint record")

WAL_DAMAGE = (
    *_group(
        Reason.SIGNATURE,
        READY,
        _CHECKPOINT,
        ("invalid checkpoint record", r"invalid (?:primary |secondary )?checkpoint (?:record|link|location)\b"),
    ),
    # PostgreSQL finds the end of its WAL by reading on until a page does not fit, so a recycled segment makes this
    # line in the middle of a crash recovery that succeeds (seen with 15.18). It is damage only where no start follows.
    Signature(
        "unexpected pageaddr",
        re.compile(r"unexpected pageaddr [0-9A-F]{1,8}/[0-9A-F]{1,8} in (?:log|WAL) segment"),
        Reason.SIGNATURE,
        re.compile(READY),
        harmless_if_recovered=True,
    ),
)
"""SOP 4.3. PostgreSQL says "log segment" up to 15 and "WAL segment" after, "primary" only up to 15."""

STORAGE_CORRUPTION = (
    *_group(Reason.STORAGE_CORRUPTION, READY, _CHECKPOINT),
    *_group(
        Reason.STORAGE_CORRUPTION,
        None,
        ("Bad message", r"\bBad message\b"),  # EBADMSG, which is EFSBADCRC
        ("Structure needs cleaning", r"\bStructure needs cleaning\b"),  # EUCLEAN, which is EFSCORRUPTED
        ("Unknown codec", r"\b[Uu]nknown codec\b"),
        ("Kafka checkpoint file", r"\bMalformed line in .{0,200}checkpoint"),
        ("ClickHouse part", r"\bbroken and needs? manual correction\b"),
        ("ext4 error", r"\bEXT[234]-fs error\b|\bEXT[234]-fs \([^)]{1,64}\): error count since last fsck"),
        ("mounted with errors", r"\bEXT[234]-fs \([^)]{1,64}\): warning: mounting fs with errors"),
        (
            "xfs corruption",
            r"\bXFS \([^)]{1,64}\): .{0,80}\b[Cc]orruption\b|\bXFS \([^)]{1,64}\): .{0,80}Shutting down filesystem",
        ),
        ("btrfs error", r"\bBTRFS (?:error|critical) \(device"),
        ("journal aborted", r"\bAborting journal on device\b"),
        ("remounted read-only", r"\bRemounting filesystem read-only\b"),
        ("disk I/O error", r"\bI/O error, dev (?!sr|fd|loop)|\bBuffer I/O error on dev(?:ice)? (?!sr|fd|loop)"),
    ),
)
"""SOP 10.1, and what the kernel writes when a file system or its disk is damaged (fs/ext4/super.c, fs/xfs, block)."""

POSTING_LIST = _group(Reason.SIGNATURE, None, ("btree posting list", r"posting list tuple .{0,120}cannot be split"))
"""SOP 13.7: a damaged B-tree index (_bt_swap_posting in PostgreSQL's nbtdedup.c)."""

PRESETS: dict[str, tuple[Signature, ...]] = {
    "wal-damage": WAL_DAMAGE,
    "storage-corruption": STORAGE_CORRUPTION,
    "posting-list": POSTING_LIST,
}
