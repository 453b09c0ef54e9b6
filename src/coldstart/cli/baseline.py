"""Which baseline a command works on, with its variables."""

import os
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from coldstart.cli.options import BASELINE_VARIABLE
from coldstart.errors import UsageError

if TYPE_CHECKING:
    from coldstart.baseline.load import LoadedBaseline

SHIPPED = "full-stack-cold-start.yml"


def find(given: Path | None) -> Path:
    """The path given, else $COLDSTART_BASELINE, else ./coldstart.yml, else the baseline that the wheel carries."""
    if given:
        return given
    if named := os.environ.get(BASELINE_VARIABLE):
        return Path(named)
    if (here := Path("coldstart.yml")).exists():
        return here
    return shipped()


def shipped() -> Path:
    """The baseline that ships with coldstart."""
    carried = Path(str(files("coldstart"))) / "baselines" / SHIPPED
    if carried.exists():
        return carried
    source = Path(__file__).parents[3] / "baselines" / SHIPPED  # an editable install: the repo's own file
    if source.exists():
        return source
    raise UsageError(
        f"no baseline: give one with --baseline FILE, or set {BASELINE_VARIABLE}, or write ./coldstart.yml"
    )


def assignments(given: Sequence[str]) -> dict[str, str]:
    """``NAME=VALUE`` words as a mapping. Raises `UsageError` on anything else."""
    values: dict[str, str] = {}
    for word in given:
        name, sign, value = word.partition("=")
        if not sign or not name:
            raise UsageError(f"--set {word}: write it as NAME=VALUE")
        if name in values:
            raise UsageError(f"--set {name}: given twice")
        values[name] = value
    return values


def load(path: Path | None, given: Sequence[str] | None, files: Sequence[Path] | None) -> "LoadedBaseline":
    """Load the baseline that `find` finds."""
    from coldstart.baseline.load import load as load_file  # noqa: PLC0415 - builds models: not for --version and --help

    return load_file(find(path), variables=assignments(given or ()), vars_files=tuple(files or ()))
