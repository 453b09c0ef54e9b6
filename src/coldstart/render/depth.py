"""How deep each gate stands in the phase DAG of a report: for trees and pictures."""

from coldstart.outcome import Report


def depths(report: Report) -> dict[str, int]:
    """Return the length of the longest way to each gate from one that needs nothing; gates are in DAG order."""
    found: dict[str, int] = {}
    for gate in report.gates:
        found[gate.name] = 1 + max((found.get(parent, -1) for parent in gate.needs), default=-1)
    return found
