"""From an item of `checks:` with the key `alert_test` to the one alert test of a baseline."""

from collections.abc import Container, Iterable, Sequence

from coldstart.baseline.complaints import filled, refuse_empty
from coldstart.baseline.model import AlertTest, Defaults
from coldstart.baseline.names import tier_of, unknown, written
from coldstart.baseline.nodes import Entries, Node, Place, Scalar
from coldstart.baseline.problems import Problems, shown
from coldstart.baseline.runbook import TIERS
from coldstart.baseline.runbook_forms import AlertForm, AlertTestForm
from coldstart.baseline.sight_forms import CounterForm, PageForm
from coldstart.baseline.sights import LEVELS, CounterSight, PageSight, Sight
from coldstart.outcome import Severity


class AlertTestBuilder:
    """Builds an alert test, and refuses a second one: one real message is enough to prove the chain."""

    def __init__(
        self,
        hosts: Iterable[str],
        optional: Container[str],
        defaults: Defaults,
        problems: Problems,
        tiers: Sequence[str] = TIERS,
    ) -> None:
        self._hosts, self._optional = tuple(hosts), optional
        self._defaults, self._problems, self._tiers = defaults, problems, tiers
        self._first: Place | None = None

    def build(self, gate: str, node: Entries, what: str) -> AlertTest | None:
        """Build it; `what` names it. None: it was reported."""
        if self._first:
            _, line, column = self._first
            text = f"{what}: the alert test of this baseline is already declared at {line}:{column}: keep one of them"
            self._problems.add(node.keys["alert_test"], text)
        self._first = self._first or node.keys["alert_test"]
        refuse_empty(node, what, self._problems)
        form = filled(AlertTestForm, node, what, self._problems)
        alert = self._alert(node, what)
        sent, received = (self._sight(node, level, what) for level in LEVELS)
        severity = (form.severity or self._defaults.severity) if form else Severity.WARN
        self._look_up_via(node, what, severity)
        tier = tier_of(node, self._tiers, self._problems)
        if form is None or alert is None:
            return None
        return AlertTest(
            gate=gate,
            timeout=form.timeout or self._defaults.timeout,
            severity=severity,
            tier=tier,
            line=node.place[1],
            **form.model_dump(include={"id", "claim", "hint", "sop", "covers"}),
            **alert.model_dump(exclude=set(LEVELS)),
            sent=sent,
            received=received,
        )

    def _alert(self, node: Entries, what: str) -> AlertForm | None:
        written_alert = node.entries["alert_test"]
        if not isinstance(written_alert, Entries):  # its form says so
            return None
        inside = f"{what}, in alert_test"
        refuse_empty(written_alert, inside, self._problems)
        return filled(AlertForm, written_alert, inside, self._problems)

    def _sight(self, node: Entries, level: str, what: str) -> Sight | None:
        """How a level is seen. None: nothing says it, or what does was reported."""
        alert = node.entries["alert_test"]
        written_sight = alert.entries.get(level) if isinstance(alert, Entries) else None
        if not isinstance(written_sight, Entries):  # the form of the alert says so
            return None
        inside = f"{what}, in alert_test.{level}"
        refuse_empty(written_sight, inside, self._problems)
        if not {"prometheus", "counter"} & written_sight.entries.keys():
            page = filled(PageForm, written_sight, inside, self._problems)
            return PageSight(**page.model_dump()) if page else None
        form = filled(CounterForm, written_sight, inside, self._problems)
        if form is None:
            return None
        return CounterSight(
            url=form.prometheus, via=form.via, ca=form.ca, query=form.counter, within=form.within, every=form.every
        )

    def _look_up_via(self, node: Entries, what: str, severity: Severity) -> None:
        """Look up the host that it is sent through, and those through which its levels are seen.

        An optional host must not decide more than a warning; a level that is not seen never costs more.
        """
        alert = node.entries["alert_test"]
        if not isinstance(alert, Entries):
            return
        for level in LEVELS:
            sight = alert.entries.get(level)
            if isinstance(sight, Entries):
                unknown(_text(sight.entries.get("via")), "host", self._hosts, self._problems)
        via = _text(alert.entries.get("via"))
        if unknown(via, "host", self._hosts, self._problems):
            return
        for place, name in written(via):
            if name in self._optional and severity is not Severity.WARN:
                text = f"{what}: host {shown(name)} is optional, so it can only warn there: write severity: warn"
                self._problems.add(place, text)


def _text(node: Node | None) -> Scalar | None:
    return node if isinstance(node, Scalar) else None
