"""What rules look at: every single check of a baseline, alternatives of groups among them."""

from collections.abc import Iterator

from coldstart.baseline.model import AlertTest, AnyOf, Baseline, Check


def single(baseline: Baseline) -> Iterator[tuple[str, Check]]:
    """Every check with a probe and its name, ``GATE/group.member`` for an alternative, in the file's order."""
    for item in baseline.checks():
        match item:
            case Check():
                yield named(item), item
            case AnyOf():
                yield from ((f"{named(item)}.{member.id}", member) for member in item.any_of)
            case AlertTest():
                pass


def named(item: Check | AnyOf | AlertTest) -> str:
    """``GATE/check``, as output and --skip call it."""
    return f"{item.gate}/{item.id}"


def asked_on(check: Check | AnyOf) -> tuple[str, ...]:
    """The hosts on which it is asked: those that it is declared not to apply to are left out."""
    return tuple(name for name in check.hosts if name not in check.not_on)
