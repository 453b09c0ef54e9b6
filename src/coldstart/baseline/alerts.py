"""From an item of `checks:` with the key `alert_test` to the one alert test of a baseline."""

from collections.abc import Container, Iterable

from coldstart.baseline.complaints import filled, refuse_empty
from coldstart.baseline.model import AlertTest, Defaults
from coldstart.baseline.names import unknown, written
from coldstart.baseline.nodes import Entries, Place, Scalar
from coldstart.baseline.problems import Problems, shown
from coldstart.baseline.runbook_forms import AlertForm, AlertTestForm
from coldstart.outcome import Severity


class AlertTestBuilder:
    """Builds an alert test, and refuses a second one: one real message is enough to prove the chain."""

    def __init__(self, hosts: Iterable[str], optional: Container[str], defaults: Defaults, problems: Problems) -> None:
        self._hosts, self._optional = tuple(hosts), optional
        self._defaults, self._problems = defaults, problems
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
        severity = (form.severity or self._defaults.severity) if form else Severity.WARN
        self._look_up_via(node, what, severity)
        if form is None or alert is None:
            return None
        return AlertTest(
            gate=gate,
            timeout=form.timeout or self._defaults.timeout,
            severity=severity,
            line=node.place[1],
            **form.model_dump(include={"id", "claim", "hint", "sop", "covers"}),
            **alert.model_dump(),
        )

    def _alert(self, node: Entries, what: str) -> AlertForm | None:
        written_alert = node.entries["alert_test"]
        if not isinstance(written_alert, Entries):  # its form says so
            return None
        inside = f"{what}, in alert_test"
        refuse_empty(written_alert, inside, self._problems)
        return filled(AlertForm, written_alert, inside, self._problems)

    def _look_up_via(self, node: Entries, what: str, severity: Severity) -> None:
        alert = node.entries["alert_test"]
        named = alert.entries.get("via") if isinstance(alert, Entries) else None
        via = named if isinstance(named, Scalar) else None
        if unknown(via, "host", self._hosts, self._problems):
            return
        for place, name in written(via):
            if name in self._optional and severity is not Severity.WARN:
                text = f"{what}: host {shown(name)} is optional, so it can only warn there: write severity: warn"
                self._problems.add(place, text)
