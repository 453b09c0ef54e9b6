"""Are the file systems of a host writable and not full?"""

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, Field, model_validator

from coldstart import errors, shapes
from coldstart.outcome import Conclusion, Outcome, Part
from coldstart.probes import mount_table
from coldstart.probes.base import Probe, Replies, Target
from coldstart.probes.mount_table import Mount, Usage
from coldstart.probes.params import Percent
from coldstart.reads import Command, Read
from coldstart.reason import Reason


def _mount_point(value: str) -> str:
    if not re.fullmatch(shapes.MOUNT_POINT, value) or (value.endswith("/") and value != "/"):
        raise ValueError(f"{value!r} is not a mount point like / or /var/lib/docker")
    return value


MountPoint = Annotated[str, AfterValidator(_mount_point)]
_Usages = Mapping[str, Usage | None] | errors.ReadError


_UNSEEN = "df shows no usage of it: not readable for this user, or covered by another mount"


class FilesystemsProbe(Probe):
    """The file systems are mounted, writable and not full.

    Reads the kernel's mount table (``/proc/self/mountinfo``, proc(5)) and df(1), for bytes and for inodes. Judged
    are the mount points in `mounts`, and with `all_real` every ext2/3/4, xfs and btrfs on a disk of the host, each on
    its own. With ``sudo: true`` only df is called by sudo.

    Bad: a mount point in `mounts` with nothing mounted on it; a file system that is read-only (after a dirty reboot
    that is how the kernel protects a damaged disk: see SOP 10.1 before anything is deleted or repaired); one that
    is full to `full_at` or more. A disk that is read-only on purpose belongs in `ignore`.

    Not observed: a file system whose usage df did not show (its mount point may not be readable for the SSH user), a
    df that hangs (a dead NFS server; only mount points in `mounts` can make it), a mount table and a df that
    disagree, no file system at all. An xfs that shut itself down still looks writable: `log_signatures` finds it.

    Example:
        probe: filesystems
        with:
          mounts: [/, /var/lib/docker]
          full_at: 95%

    SOP: 10.1.

    """

    kind: ClassVar[str] = "filesystems"
    measured: ClassVar[str | None] = "fullest_bytes_percent"

    mounts: tuple[MountPoint, ...] = Field(
        default=("/",), max_length=20, description="Mount points that must exist, be writable and not be full."
    )
    full_at: Percent = Field(default=95.0, description="Share of bytes or of inodes from which on it counts as full.")
    all_real: bool = Field(default=True, description="Judge every other ext2/3/4, xfs and btrfs on a disk, too.")
    ignore: tuple[MountPoint, ...] = Field(
        default=(), description="Mount points that `all_real` leaves out, with all that is mounted below them."
    )

    @model_validator(mode="after")
    def _something_to_judge(self) -> Self:
        if not self.mounts and not self.all_real:
            raise ValueError("name mount points in `mounts`, or leave `all_real` on: else nothing is judged")
        if twice := sorted(set(self.mounts) & set(self.ignore)):
            raise ValueError(f"{', '.join(twice)}: both in `mounts` and in `ignore`")
        return self

    def _table(self, target: Target) -> Command:
        return Command(host=target.host.name, argv=("cat", "/proc/self/mountinfo"), timeout=target.timeout)

    def _all(self, target: Target) -> Command:
        return target.command(*mount_table.DF_LOCAL)

    def _named(self, target: Target) -> dict[str, Command]:
        """One df a mount point: one that hangs must not hide the others."""
        return {point: target.command(*mount_table.DF, point) for point in sorted(set(self.mounts))}

    def reads(self, target: Target) -> tuple[Read, ...]:
        real = (self._all(target),) if self.all_real else ()
        return (self._table(target), *real, *self._named(target).values())

    def judge(self, replies: Replies) -> Outcome:
        target = replies.target
        table = mount_table.mounts(replies.command(self._table(target)).expect_exit().text)
        met = mount_table.visible(table)
        named = {point: _used(replies, read) for point, read in self._named(target).items()}
        parts = [self._part(met[point], used) if point in met else _absent(point) for point, used in named.items()]
        shown = [_usage(used, point) for point, used in named.items()]
        if self.all_real:
            real = _used(replies, self._all(target))
            _must_agree(real, table)
            for mount in self._others(table, met, real):
                seen = real if met.get(mount.point) is mount else {}  # else df shows what lies above it
                parts.append(self._part(mount, seen))
                shown.append(_usage(seen, mount.point))
        if not parts:
            raise errors.NoEvidence("no file system of a real disk is mounted: there is nothing to judge")
        return Outcome.of_parts(
            sorted(parts, key=lambda part: part.name),
            expected=f"mounted, writable, less than {self.full_at:g}% of bytes and inodes used",
            facts={
                "file_systems": len(parts),
                "fullest_bytes_percent": max((round(use.bytes, 2) for use in shown if use), default=None),
                "fullest_inodes_percent": max((round(use.inodes or 0.0, 2) for use in shown if use), default=None),
            },
        )

    def _others(self, table: tuple[Mount, ...], met: Mapping[str, Mount], used: _Usages) -> list[Mount]:
        """Each real disk that is not named, once: by the mount point that df shows, else the shortest one."""

        def rank(mount: Mount) -> tuple[bool, bool, int, str]:
            return (met.get(mount.point) is not mount, _usage(used, mount.point) is None, len(mount.point), mount.point)

        named = {met[point].device for point in self.mounts if point in met}
        best: dict[str, Mount] = {}
        for mount in sorted(table, key=rank):
            left_out = any(mount_table.within(mount.point, tree) for tree in self.ignore)
            if mount.on_disk and mount.device not in named and not left_out:
                best.setdefault(mount.device, mount)
        return list(best.values())

    def _part(self, mount: Mount, used: _Usages) -> Part:
        def part(conclusion: Conclusion, reason: Reason, observed: str) -> Part:
            return Part(name=mount.point, conclusion=conclusion, reason=reason, observed=observed)

        named = mount.point in self.mounts
        if mount.frozen or (named and mount.read_only):
            how = mount.frozen or "the mount, not the file system"
            return part(Conclusion.UNMET, Reason.READ_ONLY, f"{mount.fstype} is mounted read-only ({how})")
        if isinstance(used, errors.ReadError):
            conclusion = Conclusion.UNMET if used.reason.observed else Conclusion.UNOBSERVED
            return part(conclusion, used.reason, f"its usage: {used.detail or used.reason.says}")
        usage = used.get(mount.point)
        if usage is None:
            return part(Conclusion.UNOBSERVED, Reason.NO_EVIDENCE, _UNSEEN)
        inodes = "" if usage.inodes is None else f", {usage.inodes:.1f}% of inodes"
        shown = f"{usage.bytes:.1f}% of bytes{inodes} used"
        if max(usage.bytes, usage.inodes or 0.0) >= self.full_at:
            return part(Conclusion.UNMET, Reason.OVER_LIMIT, shown)
        return part(Conclusion.MET, Reason.OK, shown)


def _used(replies: Replies, read: Command) -> _Usages:
    """What df said; it exits 1 when it could not look at some of them, or found none of the types asked for."""
    try:
        reply = replies.command(read)
        if reply.exit_status == 1 and not reply.stdout and "no file systems processed" not in reply.complaint:
            reply.expect_exit()
        return mount_table.usages(reply.expect_exit(0, 1).text)
    except errors.ReadError as error:
        return error


def _usage(used: _Usages, point: str) -> Usage | None:
    return None if isinstance(used, errors.ReadError) else used.get(point)


def _must_agree(used: _Usages, table: tuple[Mount, ...]) -> None:
    """Raise when df knows a mount point that the table lacks: then one of the two is not whole."""
    strange = set() if isinstance(used, errors.ReadError) else set(used) - {mount.point for mount in table}
    if strange:
        raise errors.Unparsable(f"df shows {', '.join(sorted(strange))}, which the mount table does not have")


def _absent(point: str) -> Part:
    return Part(
        name=point, conclusion=Conclusion.UNMET, reason=Reason.ABSENT, observed="nothing is mounted at this place"
    )
