"""Cycles, each named by its path."""

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

_MOST = 20


def cycles(needs: Mapping[str, Iterable[str]]) -> list[tuple[str, ...]]:
    """Return up to 20 cycles as ``(a, b, a)``: a needs b, b needs a. Each begins at its first node in `needs`' order.

    One edge of each cycle that was found is left out when the next is looked for, so that independent ones all show.
    """
    graph = {node: dict.fromkeys(parents) for node, parents in needs.items()}
    place = {node: index for index, node in enumerate(graph)}
    found: list[tuple[str, ...]] = []
    while len(found) < _MOST:
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            # graphlib lists it with each node as a predecessor (a need) of the next
            ring = list(reversed(error.args[1][1:]))
            first = min(range(len(ring)), key=lambda index: place[ring[index]])
            path = (*ring[first:], *ring[:first], ring[first])
            del graph[path[0]][path[1]]
            found.append(path)
        else:
            break
    return found
