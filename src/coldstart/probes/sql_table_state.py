"""What PostgreSQL knows of a table without reading it: its size, its dead rows, its last vacuum."""

from pydantic import Field

from coldstart.outcome import Conclusion, Part
from coldstart.probes.sql_session import Answer
from coldstart.reason import Reason
from coldstart.text import plural, span

_WHOLE = ("r", "m")
"""Kinds that have rows of their own; a partitioned table ("p") has them in its partitions."""

_LOST = "PostgreSQL has no statistics of it: a crash discards them, and VACUUM ANALYZE makes them anew (SOP 4.3)"


class TableState(Answer):
    kind: str
    estimate: int
    bytes: int = Field(ge=0)
    live: int | None = Field(ge=0)
    dead: int | None = Field(ge=0)
    vacuumed_ago: int | None
    counted_ago: int | None
    rows: int | None = Field(ge=0)


def part(name: str, conclusion: Conclusion, reason: Reason, observed: str) -> Part:
    return Part(name=name, conclusion=conclusion, reason=reason, observed=observed)


def _unknown(found: TableState, name: str) -> Part | None:
    """Not observed where the numbers are not the table's own, or are from before anybody counted."""
    if found.kind not in _WHOLE:
        return part(name, Conclusion.UNOBSERVED, Reason.NO_EVIDENCE, "it is partitioned: name its partitions")
    return None


def dead(found: TableState, limit: float) -> Part:
    name = "dead rows"
    if unknown := _unknown(found, name):
        return unknown
    if found.counted_ago is None or found.live is None or found.dead is None:
        return part(name, Conclusion.UNOBSERVED, Reason.NO_EVIDENCE, _LOST)
    percent = share(found)
    seen = f"{percent:.1f}% of {plural(found.live + found.dead, 'row')}, counted {span(found.counted_ago)} ago"
    if percent > limit:
        return part(name, Conclusion.UNMET, Reason.OVER_LIMIT, f"{seen}; at most {limit:g}%")
    return part(name, Conclusion.MET, Reason.OK, seen)


def size(found: TableState, limit: int) -> Part:
    if unknown := _unknown(found, "size"):
        return unknown
    seen = mebibytes(found.bytes)
    if found.bytes > limit:
        return part("size", Conclusion.UNMET, Reason.OVER_LIMIT, f"{seen}; at most {mebibytes(limit)}")
    return part("size", Conclusion.MET, Reason.OK, seen)


def vacuum(found: TableState, limit: float) -> Part:
    if unknown := _unknown(found, "vacuum"):
        return unknown
    if found.vacuumed_ago is None:
        return part("vacuum", Conclusion.UNOBSERVED, Reason.NO_EVIDENCE, f"none on record; {_LOST}")
    seen = f"{span(found.vacuumed_ago)} ago"
    if found.vacuumed_ago > limit:
        return part("vacuum", Conclusion.UNMET, Reason.OVER_LIMIT, f"{seen}; at most {span(limit)}")
    return part("vacuum", Conclusion.MET, Reason.OK, seen)


def share(found: TableState) -> float:
    total = (found.live or 0) + (found.dead or 0)
    return 100 * (found.dead or 0) / total if total else 0.0


def mebibytes(size: int) -> str:
    return f"{size / (1 << 20):.1f} MiB"
