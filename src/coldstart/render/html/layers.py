"""The layers of a DAG: which gate stands in which row, and which edges need not be drawn. Pure."""

from collections.abc import Mapping, Sequence

_ROW_MOST = 4
"""Gates beside each other; a layer of more goes on in the next row, so that names stay legible."""


def shortened(needs: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Return `needs` without what it implies: who needs K3S needs no edge to the network below which K3S stands.

    Gates that are not there, and edges that close a cycle, are left out: a report is not always of our making.
    """
    order = _levels(needs)
    clean = {
        name: tuple(above for above in dict.fromkeys(all_of) if above in order and order[above] < order[name])
        for name, all_of in needs.items()
    }
    reach: dict[str, set[str]] = {}
    for name in sorted(clean, key=order.__getitem__):
        reach[name] = {up for above in clean[name] for up in reach[above] | {above}}
    return {
        name: tuple(above for above in all_of if not any(above in reach[other] for other in all_of))
        for name, all_of in clean.items()
    }


def _levels(needs: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """The longest path from a gate that needs none, in edges; what is in a cycle comes last, one gate a level."""
    level: dict[str, int] = {}
    left = list(needs)
    while left:
        ready = [name for name in left if all(above in level or above not in needs for above in needs[name])]
        ready = ready or left[:1]
        now = {name: 1 + max((level[up] for up in needs[name] if up in level), default=-1) for name in ready}
        level.update(now)
        left = [name for name in left if name not in now]
    return level


def rows(needs: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Return the row of each gate: below all that it needs, and not more than `_ROW_MOST` of them side by side."""
    level = _levels(needs)
    row: dict[str, int] = {}
    at = 0
    for each in sorted(set(level.values())):
        names = [name for name in needs if level[name] == each]
        for start in range(0, len(names), _ROW_MOST):
            row |= dict.fromkeys(names[start : start + _ROW_MOST], at)
            at += 1
    return row


def rising(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """Return the numbers nearest to `values`, by the weighted sum of squares, that never fall: isotonic regression.

    Pool adjacent violators (Barlow, Bartholomew, Bremner, Brunk 1972): runs that fall become their mean.
    """
    runs: list[tuple[float, float, int]] = []
    for value, weight in zip(values, weights, strict=True):
        total, heavy, count = value * weight, weight, 1
        while runs and runs[-1][0] / runs[-1][1] > total / heavy:
            before, more, members = runs.pop()
            total, heavy, count = total + before, heavy + more, count + members
        runs.append((total, heavy, count))
    return [total / heavy for total, heavy, count in runs for _ in range(count)]
