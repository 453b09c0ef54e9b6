"""Rules about gates: what can hold the next phase back, and whether an operator is told what to do then."""

from collections.abc import Iterator

from coldstart.baseline.load import LoadedBaseline
from coldstart.baseline.model import AlertTest
from coldstart.lint.finding import Hit, error, warning
from coldstart.lint.subjects import named
from coldstart.outcome import Severity, Verdict


@error("CS201", "gate-cannot-hold")
def gate_cannot_hold(loaded: LoadedBaseline) -> Iterator[Hit]:
    """Every check of a gate can only warn, and the gates that need it go on after a warning: it holds nothing back.

    Why: what stands behind it starts however bad it looks there; the arrow in the DAG is a picture only.

    Example:
        P0-188-DATA:
          title: the data layer on 188 serves
          checks:
            - {id: postgresql, claim: PostgreSQL accepts connections, probe: pg_isready, severity: warn}

    Use instead:
        P0-188-DATA:
          title: the data layer on 188 serves
          checks:
            - {id: postgresql, claim: PostgreSQL accepts connections, probe: pg_isready}

    """
    gates = loaded.baseline.gates
    for gate in gates.values():
        below = [child.name for child in gates.values() if child.needs.get(gate.name) is Verdict.WARN]
        if below and all(check.severity is Severity.WARN for check in gate.checks):
            message = f"gate {gate.name} can only warn, so it never holds back {', '.join(below)}"
            todo = "let what they need block (severity: blocked), or let them need it to pass"
            yield Hit(gate.line, message, todo)


@warning("CS202", "no-hint")
def no_hint(loaded: LoadedBaseline) -> Iterator[Hit]:
    """A check that blocks has no hint.

    Why: it may be the first line of a report at three in the morning, and then says what is wrong but not what to do.

    Example:
        - {id: redis, claim: Redis answers PONG, probe: redis, hosts: "188"}

    Use instead:
        - id: redis
          claim: Redis answers PONG
          probe: redis
          hosts: "188"
          hint: LOADING means wait. Otherwise look at "journalctl -u redis-server".

    """
    for check in loaded.baseline.checks():
        if check.severity is Severity.BLOCKED and not check.hint:
            message = f"check {named(check)} blocks, and has no hint"
            yield Hit(check.line, message, "say in hint: what to look at first, and what must not be done")


@warning("CS203", "no-sop")
def no_sop(loaded: LoadedBaseline) -> Iterator[Hit]:
    """A check does not name the section of the SOP that it comes from.

    Why: the report sends the operator there, and nobody can tell later whether the check may go.

    Example:
        - {id: redis, claim: Redis answers PONG, probe: redis, hosts: "188"}

    Use instead:
        - {id: redis, claim: Redis answers PONG, probe: redis, hosts: "188", sop: "4.2"}

    """
    for check in loaded.baseline.checks():
        if not check.sop:
            yield Hit(check.line, f"check {named(check)} names no section of the SOP", 'add sop:, like sop: "4.2"')


@warning("CS204", "second-root")
def second_root(loaded: LoadedBaseline) -> Iterator[Hit]:
    """A gate needs nothing, though it is not the first: it is asked at once, whatever the others say.

    Why: mostly its `needs` was forgotten; then a service is reported as bad because the network below it is.

    Example:
        P0-NETWORK: {title: hosts answer, checks: […]}
        P1-K3S: {title: the cluster is ready, checks: […]}

    Use instead:
        P0-NETWORK: {title: hosts answer, checks: […]}
        P1-K3S: {title: the cluster is ready, needs: [P0-NETWORK], checks: […]}

    """
    roots = [gate for gate in loaded.baseline.gates.values() if not gate.needs]
    for gate in roots[1:]:
        message = f"gate {gate.name} needs nothing, like {roots[0].name}: it is asked at once"
        yield Hit(gate.line, message, "name under needs: the gates that it stands on")


@warning("CS205", "same-claim")
def same_claim(loaded: LoadedBaseline) -> Iterator[Hit]:
    """Two checks of a gate make the same claim.

    Why: in the report their lines look alike; in a chat message nobody can tell which of them failed.

    Example:
        - {id: api, claim: answers, probe: tcp, with: {port: 32334}, hosts: "120"}
        - {id: web, claim: answers, probe: tcp, with: {port: 32335}, hosts: "120"}

    Use instead:
        - {id: api, claim: the API answers, probe: tcp, with: {port: 32334}, hosts: "120"}
        - {id: web, claim: the web front end answers, probe: tcp, with: {port: 32335}, hosts: "120"}

    """
    for gate in loaded.baseline.gates.values():
        first: dict[str, str] = {}
        for check in gate.checks:
            other = first.setdefault(check.claim.strip().casefold(), named(check))
            if other != named(check):
                kind = "alert test" if isinstance(check, AlertTest) else "check"
                message = f"{kind} {named(check)} makes the same claim as {other}"
                yield Hit(check.line, message, "say in each claim what sets it apart")
