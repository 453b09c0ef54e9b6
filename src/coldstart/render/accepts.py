"""``-o accepts``: every warning of a run as a file for `--accepts`, with what was seen; the reasons are left to people.

The file is refused until each reason is written: nothing is accepted by asking for it.
"""

import datetime as dt
import json
import re
from collections.abc import Iterator

from coldstart.baseline.accepts import NEVER_ACCEPTED, Saw, SawPart
from coldstart.outcome import CheckResult, Conclusion, Outcome, Report, Verdict
from coldstart.render import words
from coldstart.render.style import ASCII
from coldstart.text import visible

_NOT_YAML = re.compile("[\ufffe\uffff]")
"""What JSON may hold as it is, and YAML 1.1 may not."""
_LONGEST_COMMENT = 110
_MEASURES = 1e300
"""The largest number that the form of an accept takes."""


def render(report: Report) -> str:
    """Return the YAML: a WARN each, in the order of the report; one that was accepted keeps its reason."""
    warned = [check for gate in report.gates for check in gate.checks if check.verdict is Verdict.WARN]
    lines = [
        f"# Warnings of the run of {words.moment(report.started)}, {_comment(report.baseline_name)}",
        "# Write a reason for each that may stand, and until when; remove the others. Then: --accepts FILE",
        "accepts:" if any(_able(check) for check in warned) else "accepts: []",
    ]
    for check in warned:
        if check.outcome:
            lines += _entry(check, check.outcome)
    return "\n".join(lines) + "\n"


def _able(check: CheckResult) -> bool:
    """Whether a warning can be accepted at all: not when it is about the run itself, or about its releases."""
    return check.outcome is not None and check.outcome.reason not in NEVER_ACCEPTED


def _entry(check: CheckResult, outcome: Outcome) -> Iterator[str]:
    yield f"  # {_comment(f'{check.claim}: {words.seen(outcome)}')}"
    if not _able(check):
        yield f"  # cannot be accepted: {check.key}: {_comment(outcome.reason.says)}"
        return
    accepted = check.accepted
    yield f"  - check: {_text(check.key)}"
    yield f"    reason: {_text(accepted.reason if accepted else '')}"
    if accepted and accepted.by:
        yield f"    by: {_text(accepted.by)}"
    if accepted and accepted.until is not None:
        yield f"    until: {_text(_time(accepted.until))}"
    yield "    saw:"
    saw = Saw.of(check, outcome)
    yield f"      reason: {_text(saw.reason)}"
    if saw.conclusion is Conclusion.CAUTION:
        yield "      caution: true"
    if saw.at_most is not None and abs(saw.at_most) <= _MEASURES:
        yield f"      at_most: {saw.at_most!r}"
    if saw.parts:
        yield "      parts:"
        yield from (f"        - {_part(part, saw)}" for part in saw.parts)


def _part(part: SawPart, whole: Saw) -> str:
    """A part by its name alone where the rest of it is as it is of the whole."""
    caution = part.conclusion is Conclusion.CAUTION
    said = {}
    if part.reason is not whole.reason:
        said["reason"] = _text(part.reason)
    if caution is not (whole.conclusion is Conclusion.CAUTION):
        said["caution"] = "true" if caution else "false"
    if part.at_most is not None and abs(part.at_most) <= _MEASURES:
        said["at_most"] = repr(part.at_most)
    if not said:
        return _text(part.name)
    return "{" + ", ".join(f"{key}: {value}" for key, value in {"name": _text(part.name), **said}.items()) + "}"


def _text(value: str) -> str:
    """A double-quoted scalar; YAML reads JSON's escapes as JSON does."""
    return _NOT_YAML.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(visible(value), ensure_ascii=False))


def _comment(text: str) -> str:
    """Text of the world in a comment: on one line, and never a comment that lint would take for its own."""
    said = words.cut(text, _LONGEST_COMMENT, ASCII).replace("lint:", "lint :")
    return _NOT_YAML.sub("?", said)


def _time(moment: float) -> str:
    return dt.datetime.fromtimestamp(moment, dt.UTC).isoformat().replace("+00:00", "Z")
