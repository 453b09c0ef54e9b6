"""`coldstart lint`."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from coldstart.cli import options


def lint(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Baselines, or directories of them.")],
    set_: options.Set = None,
    vars_: options.Vars = None,
) -> int:
    """Say everything that is wrong with a baseline, without connecting to anything.

    Every problem of every file in one run, each as file:line:column: what is wrong: what to do.

    Exit codes: 0 nothing wrong, 3 something is.

    Example: coldstart lint baselines/
    """
    from coldstart.baseline.load import load  # noqa: PLC0415 - builds models: not for --version and --help
    from coldstart.cli.baseline import assignments  # noqa: PLC0415 - as above
    from coldstart.errors import BaselineError, UsageError  # noqa: PLC0415 - as above
    from coldstart.text import plural, visible  # noqa: PLC0415 - as above

    variables, files, wrong = assignments(set_ or ()), tuple(_files(paths)), 0
    if not files:
        raise UsageError(f"nothing to lint: no .yml or .yaml file in {', '.join(str(path) for path in paths)}")
    for file in files:
        try:
            load(file, variables=variables, vars_files=tuple(vars_ or ()))
        except BaselineError as error:
            wrong += len(error.problems)
            sys.stdout.write("".join(f"{visible(line)}\n" for line in error.problems))
    if wrong:
        sys.stderr.write(f"{plural(wrong, 'problem')} in {plural(len(files), 'file')}\n")
        return 3
    sys.stdout.write(f"{plural(len(files), 'baseline')}: nothing wrong\n")
    return 0


def _files(paths: list[Path]) -> Iterator[Path]:
    """The paths themselves, and every YAML file below those that are directories, in order."""
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*") if file.suffix in {".yml", ".yaml"} and file.is_file())
        else:
            yield path
