"""Has Prometheus loaded the rules that must be there, and does it evaluate them?"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import Field, field_validator

from coldstart.outcome import Conclusion, Outcome, Part
from coldstart.probes import prometheus_api
from coldstart.probes.base import Replies, Target
from coldstart.probes.params import Duration
from coldstart.probes.prometheus_api import Groups, Rule, ServerProbe
from coldstart.probes.stating import stating
from coldstart.reads import HttpGet
from coldstart.reason import Reason
from coldstart.replies import HttpReply
from coldstart.text import one_line, plural, span

_OTHERS = "other rules"
_SHOWN = 5


class PrometheusRulesProbe(ServerProbe):
    """Prometheus has loaded the named rules, and evaluates them without an error.

    After a reboot Prometheus can come up with last month's rule file, or with none: it is ready all the same, no
    alert fires, and silence looks like health.

    Asks ``GET /api/v1/rules?exclude_alerts=true``. Judged for each name of `rules`, alerting or recording, over every
    group; a name that stands in several places (one for each severity) is as good as the worst of them. Without
    `rules` every loaded rule is judged.

    | seen | means |
    |---|---|
    | loaded, health ``ok``, evaluated within `evaluated_within` | as required |
    | not loaded; no rule at all; health ``err``; evaluated longer ago | bad |
    | health ``unknown``, never evaluated | bad: still starting, or its group is evaluated too rarely |
    | a rule that is not named has health ``err`` | a caution |
    | the server's clock (its Date header) is off by more than `max_clock_offset`, or an evaluation in the future | not observed: clock |
    | 503 Service Unavailable | bad: still starting |
    | an error of the API | not observed, with its words |

    Health ``ok`` says that the expression could be evaluated, not that it found a series: a rule over a metric that
    nobody exports any more is healthy. `prometheus_query` with the same expression tells.

    Example:
    ```yaml
    probe: prometheus_rules
    with:
      url: http://127.0.0.1:9090
      via: true
      rules: [BackupAggregateRunFailed, BackupOffsiteCopyStale, ColdStartRecoveryBlocked]
    ```

    SOP sections 12.2, 13.6 and 14; Prometheus HTTP API, rules.

    """  # noqa: E501 - a row of a table

    kind: ClassVar[str] = "prometheus_rules"

    rules: tuple[Annotated[str, Field(min_length=1, max_length=200)], ...] = Field(
        default=(), max_length=200, description="Names of rules that must be loaded. None: every one that is loaded."
    )
    evaluated_within: Duration = Field(
        default=300.0, description="How long ago the last evaluation may be; longer than the groups' interval."
    )

    @field_validator("rules")
    @classmethod
    def _each_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if doubled := sorted({name for name in value if value.count(name) > 1}):
            raise ValueError(f"a rule is listed twice: {', '.join(doubled)}")
        return value

    def reads(self, target: Target) -> tuple[HttpGet, ...]:
        # Alerts carry labels and annotations of whatever fires; before Prometheus 3.1 they come all the same.
        return (self.ask(target, "rules", exclude_alerts="true"),)

    def judge(self, replies: Replies) -> Outcome:
        wanted = f"rules {', '.join(self.rules)}" if self.rules else "at least one rule"
        expected = f"{wanted} loaded, healthy, evaluated within {span(self.evaluated_within)}"
        return stating(expected, lambda: self._judge(replies, expected))

    def _judge(self, replies: Replies, expected: str) -> Outcome:
        (read,) = self.reads(replies.target)
        reply = replies.http(read)
        answer = prometheus_api.answer(reply)
        groups = answer.as_a(Groups).groups
        loaded = [rule for group in groups for rule in group.rules]
        facts: dict[str, float | int | str | bool | None] = {
            "groups": len(groups),
            "rules": len(loaded),
            "unhealthy": sum(rule.health == "err" for rule in loaded),
        }
        if not loaded:
            return Outcome.unmet(Reason.ABSENT, "no rule at all is loaded", expected=expected, facts=facts)
        names = self.rules or tuple(sorted({rule.name for rule in loaded}))
        now, trouble = self._clock(reply)
        parts = [self._part(name, [rule for rule in loaded if rule.name == name], now) for name in names]
        facts["missing"] = sum(part.reason is Reason.ABSENT for part in parts)
        if trouble:
            parts.append(_part("ages", Conclusion.UNOBSERVED, Reason.CLOCK, trouble))
        parts += _others([rule for rule in loaded if rule.name not in names])
        parts += [_part("server", Conclusion.CAUTION, Reason.WARNED, warning) for warning in answer.warnings]
        outcome = Outcome.of_parts(parts, expected=expected, facts=facts)
        if outcome.conclusion is Conclusion.MET:
            said = f"{plural(len(names), 'rule')} healthy, of {len(loaded)} loaded in {plural(len(groups), 'group')}"
            return outcome.model_copy(update={"observed": said})
        return outcome

    def _clock(self, reply: HttpReply) -> tuple[float | None, str]:
        """The clock by which ages are judged, or None and why there is none. Without a Date header it is ours."""
        server = prometheus_api.server_clock(reply)
        if server is None:
            return reply.ended, ""
        trouble = prometheus_api.clock_trouble(server, reply, self.max_clock_offset, precision=1.0)
        return (None, trouble) if trouble else (server, "")

    def _part(self, name: str, rules: Sequence[Rule], now: float | None) -> Part:
        if not rules:
            return _part(name, Conclusion.UNMET, Reason.ABSENT, "not loaded")
        judged = [self._judged(name, rule, now) for rule in rules]
        for worst in (Conclusion.UNMET, Conclusion.UNOBSERVED):
            if found := next((part for part in judged if part.conclusion is worst), None):
                return found
        return judged[0]

    def _judged(self, name: str, rule: Rule, now: float | None) -> Part:
        if rule.health == "err":
            return _part(name, Conclusion.UNMET, Reason.FAILED, f"its evaluation fails: {_error(rule)}")
        evaluated = _moment(rule.last_evaluation)
        if evaluated is not None and (rule.health == "unknown" or evaluated <= 0):
            return _part(name, Conclusion.UNMET, Reason.STARTING, "loaded, but not evaluated yet")
        if rule.health != "ok" or evaluated is None:
            seen = f"health {rule.health!r}, last evaluated {rule.last_evaluation!r}"
            return _part(name, Conclusion.UNOBSERVED, Reason.UNPARSABLE, one_line(seen, 120))
        age = 0.0 if now is None else now - evaluated
        if age < -self.max_clock_offset - 1.0:
            seen = f"last evaluated {span(-age)} in the future, by the server's own clock"
            return _part(name, Conclusion.UNOBSERVED, Reason.CLOCK, seen)
        if age > self.evaluated_within:
            return _part(name, Conclusion.UNMET, Reason.STALE, f"last evaluated {span(age)} ago")
        return _part(name, Conclusion.MET, Reason.OK, f"evaluated {span(age)} ago")


def _part(name: str, conclusion: Conclusion, reason: Reason, observed: str) -> Part:
    return Part(name=name, conclusion=conclusion, reason=reason, observed=observed)


def _others(rules: Sequence[Rule]) -> list[Part]:
    failing = sorted({rule.name: _error(rule) for rule in rules if rule.health == "err"}.items())
    if not failing:
        return []
    seen = ", ".join(f"{name} ({error})" for name, error in failing[:_SHOWN])
    return [_part(_OTHERS, Conclusion.CAUTION, Reason.FAILED, f"{len(failing)} cannot be evaluated: {seen}")]


def _error(rule: Rule) -> str:
    return one_line(rule.last_error, 300) or "no error is given"


def _moment(text: str) -> float | None:
    """RFC 3339 as seconds since the epoch; None where it is none. Prometheus writes nanoseconds."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if moment.tzinfo is None else moment.timestamp()
