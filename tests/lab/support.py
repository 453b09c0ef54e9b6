"""Run coldstart against the lab, and say in a few lines all that its report said."""

import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lab.fleet import Fleet
from lab.place import LabError
from lab.process import wait_until

from lab import operator

NOT_SENT = {"P2-WORKLOAD-ALERTCHAIN/alert-test": "WARN alert-not-sent"}
"""What every run without --send-alert-test has to say (SOP 13.2)."""

HELD_BY_NETWORK = ("BLOCKED", *["HELD"] * 6)
HELD_BY_DATA = ("PASS", "BLOCKED", "PASS", *["HELD"] * 4)
HELD_BY_REGISTRY = ("PASS", "PASS", "BLOCKED", *["HELD"] * 4)
HELD_BY_K3S = ("PASS", "PASS", "PASS", "BLOCKED", *["HELD"] * 3)
HELD_BY_WORKLOAD = ("PASS", "PASS", "PASS", "PASS", "BLOCKED", *["HELD"] * 2)
NOT_PROVEN = ("PASS", "PASS", "PASS", "PASS", "WARN", "PASS", "PASS")
"""All is good, but no alert was sent."""


@dataclass(frozen=True)
class Seen:
    """The whole report, without what is good: what a test compares with what it expects."""

    exit_code: int
    result: str
    root: str | None
    """The first check that holds everything back: ``GATE/check@host``."""
    gates: tuple[str, ...]
    """The verdict of each gate, in the order of the baseline."""
    not_passed: Mapping[str, str] = field(hash=False)
    """Every check that is neither PASS nor HELD: verdict, reason, and of which gate it is downstream."""


@dataclass(frozen=True)
class Checked:
    """One run of ``coldstart check``."""

    exit_code: int
    text: str
    report: dict[str, Any]

    @property
    def seen(self) -> Seen:
        """Return the report as a test compares it."""
        return seen(self.report, self.exit_code)

    def check(self, name: str, host: str | None = None) -> dict[str, Any]:
        """Return the result of one check, as the report has it."""
        found = [one for one in checks(self.report) if one["id"] == name and host in (None, one["host"])]
        assert len(found) == 1, f"{len(found)} results for {name}@{host}"
        return found[0]


def gate(found: Checked, name: str) -> dict[str, Any]:
    return next(one for one in found.report["gates"] if one["name"] == name)


def checks(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [check for gate in report["gates"] for check in gate["checks"]]


def seen(report: Mapping[str, Any], exit_code: int) -> Seen:
    root = report["root"]
    return Seen(
        exit_code=exit_code,
        result=report["result"],
        root=place(root["check"] if "/" in root["check"] else f"{root['gate']}/{root['check']}", root["host"])
        if root
        else None,
        gates=tuple(gate["verdict"] for gate in report["gates"]),
        not_passed={
            place(check["id"], check["host"]): _words(check)
            for check in checks(report)
            if check["verdict"] in ("WARN", "BLOCKED")
        },
    )


def place(check: str, host: str | None) -> str:
    return f"{check}@{host}" if host else check


def _words(check: Mapping[str, Any]) -> str:
    outcome = check["outcome"]
    unseen = " (not observed)" if outcome["conclusion"] == "unobserved" else ""
    below = f", downstream of {check['downstream_of']}" if check["downstream_of"] else ""
    return f"{check['verdict']} {outcome['reason']}{unseen}{below}"


def check(fleet: Fleet, *arguments: str, timeout: float = 180) -> Checked:
    """Run ``coldstart check`` on the shipped baseline from the operator's machine."""
    with TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        argv = operator.coldstart(fleet.lab, "check", "-q", "-o", "table", "-o", f"json={report}", *arguments)
        done = subprocess.run(
            argv, capture_output=True, text=True, timeout=timeout, check=False, stdin=subprocess.DEVNULL
        )
        assert report.exists(), f"no report: exit {done.returncode}\n{done.stdout}{done.stderr}"
        return Checked(done.returncode, done.stdout, json.loads(report.read_text("utf-8")))


def wait_green(fleet: Fleet, within: float = 120) -> None:
    """Wait until the whole stack is GREEN, the alert test not counted. Raises `LabError` with what is not."""
    end = time.monotonic() + within
    while True:
        last = check(fleet, "--monitor-read-only")
        if last.exit_code == 0:
            return
        if time.monotonic() > end:
            raise LabError(f"not healthy within {within:g} s:\n{last.text}")


@dataclass(frozen=True)
class Attempt:
    """One block of a watch's output."""

    result: str
    root: str | None
    """The gate that its first line names."""
    text: str


_BLOCK = re.compile(r"^\S+ \S+  attempt \d+ of \d+: .*\n((?:.+\n)+)", re.MULTILINE)
_FIRST = re.compile(r"(GREEN|DEGRADED|BLOCKED|CHECK_FAILED)(?:\W+at\W+(\S+))?")


@dataclass(frozen=True)
class Watching:
    """A ``coldstart watch`` that runs."""

    process: subprocess.Popen[str]
    output: Path
    file: Path

    def text(self) -> str:
        """Return what it has printed so far."""
        return self.output.read_text("utf-8")

    def attempts(self) -> list[Attempt]:
        """Return every attempt so far."""
        found = []
        for block in _BLOCK.finditer(self.text()):
            first = _FIRST.search(block[1])
            assert first, block[0]
            found.append(Attempt(first[1], first[2], block[0]))
        return found

    def wait_for(self, what: Callable[[list[Attempt]], object], within: float) -> list[Attempt]:
        """Wait until its attempts so far are `what`."""

        def there() -> object:
            assert self.process.poll() is None, f"it ended:\n{self.text()}"
            return what(self.attempts())

        wait_until(there, within, "the watch", every=0.3)
        return self.attempts()

    def end(self, within: float) -> Checked:
        """Wait until it ends by itself; return its last report."""
        status = self.process.wait(within)
        assert self.file.exists(), self.text()
        return Checked(status, self.text(), json.loads(self.file.read_text("utf-8")))


@contextmanager
def watching(fleet: Fleet, *arguments: str) -> Iterator[Watching]:
    """Run ``coldstart watch``; it is killed at the end of the block if it has not ended by itself."""
    with TemporaryDirectory() as folder:
        output, file = Path(folder, "watch.out"), Path(folder, "report.json")
        argv = operator.coldstart(fleet.lab, "watch", "-q", "-o", "table", "-o", f"json={file}", *arguments)
        with output.open("w") as out:
            process = subprocess.Popen(argv, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True)
        try:
            yield Watching(process, output, file)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait(timeout=10)
