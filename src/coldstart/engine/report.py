"""Assembles the report of a run from what its gates and hosts came to. Decides nothing itself: `reduce` does."""

from collections.abc import Mapping, Sequence

from coldstart import __version__
from coldstart.engine import reduce
from coldstart.engine.program import Program
from coldstart.outcome import GateResult, HostFacts, Report
from coldstart.reads import Read
from coldstart.replies import Reply


def assemble(
    program: Program,
    gates: Sequence[GateResult],
    hosts: Sequence[HostFacts],
    *,
    started: float,
    replies: Mapping[Read, Reply],
    interrupted: bool,
) -> Report:
    """The report. Its end is the last reply's, not the clock's, so that a replay gives the same bytes."""
    narrowed = program.narrowed
    missing = reduce.unaccounted(program.declared, gates)
    result = reduce.result(gates, narrowed=narrowed, missing=missing, interrupted=interrupted)
    root = reduce.root(gates)
    return Report(
        version=__version__,
        baseline=program.loaded.path,
        baseline_name=program.loaded.baseline.name,
        baseline_sha256=program.loaded.sha256,
        started=started,
        ended=max((reply.ended for reply in replies.values()), default=started),
        result=result,
        exit_code=reduce.EXIT_CODES[result],
        headline=reduce.headline(result, root, gates, narrowed=narrowed, missing=missing),
        root=root,
        narrowed=narrowed,
        counts=reduce.count(gates),
        gates=tuple(gates),
        hosts=tuple(hosts),
        done=reduce.done(program.loaded.baseline.done, gates),
    )
