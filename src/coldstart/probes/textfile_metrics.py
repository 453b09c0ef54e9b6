"""Are the files of a node-exporter textfile collector fresh, whole, and good news?"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Self

from pydantic import Field, model_validator

from coldstart import shapes
from coldstart.errors import ReadError
from coldstart.outcome import Conclusion, Outcome, Part
from coldstart.probes import host_clock, prom_files, text_file
from coldstart.probes.base import Probe, Replies, Target
from coldstart.probes.host_clock import HostClock
from coldstart.probes.params import AbsolutePath, Duration
from coldstart.probes.stating import stating
from coldstart.probes.textfile_rules import Metric, PromPath, TextFile
from coldstart.reads import Command
from coldstart.reason import Reason
from coldstart.text import one_line, plural, span

_SHOWN = 10


@dataclass(frozen=True)
class _File:
    """A file that is to be judged, and its rules."""

    path: str
    fresh_within: float
    metrics: tuple[Metric, ...]

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    def part(self, conclusion: Conclusion, reason: Reason, observed: str) -> Part:
        return Part(name=self.name, conclusion=conclusion, reason=reason, observed=observed)


class TextfileMetricsProbe(Probe):
    """The metrics files are fresh, whole, and say what they must.

    A metrics file outlives the script that wrote it: the exporter serves last week's good news until somebody looks at
    the file's age.

    Asks ``date +%s.%N`` and ``timedatectl show`` for the host's clock, ``stat`` for when each file was last written,
    and ``head --bytes=262144`` for its text. Ages are differences of the host's own clock.

    | seen | means |
    |---|---|
    | written within `fresh_within`, whole, every metric as required | as required |
    | older; not there; a value that is not as required; a time longer ago than `age_within`, or 0 | bad |
    | from the future; the host's clock differs from ours by more than `max_clock_offset` | not observed: clock |
    | the host's clock is not in sync with NTP, or timedatectl does not say | a caution |
    | empty, or without a metric that is not `optional`; NaN | not observed |
    | no newline at its end, a timestamp, a line that is none, a series twice | not observed |

    The last row is what the exporter drops the whole file for (a doubled series: one of the two), so that not even the
    good lines of it reach Prometheus. It is how a file looks that is not written beside and renamed.

    Every series that has the `labels` must be as required. Infinity is within no limits. An optional metric that is
    missing says nothing; freshness is judged all the same.

    Not asked: whether an exporter reads that directory. `prometheus_query` sees what arrived.

    Example:
    ```yaml
    probe: textfile_metrics
    with:
      directory: /home/ollama/node_exporter_textfiles
      fresh_within: 25h
      files:
        - docker_stats.prom
        - name: backup_110.prom
          metrics:
            - {name: backup_110_last_success_timestamp, age_within: 25h}
    ```

    SOP sections 9 (188 backup-from-110, 110 cron), 12.1, 12.2 and 13.3; node_exporter's collector/textfile.go,
    Prometheus text format 0.0.4.

    """

    kind: ClassVar[str] = "textfile_metrics"

    path: PromPath | None = Field(default=None, description="The one file, with its `metrics`.")
    directory: AbsolutePath | None = Field(default=None, description="Where the `files` are.")
    files: tuple[TextFile, ...] = Field(
        default=(), max_length=32, description="Names in `directory`, or `{name, fresh_within, metrics}`."
    )
    fresh_within: Duration = Field(description="How long ago a file may have been written.")
    metrics: tuple[Metric, ...] = Field(
        default=(), max_length=64, description="What must hold of metrics in the file that `path` names."
    )
    max_clock_offset: Duration = Field(
        default=5.0, description="How far the host's clock may be from this machine's for an age to be judged by it."
    )

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if (self.path is None) is (self.directory is None):
            raise ValueError("give `path` for one file, or `directory` with `files`")
        if (self.directory is None) is not (not self.files):
            raise ValueError("`directory` and `files` go together")
        if self.directory and self.metrics:
            raise ValueError("with `files`, metrics stand beside the name of the file that they are in")
        names = [file.name for file in self.files]
        if doubled := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"a file is listed twice: {', '.join(doubled)}")
        if wrong := [file.path for file in self._all if not re.fullmatch(shapes.PROM_PATH, file.path)]:
            raise ValueError(f"{wrong[0]} is not the path of a plain file: nothing hidden, no . or .. in it")
        return self

    @property
    def _all(self) -> tuple[_File, ...]:
        if self.path is not None:
            return (_File(self.path, self.fresh_within, self.metrics),)
        start = f"{(self.directory or '').rstrip('/')}/"
        return tuple(
            _File(start + file.name, file.fresh_within or self.fresh_within, file.metrics) for file in self.files
        )

    def reads(self, target: Target) -> tuple[Command, ...]:
        paths = [file.path for file in self._all]
        stat = target.command("stat", "--dereference", f"--format={shapes.PROM_STAT_FORMAT}", *paths)
        texts = [text_file.ask_text(target, path) for path in paths]
        commands = (host_clock.ask_date(target), host_clock.ask_sync(target), stat, *texts)
        return tuple(command.model_copy(update={"sudo": False}) for command in commands)

    def judge(self, replies: Replies) -> Outcome:
        return stating(self._expected(), lambda: self._judge(replies))

    def _expected(self) -> str:
        rules = [
            f"{file.name} written within {span(file.fresh_within)}"
            + "".join(f"; {metric.words}" for metric in file.metrics)
            for file in self._all
        ]
        return one_line("; ".join(rules), 1000)

    def _judge(self, replies: Replies) -> Outcome:
        date, show, stat, *texts = self.reads(replies.target)
        looked = replies.command(stat)
        clock = host_clock.clock(replies.command(date)).at(looked.ended)
        states = prom_files.states(looked, [file.path for file in self._all])
        facts: dict[str, float | int | str | bool | None] = {
            "files": len(texts),
            "clock_offset": round(clock.offset, 3),
        }
        parts: list[Part] = []
        evidence: list[str] = []
        for file, text in zip(self._all, texts, strict=True):
            try:
                written, state = prom_files.of(states, file.path)
                age = self._age(file, written, clock)
                samples = prom_files.samples(replies.command(text), state, file.path)
            except ReadError as error:
                conclusion = Conclusion.UNMET if error.reason.observed else Conclusion.UNOBSERVED
                parts.append(file.part(conclusion, error.reason, error.detail or error.reason.says))
                evidence += [error.evidence] if error.evidence else []
                continue
            facts[f"{file.name} age"] = round(age, 3)
            facts[f"{file.name} samples"] = len(samples)
            shown = f"written {span(age)} ago, {plural(len(samples), 'sample')}"
            parts.append(file.part(Conclusion.MET, Reason.OK, shown))
            for metric in file.metrics:
                parts += metric.parts(samples, now=clock.now, tolerance=self.max_clock_offset)
                evidence += [f"{file.name}: {sample.series} {sample.value!r}" for sample in metric.among(samples)]
        parts += _unsynced(replies, show)
        outcome = Outcome.of_parts(parts, expected=self._expected(), facts=facts, evidence=tuple(evidence)[:_SHOWN])
        if outcome.conclusion is Conclusion.MET:
            said = "; ".join(f"{part.name}: {part.observed}" for part in parts)
            return outcome.model_copy(update={"observed": one_line(said, 1000)})
        return outcome

    def _age(self, file: _File, written: int, clock: HostClock) -> float:
        """How long ago it was written. Raises a `ReadError` with the reason why it is not good."""
        if trouble := clock.trouble(self.max_clock_offset):
            raise ReadError(f"its age: {trouble}", reason=Reason.CLOCK)
        age = clock.now - written
        if age < -self.max_clock_offset:
            raise ReadError(f"written {span(-age)} in the future, by the host's own clock", reason=Reason.CLOCK)
        if age > file.fresh_within:
            raise ReadError(f"written {span(age)} ago, not within {span(file.fresh_within)}", reason=Reason.STALE)
        return max(age, 0.0)


def _unsynced(replies: Replies, show: Command) -> Iterator[Part]:
    """A caution unless the host says that its clock is in sync, or has nothing to say it with (no systemd)."""
    try:
        sync = host_clock.sync(replies.command(show))
        words = f"clock {sync.words}" if not sync.synced else ""
    except ReadError as error:
        nothing_to_ask = error.reason in (Reason.TOOL_MISSING, Reason.UNEXPECTED_EXIT)
        words = (
            "" if nothing_to_ask else f"whether its clock is in sync was not said: {error.detail or error.reason.says}"
        )
    if words:
        yield Part(name="NTP", conclusion=Conclusion.CAUTION, reason=Reason.CLOCK_NOT_SYNCED, observed=words)
