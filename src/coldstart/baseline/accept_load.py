"""From YAML to accepts: those of a baseline, and those of a file of their own, read as strictly as a baseline is."""

import os
from dataclasses import dataclass

from coldstart.baseline import source
from coldstart.baseline.accept_forms import AcceptForm, AcceptsForm, SawForm, SawPartForm
from coldstart.baseline.accepts import Accept, Checks, Saw, SawPart, usual
from coldstart.baseline.complaints import filled, refuse_empty
from coldstart.baseline.model import AlertTest, AnyOf, Baseline, Check
from coldstart.baseline.nodes import Entries, Items, Node, Scalar
from coldstart.baseline.problems import Problems, shown
from coldstart.outcome import Conclusion
from coldstart.reason import Reason


@dataclass(frozen=True)
class LoadedAccepts:
    """A file of accepts: `path` as it was given, `text` for its comments."""

    accepts: tuple[Accept, ...]
    path: str
    text: str


def load(path: str | os.PathLike[str]) -> LoadedAccepts:
    """Load a file whose one key is `accepts:`. Raises `BaselineError` with every problem at its place."""
    problems = Problems()
    read = source.read(path, problems)
    root = source.tree(read, problems) if read else None
    if read is None or root is None:
        problems.raise_if_any()
        raise AssertionError("a file without a tree has a problem")
    refuse_empty(root, "a file of accepts", problems)
    filled(AcceptsForm, root, "a file of accepts", problems)
    accepts = built(root.entries.get("accepts"), problems)
    problems.raise_if_any()
    return LoadedAccepts(accepts, read.file, read.content.decode("utf-8"))


def built(node: Node | None, problems: Problems) -> tuple[Accept, ...]:
    """Build the list `accepts:`; what is left out was reported. A check that nobody knows is no problem here."""
    items = node.items if isinstance(node, Items) else []
    made = (_accept(item, problems) for item in items)
    return tuple(accept for accept in made if accept)


def checks_of(baseline: Baseline) -> Checks:
    """Return every check that can be accepted, with the hosts on which it has a result."""
    found: dict[str, tuple[str, ...]] = {}
    for item in baseline.checks():
        match item:
            case Check(hosts=hosts):
                each = () if item.probe.spans_hosts else hosts
            case AnyOf(hosts=hosts):
                each = hosts
            case AlertTest():
                each = ()
        found[f"{item.gate}/{item.id}"] = each
    return found


def _accept(node: Node, problems: Problems) -> Accept | None:
    what = _called(node)
    refuse_empty(node, what, problems)
    if isinstance(node, Entries):
        refuse_empty(node.entries.get("saw", node), f"{what}, in saw", problems)
    form = filled(AcceptForm, node, what, problems)
    if form is None:
        return None
    check, _, host = form.check.partition("@")
    file, line, _ = node.place
    return Accept(
        check=check,
        host=host or None,
        reason=form.reason,
        saw=_saw(form.saw),
        by=form.by,
        until=form.until,
        source=f"{file}:{line}",
        line=line,
    )


def _called(node: Node) -> str:
    """How problems call it: by its check, where that can be read."""
    check = node.entries.get("check") if isinstance(node, Entries) else None
    if isinstance(check, Scalar) and check.value and not check.broken:
        return f"the accept of {shown(check.value)}"
    return "an accept"


def _saw(form: SawForm) -> Saw:
    return Saw(
        reason=form.reason,
        conclusion=_conclusion(form.reason, caution=form.caution),
        at_most=form.at_most,
        parts=tuple(_part(part, form) for part in form.parts),
    )


def _part(part: SawPartForm, whole: SawForm) -> SawPart:
    reason = part.reason or whole.reason
    caution = whole.caution if part.caution is None else part.caution
    return SawPart(part.name, reason, _conclusion(reason, caution=caution), part.at_most)


def _conclusion(reason: Reason, *, caution: bool) -> Conclusion:
    return Conclusion.CAUTION if caution else usual(reason)
