"""How long a check of the whole shipped baseline takes on the lab, beside other ways of asking the same. README.md.

Usage: python -m benchmarks.lab_check [ROUNDS], as root, in the root of the repository.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.lab_questions import Questions
from benchmarks.lab_table import Measured, section, write
from lab.fleet import Fleet, require
from lab.place import Lab, LabError, Unavailable

from coldstart.outcome import Report
from coldstart.plan import Plan
from coldstart.reads import Command, Read
from coldstart.replies import CommandReply
from lab import cgroups, lan, operator

HERE = Path(__file__).resolve().parent
COLDSTART = str(Path(sys.executable).with_name("coldstart"))
VERDICTS = (0, 1, 2)
NO_LOGIN = 255
"""The exit status of ssh(1) when it could not log in."""
BUDGET = 90.0
"""Seconds within which another round is begun, where it is likely to end within them; two are run in any case."""
LEAST, MOST = 2, 6
REST = 2.0
"""Seconds for which the hosts are watched while nobody asks them anything."""


class Bench:
    """The cases, how each is run, and what the runs took."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab, self.folder = lab, folder
        self.cases: dict[str, Measured] = {}
        self.check = operator.coldstart(lab, "check", "-k", "-q")
        plan = ("plan", "-b", str(operator.BASELINE), "--vars", str(lab.secrets / "variables.yml"), "-o", "json")
        self.questions = Questions(Plan.model_validate_json(_out(COLDSTART, *plan)))
        self.ssh = ("ssh", "-F", str(lab.secrets / "ssh_config"))
        self.control = ("-o", "ControlMaster=auto", "-o", f"ControlPath={folder}/%C", "-o", "ControlPersist=60")
        self.statuses: dict[Read, int] = {}
        self.chain: dict[str, Any] = {}
        self.slowest: dict[str, tuple[float, str]] = {}
        self.floors: list[dict[str, Any]] = []
        self.at_rest = 0.0

    def prepare(self) -> None:
        """Warm every cache, note how commands end when coldstart asks them, and find the slowest read of each gate."""
        report = Report.model_validate_json(_out(*self.check, "-o", "json", good=VERDICTS))
        checks = [check for gate in report.gates for one in gate.checks for check in (one, *one.members)]
        for exchange in (exchange for check in checks for exchange in check.exchanges):
            if isinstance(exchange.read, Command) and isinstance(exchange.reply, CommandReply):
                self.statuses[exchange.read] = exchange.reply.exit_status
        spec = self.questions.spec()
        spec |= {"key": str(self.lab.secrets / "id_ed25519"), "known_hosts": str(self.lab.secrets / "known_hosts")}
        seconds = self._floor("survey", spec)
        for gate, reads in spec["gates"].items():
            ranked = sorted(zip(seconds[gate], reads, strict=True), key=lambda pair: -pair[0])
            self.slowest[gate] = (ranked[0][0], ranked[0][1]["shown"])
            # A gate that needs none begins while the connections are made: its slowest command comes after them.
            commands = [read for _, read in ranked if read["kind"] == "command"]
            spec["gates"][gate] = [ranked[0][1], *(commands[:1] if not spec["needs"][gate] else [])]
        self.chain = spec
        before = self._hosts_cpu()
        time.sleep(REST)
        self.at_rest = (self._hosts_cpu() - before) / REST

    def round(self, number: int) -> None:
        """Measure each case once, those that are quick twice; in each round another one comes first."""
        cases = [self.version, self.a, self.d, self.b, self.version, self.a, self.d, self.c]
        for case in cases[number % len(cases) :] + cases[: number % len(cases)]:
            case()

    def version(self) -> None:
        self._timed("version", COLDSTART, "--version")

    def a(self) -> None:
        before = self._hosts_cpu()
        self._timed("a", *self.check, good=VERDICTS)
        self.cases["a"].hosts_cpu.append(self._hosts_cpu() - before)

    def b(self) -> None:
        self._shell("b")

    def c(self) -> None:
        with self._masters_ended():
            self._shell("c", *self.control)

    def d(self) -> None:
        begin = time.perf_counter()
        self.floors.append(self._floor("chain", self.chain))
        self.cases.setdefault("d, whole process", Measured()).wall.append(time.perf_counter() - begin)
        self.cases.setdefault("d", Measured()).wall.append(self.floors[-1]["seconds"])

    def _timed(self, case: str, *argv: str, good: tuple[int, ...] = (0,)) -> None:
        took = json.loads(_out(sys.executable, "-I", "-S", str(HERE / "lab_timed.py"), *argv))
        if took["status"] not in good:
            raise LabError(f"{case}: exit {took['status']}")
        measured = self.cases.setdefault(case, Measured())
        measured.wall.append(took["wall"])
        measured.cpu.append(took["cpu"])
        measured.memory.append(took["memory"])

    def _shell(self, case: str, *control: str) -> None:
        """Ask by shell; every command must end as it does for coldstart, else something else would be measured."""
        script, statuses = self.folder / f"{case}.sh", self.folder / f"{case}.statuses"
        script.write_text(self.questions.script(statuses, *self.ssh, *control))
        self._timed(case, *lan.at_the_operator(self.lab, "bash", str(script)))
        found = [int(line) for line in statuses.read_text().split()]
        if NO_LOGIN in found:
            raise LabError(f"{case}: ssh could not log in to a host")
        for read, status in zip((one.read for one in self.questions.all), found, strict=True):
            if self.statuses.get(read, status) != status:
                raise LabError(f"{read.describe()}: the shell saw {status}, coldstart {self.statuses[read]}")

    @contextmanager
    def _masters_ended(self) -> Iterator[None]:
        try:
            yield
        finally:
            for host in self.questions.hosts.values():
                lan.ops(self.lab, *self.ssh, *self.control, "-O", "exit", host.address)

    def _floor(self, what: str, spec: dict[str, Any]) -> Any:
        file = self.folder / f"{what}.json"
        file.write_text(json.dumps(spec))
        script = (sys.executable, str(HERE / "lab_floor.py"), what, str(file))
        return json.loads(_out(*lan.at_the_operator(self.lab, *script)))

    def _hosts_cpu(self) -> float:
        """Seconds of processor time that the hosts have used so far, all together (cgroup v2, cpu.stat)."""
        usage = cgroups.folder(self.lab, "cpu.stat").read_text().split()
        return int(usage[usage.index("usage_usec") + 1]) / 1e6


