"""A report as JUnit XML, for CI: a suite a gate, a case a check on a host.

| verdict | as |
|---|---|
| PASS | a case that passed |
| BLOCKED, observed bad | a failure |
| BLOCKED, could not be observed | an error: nothing is claimed about the service |
| WARN | a case that passed, with the property ``verdict`` and what was seen on its system-out |
| HELD, left out, not applicable | skipped, with the reason |

A WARN is no failure: the exit code 1 says DEGRADED, and a red CI for it would teach people to look away. The first
suite, ``coldstart``, has one case for the run itself, which is an error when the run gave no verdict: a report in which
nothing was asked must not look green.
"""

import re
import time
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from coldstart.outcome import CheckResult, GateResult, Outcome, Report, Result, Verdict
from coldstart.render import words
from coldstart.render.accepted import alarms, responsible
from coldstart.render.asked import in_brief, place_of
from coldstart.render.style import ASCII
from coldstart.text import visible

_RUN = "coldstart"
_NOT_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What may not stand in XML 1.0 (section 2.2, Char); a carriage return would be read back as another character."""


def render(report: Report) -> str:
    """Return the document with its declaration and a final newline; text of the world is escaped by the XML library."""
    root = Element("testsuites", name=_xml(report.baseline_name))
    suites = [_run(report), *(_gate(report, gate) for gate in report.gates)]
    root.extend(suites)
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in suites)))
    root.set("time", _seconds(report.ended - report.started))
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _run(report: Report) -> Element:
    """The suite of the run itself: its properties, and whether it gave a verdict at all."""
    case = Element("testcase", classname=_RUN, name="the run gives a verdict", time=_seconds(0))
    if report.result is Result.CHECK_FAILED:
        _say(SubElement(case, "error", type=report.result.value), report.headline, words.result_line(report))
    else:
        _out(case, f"{words.first_line(report, ASCII)}\n{words.result_line(report)}")
    root = report.root
    properties = {
        "result": report.result,
        "exit_code": str(report.exit_code),
        "headline": report.headline,
        "root": (f"{root.check}@{root.host}" if root.host else root.check) if root else "",
        "root.reason": root.reason.value if root else "",
        "root.observed_bad": str(root.observed_bad).lower() if root else "",
        "root.holds": " ".join(root.holds) if root else "",
        "narrowed": "; ".join(report.narrowed),
        "accepted": str(words.accepted_in(report) or ""),
        "accepts": "\n".join(alarms(report)),
        "baseline": report.baseline,
        "baseline_sha256": report.baseline_sha256,
        "version": report.version,
    }
    notes = "\n".join(words.notes(report))
    return _suite(report, _RUN, properties, [case], notes)


def _gate(report: Report, gate: GateResult) -> Element:
    properties = {
        "title": gate.title,
        "verdict": gate.verdict or "not asked",
        "held_by": gate.held_by or "",
        "holds": " ".join(gate.holds),
    }
    return _suite(report, gate.name, properties, [_case(gate, check) for check in gate.checks])


def _suite(report: Report, name: str, properties: dict[str, str], cases: list[Element], out: str = "") -> Element:
    suite = Element("testsuite", name=_xml(name))
    counts = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    suite.set("tests", str(len(cases)))
    for count, tag in counts.items():
        suite.set(count, str(sum(case.find(tag) is not None for case in cases)))
    suite.set("time", _seconds(sum(float(case.get("time", "0")) for case in cases)))
    suite.set("timestamp", time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(report.started)))
    _properties(suite, properties)
    suite.extend(cases)
    _out(suite, out)
    return suite


def _case(gate: GateResult, check: CheckResult) -> Element:
    name = f"{words.name_of(check)}@{check.host}" if check.host else words.name_of(check)
    spans = [(exchange.reply.started, exchange.reply.ended) for exchange in check.exchanges]
    took = max(ended for _, ended in spans) - min(started for started, _ in spans) if spans else 0
    case = Element("testcase", classname=_xml(gate.name), name=_xml(name), time=_seconds(took))
    if check.verdict is None or check.verdict is Verdict.HELD or check.outcome is None:
        SubElement(case, "skipped", message=_xml(_why_skipped(check)))
        return case
    verdict, outcome = check.verdict, check.outcome
    unseen = words.unseen(outcome)
    if verdict is not Verdict.PASS:
        observed = {"observed": "false" if unseen else "true"}
        by = {"accepted": responsible(check.accepted)} if check.accepted else {}
        _properties(case, {"verdict": verdict, "reason": outcome.reason.value, **observed, **by})
    if verdict is Verdict.BLOCKED:
        mark = SubElement(case, "error" if unseen else "failure", type=outcome.reason.value)
        _say(mark, _message(check, outcome), _details(check, outcome))
    elif verdict is Verdict.WARN:
        _out(case, f"WARN: {_message(check, outcome)}\n{_details(check, outcome)}")
    return case


def _why_skipped(check: CheckResult) -> str:
    if check.verdict is Verdict.HELD:
        return f"held by {check.held_by}"
    return check.not_applicable or "not asked"


def _message(check: CheckResult, outcome: Outcome) -> str:
    label = f"{words.NOT_OBSERVED}: " if words.unseen(outcome) else ""
    return f"{check.claim}: {label}{words.seen(outcome) or outcome.reason.says}"


def _details(check: CheckResult, outcome: Outcome) -> str:
    """The lines that a person needs, in the order of every other output."""
    exchanges = dict.fromkeys([*check.exchanges, *(one for member in check.members for one in member.exchanges)])
    lines = [
        ("expected", outcome.expected),
        ("observed" if not words.unseen(outcome) else words.NOT_OBSERVED, outcome.observed),
        *(("alternative", f"{member.claim}: {_of_member(member)}") for member in check.members),
        *(("asked", f"{place_of(one.read)} {in_brief(one.read).text}".strip()) for one in exchanges),
        ("accepted", responsible(check.accepted) if check.accepted else ""),
        ("downstream of", check.downstream_of or ""),
        ("hint", check.hint),
        ("SOP", check.sop),
        ("declared", check.source),
    ]
    return "\n".join(f"{label}: {text}" for label, text in lines if text)


def _of_member(member: CheckResult) -> str:
    return words.seen(member.outcome) or "as expected" if member.outcome else _why_skipped(member)


def _properties(parent: Element, values: dict[str, str]) -> None:
    block = SubElement(parent, "properties")
    for name, value in values.items():
        if value:
            SubElement(block, "property", name=name, value=_xml(value))


def _say(mark: Element, message: str, text: str) -> None:
    mark.set("message", _xml(message))
    mark.text = _xml(text)


def _out(parent: Element, text: str) -> None:
    if text:
        SubElement(parent, "system-out").text = _xml(text)


def _xml(text: str) -> str:
    return _NOT_XML.sub(lambda match: f"\\u{ord(match.group()):04x}", visible(text))


def _seconds(seconds: float) -> str:
    return f"{max(seconds, 0.0):.3f}"
