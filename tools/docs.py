"""Writes the pages that are made from the code, one a probe and the command line's; `make gen` calls it.

Usage: python -m tools.docs DIRECTORY
"""

import inspect
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools import scenarios, sop_coverage

from coldstart.lint.registry import RULES
from coldstart.probes.base import Probe
from coldstart.probes.registry import BUILT_IN, probe_class

MADE = "<!-- Made from the code by `make gen`; do not edit. -->\n"
COMMANDS = (
    (),
    ("check",),
    ("watch",),
    ("release",),
    ("monitor",),
    ("monitor", "install"),
    ("monitor", "rules"),
    ("history",),
    ("diff",),
    ("report",),
    ("plan",),
    ("graph",),
    ("lint",),
    ("drill",),
)


def pages() -> Iterator[tuple[str, str]]:
    """Path and text of every generated page."""
    kinds = [(kind, probe_class(kind)) for kind, _ in BUILT_IN]
    yield "probes/README.md", _index(kinds)
    for kind, probe in kinds:
        yield f"probes/{kind}.md", _page(kind, probe)
    yield "cli.md", _command_line()
    yield "lint.md", _rules()
    yield "sop-coverage.md", sop_coverage.page()
    yield "scenarios.md", f"{MADE}\n{scenarios.page()}"


def _index(kinds: list[tuple[str, type[Probe]]]) -> str:
    rows = "".join(f"| [`{kind}`]({kind}.md) | {_first_line(probe)} |\n" for kind, probe in kinds)
    return f"{MADE}\n# Probes\n\n| kind | claim |\n|---|---|\n{rows}"


def _first_line(probe: type[Probe]) -> str:
    return (inspect.getdoc(probe) or "").partition("\n")[0]


def _page(kind: str, probe: type[Probe]) -> str:
    schema = probe.model_json_schema()
    rows = "".join(
        f"| `{name}` | {_type(field, schema.get('$defs', {}))} | {_default(name, field, schema)} "
        f"| {_cell(field.get('description', ''))} |\n"
        for name, field in schema.get("properties", {}).items()
    )
    table = f"| parameter | type | default | meaning |\n|---|---|---|---|\n{rows}" if rows else "It takes none.\n"
    return f"{MADE}\n# `{kind}`\n\n{_prose(inspect.getdoc(probe) or '')}\n\n## Parameters\n\n{table}"


def _prose(docstring: str) -> str:
    """A docstring as Markdown: indented blocks (the examples) become fenced ones."""
    lines: list[str] = []
    inside = False
    for line in docstring.splitlines():
        indented = line.startswith("    ") or (inside and not line.strip())
        if indented and not inside and line.strip():
            lines.append("```yaml")
            inside = True
        elif inside and not indented:
            _close(lines)
            inside = False
        lines.append(line[4:] if inside else line)
    if inside:
        _close(lines)
    return "\n".join(lines)


def _close(lines: list[str]) -> None:
    while lines and not lines[-1].strip():
        lines.pop()
    lines.extend(["```", ""])


def _type(field: dict[str, Any], definitions: dict[str, Any]) -> str:
    """A JSON Schema type in words."""
    match field:
        case {"$ref": reference}:
            words = _type(definitions[reference.rpartition("/")[2]], definitions)
        case {"enum": values}:
            words = ", ".join(f"`{value}`" for value in values)
        case {"const": value}:
            words = f"`{value}`"
        case {"anyOf": kinds}:
            words = " or ".join(dict.fromkeys(_type(one, definitions) for one in kinds))
        case {"type": "array"}:
            words = f"list of {_type(field.get('items', {}), definitions)}"
        case {"type": [*kinds]}:
            words = " or ".join(kinds)
        case {"type": "object", "properties": properties}:
            words = f"mapping of {', '.join(f'`{name}`' for name in properties)}"
        case _:
            words = str(field.get("type", "any"))
    return words


def _default(name: str, field: dict[str, Any], schema: dict[str, Any]) -> str:
    if name in schema.get("required", ()):
        return "required"
    return f"`{field['default']}`" if field.get("default") is not None else ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _rules() -> str:
    """Every rule of `coldstart lint`: a table, then what each finds, why, and what to write instead."""
    rows = "".join(f"| [{rule.code}](#{rule.code.lower()}) | {rule.name} | {rule.level} |\n" for rule in RULES)
    parts = [
        f"{MADE}\n# Rules of `coldstart lint`\n\n",
        "An error is a baseline that can say GREEN for what is not; a warning is help that an operator will miss.\n",
        "A comment on the reported line silences a rule, and says why:\n\n",
        "```yaml\n- id: web   # lint: ignore CS104 the gateway redirects on the same host\n```\n\n",
        f"| code | name | level |\n|---|---|---|\n{rows}",
    ]
    parts += [f"\n## {rule.code}\n\n**{rule.name}** ({rule.level})\n\n{_prose(rule.about)}\n" for rule in RULES]
    return "".join(parts)


def _command_line() -> str:
    parts = [f"{MADE}\n# Command line\n"]
    for words in COMMANDS:
        name = " ".join(("coldstart", *words))
        parts.append(f"\n## `{name}`\n\n```text\n{_help(words)}\n```\n")
    return "".join(parts)


def _help(words: tuple[str, ...]) -> str:
    environment = {
        **os.environ,
        "COLUMNS": "100",
        "TERMINAL_WIDTH": "100",
        "NO_COLOR": "1",
        "TERM": "dumb",
        "LC_ALL": "C.UTF-8",
    }
    done = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-m", "coldstart", *words, "--help"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return "\n".join(line.rstrip() for line in done.stdout.strip("\n").splitlines())


def main() -> None:
    directory = Path(sys.argv[1])
    for name, text in pages():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
