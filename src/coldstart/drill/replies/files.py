"""Tools that read files: cat(1), head(1), tail(1), stat(1), sha256sum(1), crontab(1)."""

import re
from collections.abc import Callable, Sequence
from hashlib import sha256

from coldstart.drill.replies.disk import File, find
from coldstart.drill.replies.host_text import host_text
from coldstart.drill.replies.refusal import missing_operand, unknown_option
from coldstart.drill.view import Said, View

_GONE = "No such file or directory"
_CRONTABS = {"110": "crontab_110.txt", "121": "crontab_121.txt", "188": "crontab_188.txt"}


def cat(view: View, argv: Sequence[str]) -> Said:
    return _each(view, "cat", argv[1:], lambda _, file: file.text, "cat: {path}: {problem}")


def head(view: View, argv: Sequence[str]) -> Said:
    """``head --bytes=N FILE``."""
    return _part_of(view, argv, "bytes", lambda text, count: text.encode()[:count].decode(errors="ignore"))


def tail(view: View, argv: Sequence[str]) -> Said:
    """``tail --lines=N FILE``."""
    return _part_of(
        view, argv, "lines", lambda text, count: "".join(text.splitlines(keepends=True)[-count:] if count else ())
    )


def stat(view: View, argv: Sequence[str]) -> Said:
    """``stat [--dereference] --format=… FILE…``, with the directives that `_directives` knows."""
    words = [word for word in argv[1:] if word != "--dereference"]
    if not words or not (form := re.fullmatch(r"--format=((?:%[Ysfudin]|[^%])+)", words[0])):
        return unknown_option("stat", words[0]) if words else missing_operand("stat")

    def line(path: str, file: File) -> str:
        said = _directives(view, path, file)
        return re.sub(r"%(.)", lambda found: said[found[1]], form[1]) + "\n"

    return _each(view, "stat", words[1:], line, "stat: cannot statx '{path}': {problem}")


def sha256sum(view: View, argv: Sequence[str]) -> Said:
    def line(path: str, file: File) -> str:
        return f"{sha256(file.data).hexdigest()}  {path}\n"

    return _each(view, "sha256sum", argv[1:], line, "sha256sum: {path}: {problem}")


def crontab(view: View, argv: Sequence[str]) -> Said:
    """``crontab -l`` of the user who logs in. It is there whether cron(8) runs or not."""
    if list(argv[1:]) != ["-l"]:
        usage = "crontab: usage error: file name or - (for stdin) must be specified\n"
        return Said(stderr=usage, status=1)
    if view.host not in _CRONTABS:
        return Said(stderr=f"no crontab for {view.state.spec.user}\n", status=1)
    return Said(host_text(_CRONTABS[view.host]))


def _directives(view: View, path: str, file: File) -> dict[str, str]:
    """What each directive of --format stands for."""
    device, _, inode = file.inode.partition(":")
    return {
        "Y": f"{int(view.wall(file.written))}",
        "s": f"{file.size}",
        "f": f"{file.mode:x}",
        "u": f"{file.owner}",
        "d": device,
        "i": inode,
        "n": path,
    }


def _part_of(view: View, argv: Sequence[str], unit: str, cut: Callable[[str, int], str]) -> Said:
    tool, words = argv[0], list(argv[1:])
    if not words or not (option := re.fullmatch(rf"--{unit}=(\d+)", words[0])):
        return unknown_option(tool, words[0] if words else "-")
    titled = len(words) > 2  # noqa: PLR2004 - the option, and more than one file
    blocks: list[str] = []

    def block(path: str, file: File) -> str:
        title = f"==> {path} <==\n" if titled else ""
        blocks.append(path)
        return f"{chr(10) if titled and len(blocks) > 1 else ''}{title}{cut(file.text, int(option[1]))}"

    return _each(view, tool, words[1:], block, f"{tool}: cannot open '{{path}}' for reading: {{problem}}")


def _each(view: View, tool: str, words: Sequence[str], printed: Callable[[str, File], str], complaint: str) -> Said:
    """Print each file, complain of each that is not there; status 1 where there was one."""
    if options := [word for word in words if word.startswith("-")]:
        return unknown_option(tool, options[0])
    if not words:
        return missing_operand(tool)
    out: list[str] = []
    wrong: list[str] = []
    for path in words:
        file = find(view, path)
        if file is None:
            wrong.append(complaint.format(path=path, problem=_GONE) + "\n")
        else:
            out.append(printed(path, file))
    return Said("".join(out), "".join(wrong), 1 if wrong else 0)
