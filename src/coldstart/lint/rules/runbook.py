"""Rules about what follows from a verdict: the end of the recovery, releases, the alert test, the monitor."""

from collections.abc import Iterator

from coldstart.baseline.load import LoadedBaseline
from coldstart.lint.finding import Hit, warning
from coldstart.lint.subjects import named
from coldstart.text import span


@warning("CS401", "done-by-hand")
def done_by_hand(loaded: LoadedBaseline) -> Iterator[Hit]:
    """A criterion of the end of the recovery has no check: no run can ever say that it holds.

    Why: what must be looked at by hand is forgotten first. Where no check can see it, say so in the comment.

    Example:
        done:
          - {id: ssh, claim: Four hosts reachable by SSH., by_hand: log in to each}

    Use instead:
        done:
          - {id: ssh, claim: Four hosts reachable by SSH., checks: [P0-NETWORK/login]}

    """
    for criterion in loaded.baseline.done:
        if not criterion.checks:
            message = f"done criterion {criterion.id} names no check"
            yield Hit(criterion.line, message, "name under checks: those that see it")


@warning("CS402", "release-without-conditions")
def release_without_conditions(loaded: LoadedBaseline) -> Iterator[Hit]:
    """A release has no conditions beyond its gates.

    Why: gates say that the stack is up, not that there is room for what is released: "load per core below 1.0 for 15
    minutes" (SOP 5.3, 11) is a condition.

    Example:
        releases:
          runners: {title: runners and CD, needs: all}

    Use instead:
        releases:
          runners:
            title: runners and CD
            needs: all
            conditions:
              - {claim: load per core stays below 1.0, checks: [P0-110-REGISTRY-OBSERVABILITY/load], for: 15m}

    """
    for release in loaded.baseline.releases.values():
        if not release.conditions:
            message = f"release {release.name} has no conditions"
            yield Hit(release.line, message, "say under conditions: what else must hold, and for how long")


@warning("CS403", "alert-test-too-early")
def alert_test_too_early(loaded: LoadedBaseline) -> Iterator[Hit]:
    """The alert test belongs to a gate that needs no other.

    Why: it wakes people to prove the last link of a chain, of which nothing else was looked at before.

    Example:
        P2-ALERTCHAIN:
          title: alerts arrive
          checks: [{id: alert-test, claim: the webhook accepts an alert, alert_test: {…}}]

    Use instead:
        P2-ALERTCHAIN:
          title: alerts arrive
          needs: [P0-110-REGISTRY-OBSERVABILITY, P2-WORKLOAD]
          checks: [{id: alert-test, claim: the webhook accepts an alert, alert_test: {…}}]

    """
    test = loaded.baseline.alert_test
    if test and not loaded.baseline.gates[test.gate].needs:
        message = f"alert test {named(test)} is in a gate that needs nothing"
        yield Hit(test.line, message, f"name under needs: of {test.gate} the gates that an alert passes through")


@warning("CS404", "monitor-overlaps")
def monitor_overlaps(loaded: LoadedBaseline) -> Iterator[Hit]:
    """The monitor begins a run more often than a run may last.

    Why: the second one finds the lock held and ends with 3, which the alert rules read as "no verdict".

    Example:
        defaults: {run_deadline: 15m}
        monitor: {host: "110", every: 10m, …}

    Use instead:
        defaults: {run_deadline: 5m}
        monitor: {host: "110", every: 10m, …}

    """
    monitor, longest = loaded.baseline.monitor, loaded.baseline.defaults.run_deadline
    if monitor and monitor.every <= longest:
        message = f"the monitor runs every {span(monitor.every)}, and a run may last {span(longest)}"
        yield Hit(monitor.line, message, "raise every:, or lower run_deadline: in the defaults")
