"""What was measured on the lab, as the section of benchmarks/README.md."""

import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

BEGIN, END = "<!-- lab: begin; written by benchmarks/lab_check.py -->", "<!-- lab: end -->"
CASES = {
    "a": "(a) `coldstart check`",
    "b": "(b) one `ssh` process after another",
    "c": "(c) the same with ControlMaster",
    "d": "(d) the floor",
    "d, whole process": "(d) with the start of its own process",
}
SHOWN = 70


@dataclass
class Measured:
    """What every run of one case took: seconds, seconds of processor time of it and of the hosts, bytes."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    hosts_cpu: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)


Cases = Mapping[str, Measured]


def section(
    cases: Cases, slowest: Mapping[str, tuple[float, str]], floors: Sequence[Any], *, reads: int, at_rest: float
) -> str:
    """Return all that stands between the markers; `at_rest` in cores."""
    few, many = len(cases["b"].wall), len(cases["a"].wall)
    head = (
        f"{many} runs of (a) and (d), {few} of (b) and (c), interleaved; medians. {reads} distinct reads of 4 hosts. "
        f"{os.cpu_count()} cores for the operator and all hosts together; Python {platform.python_version()}."
    )
    parts = [_beside(cases), _goals(cases), _itself(cases, at_rest), _gates(slowest, floors)]
    return "\n\n".join([head, *("\n".join(part) for part in parts)])


def write(readme: Path, found: str) -> None:
    """Put `found` between the markers."""
    before, _, rest = readme.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    readme.write_text(f"{before}{BEGIN}\n{found}\n{END}{after}", "utf-8")


def _ratio(cases: Cases, one: str, other: str) -> float:
    return median(cases[one].wall) / median(cases[other].wall)


def _beside(cases: Cases) -> Iterator[str]:
    yield "| | seconds | from – to | beside (a) |"
    yield "|---|--:|--:|--:|"
    for case, name in CASES.items():
        wall = cases[case].wall
        yield f"| {name} | {median(wall):.2f} | {min(wall):.2f} – {max(wall):.2f} | {_ratio(cases, case, 'a'):.2f} × |"


def _goals(cases: Cases) -> Iterator[str]:
    faster_b, faster_c = _ratio(cases, "b", "a"), _ratio(cases, "c", "a")
    over, over_process = _ratio(cases, "a", "d"), _ratio(cases, "a", "d, whole process")
    goals = {
        "at least 5 times as fast as (b)": (f"{faster_b:.1f} times", faster_b >= 5),  # noqa: PLR2004 - the goals
        "faster than (c)": (f"{faster_c:.1f} times", faster_c > 1),
        "at most 1.5 times (d)": (f"{over:.2f} times", over <= 1.5),  # noqa: PLR2004
        "the same, with the start of (d)'s process": (f"{over_process:.2f} times", over_process <= 1.5),  # noqa: PLR2004
    }
    yield "| goal for (a) | measured | |"
    yield "|---|--:|---|"
    for goal, (measured, met) in goals.items():
        yield f"| {goal} | {measured} | {'met' if met else 'missed'} |"


def _itself(cases: Cases, at_rest: float) -> Iterator[str]:
    a, cores = cases["a"], os.cpu_count() or 1
    own = at_rest * median(a.wall)
    for_it = median(a.cpu) + max(median(a.hosts_cpu) - own, 0.0)
    yield "| (a) in itself | |"
    yield "|---|--:|"
    yield f"| processor time of coldstart, and of the ping and ip that it runs | {median(a.cpu):.2f} s |"
    yield f"| processor time of the four hosts meanwhile | {median(a.hosts_cpu):.2f} s |"
    yield f"| – of which they use without it ({at_rest:.2f} cores at rest) | {own:.2f} s |"
    yield f"| what is due to it, spread over {cores} cores: no run here can be quicker | {for_it / cores:.2f} s |"
    yield f"| peak memory | {median(a.memory) / 2**20:.0f} MiB |"
    yield f"| start-up: `coldstart --version` | {median(cases['version'].wall):.2f} s |"


def _gates(slowest: Mapping[str, tuple[float, str]], floors: Sequence[Any]) -> Iterator[str]:
    yield "| gate | its slowest read, asked alone | seconds | in (d) answered after |"
    yield "|---|---|--:|--:|"
    yield f"| | connected to all hosts | | {median(floor['at']['connected'] for floor in floors):.2f} s |"
    for gate, (seconds, shown) in slowest.items():
        asked = (shown if len(shown) <= SHOWN else shown[: SHOWN - 1] + "…").replace("|", "\\|")
        yield f"| {gate} | `{asked}` | {seconds:.3f} | {median(floor['at'][gate] for floor in floors):.2f} s |"
