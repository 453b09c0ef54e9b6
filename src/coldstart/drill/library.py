"""The scenarios: those that ship with coldstart, by name, and any YAML file of the same form."""

from importlib.resources import files
from pathlib import Path

import yaml
from pydantic import ValidationError

from coldstart.drill.scenario import Scenario
from coldstart.errors import UsageError
from coldstart.text import one_line

_FOLDER = files("coldstart.drill") / "scenarios"
_SUFFIX = ".yml"
_MOST = 100_000


def names() -> tuple[str, ...]:
    """Those that ship with coldstart: `clean` first, the others in order."""
    found = sorted(file.name.removesuffix(_SUFFIX) for file in _FOLDER.iterdir() if file.name.endswith(_SUFFIX))
    return ("clean", *(name for name in found if name != "clean"))


def every() -> tuple[Scenario, ...]:
    """All of them, in that order."""
    return tuple(load(name) for name in names())


def load(name: str) -> Scenario:
    """The scenario of that name, or in the file at that path. Raises `UsageError`, with every problem and its line."""
    if name in names():
        text, where = (_FOLDER / f"{name}{_SUFFIX}").read_text("utf-8"), f"{name}{_SUFFIX}"
    elif name.endswith((_SUFFIX, ".yaml")):
        text, where = _read(Path(name)), name
    else:
        raise UsageError(
            f"no scenario {one_line(name)!r}: there are {', '.join(names())}; your own is a path that ends in .yml"
        )
    return parse(text, where)


def parse(text: str, where: str) -> Scenario:
    """A scenario from its text; `where` is what its problems are said of. Raises `UsageError`."""
    try:
        # Every scalar is text: what it means is said by the field that takes it, and `off` stays a word.
        root = yaml.compose(text, Loader=yaml.BaseLoader)
        data = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - makes nothing but text, lists and mappings
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{where}:{mark.line + 1}:{mark.column + 1}" if mark else where
        raise UsageError(f"{place}: not YAML: {one_line(str(getattr(error, 'problem', None) or error))}") from None
    if not isinstance(data, dict):
        raise UsageError(f"{where}: a scenario is a mapping with title, teaches, answer, begins, timeline and course")
    try:
        return Scenario.model_validate({**data, "name": Path(where).stem})
    except ValidationError as error:
        problems = (f"{_place(root, where, one['loc'])}: {_said(one)}" for one in error.errors())
        raise UsageError(*problems) from None


def _read(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(_MOST + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(text) > _MOST:
        raise UsageError(f"{path}: more than {_MOST} characters are no scenario")
    return text


def _said(problem: object) -> str:
    assert isinstance(problem, dict)  # noqa: S101 - pydantic's ErrorDetails
    path = ".".join(str(step) for step in problem["loc"])
    return one_line(f"{path}: {problem['msg'].removeprefix('Value error, ')}" if path else problem["msg"])


def _place(root: yaml.Node | None, where: str, steps: tuple[int | str, ...]) -> str:
    """``file:line:column`` of what the steps lead to, or of as much of them as there is."""
    node = root
    for step in steps:
        below = _below(node, step)
        if below is None:
            break
        node = below
    mark = node.start_mark if node else None
    return f"{where}:{mark.line + 1}:{mark.column + 1}" if mark else where


def _below(node: yaml.Node | None, step: int | str) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == str(step)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        below: yaml.Node = node.value[step]
        return below
    return None
