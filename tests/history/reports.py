"""Small reports for the history: two gates on two hosts, with the moments and boots that a test gives them."""

from collections.abc import Mapping

from tests.render.reports import check, gate
from tests.render.reports import report as whole

from coldstart.clock import FixedClock
from coldstart.outcome import CheckResult, HostFacts, Outcome, Report, Result, Verdict
from coldstart.reason import Reason

NOW = 1_780_000_000.0
CLOCK = FixedClock(NOW)
NAME = "two gates"
BOOT_A = "aaaaaaaa-0000-4000-8000-000000000001"
BOOT_B = "bbbbbbbb-0000-4000-8000-000000000001"


def verdict_check(key: str, host: str | None, verdict: Verdict | None, measure: float | None = None) -> CheckResult:
    match verdict:
        case Verdict.PASS:
            outcome = Outcome.met("good", measure=measure)
        case Verdict.WARN:
            outcome = Outcome.caution(Reason.WRONG_VALUE, "not quite", measure=measure)
        case Verdict.BLOCKED:
            outcome = Outcome.unmet(Reason.WRONG_VALUE, "bad", measure=measure)
        case _:
            return check(key, host, "holds", verdict=verdict)
    return check(key, host, "holds", outcome, verdict=verdict)


def booted(host: str, moment: float) -> CheckResult:
    """What a check of the kind `reboot_evidence` found out."""
    return check(
        f"P0/boot-{host}", host, "booted", Outcome.met("yes", facts={"boot_time": moment}), probe="reboot_evidence"
    )


def run(
    at: float = NOW,
    *,
    p0: Verdict | None = Verdict.PASS,
    p1: Verdict | None = Verdict.PASS,
    result: Result | None = None,
    boots: Mapping[str, str | None] | None = None,
    moments: Mapping[str, float] | None = None,
    measure: float | None = None,
    lasted: float = 4.0,
    **fields: object,
) -> Report:
    """A run that ends at `at`; P0 stands on host a, P1 on host b."""
    boots = {"a": BOOT_A, "b": BOOT_B} if boots is None else boots
    gates = [
        gate(
            "P0",
            "first",
            [verdict_check("P0/load", "a", p0, measure), *(booted(*one) for one in (moments or {}).items())],
            verdict=p0,
        ),
        gate("P1", "second", [verdict_check("P1/up", "b", p1)], verdict=p1),
    ]
    if result is None:
        result = Result.GREEN if p0 is p1 is Verdict.PASS else Result.BLOCKED
    hosts = tuple(HostFacts(name=name, address="127.0.0.1", boot_id=boot) for name, boot in boots.items())
    made = whole(gates, result=result, headline=f"{result}: so it is", hosts=hosts)
    return made.model_copy(update={"baseline_name": NAME, "started": at - lasted, "ended": at, **fields})
