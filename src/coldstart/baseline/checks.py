"""From the `checks:` of a gate to checks, groups of alternatives, and the alert test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from coldstart.baseline.alerts import AlertTestBuilder
from coldstart.baseline.complaints import filled, refuse_empty
from coldstart.baseline.forms import AnyOfForm, CheckForm, MemberForm
from coldstart.baseline.model import AlertTest, AnyOf, Check, Defaults, Host
from coldstart.baseline.names import hosts_of, tier_of, unknown, written
from coldstart.baseline.nodes import Entries, Items, Node, Scalar
from coldstart.baseline.probing import Rehearsal, build
from coldstart.baseline.problems import Problems, shown
from coldstart.baseline.runbook import TIERS
from coldstart.baseline.sustain_forms import faults, sustain
from coldstart.outcome import Severity

Hosts = tuple[str, ...]


@dataclass(frozen=True)
class _Given:
    """What a check has from around it. `hosts` None: they were reported."""

    gate: str
    hosts: Hosts | None
    not_on: dict[str, str]
    severity: Severity
    tier: str


class CheckBuilder:
    """Builds the checks of every gate. A host that is None was declared, but not rightly: its name is known."""

    def __init__(
        self,
        hosts: Mapping[str, Host | None],
        defaults: Defaults,
        problems: Problems,
        tiers: Sequence[str] = TIERS,
    ) -> None:
        self._hosts, self._defaults, self._problems, self._tiers = hosts, defaults, problems, tuple(tiers)
        self._optional = frozenset(name for name, host in hosts.items() if host and host.optional)
        self._rehearsal = Rehearsal(hosts, problems)
        self._alerts = AlertTestBuilder(hosts, self._optional, defaults, problems, self._tiers)

    def hosts_of(self, node: Node | None) -> Hosts | None:
        """The hosts that a `hosts:` names; None: no such key, or reported."""
        return hosts_of(node, self._hosts, self._optional, self._problems)

    def inherited(self, node: Node | None) -> Hosts | None:
        """The hosts of a gate's checks that name none: the gate's own, or the only one that there is.

        None: there are none. Empty: there are, and they were reported.
        """
        if node is not None:
            return self.hosts_of(node) or ()
        return tuple(self._hosts) if len(self._hosts) == 1 else None

    def build(self, gate: str, node: Node, inherited: Hosts | None) -> Check | AnyOf | AlertTest | None:
        """Build one item of `checks:`. None: it was reported."""
        if isinstance(node, Entries) and "any_of" in node.entries:
            return self._any_of(gate, node, inherited)
        if isinstance(node, Entries) and "alert_test" in node.entries:
            return self._alerts.build(gate, node, _named("alert test", node))
        what = _named("check", node)
        refuse_empty(node, what, self._problems)
        form = filled(CheckForm, node, what, self._problems)
        if not isinstance(node, Entries):
            return None
        hosts, not_on = self._aim(node, inherited, what), self._not_on(node)
        severity = _severity(form, self._defaults)
        self._refuse_optional(node, what, hosts, not_on, severity)
        return self._check(node, form, _Given(gate, hosts, not_on, severity, self._tier(node)))

    def _check(self, node: Entries, form: MemberForm | None, given: "_Given") -> Check | None:
        probe = build(node, self._problems)
        if form is None or probe is None or given.hosts is None:
            return None
        timeout = form.timeout or self._defaults.timeout
        asked = tuple(name for name in given.hosts if name not in given.not_on)
        self._rehearsal.rehearse(probe, asked, timeout=timeout, sudo=form.sudo, place=node.place)
        past = None
        if isinstance(form, CheckForm):
            past = sustain(form)
            for key, text in faults(form, probe, asked, self._hosts):
                self._problems.add(node.keys[key], f"{_named('check', node)}: {key}: {text}")
        return Check(
            gate=given.gate,
            id=form.id,
            claim=form.claim,
            probe_kind=probe.kind,
            probe=probe,
            hosts=given.hosts,
            not_on=given.not_on,
            severity=given.severity,
            timeout=timeout,
            deadline=form.deadline or self._defaults.check_deadline,
            sudo=form.sudo,
            hint=form.hint,
            tier=given.tier,
            sop=form.sop,
            covers=form.covers,
            sustain=past,
            line=node.place[1],
        )

    def _any_of(self, gate: str, node: Entries, inherited: Hosts | None) -> AnyOf | None:
        what = _named("group", node)
        refuse_empty(node, what, self._problems)
        form = filled(AnyOfForm, node, what, self._problems)
        listed = node.entries["any_of"]
        members = listed.items if isinstance(listed, Items) else []
        placed = [member for member in members if isinstance(member, Entries) and "hosts" in member.entries]
        severity = _severity(form, self._defaults)
        hosts: Hosts | None = ()
        if not placed:
            hosts = self._aim(node, inherited, what)
        else:
            self._refuse_both(node, what)
        not_on = {} if placed else self._not_on(node)
        self._refuse_optional(node, what, hosts, not_on, severity)
        if isinstance(listed, Items):
            unique_ids(listed, f"{what}: alternative", self._problems)
        shared = inherited if placed else (hosts or ())
        tier = self._tier(node)
        given = _Given(gate, shared, not_on, severity, tier)
        built = [self._member(member, form, given) for member in members]
        if form is None or hosts is None:
            return None
        return AnyOf(
            gate=gate,
            id=form.id,
            claim=form.claim,
            any_of=tuple(member for member in built if member),
            hosts=hosts,
            not_on=not_on,
            severity=severity,
            deadline=form.deadline or self._defaults.check_deadline,
            hint=form.hint,
            tier=tier,
            sop=form.sop,
            covers=form.covers,
            line=node.place[1],
        )

    def _refuse_both(self, node: Entries, what: str) -> None:
        for key in ("hosts", "not_on"):
            if key in node.entries:
                text = f"{what}: {key} on the group, but its alternatives have hosts of their own: keep one of the two"
                self._problems.add(node.keys[key], text)

    def _member(self, node: Node, group: AnyOfForm | None, given: "_Given") -> Check | None:
        what = _named("alternative", node)
        refuse_empty(node, what, self._problems)
        form = filled(MemberForm, node, what, self._problems)
        if not isinstance(node, Entries):
            return None
        if form and group:  # what a group says holds for its alternatives
            group_says = {key: getattr(group, key) for key in ("timeout", "deadline", "sudo") if getattr(group, key)}
            form = form.model_copy(update={key: said for key, said in group_says.items() if not getattr(form, key)})
        hosts = self._aim(node, given.hosts, what)
        if "hosts" in node.entries:
            self._refuse_optional(node, what, hosts, given.not_on, given.severity)
        return self._check(node, form, replace(given, hosts=hosts))

    def _aim(self, node: Entries, inherited: Hosts | None, what: str) -> Hosts | None:
        """The hosts of a check, those that it is declared not to apply to at the end where `hosts:` leaves them out."""
        hosts = self.hosts_of(node.entries["hosts"]) if "hosts" in node.entries else inherited
        if not hosts:
            if hosts is None and "hosts" not in node.entries and len(self._hosts) > 1:
                known = self._problems.meant("", self._hosts)
                self._problems.add(node.place, f"{what} names no host: add hosts: to it or to its gate ({known})")
            return None
        left_out = [name for _, name in written(node.entries.get("not_on"))]
        if all(name in left_out for name in hosts):
            self._problems.add(node.place, f"{what} applies to no host: not_on leaves none of {', '.join(hosts)}")
            return None
        return tuple(dict.fromkeys((*hosts, *(name for name in left_out if name in self._hosts))))

    def _tier(self, node: Entries) -> str:
        """The protection tier that a check is of; empty where none is declared."""
        return tier_of(node, self._tiers, self._problems)

    def _not_on(self, node: Entries) -> dict[str, str]:
        """The declared exceptions, the reason of each; only text, whatever else was reported by the form."""
        block = node.entries.get("not_on")
        unknown(block, "host", tuple(self._hosts), self._problems)
        if not isinstance(block, Entries):
            return {}
        return {name: str(reason.value) for name, reason in block.entries.items() if isinstance(reason, Scalar)}

    def _refuse_optional(
        self, node: Entries, what: str, hosts: Hosts | None, not_on: Mapping[str, str], severity: Severity
    ) -> None:
        named = [name for name in hosts or () if name in self._optional and name not in not_on]
        if named and severity is not Severity.WARN:
            text = f"{what}: host {shown(named[0])} is optional, so it can only warn there: write severity: warn"
            self._problems.add(node.place, text)


def unique_ids(checks: Items, what: str, problems: Problems) -> None:
    """Report an id that was given before in the same list."""
    first: dict[str, tuple[str, int, int]] = {}
    for node in checks.items:
        written_id = node.entries.get("id") if isinstance(node, Entries) else None
        if isinstance(written_id, Scalar) and written_id.value is not None and not written_id.broken:
            name = str(written_id.value)
            if name in first:
                _, line, column = first[name]
                text = f"{what} {shown(name)} is already declared at {line}:{column}: give it an id of its own"
                problems.add(written_id.place, text)
            first.setdefault(name, written_id.place)


def _severity(form: CheckForm | AnyOfForm | None, defaults: Defaults) -> Severity:
    """What a failure costs; `warn` where the form is bad, so that nothing more is reported because of it."""
    return (form.severity or defaults.severity) if form else Severity.WARN


def _named(kind: str, node: Node) -> str:
    written_id = node.entries.get("id") if isinstance(node, Entries) else None
    if isinstance(written_id, Scalar) and written_id.value and not written_id.broken:
        return f"{kind} {shown(str(written_id.value))}"
    return f"an {kind}" if kind.startswith("al") else f"a {kind}"
