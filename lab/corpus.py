"""``python -m lab.corpus``: record what the real tools of the lab say, healthy and in every fault, into the corpus.

A file is written when it is new or when it is judged otherwise than before; ``--all`` writes every one anew. What is
expected in a new file is what coldstart concluded: look at the table that is printed before committing it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
import yaml

from lab import cases, leaks, operator
from lab.cases import Judged
from lab.faults import FAULTS
from lab.fleet import Fleet
from lab.place import REPO, USERS, Lab, LabError
from lab.process import attempt, wait_until

CORPUS = REPO / "tests" / "corpus"
HEALTHY = "healthy"
LARGEST = 60_000
"""Bytes of a file; a larger one is left out, and said to be."""

Verdicts = Mapping[str, tuple[str, str]]
"""Of a healthy lab: conclusion and reason by ``GATE/check@host``."""

NONE: Verdicts = {}


@dataclass(frozen=True)
class Row:
    """What became of one check in one scenario."""

    scenario: str
    check: str
    verdict: tuple[str, str]
    became: str

    def __str__(self) -> str:
        return f"{self.scenario:22} {self.check:58} {'/'.join(self.verdict):34} {self.became}"


class Corpus:
    """Records a lab into a folder of the corpus."""

    def __init__(self, fleet: Fleet, folder: Path = CORPUS, *, everything: bool = False) -> None:
        self.fleet, self.folder, self.everything = fleet, folder, everything
        self._program = cases.program(fleet.lab)
        self._versions = versions(fleet)
        self._secrets = secrets(fleet)

    def healthy(self) -> Verdicts:
        """Return what a healthy lab is judged as: what a fault is told apart by."""
        return {one.task.key: one.verdict for one in self._recorded(HEALTHY)}

    def record(self, name: str, about: str, keep: Sequence[str] | None = None, normal: Verdicts = NONE) -> list[Row]:
        """Record the present state. `keep`: these checks only, where they are judged otherwise than `normal`."""
        found = [one for one in self._recorded(name) if keep is None or one.check in keep]
        rows = []
        for one in found:
            same = normal.get(one.task.key) == one.verdict
            became = "as in a healthy lab: left out" if same else self._write(one, name, about)
            rows.append(Row(name, one.task.key, one.verdict, became))
        missing = set(keep or ()) - {one.check for one in found}
        return rows + [Row(name, check, ("-", "-"), "no such check in the baseline") for check in sorted(missing)]

    def _recorded(self, name: str) -> list[Judged]:
        with TemporaryDirectory() as folder:
            into = Path(folder, "recording")
            argv = operator.coldstart(self.fleet.lab, "check", "-q", "-k", "--record", str(into))
            done = attempt(*argv, timeout=400)
            if not (into / "meta.json").exists():
                raise LabError(f"{name}: nothing was recorded: exit {done.returncode}\n{done.stdout}{done.stderr}")
            return cases.judged(self._program, into, self.fleet.lab)

    def _write(self, case: Judged, name: str, about: str) -> str:
        path = self.folder / case.file(name)
        text = cases.document(case, f"The lab: {about}.", self._versions, self.fleet.lab)
        if len(text.encode()) > LARGEST:
            return f"left out: {len(text.encode())} bytes"
        if what := leaks.found(text, self._secrets):
            raise LabError(f"{name}: the replies to {case.task.key} hold {', '.join(what)}: nothing of it was written")
        if path.exists() and not self.everything and _expected(path) == case.verdict:
            return "as it was"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return f"written: {path.relative_to(self.folder)}"


def _expected(path: Path) -> tuple[str, str]:
    expect = yaml.safe_load(path.read_text("utf-8"))["expect"]
    return expect["conclusion"], expect["reason"]


def versions(fleet: Fleet) -> dict[str, str]:
    """Return the version of each of Debian's packages on the hosts, which share them."""
    listed = fleet["188"].run("dpkg-query", "--show", "--showformat=${Package} ${Version}\n")
    return {name: version for name, _, version in (line.partition(" ") for line in listed.splitlines())}


def secrets(fleet: Fleet) -> frozenset[str]:
    """Return every secret that this lab holds: lines of keys, tokens of kubeconfigs, hashes of passwords."""
    names = "/etc/lab/* /etc/ssh/ssh_host_*_key /etc/rancher/k3s/* /root/.kube/config /etc/shadow"
    texts = [fleet[host].run("bash", "-c", f"cat {names} 2>/dev/null || true") for host in USERS]
    texts += [path.read_text("utf-8") for path in fleet.lab.secrets.glob("id_*")]
    return frozenset(one for text in texts for one in _secret_words(text))


def _secret_words(text: str) -> Iterator[str]:
    for block in re.findall(r"-----BEGIN [A-Z ]*PRIVATE KEY-----(.*?)-----END", text, re.DOTALL):
        yield from (line for line in block.split() if len(line) >= 40)  # noqa: PLR2004 - a full line of a key
    yield from re.findall(r"(?:token|password|key-data):\s*[\"']?([^\s\"']{8,})", text)
    yield from re.findall(r"^[^:\n]+:(\$[^:\n]+):", text, re.MULTILINE)


def wait_healthy(fleet: Fleet, within: float = 180) -> None:
    """Wait until all is well but the alert test, which is not sent."""
    argv = operator.coldstart(fleet.lab, "check", "-q", "--monitor-read-only")
    wait_until(lambda: attempt(*argv, timeout=120).returncode == 0, within, "all is well again")


def record_all(fleet: Fleet, folder: Path, names: Sequence[str], *, everything: bool) -> Iterator[Row]:
    """Record the scenarios `names`, one after another, each on a lab that was healthy before."""
    corpus = Corpus(fleet, folder, everything=everything)
    wait_healthy(fleet)
    normal = corpus.healthy()
    for name in names:
        about, keep = ("all is well", None) if name == HEALTHY else (FAULTS[name].about, FAULTS[name].keep)
        state: AbstractContextManager[None] = nullcontext() if name == HEALTHY else FAULTS[name].hold(fleet)
        with state:
            yield from corpus.record(name, about, keep, NONE if name == HEALTHY else normal)
        wait_healthy(fleet)


def main(
    scenarios: Annotated[list[str] | None, typer.Argument(help="which; all of them when none is named")] = None,
    everything: Annotated[bool, typer.Option("--all", help="write files anew that are judged as before")] = False,
    into: Annotated[Path, typer.Option(help="the folder of the corpus")] = CORPUS,
) -> None:
    """Record the lab into the corpus, and print what each check was judged as."""
    known = (HEALTHY, *FAULTS)
    names = tuple(scenarios or known)
    if wrong := [name for name in names if name not in known]:
        raise SystemExit(f"lab: no scenario {', '.join(wrong)}; known: {', '.join(known)}")
    try:
        with Fleet(Lab.here()).standing() as fleet:
            for row in record_all(fleet, into, names, everything=everything):
                typer.echo(str(row))
    except LabError as error:
        raise SystemExit(f"lab: {error}") from None


if __name__ == "__main__":
    typer.run(main)
