"""The mount table and df, read strictly: mountinfo is proc(5), the columns are those of df(1) of coreutils."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from coldstart import errors
from coldstart.shapes import DF_COLUMNS

REAL_TYPES = ("ext2", "ext3", "ext4", "xfs", "btrfs")
"""File systems that keep data on a disk of this host, and that the kernel turns read-only when it finds damage."""

DF = ("df", "--block-size=1", f"--output={DF_COLUMNS}")
DF_LOCAL = (*DF, "--local", *(word for kind in REAL_TYPES for word in ("-t", kind)))
"""Only local disks are touched: a dead NFS server, which blocks whoever looks at it, is never looked at."""

_OCTAL = re.compile(r"\\([0-3][0-7]{2})")
_MOUNT = re.compile(
    r"(?P<id>\d+) (?P<parent>\d+) (?P<device>\d+:\d+) [^ ]+ (?P<point>/[^ ]*) (?P<options>[^ ]+)(?: [^ -][^ ]*)* - "
    r"(?P<fstype>[^ ]+) (?P<source>[^ ]*) (?P<super_options>[^ ]+)"
)
_DF_HEAD = re.compile(r"Type +1B-blocks +Used +Avail +Inodes +IUsed +IFree +Mounted on")
_DF_ROW = re.compile(r"(\S+) +(-?\d+|-) +(-?\d+|-) +(-?\d+|-) +(-?\d+|-) +(-?\d+|-) +(-?\d+|-) (/.*)")
_READ_ONLY = frozenset({"ro", "emergency_ro", "shutdown"})


@dataclass(frozen=True)
class Mount:
    """One line of the mount table. `device` is major:minor, `parent` the id of the mount that it stands on."""

    id: int
    parent: int
    point: str
    device: str
    fstype: str
    source: str
    options: frozenset[str]
    super_options: frozenset[str]

    @property
    def frozen(self) -> str:
        """How the file system itself is read-only, in the kernel's words; empty when it is not.

        A recent ext4 that found damage stays ``rw`` in the table and adds ``emergency_ro``.
        """
        return ", ".join(sorted(_READ_ONLY & self.super_options))

    @property
    def read_only(self) -> bool:
        return bool(self.frozen) or "ro" in self.options

    @property
    def on_disk(self) -> bool:
        """Not a file system in an image, which is read-only on purpose."""
        return self.fstype in REAL_TYPES and not self.source.startswith("/dev/loop")


@dataclass(frozen=True)
class Usage:
    """Shares in percent, as df counts them: of what an ordinary user may use. `inodes` None: it has no fixed number."""

    bytes: float
    inodes: float | None


def _unescaped(word: str) -> str:
    return _OCTAL.sub(lambda octal: chr(int(octal[1], 8)), word)


def _lines(text: str, what: str) -> list[str]:
    """Whole lines only: the last one is ended, too. Not `splitlines`, which a strange mount point would mislead."""
    *lines, rest = text.split("\n")
    if rest:
        raise errors.Unparsable(f"{what} is cut within a line", evidence=text[:2000])
    return lines


def mounts(text: str) -> tuple[Mount, ...]:
    """Every line of ``/proc/self/mountinfo``, in its order. Raises `Unparsable` on a line that is not whole."""
    found = []
    for line in _lines(text, "the mount table"):
        match = _MOUNT.fullmatch(line)
        if not match:
            raise errors.Unparsable(f"not a line of the mount table: {line[:200]!r}", evidence=text[:2000])
        found.append(
            Mount(
                id=int(match["id"]),
                parent=int(match["parent"]),
                point=_unescaped(match["point"]),
                device=match["device"],
                fstype=match["fstype"],
                source=_unescaped(match["source"]),
                options=frozenset(match["options"].split(",")),
                super_options=frozenset(match["super_options"].split(",")),
            )
        )
    if not found:
        raise errors.NoEvidence("the mount table is empty")
    return tuple(found)


def visible(table: Sequence[Mount]) -> dict[str, Mount]:
    """What one meets at each mount point; a mount that lies under another one is not in it."""
    ids = {mount.id for mount in table}
    children: dict[int | None, list[Mount]] = {}
    for mount in sorted(table, key=lambda mount: len(mount.point)):
        stands_on = mount.parent if mount.parent in ids and mount.parent != mount.id else None
        children.setdefault(stands_on, []).append(mount)
    found = {point: _met_at(point, children, len(table)) for point in {mount.point for mount in table}}
    return {point: mount for point, mount in found.items() if mount and mount.point == point}


def _met_at(point: str, children: Mapping[int | None, Sequence[Mount]], most: int) -> Mount | None:
    """Walk down to `point` as the kernel does: at each step into the first mount on the way."""
    here: Mount | None = None
    for _ in range(most):
        ahead = children.get(here.id if here else None, ())
        step = next((mount for mount in ahead if within(point, mount.point)), None)
        if step is None:
            break
        here = step
    return here


def within(point: str, tree: str) -> bool:
    """Say whether `point` is `tree` or lies below it."""
    return point == tree or point.startswith(tree.rstrip("/") + "/")


def usages(text: str) -> dict[str, Usage | None]:
    """What df printed, by mount point; None where it knows no sizes. Empty where it printed nothing."""
    if not text:
        return {}
    head, *rows = _lines(text, "the output of df")
    if not _DF_HEAD.fullmatch(head):
        raise errors.Unparsable("df printed something else than expected", evidence=text[:2000])
    found: dict[str, Usage | None] = {}
    for row in rows:
        match = _DF_ROW.fullmatch(row)
        if not match:
            raise errors.Unparsable(f"not a row of df: {row[:200]!r}", evidence=text[:2000])
        _, _, used, available, inodes, inodes_used, inodes_free, point = match.groups()
        share = _share(used, available)
        found[point] = (
            None if share is None else Usage(share, _share(inodes_used, inodes_free) if inodes != "0" else None)
        )
    return found


def _share(used: str, free: str) -> float | None:
    """Used in percent of what there is; None where df has no numbers. Reserved blocks make `free` negative: 0."""
    if "-" in (used, free):
        return None
    total = int(used) + max(int(free), 0)
    return 100 * int(used) / total if total > 0 else None
