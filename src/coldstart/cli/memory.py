"""What a command remembers of earlier runs, and keeps of its own; a past that cannot be read is told, and is none."""

import hashlib
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from coldstart import samples
from coldstart.clock import Clock
from coldstart.decisions import Decision
from coldstart.errors import LockHeld, UsageError
from coldstart.history import History
from coldstart.lock import held
from coldstart.outcome import Report
from coldstart.samples import Past, Sample
from coldstart.text import visible

_PAST = 6 * 3600.0
"""Seconds of earlier runs that are looked at: longer than anything must be held or followed for a release."""


class Memory:
    """Earlier runs of one baseline on this machine, and those of this command. Problems go to stderr, each once."""

    def __init__(self, state_dir: Path | None, clock: Clock, baseline: str, *, command: str) -> None:
        self._history = History.open(state_dir, clock)
        self._clock, self._baseline, self._command = clock, baseline, command
        self._series = uuid.uuid4().hex if command == "watch" else ""
        self._told = 0
        read = self._history.past(baseline, clock.wall() - _PAST)
        self._past: dict[str, list[Sample]] = {key: list(seen) for key, seen in read.items()}
        self._released = self._history.released(baseline)
        self._tell()

    @property
    def past(self) -> Past:
        """What checks were in earlier runs, those of this command included; oldest first."""
        return self._past

    @property
    def released(self) -> Mapping[str, Mapping[str, str]]:
        """Releases that earlier runs let go, each with the boot ids of the hosts then, by host."""
        return self._released

    @property
    def last_green(self) -> float | None:
        """The end of the last GREEN run of the baseline, s since the epoch; None: none is known."""
        last = self._history.last_green(self._baseline)
        self._tell()
        return last

    def keep(self, report: Report, attempt: int | None = None) -> None:
        """Keep a run. What cannot be written is known for the rest of this command all the same."""
        for key, sample in samples.of_report(report).items():
            seen = self._past.setdefault(key, [])
            seen.append(sample)
            while seen[0].at < sample.at - _PAST:
                del seen[0]
        boots = {host.name: host.boot_id for host in report.hosts if host.boot_id and not host.problem}
        self._released |= {item.name: boots for item in report.releases if item.decision is Decision.RELEASE}
        self._history.add(report, command=self._command, series=self._series, attempt=attempt)
        self._tell()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be the only command of this kind on this baseline here (faults.md 46). Raises `LockHeld`.

        Where no lock can be made, it is told and nothing is locked: that must not keep an operator from a verdict.
        """
        with ExitStack() as stack:
            if path := self._history.path:
                name = hashlib.sha256(self._baseline.encode()).hexdigest()[:16]
                try:
                    stack.enter_context(held(path.parent / f"{self._command}-{name}.lock", self._clock))
                except LockHeld:
                    raise
                except UsageError as error:
                    _say(f"warning: {error}")
            yield

    def close(self) -> None:
        """Close the history."""
        self._history.close()

    def _tell(self) -> None:
        problems = self._history.problems
        for problem in problems[self._told :]:
            _say(f"warning: history: {problem}")
        self._told = len(problems)


def _say(line: str) -> None:
    sys.stderr.write(f"coldstart: {visible(line)}\n")
