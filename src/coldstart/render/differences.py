"""What is different between two reports: pure, for whoever shows it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from coldstart.attempt import Change, changes
from coldstart.outcome import CheckResult, Report, Verdict

_DONE = {True: "done", False: "not done", None: "not known"}
_HOST = "host "
_NONE = "not there"


@dataclass(frozen=True)
class Differences:
    """Of two reports; each tuple is in the order of the later baseline, then of the earlier one."""

    result: Change | None
    hosts: tuple[Change, ...]
    """Those that rebooted, by name."""
    gates: tuple[Change, ...]
    checks: tuple[Change, ...]
    accepted: tuple[Change, ...]
    """Warnings that somebody accepted in one of them alone."""
    only_before: tuple[str, ...]
    """Keys of checks that only the first has."""
    only_after: tuple[str, ...]
    done: tuple[Change, ...]
    releases: tuple[Change, ...]
    notes: tuple[str, ...] = field(default=())
    """What to know before reading it: no differences themselves."""

    @property
    def none(self) -> bool:
        """Nothing changed."""
        lists = (self.hosts, self.gates, self.checks, self.accepted, self.only_before, self.only_after)
        return self.result is None and not any((*lists, self.done, self.releases))


def between(before: Report, after: Report) -> Differences:
    """Return what changed from `before` to `after`, whichever of them is the older one."""
    changed = changes(before, after)
    old, new = _checks(before), _checks(after)
    return Differences(
        result=Change("result", before.result.value, after.result.value) if before.result != after.result else None,
        hosts=tuple(
            Change(change.check.removeprefix(_HOST), change.before, change.after, change.observed)
            for change in changed
            if change.check.startswith(_HOST)
        ),
        gates=_changed(
            {gate.name: _verdict(gate.verdict) for gate in before.gates},
            {gate.name: _verdict(gate.verdict) for gate in after.gates},
        ),
        checks=tuple(change for change in changed if not change.check.startswith(_HOST)),
        accepted=_of_both(
            {key: _accepted(check) for key, check in old.items()}, {key: _accepted(check) for key, check in new.items()}
        ),
        only_before=tuple(key for key in old if key not in new),
        only_after=tuple(key for key in new if key not in old),
        done=_of_both(
            {item.id: _DONE[item.done] for item in before.done}, {item.id: _DONE[item.done] for item in after.done}
        ),
        releases=_of_both(
            {item.name: item.decision.value for item in before.releases},
            {item.name: item.decision.value for item in after.releases},
        ),
        notes=tuple(_notes(before, after)),
    )


def _changed(before: dict[str, str], after: dict[str, str]) -> tuple[Change, ...]:
    names = (*after, *(name for name in before if name not in after))
    pairs = ((name, before.get(name, _NONE), after.get(name, _NONE)) for name in names)
    return tuple(Change(name, old, new) for name, old, new in pairs if old != new)


def _of_both(before: dict[str, str], after: dict[str, str]) -> tuple[Change, ...]:
    """What only one of them has is no change of its own: the gates and checks that came or went say so."""
    return tuple(change for change in _changed(before, after) if change.check in before and change.check in after)


def _checks(report: Report) -> dict[str, CheckResult]:
    return {check.key: check for gate in report.gates for check in gate.checks}


def _verdict(verdict: Verdict | None) -> str:
    return verdict.value if verdict else "not asked"


def _accepted(check: CheckResult) -> str:
    return f"accepted ({check.accepted.reason})" if check.accepted else "not accepted"


def _notes(before: Report, after: Report) -> Iterator[str]:
    if before.baseline_name != after.baseline_name:
        yield f"they are of two baselines: {before.baseline_name} and {after.baseline_name}"
    elif before.baseline_sha256 != after.baseline_sha256:
        yield "the baseline was changed between them"
    if before.started > after.started:
        yield "the first one given is the later one"
    for word, report in (("first", before), ("second", after)):
        if report.narrowed:
            yield f"the {word} was narrowed by {', '.join(report.narrowed)}"
