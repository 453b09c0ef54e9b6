"""Names of hosts and gates where they are used: each one is looked up, each unknown one reported at its own place."""

from collections.abc import Container, Iterable, Iterator, Sequence

from coldstart.baseline.nodes import Entries, Items, Node, Place, Scalar
from coldstart.baseline.problems import Problems, shown

ALL = "all"


def written(node: Node | None) -> Iterator[tuple[Place, str]]:
    """The names that a node holds: itself, the items of a list, or the keys of a mapping."""
    match node:
        case Scalar(value=str(name), broken=False):
            yield node.place, name
        case Items():
            for item in node.items:
                if isinstance(item, Scalar):
                    yield from written(item)
        case Entries():
            for name, place in node.keys.items():
                yield place, name


def unknown(node: Node | None, kind: str, known: Sequence[str] | dict[str, object], problems: Problems) -> bool:
    """Report each name below `node` that is not one of `known`, and each that is listed twice. False: none is."""
    bad, seen = False, set[str]()
    for place, name in written(node):
        if name not in known:
            bad = True
            problems.add(place, f"unknown {kind} {shown(name)}: {problems.meant(name, known)}")
        elif name in seen:
            bad = True
            problems.add(place, f"{kind} {shown(name)} is listed twice: once is enough")
        seen.add(name)
    return bad


def hosts_of(
    node: Node | None, known: Iterable[str], optional: Container[str], problems: Problems
) -> tuple[str, ...] | None:
    """The hosts that a `hosts:` names, `all` resolved. None: there is no such key, or what it names was reported."""
    if node is None:
        return None
    names = [name for _, name in written(node)]
    if ALL in names:
        if len(names) > 1:
            problems.add(node.place, "'all' beside other names: write all alone, or the names")
            return None
        found = tuple(name for name in known if name not in optional)
        if not found:
            problems.add(
                node.place, "'all' stands for every host that is not optional, and there is none: name the hosts"
            )
        return found or None
    if unknown(node, "host", tuple(known), problems):
        return None
    return tuple(names) or None


def tier_of(node: Entries, known: Sequence[str], problems: Problems) -> str:
    """The protection tier that the mapping `node` names; empty where it names none, or one that is not `known`."""
    named = node.entries.get("tier")
    tier = named if isinstance(named, Scalar) else None  # of anything else, its form says so
    if unknown(tier, "tier", known, problems):
        return ""
    return next((name for _, name in written(tier)), "")
