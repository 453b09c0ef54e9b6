"""What a monitor needs of a baseline that is invalid: where to say so."""

import os
from collections.abc import Iterable, Mapping

from coldstart.baseline import source
from coldstart.baseline.build import declared_variables
from coldstart.baseline.nodes import Entries
from coldstart.baseline.problems import Problems
from coldstart.baseline.runbook import Monitor
from coldstart.baseline.sections import SectionBuilder


def monitor_of(
    path: str | os.PathLike[str], variables: Mapping[str, str], vars_files: Iterable[str | os.PathLike[str]]
) -> Monitor | None:
    """Return the `monitor:` of a baseline whose other sections may be wrong; None where it has none that is right.

    Takes what `load` takes. Raises nothing for whatever the files hold: their problems are what `load` reports.
    """
    problems = Problems()
    root = _tree(path, problems)
    if root is None or "monitor" not in root.entries:
        return None
    known = declared_variables(root, problems)
    for file in vars_files:
        if given := _tree(file, problems):
            known.set_file(given)
    known.set_options(variables)
    known.check()
    known.substitute(root.entries["monitor"])
    return SectionBuilder(root, {}, Entries(root.place), problems).monitor()


def _tree(path: str | os.PathLike[str], problems: Problems) -> Entries | None:
    read = source.read(path, problems)
    return source.tree(read, problems) if read else None
