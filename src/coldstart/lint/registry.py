"""Every rule, in the order of its code: documentation and tests are made from this table."""

from coldstart.lint.finding import Rule
from coldstart.lint.rules import accepts, gates, itself, probes, reach, runbook, tiers, unused

INVALID = itself.invalid_baseline
UNUSED_IGNORE = itself.unused_ignore
BAD_IGNORE = itself.bad_ignore
UNKNOWN_ACCEPT = accepts.unknown_accept
EXPIRED_ACCEPT = accepts.expired_accept

RULES: tuple[Rule, ...] = (
    INVALID,
    UNUSED_IGNORE,
    BAD_IGNORE,
    probes.proves_nothing,
    probes.names_no_container,
    probes.server_error_is_success,
    probes.redirect_is_success,
    reach.asks_this_machine,
    reach.one_answer_for_all_hosts,
    probes.same_question,
    reach.sudo_without_command,
    probes.limit_out_of_reach,
    reach.deadline_too_short,
    gates.gate_cannot_hold,
    gates.no_hint,
    gates.no_sop,
    gates.second_root,
    gates.same_claim,
    tiers.hint_without_approval,
    unused.unused_host,
    unused.unused_variable,
    runbook.done_by_hand,
    runbook.release_without_conditions,
    runbook.alert_test_too_early,
    runbook.monitor_overlaps,
    tiers.active_not_counted,
    accepts.unknown_accept,
    accepts.expired_accept,
)

BY_CODE = {rule.code: rule for rule in RULES}