def _out(*argv: str, good: tuple[int, ...] = (0,)) -> str:
    """Run a program as it runs for an operator: no proxy comes into it, and its bytecode is kept from run to run."""
    unwanted = ("PYTHONDONTWRITEBYTECODE", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    env = {name: value for name, value in os.environ.items() if name.upper() not in unwanted}
    done = subprocess.run(
        argv, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=300, env=env, check=False
    )
    if done.returncode not in good:
        raise LabError(f"{' '.join(argv[:8])}: exit {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout


def measured(lab: Lab, rounds: int | None) -> Bench:
    """Run the rounds: as many as asked for, else as many as the budget has room for."""
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        bench = Bench(lab, Path(folder))
        bench.prepare()
        prepared, number = time.monotonic(), 0
        while number < (rounds or MOST):
            now = time.monotonic()
            if not rounds and number >= LEAST and now - begin + (now - prepared) / number > BUDGET:
                break
            bench.round(number)
            number += 1
            print(f"round {number}: {time.monotonic() - begin:.0f} s since the lab is up", flush=True)
    return bench


def main() -> None:
    try:
        require(Lab.here())
        with Fleet(Lab.here()).standing() as fleet:
            bench = measured(fleet.lab, int(sys.argv[1]) if len(sys.argv) > 1 else None)
    except Unavailable as error:
        print(f"lab: not measured, it cannot run here: {error}")
        return
    except LabError as error:
        sys.exit(f"lab: not measured: {error}")
    found = section(bench.cases, bench.slowest, bench.floors, reads=len(bench.questions.all), at_rest=bench.at_rest)
    write(HERE / "README.md", found)
    print(found)


if __name__ == "__main__":
    main()
