"""From the sections beside hosts and gates to what people and programs do with a verdict (SOP 2, 5.3, 10 to 15)."""

import re
from collections.abc import Mapping

from coldstart.baseline.checks import unique_ids
from coldstart.baseline.complaints import M, filled, refuse_empty
from coldstart.baseline.form_types import RELEASE_NAME
from coldstart.baseline.model import Condition, Done, Freeze, Host, Monitor, Release, Tier, Watching
from coldstart.baseline.names import ALL, hosts_of, unknown, written
from coldstart.baseline.nodes import Entries, Items, Node, Scalar
from coldstart.baseline.problems import Problems, shown
from coldstart.baseline.references import References
from coldstart.baseline.runbook import TIERS
from coldstart.baseline.runbook_forms import (
    ConditionForm,
    DoneForm,
    FreezeForm,
    MonitorForm,
    ReleaseForm,
    TierForm,
    WatchForm,
)


class SectionBuilder:
    """Builds the sections; what is None or left out of a result was reported."""

    def __init__(self, root: Entries, hosts: Mapping[str, Host | None], gates: Entries, problems: Problems) -> None:
        """Take the names of the file; a host that is None was declared, but not rightly: its name is known."""
        self._root, self._hosts, self._problems = root, tuple(hosts), problems
        self._optional = frozenset(name for name, host in hosts.items() if host and host.optional)
        self._gates = tuple(gates.entries)
        self._references = References(gates, problems)

    def freeze(self) -> tuple[Freeze, ...]:
        """Build `freeze:`."""
        forms = [(node, self._fill(FreezeForm, node, "an item of freeze")) for node in self._list("freeze")]
        return tuple(Freeze(line=node.place[1], **dict(form)) for node, form in forms if form)

    def protection(self) -> dict[str, Tier]:
        """Build `protection:`, the tiers in the file's order."""
        block = self._mapping("protection")
        unknown(block, "tier", TIERS, self._problems)
        tiers: dict[str, Tier] = {}
        for name, node in block.entries.items():
            if form := self._fill(TierForm, node, f"tier {shown(name)}"):
                tiers[name] = Tier(name=name, line=block.keys[name][1], **dict(form))
        return tiers

    def releases(self) -> dict[str, Release]:
        """Build `releases:` with their conditions."""
        block = self._mapping("releases")
        built = {name: self._release(name, node, block) for name, node in block.entries.items()}
        return {name: release for name, release in built.items() if release}

    def _release(self, name: str, node: Node, block: Entries) -> Release | None:
        what, place = f"release {shown(name)}", block.keys[name]
        if not re.fullmatch(RELEASE_NAME, name):
            text = f"{what} is not a release's name: write lower-case letters, digits and '-', like runners"
            self._problems.add(place, text)
        form = self._fill(ReleaseForm, node, what)
        if not isinstance(node, Entries):
            return None
        hosts = hosts_of(node.entries.get("hosts"), self._hosts, self._optional, self._problems)
        needs = self._gates_of(node.entries.get("needs"))
        self._references.resolved(node.entries.get("active"))
        listed = node.entries.get("conditions")
        conditions = [
            self._condition(item, f"a condition of {what}")
            for item in (listed.items if isinstance(listed, Items) else ())
        ]
        if form is None:
            return None
        return Release(
            name=name,
            title=form.title,
            hosts=hosts or (),
            needs=needs,
            conditions=tuple(condition for condition in conditions if condition),
            active=form.active,
            hint=form.hint,
            sop=form.sop,
            line=place[1],
        )

    def _gates_of(self, node: Node | None) -> tuple[str, ...]:
        """The gates that a `needs:` of a release names, `all` resolved."""
        names = tuple(name for _, name in written(node))
        if node is None or ALL not in names:
            unknown(node, "gate", self._gates, self._problems)
            return names
        if len(names) > 1:
            self._problems.add(node.place, "'all' beside other names: write all alone, or the names")
        return self._gates

    def _condition(self, node: Node, what: str) -> Condition | None:
        form = self._fill(ConditionForm, node, what)
        checks = self._references_of(node)
        if form is None:
            return None
        return Condition(
            claim=form.claim,
            checks=checks,
            by_hand=form.by_hand,
            hold_for=form.hold_for,
            trend=form.trend,
            line=node.place[1],
        )

    def monitor(self) -> Monitor | None:
        """Build `monitor:`."""
        node = self._root.entries.get("monitor")
        if not isinstance(node, Entries):  # absent, or the form of the whole says so
            return None
        form = self._fill(MonitorForm, node, "monitor")
        host = node.entries.get("host")
        unknown(host if isinstance(host, Scalar) else None, "host", self._hosts, self._problems)
        return Monitor(line=self._root.keys["monitor"][1], **dict(form)) if form else None

    def watch(self) -> Watching:
        """Build `watch:`; what is absent has its default."""
        node = self._root.entries.get("watch")
        form = self._fill(WatchForm, node, "watch") if isinstance(node, Entries) else None
        return Watching(**dict(form)) if form else Watching()

    def done(self) -> tuple[Done, ...]:
        """Build `done:`."""
        listed = self._root.entries.get("done")
        if isinstance(listed, Items):
            unique_ids(listed, "criterion", self._problems)
        built = [self._done(node) for node in self._list("done")]
        return tuple(done for done in built if done)

    def _done(self, node: Node) -> Done | None:
        written_id = node.entries.get("id") if isinstance(node, Entries) else None
        known = isinstance(written_id, Scalar) and written_id.value and not written_id.broken
        form = self._fill(DoneForm, node, f"criterion {written_id.show()}" if known and written_id else "a criterion")
        checks = self._references_of(node)
        if form is None:
            return None
        return Done(id=form.id, claim=form.claim, checks=checks, by_hand=form.by_hand, sop=form.sop, line=node.place[1])

    def _references_of(self, node: Node) -> tuple[str, ...]:
        return self._references.resolved(node.entries.get("checks") if isinstance(node, Entries) else None)

    def _fill(self, form: type[M], node: Node, what: str) -> M | None:
        refuse_empty(node, what, self._problems)
        return filled(form, node, what, self._problems)

    def _list(self, key: str) -> list[Node]:
        node = self._root.entries.get(key)
        return node.items if isinstance(node, Items) else []

    def _mapping(self, key: str) -> Entries:
        node = self._root.entries.get(key)
        return node if isinstance(node, Entries) else Entries(self._root.place)
