"""One baseline through every rule: findings in order, those that a comment silences left out."""

from collections.abc import Iterator, Sequence

from coldstart.baseline import source
from coldstart.baseline.accept_load import LoadedAccepts
from coldstart.baseline.load import LoadedBaseline
from coldstart.baseline.problems import Problems
from coldstart.lint.finding import Finding, Hit
from coldstart.lint.registry import BAD_IGNORE, BY_CODE, EXPIRED_ACCEPT, INVALID, RULES, UNKNOWN_ACCEPT, UNUSED_IGNORE
from coldstart.lint.rules.accepts import expired, unknowns
from coldstart.lint.silence import Ignore, ignores

_ABOUT_COMMENTS = frozenset({INVALID.code, UNUSED_IGNORE.code, BAD_IGNORE.code})
"""No comment can silence these."""


def lint_file(loaded: LoadedBaseline, *, now: float) -> tuple[Finding, ...]:
    """As `lint`, with the text of the file that the baseline was loaded from. Raises `BaselineError`: it is gone."""
    problems = Problems()
    read = source.read(loaded.path, problems)
    problems.raise_if_any()
    return lint(loaded, read.content.decode("utf-8") if read else "", now=now)


def lint(loaded: LoadedBaseline, text: str, *, now: float) -> tuple[Finding, ...]:
    """Return what the rules find in a baseline, by line; `text` is the file itself, for its comments.

    `now`, s since the epoch: what has expired by then is found.
    """
    found = [finding for rule in RULES for finding in rule.hits(loaded)]
    found += [EXPIRED_ACCEPT.finding(loaded.path, hit) for hit in expired(loaded.baseline.accepts, now)]
    return _without_silenced(found, loaded.path, text)


def lint_accepts(loaded: LoadedAccepts, baselines: Sequence[LoadedBaseline], *, now: float) -> tuple[Finding, ...]:
    """Return what is wrong with a file of accepts: ended ones, and those that name a check of none of the baselines."""
    found = [UNKNOWN_ACCEPT.finding(loaded.path, hit) for hit in unknowns(loaded.accepts, baselines)]
    found += [EXPIRED_ACCEPT.finding(loaded.path, hit) for hit in expired(loaded.accepts, now)]
    return _without_silenced(found, loaded.path, loaded.text)


def _without_silenced(found: Sequence[Finding], path: str, text: str) -> tuple[Finding, ...]:
    comments = tuple(ignores(text))
    silencing = {(comment.line, code) for comment in comments if comment.reason for code in comment.codes}
    kept = [finding for finding in found if (finding.line, finding.code) not in silencing]
    silenced = {(finding.line, finding.code) for finding in found} & silencing
    return tuple(sorted({*kept, *_about(path, comments, silenced)}))


def _about(file: str, comments: tuple[Ignore, ...], silenced: set[tuple[int, str]]) -> Iterator[Finding]:
    for comment in comments:
        if wrong := _wrong(comment):
            yield BAD_IGNORE.finding(file, Hit(comment.line, *wrong), comment.column)
            continue
        for code in comment.codes:
            if (comment.line, code) not in silenced:
                message = f"nothing on this line is reported as {code}"
                todo = "remove the comment, or put it on the line that is reported"
                yield UNUSED_IGNORE.finding(file, Hit(comment.line, message, todo), comment.column)


def _wrong(comment: Ignore) -> tuple[str, str] | None:
    example = "write # lint: ignore CS101 and why"
    if not comment.codes:
        return "names no rule", example
    if unknown := [code for code in comment.codes if code not in BY_CODE]:
        return f"there is no rule {', '.join(unknown)}", "see docs/lint.md for every rule"
    if fixed := [code for code in comment.codes if code in _ABOUT_COMMENTS]:
        return f"{', '.join(fixed)} cannot be silenced", "mend what it reports"
    return None if comment.reason else ("gives no reason", example)


def invalid(problem: str, files: tuple[str, ...]) -> Finding:
    """Return a problem of the loader, ``file:line:column: what: what to do``, as a finding.

    `files` are those that it read; what to do stays in the message, as the loader worded it.
    """
    file, line, column, said = _split(problem, files)
    return INVALID.finding(file, Hit(line, said, ""), column)


def _split(problem: str, files: tuple[str, ...]) -> tuple[str, int, int, str]:
    for file in sorted(files, key=len, reverse=True):
        rest = problem.removeprefix(f"{file}:")
        if rest == problem:
            continue
        line, _, after = rest.partition(":")
        column, _, said = after.partition(": ")
        if line.isdecimal() and column.isdecimal():
            return file, int(line), int(column), said
        return file, 0, 0, rest.strip()
    place, _, said = problem.partition(": ")
    return place, 0, 0, said or problem
