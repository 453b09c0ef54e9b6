"""Rules about accepted warnings. A run is not GREEN while one of these is found (SOP 13.5.3)."""

from collections.abc import Iterable, Iterator

from coldstart.baseline.accept_load import checks_of
from coldstart.baseline.accepts import Accept, unknown
from coldstart.baseline.load import LoadedBaseline
from coldstart.lint.finding import Hit, error
from coldstart.text import span


@error("CS501", "unknown-accept")
def unknown_accept(loaded: LoadedBaseline) -> Iterator[Hit]:
    """An accept names a check that the baseline does not have, or a host that the check is not asked on.

    Why: what it was written for is gone, or has another name now; nobody would notice that it covers nothing. A run
    with it is DEGRADED at best. Accepts of a file of their own (``--accepts``) are judged against the baseline.

    Example:
        accepts:
          - check: P0-188-DATA/postgres   # the check is postgresql
            reason: one replica is being rebuilt
            saw: {reason: over-limit, at_most: 1.4}

    Use instead:
        accepts:
          - check: P0-188-DATA/postgresql
            reason: one replica is being rebuilt
            saw: {reason: over-limit, at_most: 1.4}

    """
    yield from unknowns(loaded.baseline.accepts, [loaded])


@error("CS502", "expired-accept")
def expired_accept(loaded: LoadedBaseline) -> Iterator[Hit]:
    """An accept has ended.

    Why: whoever wrote it wanted to look again by then. A run with it is DEGRADED at best, whether its check passes or
    not: an accept that covers nothing is removed, one that is still needed is looked at again and renewed.

    Example:
        accepts:
          - check: P1-K3S/nodes@120
            reason: the disk is replaced on Friday
            until: 2026-05-29   # long ago
            saw: {reason: over-limit, at_most: 91}

    Use instead:
        accepts:
          - check: P1-K3S/nodes@120
            reason: the disk came late; it is replaced on Monday
            until: 2026-12-07
            saw: {reason: over-limit, at_most: 91}

    """
    del loaded  # `run` judges it: a rule has no clock
    yield from ()


def unknowns(accepts: Iterable[Accept], baselines: Iterable[LoadedBaseline]) -> Iterator[Hit]:
    """A hit for each accept that names a check of none of the baselines."""
    every = [checks_of(loaded.baseline) for loaded in baselines]
    for accept in accepts:
        wrong = [unknown(accept, checks) for checks in every]
        if wrong and all(wrong):
            yield Hit(accept.line, f"accept of {accept.key}: {wrong[0]}", "mend its name, or remove the accept")


def expired(accepts: Iterable[Accept], now: float) -> Iterator[Hit]:
    """A hit for each accept that has ended by `now`, s since the epoch."""
    for accept in accepts:
        if accept.until is not None and accept.expired(now):
            message = f"accept of {accept.key}: it ended {span(now - accept.until)} ago"
            yield Hit(accept.line, message, "look again and renew it, or remove it")
