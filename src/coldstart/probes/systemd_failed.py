"""Has any unit failed? The list of failed units, checked against the manager's own count."""

from typing import Annotated, ClassVar

from pydantic import Field

from coldstart.errors import DaemonSilent, Unparsable
from coldstart.outcome import Outcome
from coldstart.probes.base import Probe, Replies, Target
from coldstart.probes.params import PlainUnit
from coldstart.probes.stating import stating
from coldstart.probes.systemd_list import ListedUnit, Manager, list_units, listed, managed, manager, names_of
from coldstart.probes.systemd_show import full_name
from coldstart.reads import Command
from coldstart.reason import Reason
from coldstart.text import plural

_EXPECTED = "zero failed units"
_SETTLED = frozenset({"running", "degraded"})
_BOOTING = frozenset({"initializing", "starting"})


class SystemdFailedProbe(Probe):
    """No systemd unit has failed.

    ``systemctl --failed`` prints nothing both when all is well and when nothing could be listed. So the list is asked
    for as JSON, where none is ``[]``, and it must agree with the count that systemd itself keeps.

    Asks ``systemctl list-units --failed --all --output=json`` (systemd 247 or newer; no rights needed) and
    ``systemctl show --property=Version,NNames,NFailedUnits,SystemState`` of the manager.

    | found | is |
    |---|---|
    | list and NFailedUnits both say none, the boot is complete | as required |
    | only units that `ignore` names have failed | as required; they are shown with their reason |
    | any other unit has failed | bad, each is named |
    | none so far, but SystemState is `starting` or `initializing` | a caution: the boot is not complete yet |
    | SystemState `maintenance` (rescue, emergency) or `stopping` | bad |
    | list and count disagree | not observed: a unit changed meanwhile, or one of the two is not whole |

    A failed unit stays in the list until it is started well or ``systemctl reset-failed`` is given, even if the cause
    is gone. Units of users (``systemctl --user``) are not looked at, and a unit that is in a restart loop is not
    failed: `systemd_units` sees that.

    Example:
    ```yaml
    probe: systemd_failed
    with:
      ignore:
        fwupd-refresh.service: no network at boot, harmless
    ```

    SOP section 9 (110: zero failed units); systemctl(1), org.freedesktop.systemd1(5).

    """

    kind: ClassVar[str] = "systemd_failed"
    measured: ClassVar[str | None] = "failed_units"

    ignore: dict[PlainUnit, Annotated[str, Field(min_length=1, max_length=200)]] = Field(
        default_factory=dict,
        max_length=32,
        description="Units that may have failed, each with the reason why that is acceptable.",
    )

    def reads(self, target: Target) -> tuple[Command, ...]:
        return (list_units(target, "--failed"), manager(target))

    def judge(self, replies: Replies) -> Outcome:
        return stating(_EXPECTED, lambda: self._judge(replies))

    def _judge(self, replies: Replies) -> Outcome:
        asked, counted = self.reads(replies.target)
        rows = listed(replies.command(asked))
        failed = tuple(row for row in rows if row.active == "failed")
        state = managed(replies.command(counted))
        excused = {full_name(name): reason for name, reason in self.ignore.items()}
        bad = tuple(row for row in failed if row.unit not in excused)
        accepted = tuple(row for row in failed if row.unit in excused)
        words = "".join(f"; accepted: {row.unit} has failed ({excused[row.unit]})" for row in accepted)
        facts = {"failed_units": len(failed), "ignored_units": len(accepted), "names": state.names}
        if bad:
            said = f"{plural(len(bad), 'failed unit')}: {names_of(bad)}"
            evidence = tuple(f"{row.unit}: {row.load} {row.active} ({row.sub})" for row in failed)
            return Outcome.unmet(Reason.FAILED, said + words, expected=_EXPECTED, evidence=evidence, facts=facts)
        _must_agree(rows, failed, state)
        none = "none but accepted ones" if accepted else "none"
        if state.state in _BOOTING:
            said = f"{none} so far, but the boot is not complete (SystemState={state.state}): units may fail yet"
            return Outcome.caution(Reason.STARTING, said + words, expected=_EXPECTED, facts=facts)
        if state.state not in _SETTLED:
            return _not_serving(state, facts)
        return Outcome.met(f"zero failed units{words}" if not accepted else words[2:], expected=_EXPECTED, facts=facts)


def _must_agree(rows: tuple[ListedUnit, ...], failed: tuple[ListedUnit, ...], state: Manager) -> None:
    """Raise unless list and manager say the same, and there is a manager that has units at all."""
    if state.names == 0:
        raise Unparsable("the manager says that it knows no unit at all")
    if len(rows) != len(failed):
        others = tuple(row for row in rows if row not in failed)
        raise Unparsable(f"among the failed units are some of another state: {names_of(others)}")
    consistent = (state.state == "degraded") <= (state.failed > 0) and (state.state == "running") <= (state.failed == 0)
    if state.failed != len(failed) or not consistent:
        raise Unparsable(
            f"the list has {plural(len(failed), 'failed unit')}, the manager counts {state.failed}"
            f" (SystemState={state.state}): a unit changed in between, or one of them is not whole"
        )


def _not_serving(state: Manager, facts: dict[str, int]) -> Outcome:
    seen = f"no failed unit, but SystemState={state.state}"
    if state.state == "maintenance":
        return Outcome.unmet(
            Reason.NOT_RUNNING, f"{seen}: the rescue or emergency target", expected=_EXPECTED, facts=facts
        )
    if state.state == "stopping":
        return Outcome.unmet(Reason.NOT_RUNNING, f"{seen}: the host shuts down", expected=_EXPECTED, facts=facts)
    raise DaemonSilent(f"the manager does not say that it runs: SystemState={state.state}")
