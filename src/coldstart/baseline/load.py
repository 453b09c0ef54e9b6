"""A baseline from a file: whatever is wrong with it comes out as one `BaselineError`, every problem at its place."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from coldstart.baseline import source
from coldstart.baseline.build import Builder, declared_variables
from coldstart.baseline.model import (
    AlertTest,
    AnyOf,
    Baseline,
    Check,
    Condition,
    Done,
    Freeze,
    Gate,
    Host,
    Monitor,
    Release,
    Tier,
)
from coldstart.baseline.nodes import Entries
from coldstart.baseline.problems import Problems
from coldstart.baseline.source import Source

Declared = Check | AnyOf | AlertTest | Gate | Host | Freeze | Tier | Release | Condition | Monitor | Done
"""Whatever knows the line that it was declared on."""

_NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True)
class LoadedBaseline:
    """A valid baseline, and where it came from."""

    baseline: Baseline
    path: str
    """As it was given."""
    sha256: str
    """Of the bytes of the file, before variables."""
    unused_variables: Mapping[str, int] = field(default_factory=dict, hash=False)
    """Variables that nothing refers to, each with its line."""

    def where(self, item: Declared) -> str:
        """Return ``file:line`` of the declaration of `item`."""
        return f"{self.path}:{item.line}"


def load(
    path: str | os.PathLike[str],
    *,
    variables: Mapping[str, str] = _NOTHING,
    vars_files: Iterable[str | os.PathLike[str]] = (),
) -> LoadedBaseline:
    """Load the baseline in the file `path`.

    `variables` (``--set``) win over `vars_files` (``--vars``), of which the last wins.
    Raises `BaselineError`, and nothing else, for whatever the files hold.
    """
    problems = Problems()
    read = source.read(path, problems)
    return _load(read, variables, vars_files, problems)


def load_text(
    text: str | bytes,
    name: str,
    *,
    variables: Mapping[str, str] = _NOTHING,
    vars_files: Iterable[str | os.PathLike[str]] = (),
) -> LoadedBaseline:
    """Load a baseline from memory; `name` stands where the path would."""
    content = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    return _load(Source(name, content), variables, vars_files, Problems())


def _load(
    read: Source | None,
    variables: Mapping[str, str],
    vars_files: Iterable[str | os.PathLike[str]],
    problems: Problems,
) -> LoadedBaseline:
    root = source.tree(read, problems) if read else None
    givens = [_variables_file(path, problems) for path in vars_files]
    if read is None or root is None:
        problems.raise_if_any()
        raise AssertionError("a file without a tree has a problem")
    known = declared_variables(root, problems)
    for given in givens:
        if given:
            known.set_file(given)
    known.set_options(variables)
    known.check()
    for key, node in root.entries.items():
        if key != "variables":
            known.substitute(node)
    baseline = Builder(root, problems).build()
    problems.raise_if_any()
    if baseline is None:
        raise AssertionError("a baseline that cannot be built has a problem")
    unused = {name: place[1] for name, place in known.places.items() if name not in known.used}
    return LoadedBaseline(baseline=baseline, path=read.file, sha256=read.sha256, unused_variables=unused)


def _variables_file(path: str | os.PathLike[str], problems: Problems) -> Entries | None:
    read = source.read(path, problems)
    return source.tree(read, problems) if read else None
