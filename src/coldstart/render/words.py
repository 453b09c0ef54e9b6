"""The sentences that every renderer for people uses, so that table, chat message and explanation say the same."""

import re
import time

from coldstart.decisions import AcceptState, Decision
from coldstart.outcome import CheckResult, Conclusion, Outcome, Report, Result, Root, Verdict
from coldstart.reason import Reason
from coldstart.render.style import Marks
from coldstart.text import one_line, plural

NOT_OBSERVED = "NOT OBSERVED"

FOUND_MOST = 160
"""Characters of a claim, or of what was seen, that one line repeats; the table has the rest."""

COULD_NOT = "could not observe: "

_MEANS = {
    Result.GREEN: "all was observed, all is good: the next phase may be released",
    Result.DEGRADED: "clear or accept each warning; release no runners, CD or AI",
    Result.BLOCKED: "release nothing; fix the first blocked gate, then run again",
    Result.CHECK_FAILED: "no verdict: nothing may be concluded from this run",
}
"""What an operator may do after each result (SOP 1.2, 13.5)."""

_COUNTS = (
    ("PASS", "passed"),
    ("WARN", "warned"),
    ("BLOCKED", "blocked"),
    ("HELD", "held"),
    ("NOT_APPLICABLE", "not applicable"),
)


def seen(outcome: Outcome) -> str:
    """Return what was observed; of what could not be observed, why not, without repeating that it was not."""
    return _seen(outcome.reason, outcome.observed) if unseen(outcome) else outcome.observed


def unseen(outcome: Outcome) -> bool:
    """Whether nothing may be claimed about the thing itself."""
    return outcome.conclusion is Conclusion.UNOBSERVED


def _seen(reason: Reason, detail: str) -> str:
    why = reason.says.removeprefix(COULD_NOT)
    detail = detail.removeprefix(COULD_NOT)
    return detail if detail.startswith(why) or not detail else f"{why}: {detail}"


def first_line(report: Report, marks: Marks) -> str:
    """Return the line to act on: where it is blocked, what should hold there, and what was seen instead."""
    root = report.root
    if root is None or report.result not in (Result.BLOCKED, Result.DEGRADED):
        return report.headline
    if root.observed_bad:
        found = f"observed: {cut(root.observed or root.reason.says, FOUND_MOST, marks)}"
    else:
        found = f"{NOT_OBSERVED}: {cut(_seen(root.reason, root.observed), FOUND_MOST, marks)}"
    return f"{report.result} at {root.gate}{_on(root)}: {cut(root.claim, FOUND_MOST, marks)} {marks.dash} {found}"


def cut(text: str, limit: int, marks: Marks) -> str:
    """Return `text` on one line of at most `limit` characters, with a mark where it was cut."""
    line = one_line(text, limit * 100)
    return line if len(line) <= limit else line[: limit - len(marks.more)].rstrip() + marks.more


def _on(root: Root) -> str:
    """Return " on HOST", unless the claim names the host itself."""
    if not root.host or re.search(rf"(?<![\w.]){re.escape(root.host)}(?![\w])", root.claim):
        return ""
    return f" on {root.host}"


def held_back(report: Report) -> tuple[str, ...]:
    """Return the gates that wait for the root: all below a blocked one, those held below a warning."""
    if report.root is None:
        return ()
    if report.root.verdict is Verdict.BLOCKED:
        return report.root.holds
    held = {gate.name for gate in report.gates if gate.verdict is Verdict.HELD}
    return tuple(name for name in report.root.holds if name in held)


def counted(report: Report) -> str:
    """Return ``14 passed, 2 blocked, 9 held``: what there is none of is not named."""
    words = dict(_COUNTS)
    if report.narrowed:
        words["NOT_APPLICABLE"] = "left out or not applicable"
    if accepted := accepted_in(report):
        words["WARN"] = f"warned ({accepted} accepted)"
    said = [f"{report.counts[key]} {word}" for key, word in words.items() if report.counts.get(key)]
    return ", ".join(said) or "no check"


def accepted_in(report: Report) -> int:
    """How many warnings of the report somebody took responsibility for."""
    return sum(check.accepted is not None for gate in report.gates for check in gate.checks)


def result_line(report: Report) -> str:
    """Return the last words: result, exit code and what they mean for the operator."""
    result, means = str(report.result), _MEANS[report.result]
    if report.result is Result.GREEN and (accepted := accepted_in(report)):
        result = f"{result} ({accepted} accepted)"
        means = "all is good, but for what was accepted: the next phase may be released"
    if any(item.decision is Decision.HOLD for item in report.releases):
        means = means.replace("the next phase may be released", "release what may go, and no more")
    if report.result is Result.DEGRADED and report.root is None:
        means = "nothing bad was seen, but not all was looked at; release nothing on this"
        if any(item.state in (AcceptState.EXPIRED, AcceptState.UNKNOWN) for item in report.accepts):
            means = "nothing bad was seen, but an accept holds no longer: mend or remove it, then run again"
    if report.result is Result.BLOCKED and report.root:
        means = f"release nothing; fix {report.root.gate} first, then run again"
    return f"{result}, exit {report.exit_code}: {means}"


def narrowed_line(report: Report) -> str:
    """Return why the run cannot speak for the whole stack; empty when it can."""
    return f"narrowed by {', '.join(report.narrowed)}: this says nothing of the whole stack" if report.narrowed else ""


def lasted(seconds: float) -> str:
    """Return a duration as a person says it: ``0.4 s``, ``42 s``, ``3 min 5 s``."""
    seconds = max(seconds, 0.0)
    if seconds < 9.95:  # noqa: PLR2004 - from ten seconds on nobody asks for tenths
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def moment(epoch: float) -> str:
    """Return a moment in UTC, to the second: the same report gives the same bytes on every machine."""
    return time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(epoch))


def provenance(report: Report) -> str:
    """Return which baseline was judged by which version, and when."""
    return (
        f"{report.baseline_name} ({report.baseline_sha256[:12]}), coldstart {report.version}, {moment(report.started)}"
    )


def notes(report: Report) -> tuple[str, ...]:
    """Return what to know about the run itself: troubles with hosts, then its notes."""
    # A host that was never logged in to is told by its checks; one whose boot was lost on the way is told here.
    lost = (f"host {host.name}: {host.problem}" for host in report.hosts if host.problem and host.boot_id)
    return (*lost, *report.notes)


def checks(count: int) -> str:
    """Return ``1 check`` or ``7 checks``."""
    return plural(count, "check")


def name_of(check: CheckResult) -> str:
    """Return the check's name within its gate: the heading says the gate."""
    return check.id.partition("/")[2] or check.id
