"""The warnings that the operator accepts: `--accepts FILE` and `--accept CHECK=REASON`."""

import re
from collections.abc import Iterable
from pathlib import Path

from coldstart.baseline import accept_load
from coldstart.baseline.accept_forms import CHECK_KEY
from coldstart.baseline.accepts import Accept, unknown
from coldstart.baseline.model import Baseline
from coldstart.engine.accepting import Accepting
from coldstart.errors import BaselineError, UsageError

_WRITE_IT = "write it like --accept 'P1-K3S/nodes@120=until the new disk is in'"


def accepting(baseline: Baseline, files: Iterable[Path], options: Iterable[str]) -> Accepting:
    """Return what a command accepts beside the `accepts:` of its baseline.

    Raises `UsageError` with every problem of files and options. A check that no baseline knows is a slip in an option,
    and an error; in a file it was right once, and becomes a line of the report that keeps the run from being GREEN.
    """
    problems: list[str] = []
    found: list[Accept] = []
    for file in files:
        try:
            found += accept_load.load(file).accepts
        except BaselineError as error:
            problems += error.problems
    for option in options:
        accept = _parsed(option)
        if isinstance(accept, Accept):
            wrong = unknown(accept, accept_load.checks_of(baseline))
            problems += [f"--accept {accept.key}: {wrong}"] if wrong else []
            found.append(accept)
        else:
            problems.append(accept)
    if problems:
        raise UsageError(*problems)
    return Accepting(found)


def _parsed(option: str) -> Accept | str:
    """The accept that an option gives, or what is wrong with it."""
    key, sign, reason = option.partition("=")
    if not re.fullmatch(CHECK_KEY, key):
        return f"--accept {option}: it names no check: {_WRITE_IT}"
    if not sign or not reason.strip():
        return f"--accept {key}: the reason is missing: {_WRITE_IT}"
    check, _, host = key.partition("@")
    return Accept(check=check, host=host or None, reason=reason.strip(), saw=None, source="--accept")
