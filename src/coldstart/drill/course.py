"""Expected against observed: whether coldstart found at each attempt what the scenario says is right."""

from dataclasses import dataclass

from coldstart.attempt import Attempt
from coldstart.drill.scenario import Scenario, Stage
from coldstart.outcome import Report, Result


@dataclass(frozen=True)
class Found:
    """What an attempt said: its result, the first gate that is not green, and the check that is its root."""

    attempt: int
    result: Result
    gate: str | None
    check: str | None
    """Without the gate and without the host."""
    headline: str

    @classmethod
    def of(cls, number: int, report: Report) -> "Found":
        root = report.root
        gate, check = (root.gate, root.check.partition("@")[0].rpartition("/")[2]) if root else (None, None)
        return cls(number, report.result, gate, check, report.headline)

    def meets(self, stage: Stage | None) -> bool:
        """Say whether it is what `stage` asks for."""
        if stage is None or self.result is not stage.result or self.gate != stage.gate:
            return False
        return stage.check is None or self.check == stage.check


@dataclass
class Course:
    """Follows a watch attempt by attempt."""

    scenario: Scenario
    found: list[Found]
    exact: bool = True
    """False: things take more or less time than planned, so that only how it ends can be said beforehand."""

    def add(self, attempt: Attempt) -> None:
        self.found.append(Found.of(attempt.number, attempt.report))

    @property
    def missed(self) -> tuple[Found, ...]:
        """The attempts that said something else than they had to."""
        return tuple(one for one in self.found if not one.meets(self.scenario.stage(one.attempt)))

    @property
    def right(self) -> bool:
        """Say whether every attempt was right, none is missing, and the headline says what it must."""
        if not self.found or self.headline_missing:
            return False
        return not self.missed and not self.too_short if self.exact else self.found[-1].meets(self.scenario.last)

    @property
    def too_short(self) -> bool:
        return len(self.found) < self.scenario.last.attempts[1]

    @property
    def headline_missing(self) -> bool:
        return not self.found or self.scenario.headline not in self.found[-1].headline
