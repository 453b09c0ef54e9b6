"""Assembles the report of a run from what its gates and hosts came to. Decides nothing itself: `reduce` does.

A watch settles twice: a check that flapped is a warning although it passed in this attempt, and all that follows from
verdicts (accepts, result, releases, done criteria) is then worked out anew, here, from the changed gates.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from coldstart import __version__
from coldstart.decisions import AcceptItem, ReleaseItem
from coldstart.engine import done, reduce, releasing
from coldstart.engine.accepting import Accepting
from coldstart.engine.program import Program
from coldstart.outcome import GateResult, HostFacts, Report
from coldstart.samples import Past


@dataclass(frozen=True)
class Grounds:
    """What a verdict rests on beside the replies of the run itself."""

    past: Past = field(default_factory=dict)
    """What checks were in earlier runs on the same baseline; this run is not in it."""
    accepting: Accepting = field(default_factory=Accepting)
    """The accepts of the command; those of the baseline are with it."""
    confirmed: frozenset[str] = frozenset()
    """Claims of release conditions that the operator has seen to hold."""
    released: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Releases that an earlier run let go, by name, each with the boot id of every host that this run knew, by host."""


@dataclass(frozen=True, repr=False)
class Settled:
    """Everything that a report is made from; `report` makes it, of these gates or of changed ones."""

    program: Program
    hosts: tuple[HostFacts, ...]
    started: float
    ended: float
    """Of the last reply, not the clock's, so that a replay gives the same bytes."""
    interrupted: bool
    grounds: Grounds

    def report(self, gates: Sequence[GateResult], notes: Sequence[str] = ()) -> Report:
        """The report of these gates, all verdicts and decisions worked out from them."""
        program, baseline = self.program, self.program.loaded.baseline
        narrowed = program.narrowed
        gates = releasing.without_early(gates)
        gates, accepts = self.grounds.accepting.apply(gates, baseline, self.started)
        missing = reduce.unaccounted(program.declared, gates)
        releases = self._releases(gates, missing, accepts)
        if early := releasing.early(releases, program.loaded):
            gates = (*gates, early)
        result = reduce.result(gates, narrowed=narrowed, missing=missing, interrupted=self.interrupted, accepts=accepts)
        root = reduce.root(gates)
        return Report(
            version=__version__,
            baseline=program.loaded.path,
            baseline_name=baseline.name,
            baseline_sha256=program.loaded.sha256,
            started=self.started,
            ended=self.ended,
            result=result,
            exit_code=reduce.EXIT_CODES[result],
            headline=reduce.headline(result, root, gates, narrowed=narrowed, missing=missing, accepts=accepts),
            root=root,
            narrowed=narrowed,
            counts=reduce.count(gates),
            gates=tuple(gates),
            hosts=self.hosts,
            done=done.done(baseline.done, gates),
            releases=releases,
            accepts=accepts,
            notes=tuple(notes),
        )

    def _releases(
        self, gates: Sequence[GateResult], missing: Sequence[str], accepts: Sequence[AcceptItem]
    ) -> tuple[ReleaseItem, ...]:
        doubts = [f"narrowed: {reason}" for reason in self.program.narrowed]
        doubts += ["it was interrupted"] if self.interrupted else []
        doubts += [f"no result for {', '.join(missing)}"] if missing else []
        doubts += [f"the accept of {item.check} is {item.state}" for item in reduce.stale(accepts)]
        return releasing.decide(
            self.program.loaded.baseline,
            gates,
            self.grounds.past,
            at=self.ended,
            hosts=self.hosts,
            confirmed=self.grounds.confirmed,
            released=self.grounds.released,
            doubts=doubts,
        )
