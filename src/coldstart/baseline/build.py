"""From the tree of a file to a `Baseline`: forms filled, names looked up, defaults applied."""

import re

from coldstart.baseline import accept_load
from coldstart.baseline.checks import CheckBuilder, unique_ids
from coldstart.baseline.complaints import filled, refuse_empty
from coldstart.baseline.cycles import cycles
from coldstart.baseline.form_types import GATE_NAME
from coldstart.baseline.forms import BaselineForm, DefaultsForm, GateForm, HostForm, VariableForm
from coldstart.baseline.model import Baseline, Defaults, Gate, Host
from coldstart.baseline.names import ALL, unknown, written
from coldstart.baseline.nodes import Entries, Items, Node, Scalar
from coldstart.baseline.problems import Problems, shown
from coldstart.baseline.runbook import EARLY, TIERS
from coldstart.baseline.sections import SectionBuilder
from coldstart.baseline.variables import Variables
from coldstart.outcome import Verdict
from coldstart.reads import OPERATOR
from coldstart.shapes import NAME

_RESERVED = {ALL: "it stands for every host", OPERATOR: "it stands for the machine that coldstart runs on"}
_SUFFICES = {"pass": Verdict.PASS, "warn": Verdict.WARN}


def declared_variables(root: Entries, problems: Problems) -> Variables:
    """Take the `variables:` out of the tree."""
    variables = Variables(problems)
    block = root.entries.get("variables")
    if not isinstance(block, Entries):
        return variables
    for name, node in block.entries.items():
        what, place = f"variable {shown(name)}", block.keys[name]
        if isinstance(node, Scalar):
            if node.value is None and not node.broken:
                problems.add(node.place, f"{what} is empty: give it a value, or {{about: …}} where it must be set")
                node.broken = True
            variables.declare(name, place, node)
            continue
        if isinstance(node, Items):
            problems.add(node.place, f"{what} is a list: write one text, or {{default: …, about: …}}")
            variables.declare(name, place, Scalar(node.place, "", broken=True))
            continue
        refuse_empty(node, what, problems)
        form = filled(VariableForm, node, what, problems)
        default = node.entries.get("default")
        if not isinstance(default, Scalar):
            default = None if form else Scalar(node.place, "", broken=True)
        variables.declare(name, place, default, form.about if form else "")
    return variables


class Builder:
    """Builds what can be built, and reports the rest; its result counts only when nothing was reported."""

    def __init__(self, root: Entries, problems: Problems) -> None:
        self._root, self._problems = root, problems

    def build(self) -> Baseline | None:
        """Return the baseline, or None when something was reported."""
        refuse_empty(self._root, "a baseline", self._problems)
        form = filled(BaselineForm, self._root, "a baseline", self._problems)
        defaults = self._defaults(self._root.entries.get("defaults"))
        host_nodes, gate_nodes = self._named("hosts"), self._named("gates")
        hosts = {name: self._host(name, node, host_nodes) for name, node in host_nodes.entries.items()}
        tiers = tuple(self._named("protection").entries) or TIERS
        checks = CheckBuilder(hosts, defaults, self._problems, tiers)
        gates = {name: self._gate(name, gate_nodes, checks) for name in gate_nodes.entries}
        self._cycles(gate_nodes)
        sections = SectionBuilder(self._root, hosts, gate_nodes, self._problems)
        freeze, protection, releases = sections.freeze(), sections.protection(), sections.releases()
        monitor, watch, done = sections.monitor(), sections.watch(), sections.done()
        accepts = accept_load.built(self._root.entries.get("accepts"), self._problems)
        if form is None or len(self._problems):
            return None
        declared = sum(len(gate.checks) for gate in gates.values() if gate)
        if declared != self._listed(gate_nodes):
            raise AssertionError("a check was left out and nothing was reported")
        return Baseline(
            name=form.name,
            about=form.about,
            partial=form.partial,
            defaults=defaults,
            hosts={name: host for name, host in hosts.items() if host},
            gates={name: gate for name, gate in gates.items() if gate},
            freeze=freeze,
            protection=protection,
            releases=releases,
            monitor=monitor,
            watch=watch,
            done=done,
            accepts=accepts,
            drift=form.drift,
        )

    @staticmethod
    def _listed(gates: Entries) -> int:
        """How many checks and groups the file holds."""
        lists = (gate.entries.get("checks") for gate in gates.entries.values() if isinstance(gate, Entries))
        return sum(len(checks.items) for checks in lists if isinstance(checks, Items))

    def _named(self, key: str) -> Entries:
        node = self._root.entries.get(key)
        return node if isinstance(node, Entries) else Entries(self._root.place)

    def _defaults(self, node: Node | None) -> Defaults:
        if not isinstance(node, Entries):
            return Defaults()
        refuse_empty(node, "defaults", self._problems)
        form = filled(DefaultsForm, node, "defaults", self._problems)
        return Defaults(**dict(form)) if form else Defaults()

    def _host(self, name: str, node: Node, block: Entries) -> Host | None:
        place = block.keys[name]
        what = f"host {shown(name)}"
        if name in _RESERVED:
            self._problems.add(place, f"{what}: {_RESERVED[name]}: choose another name")
        elif not re.fullmatch(NAME, name) and "${" not in name:
            self._problems.add(place, f"{what} is not a name: write letters, digits, '.', '_' and '-'")
        refuse_empty(node, what, self._problems)
        form = filled(HostForm, node, what, self._problems)
        return Host(name=name, line=place[1], **dict(form)) if form else None

    def _gate(self, name: str, block: Entries, builder: CheckBuilder) -> Gate | None:
        node, place = block.entries[name], block.keys[name]
        what = f"gate {shown(name)}"
        if not re.fullmatch(GATE_NAME, name):
            text = f"{what} is not a gate's name: write upper-case letters, digits and '-', like P0-NETWORK"
            self._problems.add(place, text)
        if name == EARLY:
            self._problems.add(place, f"{what}: the report has a gate of its own by this name: choose another")
        refuse_empty(node, what, self._problems)
        form = filled(GateForm, node, what, self._problems)
        if not isinstance(node, Entries):
            return None
        unknown(node.entries.get("needs"), "gate", tuple(block.entries), self._problems)
        inherited = builder.inherited(node.entries.get("hosts"))
        listed = node.entries.get("checks")
        checks = listed if isinstance(listed, Items) else Items(node.place)
        unique_ids(checks, "check", self._problems)
        built = [builder.build(name, item, inherited) for item in checks.items]
        if form is None:
            return None
        return Gate(
            name=name,
            title=form.title,
            sop=form.sop,
            needs={parent: _SUFFICES[verdict] for parent, verdict in form.needs.items()},
            blocks=form.blocks,
            checks=tuple(check for check in built if check),
            line=place[1],
        )

    def _cycles(self, block: Entries) -> None:
        needs: dict[str, list[str]] = {}
        for name, node in block.entries.items():
            parents = written(node.entries.get("needs")) if isinstance(node, Entries) else ()
            needs[name] = [parent for _, parent in parents if parent in block.entries]
        for path in cycles(needs):
            text = f"gates need each other: {' → '.join(path)}: remove one of these needs"
            self._problems.add(block.keys[path[0]], text)
