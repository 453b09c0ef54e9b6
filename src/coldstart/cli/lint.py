"""`coldstart lint`."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from coldstart.cli import options

if TYPE_CHECKING:
    from coldstart.baseline.load import LoadedBaseline
    from coldstart.lint.finding import Finding


def lint(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Baselines, or directories of them.")],
    set_: options.Set = None,
    vars_: options.Vars = None,
    accepts: Annotated[
        list[Path] | None,
        typer.Option(
            "--accepts", metavar="FILE", help="Judge a file of accepted warnings, too, against these baselines."
        ),
    ] = None,
    format_: Annotated[
        Literal["text", "json", "github"],
        typer.Option("--format", help="github: annotations that GitHub Actions shows beside the change."),
    ] = "text",
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 3 on warnings, too.")] = False,
) -> int:
    """Say everything that is wrong with a baseline, without connecting to anything.

    Every problem of every file in one run, each as file:line: rule: what is wrong: what to do. docs/lint.md explains
    every rule. A comment on the reported line silences a rule: # lint: ignore CS101 and the reason.

    Exit codes: 0 nothing wrong, or warnings only; 3 an error, or with --strict a warning.

    Example: coldstart lint baselines/
    """
    from coldstart.cli.baseline import assignments  # noqa: PLC0415 - builds models: not for --version and --help
    from coldstart.clock import SystemClock  # noqa: PLC0415 - as above
    from coldstart.errors import UsageError  # noqa: PLC0415 - as above
    from coldstart.lint import formats  # noqa: PLC0415 - as above
    from coldstart.lint.finding import Level  # noqa: PLC0415 - as above
    from coldstart.render import as_json, sinks  # noqa: PLC0415 - as above

    files = tuple(dict.fromkeys(_files(paths)))
    if not files:
        raise UsageError(f"nothing to lint: no .yml or .yaml file in {', '.join(str(path) for path in paths)}")
    variables, vars_files = assignments(set_ or ()), tuple(vars_ or ())
    now = SystemClock().wall()
    loaded, found = _linted(files, variables, vars_files, now)
    for file in accepts or ():
        found += _of_accepts(file, loaded, now)
    count = len(files) + len(accepts or ())
    words = formats.summary(found, count if found else len(files))
    match format_:
        case "json":
            said = as_json.dump(formats.document(found, count))
        case "github":
            said = formats.github(found)
        case "text":
            said = formats.text(found) or f"{words}\n"
    sinks.write(sinks.Sink(format_), said)
    if found:
        sys.stderr.write(f"{words}\n")
    failing = {Level.ERROR, Level.WARNING} if strict else {Level.ERROR}
    return 3 if any(finding.level in failing for finding in found) else 0


def _linted(
    files: tuple[Path, ...], variables: dict[str, str], vars_files: tuple[Path, ...], now: float
) -> "tuple[list[LoadedBaseline], list[Finding]]":
    """The valid files, and what is wrong with each: the loader's problems, or else the rules' findings."""
    from coldstart.baseline.load import load  # noqa: PLC0415 - builds models: not for --version and --help
    from coldstart.errors import BaselineError  # noqa: PLC0415 - as above
    from coldstart.lint.run import invalid, lint_file  # noqa: PLC0415 - as above

    valid: list[LoadedBaseline] = []
    found: list[Finding] = []
    for file in files:
        try:
            loaded = load(file, variables=variables, vars_files=vars_files)
        except BaselineError as error:
            names = tuple(str(path) for path in (file, *vars_files))
            found += [invalid(problem, names) for problem in error.problems]
        else:
            valid.append(loaded)
            found += lint_file(loaded, now=now)
    return valid, found


def _of_accepts(file: Path, baselines: "list[LoadedBaseline]", now: float) -> "tuple[Finding, ...]":
    """What is wrong with a file of accepts; without a valid baseline nothing is said about the names in it."""
    from coldstart.baseline import accept_load  # noqa: PLC0415 - builds models: not for --version and --help
    from coldstart.errors import BaselineError  # noqa: PLC0415 - as above
    from coldstart.lint.run import invalid, lint_accepts  # noqa: PLC0415 - as above

    try:
        loaded = accept_load.load(file)
    except BaselineError as error:
        return tuple(invalid(problem, (str(file),)) for problem in error.problems)
    return lint_accepts(loaded, baselines, now=now)


def _files(paths: list[Path]) -> Iterator[Path]:
    """The paths themselves, and every YAML file below those that are directories, in order."""
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*") if file.suffix in {".yml", ".yaml"} and file.is_file())
        else:
            yield path
