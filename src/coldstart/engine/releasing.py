"""What may start now, and what already runs before it may (SOP 5.3, 11, 12.2): decided from gates, past and people.

Pure, and conservative: RELEASE only when every gate that a release needs is green and every condition of it is met.
What could not be seen, was left out, or only a person can see, holds it like what is bad.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from coldstart.baseline.load import LoadedBaseline
from coldstart.baseline.model import Baseline
from coldstart.baseline.runbook import EARLY, Release
from coldstart.decisions import ConditionItem, Decision, ReleaseItem
from coldstart.engine import conditions, reduce
from coldstart.engine.conditions import Evidence
from coldstart.engine.results import referred_to
from coldstart.outcome import CheckResult, GateResult, HostFacts, Outcome, Severity
from coldstart.reason import Reason
from coldstart.samples import Past
from coldstart.text import plural

ACTIVE = "active_units"
"""The fact of an outcome that counts how many of the units that it judged are active (probes/systemd_properties.py)."""
ACTIVE_NAMES = "active_names"

_NOTHING: Mapping[str, Mapping[str, str]] = {}

WHOLE = "this run may speak for the whole stack"
"""The claim of the condition that a narrowed or interrupted run cannot meet."""


def decide(
    baseline: Baseline,
    gates: Sequence[GateResult],
    past: Past,
    *,
    at: float,
    hosts: Sequence[HostFacts],
    confirmed: Collection[str] = frozenset(),
    released: Mapping[str, Mapping[str, str]] = _NOTHING,
    doubts: Sequence[str] = (),
) -> tuple[ReleaseItem, ...]:
    """Decide every release of a baseline, in its order.

    `gates` without the one that `early` makes; `at` when they were judged, s since the epoch; `confirmed` claims that
    the operator has seen to hold; `released` names that an earlier run let go, each with the boot ids of its hosts: it
    counts until one of them reboots; `doubts` why this run can release nothing at all, in words.
    """
    evidence = Evidence(baseline, gates, past, at, hosts, confirmed)
    return tuple(_decided(release, evidence, released, doubts) for release in baseline.releases.values())


def _decided(
    release: Release, evidence: Evidence, released: Mapping[str, Mapping[str, str]], doubts: Sequence[str]
) -> ReleaseItem:
    items = [
        *(ConditionItem(claim=WHOLE, met=None, why=doubt) for doubt in doubts),
        *(conditions.gate(name, evidence) for name in release.needs),
        *(conditions.condition(declared, evidence) for declared in release.conditions),
    ]
    may_go = bool(items) and all(item.met is True for item in items)
    boots = released.get(release.name, {})
    known = bool(boots) and all(evidence.boots.get(host) in (None, boot) for host, boot in boots.items())
    # What only nobody has looked at is no proof that something started too early: a monitor leaves the alert test out.
    too_early = not may_go and not known and any(item.met is False for item in items)
    return ReleaseItem(
        name=release.name,
        title=release.title,
        decision=Decision.RELEASE if may_go else Decision.HOLD,
        conditions=tuple(items),
        early="; ".join(_active(release, evidence)) if too_early else "",
        earlier=known and not may_go,
        hint=release.hint,
        sop=release.sop,
    )


def _active(release: Release, evidence: Evidence) -> Iterator[str]:
    """What of a release runs, host by host; nothing where nobody could look."""
    results = referred_to(release.active, evidence.results) if release.active else ()
    for result in results:
        facts = result.outcome.facts if result.outcome else {}
        count = facts.get(ACTIVE)
        if isinstance(count, int) and count > 0:
            where = f" on {result.host}" if result.host else ""
            names = f": {facts[ACTIVE_NAMES]}" if facts.get(ACTIVE_NAMES) else ""
            yield f"{plural(count, 'unit')} active already{where}{names}"


def early(items: Sequence[ReleaseItem], loaded: LoadedBaseline) -> GateResult | None:
    """The gate that a report has beside those of the baseline: a warning for each release that runs already.

    None: none does. It holds no other release back, or each would wait for the other.
    """
    checks = tuple(_warning(item, loaded) for item in items if item.early)
    if not checks:
        return None
    return GateResult(
        name=EARLY,
        title="What waits for its release runs already",
        needs={},
        verdict=reduce.gate_verdict(checks),
        checks=checks,
    )


def without_early(gates: Sequence[GateResult]) -> tuple[GateResult, ...]:
    """The gates of the baseline: a report that is worked out anew must not judge what was added to it."""
    return tuple(gate for gate in gates if gate.name != EARLY)


def _warning(item: ReleaseItem, loaded: LoadedBaseline) -> CheckResult:
    missing = next(condition for condition in item.conditions if condition.met is False)
    outcome = Outcome.unmet(
        Reason.ACTIVE_TOO_EARLY,
        f"{item.early}; not met: {missing.claim} ({missing.why})",
        expected="nothing of it runs before its release",
    )
    return CheckResult(
        id=f"{EARLY}/{item.name}",
        host=None,
        probe=None,
        claim=f"{item.title}: waits for its release",
        severity=Severity.WARN,
        verdict=reduce.check_verdict(Severity.WARN, outcome),
        outcome=outcome,
        hint=(
            "Stop it, with approval, until it is released: it takes what the recovery needs, and works on a stack that "
            f'is not proven. "coldstart release {item.name}" names all that is missing.'
        ),
        sop=item.sop or "5.3",
        source=loaded.where(loaded.baseline.releases[item.name]),
    )
