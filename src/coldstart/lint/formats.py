"""Findings as text, as JSON and as annotations of GitHub Actions. Whatever a file holds stays text in each of them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from coldstart.lint.finding import Finding, Level
from coldstart.text import one_line, plural

SCHEMA_VERSION = 1
_LONGEST = 2000


def text(findings: Iterable[Finding]) -> str:
    """Return one line a finding: ``file:line: CS101 name: what is wrong: what to do``."""
    return "".join(f"{one_line(_line(finding), _LONGEST)}\n" for finding in findings)


def _line(finding: Finding) -> str:
    return f"{finding.place}: {finding.code} {finding.name}: {_said(finding)}"


def _said(finding: Finding) -> str:
    return f"{finding.message}: {finding.todo}" if finding.todo else finding.message


def document(findings: Sequence[Finding], files: int) -> dict[str, Any]:
    """Return the JSON document: every finding, and how many there are of each level."""
    counts = Counter(finding.level for finding in findings)
    return {
        "schema_version": SCHEMA_VERSION,
        "files": files,
        "errors": counts[Level.ERROR],
        "warnings": counts[Level.WARNING],
        "findings": [
            {
                "file": finding.file,
                "line": finding.line or None,
                "column": finding.column or None,
                "code": finding.code,
                "name": finding.name,
                "level": finding.level.value,
                "message": finding.message,
                "todo": finding.todo,
            }
            for finding in findings
        ],
    }


def github(findings: Iterable[Finding]) -> str:
    """Return one workflow command a finding, which GitHub Actions shows beside the line of the change.

    A newline in a message would begin a command of its own, so none is left; of the escapes of actions/toolkit
    (``packages/core/src/command.ts``) ``%`` is needed everywhere, colon and comma within properties.
    """
    return "".join(f"::{finding.level.value} {_properties(finding)}::{_data(_said(finding))}\n" for finding in findings)


def _properties(finding: Finding) -> str:
    properties = {
        "file": finding.file,
        "line": str(finding.line or ""),
        "col": str(finding.column or ""),
        "title": f"{finding.code} {finding.name}",
    }
    return ",".join(f"{name}={_property(value)}" for name, value in properties.items() if value)


def _data(value: str) -> str:
    return one_line(value, _LONGEST).replace("%", "%25")


def _property(value: str) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")


def summary(findings: Sequence[Finding], files: int) -> str:
    """Return ``3 problems in 2 files: 2 errors, 1 warning``, or that nothing is wrong."""
    if not findings:
        return f"{plural(files, 'baseline')}: nothing wrong"
    counts = Counter(finding.level for finding in findings)
    levels = ", ".join(plural(counts[level], level.value) for level in Level)
    return f"{plural(len(findings), 'problem')} in {plural(files, 'file')}: {levels}"
