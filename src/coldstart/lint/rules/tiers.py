"""Rules about protection tiers (SOP 10) and releases: who may act on what a report says, and what runs already."""

import re
from collections.abc import Iterator

from coldstart.baseline.load import LoadedBaseline
from coldstart.baseline.model import Check
from coldstart.lint.finding import Hit, error
from coldstart.lint.subjects import named
from coldstart.probes.systemd_properties import SystemdPropertiesProbe

_BY_A_HUMAN = ("BLOCK", "CRITICAL_HITL")
_ACTION = re.compile(
    r"\b(?:restart|reboot|delete|remove|drop|truncate|kill|wipe|purge|prune|reset|reinitiali[sz]e|recreate|restore|reindex"
    r"|vacuum|pg_resetwal|rm)\b",
    re.IGNORECASE,
)
_NOT = re.compile(r"\b(?:no|not|never|nor|nothing|don't|cannot|without|before|instead)\b", re.IGNORECASE)
_APPROVED = re.compile(r"\bapprov|\bcommander\b", re.IGNORECASE)
_CLAUSE = re.compile(r"[.;:!?\n]")


def _tells_to(hint: str) -> str:
    """The first word by which a hint tells to change something; empty when it tells so nowhere, or only what not to."""
    for clause in _CLAUSE.split(hint):
        for action in _ACTION.finditer(clause):
            if not _NOT.search(clause[: action.start()]):
                return action.group()
    return ""


@error("CS206", "hint-without-approval")
def hint_without_approval(loaded: LoadedBaseline) -> Iterator[Hit]:
    """A hint tells to restart, delete or rebuild what is of the tier BLOCK or CRITICAL_HITL, and asks nobody.

    Why: at three in the morning a hint is done as it is written; databases, brokers and their files are not to be
    touched without a human who approves (SOP 10).

    Example:
        - {id: redis, claim: Redis answers PONG, probe: redis, tier: CRITICAL_HITL, hint: Restart redis-server.}

    Use instead:
        - id: redis
          claim: Redis answers PONG
          probe: redis
          tier: CRITICAL_HITL
          hint: Look at "journalctl -u redis-server"; to restart it needs human approval.

    """
    for check in loaded.baseline.checks():
        action = _tells_to(check.hint) if check.tier in _BY_A_HUMAN else ""
        if action and not _APPROVED.search(check.hint):
            message = f'the hint of {named(check)} says "{action}", and it is of the tier {check.tier}'
            yield Hit(check.line, message, "say in the hint that it needs human approval, or what to look at instead")


@error("CS405", "active-not-counted")
def active_not_counted(loaded: LoadedBaseline) -> Iterator[Hit]:
    """The check that a release names under active: does not count what is active, so nothing is ever too early.

    Why: a runner that starts at boot, before its release, takes the host that the stack needs to come up. Only a check
    of the probe systemd_properties counts how many of its units are active.

    Example:
        releases:
          runners: {title: runners and CD, needs: all, active: P0-110-REGISTRY-OBSERVABILITY/load, conditions: […]}

    Use instead:
        releases:
          runners:
            title: runners and CD
            needs: all
            active: P0-110-REGISTRY-OBSERVABILITY/runner-guardrails
            conditions: […]

    """
    baseline = loaded.baseline
    counting = {
        named(item)
        for item in baseline.checks()
        if isinstance(item, Check) and isinstance(item.probe, SystemdPropertiesProbe)
    }
    for release in baseline.releases.values():
        if release.active and release.active not in counting:
            message = f"release {release.name}: {release.active} does not count what is active"
            yield Hit(release.line, message, "name a check of the probe systemd_properties over its units")
