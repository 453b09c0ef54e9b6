"""The phase DAG: order, ancestors, and what a gate holds back (SOP 1.1, 1.2)."""

from collections.abc import Mapping
from graphlib import TopologicalSorter


class PhaseGraph:
    """Gates and their needs. The order is the DAG's, and the baseline's own wherever the DAG leaves it open.

    Raises graphlib.CycleError; the loader reports cycles before anything gets here.
    """

    def __init__(self, needs: Mapping[str, Mapping[str, object]]) -> None:
        self._needs = {name: tuple(parents) for name, parents in needs.items()}
        self.order = self._ordered()
        self._ancestors: dict[str, frozenset[str]] = {}
        for name in self.order:
            parents = self._needs[name]
            self._ancestors[name] = frozenset(parents).union(*(self._ancestors[parent] for parent in parents))

    def sorter(self) -> TopologicalSorter[str]:
        """Return a prepared sorter, for running gates as soon as their needs are met."""
        sorter = TopologicalSorter(self._needs)
        sorter.prepare()
        return sorter

    def _ordered(self) -> tuple[str, ...]:
        place = {name: index for index, name in enumerate(self._needs)}
        sorter, order = self.sorter(), []
        while sorter.is_active():
            ready = sorted(sorter.get_ready(), key=place.__getitem__)
            order += ready
            sorter.done(*ready)
        return tuple(order)

    def ancestors(self, gate: str) -> frozenset[str]:
        """Every gate that `gate` stands on, directly or not."""
        return self._ancestors[gate]

    def holds(self, gate: str) -> tuple[str, ...]:
        """Every gate that cannot go on while `gate` is blocked, in DAG order."""
        return tuple(name for name in self.order if gate in self._ancestors[name])

    def first(self, gates: frozenset[str] | set[str]) -> str | None:
        """The first of `gates` in DAG order."""
        return next((name for name in self.order if name in gates), None)
