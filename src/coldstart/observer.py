"""Who watches a run: progress displays, recorders. An observer sees everything and decides nothing."""

from typing import Protocol

from coldstart.outcome import CheckResult, GateResult, Report
from coldstart.reads import Read
from coldstart.replies import Reply


class Observer(Protocol):
    """Called by the engine as things happen, in the event loop: must not block, must not raise."""

    def gate_started(self, name: str) -> None: ...
    def read_started(self, read: Read) -> None: ...
    def read_done(self, read: Read, reply: Reply) -> None: ...
    def check_done(self, result: CheckResult) -> None: ...
    def gate_done(self, result: GateResult) -> None: ...
    def run_done(self, report: Report) -> None: ...


class Silent:
    """Watches nothing."""

    def gate_started(self, name: str) -> None:
        pass

    def read_started(self, read: Read) -> None:
        pass

    def read_done(self, read: Read, reply: Reply) -> None:
        pass

    def check_done(self, result: CheckResult) -> None:
        pass

    def gate_done(self, result: GateResult) -> None:
        pass

    def run_done(self, report: Report) -> None:
        pass
