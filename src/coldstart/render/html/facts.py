"""What the templates ask about results: words and choices, no markup."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from coldstart.outcome import CheckResult, Conclusion, GateResult, Outcome, Part, Report, Result, Verdict
from coldstart.reads import OPERATOR, Read
from coldstart.render import words
from coldstart.render.spans import Span

PARTS_MOST = 60
TEXT_MOST = 3_000
"""Characters of one sentence of a report; what is longer is no sentence."""

_ICONS = {Verdict.PASS: "pass", Verdict.WARN: "warn", Verdict.BLOCKED: "blocked", Verdict.HELD: "held", None: "none"}
_RESULTS = {Result.GREEN: "pass", Result.DEGRADED: "warn", Result.BLOCKED: "blocked", Result.CHECK_FAILED: "blocked"}
_TIERS = {
    "BLOCK": "human approval only; no automatic destructive action",
    "CRITICAL_HITL": "human approval before any restart or repair",
    "STANDARD_HITL": "restart only with evidence and after a look at what it would take down",
    "AUTO": "automatic restart is allowed after verification",
}
_BADNESS = (Conclusion.UNMET, Conclusion.UNOBSERVED, Conclusion.CAUTION, Conclusion.MET)
_PARTS = {
    Conclusion.UNMET: ("blocked", "not as required"),
    Conclusion.UNOBSERVED: ("held", words.NOT_OBSERVED),
    Conclusion.CAUTION: ("warn", "caution"),
    Conclusion.MET: ("pass", "as required"),
}


def look(verdict: Verdict | None) -> str:
    """Return the name of a verdict's icon and colour."""
    return _ICONS[verdict]


def result_look(report: Report) -> str:
    """Return the name of a result's icon and colour."""
    return _RESULTS[report.result]


def tier_says(tier: str) -> str:
    """Return what automation may do to what is of this tier (SOP 10)."""
    return f"{tier}: {_TIERS[tier]}" if tier in _TIERS else tier


def root_check(report: Report) -> CheckResult | None:
    """Return the check that the root names, for what it expected."""
    root = report.root
    if root is None:
        return None
    found = (check for gate in report.gates for check in gate.checks if check.id == root.check)
    return next((check for check in found if check.host == root.host), None)


def is_open(check: CheckResult) -> bool:
    """Return whether its details are unfolded from the beginning: those that somebody must act on."""
    return check.verdict in (Verdict.WARN, Verdict.BLOCKED)


def state(check: CheckResult) -> str:
    """Return the words beside the icon; that nothing could be observed is never said as if it had been."""
    if check.verdict is None:
        return "not asked"
    lost = check.outcome is not None and words.unseen(check.outcome)
    accepted = ", accepted" if check.accepted else ""
    return f"{check.verdict}{accepted}" + (f", {words.NOT_OBSERVED.lower()}" if lost else "")


def why_not(check: CheckResult) -> str:
    """Return why a check without an outcome was not asked."""
    if check.held_by:
        return f"held by {check.held_by}: a gate that this one needs is not good enough"
    return check.not_applicable or "nothing was asked"


def parts(outcome: Outcome) -> tuple[tuple[Part, ...], int]:
    """Return the parts, worst first, not more than `PARTS_MOST`; and how many are left out."""
    ordered = sorted(outcome.parts, key=lambda part: _BADNESS.index(part.conclusion))
    return tuple(ordered[:PARTS_MOST]), max(len(ordered) - PARTS_MOST, 0)


def part_look(part: Part) -> tuple[str, str]:
    """Return the icon and the words of a part."""
    return _PARTS[part.conclusion]


def place(read: Read) -> str:
    """Return where a read was sent from."""
    return "from here" if read.place == OPERATOR else f"on {read.place}"


def tally(gate: GateResult) -> tuple[tuple[str, str], ...]:
    """Return how many checks have each verdict, worst first: ``("blocked", "3 blocked")``."""
    counts = Counter(check.verdict for check in gate.checks)
    said = (
        (Verdict.BLOCKED, "blocked"),
        (Verdict.WARN, "warned"),
        (Verdict.HELD, "held"),
        (Verdict.PASS, "passed"),
        (None, "not asked"),
    )
    return tuple((look(verdict), f"{counts[verdict]} {word}") for verdict, word in said if counts[verdict])


@dataclass(frozen=True)
class When:
    """When a gate asked what it was the first to ask; seconds since the start of the run."""

    start: float
    end: float
    reads: int


def when(spans: Iterable[Span]) -> When | None:
    """Return the time of a gate's own reads; None when it had none."""
    own = tuple(spans)
    if not own:
        return None
    return When(min(span.start for span in own), max(span.end for span in own), len(own))


def anchor(at: int, name: str) -> str:
    """Return the id of the `at`-th gate: unique, and made of harmless characters whatever its name is."""
    slug = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:60]
    return f"gate-{at + 1}-{slug}".rstrip("-")


def cut(text: str) -> str:
    """Return a sentence, or the beginning of what is none."""
    return text if len(text) <= TEXT_MOST else f"{text[:TEXT_MOST]}… ({len(text):,} characters)"
